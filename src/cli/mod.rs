//! Personalities, flags, modes and exit codes.
//!
//! In: argv. Out: an exit status. The personality is the last part of argv[0] where that is one of the
//! names in the table, else the first argument. Never here: what a personality does (its own file).

mod anywhere;
mod ask_pam;
mod asking;
mod auth;
mod caller;
mod changes;
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
mod manual;
pub mod mail_local;
pub mod mailstats;
pub mod mc;
mod mc_check;
mod messages;
pub mod praliases;
mod process;
pub mod newaliases;
pub mod modes;
mod logs;
mod output;
mod personality;
mod progress;
mod quarantine;
pub mod queue;
mod queue_flags;
mod queue_run;
mod replay;
mod rights;
pub mod rmail;
mod show;
pub mod smrsh;
pub mod rewrite;
pub mod sendmail;
pub mod smtp;
mod start;
mod status;
mod submission;
pub mod submit;
mod supervise;
mod test;
pub mod unpack;
pub mod vacation;
mod verify;
pub mod site;
pub mod testmode;
pub mod tryout;
mod version;
mod waiting;
mod why;

pub use personality::Personality;

use crate::diag::nearest;
use crate::sys::identity;
use clap::CommandFactory;
use personality::find;
use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// Every name, in the order in which `canonify` lists them. One row per personality.
pub const PERSONALITIES: &[Personality] = &[
    Personality {
        name: "sendmail",
        entry: sendmail::main,
        keeps_group: true,
        about: "send mail, run the daemon, test addresses",
        command: manual::sendmail,
    },
    Personality {
        name: "mailq",
        entry: sendmail::main,
        keeps_group: true,
        about: "print the mail queue (sendmail -bp)",
        command: manual::mailq,
    },
    Personality {
        name: "newaliases",
        entry: sendmail::main,
        keeps_group: true,
        about: "rebuild the alias databases (sendmail -bi)",
        command: manual::newaliases,
    },
    Personality {
        name: "hoststat",
        entry: sendmail::main,
        keeps_group: true,
        about: "print host status (sendmail -bh)",
        command: manual::hoststat,
    },
    Personality {
        name: "purgestat",
        entry: sendmail::main,
        keeps_group: true,
        about: "remove host status (sendmail -bH)",
        command: manual::purgestat,
    },
    Personality {
        name: "smtpd",
        entry: sendmail::main,
        keeps_group: false,
        about: "run the daemon (sendmail -bd)",
        command: manual::smtpd,
    },
    Personality {
        name: "m4",
        entry: m4::main,
        keeps_group: false,
        about: "GNU m4's command line, as far as .mc work needs it",
        command: m4::command,
    },
    Personality {
        name: "mc",
        entry: mc::main,
        keeps_group: false,
        about: "turn a .mc into a .cf with the built-in library",
        command: <mc::Arguments as CommandFactory>::command,
    },
    Personality {
        name: "makemap",
        entry: makemap::main,
        keeps_group: false,
        about: "make a database from text, as sendmail's makemap",
        command: makemap::command,
    },
    Personality {
        name: "editmap",
        entry: editmap::main,
        keeps_group: false,
        about: "ask for, set or remove one key of a database",
        command: editmap::command,
    },
    Personality {
        name: "praliases",
        entry: praliases::main,
        keeps_group: false,
        about: "print alias databases",
        command: praliases::command,
    },
    Personality {
        name: "mailstats",
        entry: mailstats::main,
        keeps_group: false,
        about: "print how many messages came and went, by mailer",
        command: mailstats::command,
    },
    Personality {
        name: "mail.local",
        entry: mail_local::main,
        keeps_group: false,
        about: "store mail in mailboxes, also by LMTP",
        command: mail_local::command,
    },
    Personality {
        name: "smrsh",
        entry: smrsh::main,
        keeps_group: false,
        about: "run a command of the directory /etc/mail/smrsh, and no other",
        command: smrsh::command,
    },
    Personality {
        name: "rmail",
        entry: rmail::main,
        keeps_group: false,
        about: "hand mail that came by UUCP to sendmail",
        command: rmail::command,
    },
    Personality {
        name: "vacation",
        entry: vacation::main,
        keeps_group: false,
        about: "answer mail while its reader is away",
        command: vacation::command,
    },
    Personality {
        name: "rewrite",
        entry: rewrite::main,
        keeps_group: false,
        about: "rewrite addresses from standard input, one to a line",
        command: <rewrite::Arguments as CommandFactory>::command,
    },
    Personality {
        name: "explain",
        entry: explain::main,
        keeps_group: false,
        about: "say what happens to mail for an address, and which lines make it so",
        command: <explain::Arguments as CommandFactory>::command,
    },
    Personality {
        name: "cover",
        entry: cover::main,
        keeps_group: false,
        about: "say which rules run, how often and how long, and which never do",
        command: <cover::Arguments as CommandFactory>::command,
    },
    Personality {
        name: "lint",
        entry: lint::main,
        keeps_group: false,
        about: "say what is wrong with a configuration, its maps, aliases and files",
        command: <lint::Arguments as CommandFactory>::command,
    },
    Personality {
        name: "test",
        entry: test::main,
        keeps_group: false,
        about: "put the questions of a test file to a configuration, and compare the answers",
        command: <test::Arguments as CommandFactory>::command,
    },
    Personality {
        name: "diff",
        entry: diff::main,
        keeps_group: false,
        about: "say what changes between two configurations, and which edit changes it",
        command: <diff::Arguments as CommandFactory>::command,
    },
    Personality {
        name: "why",
        entry: why::main,
        keeps_group: false,
        about: "say why something is refused, and which single change would allow it",
        command: <why::Arguments as CommandFactory>::command,
    },
    Personality {
        name: "replay",
        entry: replay::main,
        keeps_group: false,
        about: "say what would become of the mail in a log under another configuration",
        command: <replay::Arguments as CommandFactory>::command,
    },
    Personality {
        name: "status",
        entry: status::main,
        keeps_group: false,
        about: "say what the daemon is doing, and what it has given up",
        command: <status::Arguments as CommandFactory>::command,
    },
    Personality {
        name: "auth",
        entry: auth::main,
        keeps_group: false,
        about: "try a log-in, and say which step fails",
        command: <auth::Arguments as CommandFactory>::command,
    },
    Personality {
        name: "ask-pam",
        entry: ask_pam::main,
        keeps_group: false,
        about: "ask PAM about one password, for the daemon",
        command: <ask_pam::Arguments as CommandFactory>::command,
    },
    Personality {
        name: "queue",
        entry: queue::main,
        keeps_group: false,
        about: "put what the queue's journal holds into queue files",
        command: <queue::Arguments as CommandFactory>::command,
    },
    Personality {
        name: "install",
        entry: install,
        keeps_group: false,
        about: "take the place of the system's sendmail, or give it back",
        command: <install::Arguments as CommandFactory>::command,
    },
    Personality {
        name: "man",
        entry: manual_pages,
        keeps_group: false,
        about: "print or write manual pages",
        command: <manual::Pages as CommandFactory>::command,
    },
    Personality {
        name: "completions",
        entry: completions,
        keeps_group: false,
        about: "print what a shell needs to complete a command line",
        command: <manual::Completions as CommandFactory>::command,
    },
    Personality {
        name: "try",
        entry: tryout::main,
        keeps_group: false,
        about: "see it work: a site in a scratch directory, four messages",
        command: <tryout::Arguments as CommandFactory>::command,
    },
];

impl Personality {
    /// Says what its command line is, where that was asked for and nothing else. sendmail's own take the word as the end of flags:
    /// `newaliases --help` would build what was only asked about. m4 has a text of its own, and who reads with clap is asked by it.
    fn help(&self, args: &[OsString]) -> Option<ExitCode> {
        let [_, word] = args else { return None };
        let mut command = (self.command)();
        let unhelped = command.is_disable_help_flag_set() && self.name != "m4";
        let text = (word == "--help" && unhelped).then(|| command.render_long_help().to_string())?;
        Some(print(&mut std::io::stdout(), &text, 0))
    }

    /// Runs it; argv[0] is the caller's to choose, so borrowed rights go before anything is read.
    fn start(&self, args: Vec<OsString>) -> ExitCode {
        if let Some(ended) = self.help(&args) {
            return ended;
        }
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

/// Those that must know of all names.
fn install(args: Vec<OsString>) -> ExitCode {
    install::main(args, PERSONALITIES)
}

fn manual_pages(args: Vec<OsString>) -> ExitCode {
    manual::pages_main(args, PERSONALITIES)
}

fn completions(args: Vec<OsString>) -> ExitCode {
    manual::completions_main(args, PERSONALITIES)
}

/// Entry of the binary.
pub fn main() -> ExitCode {
    let mut args: Vec<OsString> = std::env::args_os().collect();
    let called = args.first().and_then(|name| Path::new(name).file_name());
    if let Some(row) = called.and_then(|name| find(PERSONALITIES, name)) {
        return row.start(args);
    }
    if let Some(row) = args.get(1).and_then(|name| find(PERSONALITIES, name)) {
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
