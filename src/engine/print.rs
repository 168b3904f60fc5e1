//! The printed form of internal text: operators as they are written in a cf, or escaped.

use crate::addr::META_QUOTE;
use crate::config::{Names, is_printable, put_printable};

/// Appends the printed form of `text`: `$x`, `${name}`, `M-x`, `\n`.
pub fn put_text(names: &Names, text: &[u8], out: &mut Vec<u8>) {
    put_printable(text, names, out);
}

/// Appends each token after a blank. `apart` (-d0.44): each on a line of its own, behind its place in memory.
pub fn put_tokens<'t>(
    names: &Names,
    tokens: impl IntoIterator<Item = &'t [u8]>,
    apart: bool,
    out: &mut Vec<u8>,
) {
    for token in tokens {
        match apart {
            true => out.extend_from_slice(format!("\n\t{:08x}=", token.as_ptr() as usize).as_bytes()),
            false => out.push(b' '),
        }
        match token {
            plain if is_printable(plain) => out.extend_from_slice(plain),
            quoted if quoted.contains(&META_QUOTE) => put_text(names, &unquoted(quoted), out),
            other => put_text(names, other, out),
        }
    }
}

/// A token as it is shown: without the bytes that make letters of others.
pub(super) fn unquoted(token: &[u8]) -> Vec<u8> {
    token.iter().copied().filter(|byte| *byte != META_QUOTE).collect()
}

/// Appends text with everything that is not printable escaped: `\201`, `\n`, `\\`.
pub fn put_escaped(text: &[u8], out: &mut Vec<u8>) {
    for &byte in text {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b' '..=b'~' => out.push(byte),
            byte => out.extend_from_slice(format!("\\{byte:03o}").as_bytes()),
        }
    }
}
