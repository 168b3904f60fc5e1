//! One run from the command line's point of view: definitions and files in the order given.

use std::io::{self, Write};
use std::rc::Rc;

use super::expand::{Expander, Stop};
use super::host::{FindingKind, Host};
use super::input::Position;
use super::options::Settings;
use super::regex::Regex;
use super::symbols::{Body, Definition};
use super::synclines::Synclines;
use crate::sys::errno_text;

/// What the command line asks for, in order.
#[derive(Clone, Debug)]
pub enum Step {
    /// `-Dname=value`.
    Define(Vec<u8>, Vec<u8>),
    /// `-Uname`.
    Undefine(Vec<u8>),
    /// `-tname`.
    Trace(Vec<u8>),
    /// `-s`.
    Synclines,
    /// `--debugfile`; nothing for standard error.
    DebugFile(Option<Vec<u8>>),
    /// A file by name.
    File(Vec<u8>),
    /// A text that is in hand already (standard input), with the name for messages.
    Text(Vec<u8>, Vec<u8>),
}

/// Runs the steps, then what `m4wrap` kept, then brings back all diversions. Gives the exit status.
///
/// # Errors
/// Only what kept output from being written.
pub fn run(host: Host<'_>, settings: Settings, steps: Vec<Step>) -> io::Result<u8> {
    let mut expander = Expander::new(host, settings);
    let outcome = run_steps(&mut expander, steps);
    let status = match outcome {
        Ok(()) => expander.status,
        Err(Stop::Exit(status)) => {
            flush(&mut expander)?;
            status
        }
        Err(Stop::Output(error)) => return Err(error),
    };
    expander.host.console.flush()?;
    Ok(status)
}

/// Output made before an early end is kept, diversions are not.
fn flush(expander: &mut Expander<'_>) -> io::Result<()> {
    match expander.write_output(0) {
        Err(Stop::Output(error)) => Err(error),
        _ => Ok(()),
    }
}

fn run_steps(expander: &mut Expander<'_>, steps: Vec<Step>) -> Result<(), Stop> {
    if let Some(pattern) = expander.settings.macro_sequence.take() {
        match Regex::new(&pattern) {
            Ok(regex) => expander.suspicious = Some(regex),
            Err(fault) => {
                let text =
                    [b"--warn-macro-sequence: bad regular expression `", &pattern[..], b"': "].concat();
                return Err(expander.fatal(FindingKind::Error, &[&text, fault.as_bytes()].concat()));
            }
        }
    }
    if let Some(name) = expander.settings.reload.take() {
        reload(expander, &name)?;
    }
    for step in steps {
        take(expander, step)?;
    }
    expander.run_wrapped()?;
    expander.debug_input_exhausted();
    match expander.settings.freeze.take() {
        Some(name) => freeze(expander, &name),
        None => expander.finish(),
    }
}

/// `-R`.
fn reload(expander: &mut Expander<'_>, name: &[u8]) -> Result<(), Stop> {
    match expander.host.files.read(name) {
        Ok(found) => expander.thaw(&found.name, &found.text),
        Err(error) => {
            let text = [b"cannot open ", name, b": ", errno_text(&error).as_bytes()].concat();
            Err(expander.fatal(FindingKind::MissingFile, &text))
        }
    }
}

/// `-F`: diversions go into the file and not into the output.
fn freeze(expander: &mut Expander<'_>, name: &[u8]) -> Result<(), Stop> {
    expander.write_output(0)?;
    let state = expander.freeze();
    let written = expander.host.files.create(name).and_then(|mut file| {
        file.write_all(&state)?;
        file.flush()
    });
    let Err(error) = written else { return Ok(()) };
    let text = [b"cannot open `", name, b"': ", errno_text(&error).as_bytes()].concat();
    expander.tell(FindingKind::Error, &text, Position::default());
    Err(Stop::Exit(1))
}

pub(super) fn take(expander: &mut Expander<'_>, step: Step) -> Result<(), Stop> {
    match step {
        Step::Define(name, value) => {
            expander.warn_about_sequences(&name, &value)?;
            expander.symbols.define(&name, Definition { body: Body::text(&value), site: None });
        }
        Step::Undefine(name) => drop(expander.symbols.undefine(&name)),
        Step::Trace(name) => expander.symbols.trace(&name, true),
        Step::Synclines => expander.synclines = Some(Synclines::new()),
        Step::DebugFile(name) => {
            if let Err(error) = expander.set_debug_file(name.as_deref()) {
                let words = errno_text(&error);
                let name = String::from_utf8_lossy(name.as_deref().unwrap_or_default()).into_owned();
                expander
                    .error(FindingKind::Error, format!("cannot set debug file `{name}': {words}").as_bytes());
            }
        }
        Step::File(name) => match expander.host.files.read(&name) {
            Ok(found) => {
                expander.debug_path(&name, &found.name);
                expander.run_file(found.name, found.text, found.site)?;
            }
            Err(error) => {
                let words = errno_text(&error);
                let name = String::from_utf8_lossy(&name).into_owned();
                let text = format!("cannot open `{name}': {words}");
                // the command line named it: no line of a file did
                expander.tell(FindingKind::MissingFile, text.as_bytes(), Position::default());
                expander.status = 1;
            }
        },
        Step::Text(name, text) => expander.run_file(Rc::from(name), text.into(), true)?,
    }
    Ok(())
}
