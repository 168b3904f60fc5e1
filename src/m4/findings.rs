//! Messages of the expander, turned into diagnostics for the author of a .mc.

use std::io;

use super::host::{Console, Finding, FindingKind};
use super::library::{SiteFiles, names_in};
use super::said::{Said, excerpt};
use super::scan;
use super::vocabulary;
use crate::diag::{Diagnostic, Place, Severity, nearest};

/// A message as it came.
struct Raw {
    kind: FindingKind,
    file: String,
    line: u32,
    text: String,
    /// It is about a text of the site itself.
    own: bool,
}

/// Collects them.
#[derive(Default)]
pub(super) struct Findings {
    raw: Vec<Raw>,
    notes: Vec<u8>,
    /// An errprint without its newline goes on in the next one.
    unfinished: bool,
}

impl Console for Findings {
    fn output(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn finding(&mut self, finding: &Finding<'_>) {
        let (file, line) = finding.site.unwrap_or((finding.file, finding.line));
        let text = String::from_utf8_lossy(finding.text).into_owned();
        // some messages of the library lack their newline: the next one is none the less another
        let goes_on = self.unfinished && finding.kind == FindingKind::Errprint && !begins_message(&text);
        self.unfinished = finding.kind == FindingKind::Errprint && !text.ends_with('\n');
        match self.raw.last_mut().filter(|_| goes_on) {
            Some(last) => last.text.push_str(&text),
            None => {
                let file = String::from_utf8_lossy(file).into_owned();
                let own = finding.site.is_some_and(|(file, _)| file == finding.file);
                self.raw.push(Raw { kind: finding.kind, file, line, text, own });
            }
        }
    }

    fn debug(&mut self, text: &[u8]) {
        self.notes.extend_from_slice(text);
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Folders of the library and the macro that reads from each.
const FOLDERS: &[(&str, &str)] = &[
    ("feature", "FEATURE"),
    ("ostype", "OSTYPE"),
    ("mailer", "MAILER"),
    ("domain", "DOMAIN"),
    ("hack", "HACK"),
    ("siteconfig", "SITECONFIG"),
];

impl Findings {
    /// The run itself failed.
    pub(super) fn failure(&mut self, name: &str, error: &io::Error) {
        let text = error.to_string();
        self.raw.push(Raw { kind: FindingKind::Error, file: name.to_owned(), line: 0, text, own: true });
    }

    /// Did a limit end the run?
    pub(super) fn limited(&self) -> bool {
        self.raw.iter().any(|raw| raw.kind == FindingKind::Limit)
    }

    /// Was a file not there that the text wants?
    pub(super) fn miss_files(&self) -> bool {
        self.raw.iter().any(|raw| raw.kind == FindingKind::MissingFile)
    }

    /// Does a message belong to this line of this file?
    pub(super) fn told(&self, name: &str, line: u32) -> bool {
        self.raw.iter().any(|raw| raw.line == line && raw.file == name)
    }

    /// Everything said, as diagnostics with excerpts from the text as its author has it.
    pub(super) fn finish(self, name: &str, text: &[u8], files: &SiteFiles) -> Vec<Said> {
        let mut said = Vec::new();
        for raw in &self.raw {
            let own = files.own.iter().find(|file| file.name == raw.file).map(|file| &file.text[..]);
            let known = if raw.file == name { Some(text) } else { own };
            // What is left is a library on disk.
            let other = if known.is_none() { std::fs::read(&raw.file).ok() } else { None };
            let source = known.or(other.as_deref()).unwrap_or_default();
            let explained = explain(raw, source, files);
            said.extend(explained.into_iter().map(|diagnostic| Said { kind: raw.kind, diagnostic }));
        }
        let notes = String::from_utf8_lossy(&self.notes).into_owned();
        said.extend(notes.lines().map(|line| Said {
            kind: FindingKind::Warning,
            diagnostic: Diagnostic {
                severity: Severity::Notice,
                message: line.to_owned(),
                place: Place::default(),
                excerpt: None,
                help: None,
            },
        }));
        said
    }
}

fn column_of(line: Option<&str>, word: &str) -> u32 {
    let found = line.and_then(|line| line.find(word)).filter(|_| !word.is_empty());
    found.map_or(0, |at| u32::try_from(at + 1).unwrap_or(0))
}

/// Column of what a line begins with; 0 where there is no line.
fn first_column(line: Option<&str>) -> u32 {
    line.map_or(0, |line| u32::try_from(line.len() - line.trim_start().len() + 1).unwrap_or(0))
}

fn explain(raw: &Raw, source: &[u8], files: &SiteFiles) -> Vec<Diagnostic> {
    let excerpt = excerpt(source, raw.line);
    let place = |column| Place { file: raw.file.clone(), line: raw.line, column };
    let one = |severity, message: String, column, help: Option<String>| {
        vec![Diagnostic { severity, message, place: place(column), excerpt: excerpt.clone(), help }]
    };
    match raw.kind {
        FindingKind::Errprint => paragraphs(&raw.text)
            .iter()
            .flat_map(|text| {
                let (severity, message) = of_library(text);
                one(severity, message, first_column(excerpt.as_deref()), None)
            })
            .collect(),
        FindingKind::MissingFile => {
            let (message, word, help) = missing(&raw.text, files);
            one(Severity::Error, message, column_of(excerpt.as_deref(), &word), help)
        }
        FindingKind::OpenQuote => {
            let column = scan::open_quote(source, raw.line);
            let help = "every ` needs its ' ; an apostrophe inside a quoted text closes it".to_owned();
            one(Severity::Error, "this quoted text is never closed".into(), column, Some(help))
        }
        FindingKind::OpenComment => one(Severity::Error, "this comment is never closed".into(), 0, None),
        FindingKind::OpenArguments => {
            let column = scan::open_call(source, raw.line);
            let help = "a closing parenthesis is missing, or stands inside a quoted text".to_owned();
            one(Severity::Error, "the arguments of this macro never end".into(), column, Some(help))
        }
        FindingKind::Warning => {
            let text = raw.text.trim_start_matches("Warning: ").to_owned();
            // What the library's own text makes m4 say is not its reader's fault.
            let severity = if raw.own { Severity::Warning } else { Severity::Notice };
            one(severity, text, first_column(excerpt.as_deref()), None)
        }
        FindingKind::Error | FindingKind::Limit => one(Severity::Error, raw.text.clone(), 0, None),
    }
}

/// Beginnings of the library's messages.
const HEADS: &[&str] = &["*** ", "ERROR", "WARNING", "Warning:"];

fn begins_message(line: &str) -> bool {
    HEADS.iter().any(|head| line.starts_with(head))
}

/// Messages of an errprint: each begins with what says how bad it is; other lines go on with the one before.
fn paragraphs(text: &str) -> Vec<String> {
    let mut paragraphs: Vec<String> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        match paragraphs.last_mut().filter(|_| !begins_message(line)) {
            Some(last) => last.extend(["\n", line.trim()]),
            None => paragraphs.push(line.to_owned()),
        }
    }
    paragraphs
}

/// The library says by its first words how bad it is.
fn of_library(line: &str) -> (Severity, String) {
    let severity = if line.contains("ERROR") { Severity::Error } else { Severity::Warning };
    let heads = ["*** ", "ERROR: ", "ERROR ", "WARNING: ", "Warning: ", "warning: "];
    let mut text = line.trim();
    for head in heads {
        text = text.strip_prefix(head).unwrap_or(text);
    }
    (severity, text.to_owned())
}

/// What is missing, the word to point at, and what there is instead.
fn missing(text: &str, files: &SiteFiles) -> (String, String, Option<String>) {
    let name = text.split_once('`').and_then(|(_, rest)| rest.rsplit_once("': ")).map_or("", |found| found.0);
    let library = String::from_utf8_lossy(&files.library_name(b"")).into_owned();
    let row = name.strip_prefix(&*library).and_then(|file| {
        let (folder, stem) = file.split_once('/')?;
        let (_, called) = FOLDERS.iter().find(|row| row.0 == folder)?;
        Some((folder, *called, stem.strip_suffix(".m4")?))
    });
    let Some((folder, called, stem)) = row else {
        let help = "make the file (an empty one will do), name another, or take the line out; names without a leading \
                    / are looked for in the current directory and beside the .mc"
            .to_owned();
        return (text.to_owned(), name.to_owned(), Some(help));
    };
    if stem.is_empty() {
        let help = format!("write the parenthesis directly after the name: {called}(`...')");
        return (format!("{called} without a name"), called.to_owned(), Some(help));
    }
    let names = names_in(files, folder);
    let near = nearest(stem, names.iter().map(String::as_str));
    let own = format!("put a file of your own beside the .mc as {folder}/{stem}.m4, or use --cf-dir");
    let help = match (near.is_empty(), vocabulary::removed(stem).filter(|_| folder == "feature")) {
        (_, Some(instead)) => format!("it is gone from sendmail: {instead}"),
        (false, _) => format!("did you mean `{}'?", near.join("' or `")),
        (true, _) if names.len() <= 16 => format!("there are: {}; or {own}", names.join(", ")),
        (true, _) => own,
    };
    (format!("unknown {called} `{stem}'"), stem.to_owned(), Some(help))
}
