//! One line of a log, whatever has written it: its header taken off, its fields told apart.
//!
//! In: lines of syslog (RFC 3164 and RFC 5424, times as they like), of the journal (JSON, export), or of a daemon's
//! standard error. Out: the program's own words.

use std::borrow::Cow;

/// What a program has said.
pub(super) fn message(line: &[u8]) -> Option<Cow<'_, [u8]>> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.starts_with(b"{") {
        return from_json(line).map(Cow::Owned);
    }
    if let Some(text) = line.strip_prefix(b"MESSAGE=") {
        return Some(Cow::Borrowed(text));
    }
    let line = match line.strip_prefix(b"<") {
        Some(rest) => rest.iter().position(|byte| *byte == b'>').map_or(line, |end| &rest[end + 1..]),
        None => line,
    };
    if let Some(rest) = line.strip_prefix(b"1 ") {
        // time, host, program, process, identifier, then the structured data
        let rest = (0..5).try_fold(rest, |rest, _| after(rest, b" "))?;
        return Some(Cow::Borrowed(rest.strip_prefix(b"- ").or_else(|| after(rest, b"] "))?));
    }
    let colon = line.windows(2).position(|pair| pair == b": ")?;
    // only a header has blanks before the first colon that a blank follows
    let header = line[..colon].contains(&b' ') && line[..colon].iter().any(u8::is_ascii_digit);
    Some(Cow::Borrowed(if header { &line[colon + 2..] } else { line }))
}

fn after<'t>(text: &'t [u8], what: &[u8]) -> Option<&'t [u8]> {
    let at = memchr::memmem::find(text, what)?;
    Some(&text[at + what.len()..])
}

/// The journal writes texts that are no UTF-8 as numbers.
fn from_json(line: &[u8]) -> Option<Vec<u8>> {
    let entry: serde_json::Value = serde_json::from_slice(line).ok()?;
    match entry.get("MESSAGE")? {
        serde_json::Value::String(text) => Some(text.clone().into_bytes()),
        serde_json::Value::Array(bytes) => {
            bytes.iter().map(|byte| u8::try_from(byte.as_u64()?).ok()).collect()
        }
        _ => None,
    }
}

/// `ID: text`, where the identifier is one of letters and digits; of a line in pieces (`ID[1]: text ...`) the first.
pub(super) fn identified(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = text.windows(2).position(|pair| pair == b": ")?;
    let id = text[..colon].strip_suffix(b"[1]").unwrap_or(&text[..colon]);
    let plausible = id.len() >= 5 && id.iter().all(u8::is_ascii_alphanumeric);
    plausible.then(|| (id, &text[colon + 2..]))
}

/// The value of one of the fields `name=value, name=value`; that of the last one goes to the end.
pub(super) fn field<'t>(text: &'t [u8], name: &str) -> Option<&'t [u8]> {
    let begins = |text: &[u8]| {
        let rest = text.strip_prefix(name.as_bytes())?;
        rest.strip_prefix(b"=").map(<[u8]>::len)
    };
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        if let Some(length) = begins(rest) {
            let value = &text[text.len() - length..];
            return Some(if LAST.contains(&name) { value } else { value_of(value) });
        }
        // a reply may hold anything
        if LAST.iter().any(|last| rest.starts_with(last.as_bytes()) && rest.get(last.len()) == Some(&b'=')) {
            return None;
        }
        at += memchr::memmem::find(rest, b", ")? + 2;
    }
    None
}

/// Fields that go to the end of the line.
const LAST: &[&str] = &["stat", "reject", "status"];

/// Up to the next `, name=`.
fn value_of(text: &[u8]) -> &[u8] {
    let mut at = 0;
    while let Some(found) = memchr::memmem::find(&text[at..], b", ") {
        let end = at + found;
        let next = &text[end + 2..];
        let name = next.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        if name > 0 && next.get(name) == Some(&b'=') {
            return &text[..end];
        }
        at = end + 2;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_taken_off() {
        let wanted = b"q1AB2c3D004567: from=<a@b.example>, size=1";
        for header in [
            "Dec  1 07:00:00 host sendmail[123]: ",
            "2026-12-01T07:00:00.123456+01:00 host sm-mta[9]: ",
            "<22>Dec  1 07:00:00 host sendmail[123]: ",
            "<22>1 2026-12-01T07:00:00Z host sendmail 123 - - ",
            "MESSAGE=",
            "",
        ] {
            let line = [header.as_bytes(), wanted, b"\n"].concat();
            assert_eq!(message(&line).as_deref(), Some(&wanted[..]), "{header}");
        }
        let json = br#"{"SYSLOG_IDENTIFIER":"sendmail","MESSAGE":"q1: x=\"y\""}"#;
        assert_eq!(message(json).as_deref(), Some(&b"q1: x=\"y\""[..]));
        assert_eq!(message(br#"{"MESSAGE":[97,255]}"#).as_deref(), Some(&b"a\xff"[..]));
    }

    #[test]
    fn fields_are_told_apart() {
        let text = b"from=<a, b@c.example>, size=10, relay=host.example [192.0.2.1], reject=550 no, relay=x";
        assert_eq!(field(text, "from"), Some(&b"<a, b@c.example>"[..]));
        assert_eq!(field(text, "relay"), Some(&b"host.example [192.0.2.1]"[..]));
        assert_eq!(field(text, "reject"), Some(&b"550 no, relay=x"[..]));
        assert_eq!(field(text, "proto"), None);
    }
}
