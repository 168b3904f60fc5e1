//! Where each line of the output came from.

use super::divert::{Mark, Store};
use super::input::Position;
use crate::diag::json_string;

/// A line of an input file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Source {
    /// Index into `CfText::files`.
    pub file: u32,
    /// Line, from 1.
    pub line: u32,
}

/// What made a line of output.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Origin {
    /// The line that was being read.
    pub read: Source,
    /// The line of the site's own files that led there (the call, or the define whose value stands here).
    pub site: Option<Source>,
}

/// Expanded text with the origin of each of its lines.
#[derive(Clone, Debug, Default)]
pub struct CfText {
    /// The cf.
    pub text: Vec<u8>,
    /// Input files, as named.
    pub files: Vec<String>,
    /// One entry per line of `text`.
    pub origins: Vec<Option<Origin>>,
}

impl CfText {
    /// What made a line of the cf (from 1): the site's line where there is one, else the library's.
    pub fn origin(&self, line: u32) -> Option<(&str, u32)> {
        let origin = self.origins.get(line.checked_sub(1)? as usize)?.as_ref()?;
        let source = origin.site.unwrap_or(origin.read);
        Some((self.files.get(source.file as usize)?, source.line))
    }

    /// Does a line of the cf stand in the site's own files as it is, not in what a macro of the library put there?
    pub fn is_sites_own(&self, line: u32) -> bool {
        let origin = line.checked_sub(1).and_then(|index| self.origins.get(index as usize)?.as_ref());
        origin.is_some_and(|origin| origin.site == Some(origin.read))
    }

    /// The source map: `{"version":1,"files":[…],"lines":[[file,line,file,line]|[file,line]|null,…]}`, for each
    /// line of the cf the line that was being read and, where there is one, the site's line that led there.
    pub fn source_map(&self) -> String {
        let mut json = String::from("{\"version\":1,\"files\":[");
        for (index, file) in self.files.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            json.push_str(comma);
            json.push_str(&json_string(file));
        }
        json.push_str("],\"lines\":[");
        for (index, origin) in self.origins.iter().enumerate() {
            if index > 0 {
                json.push(',');
            }
            match origin {
                None => json.push_str("null"),
                Some(Origin { read, site: None }) => json.push_str(&format!("[{},{}]", read.file, read.line)),
                Some(Origin { read, site: Some(site) }) => {
                    json.push_str(&format!("[{},{},{},{}]", read.file, read.line, site.file, site.line));
                }
            }
        }
        json.push_str("]}\n");
        json
    }

    /// Lines that the library gathers in one macro until the end all seem to come from the call that was
    /// the last to add to it: gives each its own call, by its text.
    pub(super) fn point_at_calls(&mut self, file: &str, text: &[u8]) {
        let Some(index) = self.files.iter().position(|name| name == file) else { return };
        let file = u32::try_from(index).unwrap_or(0);
        let mut taken: Vec<usize> = Vec::new();
        let mut start = 0;
        let ends = memchr::memchr_iter(b'\n', &self.text);
        for (end, origin) in ends.zip(&mut self.origins) {
            let line = &self.text[start..end];
            start = end + 1;
            let Some(origin) = origin else { continue };
            let row = GATHERED.iter().find_map(|row| Some((line.strip_prefix(row.0)?, row.1)));
            let Some((value, macros)) = row else { continue };
            let calls = macros.iter().flat_map(|name| memchr::memmem::find_iter(text, name.as_bytes()));
            let Some(at) = calls.filter(|at| !taken.contains(at)).find(|at| has_value(text, *at, value))
            else {
                continue;
            };
            taken.push(at);
            let line = memchr::memchr_iter(b'\n', &text[..at]).count() + 1;
            origin.site = Some(Source { file, line: u32::try_from(line).unwrap_or(u32::MAX) });
        }
    }

    /// Cuts an output with its marks into lines.
    pub(super) fn new(store: Store, files: Vec<String>) -> Self {
        let origins = line_origins(&store.text, &store.marks);
        Self { text: store.text, files, origins }
    }
}

/// Beginnings of lines that the library gathers, and the macros that add one.
const GATHERED: &[(&[u8], &[&str])] = &[
    (b"O DaemonPortOptions=", &["DAEMON_OPTIONS("]),
    (b"O ClientPortOptions=", &["CLIENT_OPTIONS("]),
    (b"X", &["MAIL_FILTER("]),
    (b"Q", &["QUEUE_GROUP("]),
];

/// Does the call at `at` have the words of this value as its arguments? Quotes and white space do not count.
fn has_value(text: &[u8], at: usize, value: &[u8]) -> bool {
    let skipped = |byte: &&u8| !matches!(**byte, b'`' | b'\'' | b' ' | b'\t' | b'\n');
    let Some(open) = memchr::memchr(b'(', &text[at..]) else { return false };
    let mut written = text[at + open + 1..].iter().filter(skipped);
    let same = value.iter().filter(skipped).all(|byte| written.next() == Some(byte));
    same && written.next() == Some(&b')')
}

/// For each line the first mark in it that knows a line of the site, else its first mark, else what made
/// the end of the line before.
fn line_origins(text: &[u8], marks: &[Mark]) -> Vec<Option<Origin>> {
    let mut origins = Vec::new();
    let mut next = 0;
    let mut going_on: Option<(Mark, u32)> = None;
    let mut start = 0;
    let ends = memchr::memchr_iter(b'\n', text).map(|at| at + 1);
    let rest = (!text.is_empty() && !text.ends_with(b"\n")).then_some(text.len());
    for end in ends.chain(rest) {
        let mut best: Option<Origin> = None;
        if marks.get(next).is_none_or(|mark| mark.offset > start) {
            best = going_on.map(|(mark, passed)| origin(&mark, passed));
        }
        while let Some(mark) = marks.get(next).filter(|mark| mark.offset < end) {
            let here = origin(mark, 0);
            if best.is_none_or(|best| best.site.is_none() && here.site.is_some()) {
                best = Some(here);
            }
            going_on = Some((*mark, 0));
            next += 1;
        }
        if let Some((_, passed)) = &mut going_on {
            *passed += 1;
        }
        origins.push(best);
        start = end;
    }
    origins
}

fn origin(mark: &Mark, lines_on: u32) -> Origin {
    let lines_on = if mark.advancing { lines_on } else { 0 };
    let source = |place: Position, lines_on| Source { file: place.file, line: place.line + lines_on };
    // While a file of the library is read, the site's line that led there stays where it is.
    let site_on = if mark.site == Some(mark.inner) { lines_on } else { 0 };
    Origin { read: source(mark.inner, lines_on), site: mark.site.map(|place| source(place, site_on)) }
}
