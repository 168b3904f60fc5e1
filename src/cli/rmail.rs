//! rmail: mail that came by UUCP. Its `From ` lines become the sender's path, and sendmail gets the rest.

use super::maptool::{self, Letter, flag, option};
use super::process::{complain, exit};
use crate::schema::Sysexit;
use crate::sys::errno_text;
use clap::Command;
use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::process::{ExitCode, Stdio};

const USAGE: &str = "usage: rmail [-T] [-D domain] user ...";
/// The program that messages are handed to.
pub(super) const SENDMAIL: &str = "/usr/sbin/sendmail";
/// The longest line in front of the message, in bytes with its end.
const MAX_LINE: usize = 2048;

const LETTERS: &[Letter] = &[
    option(b'D', "DOMAIN", "in place of UUCP as the domain of hosts without one"),
    flag(b'T', "say on standard error what is made of the From lines"),
];

/// Its command line.
pub(super) fn command() -> Command {
    maptool::command("rmail", "hand mail that came by UUCP to sendmail", LETTERS).long_about(
        "Reads a message with the lines `From SENDER DATE remote from HOST' of UUCP before it, makes one sender of them (host!host!user), \
         and hands the rest to sendmail for the users that are named.",
    )
}

/// Entry of the personality.
pub fn main(args: Vec<OsString>) -> ExitCode {
    exit(run(args).unwrap_or_else(|status| status))
}

fn run(args: Vec<OsString>) -> Result<Sysexit, Sysexit> {
    let usage = |problem: &[u8]| maptool::usage(problem, USAGE, Sysexit::USAGE);
    let words = maptool::getopt(args, LETTERS).map_err(|problem| usage(&problem))?;
    if words.rest.is_empty() {
        return Err(usage(b""));
    }
    let (mut domain, mut loud) = (b"UUCP".to_vec(), false);
    for (letter, value) in words.options {
        match letter {
            b'D' => domain = value,
            _ => loud = true,
        }
    }
    let mut input = io::stdin().lock();
    let (origin, first) = Origin::read(&mut input).map_err(|why| told(&why, Sysexit::DATAERR))?;
    let arguments = origin.arguments(&domain, words.rest).map_err(|why| told(&why, Sysexit::USAGE))?;
    if loud {
        origin.tell(&arguments);
    }
    hand_over(&arguments, &first, &mut input)
}

fn told(why: &[u8], status: Sysexit) -> Sysexit {
    complain(&format!("rmail: {}", String::from_utf8_lossy(why)));
    status
}

/// Where a message comes from.
#[derive(Debug, Default, PartialEq, Eq)]
struct Origin {
    /// The host that handed it over.
    system: Option<Vec<u8>>,
    /// All hosts, each with `!` behind it.
    path: Vec<u8>,
    /// The sender as the first of them knew it.
    user: Vec<u8>,
}

impl Origin {
    /// Reads all `From ` lines, and the line behind them.
    fn read(input: &mut impl BufRead) -> Result<(Self, Vec<u8>), Vec<u8>> {
        let mut origin = Self::default();
        let mut any = false;
        loop {
            let line = read_line(input)?;
            let from = line.strip_prefix(b"From ").or_else(|| line.strip_prefix(b">From "));
            match from {
                Some(from) => origin.add(from.strip_suffix(b"\n").unwrap_or(from), &line)?,
                None if any => return Ok((origin, line)),
                None if line.is_empty() => return Err(b"no data".to_vec()),
                None => return Err([b"missing or empty From line: ", line.trim_ascii_end()].concat()),
            }
            any = true;
        }
    }

    /// `SENDER DATE remote from HOST`
    fn add(&mut self, from: &[u8], line: &[u8]) -> Result<(), Vec<u8>> {
        const REMOTE: &[u8] = b"remote from ";
        let sender = from.split(u8::is_ascii_whitespace).next().unwrap_or_default();
        if sender.is_empty() {
            return Err([b"corrupted From line: ", line.strip_suffix(b"\n").unwrap_or(line)].concat());
        }
        if sender.starts_with(b"!") {
            return Err([b"bang starts address: ", sender].concat());
        }
        self.user = sender.to_vec();
        let remote = from.windows(REMOTE.len()).position(|part| part == REMOTE);
        let system = remote.map(|at| &from[at + REMOTE.len()..]);
        let system = system.and_then(|rest| rest.split(u8::is_ascii_whitespace).next());
        if let Some(system) = system.filter(|system| !system.is_empty()) {
            self.path.extend([system, b"!"].concat());
            self.system.get_or_insert_with(|| system.to_vec());
        }
        Ok(())
    }

    /// What sendmail is called with.
    fn arguments(&self, domain: &[u8], users: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>, Vec<u8>> {
        let mut arguments: Vec<Vec<u8>> = [&b"-G"[..], b"-oee", b"-odi", b"-oi"].map(<[u8]>::to_vec).into();
        arguments.push(match &self.system {
            None => [b"-p", domain].concat(),
            Some(system) if system.contains(&b'.') => [b"-p", domain, b":", system].concat(),
            Some(system) => [b"-p", domain, b":", system, b".", domain].concat(),
        });
        arguments.push([b"-f", &self.path[..], &self.user].concat());
        for user in users {
            if user.starts_with(b"-") {
                return Err([b"dash precedes argument: ", &user[..]].concat());
            }
            let several = user.contains(&b',') && !user.starts_with(b"<");
            arguments.push(if several { [b"<", &user[..], b">"].concat() } else { user });
        }
        Ok(arguments)
    }

    fn tell(&self, arguments: &[Vec<u8>]) {
        let shown =
            |name: &str, value: &[u8]| complain(&format!("{name}: {}", String::from_utf8_lossy(value)));
        if let Some(system) = &self.system {
            shown("remote from", system);
            shown("from_sys", system);
        }
        if !self.path.is_empty() {
            shown("from_path", &self.path);
        }
        shown("from_user", &self.user);
        complain("Sendmail arguments:");
        for argument in [SENDMAIL.as_bytes()].into_iter().chain(arguments.iter().map(Vec::as_slice)) {
            complain(&format!("\t{}", String::from_utf8_lossy(argument)));
        }
    }
}

/// A line with its end; empty at the end of the input.
fn read_line(input: &mut impl BufRead) -> Result<Vec<u8>, Vec<u8>> {
    let mut line = Vec::new();
    let read = (&mut *input).take(MAX_LINE as u64).read_until(b'\n', &mut line);
    match read {
        Err(error) => Err(errno_text(&error).into_bytes()),
        Ok(_) if !line.is_empty() && !line.ends_with(b"\n") => Err(b"line too long".to_vec()),
        Ok(_) => Ok(line),
    }
}

fn hand_over(arguments: &[Vec<u8>], first: &[u8], rest: &mut impl Read) -> Result<Sysexit, Sysexit> {
    let failed =
        |error: io::Error| told(format!("{SENDMAIL}: {}", errno_text(&error)).as_bytes(), Sysexit::OSERR);
    let words = arguments.iter().map(|word| OsStr::from_bytes(word));
    let child = std::process::Command::new(SENDMAIL).args(words).stdin(Stdio::piped()).spawn();
    let mut child = child.map_err(failed)?;
    if let Some(mut pipe) = child.stdin.take() {
        // who stops reading says with his status why
        let _ = pipe.write_all(first).and_then(|()| io::copy(rest, &mut pipe).map(drop));
    }
    let status = child.wait().map_err(failed)?;
    match status.code() {
        Some(0) => Ok(Sysexit::OK),
        Some(code) => {
            let text = format!("{SENDMAIL}: terminated with {code} (non-zero) status");
            Err(told(text.as_bytes(), Sysexit(code)))
        }
        None => Err(told(format!("{SENDMAIL}: did not terminate normally").as_bytes(), Sysexit::OSERR)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(text: &str) -> String {
        match Origin::read(&mut text.as_bytes()) {
            Ok((origin, first)) => {
                let arguments = origin.arguments(b"UUCP", vec![b"joe".to_vec()]).expect("arguments");
                let words: Vec<_> = arguments[4..].iter().map(|word| String::from_utf8_lossy(word)).collect();
                format!("{} {}", words.join(" "), first.escape_ascii())
            }
            Err(why) => String::from_utf8_lossy(&why).into_owned(),
        }
    }

    #[test]
    fn from_lines_become_a_path() {
        let date = "Tue Dec  1 10:00:00 2026";
        let two = format!("From b!ann {date} remote from sysb\n>From ann {date} remote from sysa\nX: y\n");
        assert_eq!(arguments(&two), "-pUUCP:sysb.UUCP -fsysb!sysa!ann joe X: y\\n");
        assert_eq!(arguments(&format!("From ann {date}\n\n")), "-pUUCP -fann joe \\n");
        let domain = format!("From ann {date} remote from s.example\n\n");
        assert_eq!(arguments(&domain), "-pUUCP:s.example -fs.example!ann joe \\n");
        for (text, why) in [
            ("", "no data"),
            ("X: y\n", "missing or empty From line: X: y"),
            ("From \n", "corrupted From line: From "),
            ("From !a\n", "bang starts address: !a"),
            ("From a", "line too long"),
        ] {
            assert_eq!(arguments(text), why);
        }
    }
}
