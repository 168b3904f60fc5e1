//! Lists of addresses in header fields.

use super::header::{Header, HeaderKind, Headers};
use crate::addr::{MAX_SHOWN, Table, prescan, split_list};
use crate::config::Config;
use crate::db;
use crate::engine::complaints;
use crate::schema::{EnhancedStatus, Reply};

/// Fields that hold addresses.
const ADDRESSES: HeaderKind = HeaderKind::SENDER.union(HeaderKind::RECIPIENT);

/// The addresses of a field; folds inside one stay. In a message of the old style recipients that its author names stand between blanks.
pub(super) fn split(header: &Header, old_style: bool) -> Vec<Vec<u8>> {
    let is_list = header.kind.contains(HeaderKind::RECIPIENT.union(HeaderKind::USER));
    match old_style && is_list {
        true => split_at_blanks(&header.value),
        false => split_list(&header.value, b",").into_iter().map(<[u8]>::to_vec).collect(),
    }
}

/// Blanks around an at sign are none between addresses.
fn split_at_blanks(value: &[u8]) -> Vec<Vec<u8>> {
    let mut parts: Vec<Vec<u8>> = Vec::new();
    for part in split_list(value, b" \t\n") {
        match parts.last_mut() {
            Some(last) if part.starts_with(b"@") || last.ends_with(b"@") => {
                last.extend_from_slice(&[b" ", part].concat());
            }
            _ => parts.push(part.to_vec()),
        }
    }
    parts
}

/// As many blanks as stand behind the colon.
pub(super) fn leading_blanks(value: &[u8]) -> Vec<u8> {
    value.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).map(|_| b' ').collect()
}

/// The value of a field that names nobody: blanks are written like those before a name.
pub(super) fn without_addresses(value: &[u8]) -> Vec<u8> {
    match value.iter().all(|byte| matches!(byte, b' ' | b'\t')) {
        true => leading_blanks(value),
        false => value.to_vec(),
    }
}

/// Whom Errors-To fields name.
pub fn errors_to(fields: &[Header]) -> Vec<Vec<u8>> {
    let named = fields.iter().filter(|field| HeaderKind::of(&field.name).contains(HeaderKind::ERRORS_TO));
    named.flat_map(|field| db::split_list(&field.value)).collect()
}

/// Does an address field that came with the message show that its addresses stand between commas, or is it known from elsewhere?
pub fn has_commas(fields: &[Header]) -> bool {
    let modern = |field: &&Header| {
        let kind = field.kind | HeaderKind::of(&field.name);
        kind.contains(HeaderKind::USER) && kind.intersects(ADDRESSES)
    };
    fields.iter().any(|field| field.kind.contains(HeaderKind::COMMAS))
        || fields.iter().filter(modern).any(|field| shows_commas(&field.value))
}

/// Does a list of addresses show that they stand between commas?
pub fn shows_commas(list: &[u8]) -> bool {
    list.iter().any(|byte| b",;<(".contains(byte))
}

impl Headers {
    /// May recipients stand between blanks? OldStyleHeaders allows it, as long as no address field tells that commas are
    /// meant.
    pub fn is_old_style(&self, config: &Config) -> bool {
        config.options.old_style_headers && !has_commas(&self.0)
    }

    /// From now on they are taken to stand between commas.
    pub fn separate_by_commas(&mut self) {
        self.0.iter_mut().for_each(|field| field.kind |= HeaderKind::COMMAS);
    }

    /// What cannot be read of addresses, in the words that sendmail has for it: of fields for blind copies, which no mailer gets and the queue
    /// does, and of all others.
    pub fn unreadable_addresses(&self, config: &Config) -> (Vec<Reply>, Vec<Reply>) {
        let (mut blind, mut others) = (Vec::new(), Vec::new());
        // most fields are looked at no further
        let odd = |field: &&Header| {
            let brackets = field.value.iter().any(|byte| b"<>()\"".contains(byte));
            field.kind.intersects(ADDRESSES) && (brackets || field.value.len() > MAX_SHOWN)
        };
        let old_style = self.is_old_style(config);
        for field in self.0.iter().filter(odd) {
            let problems = if field.kind.contains(HeaderKind::BCC) { &mut blind } else { &mut others };
            for part in split(field, old_style) {
                let scan = prescan(&config.operators, &part, 0, Table::External, false);
                problems.extend(complaints(&part, &scan.problems).map(|reply| Reply {
                    enhanced: reply.enhanced.or(Some(EnhancedStatus(5, 0, 0))),
                    ..reply
                }));
            }
        }
        (blind, others)
    }

    /// The fields as a queue keeps them: lists of addresses are cut and folded anew.
    #[must_use]
    pub fn stored(mut self, config: &Config) -> Self {
        let old_style = self.is_old_style(config);
        for field in self.0.iter_mut().filter(|field| field.kind.intersects(ADDRESSES)) {
            let mut parts = split(field, old_style);
            // a name that is not the author's own text (`$x`) is quoted where it must be
            if !field.kind.contains(HeaderKind::USER) {
                parts.iter_mut().for_each(|part| quote_phrase(part, &config.options.must_quote_chars));
            }
            field.value = match parts.is_empty() {
                true => without_addresses(&field.value),
                false => join(field.name.len(), &leading_blanks(&field.value), &parts, 0),
            };
        }
        self
    }
}

/// A phrase before an address in angle brackets is quoted if it has one of the characters of MustQuoteChars.
fn quote_phrase(part: &mut Vec<u8>, must_quote: &[u8]) {
    let Some(start) = memchr::memchr(b'<', part).filter(|_| part.ends_with(b">")) else { return };
    let phrase = part[..start].trim_ascii_end();
    let plain = !phrase.iter().any(|byte| b"\"(\\=".contains(byte));
    if plain && phrase.iter().any(|byte| must_quote.contains(byte)) {
        *part = [b"\"", phrase, b"\" ", &part[start..]].concat();
    }
}

/// Columns that a line with addresses may fill (RFC 5322, 2.1.1).
const WIDTH: usize = 78;

/// `a, b,` and so on behind the colon of a name of this length and these blanks, continued in lines that begin with eight
/// blanks.
pub(super) fn join(name_length: usize, blank: &[u8], parts: &[Vec<u8>], line_limit: usize) -> Vec<u8> {
    let width = match line_limit {
        0..=2 => WIDTH,
        limit => WIDTH.min(limit - 2),
    };
    let mut out = blank.to_vec();
    let mut column = name_length + 1 + blank.len();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            column += 2;
        }
        column += part.len();
        match index {
            0 => {}
            _ if column > width => {
                out.extend_from_slice(b",\n        ");
                column = 8 + part.len();
            }
            _ => out.extend_from_slice(b", "),
        }
        out.extend_from_slice(part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_hears_of_errors() {
        let field = |name: &[u8], value: &[u8]| Header::generated(name, value);
        let fields = [
            field(b"errors-to", b" bob, boss@good.example"),
            field(b"To", b" x"),
            field(b"Errors-To", b" c"),
        ];
        assert_eq!(errors_to(&fields), [&b"bob"[..], b"boss@good.example", b"c"]);
    }

    #[test]
    fn lists_of_both_styles() {
        let cut = |value: &str, old_style| {
            let header = Header {
                kind: HeaderKind::RECIPIENT.union(HeaderKind::USER),
                ..Header::generated(b"To", value.as_bytes())
            };
            let parts = split(&header, old_style);
            parts.iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(cut(" a@b,\n\tc@d\n e@f,", false), ["a@b", "c@d\n e@f"]);
        assert_eq!(cut(" a @ b  \"c d\"\n e", true), ["a @ b", "\"c d\"", "e"]);
        assert_eq!(cut(" a b <c@d>", false), ["a b <c@d>"]);
        assert_eq!(cut(" a b", false), ["a b"]);
    }

    #[test]
    fn blanks_of_nobody() {
        assert_eq!([&b"\t"[..], b" ", b"", b"\t,"].map(without_addresses), [&b" "[..], b" ", b"", b"\t,"]);
    }

    #[test]
    fn long_lists_are_folded() {
        let parts = vec![b"somebody@somewhere.example".to_vec(); 4];
        let text = String::from_utf8(join("To".len(), b" ", &parts, 990)).expect("ASCII");
        assert_eq!(
            text,
            " somebody@somewhere.example, somebody@somewhere.example,\n        \
             somebody@somewhere.example, somebody@somewhere.example"
        );
    }
}
