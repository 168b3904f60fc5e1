//! The printed form of internal text: operators as they are written in a cf.

use crate::addr::Token;
use crate::config::{Names, put_printable};

/// Appends the printed form of `text`: `$x`, `${name}`, `M-x`, `\n`.
pub fn put_text(names: &Names, text: &[u8], out: &mut Vec<u8>) {
    put_printable(text, names, out);
}

/// Appends each token after a blank.
pub fn put_tokens(names: &Names, tokens: &[Token], out: &mut Vec<u8>) {
    for token in tokens {
        out.push(b' ');
        put_text(names, token, out);
    }
}
