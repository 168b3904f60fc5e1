//! Multiparts that a body leaves open: the last separators that are missing (RFC 2046, 5.1.1), for a body that becomes part of
//! another message.
//!
//! In: the header of a message, its body line by line. Out: what is to be written before a line, or behind the last one, and
//! whether a line belongs to no section; at the end, what cannot be read of what its sections say of themselves. A body whose multiparts are all ended is left as it is.

use super::DEEPEST;
use super::content::Content;
use super::separators::{Separator, separator};
use crate::message::{Collector, Header};
use crate::schema::Reply;

/// Goes through a body, and knows what is open.
#[derive(Debug)]
pub struct Unclosed {
    /// Boundaries, the outer ones first.
    open: Vec<Vec<u8>>,
    /// The header of a section, while it is read.
    header: Option<Collector>,
    /// What comes is no section's: a preamble, or an epilogue.
    between: bool,
    /// So is the line that has come.
    apart: bool,
    /// What cannot be read of the headers of its sections.
    problems: Vec<Reply>,
}

impl Unclosed {
    /// Behind the header of the message.
    pub fn new(fields: &[Header]) -> Self {
        let (header, between, apart) = Default::default();
        let mut unclosed = Self { open: Vec::new(), header, between, apart, problems: Vec::new() };
        unclosed.begin(fields);
        unclosed
    }

    /// The separators that are missing before this line.
    pub fn before(&mut self, line: &[u8]) -> Vec<u8> {
        self.apart = self.between;
        if let Some((index, last)) = self.separator(line) {
            (self.apart, self.between) = (false, last);
            let missing = self.end_to(index + 1);
            self.open.truncate(index + usize::from(!last));
            self.header = (!last && self.open.len() < DEEPEST).then(Collector::default);
            return missing;
        }
        if let Some(mut header) = self.header.take() {
            header.push(line, &mut Vec::new());
            match header.in_body() {
                true => self.begin(header.fields()),
                false => self.header = Some(header),
            }
        }
        Vec::new()
    }

    /// Is the line that has come a preamble's or an epilogue's? Those have no encoding of their own: sendmail makes them seven bits.
    pub fn is_apart(&self) -> bool {
        self.apart
    }

    /// Those that are missing at the end, and what could not be read of the message.
    pub fn at_end(mut self) -> (Vec<u8>, Vec<Reply>) {
        (self.end_to(0), self.problems)
    }

    fn begin(&mut self, fields: &[Header]) {
        self.problems.extend(Content::problems(fields));
        match Content::boundary_of(fields) {
            Some(boundary) => {
                self.open.push(boundary);
                self.between = true;
            }
            None if Content::is_message(fields) => self.header = Some(Collector::default()),
            None => {}
        }
    }

    /// Ends all but so many.
    fn end_to(&mut self, most: usize) -> Vec<u8> {
        let ended = self.open.drain(most.min(self.open.len())..).rev();
        ended.flat_map(|boundary| [b"--", &boundary[..], b"--\n"].concat()).collect()
    }

    /// Which multipart a line is a separator of, and whether it is its last one.
    fn separator(&self, line: &[u8]) -> Option<(usize, bool)> {
        let open = || self.open.iter().map(Vec::as_slice);
        let found = separator(line, open())?;
        let index = open().rposition(|boundary| separator(line, std::iter::once(boundary)) == Some(found))?;
        Some((index, found == Separator::Last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed(kind: &str, body: &str) -> String {
        let mut unclosed = Unclosed::new(&[Header::generated(b"Content-Type", kind.as_bytes())]);
        let mut out = Vec::new();
        for line in body.split_inclusive('\n') {
            out.extend(unclosed.before(line.as_bytes()));
            out.extend_from_slice(line.as_bytes());
        }
        out.extend(unclosed.at_end().0);
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn what_is_open_is_ended() {
        let mixed = " multipart/mixed; boundary=\"edge\"";
        assert_eq!(closed(mixed, "just text\n"), "just text\n--edge--\n");
        assert_eq!(closed(mixed, ""), "--edge--\n");
        let inner = "--edge\nContent-Type: multipart/mixed; boundary=in\n\n--in\n\nx\n";
        assert_eq!(closed(mixed, inner), format!("{inner}--in--\n--edge--\n"));
        let outer = format!("{inner}--edge\n\ny\n--edge--\nepilogue\n");
        assert_eq!(closed(mixed, &outer), outer.replace("x\n", "x\n--in--\n"));
        let message = "--edge\nContent-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=in\n\n--in\n\nx\n";
        assert_eq!(closed(mixed, message), format!("{message}--in--\n--edge--\n"));
    }

    #[test]
    fn a_preamble_and_an_epilogue_are_apart() {
        let field = Header::generated(b"Content-Type", b" multipart/mixed; boundary=edge");
        let mut unclosed = Unclosed::new(&[field]);
        let inner =
            "--edge\nContent-Type: multipart/mixed; boundary=in\n\n*inner\n--in\n\nx\n--in--\n*behind\n";
        let body = format!("*before\n{inner}--edge\n\ny\n--edge--\n*\n*last\n");
        for line in body.split_inclusive('\n') {
            unclosed.before(line.as_bytes());
            assert_eq!(unclosed.is_apart(), line.starts_with('*'), "{line}");
        }
        let mut text = Unclosed::new(&[Header::generated(b"Content-Type", b" text/plain")]);
        text.before(b"all of it");
        assert!(!text.is_apart());
    }

    /// Whatever is looked for in the headers of sections, a word may be too long.
    #[test]
    fn what_cannot_be_read_is_told() {
        let long = format!("Content-Type: text/plain; name=\"{}\"\n", "n".repeat(300));
        let mut unclosed =
            Unclosed::new(&[Header::generated(b"Content-Type", b" multipart/mixed; boundary=edge")]);
        for line in ["--edge\n", long.as_str(), "\n", "--edge\n", "\n", "x\n", "--edge--\n"] {
            unclosed.before(line.as_bytes());
        }
        let (missing, problems) = unclosed.at_end();
        assert_eq!((missing.len(), problems.len()), (0, 1));
        assert!(problems[0].text.ends_with(b"prescan: token too long"), "{problems:?}");
    }

    #[test]
    fn what_is_ended_stays() {
        let whole = "--edge\n\nx\n--edge--\n--edge\n";
        assert_eq!(closed(" multipart/mixed; boundary=edge", whole), whole);
        assert_eq!(closed(" text/plain; boundary=edge", "--edge\n"), "--edge\n");
    }
}
