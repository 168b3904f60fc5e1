//! Replies as bytes (RFC 5321, section 4.2; enhanced status codes: RFC 2034).

use crate::addr::one_line;

/// Appends `250 2.0.0 text` and its line end; with `more`, the hyphen of a reply that goes on.
pub fn put_reply(out: &mut Vec<u8>, code: &[u8], enhanced: Option<&[u8]>, text: &[u8], more: bool) {
    out.extend_from_slice(code);
    out.push(if more { b'-' } else { b' ' });
    if let Some(enhanced) = enhanced {
        out.extend_from_slice(enhanced);
        out.push(b' ');
    }
    // a NUL ends the text, as in sendmail; a line end inside would let text from a rule or a map forge replies
    let end = memchr::memchr(0, text).unwrap_or(text.len());
    out.extend_from_slice(&one_line(&text[..end]));
    out.extend_from_slice(b"\r\n");
}
