//! makemap: text in, a database out.

use super::maptool::{self, CfFacts, Letter, complain, flag, option};
use super::process::exit;
use crate::db::bdb::{Kind, Reader, Writer};
use crate::schema::Sysexit;
use clap::{Arg, Command, ValueHint};
use std::ffi::OsString;
use std::io::{BufRead, Read, Write};
use std::path::Path;
use std::process::ExitCode;

const USAGE: &[u8] = b"Usage: makemap [-C cffile] [-N] [-c cachesize] [-D commentchar]
               [-d] [-e] [-f] [-i type] [-l] [-o] [-r] [-s] [-t delimiter]
               [-u] [-v] type mapname";

const LETTERS: &[Letter] = &[
    option(b'C', "FILE", "take TrustedUser and what DontBlameSendmail allows from this cf"),
    flag(b'N', "end keys and values in a NUL byte, as alias databases have it (N= of the map)"),
    option(b'c', "SIZE", "accepted, without effect: no cache is needed"),
    option(b'D', "CHARACTER", "what a comment begins with, instead of #"),
    flag(b'd', "allow a key more than once (btree)"),
    flag(b'e', "allow empty values"),
    flag(b'f', "leave upper case in keys as it is"),
    option(b'i', "TYPE", "accepted, without effect: the type is never missing"),
    flag(b'l', "list the types that can be made"),
    flag(b'L', "list the types that can be read and made"),
    flag(b'o', "add to a database that is there"),
    flag(b'r', "let a later line take the place of an earlier one"),
    flag(b's', "do not ask who else may write the file and its directories"),
    option(b't', "CHARACTER", "what stands between key and value, instead of blanks"),
    flag(b'u', "print the database as text instead of making it"),
    flag(b'v', "print keys and values as they are stored"),
    flag(b'x', "list the types with what is put behind the name of their files"),
];

/// Its command line.
pub(super) fn command() -> Command {
    maptool::command("makemap", "make a database from text on standard input", LETTERS)
        .arg(Arg::new("type").required(true).value_parser(["hash", "btree", "implicit"]))
        .arg(Arg::new("mapname").required(true).value_hint(ValueHint::FilePath).help("The database, with or without .db"))
        .long_about("Reads lines of a key, blanks and a value, and makes a database of them that sendmail's maps read: a Berkeley DB file.\n\nThe new database takes the place of an older one when it is whole, so that a daemon that runs never sees a part of it.")
}

/// sendmail reads lines into a buffer of this many bytes, and so finds longer ones too long.
const LINE_BUFFER: usize = 1024;

/// What the options ask for.
#[derive(Debug)]
struct Job {
    cf: Vec<u8>,
    /// -N: keys and values end in NUL.
    with_nul: bool,
    comment: u8,
    duplicates: bool,
    empty_values: bool,
    keep_case: bool,
    append: bool,
    replace: bool,
    unchecked: bool,
    /// -t: between key and value; 0 for blanks.
    delimiter: u8,
    dump: bool,
    verbose: bool,
    class: Vec<u8>,
    name: Vec<u8>,
}

/// Entry of the personality.
pub fn main(args: Vec<OsString>) -> ExitCode {
    match read_options(args) {
        Ok(job) => exit(run(&job)),
        Err(code) => code,
    }
}

fn usage(problem: &[u8]) -> ExitCode {
    if !problem.is_empty() {
        complain(&[problem]);
    }
    complain(&[USAGE]);
    exit(Sysexit::USAGE)
}

/// Lists for scripts: what can be made here.
fn list(text: &str) -> ExitCode {
    let written = std::io::stdout().write_all(text.as_bytes());
    exit(if written.is_ok() { Sysexit::OK } else { Sysexit::IOERR })
}

fn read_options(args: Vec<OsString>) -> Result<Job, ExitCode> {
    let words = maptool::getopt(args, LETTERS).map_err(|problem| usage(&problem))?;
    let mut job = Job {
        cf: maptool::DEFAULT_CF.to_vec(),
        with_nul: false,
        comment: b'#',
        duplicates: false,
        empty_values: false,
        keep_case: false,
        append: false,
        replace: false,
        unchecked: false,
        delimiter: 0,
        dump: false,
        verbose: false,
        class: Vec::new(),
        name: Vec::new(),
    };
    for (letter, value) in words.options {
        match letter {
            b'C' => job.cf = value,
            b'N' => job.with_nul = true,
            b'D' => job.comment = value.first().copied().unwrap_or(0),
            b'd' => job.duplicates = true,
            b'e' => job.empty_values = true,
            b'f' => job.keep_case = true,
            b'o' => job.append = true,
            b'r' => job.replace = true,
            b's' => job.unchecked = true,
            b't' => job.delimiter = value.first().copied().unwrap_or(0),
            b'u' => job.dump = true,
            b'v' => job.verbose = true,
            b'l' => return Err(list("hash\nbtree\nimplicit\n")),
            b'L' => return Err(list("cf\nCF\nhash\nbtree\nimplicit\n")),
            b'x' => return Err(list("hash:db\nbtree:db\nimplicit:\n")),
            // -c and -i: the size of a cache that is not needed, a type that is never missing
            _ => {}
        }
    }
    let [class, name] = words.rest.as_slice() else { return Err(usage(b"")) };
    (job.class, job.name) = (class.clone(), name.clone());
    Ok(job)
}

fn run(job: &Job) -> Sysexit {
    let facts = match CfFacts::read(&job.cf) {
        Ok(facts) => facts,
        Err(error) => {
            complain(&[b"makemap: ", &job.cf, b": ", &maptool::error_text(&error)]);
            return Sysexit::NOINPUT;
        }
    };
    let kind = match maptool::kind(&job.class, &job.name) {
        Ok(kind) => kind,
        Err(text) => {
            complain(&[b"makemap: ", &text]);
            return Sysexit::CANTCREAT;
        }
    };
    let path = maptool::database_path(&job.name);
    if let Err(text) = examine(job, &path, &facts) {
        complain(&[b"makemap: ", &maptool::opening(&job.class, &job.name, &text)]);
        return Sysexit::CANTCREAT;
    }
    // through a link to the file itself, which is then replaced
    let path = std::fs::canonicalize(&path).unwrap_or(path);
    match job.dump {
        true => dump(job, &path, kind),
        false => make(job, &path, kind, facts.trusted),
    }
}

fn examine(job: &Job, path: &Path, facts: &CfFacts) -> Result<(), Vec<u8>> {
    let checked = match job.unchecked {
        false => maptool::check(path, facts.blame),
        true => path.parent().filter(|parent| !parent.as_os_str().is_empty()).map_or(Ok(()), |parent| {
            std::fs::metadata(parent).map(drop).map_err(|error| maptool::error_text(&error))
        }),
    };
    // sendmail looks twice, and says so twice
    for warning in maptool::warnings(path).iter().cycle().take(2 * maptool::warnings(path).len()) {
        complain(&[warning]);
    }
    checked?;
    if path.is_symlink() && !path.exists() {
        return Err(b"File exists".to_vec());
    }
    if (job.append || job.dump) && !path.exists() {
        return Err(b"No such file or directory".to_vec());
    }
    Ok(())
}

/// The bytes before a NUL: what C prints of a stored value.
fn printable(bytes: &[u8]) -> &[u8] {
    &bytes[..memchr::memchr(0, bytes).unwrap_or(bytes.len())]
}

fn dump(job: &Job, path: &Path, kind: Kind) -> Sysexit {
    let delimiter = if job.delimiter == 0 { b'\t' } else { job.delimiter };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut written = Ok(());
    let read = Reader::open(path, Some(kind)).and_then(|reader| {
        reader.for_each(&mut |key, value| {
            written = out.write_all(&[printable(key), &[delimiter], printable(value), b"\n"].concat());
            written.is_ok()
        })
    });
    if let Err(error) = read {
        complain(&[b"makemap: ", &maptool::opening(&job.class, &job.name, &maptool::error_text(&error))]);
        return Sysexit::CANTCREAT;
    }
    if written.and_then(|()| out.flush()).is_err() { Sysexit::IOERR } else { Sysexit::OK }
}

fn make(job: &Job, path: &Path, kind: Kind, owner: Option<u32>) -> Sysexit {
    let mut writer = Writer::new(kind, job.duplicates);
    if job.append
        && let Err(error) = writer.load(path)
    {
        complain(&[b"makemap: ", &maptool::opening(&job.class, &job.name, &maptool::error_text(&error))]);
        return Sysexit::CANTCREAT;
    }
    let status = read_input(job, &mut |key, value| match job.replace {
        true => {
            writer.replace(key, value);
            true
        }
        false => writer.insert(key, value),
    });
    let owner = owner.filter(|_| nix::unistd::geteuid().is_root());
    match writer.commit_as(path, owner) {
        Ok(()) => status,
        Err(error) => {
            complain(&[b"makemap: ", &maptool::opening(&job.class, &job.name, &maptool::error_text(&error))]);
            Sysexit::CANTCREAT
        }
    }
}

/// Reads standard input; `put` says whether the key was new. The worst that happened is returned.
fn read_input(job: &Job, put: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> Sysexit {
    let mut input = std::io::BufReader::with_capacity(1 << 16, std::io::stdin().lock());
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut status = Sysexit::OK;
    let mut line = Vec::with_capacity(LINE_BUFFER);
    let (mut key, mut value) = (Vec::new(), Vec::new());
    for number in 1u64.. {
        line.clear();
        let piece = (&mut input).take(LINE_BUFFER as u64 - 1).read_until(b'\n', &mut line);
        match piece {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => {
                complain(&[b"makemap: ", &job.name, b": ", &maptool::error_text(&error)]);
                return Sysexit::IOERR;
            }
        }
        let last = input.fill_buf().is_ok_and(<[u8]>::is_empty);
        match read_line(job, &line, last) {
            Ok(None) => {}
            Ok(Some((left, right))) => {
                stored(job, left, right, &mut key, &mut value);
                if job.verbose {
                    // -v is for people; a closed pipe does not stop the work
                    let shown = [b"key=`", printable(&key), b"', val=`", printable(right), b"'\n"].concat();
                    let _ = out.write_all(&shown);
                }
                if !put(&key, &value) {
                    let key = printable(&key);
                    say(job, number, &[b"key ", key, b": duplicate key"]);
                    status = Sysexit::DATAERR;
                }
            }
            Err(text) => {
                say(job, number, &[&text]);
                status = Sysexit::DATAERR;
            }
        }
    }
    if out.flush().is_err() { Sysexit::IOERR } else { status }
}

/// A line's sides as the database holds them.
fn stored(job: &Job, left: &[u8], right: &[u8], key: &mut Vec<u8>, value: &mut Vec<u8>) {
    key.clear();
    key.extend_from_slice(left);
    if !job.keep_case {
        key.make_ascii_lowercase();
    }
    value.clear();
    value.extend_from_slice(right);
    if job.with_nul {
        key.push(0);
        value.push(0);
    }
}

fn say(job: &Job, number: u64, parts: &[&[u8]]) {
    complain(&[b"makemap: ", &job.name, b": line ", number.to_string().as_bytes(), b": ", &parts.concat()]);
}

type Pair<'a> = (&'a [u8], &'a [u8]);

/// One line: nothing, a pair (the key not folded yet), or what is wrong with it. `last`: nothing follows.
fn read_line<'a>(job: &Job, line: &'a [u8], last: bool) -> Result<Option<Pair<'a>>, Vec<u8>> {
    // C sees a line up to its first NUL, and then misses its end
    let text = printable(line);
    let text = match text.strip_suffix(b"\n") {
        Some(text) => text,
        None if last => text,
        None => return Err(format!("line too long ({LINE_BUFFER} bytes max)").into_bytes()),
    };
    if text.is_empty() || text[0] == job.comment {
        return Ok(None);
    }
    let blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b;
    let (key, value) = if job.delimiter == 0 {
        if blank(&text[0]) {
            return Err(b"syntax error (leading space)".to_vec());
        }
        let end = text.iter().position(blank).unwrap_or(text.len());
        let value = &text[end..];
        (&text[..end], &value[value.iter().take_while(|byte| blank(byte)).count()..])
    } else {
        let end = text.iter().position(|byte| *byte == job.delimiter);
        end.map_or((text, b"".as_slice()), |end| (&text[..end], &text[end + 1..]))
    };
    if value.is_empty() && !job.empty_values {
        return Err([b"no RHS for LHS ", key].concat());
    }
    Ok(Some((key, value)))
}
