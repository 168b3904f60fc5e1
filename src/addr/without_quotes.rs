//! Quotes taken off: of a key on its way to a map, of a user on his way to a mailer with flag s.

/// A text without its double quotes; a backslash goes, too, and the byte that it protects stays.
pub fn without_quotes(text: &[u8]) -> impl Iterator<Item = u8> {
    let mut bytes = text.iter().copied();
    std::iter::from_fn(move || match bytes.find(|byte| *byte != b'"')? {
        b'\\' => bytes.next(),
        byte => Some(byte),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_protected_stays() {
        let bare = |text: &[u8]| without_quotes(text).collect::<Vec<u8>>();
        assert_eq!(bare(br#""a b""#), b"a b");
        assert_eq!(bare(br"\carol"), b"carol");
        assert_eq!(bare(br#"""a\"\\b"\"#), br#"a"\b"#);
    }
}
