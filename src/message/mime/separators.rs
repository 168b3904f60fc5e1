//! The lines between parts (RFC 2046, 5.1.1).

/// What a separator says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Separator {
    /// `--boundary`: a part follows.
    Next,
    /// `--boundary--`: no part follows.
    Last,
}

/// Is this line a separator of any open multipart? sendmail does not ask of which.
pub(super) fn separator<'b>(line: &[u8], open: impl Iterator<Item = &'b [u8]> + Clone) -> Option<Separator> {
    let end = line.iter().rposition(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))?;
    let text = line[..=end].strip_prefix(b"--")?;
    let is_open = |text: &[u8]| open.clone().any(|boundary| boundary == text);
    if is_open(text) {
        return Some(Separator::Next);
    }
    text.strip_suffix(b"--").filter(|text| is_open(text)).map(|_| Separator::Last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_behind_count_for_nothing() {
        let open = [&b"edge"[..], b"edge--"];
        let found = |line: &[u8]| separator(line, open.iter().copied());
        assert_eq!(found(b"--edge \t\n"), Some(Separator::Next));
        assert_eq!(found(b"--edge----\n"), Some(Separator::Last));
        // a boundary that ends like a last one is what it is
        assert_eq!(found(b"--edge--\n"), Some(Separator::Next));
        assert_eq!(found(b"--edges\n"), None);
        assert_eq!(found(b" --edge\n"), None);
    }
}
