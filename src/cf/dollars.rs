//! The first pass over a line: dollars become operator bytes, comments go.
//!
//! Done by hand: what a byte means depends on the config level reached so far and on what stands
//! before it, and the result must be sendmail's byte for byte.

use super::names::{NameProblem, NameTable, parse_name};
use crate::addr::{META_QUOTE, is_space, op};
use std::borrow::Cow;

/// Translates a logical line into the internal alphabet. `level` is the one known so far.
pub fn translate(line: &[u8], level: u32, names: &mut dyn NameTable) -> (Vec<u8>, Vec<NameProblem>) {
    let quoted = quote_operators(line);
    let mut out: Vec<u8> = Vec::with_capacity(quoted.len() + 8);
    let mut problems = Vec::new();
    let mut at = 0;
    loop {
        // nothing else means anything
        let next = memchr::memchr2(b'$', b'#', &quoted[at..]).map_or(quoted.len(), |length| at + length);
        out.extend_from_slice(&quoted[at..next]);
        let Some(&byte) = quoted.get(next) else { break };
        at = next + 1;
        match byte {
            b'#' if level >= 3 && at > 1 => match out.last() {
                Some(&op::MACRO_EXPAND) => out.push(byte),
                Some(b'\\') => {
                    out.pop();
                    out.push(byte);
                }
                _ => {
                    trim(&mut out);
                    at = quoted[at..]
                        .iter()
                        .position(|byte| *byte == b'\n')
                        .map_or(quoted.len(), |end| at + end);
                }
            },
            b'$' => match dollar(&quoted[at..], names, &mut out, &mut problems) {
                Some(length) => at += length,
                // nothing behind a name that cannot be used counts
                None => break,
            },
            _ => out.push(byte),
        }
    }
    trim(&mut out);
    (out, problems)
}

/// What stands behind a dollar: its length, or nothing if it is a name that cannot be used.
fn dollar(
    rest: &[u8],
    names: &mut dyn NameTable,
    out: &mut Vec<u8>,
    problems: &mut Vec<NameProblem>,
) -> Option<usize> {
    match rest.first() {
        None => out.push(b'$'),
        Some(b'$') => {
            out.push(b'$');
            return Some(1);
        }
        Some(b'#') => out.push(op::MACRO_EXPAND),
        // most names are one character
        Some(&next) if !b"=~&?{".contains(&next) => {
            out.extend([op::MACRO_EXPAND, next]);
            return Some(1);
        }
        Some(&next) => {
            let prefix = b"=~&?".contains(&next).then_some(next);
            let before = usize::from(prefix.is_some());
            let name = parse_name(&rest[before..], names);
            problems.extend(name.problems);
            out.push(op::MACRO_EXPAND);
            out.extend(prefix);
            out.push(name.id?.0);
            return Some(before + name.length);
        }
    }
    Some(0)
}

/// Takes blanks off the end; the first byte of a line is none.
fn trim(out: &mut Vec<u8>) {
    while out.len() > 1 && out.last().is_some_and(is_space) {
        out.pop();
    }
}

/// Puts a quote before bytes that would be operators.
fn quote_operators(line: &[u8]) -> Cow<'_, [u8]> {
    if line.is_ascii() {
        return Cow::Borrowed(line);
    }
    let mut out = Vec::with_capacity(line.len());
    for &byte in line {
        if matches!(byte, 0x80..=0x9f | META_QUOTE) {
            out.push(META_QUOTE);
        }
        out.push(byte);
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addr::MacroId;

    struct None_;
    impl NameTable for None_ {
        fn intern(&mut self, _name: &[u8]) -> Option<MacroId> {
            Some(MacroId(0xa5))
        }
    }

    fn translated(line: &[u8], level: u32) -> Vec<u8> {
        translate(line, level, &mut None_).0
    }

    #[test]
    fn dollars() {
        assert_eq!(translated(b"a$$b$", 10), b"a$b$");
        assert_eq!(translated(b"$=x$&{abc}$?y", 10), b"\x81=x\x81&\xa5\x81?y");
        assert_eq!(translated(b"R$#local", 10), b"R\x81#local");
    }

    #[test]
    fn comments_go_from_level_three() {
        assert_eq!(translated(b"DXa \t# b\n c", 10), b"DXa\n c");
        assert_eq!(translated(b"DXa\\#b", 10), b"DXa#b");
        assert_eq!(translated(b"DXa # b", 2), b"DXa # b");
    }

    #[test]
    fn high_bytes_are_quoted() {
        assert_eq!(translated(b"a\x90\xff\xa0", 10), b"a\xff\x90\xff\xff\xa0");
    }
}
