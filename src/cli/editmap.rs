//! editmap: one key of a database asked for, set or removed.

use super::maptool::{self, CfFacts, Letter, complain, flag, option};
use super::process::exit;
use crate::db::bdb::{Reader, Writer};
use crate::schema::Sysexit;
use clap::{Arg, Command, ValueHint};
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

const USAGE: &[u8] = b"Usage: editmap [-C cffile] [-N] [-f] [-q|-u|-x] maptype mapname key [ \"value ...\" ]";

const LETTERS: &[Letter] = &[
    option(b'C', "FILE", "take TrustedUser and what DontBlameSendmail allows from this cf"),
    flag(b'N', "the database has a NUL byte at the end of keys and values"),
    flag(b'f', "leave upper case in the key as it is"),
    flag(b'q', "print the value of the key; the exit status says whether there is one"),
    flag(b'u', "set the value of the key"),
    flag(b'x', "remove the key"),
];

/// Its command line.
pub(super) fn command() -> Command {
    maptool::command("editmap", "ask for, set or remove one key of a database", LETTERS)
        .arg(Arg::new("type").required(true).value_parser(["hash", "btree"]))
        .arg(Arg::new("mapname").required(true).value_hint(ValueHint::FilePath))
        .arg(Arg::new("key").required(true))
        .arg(Arg::new("value").help("With -u"))
}

/// Entry of the personality.
pub fn main(args: Vec<OsString>) -> ExitCode {
    let words = match maptool::getopt(args, LETTERS) {
        Ok(words) => words,
        Err(problem) => return usage(&problem),
    };
    let (mut cf, mut with_nul, mut keep_case, mut action) =
        (maptool::DEFAULT_CF.to_vec(), false, false, None);
    for (letter, value) in words.options {
        match letter {
            b'C' => cf = value,
            b'N' => with_nul = true,
            b'f' => keep_case = true,
            _ if action.is_some() => return usage(b""),
            action_letter => action = Some(action_letter),
        }
    }
    let (class, name, key, value) = match (action, words.rest.as_slice()) {
        (Some(b'u'), [class, name, key, value, ..]) => (class, name, key, value.as_slice()),
        (Some(b'q' | b'x'), [class, name, key]) => (class, name, key, b"".as_slice()),
        _ => return usage(b""),
    };
    let facts = match CfFacts::read(&cf) {
        Ok(facts) => facts,
        Err(error) => {
            complain(&[b"editmap: ", &cf, b": ", &maptool::error_text(&error)]);
            return exit(Sysexit::NOINPUT);
        }
    };
    let mut key = if keep_case { key.clone() } else { key.to_ascii_lowercase() };
    let shown = key.clone();
    let mut value = value.to_vec();
    if with_nul {
        key.push(0);
        value.push(0);
    }
    let job = Job { facts, class, name, key, shown };
    let done = if action == Some(b'q') { job.query() } else { job.change(action == Some(b'x'), &value) };
    match done {
        Ok(status) => exit(status),
        Err(text) => {
            complain(&[b"editmap: ", &text]);
            exit(Sysexit::CANTCREAT)
        }
    }
}

fn usage(problem: &[u8]) -> ExitCode {
    if !problem.is_empty() {
        complain(&[problem]);
    }
    complain(&[USAGE]);
    exit(Sysexit::USAGE)
}

struct Job<'a> {
    facts: CfFacts,
    class: &'a [u8],
    name: &'a [u8],
    key: Vec<u8>,
    /// The key as messages show it.
    shown: Vec<u8>,
}

impl Job<'_> {
    fn failed(&self, error: &std::io::Error) -> Vec<u8> {
        maptool::opening(self.class, self.name, &maptool::error_text(error))
    }

    fn query(&self) -> Result<Sysexit, Vec<u8>> {
        let kind = maptool::kind(self.class, self.name)?;
        let path = maptool::database_path(self.name);
        maptool::check(&path, self.facts.blame)
            .map_err(|why| maptool::opening(self.class, self.name, &why))?;
        let found = Reader::open(&path, Some(kind)).and_then(|reader| reader.get(&self.key));
        let Some(value) = found.map_err(|error| self.failed(&error))? else {
            complain(&[b"editmap: couldn't find key ", &self.shown, b" in map ", self.name]);
            return Ok(Sysexit::UNAVAILABLE);
        };
        let value = value.split(|byte| *byte == 0).next().unwrap_or_default();
        let written = std::io::stdout().write_all(&[value, b"\n"].concat());
        Ok(if written.is_ok() { Sysexit::OK } else { Sysexit::IOERR })
    }

    fn change(&self, remove: bool, value: &[u8]) -> Result<Sysexit, Vec<u8>> {
        let kind = maptool::kind(self.class, self.name)?;
        let path = maptool::database_path(self.name);
        maptool::check(&path, self.facts.blame)
            .map_err(|why| maptool::opening(self.class, self.name, &why))?;
        let mut writer = Writer::new(kind, false);
        if path.exists() {
            writer.load(&path).map_err(|error| self.failed(&error))?;
        }
        if remove && !writer.remove(&self.key) {
            complain(&[b"editmap: key ", &self.shown, b" doesn't exist in map ", self.name]);
            return Ok(Sysexit::OK);
        }
        if !remove {
            writer.replace(&self.key, value);
        }
        let owner = self.facts.trusted.filter(|_| nix::unistd::geteuid().is_root());
        writer.commit_as(&path, owner).map_err(|error| self.failed(&error))?;
        Ok(Sysexit::OK)
    }
}
