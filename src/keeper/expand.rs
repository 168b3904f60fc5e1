//! Macro expansion in A=, D= and ForwardPath: the few macros of one delivery, conditionals included.

use crate::addr::{META_QUOTE, op};

/// Expands `$x` (as 0x81 x) and `$?x … $| … $.`; what `value` does not know is empty. A macro's own
/// value is expanded again, to a depth that no honest configuration reaches.
pub(super) fn expand(text: &[u8], value: &dyn Fn(u8) -> Option<Vec<u8>>) -> Vec<u8> {
    nested(text, value, 0)
}

fn nested(text: &[u8], value: &dyn Fn(u8) -> Option<Vec<u8>>, depth: u8) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 32);
    // one entry per open conditional: is what we read now to be written?
    let mut open: Vec<bool> = Vec::new();
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        let writing = open.iter().all(|yes| *yes);
        match byte {
            op::COND_IF => {
                let name = bytes.next().unwrap_or(0);
                open.push(value(name).is_some_and(|value| !value.is_empty()));
            }
            op::COND_ELSE => {
                if let Some(last) = open.last_mut() {
                    *last = !*last;
                }
            }
            op::COND_FI => drop(open.pop()),
            op::MACRO_EXPAND | op::MACRO_DEFER => {
                let name = bytes.next().unwrap_or(0);
                if writing && depth < 8 {
                    let found = value(name).unwrap_or_default();
                    out.extend(nested(&found, value, depth + 1));
                }
            }
            META_QUOTE => out.extend(bytes.next().filter(|_| writing)),
            plain if writing => out.push(plain),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(name: u8) -> Option<Vec<u8>> {
        match name {
            b'u' => Some(b"alice".to_vec()),
            b'z' => Some(b"/home/\x81u".to_vec()),
            b'h' => Some(Vec::new()),
            _ => None,
        }
    }

    #[test]
    fn macros_and_conditions() {
        let rows: &[(&[u8], &str)] = &[
            (b"\x81z/Maildir", "/home/alice/Maildir"),
            (b"\x9ahx\x9bno detail\x9c!", "no detail!"),
            (b"\x9aufor \x81u\x9c", "for alice"),
            (b"\x81q", ""),
        ];
        for (text, expected) in rows {
            assert_eq!(expand(text, &value), expected.as_bytes());
        }
    }
}
