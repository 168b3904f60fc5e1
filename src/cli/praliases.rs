//! praliases: what alias databases hold.

use super::maptool::{self, CfFacts, complain, exit};
use crate::maps::bdb::{Kind, Reader};
use crate::schema::Sysexit;
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

const USAGE: &[u8] = b"usage: praliases [-C cffile] [-f aliasfile] [key ...]";

/// Entry of the personality.
pub fn main(args: Vec<OsString>) -> ExitCode {
    let words = match maptool::getopt(args, b"C:f:") {
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
    if let Some(file) = file {
        return exit(print(&file, None, &words.rest));
    }
    let facts = match CfFacts::read(&cf) {
        Ok(facts) => facts,
        Err(error) => {
            complain(&[b"praliases: ", &cf, b": ", &maptool::error_text(&error)]);
            return exit(Sysexit::NOINPUT);
        }
    };
    let mut status = Sysexit::OK;
    for spec in facts.alias_files.iter().flat_map(|files| files.split(|byte| *byte == b',')) {
        let (class, file) = split_spec(spec.trim_ascii());
        let one = print(file, class, &words.rest);
        status = if one.is_ok() { status } else { one };
    }
    exit(status)
}

/// `[class [flags]:]file`
fn split_spec(spec: &[u8]) -> (Option<&[u8]>, &[u8]) {
    match spec.iter().position(|byte| *byte == b':') {
        Some(colon) if spec.first() != Some(&b'/') => {
            let class = spec[..colon].split(u8::is_ascii_whitespace).next();
            (class, &spec[colon + 1..])
        }
        _ => (None, spec),
    }
}

fn print(file: &[u8], class: Option<&[u8]>, keys: &[Vec<u8>]) -> Sysexit {
    let kind = match class {
        Some(b"btree") => Some(Kind::Btree),
        None | Some(b"hash" | b"implicit" | b"dbm") => None,
        // text files can be read without help
        Some(_) => return Sysexit::OK,
    };
    let path = maptool::database_path(file);
    let reader = match Reader::open(&path, kind) {
        Ok(reader) => reader,
        Err(error) => {
            complain(&[b"praliases: ", file, b": open: ", &maptool::error_text(&error)]);
            return Sysexit::OSFILE;
        }
    };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match show(&reader, keys, &mut out).and_then(|()| out.flush()) {
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
