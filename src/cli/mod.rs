//! Personalities, flags, modes and exit codes.
//!
//! In: argv. Out: an exit status. The personality is the last part of argv[0] where that is one of the
//! names in the table, else the first argument. Never here: what a personality does (its own file).

pub mod m4;
pub mod mc;

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
    /// One line for the list of names.
    pub about: &'static str,
}

/// Every name, in the order in which `canonify` lists them. One row per personality.
pub const PERSONALITIES: &[Personality] = &[
    Personality { name: "m4", entry: m4::main, about: "GNU m4's command line, as far as .mc work needs it" },
    Personality { name: "mc", entry: mc::main, about: "turn a .mc into a .cf with the built-in library" },
];

fn find(name: &OsStr) -> Option<&'static Personality> {
    PERSONALITIES.iter().find(|row| name == row.name)
}

/// Entry of the binary.
pub fn main() -> ExitCode {
    let mut args: Vec<OsString> = std::env::args_os().collect();
    let called = args.first().and_then(|name| Path::new(name).file_name());
    if let Some(row) = called.and_then(find) {
        return (row.entry)(args);
    }
    if let Some(row) = args.get(1).and_then(|name| find(name)) {
        args.remove(0);
        return (row.entry)(args);
    }
    list_names(args.get(1).is_some_and(|word| word == "--help"))
}

fn list_names(asked: bool) -> ExitCode {
    let mut text =
        String::from("usage: canonify NAME [argument ...], or a link of that name to canonify\n\n");
    for row in PERSONALITIES {
        text.push_str(&format!("  {:<12} {}\n", row.name, row.about));
    }
    let (written, code) = match asked {
        true => (std::io::stdout().write_all(text.as_bytes()), 0),
        false => (std::io::stderr().write_all(text.as_bytes()), 64),
    };
    ExitCode::from(if written.is_ok() { code } else { 74 })
}
