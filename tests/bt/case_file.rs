//! The format of `testdata/bt/THEME.bt`.
//!
//! Marks are lines that begin with `%%% `. What stands before the first one says what the theme is.
//!
//! ```text
//! %%% block NAME                              lines that a cf includes with a line `@NAME`
//! %%% case NAME [status=N] [arguments=WORDS]  a case; the lines up to the next mark say why it is there
//! %%% file NAME                               a file beside the cf
//! %%% cf                                      then the three that each case has
//! %%% input
//! %%% expected
//! ```
//!
//! A text ends before the line feed in front of the next mark, so that one without a line feed at its end
//! (a prompt) can be written too; an empty line in front of `case` and `block` belongs to neither. Texts are bytes. `tests/live/bt_cases.py` reads and writes the same.

use std::collections::HashMap;

/// One case.
#[derive(Default)]
pub struct Case {
    pub name: String,
    /// Exit status; 0 unless said otherwise.
    pub status: i32,
    /// Further words of the command line.
    pub arguments: Vec<String>,
    pub files: Vec<(String, Vec<u8>)>,
    pub cf: Vec<u8>,
    pub input: Vec<u8>,
    pub expected: Vec<u8>,
}

/// All cases of a file, blocks put in place; what is wrong with the file otherwise.
pub fn parse(text: &[u8]) -> Result<Vec<Case>, String> {
    let (mut blocks, mut cases) = (HashMap::new(), Vec::<Case>::new());
    for (mark, body) in sections(text) {
        let (kind, rest) = mark.split_once(' ').unwrap_or((&mark, ""));
        match (kind, cases.last_mut()) {
            ("block", None) => {
                blocks.insert(format!("@{rest}").into_bytes(), with_line_end(body));
            }
            ("case", _) => cases.push(opened(rest)?),
            ("file", Some(case)) => case.files.push((rest.to_owned(), body.to_vec())),
            ("cf", Some(case)) => case.cf = included(body, &blocks),
            ("input", Some(case)) => case.input = body.to_vec(),
            ("expected", Some(case)) => case.expected = body.to_vec(),
            _ => return Err(format!("`%%% {mark}` has no place here")),
        }
    }
    match cases.iter().find(|case| case.cf.is_empty() || case.expected.is_empty()) {
        Some(case) => Err(format!("case {} lacks its cf or what is expected", case.name)),
        None => Ok(cases),
    }
}

/// Marks without their percent signs, and the text below each.
fn sections(text: &[u8]) -> Vec<(String, &[u8])> {
    const MARK: &[u8] = b"\n%%% ";
    let begins: Vec<usize> = (0..text.len()).filter(|at| text[*at..].starts_with(MARK)).collect();
    let ends = begins.iter().skip(1).copied().chain([text.len().saturating_sub(1)]);
    let section = |(begin, end): (&usize, usize)| {
        let separated =
            [b"case ", &b"block "[..]].iter().any(|kind| text[end..].starts_with(&[MARK, kind].concat()));
        let whole = &text[begin + MARK.len()..end];
        let whole = whole.strip_suffix(b"\n").filter(|_| separated).unwrap_or(whole);
        let line = whole.iter().position(|byte| *byte == b'\n').unwrap_or(whole.len());
        (String::from_utf8_lossy(&whole[..line]).into_owned(), whole.get(line + 1..).unwrap_or_default())
    };
    begins.iter().zip(ends).map(section).collect()
}

fn opened(head: &str) -> Result<Case, String> {
    let mut words = head.split(' ');
    let mut case = Case { name: words.next().unwrap_or_default().to_owned(), ..Case::default() };
    let mut rest = words.peekable();
    while let Some(word) = rest.next() {
        match word.split_once('=') {
            Some(("status", number)) => {
                case.status = number.parse().map_err(|_| format!("status {number}"))?
            }
            // these reach to the end of the line
            Some(("arguments", first)) => {
                case.arguments = std::iter::once(first).chain(rest.by_ref()).map(str::to_owned).collect();
            }
            _ => return Err(format!("case {}: what is `{word}`?", case.name)),
        }
    }
    Ok(case)
}

fn with_line_end(text: &[u8]) -> Vec<u8> {
    let end: &[u8] = if text.ends_with(b"\n") { b"" } else { b"\n" };
    [text, end].concat()
}

/// A cf with the blocks that it names.
fn included(cf: &[u8], blocks: &HashMap<Vec<u8>, Vec<u8>>) -> Vec<u8> {
    let whole = |line: &[u8]| blocks.get(line.trim_ascii_end()).cloned().unwrap_or_else(|| line.to_vec());
    cf.split_inclusive(|byte| *byte == b'\n').flat_map(whole).collect()
}
