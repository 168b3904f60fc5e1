//! A header as it stands on the wire, cut into its fields.

use crate::addr::split_list;

/// One field with its CR LF.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Field<'a> {
    /// Before the colon, without blanks.
    pub name: &'a [u8],
    /// Behind the colon, folds and line end included.
    pub value: &'a [u8],
    /// The whole.
    pub raw: &'a [u8],
}

/// The fields of a header, in their order.
#[derive(Clone, Debug, Default)]
pub struct Fields<'a>(Vec<Field<'a>>);

impl<'a> Fields<'a> {
    /// Cuts a header; lines that are no part of a field are left out. It ends where it ends, or at a blank line.
    pub fn of(header: &'a [u8]) -> Self {
        let mut fields = Vec::new();
        let mut start = 0;
        while start < header.len() && !header[start..].starts_with(b"\r\n") {
            let mut end = line_end(header, start);
            while matches!(header.get(end), Some(b' ' | b'\t')) {
                end = line_end(header, end);
            }
            let raw = &header[start..end];
            if let Some(colon) = memchr::memchr(b':', raw) {
                fields.push(Field { name: raw[..colon].trim_ascii(), value: &raw[colon + 1..], raw });
            }
            start = end;
        }
        Self(fields)
    }

    /// All of them.
    pub fn all(&self) -> &[Field<'a>] {
        &self.0
    }

    /// Those of one name, in their order.
    pub fn from_above<'n>(&'n self, name: &'n [u8]) -> impl Iterator<Item = Field<'a>> + 'n {
        self.0.iter().filter(move |field| field.name.eq_ignore_ascii_case(name)).copied()
    }

    /// Those of one name, the last one first: in this order they are signed (RFC 6376, 5.4.2).
    pub fn from_below<'n>(&'n self, name: &'n [u8]) -> impl Iterator<Item = Field<'a>> + 'n {
        self.0.iter().rev().filter(move |field| field.name.eq_ignore_ascii_case(name)).copied()
    }

    /// The domains of the authors (`From:`), in lower case, each once. A field that is no list of addresses has none.
    pub fn author_domains(&self) -> Vec<Vec<u8>> {
        let mut domains = Vec::new();
        for field in self.from_below(b"from") {
            for mailbox in split_list(field.value, b",") {
                domains.extend(domain_of(mailbox));
            }
        }
        domains.sort();
        domains.dedup();
        domains
    }
}

fn line_end(text: &[u8], from: usize) -> usize {
    memchr::memchr(b'\n', &text[from..]).map_or(text.len(), |at| from + at + 1)
}

/// The domain of a mailbox: `name <user@domain>` or `user@domain (comment)`.
fn domain_of(mailbox: &[u8]) -> Option<Vec<u8>> {
    let plain = without_comments(mailbox);
    let address =
        match (plain.iter().rposition(|byte| *byte == b'<'), plain.iter().rposition(|byte| *byte == b'>')) {
            (Some(open), Some(close)) if open < close => &plain[open + 1..close],
            _ => &plain[..],
        };
    let at = address.iter().rposition(|byte| *byte == b'@')?;
    let domain: Vec<u8> =
        address[at + 1..].iter().filter(|byte| !byte.is_ascii_whitespace()).copied().collect();
    let domain = domain.strip_suffix(b".").unwrap_or(&domain).to_ascii_lowercase();
    let fits =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') || *byte >= 0x80;
    (!domain.is_empty() && domain.iter().all(fits)).then_some(domain)
}

/// What stands outside of comments and quoted strings (RFC 5322, 3.2.2 and 3.2.4).
fn without_comments(text: &[u8]) -> Vec<u8> {
    let (mut out, mut depth, mut quoted) = (Vec::new(), 0_u32, false);
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if quoted || depth > 0 => drop(bytes.next()),
            b'"' if depth == 0 => quoted = !quoted,
            b'(' if !quoted => depth += 1,
            b')' if !quoted && depth > 0 => depth -= 1,
            byte if depth == 0 && !quoted => out.push(*byte),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_cut() {
        let fields = Fields::of(b"From : a\r\nX: b\r\n\tc\r\nnot a field\r\nx:d\r\n\r\nY: body\r\n");
        let names: Vec<_> = fields.all().iter().map(|field| field.name).collect();
        assert_eq!(names, [&b"From"[..], b"X", b"x"]);
        let below: Vec<_> = fields.from_below(b"x").map(|field| field.value).collect();
        assert_eq!(below, [&b"d\r\n"[..], b" b\r\n\tc\r\n"]);
    }

    #[test]
    fn domains_of_authors() {
        let of = |value: &str| {
            let header = format!("From:{value}\r\n");
            let domains = Fields::of(header.as_bytes()).author_domains();
            domains
                .iter()
                .map(|domain| String::from_utf8_lossy(domain).into_owned())
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(of(" Ann <ann@Site.Example>"), "site.example");
        assert_eq!(of(" ann@site.example (at home@work)"), "site.example");
        assert_eq!(of(" \"x@evil.example\" <ann@site.example.>"), "site.example");
        assert_eq!(of(" a@b.example,\r\n \"c, d\" <c@d.example>"), "b.example d.example");
        assert_eq!(of(" ann"), "");
        assert_eq!(of(" <ann@x y@z>"), "z");
        assert_eq!(of(" <ann@[192.0.2.1]>"), "");
    }
}
