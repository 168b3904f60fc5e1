//! Alias sources as text: option AliasFile, the lines of a file, lists of addresses.

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

/// One alias as it stands in the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AliasLine {
    /// The line where it ends, from 1 (sendmail's messages count so).
    pub line: u32,
    /// Left of the colon, as written.
    pub name: Vec<u8>,
    /// Right of it, leading blanks cut, continuation lines joined.
    pub value: Vec<u8>,
}

/// What is wrong with a line; the texts are sendmail's.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AliasProblem {
    /// Not a name, a colon and a value.
    #[error("missing colon")]
    MissingColon,
    /// Blank or tab where a name is expected.
    #[error("Non-continuation line starts with space")]
    NoContinuation,
    /// Nothing behind the colon.
    #[error("{}:... missing value for alias", String::from_utf8_lossy(.0))]
    MissingValue(Vec<u8>),
}

/// All lines of an alias file: entries and problems in order, with their line numbers.
pub fn lines(text: &[u8]) -> Vec<Result<AliasLine, (u32, AliasProblem)>> {
    let mut found = Vec::new();
    for (number, line) in logical_lines(text) {
        match entry(&line) {
            Ok((name, value)) => found.push(Ok(AliasLine { line: number, name, value })),
            Err(problem) => found.push(Err((number, problem))),
        }
    }
    found
}

/// Joins continuation lines; drops comments and blank lines.
fn logical_lines(text: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let mut joined: Vec<(u32, Vec<u8>)> = Vec::new();
    let mut continues = false;
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let number = index as u32 + 1;
        let backslash = line.last() == Some(&b'\\');
        let content = if backslash { &line[..line.len() - 1] } else { line };
        let blank_first = matches!(line.first(), Some(b' ' | b'\t'));
        if line.trim_ascii().is_empty() || (line.starts_with(b"#") && !continues) {
            continues = false;
            continue;
        }
        match joined.last_mut() {
            Some((last, whole)) if continues || blank_first => {
                whole.extend_from_slice(content);
                *last = number;
            }
            _ => joined.push((number, content.to_vec())),
        }
        continues = backslash;
    }
    joined
}

fn entry(line: &[u8]) -> Result<(Vec<u8>, Vec<u8>), AliasProblem> {
    if matches!(line.first(), Some(b' ' | b'\t')) {
        return Err(AliasProblem::NoContinuation);
    }
    let colon = colon(line).ok_or(AliasProblem::MissingColon)?;
    let name = line[..colon].trim_ascii().to_vec();
    let value = line[colon + 1..].trim_ascii().to_vec();
    match value.is_empty() {
        true => Err(AliasProblem::MissingValue(name)),
        false => Ok((name, value)),
    }
}

/// The first colon outside double quotes.
fn colon(line: &[u8]) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (index, byte) in line.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            b':' if !quoted => return Some(index),
            _ => {}
        }
    }
    None
}

/// Cuts a list at its commas (and lines), quotes, comments and angle brackets respected; a line that
/// begins with `#` is a comment. Empty parts are dropped.
pub fn split_list(text: &[u8]) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    for line in text.split(|byte| *byte == b'\n') {
        if !line.starts_with(b"#") {
            split_line(line, &mut parts);
        }
    }
    parts
}

fn split_line(line: &[u8], parts: &mut Vec<Vec<u8>>) {
    let (mut start, mut quoted, mut escaped, mut comment, mut angle) = (0, false, false, 0, 0);
    for (index, byte) in line.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' if comment == 0 => quoted = !quoted,
            _ if quoted => {}
            b'(' => comment += 1,
            b')' if comment > 0 => comment -= 1,
            b'<' if comment == 0 => angle += 1,
            b'>' if comment == 0 && angle > 0 => angle -= 1,
            b',' if comment == 0 && angle == 0 => {
                keep(&line[start..index], parts);
                start = index + 1;
            }
            _ => {}
        }
    }
    keep(&line[start..], parts);
}

fn keep(part: &[u8], parts: &mut Vec<Vec<u8>>) {
    let part = part.trim_ascii();
    if !part.is_empty() {
        parts.push(part.to_vec());
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
    fn a_file_with_everything_in_it() {
        let text = b"# comment\nstaff: alice, bob,\n\tcarol\n\nmore: x,\\\ny\n\"q:q\": z\nbroken\n  nothing\nempty:\n";
        let shown: Vec<_> = lines(text)
            .into_iter()
            .map(|line| match line {
                Ok(line) => {
                    format!("{} {}={}", line.line, line.name.escape_ascii(), line.value.escape_ascii())
                }
                Err((number, problem)) => format!("{number} {problem}"),
            })
            .collect();
        assert_eq!(
            shown,
            [
                "3 staff=alice, bob,\\tcarol",
                "6 more=x,y",
                "7 \\\"q:q\\\"=z",
                "9 missing colon",
                "10 empty:... missing value for alias",
            ]
        );
    }

    #[test]
    fn lists_are_cut_at_bare_commas_only() {
        let parts = split_list(b"alice, \"|prog a, b\" , (x, y) bob\n# no\n<@a,@b:c@d>,,\\dave");
        let expected: [&[u8]; 5] = [b"alice", b"\"|prog a, b\"", b"(x, y) bob", b"<@a,@b:c@d>", b"\\dave"];
        assert_eq!(parts, expected);
    }

    #[test]
    fn quotes_come_off_once() {
        assert_eq!(unquote(br#""|prog \"a\" b""#), br#"|prog "a" b"#);
        assert_eq!(unquote(b"|prog"), b"|prog");
    }
}
