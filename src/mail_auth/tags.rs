//! Lists of tags, `a=b; c=d` (RFC 6376, 3.2): signatures, keys, DMARC records.

/// Tags and their values, blanks around them taken off.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tags<'a>(Vec<(&'a [u8], &'a [u8])>);

impl<'a> Tags<'a> {
    /// Reads a list; `None`: it is none, or names a tag twice.
    pub fn read(text: &'a [u8]) -> Option<Self> {
        let mut tags: Vec<(&[u8], &[u8])> = Vec::new();
        let mut parts = text.split(|byte| *byte == b';').map(<[u8]>::trim_ascii).peekable();
        while let Some(part) = parts.next() {
            if part.is_empty() && parts.peek().is_none() {
                break;
            }
            let equals = memchr::memchr(b'=', part)?;
            let (name, value) = (part[..equals].trim_ascii(), part[equals + 1..].trim_ascii());
            let is_name = name.first().is_some_and(u8::is_ascii_alphabetic)
                && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
            if !is_name || tags.iter().any(|(known, _)| *known == name) {
                return None;
            }
            tags.push((name, value));
        }
        Some(Self(tags))
    }

    /// The value of a tag.
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.0.iter().find(|(known, _)| *known == name.as_bytes()).map(|(_, value)| *value)
    }

    /// The first tag.
    pub fn first(&self) -> Option<(&'a [u8], &'a [u8])> {
        self.0.first().copied()
    }

    /// Words of a value between colons.
    pub fn words(&self, name: &str) -> Option<Vec<&'a [u8]>> {
        let words = self.get(name)?.split(|byte| *byte == b':').map(<[u8]>::trim_ascii);
        Some(words.filter(|word| !word.is_empty()).collect())
    }

    /// A number.
    ///
    /// # Errors
    /// It is none.
    pub fn number(&self, name: &str) -> Option<Result<u64, ()>> {
        let value = self.get(name)?;
        let text =
            std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        Some(text.and_then(|text| text.parse().ok()).ok_or(()))
    }
}

/// Base64 with folds in it.
pub(super) fn base64(value: &[u8]) -> Option<Vec<u8>> {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let text: Vec<u8> = value.iter().filter(|byte| !byte.is_ascii_whitespace()).copied().collect();
    STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_tags() {
        let tags = Tags::read(b" v=1; h = a :b;\r\n\tl=12 ; x=;").expect("tags");
        assert_eq!(tags.first(), Some((&b"v"[..], &b"1"[..])));
        assert_eq!(tags.words("h"), Some(vec![&b"a"[..], b"b"]));
        assert_eq!(
            (tags.number("l"), tags.number("h"), tags.number("z")),
            (Some(Ok(12)), Some(Err(())), None)
        );
        assert_eq!(tags.get("x"), Some(&b""[..]));
        for none in [&b"a"[..], b"a=1; a=2", b"a=1;; b=2", b"=1", b"1a=2"] {
            assert_eq!(Tags::read(none), None);
        }
        assert_eq!(base64(b"aGVs\r\n\t bG8="), Some(b"hello".to_vec()));
    }
}
