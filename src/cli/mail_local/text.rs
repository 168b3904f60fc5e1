//! A message as it stands in a mailbox (RFC 4155).

use crate::message::ctime;
use crate::sys::{clock, zone};

/// With its `From ` line, its length in the header (Debian's mail.local has it there), `>` before lines that would begin
/// another message, and an empty line at its end.
pub(super) fn as_mailbox(sender: &[u8], message: &[u8]) -> Vec<u8> {
    let date = ctime(clock::now(), zone::local());
    let (header, body) = parts(message);
    let mut text = [b"From ", sender, b" ", date.as_bytes(), b"\n"].concat();
    let mut quoted = Vec::with_capacity(body.len() + 64);
    if body.is_empty() && header.is_empty() {
        text.push(b'\n');
        return text;
    }
    put_lines(header, false, &mut text);
    put_lines(body, true, &mut quoted);
    text.extend(format!("Content-Length: {}\n\n", quoted.len()).into_bytes());
    text.extend(quoted);
    text.push(b'\n');
    text
}

/// Header fields, without a length that is another body's, and what stands behind the first empty line.
fn parts(message: &[u8]) -> (&[u8], &[u8]) {
    if let Some(body) = message.strip_prefix(b"\n") {
        return (b"", body);
    }
    match message.windows(2).position(|two| two == b"\n\n") {
        Some(at) => (&message[..=at], &message[at + 2..]),
        None => (message, b""),
    }
}

fn put_lines(text: &[u8], body: bool, out: &mut Vec<u8>) {
    let mut behind_empty = true;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let length = b"content-length:";
        let is_length = line.get(..length.len()).is_some_and(|name| name.eq_ignore_ascii_case(length));
        if !body && is_length {
            continue;
        }
        if behind_empty && line.starts_with(b"From ") {
            out.push(b'>');
        }
        out.extend_from_slice(line);
        behind_empty = line == b"\n";
    }
    if !out.ends_with(b"\n") && !text.is_empty() {
        out.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(message: &[u8]) -> String {
        let text = as_mailbox(b"ann@a.example", message);
        let text = String::from_utf8_lossy(&text).into_owned();
        let (from, rest) = text.split_once('\n').expect("a line");
        assert!(from.starts_with("From ann@a.example "), "{from}");
        rest.to_owned()
    }

    #[test]
    fn no_message_begins_another_one() {
        let message = b"Subject: x\n\nFrom me\n\nFrom you\nFrom us\n>From z";
        assert_eq!(
            lines(message),
            "Subject: x\nContent-Length: 36\n\n>From me\n\n>From you\nFrom us\n>From z\n\n"
        );
        assert_eq!(lines(b"From a b\nX: y\n\nb\n"), ">From a b\nX: y\nContent-Length: 2\n\nb\n\n");
    }

    #[test]
    fn a_length_is_that_of_the_body() {
        assert_eq!(lines(b"Content-length: 99\nX: y\n\nb\n"), "X: y\nContent-Length: 2\n\nb\n\n");
        assert_eq!(lines(b"X: y"), "X: y\nContent-Length: 0\n\n\n");
        assert_eq!(lines(b"\nb\n"), "Content-Length: 2\n\nb\n\n");
    }
}
