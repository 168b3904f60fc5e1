//! The `test` personality: questions that stand beside a configuration, and whether it still answers as it should.

use super::process::{self, complain};
use super::{asking, output, show, start};
use crate::analysis::Sources;
use crate::analysis::testing::{self, Report, TestFile, ask};
use crate::config::Config;
use crate::diag::{Diagnostic, render, summary};
use crate::keeper::{self, Keeper};
use crate::net::Resolver;
use crate::rewrite::Site;
use crate::schema::Sysexit;
use crate::sys::errno_text;
use clap::Parser;
use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Put the questions of a test file to a configuration, and compare the answers
///
/// The tests of site.mc or site.cf stand in site.test beside it, one to a line:
///
///   rcpt user@old.example from 192.0.2.1 => reject 5.7.1
///   resolve joe@virt.example => local alice
///   header From "www" via esmtp => "webmaster@site.example"
///   map access Connect:192.0.2.1 => REJECT
///
/// A wrong answer is shown with the rules and look-ups that made it. Nothing is sent. A daemon that is told to read
/// its configuration again (SIGHUP) asks them first, and goes on with the old one if an answer is wrong.
#[derive(Parser)]
#[command(name = "canonify test", bin_name = "canonify test", verbatim_doc_comment, after_help = testing::USAGE)]
pub(super) struct Arguments {
    /// The configuration, a .cf or a .mc [default: the one beside FILE with its name, .mc before .cf]
    #[arg(short = 'C', value_name = "CONFIGURATION")]
    configuration: Option<OsString>,
    /// Write today's answers into the files: where none stands, and in the place of wrong ones
    #[arg(long)]
    record: bool,
    /// Show each rule that changed something on the way to a wrong answer
    #[arg(long)]
    rules: bool,
    /// Print TAP, version 14
    #[arg(long, conflicts_with_all = ["junit", "json"])]
    tap: bool,
    /// Print JUnit's XML
    #[arg(long, conflicts_with = "json")]
    junit: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Write a page that stands for itself
    #[arg(long, value_name = "FILE", conflicts_with_all = ["tap", "junit", "json"])]
    html: Option<PathBuf>,
    /// Files of tests
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

/// Entry of the personality.
pub fn main(args: Vec<OsString>) -> ExitCode {
    process::run(args, |arguments: Arguments| run(&arguments))
}

fn run(arguments: &Arguments) -> Result<Sysexit, Sysexit> {
    let files = read_files(arguments)?;
    let mut suites = Vec::new();
    for file in files {
        let configuration = match &arguments.configuration {
            Some(file) => PathBuf::from(file),
            None => beside(Path::new(&file.name)).ok_or_else(|| {
                complain(&format!("{}: no .mc or .cf of that name is beside it; -C names one", file.name));
                Sysexit::NOINPUT
            })?,
        };
        suites.push((file, load(configuration.as_os_str())?));
    }
    let runtime = start::runtime_of_one()?;
    let mut report = Report::default();
    for (file, tested) in suites {
        runtime.block_on(tested.ask(&file, &mut report))?;
        if arguments.record {
            write_answers(&file, &report)?;
        }
    }
    print(arguments, &report)?;
    let (_, failed) = report.counts();
    Ok(if failed == 0 || arguments.record { Sysexit::OK } else { process::FOUND })
}

fn read_files(arguments: &Arguments) -> Result<Vec<TestFile>, Sysexit> {
    let (mut files, mut wrong) = (Vec::new(), Vec::new());
    for path in &arguments.files {
        let text = asking::read(path)?;
        match TestFile::parse(&path.to_string_lossy(), &text) {
            Ok(file) => files.push(file),
            Err(found) => wrong.extend(found),
        }
    }
    if wrong.is_empty() {
        return Ok(files);
    }
    report_mistakes(&wrong);
    Err(Sysexit::DATAERR)
}

fn report_mistakes(wrong: &[Diagnostic]) {
    let text = render(wrong, io::stderr().is_terminal()) + &summary(wrong).unwrap_or_default() + "\n";
    // a closed stderr leaves nobody to tell
    let _ = io::stderr().write_all(text.as_bytes());
}

/// The configuration that a test file stands beside.
fn beside(file: &Path) -> Option<PathBuf> {
    let candidates = ["mc", "cf"].map(|extension| file.with_extension(extension));
    candidates.into_iter().find(|candidate| candidate.is_file())
}

/// The test file that stands beside a configuration, if there is one.
pub(super) fn tests_beside(configuration: &Path) -> Option<PathBuf> {
    Some(configuration.with_extension("test")).filter(|file| file != configuration && file.is_file())
}

/// A configuration that can be asked.
pub(super) struct Tested {
    config: Arc<Config>,
    sources: Sources,
    keeper: Keeper,
}

/// Loads a configuration and forks its keeper, so no thread may run yet.
fn load(file: &OsStr) -> Result<Tested, Sysexit> {
    let (config, sources) = asking::load(file)?;
    Tested::new(config, sources).map_err(|error| {
        complain(&format!("cannot start the keeper: {error}"));
        Sysexit::OSERR
    })
}

impl Tested {
    /// Forks the keeper of a configuration, so no thread may run yet.
    ///
    /// # Errors
    /// It cannot be forked.
    pub(super) fn new(config: Arc<Config>, sources: Sources) -> io::Result<Self> {
        let keeper = keeper::start(config.clone(), start::needs_of_maps(&config))?;
        Ok(Self { config, sources, keeper })
    }

    /// Puts every question. Only of a wrong answer the way there is kept.
    pub(super) async fn ask(self, file: &TestFile, report: &mut Report) -> Result<(), Sysexit> {
        let broken = |error: io::Error| {
            complain(&error.to_string());
            Sysexit::SOFTWARE
        };
        let resolver = Arc::new(Resolver::for_config(&self.config));
        let site = Arc::new(Site::new(self.config, resolver));
        for test in &file.tests {
            let mut asked = ask(&site, &self.keeper, Sources::default(), test).await.map_err(broken)?;
            if !test.agrees_with(&asked.answer) {
                asked = ask(&site, &self.keeper, self.sources.clone(), test).await.map_err(broken)?;
            }
            report.add(file, test, asked);
        }
        Ok(())
    }
}

fn write_answers(file: &TestFile, report: &Report) -> Result<(), Sysexit> {
    let (text, count) = testing::recorded(file, report);
    if count == 0 {
        return Ok(());
    }
    let written = super::mc::replace(Path::new(&file.name), text.as_bytes());
    written.map_err(|error| {
        complain(&format!("cannot write {}: {}", file.name, errno_text(&error)));
        Sysexit::CANTCREAT
    })?;
    // a closed stderr leaves nobody to tell
    let _ = writeln!(io::stderr(), "{}: {count} answers recorded", file.name);
    Ok(())
}

fn print(arguments: &Arguments, report: &Report) -> Result<(), Sysexit> {
    if let Some(file) = &arguments.html {
        return output::write(file, &testing::page(report));
    }
    let text = match arguments {
        Arguments { tap: true, .. } => testing::tap(report),
        Arguments { junit: true, .. } => testing::junit(report).map_err(|_| Sysexit::SOFTWARE)?,
        Arguments { json: true, .. } => format!("{:#}\n", testing::json(report)),
        _ => testing::text(report, show::style(arguments.rules)),
    };
    show::print(&text);
    Ok(())
}
