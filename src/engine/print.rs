//! The printed form of internal text: operators as they are written in a cf.

use crate::addr::{MacroId, Token, op};
use crate::config::Names;

/// Operator bytes that are printed as `$` and this.
const PRINTED: &[(u8, &[u8])] = &[
    (op::MACRO_EXPAND, b""),
    (op::MACRO_DEFER, b"&"),
    (op::LOOKUP_BEGIN, b"("),
    (op::LOOKUP_END, b")"),
    (op::MATCH_ZERO_OR_MORE, b"*"),
    (op::MATCH_ONE_OR_MORE, b"+"),
    (op::MATCH_ONE, b"-"),
    (op::MATCH_CLASS, b"="),
    (op::MATCH_NOT_CLASS, b"~"),
    (op::MATCH_REPLACE, b""),
    (op::CANONICAL_NET, b"#"),
    (op::CANONICAL_HOST, b"@"),
    (op::CANONICAL_USER, b":"),
    (op::CALL_SUBROUTINE, b">"),
    (op::COND_IF, b"?"),
    (op::COND_ELSE, b"|"),
    (op::COND_FI, b"."),
    (op::HOST_BEGIN, b"["),
    (op::HOST_END, b"]"),
];

/// Appends the printed form of `text`: `$x`, `${name}`, `M-x`, `\n`.
pub fn put_text(names: &Names, text: &[u8], out: &mut Vec<u8>) {
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        match PRINTED.iter().find(|(operator, _)| *operator == byte) {
            Some((operator, printed)) => {
                out.push(b'$');
                out.extend_from_slice(printed);
                if takes_name(*operator)
                    && let Some(id) = bytes.next()
                {
                    put_name(names, id, out);
                }
            }
            None => put_byte(byte, out),
        }
    }
}

/// Does a macro or class id (or a digit) follow this operator?
fn takes_name(operator: u8) -> bool {
    matches!(
        operator,
        op::MACRO_EXPAND
            | op::MACRO_DEFER
            | op::MATCH_CLASS
            | op::MATCH_NOT_CLASS
            | op::MATCH_REPLACE
            | op::COND_IF
    )
}

fn put_name(names: &Names, id: u8, out: &mut Vec<u8>) {
    match names.long_name(MacroId(id)) {
        Some(name) => {
            out.push(b'{');
            out.extend_from_slice(name);
            out.push(b'}');
        }
        None => put_byte(id, out),
    }
}

fn put_byte(byte: u8, out: &mut Vec<u8>) {
    if byte >= 0x80 {
        out.extend_from_slice(b"M-");
    }
    match byte & 0x7f {
        printable @ b' '..=b'~' => out.push(printable),
        b'\t' => out.extend_from_slice(b"\\t"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        _ => {}
    }
}

/// Appends each token after a blank.
pub fn put_tokens(names: &Names, tokens: &[Token], out: &mut Vec<u8>) {
    for token in tokens {
        out.push(b' ');
        put_text(names, token, out);
    }
}
