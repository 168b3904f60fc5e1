//! Rule lines read in one pass, where nothing is to be said of them.
//!
//! Nearly every rule of a real cf is in order, and a cf has thousands: so one walk over the line's bytes does what
//! takes several steps elsewhere: dollars become operators, macros their values, and what stands where it should
//! not is seen. Whatever is unusual (a macro within a macro, a backslash, an unknown name, an operator on the wrong
//! side) ends the walk, and the line is read by the grammar, which finds words for it.

use super::macros::{Macros, Names};
use crate::addr::{META_QUOTE, MacroId, op};
use crate::cf::{MAX_NAME, MAX_WILDCARDS};

/// A side that is longer is left to the scanner: it might complain.
const MAX_SIDE: usize = 256;

/// Appends the sides of the rule `line` (its `R` included) to `out`, macros expanded; gives where the first ends.
/// `None`: the line needs a closer look, and nothing has been appended.
pub(super) fn quick_rule(line: &[u8], names: &Names, macros: &Macros, out: &mut Vec<u8>) -> Option<usize> {
    let side = Side::default();
    let mut reader = Reader { line, at: 1, names, macros, side, text: [0; 2 * MAX_SIDE], length: 0 };
    let wildcards = reader.side(true, 0)?;
    let middle = reader.length;
    reader.at += reader.line[reader.at..].iter().take_while(|byte| **byte == b'\t').count();
    reader.side(false, wildcards)?;
    if !reader.comment_is_harmless() {
        return None;
    }
    let start = out.len();
    out.extend_from_slice(&reader.text[..reader.length]);
    Some(start + middle)
}

struct Reader<'a> {
    line: &'a [u8],
    at: usize,
    names: &'a Names,
    macros: &'a Macros,
    side: Side,
    /// Both sides as far as they are read.
    text: [u8; 2 * MAX_SIDE],
    length: usize,
}

/// Bytes that mean nothing until they are tokens.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0;
    while byte < 0x80 {
        plain[byte] = !matches!(byte as u8, b'$' | b'#' | b'\t' | b'"' | b'\\');
        byte += 1;
    }
    plain
};

impl Reader<'_> {
    /// Reads up to the tab that ends a side; how many wildcards there are.
    fn side(&mut self, left: bool, bound: usize) -> Option<usize> {
        let start = self.length;
        self.side = Side { left, bound, wildcards: 0, lookup: None };
        loop {
            self.plain();
            match self.line.get(self.at) {
                Some(b'$') => self.dollar()?,
                Some(b'"') => self.quoted()?,
                Some(b'\t') => break,
                None if !left => break,
                _ => return None,
            }
        }
        let text = &self.text[start..self.length];
        let in_order = text.len() <= MAX_SIDE && !text.iter().all(crate::addr::is_space);
        (in_order && self.side.ends_well()).then_some(self.side.wildcards)
    }

    /// Takes over what means nothing yet, as far as there is room: what does not fit is for a closer look.
    fn plain(&mut self) {
        let room = self.text[self.length..].iter_mut();
        let plain = self.line[self.at..].iter().take_while(|byte| PLAIN[usize::from(**byte)]);
        let taken = room.zip(plain).map(|(place, byte)| *place = *byte).count();
        self.at += taken;
        self.length += taken;
    }

    fn put(&mut self, byte: u8) -> Option<()> {
        *self.text.get_mut(self.length)? = byte;
        self.length += 1;
        Some(())
    }

    /// A quoted string without anything in it that means more.
    fn quoted(&mut self) -> Option<()> {
        let rest = &self.line[self.at..];
        let length = 1 + rest[1..].iter().position(|byte| !PLAIN[usize::from(*byte)])?;
        for byte in rest.get(..=length).filter(|_| rest[length] == b'"')? {
            self.put(*byte)?;
        }
        self.at += length + 1;
        Some(())
    }

    /// `$x`, `$=x`, `$~x`, `$&x`, and names in braces.
    fn dollar(&mut self) -> Option<()> {
        let next = *self.line.get(self.at + 1)?;
        self.at += 1;
        match next {
            b'=' | b'~' | b'&' => {
                self.at += 1;
                let id = self.name()?;
                let &[operator] = self.macros.get(MacroId(next))? else { return None };
                self.value(&[operator, id.0])
            }
            b'$' => {
                self.at += 1;
                self.put(b'$')
            }
            _ => {
                let id = self.name()?;
                // one that is not defined stands for nothing
                self.macros.get(id).map_or(Some(()), |value| self.value(value))
            }
        }
    }

    /// A name that is known already.
    #[inline]
    fn name(&mut self) -> Option<MacroId> {
        match *self.line.get(self.at)? {
            b'{' => self.long_name(),
            b'"' | b'\\' => None,
            single @ b'!'..=b'~' => {
                self.at += 1;
                Some(MacroId(single))
            }
            _ => None,
        }
    }

    /// `{name}`
    fn long_name(&mut self) -> Option<MacroId> {
        let rest = &self.line[self.at + 1..];
        let name = &rest[..rest.iter().take(MAX_NAME + 1).position(|byte| *byte == b'}')?];
        self.at += name.len() + 2;
        self.names.get(name)
    }

    /// Puts a macro's value.
    fn value(&mut self, value: &[u8]) -> Option<()> {
        let mut at = 0;
        while let Some(&byte) = value.get(at) {
            at += match byte {
                META_QUOTE => return None,
                0x80.. => self.side.pass(byte, value.get(at + 1).copied())?,
                _ => (PLAIN[usize::from(byte)] || matches!(byte, b'$' | b'#')).then_some(1)?,
            };
        }
        value.iter().try_for_each(|byte| self.put(*byte))
    }

    /// What follows the right side is for people; a name in it would count all the same.
    fn comment_is_harmless(&self) -> bool {
        let comment = &self.line[self.at..];
        memchr::memchr_iter(b'$', comment)
            .all(|at| !matches!(comment.get(at + 1), Some(b'{' | b'=' | b'~' | b'&' | b'?')))
    }
}

/// What is known of a side as its operators pass by.
#[derive(Default)]
struct Side {
    left: bool,
    /// Wildcards of the other side, for the right one.
    bound: usize,
    wildcards: usize,
    /// What ends the look-up that is open, and its arguments so far.
    lookup: Option<(u8, usize)>,
}

impl Side {
    /// How many bytes the operator and what belongs to it are; `None` for what needs a closer look.
    fn pass(&mut self, operator: u8, next: Option<u8>) -> Option<usize> {
        let (fine, length) = match operator {
            op::MATCH_ZERO_OR_MORE | op::MATCH_ONE_OR_MORE | op::MATCH_ONE => {
                self.wildcards += 1;
                (self.left, 1)
            }
            op::MATCH_CLASS | op::MATCH_NOT_CLASS => {
                self.wildcards += 1;
                (self.left && next.is_some(), 2)
            }
            op::MACRO_DEFER => (next.is_some(), 2),
            op::MACRO_EXPAND | op::COND_IF | op::COND_FI => (false, 1),
            op::MATCH_REPLACE => {
                let digit = next.map_or(0, |digit| usize::from(digit.wrapping_sub(b'0')));
                (!self.left && (1..=self.bound).contains(&digit), 2)
            }
            op::LOOKUP_BEGIN | op::HOST_BEGIN => (!self.left && self.open(operator), 1),
            op::LOOKUP_END | op::HOST_END => (!self.left && self.close(operator), 1),
            op::CANONICAL_HOST => (self.argument(), 1),
            op::CANONICAL_USER | op::CALL_SUBROUTINE => (!self.left, 1),
            _ => (true, 1),
        };
        fine.then_some(length)
    }

    fn open(&mut self, operator: u8) -> bool {
        let end = if operator == op::HOST_BEGIN { op::HOST_END } else { op::LOOKUP_END };
        self.lookup.replace((end, 0)).is_none()
    }

    /// The end of the look-up that is open; one without a beginning is nothing.
    fn close(&mut self, operator: u8) -> bool {
        self.lookup.take().is_none_or(|(end, _)| end == operator)
    }

    /// One more argument of the look-up that is open; elsewhere the operator is none's.
    fn argument(&mut self) -> bool {
        self.lookup.as_mut().is_none_or(|(_, arguments)| {
            *arguments += 1;
            *arguments < 9
        })
    }

    fn ends_well(&self) -> bool {
        self.lookup.is_none() && self.wildcards <= MAX_WILDCARDS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<(Vec<u8>, Vec<u8>)> {
        let mut macros = Macros::default();
        for (name, value) in
            [(b'*', 0x90), (b'+', 0x91), (b'=', 0x93), (b'~', 0x94), (b'&', 0x82), (b':', 0x98)]
        {
            macros.set(MacroId(name), Some(&[value]));
        }
        for (name, value) in
            [(b'(', 0x85), (b')', 0x86), (b'@', 0x97), (b'[', 0x9d), (b']', 0x9e), (b'>', 0x99)]
        {
            macros.set(MacroId(name), Some(&[value]));
        }
        for (name, value) in [(b'#', 0x96), (b'?', 0x9a), (b'.', 0x9c), (b'|', 0x9b)] {
            macros.set(MacroId(name), Some(&[value]));
        }
        for digit in b'0'..=b'9' {
            macros.set(MacroId(digit), Some(&[op::MATCH_REPLACE, digit]));
        }
        macros.set(MacroId(b'j'), Some(b"a.b"));
        macros.set(MacroId(b'J'), Some(b"\x81w.b"));
        let mut names = Names::default();
        let long = names.intern(b"long").expect("room");
        macros.set(long, Some(b"x"));
        let mut out = b"before".to_vec();
        let middle = quick_rule(line.as_bytes(), &names, &macros, &mut out)?;
        Some((out[6..middle].to_vec(), out[middle..].to_vec()))
    }

    #[track_caller]
    fn reads(line: &str, left: &[u8], right: &[u8]) {
        assert_eq!(read(line), Some((left.to_vec(), right.to_vec())));
    }

    #[test]
    fn rules_in_order() {
        reads("R$* < @ $=w . >\t\t$: $1 $j", b"\x90 < @ \x93w . >", b"\x98 \x951 a.b");
        reads(
            "R$+\t$( map $1 $@ a $: b $) $&f\t# no $$ of $x",
            b"\x91",
            b"\x85 map \x951 \x97 a \x98 b \x86 \x82f",
        );
        reads("Ra$$${long}\t$#error $: \"550 No (x)\"", b"a$x", b"\x96error \x98 \"550 No (x)\"");
        reads("R$*\t$[ $1 $] $| $>x $undefined", b"\x90", b"\x9d \x951 \x9e \x9b \x99x ndefined");
        reads("R${long}$~{long}\t$@", b"x\x94\xa0", b"\x97");
    }

    #[test]
    fn what_needs_a_closer_look() {
        let left =
            ["", " ", "\"", "a\\b", "$1", "$:", "$( m $)", "$=", "$?x a $.", "$J", "$", "${new}", "\u{e9}"];
        for left in left {
            assert_eq!(read(&format!("R{left}\t$@")), None, "{left}");
        }
        let right = [
            "",
            "  ",
            "$2",
            "$*",
            "$( m $1",
            "$( m $( n $)",
            "$[ x $)",
            "\\x",
            "\"$1\"",
            "\"x",
            "a # b",
            "$=w",
            "$ ",
        ];
        for right in right {
            assert_eq!(read(&format!("R$*\t{right}")), None, "{right}");
        }
        for line in ["R$*", "R$*\t", "R$*\t$1\t${new}", "R$*$*$*$*$*$*$*$*$*$*\t$1", "R"] {
            assert_eq!(read(line), None, "{line}");
        }
        let long = "x".repeat(MAX_SIDE + 1);
        assert_eq!(read(&format!("R{long}\t$@")), None);
    }
}
