//! Changes that may allow what is refused: one entry of a table, one line of a .mc more, or one less.
//!
//! These are tries and no promises: [`super::why`] asks again with each, and keeps those that help.

use super::side::Entry;
use super::wish::Wish;

/// One change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Remedy {
    /// An entry of a map, there or changed.
    Entry(Entry),
    /// A line before the mailers of a .mc, or at the end of a cf.
    Line(String),
    /// The line with this index goes.
    Without(usize),
}

/// Entries by the kind of question that was refused: map, key, value. `{name}` stands for what is known of it.
const ENTRIES: &[(&str, &str, &str, &str)] = &[
    ("connect", "access", "Connect:{ip}", "OK"),
    ("mail", "access", "From:{sender}", "OK"),
    ("mail", "access", "From:{sender domain}", "OK"),
    ("rcpt", "access", "To:{recipient domain}", "RELAY"),
    ("rcpt", "access", "Connect:{ip}", "RELAY"),
    ("rcpt", "access", "To:{recipient}", "OK"),
    ("route", "virtuser", "{recipient}", "postmaster"),
    ("route", "virtuser", "{recipient}", "root"),
];

/// Lines of a .mc by the kind of question that was refused.
const LINES: &[(&str, &str)] = &[
    ("mail", "FEATURE(`accept_unresolvable_domains')dnl"),
    ("mail", "FEATURE(`accept_unqualified_senders')dnl"),
    ("rcpt", "RELAY_DOMAIN(`{recipient domain}')dnl"),
    ("rcpt", "RELAY_DOMAIN(`{ip}')dnl"),
    ("rcpt", "LOCAL_DOMAIN(`{recipient domain}')dnl"),
    ("route", "LOCAL_DOMAIN(`{recipient domain}')dnl"),
    ("form", "MASQUERADE_AS(`{wanted domain}')dnl"),
    ("form", "MASQUERADE_DOMAIN(`{sender domain}')dnl"),
    ("form", "FEATURE(`masquerade_envelope')dnl"),
    ("form", "FEATURE(`masquerade_entire_domain')dnl"),
    ("form", "FEATURE(`always_add_domain')dnl"),
];

/// The same for a cf.
const CF_LINES: &[(&str, &str)] = &[
    ("rcpt", "CR{recipient domain}"),
    ("rcpt", "CR{ip}"),
    ("rcpt", "Cw{recipient domain}"),
    ("route", "Cw{recipient domain}"),
    ("form", "DM{wanted domain}"),
    ("form", "CM{sender domain}"),
];

/// What forbids something: a line with one of these is tried without it.
const FORBIDDING: &[&str] = &[
    "EXPOSED_USER(",
    "EXPOSED_USER_FILE(",
    "MASQUERADE_EXCEPTION(",
    "FEATURE(`blocklist_recipients'",
    "FEATURE(`block_bad_helo'",
    "FEATURE(`badmx'",
    "FEATURE(`dnsbl'",
    "FEATURE(`enhdnsbl'",
    "FEATURE(`limited_masquerade'",
    "FEATURE(`local_no_masquerade'",
    "FEATURE(`nouucp'",
    "FEATURE(`relay_hosts_only'",
    "FEATURE(`require_rdns'",
];

/// Changes worth a try for the kinds of question that were refused. `found`: entries that were looked up on the way, with what they said.
pub(super) fn remedies(kinds: &[&str], wish: &Wish, file: &str, text: &[u8], found: &[Entry]) -> Vec<Remedy> {
    let mut tries = Vec::new();
    for entry in found.iter().filter(|entry| entry.map.eq_ignore_ascii_case("access")) {
        let value = if kinds.contains(&"rcpt") { "RELAY" } else { "OK" };
        tries.push(Remedy::Entry(Entry { value: value.to_owned(), ..entry.clone() }));
    }
    let rows = ENTRIES.iter().filter(|(of, ..)| kinds.contains(of));
    let entries = rows.filter_map(|(_, map, key, value)| {
        let (map, value) = ((*map).to_owned(), (*value).to_owned());
        Some(Remedy::Entry(Entry { map, key: filled(key, wish)?, value }))
    });
    tries.extend(entries);
    let is_mc = file.ends_with(".mc");
    let lines = if is_mc { LINES } else { CF_LINES };
    let lines = lines.iter().filter(|(of, _)| kinds.contains(of));
    tries.extend(lines.filter_map(|(_, line)| Some(Remedy::Line(filled(line, wish)?))));
    if is_mc {
        let text = String::from_utf8_lossy(text);
        let forbids = |line: &str| FORBIDDING.iter().any(|word| line.trim_start().starts_with(word));
        let indices = text.lines().enumerate().filter(|(_, line)| forbids(line)).map(|(index, _)| index);
        tries.extend(indices.map(Remedy::Without));
    }
    let mut once = Vec::new();
    for one in tries {
        if !once.contains(&one) {
            once.push(one);
        }
    }
    once
}

/// A pattern with what is known in it; `None` where that is not known.
fn filled(pattern: &str, wish: &Wish) -> Option<String> {
    let Some((before, rest)) = pattern.split_once('{') else { return Some(pattern.to_owned()) };
    let (name, after) = rest.split_once('}')?;
    Some(format!("{before}{}{after}", wish.part(name)?))
}

/// The text with the change; that of an entry is the same.
pub(super) fn changed(remedy: &Remedy, text: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(text).into_owned();
    match remedy {
        Remedy::Entry(_) => text.into_bytes(),
        Remedy::Line(line) => {
            let at =
                text.find("MAILER(").map_or(text.len(), |at| text[..at].rfind('\n').map_or(0, |end| end + 1));
            format!("{}{line}\n{}", &text[..at], &text[at..]).into_bytes()
        }
        Remedy::Without(index) => {
            let lines = text.split_inclusive('\n').enumerate().filter(|(at, _)| at != index);
            lines.map(|(_, line)| line).collect::<String>().into_bytes()
        }
    }
}
