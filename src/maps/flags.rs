//! Reading what stands behind the class in a K line; the flags that most classes share: `-o -a.x -k 1 FILE rest`.

use super::map::{Flags, Map};
use crate::config::MapDecl;

/// The reader's side of a K line.
pub(super) struct Declaring<'a> {
    /// What must be said, each without its `file: line N: ` prefix.
    pub messages: Vec<Vec<u8>>,
    /// Was a map of this name declared before?
    pub known: &'a dyn Fn(&[u8]) -> bool,
    /// Option BlankSub as it stands at this line.
    pub blank_sub: u8,
    /// Option LDAPDefaultSpec as it stands at this line.
    pub ldap_default_spec: &'a [u8],
}

impl<'a> Declaring<'a> {
    /// Nothing said yet of this line.
    pub fn of(decl: &'a MapDecl, known: &'a dyn Fn(&[u8]) -> bool) -> Self {
        Self { messages: Vec::new(), known, blank_sub: decl.space, ldap_default_spec: &decl.ldap_defaults }
    }
}

impl Declaring<'_> {
    pub fn say(&mut self, parts: &[&[u8]]) {
        self.messages.push(parts.concat());
    }
}

/// Walks over flags and words of a K line.
pub(super) struct Words<'a> {
    rest: &'a [u8],
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

impl<'a> Words<'a> {
    pub fn new(text: &'a [u8]) -> Self {
        Self { rest: text }
    }

    pub fn skip_blanks(&mut self) {
        let blanks = self.rest.iter().take_while(|byte| is_blank(**byte)).count();
        self.rest = &self.rest[blanks..];
    }

    /// The next flag: its letter, and what follows it up to the next blank.
    pub fn flag(&mut self) -> Option<(u8, &'a [u8])> {
        self.skip_blanks();
        let after = self.rest.strip_prefix(b"-")?;
        let (letter, after) = after.split_first().map_or((0, after), |(letter, after)| (*letter, after));
        if letter == 0 || is_blank(letter) {
            self.rest = if letter == 0 { after } else { &self.rest[1..] };
            return Some((letter, b""));
        }
        let end = after.iter().position(|byte| is_blank(*byte)).unwrap_or(after.len());
        self.rest = &after[end..];
        Some((letter, &after[..end]))
    }

    /// As [`Self::flag`]; the value may also stand behind blanks, or in double quotes.
    pub fn flag_quoted(&mut self) -> Option<(u8, &'a [u8])> {
        self.skip_blanks();
        let after = self.rest.strip_prefix(b"-")?;
        let (letter, after) = after.split_first()?;
        self.rest = after;
        if b"1AfKDmnNOoqRt".contains(letter) {
            self.word_here();
            return Some((*letter, b""));
        }
        if matches!(letter, b'a' | b'T' | b'S' | b'z') {
            return Some((*letter, self.word_here()));
        }
        self.skip_blanks();
        let Some(quoted) = self.rest.strip_prefix(b"\"") else { return Some((*letter, self.word_here())) };
        let end = quoted.iter().position(|byte| *byte == b'"').unwrap_or(quoted.len());
        self.rest = quoted.get(end + 1..).unwrap_or_default();
        self.word_here();
        Some((*letter, &quoted[..end]))
    }

    /// What stands here up to the next blank.
    fn word_here(&mut self) -> &'a [u8] {
        let end = self.rest.iter().position(|byte| is_blank(*byte)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    /// The next word.
    pub fn word(&mut self) -> &'a [u8] {
        self.skip_blanks();
        let end = self.rest.iter().position(|byte| is_blank(*byte)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    /// A flag's value: beside it, or the next word.
    pub fn value(&mut self, beside: &'a [u8]) -> &'a [u8] {
        if beside.is_empty() { self.word() } else { beside }
    }

    /// `-S` alone means the blank after it.
    pub fn space(&self, beside: &[u8]) -> Option<u8> {
        beside.first().or(self.rest.first()).copied()
    }

    /// Everything left, without blanks in front.
    pub fn rest(&mut self) -> &'a [u8] {
        self.skip_blanks();
        self.rest
    }
}

/// `-zX`: one character, or \n, \t, \\ spelled out.
pub(super) fn delimiter(beside: &[u8]) -> u8 {
    match beside {
        [b'\\', b'n', ..] => b'\n',
        [b'\\', b't', ..] => b'\t',
        [b'\\', ..] => b'\\',
        [byte, ..] => *byte,
        [] => 0,
    }
}

/// `5s`, `2m`, `1h`, `3` (seconds): sendmail's time syntax, as seconds.
pub(super) fn interval(text: &[u8], declaring: &mut Declaring<'_>) -> u32 {
    let (mut total, mut number) = (0u32, 0u32);
    let mut pending = false;
    for byte in text {
        let unit = match byte.to_ascii_lowercase() {
            digit @ b'0'..=b'9' => {
                number = number.saturating_mul(10).saturating_add(u32::from(digit - b'0'));
                pending = true;
                continue;
            }
            b's' => 1,
            b'm' => 60,
            b'h' => 3600,
            b'd' => 86_400,
            b'w' => 604_800,
            _ => {
                declaring.say(&[b"Invalid time unit `", &[*byte], b"'"]);
                1
            }
        };
        total = total.saturating_add(number.saturating_mul(unit));
        (number, pending) = (0, false);
    }
    if pending { total.saturating_add(number) } else { total }
}

/// A decimal number in front of a text, as C's atoi reads it.
pub(super) fn number(text: &[u8]) -> u32 {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0u32, |value, digit| value.saturating_mul(10).saturating_add(u32::from(digit - b'0')))
}

impl Map {
    /// One of the flags that mean the same everywhere and whose value, if any, stands beside the letter;
    /// `false` if it is none of them.
    pub(super) fn plain_flag(&mut self, letter: u8, beside: &[u8]) -> bool {
        match letter {
            b'N' => {
                self.flags.insert(Flags::INCLUDE_NULL);
                self.flags.remove(Flags::TRY_BARE);
            }
            b'O' => self.flags.remove(Flags::TRY_NULL),
            b'o' => self.flags.insert(Flags::OPTIONAL),
            b'f' => self.flags.insert(Flags::KEEP_CASE),
            b'm' => self.flags.insert(Flags::MATCH_ONLY),
            b'A' => self.flags.insert(Flags::APPEND),
            b'q' => self.flags.insert(Flags::KEEP_QUOTES),
            b't' => self.flags.insert(Flags::NO_DEFER),
            b'D' => self.flags.insert(Flags::DEFER),
            b'a' => self.append = Some(beside.to_vec()),
            b'T' => self.on_failure = Some(beside.to_vec()),
            b'z' => self.delimiter = delimiter(beside),
            b'S' => self.space = beside.first().copied(),
            _ => return false,
        }
        true
    }

    /// One of the flags that all file maps know; `false` if it is none of them.
    fn common_flag<'a>(
        &mut self,
        letter: u8,
        beside: &'a [u8],
        words: &mut Words<'a>,
        declaring: &mut Declaring<'_>,
    ) -> bool {
        match letter {
            b'k' => self.key_column = Some(words.value(beside).to_vec()),
            b'v' => self.value_column = Some(words.value(beside).to_vec()),
            b'S' => self.space = words.space(beside),
            b'd' => self.timeout = Some(interval(beside, declaring)),
            _ => return self.plain_flag(letter, beside),
        }
        true
    }

    /// Flags, then a file name, then whatever else.
    pub(super) fn read_common(&mut self, args: &[u8], declaring: &mut Declaring<'_>) {
        self.flags.insert(Flags::TRY_BARE | Flags::TRY_NULL);
        let mut words = Words::new(args);
        while let Some((letter, beside)) = words.flag() {
            if !self.common_flag(letter, beside, &mut words, declaring) {
                declaring.say(&[b"Illegal option ", &[letter], b" map ", &self.name.clone()]);
            }
        }
        let file = words.word();
        if !file.is_empty() {
            self.file = Some(file.to_vec());
        }
        let rest = words.rest();
        if !rest.is_empty() {
            self.rest = Some(rest.to_vec());
        }
    }

    /// As [`Self::read_common`], for classes that are nothing without a file.
    pub(super) fn read_with_file(&mut self, args: &[u8], declaring: &mut Declaring<'_>) -> bool {
        self.read_common(args, declaring);
        // a second K line of a name keeps the first one's file
        if self.file.is_none() && (declaring.known)(&self.name) {
            return true;
        }
        if self.file.is_none() {
            declaring.say(&[b"No file name for ", self.class.as_bytes(), b" map ", &self.name.clone()]);
        }
        self.file.is_some()
    }
}

/// The flags of dequote, which arpa and the engine's maps share; unknown ones pass silently.
pub(super) fn read_dequote(map: &mut Map, args: &[u8]) {
    map.flags.insert(Flags::KEEP_QUOTES);
    let mut words = Words::new(args);
    while let Some((letter, beside)) = words.flag() {
        match letter {
            b'a' => map.append = Some(beside.to_vec()),
            b'D' => map.flags.insert(Flags::DEFER),
            b'S' | b's' => map.space = words.space(beside),
            _ => {}
        }
    }
}
