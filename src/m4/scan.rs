//! A look at the text of a .mc as its author sees it: which macros it calls at its outermost level.
//!
//! This is no expansion. It knows quotes, `dnl` and, until cf.m4 switches them off, `#` comments.

/// A call written in the text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Written {
    pub(super) name: String,
    /// Arguments as written, without the white space before them; nothing for a bare word.
    pub(super) arguments: Option<Vec<String>>,
    pub(super) line: u32,
    /// Column in bytes, from 1.
    pub(super) column: u32,
    /// Only white space stands before it on its line.
    pub(super) first: bool,
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    comments: bool,
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

impl Scanner<'_> {
    fn word(&mut self) -> String {
        let start = self.at;
        while self.text.get(self.at).is_some_and(|byte| is_word(*byte)) {
            self.at += 1;
        }
        String::from_utf8_lossy(&self.text[start..self.at]).into_owned()
    }

    fn skip_line(&mut self) {
        while self.text.get(self.at).is_some_and(|byte| *byte != b'\n') {
            self.at += 1;
        }
        self.at += usize::from(self.at < self.text.len());
    }

    /// From an opening quote to after the one that closes it.
    fn skip_quoted(&mut self) {
        let mut depth = 0;
        while let Some(byte) = self.text.get(self.at) {
            self.at += 1;
            match byte {
                b'`' => depth += 1,
                b'\'' if depth == 1 => return,
                b'\'' => depth -= 1,
                _ => {}
            }
        }
    }

    /// From after `(` to after the `)` that ends it.
    fn arguments(&mut self) -> Vec<String> {
        let mut arguments = Vec::new();
        let mut depth = 0;
        let mut start = self.at;
        let show = |from: usize, to: usize| {
            String::from_utf8_lossy(self.text[from..to].trim_ascii_start()).into_owned()
        };
        let mut at = self.at;
        let mut inner = Scanner { text: self.text, at, comments: self.comments };
        while let Some(&byte) = self.text.get(at) {
            inner.at = at;
            match byte {
                b'`' => inner.skip_quoted(),
                b'#' if self.comments => inner.skip_line(),
                _ if byte.is_ascii_alphabetic() || byte == b'_' => {
                    if inner.word() == "dnl" {
                        inner.skip_line();
                    }
                }
                b'(' => (depth += 1, inner.at += 1).1,
                b')' if depth == 0 => {
                    arguments.push(show(start, at));
                    at += 1;
                    self.at = at;
                    return arguments;
                }
                b')' => (depth -= 1, inner.at += 1).1,
                b',' if depth == 0 => {
                    arguments.push(show(start, at));
                    start = at + 1;
                    inner.at += 1;
                }
                _ => inner.at += 1,
            }
            at = inner.at;
        }
        self.at = at;
        arguments
    }
}

/// Calls and bare words of capitals at the outermost level.
pub(super) fn calls(text: &[u8], comments: bool) -> Vec<Written> {
    let mut scanner = Scanner { text, at: 0, comments };
    let mut found = Vec::new();
    let (mut line, mut line_start, mut counted) = (1u32, 0usize, 0usize);
    while let Some(&byte) = text.get(scanner.at) {
        let start = scanner.at;
        match byte {
            b'`' => scanner.skip_quoted(),
            b'#' if scanner.comments => scanner.skip_line(),
            _ if byte.is_ascii_alphabetic() || byte == b'_' => {
                let name = scanner.word();
                for (offset, _) in text[counted..start].iter().enumerate().filter(|(_, byte)| **byte == b'\n')
                {
                    line += 1;
                    line_start = counted + offset + 1;
                }
                counted = start;
                let first = text[line_start..start].iter().all(u8::is_ascii_whitespace);
                if name == "dnl" {
                    scanner.skip_line();
                    continue;
                }
                let arguments = (text.get(scanner.at) == Some(&b'(')).then(|| {
                    scanner.at += 1;
                    scanner.arguments()
                });
                if is_library_entry(&name, arguments.as_deref()) {
                    scanner.comments = false;
                }
                let column = u32::try_from(start - line_start + 1).unwrap_or(0);
                found.push(Written { name, arguments, line, column, first });
            }
            _ if byte.is_ascii_digit() => drop(scanner.word()),
            _ => scanner.at += 1,
        }
    }
    found
}

/// `include(`…/m4/cf.m4')`.
pub(super) fn is_library_entry(name: &str, arguments: Option<&[String]>) -> bool {
    let first = arguments.and_then(|arguments| arguments.first());
    matches!(name, "include" | "sinclude")
        && first.is_some_and(|file| file.trim_end().trim_end_matches(['\'', '`']).ends_with("m4/cf.m4"))
}

/// Column of the quote on this line that is not closed on it; 0 if there is none.
pub(super) fn open_quote(text: &[u8], line: u32) -> u32 {
    let mut open = Vec::new();
    for (at, byte) in line_of(text, line).iter().enumerate() {
        match byte {
            b'`' => open.push(at + 1),
            b'\'' => drop(open.pop()),
            _ => {}
        }
    }
    open.first().map_or(0, |at| u32::try_from(*at).unwrap_or(0))
}

/// Column of the macro name on this line whose parenthesis is not closed on it; 0 if there is none.
pub(super) fn open_call(text: &[u8], line: u32) -> u32 {
    let text = line_of(text, line);
    let mut open: Vec<usize> = Vec::new();
    let mut quotes = 0;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'`' => quotes += 1,
            b'\'' => quotes = (quotes - 1).max(0),
            b'(' if quotes == 0 => {
                let word = text[..at].iter().rev().take_while(|byte| is_word(**byte)).count();
                open.push(at - word + 1);
            }
            b')' if quotes == 0 => drop(open.pop()),
            _ => {}
        }
    }
    open.first().map_or(0, |at| u32::try_from(*at).unwrap_or(0))
}

fn line_of(text: &[u8], line: u32) -> &[u8] {
    let index = (line as usize).saturating_sub(1);
    text.split(|byte| *byte == b'\n').nth(index).unwrap_or(b"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outermost_calls() {
        let text = b"divert(-1)\n# it's (nothing\ndivert(0)dnl it's\n  FEATURE(`a b', c)dnl\nMAILER(smtp)\n";
        let found = calls(text, true);
        let names: Vec<_> = found.iter().map(|call| (call.name.as_str(), call.line, call.column)).collect();
        assert_eq!(names, [("divert", 1, 1), ("divert", 3, 1), ("FEATURE", 4, 3), ("MAILER", 5, 1)]);
        assert_eq!(found[2].arguments.as_deref(), Some(&["`a b'".to_owned(), "c".to_owned()][..]));
    }

    #[test]
    fn where_it_opened() {
        assert_eq!(open_quote(b"a\ndefine(`x', `y)\n", 2), 13);
        assert_eq!(open_call(b"define(`x', `y'\n", 1), 1);
    }
}
