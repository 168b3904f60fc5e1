//! C and F lines.

use super::env::{FileProblem, MapFailure};
use super::load::{Loader, MAX_LINE};
use crate::addr::{MacroId, op, trim_start};
use crate::schema::Sysexit;

/// Longest line of a class file.
const MAX_FILE_LINE: usize = 2047;

impl Loader<'_> {
    /// `Cxwords`
    pub(super) fn class_line(&mut self, text: &[u8]) {
        let (id, length) = self.name(text);
        let Some(id) = id else { return };
        let words = self.expanded(&text[length..], MAX_LINE);
        self.class_words(id, &words);
    }

    /// Adds the words of a text.
    pub(super) fn class_words(&mut self, id: MacroId, text: &[u8]) {
        for word in text.split(crate::addr::is_space).filter(|word| !word.is_empty()) {
            self.class_word(id, word);
        }
    }

    /// Adds a word; `$=y` stands for the present members of class y.
    pub(super) fn class_word(&mut self, id: MacroId, word: &[u8]) {
        if let [op::MATCH_CLASS, from, ..] = word {
            self.trace_class(id, Err(MacroId(*from)));
            self.config.classes.copy(MacroId(*from), id, self.first_line);
        } else if word == [op::MATCH_CLASS] {
            self.name(b"");
        } else {
            self.trace_class(id, Ok(word));
            self.config.classes.insert_from(id, word, self.first_line);
        }
    }

    fn trace_class(&mut self, id: MacroId, what: Result<&[u8], MacroId>) {
        if !self.traces(37, 8) {
            return;
        }
        let name = |id: MacroId| self.config.names.long_name(id).map_or_else(|| vec![id.0], <[u8]>::to_vec);
        let text = match what {
            Ok(word) => [b"setclass(", &name(id)[..], b", ", word, b")"].concat(),
            Err(from) => [b"setclass(", &name(id)[..], b", $=", &name(from), b")"].concat(),
        };
        self.say(text);
    }

    /// `Fx[-o] spec [format]`
    pub(super) fn class_file_line(&mut self, text: &[u8]) {
        let (id, length) = self.name(text);
        let Some(id) = id else { return };
        let mut rest = trim_start(&text[length..]);
        let optional = rest.starts_with(b"-o");
        if optional {
            let end = rest.iter().position(crate::addr::is_space).unwrap_or(rest.len());
            rest = trim_start(&rest[end..]);
        }
        let file = self.expanded(rest, MAX_LINE);
        match file.first() {
            Some(b'|') => self.class_from_program(id, &file[1..]),
            _ => match map_form(&file) {
                Some(wanted) => self.class_from_map(id, &wanted, optional),
                None => self.class_from_file(id, &file, optional),
            },
        }
    }

    fn class_from_program(&mut self, id: MacroId, command: &[u8]) {
        // the command ends at a blank unless it is quoted; then its words are the arguments
        let Some((command, _)) = file_name(command.trim_ascii_start()) else {
            self.error([b"illegal filename '|", command, b"'"].concat());
            return;
        };
        let words = command.split(crate::addr::is_space).filter(|word| !word.is_empty());
        let argv: Vec<Vec<u8>> = words.map(<[u8]>::to_vec).collect();
        if argv.is_empty() {
            return;
        }
        let blame = self.config.blame();
        match self.env.program(&argv, blame) {
            Ok(output) => self.class_lines(id, &output, b"%s"),
            // the child's complaint goes where its output goes, and its first word is the cf's name
            Err(_) => {
                let word = [&self.config.file[..], b":"].concat();
                self.class_word(id, &word);
            }
        }
    }

    fn cannot_open(&mut self, file: &[u8], problem: &FileProblem) {
        let text = [b"fileclass: cannot open '", file, b"'"].concat();
        match problem {
            FileProblem::System(error) | FileProblem::Exec(error) => self.system_error(text, error),
            FileProblem::Unsafe(danger) => {
                self.error_status(&[&text[..], b": ", danger.as_bytes()].concat(), Sysexit::OSERR)
            }
        }
    }

    fn class_from_file(&mut self, id: MacroId, text: &[u8], optional: bool) {
        let Some((path, format)) = file_name(text) else {
            self.error([b"illegal filename '", text, b"'"].concat());
            return;
        };
        let format = match trim_start(format) {
            b"" => b"%s".to_vec(),
            other => other.to_vec(),
        };
        if self.traces(37, 2) {
            self.say([b"fileclass(", &path[..], b", fmt=", &format, b")"].concat());
        }
        if path.is_empty() {
            self.error("fileclass: missing file name");
            return;
        }
        let blame = self.config.blame();
        match self.env.class_file(&path, blame) {
            Ok(content) => self.class_lines(id, &content, &format),
            Err(_) if optional => {}
            Err(problem) => self.cannot_open(&path, &problem),
        }
    }

    fn class_lines(&mut self, id: MacroId, content: &[u8], format: &[u8]) {
        for line in content.split(|byte| *byte == b'\n') {
            for line in line.chunks(MAX_FILE_LINE) {
                if line.first() == Some(&b'#') {
                    continue;
                }
                if let Some(found) = scanned(line, format) {
                    self.class_words(id, &found);
                }
            }
        }
    }

    fn class_from_map(&mut self, id: MacroId, wanted: &WordsFromMap<'_>, optional: bool) {
        let WordsFromMap { key, class, spec } = *wanted;
        let name = match self.config.names.long_name(id) {
            Some(name) => name.to_vec(),
            None => vec![id.0],
        };
        let says = |what: &[u8]| [b"fileclass: F{", &name[..], b"}: ", what].concat();
        if class.is_empty() {
            self.error(says(b"missing map class"));
            return;
        }
        let map = match spec {
            Some(spec) => self.map_decl(&name, class, spec),
            None => {
                let spec = self.ldap_class_spec(&name);
                self.map_decl(&name, class, &spec)
            }
        };
        let answer = self.env.map_words(&map, key, &self.config.options.dont_blame_sendmail);
        // a map that cannot be opened fails with the system's error
        let failed = matches!(answer.words, Err(MapFailure::Open));
        for message in &answer.messages {
            self.error_status(message, if failed { Sysexit::OSERR } else { Sysexit::SOFTWARE });
        }
        match answer.words {
            Ok(value) => self.class_words(id, &value.unwrap_or_default()),
            Err(MapFailure::NoClass) => self.error(says(&[b"class ", class, b" not available"].concat())),
            Err(MapFailure::Open) if !optional => self.error(says(b"map open failed")),
            Err(MapFailure::Lookup) if !optional => self.error(says(b"map lookup failed")),
            Err(_) => {}
        }
    }
}

/// Which map has the words of a class.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct WordsFromMap<'a> {
    key: &'a [u8],
    class: &'a [u8],
    /// Its flags; `None`: sendmail's own LDAP schema.
    spec: Option<&'a [u8]>,
}

/// `[key]@class:spec`, where the text is not a path and has an `@` that `LDAP` or a `:` follows.
fn map_form(text: &[u8]) -> Option<WordsFromMap<'_>> {
    if matches!(text.first(), Some(b'/' | b'|')) {
        return None;
    }
    let at = text.iter().position(|byte| *byte == b'@')?;
    let (key, rest) = (&text[..at], &text[at + 1..]);
    if rest == b"LDAP" {
        return Some(WordsFromMap { key, class: b"ldap", spec: None });
    }
    let colon = rest.iter().position(|byte| *byte == b':').filter(|colon| *colon > 0)?;
    Some(WordsFromMap { key, class: &rest[..colon], spec: Some(&rest[colon + 1..]) })
}

/// A file name up to a blank that no double quotes protect, and what follows it; `None` when a quote
/// or a backslash is left open. A backslash stays, but for one right before the blank.
fn file_name(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut name = Vec::new();
    let (mut quoted, mut at) = (false, 0);
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => quoted = !quoted,
            b'\\' => match text.get(at + 1) {
                None => return None,
                Some(b' ') if !quoted => {}
                Some(_) => name.push(byte),
            },
            b' ' if !quoted => break,
            _ => name.push(byte),
        }
        at += 1;
    }
    (!quoted).then(|| (name, &text[at.min(text.len())..]))
}

/// sscanf with one string: literals, blanks, `%*…`, `%[…]`, `%s`, widths. What the first storing
/// conversion matched.
fn scanned(line: &[u8], format: &[u8]) -> Option<Vec<u8>> {
    let mut input = line;
    let mut format = format;
    while let Some((&first, rest)) = format.split_first() {
        if crate::addr::is_space(&first) {
            input = trim_start(input);
            format = rest;
        } else if first != b'%' || rest.first() == Some(&b'%') {
            let literal = if first == b'%' { 2 } else { 1 };
            input = input.strip_prefix(&[first])?;
            format = &format[literal..];
        } else {
            let (conversion, after) = Conversion::parse(rest)?;
            let length = conversion.length(&mut input)?;
            let found = &input[..length];
            if conversion.stores {
                return Some(found.to_vec());
            }
            input = &input[length..];
            format = after;
        }
    }
    None
}

/// One `%` of a format.
struct Conversion {
    stores: bool,
    width: usize,
    /// The bytes it takes; `None`: everything but white space.
    set: Option<[bool; 256]>,
}

impl Conversion {
    fn parse(format: &[u8]) -> Option<(Self, &[u8])> {
        let stores = format.first() != Some(&b'*');
        let format = if stores { format } else { &format[1..] };
        let digits = format.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let width = match super::numbers::leading_int(&format[..digits]) {
            0 => usize::MAX,
            width => usize::try_from(width).unwrap_or(usize::MAX),
        };
        match &format[digits..] {
            [b's', after @ ..] => Some((Self { stores, width, set: None }, after)),
            [b'[', set @ ..] => {
                let (set, after) = bracket_set(set)?;
                Some((Self { stores, width, set: Some(set) }, after))
            }
            _ => None,
        }
    }

    /// How many bytes match at the beginning of the input; none is a failure.
    fn length(&self, input: &mut &[u8]) -> Option<usize> {
        let length = match &self.set {
            None => {
                *input = trim_start(input);
                input.iter().take_while(|byte| !crate::addr::is_space(byte)).count()
            }
            Some(set) => input.iter().take_while(|byte| set[**byte as usize]).count(),
        };
        Some(length.min(self.width)).filter(|length| *length > 0)
    }
}

/// The set of a `%[…]`; a `]` or `^]` right at its beginning belongs to it.
fn bracket_set(text: &[u8]) -> Option<([bool; 256], &[u8])> {
    let negated = text.first() == Some(&b'^');
    let text = if negated { &text[1..] } else { text };
    let end = text.iter().skip(1).position(|byte| *byte == b']')? + 1;
    let mut set = [negated; 256];
    let mut at = 0;
    while at < end {
        let last = match text[at..end] {
            [_, b'-', last, ..] => {
                at += 2;
                last
            }
            [first, ..] => first,
            [] => break,
        };
        let first =
            if last == text[at] && (at < 2 || text[at - 1] != b'-') { text[at] } else { text[at - 2] };
        for byte in first.min(last)..=last {
            set[byte as usize] = !negated;
        }
        at += 1;
    }
    Some((set, &text[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats() {
        assert_eq!(scanned(b" a b", b"%s").as_deref(), Some(&b"a"[..]));
        assert_eq!(scanned(b"joe:x", b"%[^:]").as_deref(), Some(&b"joe"[..]));
        assert_eq!(scanned(b"joe:x", b"%*[^:]:%[^:]").as_deref(), Some(&b"x"[..]));
        assert_eq!(scanned(b"joe", b"%*[^:]:%[^:]"), None);
        assert_eq!(scanned(b"abc1", b"%[a-b]").as_deref(), Some(&b"ab"[..]));
    }

    #[test]
    fn map_forms() {
        let form = |key, class, spec| Some(WordsFromMap { key, class, spec });
        assert_eq!(map_form(b"k@hash:/f"), form(&b"k"[..], &b"hash"[..], Some(&b"/f"[..])));
        assert_eq!(map_form(b"@LDAP"), form(b"", b"ldap", None));
        assert_eq!(map_form(b"/etc/a@b:c"), None);
        assert_eq!(map_form(b"file"), None);
    }
}
