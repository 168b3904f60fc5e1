//! Cutting message data into header fields and body.

use super::header::{Header, HeaderKind};
use crate::config::HeaderCondition;

/// Takes data with LF line ends in pieces of any size; keeps fields, passes the body on.
#[derive(Clone, Debug, Default)]
pub struct Collector {
    fields: Vec<Header>,
    /// The line so far, without its end.
    line: Vec<u8>,
    in_body: bool,
    header_size: u64,
    /// SaveFromLine.
    keeps_from_line: bool,
}

impl Collector {
    /// One that takes a separator line of a mailbox (`From `) in front of the header for the body's beginning, as
    /// SaveFromLine asks for; without that it goes.
    pub fn with_from_line(keeps_from_line: bool) -> Self {
        Self { keeps_from_line, ..Self::default() }
    }

    /// Adds data; what belongs to the body is appended to `body`.
    pub fn push(&mut self, data: &[u8], body: &mut Vec<u8>) {
        let mut rest = data;
        while !self.in_body {
            let Some(end) = memchr::memchr(b'\n', rest) else {
                self.line.extend_from_slice(rest);
                self.header_size += rest.len() as u64;
                return;
            };
            self.line.extend_from_slice(&rest[..end]);
            self.header_size += end as u64 + 1;
            rest = &rest[end + 1..];
            self.end_line(body);
        }
        body.extend_from_slice(rest);
    }

    /// Is the header complete?
    pub fn in_body(&self) -> bool {
        self.in_body
    }

    /// The fields so far; a last one that may still be continued is among them.
    pub fn fields(&self) -> &[Header] {
        &self.fields
    }

    /// Bytes of header so far.
    pub fn header_size(&self) -> u64 {
        self.header_size
    }

    /// The fields in order. A last line without its end is completed.
    pub fn finish(mut self, body: &mut Vec<u8>) -> Vec<Header> {
        if !self.in_body && !self.line.is_empty() {
            self.end_line(body);
        }
        self.fields
    }

    fn end_line(&mut self, body: &mut Vec<u8>) {
        let mut line = std::mem::take(&mut self.line);
        let is_first = self.header_size <= line.len() as u64 + 1;
        // neither NUL bytes nor carriage returns have a place in a header
        line.retain(|byte| *byte != 0);
        line.iter_mut().filter(|byte| **byte == b'\r').for_each(|byte| *byte = b' ');
        match line.first() {
            _ if is_first && !self.keeps_from_line && line.starts_with(b"From ") => {}
            None => self.in_body = true,
            Some(b' ' | b'\t') if !self.fields.is_empty() => {
                if let Some(field) = self.fields.last_mut() {
                    field.value.push(b'\n');
                    field.value.extend_from_slice(&line);
                }
            }
            _ => self.field_or_body(&line, body),
        }
        line.clear();
        self.line = line;
    }

    /// A line that is no field begins the body, blank line or not.
    fn field_or_body(&mut self, line: &[u8], body: &mut Vec<u8>) {
        match field_name(line) {
            Some((name, value)) => self.fields.push(Header {
                name: name.to_vec(),
                value: value.to_vec(),
                condition: HeaderCondition::Always,
                kind: HeaderKind::USER,
            }),
            None => {
                self.in_body = true;
                body.extend_from_slice(line);
                body.push(b'\n');
            }
        }
    }
}

/// Name and value of `Name: value`; blanks before the colon are allowed (RFC 5322, 4.5).
fn field_name(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr::memchr(b':', line)?;
    let name = line[..colon].trim_ascii_end();
    let fits = |byte: &u8| matches!(byte, b'!'..=b'~');
    (!name.is_empty() && name.iter().all(fits)).then(|| (name, &line[colon + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collect(data: &str) -> (Vec<String>, String) {
        let (mut collector, mut body) = (Collector::default(), Vec::new());
        for byte in data.as_bytes() {
            collector.push(&[*byte], &mut body);
        }
        let fields = collector.finish(&mut body);
        let show = |field: &Header| {
            format!("{}|{}", String::from_utf8_lossy(&field.name), String::from_utf8_lossy(&field.value))
        };
        (fields.iter().map(show).collect(), String::from_utf8_lossy(&body).into_owned())
    }

    #[test]
    fn fields_and_folds() {
        let (fields, body) = collect("Subject: odd\n folded\n\tline\nX-Empty:\n\nbody\n\nmore\n");
        assert_eq!(fields, ["Subject| odd\n folded\n\tline", "X-Empty|"]);
        assert_eq!(body, "body\n\nmore\n");
    }

    #[test]
    fn a_line_without_colon_begins_the_body() {
        let (fields, body) = collect("A: b\nthis line has no colon\nX-After: y\n\nbody\n");
        assert_eq!(fields, ["A| b"]);
        assert_eq!(body, "this line has no colon\nX-After: y\n\nbody\n");
    }

    #[test]
    fn the_first_line_may_be_that_of_a_mailbox() {
        let text = "From someone Sun Mar  1 10:00:00 2026\nA: b\n\nbody\n";
        assert_eq!(collect(text), (vec!["A| b".into()], "body\n".into()));
        assert_eq!(collect(&format!("X: y\n{text}")).1, text);
        let (mut collector, mut body) = (Collector::with_from_line(true), Vec::new());
        collector.push(text.as_bytes(), &mut body);
        assert!(collector.fields().is_empty());
        assert_eq!(body, text.as_bytes());
    }

    #[test]
    fn no_body_at_all() {
        assert_eq!(collect("A: b").0, ["A| b"]);
        assert_eq!(collect(" not a fold\n").1, " not a fold\n");
    }
}
