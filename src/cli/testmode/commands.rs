//! The commands, as rows.

use super::{Shell, headers, hosts, mail, names, rulesets};

/// Commands known by their first character.
pub(super) struct Prefix {
    pub first: u8,
    /// Gets the rest of the line; false ends the shell.
    pub run: fn(&mut Shell, &[u8]) -> bool,
}

/// A command that begins with a slash.
pub(super) struct Slash {
    pub word: &'static str,
    /// Printed when the argument is missing; empty if there need not be one.
    pub usage: &'static str,
    /// Gets the argument; false ends the shell.
    pub run: fn(&mut Shell, &[u8]) -> bool,
}

pub(super) const PREFIXES: &[Prefix] = &[
    Prefix { first: b'.', run: |shell, rest| go_on(names::define(shell, rest)) },
    Prefix { first: b'=', run: |shell, rest| go_on(rulesets::list(shell, rest)) },
    Prefix { first: b'-', run: |shell, rest| go_on(debug(shell, rest)) },
    Prefix { first: b'$', run: |shell, rest| go_on(names::show(shell, rest)) },
    Prefix { first: b'?', run: |shell, _| go_on(headers::help(shell)) },
    Prefix { first: b'/', run: slash },
];

pub(super) const SLASHES: &[Slash] = &[
    Slash { word: "quit", usage: "", run: |_, _| false },
    Slash { word: "canon", usage: "address", run: |shell, host| go_on(hosts::canon(shell, host)) },
    Slash { word: "mx", usage: "address", run: |shell, host| go_on(hosts::mx(shell, host)) },
    Slash { word: "map", usage: "mapname key", run: |shell, words| go_on(hosts::map(shell, words)) },
    Slash { word: "parse", usage: "address", run: |shell, address| go_on(mail::parse(shell, address)) },
    Slash { word: "try", usage: "mailer address", run: |shell, words| go_on(mail::attempt(shell, words)) },
    Slash {
        word: "tryflags",
        usage: "[Hh|Ee][Ss|Rr]",
        run: |shell, letters| go_on(mail::try_flags(shell, letters)),
    },
    Slash { word: "expand", usage: "string", run: |shell, text| go_on(mail::expand_text(shell, text)) },
    Slash { word: "sender", usage: "", run: |shell, address| go_on(mail::sender(shell, address)) },
    Slash { word: "header", usage: "", run: |shell, line| go_on(headers::header(shell, line)) },
    Slash { word: "gethostbyname", usage: "", run: |shell, host| go_on(hosts::addresses(shell, host)) },
];

fn go_on(_done: ()) -> bool {
    true
}

fn slash(shell: &mut Shell, rest: &[u8]) -> bool {
    let rest = rest.trim_ascii_end();
    if rest.is_empty() {
        shell.console.say("Usage: /[canon|map|mx|parse|try|tryflags]");
        return true;
    }
    let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
    let (word, argument) = (&rest[..end], rest[end..].trim_ascii_start());
    match SLASHES.iter().find(|row| row.word.as_bytes().eq_ignore_ascii_case(word)) {
        Some(row) if argument.is_empty() && !row.usage.is_empty() => {
            shell.console.say(format!("Usage: /{} {}", row.word, row.usage));
            true
        }
        Some(row) => (row.run)(shell, argument),
        None => {
            shell.console.say([b"Unknown \"/\" command /", word].concat());
            true
        }
    }
}

/// `-dflags`
fn debug(shell: &mut Shell, rest: &[u8]) {
    match rest.split_first() {
        Some((b'd', flags)) => shell.console.levels.set(flags),
        Some(_) => shell.console.say([b"Unknown \"-\" command -", rest].concat()),
        None => shell.console.say("Usage: -d{debug arguments}"),
    }
}
