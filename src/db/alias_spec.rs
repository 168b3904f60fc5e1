//! Alias sources as text: option AliasFile, quoted addresses.

use crate::addr::is_space;
use crate::sys::accounts;
use std::path::{Path, PathBuf};

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

/// Class, flags and name of one part of option AliasFile, as written; without a class it is `implicit`.
pub fn alias_spec_parts(part: &[u8]) -> (&[u8], &[u8], &[u8]) {
    let colon = part.iter().position(|byte| *byte == b':').filter(|_| !part.starts_with(b"/"));
    let Some(colon) = colon else { return (b"implicit", b"", part) };
    let (head, name) = (&part[..colon], part[colon + 1..].trim_ascii());
    let end = head.iter().position(is_space).unwrap_or(head.len());
    (&head[..end], head[end..].trim_ascii(), name)
}

impl AliasSpec {
    /// One part of the option.
    pub fn parse(part: &[u8]) -> Self {
        let (class, flags, name) = alias_spec_parts(part);
        Self { class: class.to_ascii_lowercase(), flags: flags.to_vec(), file: accounts::path(name) }
    }
}

/// `FILE.db`
pub fn database_of(file: &Path) -> PathBuf {
    match file.extension().is_some_and(|extension| extension == "db") {
        true => file.to_owned(),
        false => {
            let mut name = file.as_os_str().to_owned();
            name.push(".db");
            name.into()
        }
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

/// The file of a member `:include:/path`, quoted or not.
pub fn included_file(member: &[u8]) -> Option<Vec<u8>> {
    const MARK: &[u8] = b":include:";
    let member = unquote(member);
    let (mark, file) = member.split_at_checked(MARK.len())?;
    mark.eq_ignore_ascii_case(MARK).then(|| file.trim_ascii().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_the_option() {
        let parts = [&b"hash:/etc/mail/aliases"[..], b"NIS -m: mail.aliases@dom", b"/etc/more"];
        let shown: Vec<_> = parts
            .iter()
            .map(|part| {
                let part = AliasSpec::parse(part);
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
