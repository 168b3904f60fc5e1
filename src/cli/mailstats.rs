//! mailstats: the numbers of StatusFile, for people (a table) and for programs (`-P`).

use super::invocation::Invocation;
use super::maptool::{self, Letter, flag, option};
use super::process::{complain, exit};
use super::{rights, show, site};
use crate::config::Config;
use crate::logging::statistics::{Alien, Connection, Counts, MAX_MAILERS, Message};
use crate::schema::Sysexit;
use crate::sys::{accounts, clock, errno_text, lock};
use clap::Command;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "usage: mailstats [-C cffile] [-c] [-P] [-f stfile] [-o] [-p]";
const SUBMIT: &[u8] = b"/etc/mail/submit.cf";

const LETTERS: &[Letter] = &[
    option(b'C', "FILE", "the cf that names the statistics file and the mailers"),
    flag(b'c', "those of submit.cf"),
    option(b'f', "FILE", "the statistics in this file instead"),
    flag(b'o', "without the names of mailers"),
    flag(b'P', "numbers for programs: no units, no lines between"),
    flag(b'p', "the same, and then begin to count anew"),
];

/// Its command line.
pub(super) fn command() -> Command {
    maptool::command("mailstats", "print how many messages came and went, by mailer", LETTERS).long_about(
        "Prints since when messages are counted, and for each mailer messages and bytes that came from it and went to it, and messages \
         refused, thrown away and held; then the totals (T) and connections from clients, to servers, and refused by rules (C).\n\n\
         Counting begins when the file that option StatusFile names is there: an empty one will do.",
    )
}

/// What the command line asks for.
#[derive(Default)]
struct Request {
    cf: Option<Vec<u8>>,
    file: Option<Vec<u8>>,
    without_names: bool,
    for_programs: bool,
    anew: bool,
}

/// Entry of the personality.
pub fn main(args: Vec<OsString>) -> ExitCode {
    exit(read(args).and_then(|request| run(&request)).map_or_else(|status| status, |()| Sysexit::OK))
}

fn read(args: Vec<OsString>) -> Result<Request, Sysexit> {
    let usage = |problem: &[u8]| maptool::usage(problem, USAGE, Sysexit::USAGE);
    let words = maptool::getopt(args, LETTERS).map_err(|problem| usage(&problem))?;
    let mut request = Request::default();
    for (letter, value) in words.options {
        match letter {
            b'C' => request.cf = Some(value),
            b'c' => request.cf = Some(SUBMIT.to_vec()),
            b'f' => request.file = Some(value),
            b'o' => request.without_names = true,
            b'P' => request.for_programs = true,
            _ => (request.for_programs, request.anew) = (true, true),
        }
    }
    if words.rest.is_empty() { Ok(request) } else { Err(usage(b"")) }
}

fn run(request: &Request) -> Result<(), Sysexit> {
    let cf = request.cf.clone().unwrap_or_else(|| maptool::DEFAULT_CF.to_vec());
    let path = accounts::path(&cf);
    if let Err(error) = File::open(&path) {
        return Err(told(&path, &errno_text(&error), Sysexit::NOINPUT));
    }
    let invocation = Invocation { cf: Some(cf), ..Invocation::default() };
    let config = site::load_sound_site(&invocation)?.config;
    let Some(path) = statistics_file(request, &config) else {
        complain("mailstats: no statistics file located");
        return Err(Sysexit::OSFILE);
    };
    let (counts, file) = load(&path, request.anew)?;
    let table = Table { counts: &counts, config: &config, request };
    show::print(&if request.for_programs { table.for_programs(clock::now()) } else { table.for_people() });
    // the lock is held since it was read
    match file.filter(|_| request.anew).map(|file| file.set_len(0)) {
        Some(Err(error)) => Err(told(&path, &errno_text(&error), Sysexit::OSFILE)),
        _ => Ok(()),
    }
}

fn told(path: &Path, text: &str, status: Sysexit) -> Sysexit {
    complain(&format!("mailstats: {}: {text}", path.display()));
    status
}

fn statistics_file(request: &Request, config: &Config) -> Option<PathBuf> {
    match &request.file {
        Some(file) => Some(accounts::path(file)),
        None => Some(rights::queue_base(config).join(accounts::path(config.options.status_file.as_deref()?))),
    }
}

fn load(path: &Path, anew: bool) -> Result<(Counts, Option<File>), Sysexit> {
    let opened = OpenOptions::new().read(true).write(anew).open(path);
    let mut bytes = Vec::new();
    let read = opened.and_then(|mut file| {
        lock::wait(&file, if anew { lock::Kind::Exclusive } else { lock::Kind::Shared })?;
        file.read_to_end(&mut bytes).map(|_| file)
    });
    let file = read.map_err(|error| told(path, &errno_text(&error), Sysexit::NOINPUT))?;
    let counts = Counts::parse(&bytes, clock::now()).map_err(|alien| {
        let path = path.display();
        let (text, status) = match alien {
            Alien::Magic => (format!("mailstats: incorrect magic number in {path}"), Sysexit::OSERR),
            Alien::Version(version) => (
                format!("mailstats: {path} version ({version}) incompatible with mailstats version (4)"),
                Sysexit::OSERR,
            ),
            Alien::Size => (String::from("mailstats: file size changed."), Sysexit::OSFILE),
        };
        complain(&text);
        status
    })?;
    Ok((counts, Some(file)))
}

/// The kinds of messages in the order of the columns; kilobytes stand beside the first two.
const COLUMNS: [Message; 5] =
    [Message::From, Message::To, Message::Rejected, Message::Discarded, Message::Quarantined];

struct Table<'a> {
    counts: &'a Counts,
    config: &'a Config,
    request: &'a Request,
}

impl Table<'_> {
    fn for_people(&self) -> String {
        let start = jiff::Timestamp::from_second(self.counts.start).unwrap_or_default();
        let start = start.to_zoned(crate::sys::zone::local().clone()).strftime("%a %b %e %H:%M:%S %Y");
        let name = if self.request.without_names { "" } else { "  Mailer" };
        let [from, to, refused] = self.connections();
        format!(
            "Statistics from {start}\n M   msgsfr  bytes_from   msgsto    bytes_to  msgsrej msgsdis msgsqur{name}\n{}{}\n{} C {from:>8} {:>10}  \
             {to:>8} {:>10}    {refused:>6}\n",
            self.rows(),
            "=".repeat(69),
            self.totals(),
            "",
            "",
        )
    }

    fn for_programs(&self, now: i64) -> String {
        let [from, to, refused] = self.connections();
        let (start, rows, totals) = (self.counts.start, self.rows(), self.totals());
        format!("{start} {now}\n{rows}{totals} C {from:>8} {to:>8} {refused:>6}\n")
    }

    fn connections(&self) -> [i64; 3] {
        [Connection::From, Connection::To, Connection::Refused].map(|kind| self.counts.connections(kind))
    }

    /// Mailers for which there is anything to tell.
    fn rows(&self) -> String {
        let rows = (0..MAX_MAILERS).filter_map(|mailer| {
            let numbers = COLUMNS.map(|kind| self.counts.messages(kind, mailer));
            let name = self.config.mailers.get(mailer).filter(|_| !self.request.without_names);
            let name =
                name.map_or_else(String::new, |one| format!("  {}", String::from_utf8_lossy(&one.name)));
            let any = numbers.iter().any(|(count, _)| *count != 0);
            any.then(|| format!("{mailer:>2}{}{name}\n", self.numbers(&numbers)))
        });
        rows.collect()
    }

    fn totals(&self) -> String {
        let total = |kind| {
            let all = (0..MAX_MAILERS).map(|mailer| self.counts.messages(kind, mailer));
            all.fold((0, 0), |(count, size), one| (count + one.0, size + one.1))
        };
        format!(" T{}\n", self.numbers(&COLUMNS.map(total)))
    }

    fn numbers(&self, numbers: &[(i64, i64); 5]) -> String {
        let [(from, from_size), (to, to_size), (rejected, _), (discarded, _), (held, _)] = numbers;
        let unit = if self.request.for_programs { "" } else { "K" };
        format!(
            " {from:>8} {from_size:>10}{unit} {to:>8} {to_size:>10}{unit} {rejected:>8} {discarded:>7} {held:>7}"
        )
    }
}
