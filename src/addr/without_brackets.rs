//! Angle brackets taken off an address (RFC 5321, 4.1.2).

/// `<ann@site.example>` without its brackets; a text that is not in both is left alone.
pub fn without_brackets(address: &[u8]) -> &[u8] {
    address.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">")).unwrap_or(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_or_none() {
        for (given, bare) in
            [("<a@b>", "a@b"), ("<>", ""), ("a@b", "a@b"), ("<a@b", "<a@b"), ("a@b>", "a@b>")]
        {
            assert_eq!(without_brackets(given.as_bytes()), bare.as_bytes());
        }
    }
}
