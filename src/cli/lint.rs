//! The `lint` personality: what is wrong with a configuration and all that belongs to it.

use super::anywhere::Anywhere;
use super::asking::read;
use super::mc_check::{self, point_into_mc};
use super::process::{self, complain};
use super::{lint_relay, mc, output, show};
use crate::analysis::Sources;
use crate::analysis::lint::{self, Finding, Subject, coded};
use crate::config::Config;
use crate::diag::{Severity, render, summary};
use crate::m4::{CfText, Doubtful, McOptions, Origin, Source, examine_mc, in_order, mend_mc};
use crate::schema::Sysexit;
use crate::sys::{clock, errno_text};
use clap::Parser;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Say what is wrong with a configuration and all that belongs to it
///
/// Looks at the .mc or .cf, at the rules that come of it, at the texts of its maps, at aliases, permissions, ports and
/// certificates. Every finding has a code; docs/lint.md has a page for each.
#[derive(Parser)]
#[command(name = "canonify lint", bin_name = "canonify lint")]
pub(super) struct Arguments {
    /// The configuration, a .cf or a .mc; what is wrong with a .cf that a .mc makes is told at the line of the .mc
    #[arg(short = 'C', value_name = "FILE", default_value = "/etc/mail/sendmail.cf")]
    file: PathBuf,
    /// Search for a way by which a stranger's mail from outside reaches outside
    #[arg(long, conflicts_with_all = ["fix", "sarif"])]
    relay: bool,
    /// Mend what can be mended in one way only, in the files themselves, and say what is left
    #[arg(long)]
    fix: bool,
    /// Take warnings for errors
    #[arg(long)]
    deny_warnings: bool,
    /// Print one JSON object a finding
    #[arg(long, conflicts_with = "sarif")]
    json: bool,
    /// Print SARIF 2.1.0, for code review tools
    #[arg(long)]
    sarif: bool,
    /// Write a page that stands for itself
    #[arg(long, value_name = "FILE", conflicts_with_all = ["json", "sarif"])]
    html: Option<PathBuf>,
}

/// Entry of the personality.
pub fn main(args: Vec<std::ffi::OsString>) -> ExitCode {
    process::run(args, |arguments: Arguments| run(&arguments))
}

fn run(arguments: &Arguments) -> Result<Sysexit, Sysexit> {
    if arguments.relay {
        return lint_relay::run(&arguments.file, arguments.json, arguments.html.as_deref());
    }
    let mut linted = look(&arguments.file)?;
    if arguments.fix {
        let count = mend(&arguments.file, &linted)?;
        eprintln!("{count} mended");
        linted = look(&arguments.file)?;
    }
    print(arguments, &linted)?;
    let least = if arguments.deny_warnings { Severity::Warning } else { Severity::Error };
    let bad = linted.iter().any(|finding| finding.diagnostic.severity >= least);
    Ok(if bad { Sysexit::DATAERR } else { Sysexit::OK })
}

fn print(arguments: &Arguments, findings: &[Finding]) -> Result<(), Sysexit> {
    if let Some(file) = &arguments.html {
        return output::write(file, &lint::page(&arguments.file.to_string_lossy(), findings));
    }
    show::print(&printed(arguments, findings));
    Ok(())
}

fn printed(arguments: &Arguments, findings: &[Finding]) -> String {
    if arguments.sarif {
        return format!("{:#}\n", lint::sarif(findings));
    }
    if arguments.json {
        return findings.iter().map(|finding| format!("{}\n", lint::json(finding))).collect();
    }
    let told = findings.iter().map(|finding| {
        let mut told = finding.diagnostic.clone();
        told.message = format!("{} [{}]", told.message, finding.code.id);
        told
    });
    let told: Vec<_> = told.collect();
    let total = summary(&told).unwrap_or_else(|| "nothing found".into());
    format!("{}{total}\n", render(&told, show::style(false).colour))
}

fn is_mc(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "mc")
}

/// Commands of a .mc run with the caller's own rights.
fn mc_options() -> McOptions {
    McOptions { commands: true, ..McOptions::default() }
}

/// All findings, in order.
fn look(file: &Path) -> Result<Vec<Finding>, Sysexit> {
    let (name, text) = (file.to_string_lossy().into_owned(), read(file)?);
    let mut host = Anywhere::here();
    let (cf, mut found, config) = match is_mc(file) {
        true => {
            let mut expanded = examine_mc(&name, &text, &mc_options());
            let config = mc_check::check_cf(&name, &text, &mut expanded, &mut host);
            let found = expanded.diagnostics.into_iter().map(|found| coded(found, "L002"));
            (expanded.cf, found.collect::<Vec<_>>(), config)
        }
        false => {
            let cf = as_written(&name, &text);
            let (found, config) = mc_check::read_cf(&cf, &mut host);
            let found = found.into_iter().map(|mut found| {
                match found.place.line {
                    0 => found.place.file.clone_from(&name),
                    _ => point_into_mc(&name, &text, &cf, &mut found),
                }
                coded(found, "L001")
            });
            let found = found.collect();
            (cf, found, Some(config))
        }
    };
    if !cf.text.is_empty() {
        let config = config.unwrap_or_else(|| mc_check::read_cf(&cf, &mut host).1);
        add(&mut found, beyond_reading(&name, &text, &cf, &config));
    }
    found.sort_by(|one, other| in_order(&name, &one.diagnostic, &other.diagnostic));
    Ok(found)
}

/// A cf that nobody has made: every line is what it is.
fn as_written(name: &str, text: &[u8]) -> CfText {
    let lines = text.split(|byte| *byte == b'\n').count();
    let origin = |line| {
        let source = Source { file: 0, line };
        Some(Origin { read: source, site: Some(source) })
    };
    let origins = (1..=u32::try_from(lines).unwrap_or(0)).map(origin).collect();
    CfText { text: text.to_vec(), files: vec![name.to_owned()], origins }
}

/// The first error of a configuration that is loaded, beyond what the loader itself says: tables, aliases and
/// certificates are not its own, and in use already.
pub(super) fn error_of_configuration(file: &Path, sources: &Sources, config: &Config) -> Option<Finding> {
    let (name, text) = (file.to_string_lossy().into_owned(), std::fs::read(file).ok()?);
    let found = match sources.made() {
        Some(cf) => beyond_reading(&name, &text, cf, config),
        None => beyond_reading(&name, &text, &as_written(&name, &text), config),
    };
    let own = |finding: &Finding| finding.code.id < "L300" || finding.code.id == "L601";
    found.into_iter().find(|finding| finding.diagnostic.severity == Severity::Error && own(finding))
}

/// What is wrong with rules, names, tables, aliases and files of a configuration that has been read.
fn beyond_reading(name: &str, text: &[u8], cf: &CfText, config: &Config) -> Vec<Finding> {
    let place = |line: u32| match cf.origin(line) {
        Some((file, line)) => format!("{file}:{line}"),
        None => format!("line {line} of the cf"),
    };
    let subject = Subject {
        config,
        cf: "cf",
        text: &cf.text,
        own: &|line| cf.is_sites_own(line),
        place: &place,
        now: clock::now(),
    };
    let mut found = lint::findings(&subject);
    for finding in found.iter_mut().filter(|finding| finding.diagnostic.place.file == "cf") {
        match finding.diagnostic.place.line {
            0 => finding.diagnostic.place.file = name.to_owned(),
            _ => point_into_mc(name, text, cf, &mut finding.diagnostic),
        }
    }
    found
}

/// A line that has a finding of the same kind gets no second one.
fn add(found: &mut Vec<Finding>, more: Vec<Finding>) {
    for finding in more {
        let place = &finding.diagnostic.place;
        let same = |other: &Finding| {
            let there = &other.diagnostic.place;
            (there.line, &there.file) == (place.line, &place.file)
                && place.line > 0
                && other.code == finding.code
        };
        if !found.iter().any(same) {
            found.push(finding);
        }
    }
}

fn mend(file: &Path, findings: &[Finding]) -> Result<usize, Sysexit> {
    let failed = |error: std::io::Error| {
        complain(&format!("cannot mend: {}", errno_text(&error)));
        Sysexit::CANTCREAT
    };
    let mut count = lint::mend(findings, &mc::replace).map_err(failed)?;
    if is_mc(file) {
        let mended = mend_mc(&file.to_string_lossy(), &read(file)?, &mc_options(), Doubtful::Leave);
        if !mended.changed.is_empty() {
            mc::replace(file, &mended.text).map_err(failed)?;
            count += mended.changed.len();
        }
    }
    Ok(count)
}
