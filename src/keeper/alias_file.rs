//! Alias sources as text: option AliasFile, quoted addresses.

use std::path::PathBuf;

/// One part of option AliasFile: `class[ -flags]:name`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AliasSpec {
    /// Class of the database; `implicit` when none is given.
    pub class: Vec<u8>,
    /// Flags between class and colon.
    pub flags: Vec<u8>,
    /// File without `.db`, or whatever the class takes.
    pub file: PathBuf,
}

/// Cuts option AliasFile into its parts.
pub fn specs(value: &[u8]) -> Vec<AliasSpec> {
    let parts = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|part| !part.is_empty());
    parts.map(spec).collect()
}

fn spec(part: &[u8]) -> AliasSpec {
    let (kind, file) = match part.iter().position(|byte| *byte == b':') {
        Some(colon) if !part.starts_with(b"/") => (&part[..colon], part[colon + 1..].trim_ascii()),
        _ => (&b"implicit"[..], part),
    };
    let class_end = kind.iter().position(u8::is_ascii_whitespace).unwrap_or(kind.len());
    AliasSpec {
        class: kind[..class_end].to_ascii_lowercase(),
        flags: kind[class_end..].trim_ascii().to_vec(),
        file: crate::sys::accounts::path(file),
    }
}

/// An address without outer double quotes and the backslashes inside them: `"|prog \"a\""` becomes
/// `|prog "a"`.
pub fn unquote(text: &[u8]) -> Vec<u8> {
    let text = text.trim_ascii();
    let Some(inner) = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")) else {
        return text.to_vec();
    };
    let (mut out, mut bytes) = (Vec::with_capacity(inner.len()), inner.iter());
    while let Some(byte) = bytes.next() {
        out.push(if *byte == b'\\' { *bytes.next().unwrap_or(byte) } else { *byte });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_the_option() {
        let parts = specs(b"hash:/etc/mail/aliases, nis -m:mail.aliases@dom,/etc/more");
        let shown: Vec<_> = parts
            .iter()
            .map(|part| {
                format!("{}|{}|{}", part.class.escape_ascii(), part.flags.escape_ascii(), part.file.display())
            })
            .collect();
        assert_eq!(shown, ["hash||/etc/mail/aliases", "nis|-m|mail.aliases@dom", "implicit||/etc/more"]);
    }

    #[test]
    fn quotes_come_off_once() {
        assert_eq!(unquote(br#""|prog \"a\" b""#), br#"|prog "a" b"#);
        assert_eq!(unquote(b"|prog"), b"|prog");
    }
}
