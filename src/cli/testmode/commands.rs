//! The commands, as rows.

use super::shell::Shell;
use super::{debugging, headers, hosts, mail, names, rulesets};
use crate::addr::{trim_end, trim_start};
use std::sync::Arc;

/// Commands known by their first character.
pub(super) struct Prefix {
    pub first: u8,
    /// Gets the rest of the line.
    pub run: fn(&mut Shell, &[u8]),
}

/// A command that begins with a slash.
pub(super) struct Slash {
    pub word: &'static str,
    /// Printed when the argument is missing; empty if there need not be one.
    pub usage: &'static str,
    /// Gets the argument.
    pub run: fn(&mut Shell, &[u8]),
}

impl Slash {
    /// The word as it is typed, with a blank where an argument follows.
    pub fn typed(&self) -> String {
        format!("{}{}", self.word, if self.usage.is_empty() { "" } else { " " })
    }
}

pub(super) const PREFIXES: &[Prefix] = &[
    Prefix { first: b'.', run: names::dot },
    Prefix { first: b'=', run: rulesets::list },
    Prefix { first: b'-', run: debug },
    Prefix { first: b'$', run: names::show },
    Prefix { first: b'?', run: |shell, _| headers::help(shell) },
    Prefix { first: b'/', run: slash },
];

pub(super) const SLASHES: &[Slash] = &[
    Slash { word: "quit", usage: "", run: |shell, _| shell.over = true },
    Slash { word: "canon", usage: "address", run: hosts::canon },
    Slash { word: "mx", usage: "address", run: hosts::mx },
    Slash { word: "map", usage: "mapname key", run: hosts::map },
    Slash { word: "parse", usage: "address", run: mail::parse },
    Slash { word: "try", usage: "mailer address", run: mail::attempt },
    Slash { word: "tryflags", usage: "[Hh|Ee][Ss|Rr]", run: mail::try_flags },
    Slash { word: "expand", usage: "string", run: mail::expand_text },
    Slash { word: "sender", usage: "", run: mail::sender },
    Slash { word: "header", usage: "", run: headers::header },
    Slash { word: "gethostbyname", usage: "", run: hosts::addresses },
];

/// The debugger's, where a person types.
pub(super) const DEBUGGER: &[Slash] = &[
    Slash { word: "break", usage: "", run: debugging::add_break },
    Slash { word: "delete", usage: "breakpoint|all", run: debugging::delete },
    Slash { word: "step", usage: "command", run: debugging::step },
    Slash { word: "back", usage: "", run: |shell, _| debugging::go_back(shell) },
];

fn slash(shell: &mut Shell, rest: &[u8]) {
    let rest = trim_end(rest);
    if rest.is_empty() {
        shell.console.say("Usage: /[canon|map|mx|parse|try|tryflags]");
        if shell.debugging.is_some() {
            shell.console.say(debugging::USAGE);
        }
        return;
    }
    let end = rest.iter().position(|byte| matches!(byte, b' ' | b'\t')).unwrap_or(rest.len());
    let (word, argument) = (&rest[..end], trim_start(&rest[end..]));
    let debugger = shell.debugging.iter().flat_map(|_| DEBUGGER);
    match SLASHES.iter().chain(debugger).find(|row| row.word.as_bytes().eq_ignore_ascii_case(word)) {
        Some(row) if argument.is_empty() && !row.usage.is_empty() => {
            shell.console.say(format!("Usage: /{} {}", row.word, row.usage));
        }
        Some(row) => (row.run)(shell, argument),
        None => shell.console.say([b"Unknown \"/\" command /", word].concat()),
    }
}

/// `-dflags`
fn debug(shell: &mut Shell, rest: &[u8]) {
    match rest.split_first() {
        Some((b'd', flags)) => {
            shell.console.levels.set(flags);
            if shell.console.levels.ansi {
                Arc::make_mut(&mut shell.site.config).names.emphasize();
            }
        }
        Some(_) => shell.console.say([b"Unknown \"-\" command -", rest].concat()),
        None => shell.console.say("Usage: -d{debug arguments}"),
    }
}
