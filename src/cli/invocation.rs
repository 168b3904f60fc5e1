//! A sendmail command line, understood: what to do, with which configuration, for whom.

use super::flags::{Words, cut};
use super::modes::{self, Mode};
use super::process::complain;
use crate::addr::one_line;
use crate::envelope::RecipientFlags;
use crate::logging::say;
use crate::schema::Sysexit;
use crate::smtp::proto::is_xtext;
use crate::sys::identity;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

/// Flags that say something of a message; with borrowed rights they count only where one is handed in.
const SUBMISSION_FLAGS: &[u8] = b"BfFGhnNprRtUV";

/// Why they do not count.
const BESIDE_QUEUE: &str = "with -q";
const NO_SUBMISSION: &str = "(not in submission mode)";

/// One setting from the command line, in its order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Setting {
    /// `-oXvalue`
    Letter(Vec<u8>),
    /// `-OName=value`
    Named(Vec<u8>),
    /// `-MXvalue`
    Macro(Vec<u8>),
}

/// What a command line asks for.
#[derive(Clone, Debug, Default)]
pub struct Invocation {
    /// argv[0] as called.
    pub program: Vec<u8>,
    /// All words, for the pid file and restarts.
    pub argv: Vec<Vec<u8>>,
    /// -b
    pub mode: Mode,
    /// Was -b given at all (or the mode set by argv[0])?
    pub mode_given: bool,
    /// What is wrong with flags read so far, as the mode has it.
    pub complaints: Vec<Vec<u8>>,
    /// Flags that do not count, each with the reason why.
    pub ignored: Vec<(u8, &'static str)>,
    /// -C
    pub cf: Option<Vec<u8>>,
    /// -A: `Some(true)` for submit.cf.
    pub submission: Option<bool>,
    /// -o, -O, -M in order, and the flags that are short for an option.
    pub settings: Vec<Setting>,
    /// -d, joined with commas.
    pub debug: Vec<u8>,
    /// -D
    pub debug_file: Option<Vec<u8>>,
    /// -f or -r
    pub from: Option<Vec<u8>>,
    /// Which of both.
    pub from_letter: u8,
    /// -F
    pub full_name: Option<Vec<u8>>,
    /// -t
    pub from_headers: bool,
    /// -v
    pub verbose: bool,
    /// -n
    pub no_alias: bool,
    /// -G
    pub gateway: bool,
    /// -B
    pub body_type: Option<Vec<u8>>,
    /// -N
    pub notify: Option<Vec<u8>>,
    /// -R
    pub ret: Option<Vec<u8>>,
    /// Words of -f, -F and -p that held a newline, as they are now.
    pub newlines: Vec<Vec<u8>>,
    /// -V
    pub envelope_id: Option<Vec<u8>>,
    /// -h
    pub hops: u32,
    /// -L
    pub label: Option<Vec<u8>>,
    /// -p
    pub protocol: Option<Vec<u8>>,
    /// -Q
    pub quarantine: Option<Vec<u8>>,
    /// -q, each as given after the letter.
    pub queue: Vec<Vec<u8>>,
    /// -X
    pub traffic_log: Option<Vec<u8>>,
    /// What follows the flags.
    pub recipients: Vec<Vec<u8>>,
}

/// A message for the caller and the exit status.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal(pub Vec<u8>, pub Sysexit);

impl Refusal {
    /// Each line as the mode has it.
    #[must_use]
    pub fn spoken_by(self, invocation: &Invocation) -> Self {
        let lines = self.0.split(|byte| *byte == b'\n').map(|line| invocation.spoken(line));
        Self(lines.collect::<Vec<_>>().join(&b'\n'), self.1)
    }

    /// Tells the caller, where sendmail says what it refuses; gives the exit status.
    pub fn report(self) -> Sysexit {
        let Self(text, status) = self;
        if !text.is_empty() {
            say(&text);
        }
        status
    }
}

fn usage(text: impl Into<Vec<u8>>) -> Refusal {
    Refusal(text.into(), Sysexit::USAGE)
}

impl Invocation {
    /// Reads argv; `mode` is what argv[0]'s name stands for.
    ///
    /// # Errors
    /// What sendmail would print, with its exit status.
    pub fn read(args: Vec<OsString>, mode: Option<Mode>) -> Result<Self, Refusal> {
        let argv: Vec<Vec<u8>> = args.into_iter().map(OsString::into_vec).collect();
        let program = argv.first().cloned().unwrap_or_default();
        let words = cut(argv.get(1..).unwrap_or_default()).map_err(|error| {
            // this much comes from the C library, which speaks to standard error
            complain(&format!("{}: {error}", String::from_utf8_lossy(&program)));
            usage("")
        })?;
        let mut invocation =
            Self { program, mode: mode.unwrap_or_default(), mode_given: mode.is_some(), ..Self::default() };
        if let Err(Refusal(text, status)) = invocation.apply(words) {
            return Err(Refusal(text, invocation.status(status)));
        }
        invocation.argv = argv;
        Ok(invocation)
    }

    /// The exit status of a failure: with `-ee` whoever is told is told in another way (ErrorMode).
    pub fn status(&self, failed: Sysexit) -> Sysexit {
        let is_mode = |one: &&Setting| matches!(one, Setting::Letter(text) if text.starts_with(b"e"));
        match self.settings.iter().rfind(is_mode) {
            Some(Setting::Letter(text)) if text[1..].starts_with(b"e") => Sysexit::OK,
            _ => failed,
        }
    }

    fn apply(&mut self, words: Words) -> Result<(), Refusal> {
        // whatever else is wrong
        if words.flags.iter().any(|(letter, value)| *letter == b'Q' && value == b".") {
            return Err(usage("Can not use -Q."));
        }
        // how a complaint is spoken depends on the mode, wherever that stands
        let row = last_mode(&words).and_then(|value| modes::by_letter(*value.first()?));
        if let Some(row) = row.filter(|row| row.mode != Mode::ListOptions) {
            self.mode = row.mode;
        }
        // root borrows nothing
        let borrows = identity::is_privileged_start() && identity::real_uid() != 0;
        let mut ignored = if borrows { self.ignored_submission_flags(&words) } else { None };
        for (letter, value) in words.flags {
            if let Some(why) = ignored.filter(|_| SUBMISSION_FLAGS.contains(&letter)) {
                self.ignored.push((letter, why));
                continue;
            }
            if letter == b'q' && ignored == Some(BESIDE_QUEUE) && !self.mode_given {
                ignored = Some(NO_SUBMISSION);
            }
            if let Err(Refusal(text, status)) = self.apply_flag(letter, value) {
                let complaints = std::mem::take(&mut self.complaints).into_iter();
                let said = complaints.chain(Some(text).filter(|text| !text.is_empty()));
                return Err(Refusal(said.collect::<Vec<_>>().join(&b'\n'), status));
            }
        }
        self.recipients = words.operands;
        if !self.complaints.is_empty() {
            self.warn_of_ignored();
            return Err(usage(self.complaints.join(&b'\n')));
        }
        if self.mode == Mode::Deliver && (!self.queue.is_empty() || self.quarantine.is_some()) {
            self.mode = Mode::QueueRun;
        }
        Ok(())
    }

    /// Why flags for a message mean nothing to a command line that hands none in.
    fn ignored_submission_flags(&self, words: &Words) -> Option<&'static str> {
        let mode = last_mode(words);
        let submits = mode.and_then(<[u8]>::first).is_some_and(|mode| b"amsvtC".contains(mode));
        let runs_queue = words.flags.iter().any(|(flag, _)| *flag == b'q');
        match (submits, mode.is_some() || self.mode_given) {
            (true, _) | (false, false) => runs_queue.then_some(BESIDE_QUEUE),
            (false, true) => Some(NO_SUBMISSION),
        }
    }

    /// Does it hand in a message for nobody?
    pub fn names_nobody(&self) -> bool {
        self.recipients.is_empty() && !self.from_headers
    }

    /// A complaint as the mode has it: where SMTP is spoken it is a reply.
    pub fn spoken(&self, text: &[u8]) -> Vec<u8> {
        modes::usage_error(self.mode, text)
    }

    /// What is wrong with a flag for a receipt (-N, -R, -V).
    fn receipt_problem(&self, letter: u8, value: &[u8]) -> Option<&'static str> {
        match letter {
            b'N' => RecipientFlags::of_notify(value).is_err().then_some("Invalid -N argument"),
            b'R' if self.ret.is_some() => Some("Duplicate -R flag"),
            b'R' => {
                let known = [&b"hdrs"[..], b"full"].iter().any(|known| value.eq_ignore_ascii_case(known));
                (!known).then_some("Invalid -R value")
            }
            _ => (!is_xtext(value)).then_some("Invalid syntax in -V flag"),
        }
    }

    /// A complaint that does not keep the other words from being read.
    fn complain(&mut self, text: &[u8]) {
        let text = self.spoken(text);
        self.complaints.push(text);
    }

    /// -N as flags; `None` for what is none.
    pub fn notify_flags(&self) -> Option<RecipientFlags> {
        match &self.notify {
            Some(text) => RecipientFlags::of_notify(text).ok(),
            None => Some(RecipientFlags::DEFAULT_NOTIFY),
        }
    }

    /// What does not count, in its order: for whoever has read the configuration.
    pub fn warn_of_ignored(&self) {
        for (letter, why) in &self.ignored {
            let flag = char::from(*letter);
            say(format!("WARNING: Ignoring submission mode -{flag} option {why}").as_bytes());
        }
    }

    fn apply_flag(&mut self, letter: u8, value: Vec<u8>) -> Result<(), Refusal> {
        if let Some(problem) = self.problem(letter, &value) {
            self.complain(problem.as_bytes());
        }
        match letter {
            b'A' => self.submission = Some(value.first() == Some(&b'c')),
            b'B' => self.body_type = Some(value),
            b'b' => self.set_mode(&value)?,
            b'C' => self.cf = Some(value),
            b'D' if !self.debug.is_empty() => return Err(usage("-D file must be before -d")),
            b'D' => self.debug_file = Some(value),
            b'd' => self.add_debug(&value),
            b'e' => self.settings.push(Setting::Letter([b"e", &value[..]].concat())),
            b'F' => self.full_name = Some(self.one_line(value)),
            b'f' | b'r' if self.from.is_some() => self.complain(b"More than one \"from\" person"),
            b'f' | b'r' => (self.from, self.from_letter) = (Some(self.one_line(value)), letter),
            b'G' => self.gateway = true,
            b'h' => match number(&value) {
                Some(hops) => self.hops = hops,
                None => self.complain(&[b"Bad hop count (", &value[..], b")"].concat()),
            },
            b'L' => self.label = Some(printable_label(value)),
            b'M' => self.settings.push(Setting::Macro(value)),
            b'N' => self.notify = Some(value),
            b'n' => self.no_alias = true,
            b'O' => self.settings.push(Setting::Named(value)),
            b'o' => self.settings.push(Setting::Letter(value)),
            b'p' => self.protocol = Some(protocol_words(self.one_line(value))),
            b'Q' => self.quarantine = Some(value),
            b'q' => self.queue.push(value),
            b'R' => self.ret = Some(value),
            b's' => self.settings.push(Setting::Letter(b"fT".to_vec())),
            b't' => self.from_headers = true,
            b'V' => self.envelope_id = Some(value),
            b'v' => {
                self.verbose = true;
                self.settings.push(Setting::Letter(b"vT".to_vec()));
            }
            b'X' => self.traffic_log = Some(value),
            b'c' | b'i' | b'm' | b'T' => self.settings.push(Setting::Letter(vec![letter, b'T'])),
            // Debian's sendmail has no -I; -U says that the message needs SMTPUTF8, which is not offered
            b'I' | b'U' => return Err(usage("")),
            _ => {} // -x does nothing
        }
        Ok(())
    }

    /// A newline in a name or an address could forge lines of a message: it is a blank, and an alert is due.
    fn one_line(&mut self, value: Vec<u8>) -> Vec<u8> {
        let line = one_line(&value).into_owned();
        if value.contains(&b'\n') {
            self.newlines.push(line.clone());
        }
        line
    }

    fn set_mode(&mut self, value: &[u8]) -> Result<(), Refusal> {
        let letter = value.first().copied().unwrap_or(b' ');
        let row = modes::by_letter(letter).ok_or_else(|| bad("Invalid operation mode ", &[letter], ""))?;
        if row.mode == Mode::Frozen {
            return Err(usage("Frozen configurations unsupported"));
        }
        // sendmail lists them as soon as it is asked to
        if self.mode != Mode::ListOptions {
            (self.mode, self.mode_given) = (row.mode, true);
        }
        Ok(())
    }

    fn add_debug(&mut self, value: &[u8]) {
        if !self.debug.is_empty() {
            self.debug.push(b',');
        }
        self.debug.extend_from_slice(value);
    }

    /// -q or -Q, in a mode that has nothing to do with the queue.
    fn queue_problem(&self, letter: u8) -> Option<String> {
        let refused = match letter {
            b'Q' => self.mode != Mode::Deliver,
            _ => modes::row_of(self.mode).is_some_and(|row| !row.with_queue),
        };
        let mode = char::from(modes::letter(self.mode));
        refused.then(|| format!("Can not use -{} with -b{mode}", char::from(letter)))
    }

    fn problem(&self, letter: u8, value: &[u8]) -> Option<String> {
        match letter {
            b'N' | b'R' | b'V' => self.receipt_problem(letter, value).map(str::to_owned),
            b'q' | b'Q' => self.queue_problem(letter),
            _ => None,
        }
    }
}

/// What the last -b says.
fn last_mode(words: &Words) -> Option<&[u8]> {
    words.flags.iter().rev().find(|(letter, _)| *letter == b'b').map(|(_, value)| &value[..])
}

fn bad(before: &str, value: &[u8], after: &str) -> Refusal {
    usage([before.as_bytes(), value, after.as_bytes()].concat())
}

/// A number of hops; one below zero is none at all.
fn number(value: &[u8]) -> Option<u32> {
    let number: i64 = std::str::from_utf8(value).ok()?.parse().ok()?;
    number.max(0).try_into().ok()
}

/// A protocol and a host, of letters, digits and what atoms may hold beside them, but no `=` (RFC 5322, 3.2.3).
fn protocol_words(mut value: Vec<u8>) -> Vec<u8> {
    value.retain(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-./:^_`{|}~".contains(byte));
    value
}

fn printable_label(mut value: Vec<u8>) -> Vec<u8> {
    value.truncate(32);
    let odd = |byte: &&mut u8| !matches!(**byte, b' '..=b'~') || **byte == b'%';
    value.iter_mut().filter(odd).for_each(|byte| *byte = b'*');
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Invocation, Refusal> {
        Invocation::read(text.split(' ').map(OsString::from).collect(), None)
    }

    fn refusal(text: &str) -> String {
        let Err(Refusal(text, status)) = read(text) else { panic!("refused") };
        assert_eq!(status, Sysexit::USAGE);
        String::from_utf8_lossy(&text).into_owned()
    }

    #[test]
    fn what_callers_write() {
        let cron = read("sendmail -FCronDaemon -i -odi -oem -oi -t").expect("cron's command line");
        assert!(cron.from_headers && cron.mode == Mode::Deliver);
        assert_eq!(cron.full_name.as_deref(), Some(&b"CronDaemon"[..]));
        let rmail = read("sendmail -G -oee -odq -oi -pUUCP:sys -fpath user").expect("rmail's command line");
        assert!(rmail.gateway && rmail.recipients == [b"user"]);
        let mode = |text| read(text).expect("a command line").mode;
        assert_eq!(mode("sendmail -q30m"), Mode::QueueRun);
        assert_eq!(mode("sendmail -qf -bm"), Mode::QueueRun);
        assert_eq!(mode("sendmail -bd -q30m"), Mode::Daemon);
        assert_eq!(mode("sendmail -bp -qRann"), Mode::PrintQueue);
    }

    #[test]
    fn what_sendmail_refuses() {
        assert_eq!(refusal("sendmail -bq"), "Invalid operation mode q");
        assert_eq!(refusal("sendmail -bz"), "Frozen configurations unsupported");
        assert_eq!(refusal("sendmail -bt -q"), "Can not use -q with -bt");
        assert_eq!(refusal("sendmail -bi -q -Qx"), "Can not use -q with -bi\nCan not use -Q with -bi");
        assert_eq!(refusal("sendmail -bD -q -Qx"), "Can not use -Q with -bD");
        assert_eq!(
            refusal("sendmail -hx -Rall -bs -Nnow -V="),
            "550 Bad hop count (x)\r\n550 Invalid -R value\r\n550 Invalid -N argument\r\n550 Invalid syntax in -V flag\r"
        );
        assert_eq!(refusal("sendmail -Rall -bz"), "Invalid -R value\nFrozen configurations unsupported");
        assert_eq!(refusal("sendmail -q!Gx -Q. -bz"), "Can not use -Q.");
        assert_eq!(refusal("sendmail -fa -rb"), "More than one \"from\" person");
        assert_eq!(refusal("sendmail -hx"), "Bad hop count (x)");
        assert_eq!(refusal("sendmail -fa -rb -bs"), "550 More than one \"from\" person\r");
        assert_eq!(refusal("sendmail -ba -hx"), "550 Bad hop count (x)\r");
        assert_eq!(refusal("sendmail -Rfull -Rhdrs -bd"), "550 Duplicate -R flag\r");
        assert_eq!(refusal("sendmail -fa -rb -bv"), "More than one \"from\" person");
        assert_eq!(refusal("sendmail -d1 -D /tmp/x"), "-D file must be before -d");
    }
}
