//! Where on a line something begins that is not closed on it.

use super::is_word;

/// Column of the quote on this line that is not closed on it; 0 if there is none.
pub(in crate::m4) fn open_quote(text: &[u8], line: u32) -> u32 {
    let mut open = Vec::new();
    for (at, byte) in line_of(text, line).iter().enumerate() {
        match byte {
            b'`' => open.push(at + 1),
            b'\'' => drop(open.pop()),
            _ => {}
        }
    }
    open.first().map_or(0, |at| u32::try_from(*at).unwrap_or(0))
}

/// Column of the macro name on this line whose parenthesis is not closed on it; 0 if there is none.
pub(in crate::m4) fn open_call(text: &[u8], line: u32) -> u32 {
    let text = line_of(text, line);
    let mut open: Vec<usize> = Vec::new();
    let mut quotes = 0;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'`' => quotes += 1,
            b'\'' => quotes = (quotes - 1).max(0),
            b'(' if quotes == 0 => {
                let word = text[..at].iter().rev().take_while(|byte| is_word(**byte)).count();
                open.push(at - word + 1);
            }
            b')' if quotes == 0 => drop(open.pop()),
            _ => {}
        }
    }
    open.first().map_or(0, |at| u32::try_from(*at).unwrap_or(0))
}

fn line_of(text: &[u8], line: u32) -> &[u8] {
    let index = (line as usize).saturating_sub(1);
    text.split(|byte| *byte == b'\n').nth(index).unwrap_or(b"")
}
