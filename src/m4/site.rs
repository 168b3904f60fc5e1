//! `expand_mc`: a site's .mc, with the library before it, into a cf with its origins and what is wrong with it.

use std::cmp::Ordering;
use std::io;
use std::path::PathBuf;

use super::divert::Store;
use super::expand::{Expander, Stop};
use super::findings::Findings;
use super::host::{CommandStatus, Commands, Host, NoCommands};
use super::library::SiteFiles;
use super::lint::{self, Choice, Lint, Mistake, Part, mended};
use super::options::Settings;
use super::origins::CfText;
use super::run::{Step, take};
use super::scan::{self, Survey};
use super::symbols::Symbols;
use super::system::Shell;
use crate::diag::{Diagnostic, Severity};

/// What `expand_mc` may be told.
#[derive(Clone, Debug, Default)]
pub struct McOptions {
    /// `-D name=value`.
    pub defines: Vec<(Vec<u8>, Vec<u8>)>,
    /// A cf library on disk instead of the embedded one.
    pub cf_dir: Option<PathBuf>,
    /// Absolute include paths are looked for below this directory first.
    pub root: Option<PathBuf>,
    /// May `esyscmd` and `syscmd` run programs? Never with a borrowed group or for another user.
    pub commands: bool,
}

/// What became of a .mc.
#[derive(Clone, Debug, Default)]
pub struct Expanded {
    /// The cf, as far as it was made.
    pub cf: CfText,
    /// Where quotes, `dnl` or the like are not what they were meant to be: the cf of the text as it was
    /// probably meant. What is wrong with the lines of a cf is better asked about this one then.
    pub intended: Option<CfText>,
    /// Everything found, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
    /// The exit status with which m4 ends on this text, whatever was found.
    pub status: u8,
}

impl Expanded {
    /// Is anything so wrong that the cf must not be used?
    pub fn failed(&self) -> bool {
        self.diagnostics.iter().any(|found| found.severity == Severity::Error)
    }
}

/// What `mend_mc` makes of a line with something like `dnl` before a call: it may be a comment or not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Doubtful {
    /// It stays as it is.
    #[default]
    Leave,
    /// A comment.
    Comment,
    /// In force.
    Activate,
}

/// A .mc after `mend_mc`.
#[derive(Clone, Debug, Default)]
pub struct Mended {
    /// The text.
    pub text: Vec<u8>,
    /// What was wrong and no longer is, at its place in the text as it was.
    pub changed: Vec<Diagnostic>,
    /// What is still wrong, at its place in the new text.
    pub left: Vec<Diagnostic>,
}

/// The order in which findings are told: those of the .mc first, then file by file, by line and column.
pub fn in_order(name: &str, one: &Diagnostic, other: &Diagnostic) -> Ordering {
    let key = |found: &Diagnostic| (found.place.line, found.place.column);
    let file = |found: &Diagnostic| (found.place.file != name, found.place.file.clone());
    file(one).cmp(&file(other)).then(key(one).cmp(&key(other)))
}

/// Expands a site's .mc. Warnings come with the text; after any error the cf must not be used.
///
/// # Errors
/// All findings (errors and warnings) when at least one is an error.
pub fn expand_mc(
    name: &str,
    text: &[u8],
    options: &McOptions,
) -> Result<(CfText, Vec<Diagnostic>), Vec<Diagnostic>> {
    let expanded = examine_mc(name, text, options);
    match expanded.failed() {
        true => Err(expanded.diagnostics),
        false => Ok((expanded.cf, expanded.diagnostics)),
    }
}

/// Expands a site's .mc, keeping the cf even where something is wrong.
pub fn examine_mc(name: &str, text: &[u8], options: &McOptions) -> Expanded {
    let mut shell = Remembered::default();
    let examined = Examined::new(name, text, options, &mut shell);
    examined.finish(name, text, options, &mut shell)
}

/// Mends what is wrong with a .mc where there is one way to do so.
pub fn mend_mc(name: &str, text: &[u8], options: &McOptions, doubtful: Doubtful) -> Mended {
    let choice = match doubtful {
        Doubtful::Leave => Choice::Leave,
        Doubtful::Comment => Choice::Comment,
        Doubtful::Activate => Choice::Activate,
    };
    let mut shell = Remembered::default();
    let (mut text, mut changed) = (text.to_vec(), Vec::new());
    // What is mended may show what it hid.
    for _ in 0..4 {
        let examined = Examined::new(name, &text, options, &mut shell);
        let better = mended(&text, &examined.mistakes, choice, false);
        if better == text || examined.expansion.findings.limited() {
            break;
        }
        let told = examined
            .mistakes
            .iter()
            .filter(|found| mended(&text, std::slice::from_ref(found), choice, false) != text);
        changed.extend(told.map(|found| found.diagnostic(name, &text, &examined.survey)));
        text = better;
    }
    changed.sort_by_key(|found| (found.place.line, found.place.column));
    let left = examine_mc(name, &text, options).diagnostics;
    Mended { text, changed, left }
}

/// One expansion and what it leaves behind.
struct Expansion {
    cf: CfText,
    findings: Findings,
    files: SiteFiles,
    symbols: Symbols,
    status: u8,
}

/// A text expanded and looked at.
struct Examined {
    expansion: Expansion,
    survey: Survey,
    mistakes: Vec<Mistake>,
    /// What is wrong with the site's other files.
    included: Vec<Diagnostic>,
}

impl Examined {
    fn new(name: &str, text: &[u8], options: &McOptions, shell: &mut Remembered) -> Self {
        let includes = scan::includes_library(text);
        let expansion = expand(name, text, includes, options, shell);
        let symbols = &expansion.symbols;
        let names = || {
            let names = symbols.names().into_iter();
            names.map(|name| String::from_utf8_lossy(&name).into_owned()).collect()
        };
        let is_macro = |word: &[u8]| symbols.get(word).is_some();
        let survey = scan::survey(text, includes, &is_macro);
        let look = |text: &[u8], survey: &Survey, file: &str, part: Part| {
            let told = |line| expansion.findings.told(file, line);
            let incomplete = expansion.findings.miss_files();
            Lint::run(text, survey, &expansion.files, &names, &told, part, incomplete)
        };
        let mistakes = look(text, &survey, name, Part::Main);
        let mut included = Vec::new();
        for file in expansion.files.own.iter().filter(|file| !file.of_tree) {
            let survey = scan::survey(&file.text, false, &is_macro);
            let mistakes = look(&file.text, &survey, &file.name, Part::Included);
            included.extend(mistakes.iter().map(|found| found.diagnostic(&file.name, &file.text, &survey)));
        }
        Self { expansion, survey, mistakes, included }
    }

    /// Puts together what the look at the text and the expansion have to say. Where the text is not what
    /// its author meant, the expansion of what was meant is asked, so that one slip is one message.
    fn finish(self, name: &str, text: &[u8], options: &McOptions, shell: &mut Remembered) -> Expanded {
        let Self { expansion, survey, mistakes, included } = self;
        let Expansion { cf, mut findings, mut files, status, .. } = expansion;
        let mut intended = None;
        if mistakes.iter().any(Mistake::bends_text) && !findings.limited() {
            let meant = mended(text, &mistakes, Choice::Activate, true);
            let second = expand(name, &meant, scan::includes_library(&meant), options, shell);
            (findings, files, intended) = (second.findings, second.files, Some(second.cf));
        }
        let mut said = findings.finish(name, text, &files);
        let mut diagnostics: Vec<Diagnostic> =
            mistakes.iter().map(|found| found.diagnostic(name, text, &survey)).collect();
        diagnostics.extend(included);
        lint::reconcile(name, text, &survey, &mut said, &mut diagnostics);
        diagnostics.extend(said.into_iter().map(|said| said.diagnostic));
        diagnostics.sort_by(|one, other| in_order(name, one, other));
        Expanded { cf, intended, diagnostics, status }
    }
}

fn expand(name: &str, text: &[u8], includes: bool, options: &McOptions, shell: &mut Remembered) -> Expansion {
    let mut files = site_files(name, options);
    let mut findings = Findings::default();
    let mut refusal = NoCommands;
    let commands: &mut dyn Commands = if options.commands { &mut *shell } else { &mut refusal };
    let host = Host { files: &mut files, commands, console: &mut findings };
    let settings = Settings {
        provenance: true,
        include_limit: 100,
        nesting_limit: 100_000,
        memory_limit: 64 << 20,
        call_limit: 500_000,
        work_limit: 1 << 28,
        ..Settings::default()
    };
    let mut expander = Expander::new(host, settings);
    let outcome = run(&mut expander, name, text, includes, options);
    let symbols = std::mem::take(&mut expander.symbols);
    let store = expander.diversions.output(0).map(std::mem::take).unwrap_or_default();
    let input_names = expander.files.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    let status = expander.status;
    drop(expander);
    if let Err(Stop::Output(error)) = &outcome {
        findings.failure(name, error);
    }
    let status = match outcome {
        Ok(()) => status,
        Err(Stop::Exit(status)) => status,
        Err(Stop::Output(_)) => 1,
    };
    // m4exit(0) keeps what was written; after an end that was none nothing of it is a cf
    let finished = matches!(outcome, Ok(()) | Err(Stop::Exit(0)));
    let mut cf = CfText::new(if finished { store } else { Store::default() }, input_names);
    cf.point_at_calls(name, text);
    shell.again = true;
    Expansion { cf, findings, files, symbols, status }
}

/// Runs each command once, however often the text is expanded.
#[derive(Default)]
struct Remembered {
    seen: Vec<(Vec<u8>, Vec<u8>, CommandStatus)>,
    /// The text was expanded before: what was run then is not run again.
    again: bool,
}

impl Commands for Remembered {
    fn run(&mut self, command: &[u8], capture: bool) -> io::Result<(Vec<u8>, CommandStatus)> {
        if let Some((_, output, status)) = self.seen.iter().find(|row| self.again && row.0 == command) {
            return Ok((output.clone(), *status));
        }
        let (output, status) = Shell.run(command, capture)?;
        self.seen.push((command.to_vec(), output.clone(), status));
        Ok((output, status))
    }
}

fn site_files(name: &str, options: &McOptions) -> SiteFiles {
    let with_slash = |path: &PathBuf| {
        let mut bytes = path.as_os_str().as_encoded_bytes().to_vec();
        if !bytes.ends_with(b"/") {
            bytes.push(b'/');
        }
        bytes
    };
    let beside = name.rfind('/').map_or("", |slash| &name[..=slash]);
    SiteFiles {
        cf_dir: options.cf_dir.as_ref().map(with_slash),
        root: options.root.clone(),
        beside: beside.as_bytes().to_vec(),
        entered: false,
        trees: Vec::new(),
        own: Vec::new(),
    }
}

fn run(
    expander: &mut Expander<'_>,
    name: &str,
    text: &[u8],
    includes: bool,
    options: &McOptions,
) -> Result<(), Stop> {
    for (name, value) in &options.defines {
        take(expander, Step::Define(name.clone(), value.clone()))?;
    }
    if !includes {
        let entry = expander.host.files.read(&library_entry(options)).map_err(missing_library)?;
        expander.run_file(entry.name, entry.text, entry.site)?;
    }
    take(expander, Step::Text(name.as_bytes().to_vec(), text.to_vec()))?;
    expander.run_wrapped()?;
    expander.debug_input_exhausted();
    expander.finish()
}

fn library_entry(options: &McOptions) -> Vec<u8> {
    site_files("", options).library_name(b"m4/cf.m4")
}

fn missing_library(error: io::Error) -> Stop {
    Stop::Output(io::Error::new(error.kind(), format!("cannot read the cf library's m4/cf.m4: {error}")))
}
