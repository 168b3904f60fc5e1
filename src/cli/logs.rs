//! Mail logs as lines: files as they are or compressed, standard input, the journal's export.

use super::process::complain;
use super::unpack::unpacked;
use crate::analysis::{LogEvent, MailLog};
use crate::schema::Sysexit;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Longer lines are cut.
const MAX_LINE: u64 = 1 << 16;
/// Bytes that are read at a time.
const BUFFER: usize = 1 << 18;

/// Every line of every file, in order; `told` hears how many bytes were read.
///
/// # Errors
/// The exit status, after a complaint; or what `each` gave.
pub fn lines(
    files: &[PathBuf],
    told: &dyn Fn(u64),
    each: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> Result<(), Sysexit> {
    for file in files {
        read(file, told, each).map_err(|error| {
            complain(&format!("{}: {}", file.display(), crate::sys::errno_text(&error)));
            Sysexit::NOINPUT
        })?;
    }
    Ok(())
}

/// What the lines tell of connections and recipients, in their order; `told` hears how many bytes were read.
///
/// # Errors
/// The exit status, after a complaint; or the first error that `each` gave.
pub fn events(
    files: &[PathBuf],
    told: &dyn Fn(u64),
    each: &mut dyn FnMut(LogEvent) -> io::Result<()>,
) -> Result<(), Sysexit> {
    let mut reader = MailLog::default();
    lines(files, told, &mut |line| {
        let mut outcome = Ok(());
        reader.line(line, &mut |event| {
            let done = each(event);
            if outcome.is_ok() {
                outcome = done;
            }
        });
        outcome
    })
}

/// How long the files are as they lie there.
pub fn length(files: &[PathBuf]) -> u64 {
    files.iter().filter_map(|file| Some(file.metadata().ok()?.len())).sum()
}

fn read(file: &Path, told: &dyn Fn(u64), each: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let raw: Box<dyn Read> = match file.as_os_str() == "-" {
        true => Box::new(io::stdin().lock()),
        false => Box::new(File::open(file)?),
    };
    let raw = BufReader::with_capacity(BUFFER, Counted { inner: raw, told });
    split(BufReader::with_capacity(BUFFER, unpacked(Box::new(raw))?), each)
}

struct Counted<'t> {
    inner: Box<dyn Read>,
    told: &'t dyn Fn(u64),
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        (self.told)(count as u64);
        Ok(count)
    }
}

fn split(mut reader: impl BufRead, each: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        each(&line)?;
    }
}
