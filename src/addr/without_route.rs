//! Source routes taken off an address (RFC 5321, appendix C).

use std::borrow::Cow;

/// `<@hub.example:ann@elsewhere.example>` without the way there (RFC 5321, 3.3); what is in no brackets stays, as
/// with sendmail.
pub fn without_route(address: &[u8]) -> Cow<'_, [u8]> {
    let inner = address.strip_prefix(b"<").filter(|inner| inner.starts_with(b"@"));
    match inner.and_then(|inner| Some(&inner[memchr::memchr(b':', inner)? + 1..])) {
        None => address.into(),
        Some(mailbox) => [b"<", mailbox].concat().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_in_brackets() {
        for (given, bare) in
            [("<@a,@b:c@d>", "<c@d>"), ("<c@d>", "<c@d>"), ("@a:c@d", "@a:c@d"), ("<@a>", "<@a>")]
        {
            assert_eq!(&*without_route(given.as_bytes()), bare.as_bytes());
        }
    }
}
