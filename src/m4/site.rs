//! `expand_mc`: a site's .mc, with the library before it, into a cf with its origins and what is wrong with it.

use std::io;
use std::path::PathBuf;

use super::divert::Store;
use super::expand::{Expander, Stop};
use super::findings::Findings;
use super::host::{Commands, Host, NoCommands};
use super::library::SiteFiles;
use super::lint;
use super::options::Settings;
use super::origins::CfText;
use super::run::{Step, take};
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
    /// Everything found, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
}

impl Expanded {
    /// Is anything so wrong that the cf must not be used?
    pub fn failed(&self) -> bool {
        self.diagnostics.iter().any(|found| found.severity == Severity::Error)
    }
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
    let mut files = site_files(name, options);
    let mut findings = Findings::default();
    let (mut shell, mut refusal) = (Shell, NoCommands);
    let commands: &mut dyn Commands = if options.commands { &mut shell } else { &mut refusal };
    let host = Host { files: &mut files, commands, console: &mut findings };
    let settings = Settings {
        provenance: true,
        include_limit: 100,
        nesting_limit: 100_000,
        memory_limit: 256 << 20,
        call_limit: 2_000_000,
        ..Settings::default()
    };
    let mut expander = Expander::new(host, settings);
    let outcome = run(&mut expander, name, text, options);
    let names = expander.symbols.names();
    let store = expander.diversions.take_output(0).unwrap_or_default();
    let input_names = expander.files.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    drop(expander);
    if let Err(Stop::Output(error)) = &outcome {
        findings.failure(name, error);
    }
    let finished = matches!(outcome, Ok(()));
    let cf = CfText::new(if finished { store } else { Store::default() }, input_names);
    let mut diagnostics = findings.finish(name, text, &files);
    diagnostics.extend(lint::check(name, text, &names, &files, &diagnostics));
    diagnostics.sort_by_key(|found| (found.place.file != name, found.place.line, found.place.column));
    Expanded { cf, diagnostics }
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
    }
}

fn run(expander: &mut Expander<'_>, name: &str, text: &[u8], options: &McOptions) -> Result<(), Stop> {
    for (name, value) in &options.defines {
        take(expander, Step::Define(name.clone(), value.clone()))?;
    }
    if !lint::includes_library(text) {
        let entry = expander.host.files.read(&library_entry(options)).map_err(missing_library)?;
        expander.run_file(entry.name, entry.text, entry.site)?;
    }
    take(expander, Step::Text(name.as_bytes().to_vec(), text.to_vec()))?;
    expander.run_wrapped()?;
    expander.finish()
}

fn library_entry(options: &McOptions) -> Vec<u8> {
    site_files("", options).library_name(b"m4/cf.m4")
}

fn missing_library(error: io::Error) -> Stop {
    Stop::Output(io::Error::new(error.kind(), format!("cannot read the cf library's m4/cf.m4: {error}")))
}
