//! Personalities, flags, modes and exit codes.
//!
//! In: argv. Out: an exit status. The personality is the last part of argv[0] where that is one of the
//! names in the table, else the first argument. Never here: what a personality does (its own file).

mod anywhere;
mod asking;
mod caller;
pub mod daemon;
mod cover;
mod dead_letter;
mod diff;
mod dns;
mod explain;
pub mod debug;
pub mod flags;
mod guard;
mod lint;
mod lint_relay;
pub mod hoststat;
mod install;
mod invocation;
mod mailq;
mod maptool;
pub mod editmap;
pub mod m4;
pub mod makemap;
pub mod mc;
mod mc_check;
mod messages;
pub mod praliases;
mod process;
pub mod newaliases;
pub mod modes;
mod logs;
mod output;
mod progress;
mod quarantine;
mod queue_flags;
mod queue_run;
mod replay;
mod rights;
mod show;
pub mod rewrite;
pub mod sendmail;
pub mod smtp;
mod start;
mod status;
mod submission;
pub mod submit;
mod supervise;
mod test;
pub mod verify;
pub mod site;
pub mod testmode;
pub mod tryout;
mod version;
mod why;

use crate::diag::nearest;
use crate::sys::identity;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// One name the binary answers to.
pub struct Personality {
    /// argv[0] or the first argument.
    pub name: &'static str,
    /// Gets argv; the first element is the personality's name as it was called.
    pub entry: fn(Vec<OsString>) -> ExitCode,
    /// A set-group-id start lends the queue's group: only what works on the queue keeps it.
    pub keeps_group: bool,
    /// One line for the list of names.
    pub about: &'static str,
}

/// Every name, in the order in which `canonify` lists them. One row per personality.
pub const PERSONALITIES: &[Personality] = &[
    Personality {
        name: "sendmail",
        entry: sendmail::main,
        keeps_group: true,
        about: "send mail, run the daemon, test addresses",
    },
    Personality {
        name: "mailq",
        entry: sendmail::main,
        keeps_group: true,
        about: "print the mail queue (sendmail -bp)",
    },
    Personality {
        name: "newaliases",
        entry: sendmail::main,
        keeps_group: true,
        about: "rebuild the alias databases (sendmail -bi)",
    },
    Personality {
        name: "hoststat",
        entry: sendmail::main,
        keeps_group: true,
        about: "print host status (not kept yet)",
    },
    Personality {
        name: "purgestat",
        entry: sendmail::main,
        keeps_group: true,
        about: "purge host status (not kept yet)",
    },
    Personality {
        name: "smtpd",
        entry: sendmail::main,
        keeps_group: false,
        about: "run the daemon (sendmail -bd)",
    },
    Personality {
        name: "m4",
        entry: m4::main,
        keeps_group: false,
        about: "GNU m4's command line, as far as .mc work needs it",
    },
    Personality {
        name: "mc",
        entry: mc::main,
        keeps_group: false,
        about: "turn a .mc into a .cf with the built-in library",
    },
    Personality {
        name: "makemap",
        entry: makemap::main,
        keeps_group: false,
        about: "make a database from text, as sendmail's makemap",
    },
    Personality {
        name: "editmap",
        entry: editmap::main,
        keeps_group: false,
        about: "ask for, set or remove one key of a database",
    },
    Personality {
        name: "praliases",
        entry: praliases::main,
        keeps_group: false,
        about: "print alias databases",
    },
    Personality {
        name: "rewrite",
        entry: rewrite::main,
        keeps_group: false,
        about: "rewrite addresses from standard input, one to a line",
    },
    Personality {
        name: "explain",
        entry: explain::main,
        keeps_group: false,
        about: "say what happens to mail for an address, and which lines make it so",
    },
    Personality {
        name: "cover",
        entry: cover::main,
        keeps_group: false,
        about: "say which rules run, how often and how long, and which never do",
    },
    Personality {
        name: "lint",
        entry: lint::main,
        keeps_group: false,
        about: "say what is wrong with a configuration, its maps, aliases and files",
    },
    Personality {
        name: "test",
        entry: test::main,
        keeps_group: false,
        about: "put the questions of a test file to a configuration, and compare the answers",
    },
    Personality {
        name: "diff",
        entry: diff::main,
        keeps_group: false,
        about: "say what changes between two configurations, and which edit changes it",
    },
    Personality {
        name: "why",
        entry: why::main,
        keeps_group: false,
        about: "say why something is refused, and which single change would allow it",
    },
    Personality {
        name: "replay",
        entry: replay::main,
        keeps_group: false,
        about: "say what would become of the mail in a log under another configuration",
    },
    Personality {
        name: "status",
        entry: status::main,
        keeps_group: false,
        about: "say what the daemon is doing, and what it has given up",
    },
    Personality {
        name: "install",
        entry: install::main,
        keeps_group: false,
        about: "take the place of the system's sendmail, or give it back",
    },
    Personality {
        name: "try",
        entry: tryout::main,
        keeps_group: false,
        about: "see it work: a site in a scratch directory, four messages",
    },
];

impl Personality {
    /// Runs it; argv[0] is the caller's to choose, so borrowed rights go before anything is read.
    fn start(&self, args: Vec<OsString>) -> ExitCode {
        match self.keeps_group {
            true => (self.entry)(args),
            false => match identity::drop_borrowed() {
                Ok(()) => (self.entry)(args),
                Err(error) => {
                    print(&mut std::io::stderr(), &format!("cannot give up the group: {error}\n"), 71)
                }
            },
        }
    }
}

fn find(name: &OsStr) -> Option<&'static Personality> {
    PERSONALITIES.iter().find(|row| name == row.name)
}

/// Entry of the binary.
pub fn main() -> ExitCode {
    let mut args: Vec<OsString> = std::env::args_os().collect();
    let called = args.first().and_then(|name| Path::new(name).file_name());
    if let Some(row) = called.and_then(find) {
        return row.start(args);
    }
    if let Some(row) = args.get(1).and_then(|name| find(name)) {
        args.remove(0);
        return row.start(args);
    }
    // whoever links it as sendmail-mta or send-mail means sendmail, as sendmail itself takes it
    if called.is_some_and(|name| !name.as_encoded_bytes().starts_with(b"canonify")) {
        return PERSONALITIES[0].start(args);
    }
    if args.get(1).is_some_and(|word| word == "--version") {
        return print(&mut std::io::stdout(), concat!("canonify ", env!("CARGO_PKG_VERSION"), "\n"), 0);
    }
    match args.get(1).map(|word| word.to_string_lossy()).as_deref() {
        Some("--help") => list_names(true),
        Some(word) if !word.starts_with('-') => unknown_name(word),
        _ => list_names(false),
    }
}

/// The first argument is no personality: says so, with what may have been meant.
fn unknown_name(word: &str) -> ExitCode {
    let near = nearest(word, PERSONALITIES.iter().map(|row| row.name));
    let near: Vec<String> = near.into_iter().map(|name| format!("`{name}'")).collect();
    let meant =
        if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) };
    let word = word.escape_debug();
    let text =
        format!("canonify: unknown name `{word}'{meant}\nTry `canonify --help' for the names it has.\n");
    print(&mut std::io::stderr(), &text, 64)
}

fn list_names(asked: bool) -> ExitCode {
    let mut text =
        String::from("usage: canonify NAME [argument ...], or a link of that name to canonify\n\n");
    for row in PERSONALITIES {
        text.push_str(&format!("  {:<12} {}\n", row.name, row.about));
    }
    match asked {
        true => print(&mut std::io::stdout(), &text, 0),
        false => print(&mut std::io::stderr(), &text, 64),
    }
}

fn print(to: &mut dyn Write, text: &str, code: u8) -> ExitCode {
    ExitCode::from(to.write_all(text.as_bytes()).map_or(74, |()| code))
}
