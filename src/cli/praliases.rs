//! praliases: what alias databases hold.

use super::maptool::{self, CfFacts, Letter, complain, option};
use super::process::exit;
use crate::db::bdb::{Kind, Reader};
use crate::schema::Sysexit;
use clap::{Arg, Command};
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

const USAGE: &[u8] = b"usage: praliases [-C cffile] [-f aliasfile] [key ...]";

const LETTERS: &[Letter] = &[
    option(b'C', "FILE", "the cf that names the alias files"),
    option(b'f', "FILE", "this alias database instead, with or without .db"),
];

/// Its command line.
pub(super) fn command() -> Command {
    maptool::command("praliases", "print alias databases", LETTERS)
        .arg(Arg::new("key").num_args(0..).help("Print these only"))
        .long_about("Prints each alias and what it stands for, in the order of the database.")
}

/// Entry of the personality.
pub fn main(args: Vec<OsString>) -> ExitCode {
    let words = match maptool::getopt(args, LETTERS) {
        Ok(words) => words,
        Err(problem) => {
            complain(&[&problem]);
            complain(&[USAGE]);
            return exit(Sysexit::USAGE);
        }
    };
    let (mut cf, mut file) = (maptool::DEFAULT_CF.to_vec(), None);
    for (letter, value) in words.options {
        match letter {
            b'C' => cf = value,
            _ => file = Some(value),
        }
    }
    if let Some(spec) = file {
        return exit(print_spec(&spec, &words.rest));
    }
    let facts = match CfFacts::read(&cf) {
        Ok(facts) => facts,
        Err(error) => {
            complain(&[b"praliases: ", &cf, b": ", &maptool::error_text(&error)]);
            return exit(Sysexit::NOINPUT);
        }
    };
    for spec in facts.alias_files.iter().flat_map(|files| files.split(|byte| *byte == b',')) {
        let printed = print_spec(spec.trim_ascii(), &words.rest);
        if !printed.is_ok() {
            return exit(printed);
        }
    }
    exit(Sysexit::OK)
}

/// `[class:]file`: what is no database, or cannot be opened, is told and passed over.
fn print_spec(spec: &[u8], keys: &[Vec<u8>]) -> Sysexit {
    let (kind, file) = match spec.iter().position(|byte| *byte == b':') {
        None => (None, spec),
        Some(0) => {
            complain(&[b"praliases: illegal alias specification: ", spec]);
            return Sysexit::OK;
        }
        Some(colon) => match &spec[..colon] {
            b"hash" => (Some(Kind::Hash), spec[colon + 1..].trim_ascii_start()),
            b"btree" => (Some(Kind::Btree), spec[colon + 1..].trim_ascii_start()),
            class => {
                complain(&[b"praliases: Skipping non-file based alias type ", class]);
                return Sysexit::OK;
            }
        },
    };
    match Reader::open(&maptool::database_path(file), kind) {
        Ok(reader) => print(&reader, file, keys),
        Err(error) => {
            complain(&[b"praliases: ", file, b": open: ", &opening_text(&error, kind)]);
            Sysexit::OK
        }
    }
}

/// Without a class, a file that is not there could have been of any.
fn opening_text(error: &std::io::Error, kind: Option<Kind>) -> Vec<u8> {
    match error.kind() {
        std::io::ErrorKind::NotFound if kind.is_none() => b"Unknown database type".to_vec(),
        _ => maptool::error_text(error),
    }
}

fn print(reader: &Reader, file: &[u8], keys: &[Vec<u8>]) -> Sysexit {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match show(reader, keys, &mut out).and_then(|()| out.flush()) {
        Ok(()) => Sysexit::OK,
        Err(error) => {
            complain(&[b"praliases: ", file, b": ", &maptool::error_text(&error)]);
            Sysexit::IOERR
        }
    }
}

fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

fn show(reader: &Reader, keys: &[Vec<u8>], out: &mut dyn Write) -> std::io::Result<()> {
    if keys.is_empty() {
        let mut written = Ok(());
        reader.for_each(&mut |key, value| {
            written = out.write_all(&[until_nul(key), b":", until_nul(value), b"\n"].concat());
            written.is_ok()
        })?;
        return written;
    }
    for key in keys {
        // alias databases hold the NUL, databases made by makemap do not
        let with_nul = [key.as_slice(), b"\0"].concat();
        let found = match reader.get(&with_nul)? {
            Some(value) => Some(value),
            None => reader.get(key)?,
        };
        match found {
            Some(value) => out.write_all(&[key.as_slice(), b":", until_nul(&value), b"\n"].concat())?,
            None => out.write_all(&[key.as_slice(), b": No such key\n"].concat())?,
        }
    }
    Ok(())
}
