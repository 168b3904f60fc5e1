//! vacation: answers mail while its reader is away, once in a while to each sender.
//!
//! In: a message, as a program of a `.forward` gets it; or -i, -l, -x by hand. Out: an answer, handed to sendmail. Never
//! here: an answer to a report, to a list, or to another answer (RFC 3834).
//!
//! `message`: whom the message is from and whether it wants an answer; `answered`: who has had one.

mod answered;
mod message;

use super::maptool::{self, Letter, flag, option};
use super::process::{complain, exit};
use super::rmail::SENDMAIL;
use crate::logging::{Logger, Priority, Target};
use crate::schema::Sysexit;
use crate::sys::accounts::{self, User};
use crate::sys::{clock, errno_text, identity};
use answered::Answered;
use clap::{Arg, Command};
use message::Incoming;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, BufRead, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};

const USAGE: &str = "usage: vacation [-a alias] [-C cfpath] [-d] [-f db] [-i] [-j] [-l] [-m msg] [-R returnaddr] [-r interval] [-s sender] [-t time] [-U] [-x] [-z] login";

const LETTERS: &[Letter] = &[
    option(b'a', "ALIAS", "mail for this name is answered as well; may be given again"),
    option(b'C', "FILE", "does nothing: no configuration is needed"),
    flag(b'd', "complain on standard error, and not in the system's log"),
    option(b'f', "FILE", "the database, .vacation in the home directory otherwise; .db is added"),
    flag(b'I', "the same as -i"),
    flag(b'i', "begin a new database"),
    flag(b'j', "answer whoever the message is for"),
    flag(b'l', "list who has been answered, and when"),
    option(
        b'm',
        "FILE",
        "what is answered: a message with its header, .vacation.msg in the home directory otherwise",
    ),
    option(b'R', "ADDRESS", "the envelope sender of answers"),
    option(b'r', "DAYS", "answer a sender again after so many days, 7 otherwise; `infinite': never"),
    option(b's', "ADDRESS", "answer this address, and not the sender"),
    option(b't', "TIME", "does nothing"),
    flag(b'U', "the name has no account; with -f and -m"),
    flag(b'x', "read addresses, or @domains, that are never answered: one on each line of standard input"),
    flag(b'z', "answer with the null sender"),
];

/// Bytes of a message that are looked at; its header is at the beginning.
const MAX_READ: u64 = 1 << 20;

/// Its command line.
pub(super) fn command() -> Command {
    maptool::command("vacation", "answer mail while its reader is away", LETTERS).arg(Arg::new("login"))
}

/// Entry of the personality.
pub fn main(args: Vec<OsString>) -> ExitCode {
    // before whatever is wrong with it
    let debug = args.iter().any(|word| word == "-d");
    let words = maptool::getopt(args, LETTERS);
    let done = match &words {
        Ok(words) => Settings::read(words).and_then(|settings| settings.run()),
        Err(_) => Err(usage()),
    };
    match done {
        Ok(()) => exit(Sysexit::OK),
        Err(Complaint { text, status }) => {
            // what a program of .forward writes would be reported to the sender
            match debug {
                true => complain(&text),
                false => {
                    let target = Target::choose(std::env::var("CANONIFY_LOG").ok().as_deref());
                    Logger::open_without_thread(target, b"vacation", 9).log(
                        0,
                        Priority::Notice,
                        None,
                        text.as_bytes(),
                    );
                }
            }
            exit(status)
        }
    }
}

/// What is wrong, and the status to end with.
struct Complaint {
    text: String,
    status: Sysexit,
}

fn complaint(text: String, status: Sysexit) -> Complaint {
    Complaint { text: format!("vacation: {text}"), status }
}

fn usage() -> Complaint {
    Complaint { text: format!("uid {}: {USAGE}", identity::real_uid()), status: Sysexit::USAGE }
}

/// What is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Task {
    Answer,
    Begin,
    List,
    Exclude,
}

/// What the command line says.
struct Settings {
    task: Task,
    /// Names that are answered for, the login first.
    names: Vec<Vec<u8>>,
    /// -j
    for_anybody: bool,
    database: PathBuf,
    message: PathBuf,
    /// The same as a complaint names it.
    message_shown: String,
    /// -s
    receiver: Option<Vec<u8>>,
    /// The envelope sender of answers.
    sender: Vec<u8>,
    /// -r, in seconds; 0: for ever.
    interval: Option<i64>,
}

impl Settings {
    fn read(words: &maptool::Words) -> Result<Self, Complaint> {
        let has = |wanted: u8| words.options.iter().any(|(letter, _)| *letter == wanted);
        let all = |wanted: u8| words.options.iter().filter(move |(letter, _)| *letter == wanted);
        let last = |wanted: u8| all(wanted).next_back().map(|(_, value)| value.clone());
        let task = match () {
            () if has(b'i') || has(b'I') => Task::Begin,
            () if has(b'l') => Task::List,
            () if has(b'x') => Task::Exclude,
            () => Task::Answer,
        };
        let user = account(&words.rest, task, has(b'U'))?;
        let files = (last(b'f'), last(b'm'));
        if has(b'U') && (files.0.is_none() || files.1.is_none()) {
            return Err(complaint("-U requires setting both -f and -m".into(), Sysexit::NOINPUT));
        }
        let mut database = user.home.join(accounts::path(&files.0.unwrap_or_else(|| b".vacation".to_vec())));
        database.as_mut_os_string().push(".db");
        let message = files.1.unwrap_or_else(|| b".vacation.msg".to_vec());
        let home = if message.starts_with(b"/") { vec![] } else { [b"~", &user.name[..], b"/"].concat() };
        let null = has(b'z').then(|| b"<>".to_vec());
        Ok(Self {
            task,
            names: std::iter::once(user.name.clone())
                .chain(all(b'a').map(|(_, value)| value.clone()))
                .collect(),
            for_anybody: has(b'j'),
            database,
            message: user.home.join(accounts::path(&message)),
            message_shown: String::from_utf8_lossy(&[home, message].concat()).into_owned(),
            receiver: last(b's'),
            sender: null.or(last(b'R')).unwrap_or(user.name),
            interval: last(b'r').map(|days| seconds(&days)),
        })
    }

    fn run(&self) -> Result<(), Complaint> {
        let failed = |error: io::Error| {
            complaint(format!("{}: {}", self.database.display(), errno_text(&error)), Sysexit::DATAERR)
        };
        match self.task {
            Task::Begin => Answered::begin(&self.database, self.interval).map_err(failed),
            Task::List => list(&Answered::open(&self.database).map_err(failed)?),
            Task::Exclude => {
                let lines =
                    io::stdin().lock().split(b'\n').collect::<io::Result<Vec<_>>>().map_err(failed)?;
                let mut answered = Answered::open(&self.database).map_err(failed)?;
                lines
                    .iter()
                    .filter(|line| !line.trim_ascii().is_empty())
                    .for_each(|line| answered.exclude(line.trim_ascii()));
                answered.close().map_err(failed)
            }
            Task::Answer => self.answer(failed),
        }
    }

    fn answer(&self, failed: impl Fn(io::Error) -> Complaint) -> Result<(), Complaint> {
        let (mut text, mut input) = (Vec::new(), io::stdin().lock());
        (&mut input).take(MAX_READ).read_to_end(&mut text).map_err(&failed)?;
        // whoever writes it is to get rid of all of it
        io::copy(&mut input, &mut io::sink()).map_err(&failed)?;
        let incoming = Incoming::read(&text);
        if !incoming.wants_answer() || !(self.for_anybody || incoming.is_for(&self.names)) {
            return Ok(());
        }
        let Some(receiver) = self.receiver.as_ref().or(incoming.sender.as_ref()) else {
            return Err(complaint("no initial \"From \" line.".into(), Sysexit::DATAERR));
        };
        if message::is_no_person(receiver) {
            return Ok(());
        }
        let no_message = |_| complaint(format!("no {} file.", self.message_shown), Sysexit::NOINPUT);
        let mut answer = File::open(&self.message).map_err(no_message)?;
        // two messages at once are answered one after the other
        crate::sys::lock::wait(&answer, crate::sys::lock::Kind::Exclusive).map_err(&failed)?;
        let mut answered = Answered::open(&self.database).map_err(&failed)?;
        if let Some(interval) = self.interval {
            answered.set_interval(interval);
        }
        if answered.is_recent(receiver, clock::now()) {
            return Ok(());
        }
        answered.note(receiver, clock::now());
        answered.close().map_err(&failed)?;
        send(&self.sender, receiver, &mut answer)
            .map_err(|error| complaint(format!("{SENDMAIL}: {}", errno_text(&error)), Sysexit::UNAVAILABLE))
    }
}

/// Whose mail it is. Without a name the caller's, where nothing is answered.
fn account(rest: &[Vec<u8>], task: Task, no_account: bool) -> Result<User, Complaint> {
    let nobody = |what: String| complaint(format!("no such user {what}."), Sysexit::NOUSER);
    let later = |error: io::Error| complaint(errno_text(&error), Sysexit::TEMPFAIL);
    match rest {
        [name] if no_account => Ok(User { name: name.clone(), ..User::default() }),
        [name] => {
            let found = accounts::user(name).map_err(later)?;
            found.ok_or_else(|| nobody(String::from_utf8_lossy(name).into_owned()))
        }
        [] if task != Task::Answer => {
            let uid = identity::real_uid();
            accounts::user_by_uid(uid).map_err(later)?.ok_or_else(|| nobody(format!("uid {uid}")))
        }
        _ => Err(usage()),
    }
}

/// Days in seconds; what is no number of days means for ever.
fn seconds(days: &[u8]) -> i64 {
    let end = days.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(days.len());
    let days = std::str::from_utf8(&days[..end]).ok().and_then(|text| text.parse::<i64>().ok());
    days.unwrap_or(0).saturating_mul(86_400)
}

fn list(answered: &Answered) -> Result<(), Complaint> {
    let mut out = Vec::new();
    for (sender, time) in answered.all() {
        let shown = String::from_utf8_lossy(&sender).into_owned();
        let when = if time == answered::NEVER {
            "(exclusion)".into()
        } else {
            crate::message::ctime(time, crate::sys::zone::local())
        };
        out.extend(format!("{shown:<40.40} {when}\n").into_bytes());
    }
    // who reads it may have had enough
    let _ = io::stdout().write_all(&out);
    Ok(())
}

fn send(sender: &[u8], receiver: &[u8], answer: &mut File) -> io::Result<()> {
    let words: [&[u8]; 5] = [b"-oi", b"-f", sender, b"--", receiver];
    let mut child = std::process::Command::new(SENDMAIL)
        .args(words.map(OsStr::from_bytes))
        .stdin(Stdio::piped())
        .spawn()?;
    if let Some(mut pipe) = child.stdin.take() {
        let head = [b"To: ", receiver, b"\nAuto-Submitted: auto-replied\n"].concat();
        pipe.write_all(&head)?;
        io::copy(answer, &mut pipe)?;
    }
    child.wait().map(drop)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn intervals() {
        let rows = [("7", 604_800), ("5x", 432_000), ("0", 0), ("infinite", 0), ("-3", 0)];
        for (days, length) in rows {
            assert_eq!(seconds(days.as_bytes()), length, "{days}");
        }
    }
}
