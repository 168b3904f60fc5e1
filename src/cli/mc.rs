//! The `mc` personality: a .mc in, a .cf out, and what is wrong with it on standard error.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, IsTerminal, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use super::anywhere::Anywhere;
use super::mc_check;
use super::process::{exit, parse};
use crate::diag::{self, Diagnostic, Place, Severity};
use crate::m4::{Doubtful, Expanded, McOptions, examine_mc, mend_mc};
use crate::schema::Sysexit;

/// Turn a sendmail .mc into a .cf
#[derive(Parser)]
#[command(name = "canonify mc", bin_name = "canonify mc")]
pub(super) struct Arguments {
    /// Define an m4 macro before anything is read
    #[arg(short = 'D', value_name = "NAME[=VALUE]")]
    define: Vec<OsString>,
    /// Use the cf library in this directory instead of the built-in one
    #[arg(long, value_name = "DIR")]
    cf_dir: Option<PathBuf>,
    /// Look for absolute include paths below this directory first
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Write the cf here instead of to standard output
    #[arg(short, value_name = "FILE.cf")]
    output: Option<PathBuf>,
    /// Write which line made each line of the cf
    #[arg(long, value_name = "FILE.json")]
    source_map: Option<PathBuf>,
    /// Write no cf, only say what is wrong with the .mc and with the cf it makes
    #[arg(long)]
    check: bool,
    /// Write the .mc with its slips mended; a line behind something like dnl is left, made a comment
    /// (--fix=comment) or put in force (--fix=activate)
    #[arg(long, value_name = "comment|activate", num_args = 0..=1, require_equals = true, default_missing_value = "leave")]
    fix: Option<Fix>,
    /// Take warnings for errors
    #[arg(long)]
    deny_warnings: bool,
    /// Refuse to run the commands of syscmd and esyscmd
    #[arg(long)]
    no_commands: bool,
    /// Say what is wrong as JSON, one object per line
    #[arg(long)]
    json: bool,
    /// The .mc; - for standard input
    #[arg(value_name = "SITE.mc")]
    file: PathBuf,
}

/// What to do with lines that may be comments or not.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Fix {
    #[value(hide = true)]
    Leave,
    Comment,
    Activate,
}

/// Runs it with argv; gives the exit status.
pub fn main(args: Vec<OsString>) -> ExitCode {
    let arguments: Arguments = match parse(args) {
        Ok(arguments) => arguments,
        Err(status) => return exit(status),
    };
    let name = arguments.file.to_string_lossy().into_owned();
    let text = match read(&arguments.file) {
        Ok(text) => text,
        Err(error) => {
            let message = format!("cannot read {name}: {error}");
            report(&[failure(message)], arguments.json);
            return exit(Sysexit::NOINPUT);
        }
    };
    let options = McOptions {
        defines: arguments.define.iter().map(|define| split_define(define)).collect(),
        cf_dir: arguments.cf_dir.clone(),
        root: arguments.root.clone(),
        commands: !arguments.no_commands,
    };
    if let Some(fix) = arguments.fix {
        return exit(mend(&arguments, fix, &name, &text, &options));
    }
    let mut expanded = examine_mc(&name, &text, &options);
    if arguments.check {
        mc_check::check_cf(&name, &text, &mut expanded, &mut Anywhere::nowhere());
    }
    report(&expanded.diagnostics, arguments.json);
    exit(write(&arguments, &expanded))
}

/// `--fix`: the mended text, what was mended (as notes) and what is left.
fn mend(arguments: &Arguments, fix: Fix, name: &str, text: &[u8], options: &McOptions) -> Sysexit {
    let doubtful = match fix {
        Fix::Leave => Doubtful::Leave,
        Fix::Comment => Doubtful::Comment,
        Fix::Activate => Doubtful::Activate,
    };
    let mended = mend_mc(name, text, options, doubtful);
    let mut told = mended.changed;
    for found in &mut told {
        found.severity = Severity::Notice;
        found.message = format!("mended: {}", found.message);
    }
    let failed = is_bad(&mended.left, arguments.deny_warnings);
    told.extend(mended.left);
    report(&told, arguments.json);
    let written = match &arguments.output {
        Some(file) => replace(file, &mended.text),
        None => io::stdout().write_all(&mended.text).and_then(|()| io::stdout().flush()),
    };
    match written {
        Ok(()) if failed => Sysexit::DATAERR,
        Ok(()) => Sysexit::OK,
        Err(error) => {
            report(&[failure(format!("cannot write the mended .mc: {error}"))], arguments.json);
            Sysexit::CANTCREAT
        }
    }
}

fn is_bad(diagnostics: &[Diagnostic], deny_warnings: bool) -> bool {
    let least = if deny_warnings { Severity::Warning } else { Severity::Error };
    diagnostics.iter().any(|found| found.severity >= least)
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    if file == Path::new("-") {
        let mut text = Vec::new();
        io::stdin().read_to_end(&mut text)?;
        return Ok(text);
    }
    fs::read(file)
}

fn split_define(define: &OsStr) -> (Vec<u8>, Vec<u8>) {
    let text = define.as_bytes();
    match text.iter().position(|byte| *byte == b'=') {
        Some(at) => (text[..at].to_vec(), text[at + 1..].to_vec()),
        None => (define.to_owned().into_vec(), Vec::new()),
    }
}

fn failure(message: String) -> Diagnostic {
    Diagnostic { severity: Severity::Error, message, place: Place::default(), excerpt: None, help: None }
}

/// Diagnostics on standard error, with colours if it is a terminal.
fn report(diagnostics: &[Diagnostic], json: bool) {
    let mut text = String::new();
    if json {
        diagnostics.iter().for_each(|found| text.push_str(&diag::json_line(found)));
    } else {
        text = diag::render(diagnostics, io::stderr().is_terminal());
        if let Some(summary) = diag::summary(diagnostics) {
            text.push_str(&summary);
            text.push('\n');
        }
    }
    // Nobody is left to be told when standard error is gone.
    drop(io::stderr().write_all(text.as_bytes()));
}

/// How it ends, as far as the text decides: as m4 would (the cf is there, whatever is said of it) unless
/// somebody asked for a judgement.
fn verdict(arguments: &Arguments, expanded: &Expanded) -> Sysexit {
    let judged = arguments.check || arguments.deny_warnings;
    match judged && is_bad(&expanded.diagnostics, arguments.deny_warnings) {
        true => Sysexit::DATAERR,
        false => Sysexit(i32::from(expanded.status)),
    }
}

/// The cf goes to standard output wherever m4 would have made one; a file is replaced only where it ends
/// well.
fn write(arguments: &Arguments, expanded: &Expanded) -> Sysexit {
    let verdict = verdict(arguments, expanded);
    let failed = !verdict.is_ok();
    let written = match (&arguments.output, arguments.check) {
        (_, true) => Ok(()),
        (Some(_), _) if failed => Ok(()),
        (Some(file), _) => replace(file, &expanded.cf.text),
        (None, _) => io::stdout().write_all(&expanded.cf.text).and_then(|()| io::stdout().flush()),
    };
    let mapped = match &arguments.source_map {
        Some(file) if !failed => replace(file, expanded.cf.source_map().as_bytes()),
        _ => Ok(()),
    };
    match written.and(mapped) {
        Ok(()) => verdict,
        Err(error) => {
            report(&[failure(format!("cannot write the cf: {error}"))], arguments.json);
            Sysexit::CANTCREAT
        }
    }
}

/// Writes a file whole or not at all. What is no regular file (a terminal, a pipe) is written to as it is.
pub(super) fn replace(file: &Path, text: &[u8]) -> io::Result<()> {
    if fs::metadata(file).is_ok_and(|found| !found.is_file()) {
        return fs::write(file, text);
    }
    let mut name = file.file_name().map(OsStr::to_owned).unwrap_or_default();
    name.push(format!(".{}", std::process::id()));
    let temporary = file.with_file_name(name);
    let made = fs::write(&temporary, text).and_then(|()| {
        if let Ok(old) = fs::metadata(file) {
            fs::set_permissions(&temporary, old.permissions())?;
        }
        fs::rename(&temporary, file)
    });
    made.inspect_err(|_| drop(fs::remove_file(&temporary)))
}
