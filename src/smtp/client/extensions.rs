//! What the server offers in its answer to EHLO.

use super::Answer;

/// Extensions that change what we send.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Extensions {
    /// It answered EHLO (or LHLO).
    pub esmtp: bool,
    /// RFC 2920
    pub pipelining: bool,
    /// RFC 1870: offered, with its limit (0: none named).
    pub size: Option<u64>,
    /// RFC 6152
    pub eight_bit: bool,
    /// RFC 3461
    pub dsn: bool,
    /// RFC 2034
    pub enhanced: bool,
    /// RFC 2852: offered, with the least time (0: none named).
    pub deliver_by: Option<i64>,
    /// RFC 6531
    pub utf8: bool,
    /// VERB, sendmail's own.
    pub verb: bool,
    /// RFC 3207
    pub starttls: bool,
    /// RFC 8689
    pub require_tls: bool,
}

impl Extensions {
    /// Reads the lines behind the first.
    pub fn of(answer: &Answer) -> Self {
        let mut found = Self { esmtp: true, ..Self::default() };
        for line in answer.lines.iter().skip(1) {
            let text = line.get(4..).unwrap_or_default();
            let mut words = text.split(|byte| matches!(byte, b' ' | b'='));
            let keyword = words.next().unwrap_or_default().to_ascii_uppercase();
            let value = words.find(|word| !word.is_empty());
            let number = value.and_then(|value| std::str::from_utf8(value).ok()?.parse::<u64>().ok());
            match keyword.as_slice() {
                b"PIPELINING" => found.pipelining = true,
                b"SIZE" => found.size = Some(number.unwrap_or(0)),
                b"8BITMIME" => found.eight_bit = true,
                b"DSN" => found.dsn = true,
                b"ENHANCEDSTATUSCODES" => found.enhanced = true,
                b"DELIVERBY" => found.deliver_by = Some(number.unwrap_or(0) as i64),
                b"SMTPUTF8" => found.utf8 = true,
                b"VERB" => found.verb = true,
                b"STARTTLS" => found.starttls = true,
                b"REQUIRETLS" => found.require_tls = true,
                _ => {}
            }
        }
        found
    }
}

/// The mechanisms behind the first AUTH that names any; `AUTH=` is how some servers write it for clients of old.
pub(super) fn mechanisms(answer: &Answer) -> Vec<u8> {
    let texts = answer.lines.iter().skip(1).filter_map(|line| line.get(4..));
    let lists = texts.filter_map(|text| {
        let (keyword, list) = text.split_at_checked(4)?;
        let list = list.strip_prefix(b" ").or_else(|| list.strip_prefix(b"="))?;
        keyword.eq_ignore_ascii_case(b"AUTH").then(|| list.trim_ascii().to_vec())
    });
    let mut lists = lists.filter(|list| !list.is_empty());
    lists.next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_in_any_case_with_and_without_values() {
        let lines = ["250-mx hello", "250-Pipelining", "250-SIZE 1000", "250-DELIVERBY", "250 8bitmime"];
        let lines = lines.iter().map(|line| line.as_bytes().to_vec()).collect();
        let found = Extensions::of(&Answer { code: 250, lines });
        assert!(found.esmtp && found.pipelining && found.eight_bit && !found.dsn);
        assert_eq!((found.size, found.deliver_by), (Some(1000), Some(0)));
    }
}
