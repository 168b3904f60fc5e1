//! MaxMimeHeaderLength: MIME fields that are longer than mail readers of old could bear are cut, and what is open in
//! them is closed.
//!
//! Which fields those are is said by three classes of the configuration. In: a field and its value. Out: the value
//! that goes out, and alerts for the log.

use crate::config::{Class, Config};
use std::borrow::Cow;

/// What an option and three classes say.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MimeLimits<'a> {
    text_fields: Option<&'a Class>,
    whole_fields: Option<&'a Class>,
    fields_of_parts: Option<&'a Class>,
    /// Bytes of a value; 0: any.
    header: usize,
    /// Bytes of one of its parts between semicolons; 0: any.
    part: usize,
}

impl<'a> MimeLimits<'a> {
    /// Those of a configuration.
    pub(super) fn new(config: &'a Config) -> Self {
        let (header, part) = config.options.max_mime_header_length;
        let length = |limit: i64| usize::try_from(limit).unwrap_or(0);
        let class = |limit: i64, name: &str| {
            (limit > 0).then(|| config.classes.get(config.macro_id(name)?)).flatten()
        };
        Self {
            text_fields: class(header, "checkMIMETextHeaders"),
            whole_fields: class(header, "checkMIMEHeaders"),
            fields_of_parts: class(part, "checkMIMEFieldHeaders"),
            header: length(header),
            part: length(part),
        }
    }

    /// The value that goes out in place of this one; what log watchers are to know is appended to `alerts`.
    pub(super) fn apply<'v>(
        &self,
        name: &[u8],
        value: Cow<'v, [u8]>,
        alerts: &mut Vec<Vec<u8>>,
    ) -> Cow<'v, [u8]> {
        let is_in = |class: Option<&Class>| class.is_some_and(|class| class.contains(name));
        let mut value = value;
        if is_in(self.fields_of_parts) {
            value = Cow::Owned(self.parts(name, &value, alerts));
        }
        if is_in(self.text_fields) {
            value = Cow::Owned(self.text(name, value.into_owned(), alerts));
        }
        if is_in(self.whole_fields) {
            value = Cow::Owned(self.whole(name, &value, alerts));
        }
        value
    }

    /// Free text is cut where it is too long.
    fn text(&self, name: &[u8], mut value: Vec<u8>, alerts: &mut Vec<Vec<u8>>) -> Vec<u8> {
        if value.len() > self.header + 1 {
            alerts.push(truncated_long(name, value.len()));
            value.truncate(self.header);
        }
        value
    }

    fn whole(&self, name: &[u8], value: &[u8], alerts: &mut Vec<Vec<u8>>) -> Vec<u8> {
        let short = balanced(value, self.header + 1);
        if short != value {
            alerts.push(match value.len() > self.header {
                true => truncated_long(name, value.len()),
                false => alert(b"Fixed MIME ", name, " header"),
            });
        }
        short
    }

    /// Each part by itself: a long name of a file does not take the part behind it away.
    fn parts(&self, name: &[u8], value: &[u8], alerts: &mut Vec<Vec<u8>>) -> Vec<u8> {
        let (mut short, mut fixed, mut longest) = (Vec::new(), false, None);
        for part in split_parts(value) {
            let balanced = balanced(part, self.part + 1);
            match balanced != part {
                true if part.len() > self.part => longest = Some(part.len()),
                changed => fixed |= changed,
            }
            short.push(balanced);
        }
        if fixed {
            alerts.push(alert(b"Fixed MIME ", name, " header field"));
        }
        if let Some(length) = longest {
            let tail = format!(" header due to field size (length = {length})");
            alerts.push(alert(b"Truncated MIME ", name, &tail));
        }
        short.join(&b';')
    }
}

fn truncated_long(name: &[u8], length: usize) -> Vec<u8> {
    alert(b"Truncated long MIME ", name, &format!(" header (length = {length})"))
}

fn alert(what: &[u8], name: &[u8], tail: &str) -> Vec<u8> {
    [what, name, tail.as_bytes(), b" (possible attack)"].concat()
}

/// What is open at some place of a value.
#[derive(Clone, Copy, Default)]
struct Open {
    quotes: bool,
    comments: usize,
    /// The byte before was a backslash that quotes this one.
    escaped: bool,
}

impl Open {
    fn after(self, byte: u8) -> Self {
        let mut next = Self { escaped: false, ..self };
        match byte {
            _ if self.escaped => {}
            b'\\' => next.escaped = true,
            b'"' if self.comments == 0 => next.quotes = !self.quotes,
            b'(' if !self.quotes => next.comments += 1,
            b')' if !self.quotes => next.comments = self.comments.saturating_sub(1),
            _ => {}
        }
        next
    }

    /// Bytes that close it.
    fn closing(self) -> usize {
        usize::from(self.quotes) + self.comments
    }
}

/// As much of a value as fits with quotes and comments closed; it never grows.
fn balanced(value: &[u8], most: usize) -> Vec<u8> {
    let most = most.min(value.len());
    let (mut open, mut end) = (Open::default(), 0);
    for byte in value {
        let next = open.after(*byte);
        if end + 1 + next.closing() > most {
            break;
        }
        (open, end) = (next, end + 1);
    }
    // a backslash with nothing behind it would quote what closes
    let mut short = value[..end - usize::from(open.escaped)].to_vec();
    short.extend(open.quotes.then_some(b'"'));
    short.extend(std::iter::repeat_n(b')', open.comments));
    short
}

/// The parts between semicolons outside quotes and comments.
fn split_parts(value: &[u8]) -> Vec<&[u8]> {
    let (mut parts, mut open, mut start) = (Vec::new(), Open::default(), 0);
    for (at, byte) in value.iter().enumerate() {
        if *byte == b';' && !open.escaped && open.closing() == 0 {
            parts.push(&value[start..at]);
            start = at + 1;
        }
        open = open.after(*byte);
    }
    parts.push(&value[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::put_field;

    fn unescaped(text: &str) -> Vec<u8> {
        let (mut out, mut bytes) = (Vec::new(), text.bytes());
        while let Some(byte) = bytes.next() {
            match byte {
                b'\\' => out.extend(bytes.next().map(|byte| if byte == b'n' { b'\n' } else { byte })),
                byte => out.push(byte),
            }
        }
        out
    }

    /// What the option does to a field of one of the classes.
    fn limited(name: &str, value: Vec<u8>) -> (Vec<u8>, String) {
        let limits = MimeLimits { header: 128, part: 40, ..MimeLimits::default() };
        let (name, mut alerts) = (name.as_bytes(), Vec::new());
        let value = match name {
            b"Content-Description" => limits.text(name, value, &mut alerts),
            b"Content-ID" => limits.whole(name, &value, &mut alerts),
            _ => limits.parts(name, &value, &mut alerts),
        };
        (value, alerts.iter().map(|alert| String::from_utf8_lossy(alert)).collect::<Vec<_>>().join(" | "))
    }

    #[test]
    fn values_and_alerts_are_sendmails() {
        let table = include_str!("../../testdata/message/mime_limits.tsv");
        let rows = table.lines().filter(|line| !line.starts_with('#'));
        let mut count = 0;
        for row in rows {
            let columns: Vec<&str> = row.split('\t').collect();
            let (value, alerts) = limited(columns[0], unescaped(columns[1]));
            // a line end that the cut has left without its blank is a fold again when it is written
            let (mut written, mut expected) = (Vec::new(), Vec::new());
            put_field(&mut written, b"X", &value);
            put_field(&mut expected, b"X", &unescaped(columns[2]));
            assert_eq!(String::from_utf8_lossy(&written), String::from_utf8_lossy(&expected), "{row}");
            assert_eq!(alerts, columns[3], "{row}");
            count += 1;
        }
        assert!(count > 100);
    }

    proptest::proptest! {
        #[test]
        fn what_is_left_is_closed_and_fits(value in "[a\"()\\\\;<> ]{0,60}", most in 1usize..50) {
            let short = balanced(value.as_bytes(), most);
            let open = short.iter().fold(Open::default(), |open, byte| open.after(*byte));
            assert!(short.len() <= most && open.closing() == 0 && !open.escaped);
        }
    }
}
