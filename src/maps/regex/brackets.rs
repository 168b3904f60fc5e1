//! Bracket expressions: `[a-z]`, `[^[:digit:]]`, `[[.hyphen.]]`.

use super::pattern::{Problem, Set};
use super::syntax::Parser;

impl Parser<'_> {
    /// The inside of a bracket expression, its opening bracket read.
    pub(super) fn bracket(&mut self) -> Result<Set, Problem> {
        if self.at >= self.text.len() {
            return Err(Problem::Pattern);
        }
        let negated = self.byte(0) == Some(b'^');
        self.at += usize::from(negated);
        let mut set = Set::default();
        let mut first = true;
        loop {
            match self.byte(0) {
                None => return Err(Problem::Bracket),
                Some(b']') if !first => break,
                _ => self.bracket_item(&mut set)?,
            }
            first = false;
        }
        self.at += 1;
        let set = if self.flags.fold_case { set.folded() } else { set };
        Ok(if negated { set.negated() } else { set })
    }

    fn bracket_item(&mut self, set: &mut Set) -> Result<(), Problem> {
        let begin = self.byte(0);
        if begin == Some(b'[') && self.byte(1) == Some(b':') {
            let name = self.delimited(b':')?;
            let class = named_class(&name).ok_or(Problem::ClassName)?;
            (0..=255u8).filter(class).for_each(|byte| set.insert(byte));
            return self.no_range_here();
        }
        let equivalence = begin == Some(b'[') && self.byte(1) == Some(b'=');
        let start = self.bracket_byte()?;
        if equivalence {
            set.insert(start);
            return self.no_range_here();
        }
        if self.byte(0) != Some(b'-') || matches!(self.byte(1), Some(b']')) {
            set.insert(start);
            return Ok(());
        }
        if self.byte(1).is_none() {
            return Err(Problem::Bracket);
        }
        self.at += 1;
        if self.byte(0) == Some(b'[') && matches!(self.byte(1), Some(b':' | b'=')) {
            return Err(Problem::RangeEnd);
        }
        let end = self.bracket_byte()?;
        if end < start {
            return Err(Problem::RangeEnd);
        }
        (start..=end).for_each(|byte| set.insert(byte));
        self.no_range_here()
    }

    /// After a range or class a `-` must be the last character.
    fn no_range_here(&self) -> Result<(), Problem> {
        let range = self.byte(0) == Some(b'-') && self.byte(1).is_some_and(|byte| byte != b']');
        if range { Err(Problem::RangeEnd) } else { Ok(()) }
    }

    fn bracket_byte(&mut self) -> Result<u8, Problem> {
        if let (Some(b'['), Some(mark @ (b'.' | b'='))) = (self.byte(0), self.byte(1)) {
            return match self.delimited(mark)?.as_slice() {
                [byte] => Ok(*byte),
                _ => Err(Problem::Collation),
            };
        }
        let byte = self.byte(0).ok_or(Problem::Bracket)?;
        self.at += 1;
        Ok(byte)
    }

    /// The name in `[:name:]`, `[.x.]` or `[=x=]`.
    fn delimited(&mut self, mark: u8) -> Result<Vec<u8>, Problem> {
        let inside = &self.text[self.at + 2..];
        let length = inside.windows(2).position(|pair| pair == [mark, b']']).ok_or(Problem::Bracket)?;
        let name = inside[..length].to_vec();
        self.at += length + 4;
        Ok(name)
    }
}

fn named_class(name: &[u8]) -> Option<fn(&u8) -> bool> {
    Some(match name {
        b"alpha" => u8::is_ascii_alphabetic,
        b"digit" => u8::is_ascii_digit,
        b"alnum" => u8::is_ascii_alphanumeric,
        b"upper" => u8::is_ascii_uppercase,
        b"lower" => u8::is_ascii_lowercase,
        b"space" => |byte| byte.is_ascii_whitespace() || *byte == 0x0b,
        b"blank" => |byte| matches!(byte, b' ' | b'\t'),
        b"punct" => u8::is_ascii_punctuation,
        b"print" => |byte| matches!(byte, b' '..=b'~'),
        b"graph" => u8::is_ascii_graphic,
        b"cntrl" => u8::is_ascii_control,
        b"xdigit" => u8::is_ascii_hexdigit,
        _ => return None,
    })
}
