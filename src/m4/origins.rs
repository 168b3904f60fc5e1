//! Where each line of the output came from.

use super::divert::{Mark, Store};
use super::input::Place;
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

    /// Cuts an output with its marks into lines.
    pub(super) fn new(store: Store, files: Vec<String>) -> Self {
        let origins = line_origins(&store.text, &store.marks);
        Self { text: store.text, files, origins }
    }
}

/// For each line the first mark in it that knows a line of the site, else its first mark, else what made
/// the end of the line before.
fn line_origins(text: &[u8], marks: &[Mark]) -> Vec<Option<Origin>> {
    let mut origins = Vec::new();
    let mut next = 0;
    let mut going_on: Option<(Mark, u32)> = None;
    let mut start = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let end = start + line.len();
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
    let source = |place: Place| Source { file: place.file, line: place.line + lines_on };
    Origin { read: source(mark.inner), site: mark.site.map(source) }
}
