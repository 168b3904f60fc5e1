//! Alias files as text: one alias a line, lines that begin with a blank belong to the line before.

/// One alias as it stands in the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AliasLine {
    /// The line where it ends, from 1 (sendmail's messages count so).
    pub line: u32,
    /// All of it, continuation lines joined.
    pub text: Vec<u8>,
    /// Left of the colon, as written.
    pub name: Vec<u8>,
    /// Right of the first colon, leading blanks cut; may be empty.
    pub value: Vec<u8>,
}

/// What is wrong with a line; the texts are sendmail's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AliasProblem {
    /// Not a name and a colon.
    #[error("missing colon")]
    MissingColon,
    /// Blank or tab where a name is expected.
    #[error("Non-continuation line starts with space")]
    NoContinuation,
}

/// All lines of an alias file: entries and problems in order, with their line numbers.
pub fn alias_lines(text: &[u8]) -> Vec<Result<AliasLine, (u32, AliasProblem)>> {
    let whole = logical_lines(text).into_iter();
    // comments may be continued, too
    let whole = whole.filter(|(_, line)| !matches!(line.first(), None | Some(b'#')));
    whole.map(|(number, line)| entry(number, line).map_err(|problem| (number, problem))).collect()
}

/// The aliases of a file as they are written; those without a name or a value are left out.
pub fn plain_aliases(text: &[u8]) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    let lines = alias_lines(text).into_iter().flatten();
    let sound = lines.filter(|line| !line.name.is_empty() && !line.value.is_empty());
    sound.map(|line| (line.name, line.value))
}

/// Joins lines that end in a backslash with the next one, and lines with those behind them that begin with
/// a blank.
fn logical_lines(text: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let mut joined: Vec<(u32, Vec<u8>)> = Vec::new();
    let mut unfinished = false;
    for (index, line) in text.strip_suffix(b"\n").unwrap_or(text).split(|byte| *byte == b'\n').enumerate() {
        let number = index as u32 + 1;
        let blank_first = matches!(line.first(), Some(b' ' | b'\t'));
        let continued = line.strip_suffix(b"\\");
        let content = continued.unwrap_or(line);
        match joined.last_mut() {
            Some((last, whole)) if unfinished || blank_first && !whole.is_empty() => {
                whole.extend_from_slice(content);
                *last = number;
            }
            _ => joined.push((number, content.to_vec())),
        }
        unfinished = continued.is_some();
    }
    joined
}

fn entry(line: u32, text: Vec<u8>) -> Result<AliasLine, AliasProblem> {
    if matches!(text.first(), Some(b' ' | b'\t')) {
        return Err(AliasProblem::NoContinuation);
    }
    let first = memchr::memchr(b':', &text).ok_or(AliasProblem::MissingColon)?;
    let name = text[..bare_colon(&text).unwrap_or(first)].trim_ascii().to_vec();
    let value = text[first + 1..].trim_ascii_start().to_vec();
    Ok(AliasLine { line, text, name, value })
}

/// The first colon outside double quotes.
fn bare_colon(line: &[u8]) -> Option<usize> {
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

/// Cuts a list at its commas (and lines); a line that begins with `#` is a comment.
pub fn split_list(text: &[u8]) -> Vec<Vec<u8>> {
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.starts_with(b"#"));
    let members = |line| {
        let count = |wanted| memchr::memchr_iter(wanted, line).count();
        match count(b'<') == count(b'>') {
            true => crate::addr::split_list(line, b","),
            // a bracket that nothing closes protects nothing: the members behind it are to get their mail
            false => line
                .split(|byte| *byte == b',')
                .map(<[u8]>::trim_ascii)
                .filter(|one| !one.is_empty())
                .collect(),
        }
    };
    lines.flat_map(members).map(<[u8]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_everything_in_it() {
        let text = b"# comment\n\tcontinued\nstaff: alice, bob,\n\tcarol\n\n stray\nmore: x,\\\ny \n\"q:q\": z\nbroken\n  too\nempty:\n";
        let shown: Vec<_> = alias_lines(text)
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
                "4 staff=alice, bob,\\tcarol",
                "6 Non-continuation line starts with space",
                "8 more=x,y ",
                "9 \\\"q:q\\\"=q\\\": z",
                "11 missing colon",
                "12 empty=",
            ]
        );
    }

    #[test]
    fn lists_are_cut_at_bare_commas_only() {
        let parts = split_list(b"alice, \"|prog a, b\" , (x, y) bob\n# no\n<@a,@b:c@d>,,\\dave");
        let expected: [&[u8]; 5] = [b"alice", b"\"|prog a, b\"", b"(x, y) bob", b"<@a,@b:c@d>", b"\\dave"];
        assert_eq!(parts, expected);
    }
}
