//! DAEMON_OPTIONS: what cannot be, and two that want the same.

use std::net::IpAddr;

use super::mistakes::{Edit, Lint, Remedy};
use crate::diag::Severity::{Error, Notice, Warning};
use crate::m4::scan::{Standing, Written};

/// Keys, of which sendmail looks at the first letter.
const KEYS: &[&str] = &[
    "Addr",
    "DeliveryMode",
    "Family",
    "InputMailFilters",
    "Listen",
    "Modify",
    "M",
    "Name",
    "Port",
    "Receive",
    "Send",
    "children",
];

/// One daemon as the text describes it.
struct Daemon<'s> {
    call: &'s Written,
    name: String,
    port: String,
    address: String,
    inet6: bool,
}

/// All checks on the ports of a site.
pub(super) fn check(lint: &mut Lint<'_>) {
    let survey = lint.survey;
    let mut seen: Vec<Daemon<'_>> = Vec::new();
    for call in &survey.calls {
        if !matches!(call.name.as_str(), "DAEMON_OPTIONS" | "CLIENT_OPTIONS") {
            continue;
        }
        equates(lint, call);
        equates_twice(lint, call, 0);
        if call.name != "DAEMON_OPTIONS" || !call.called() || call.standing == Standing::Conditional {
            continue;
        }
        let daemon = describe(call);
        smtps(lint, &daemon);
        if let Some((other, why)) = seen.iter().find_map(|other| Some((other, clash(other, &daemon)?))) {
            let line = lint.line(other.call.at);
            let help =
                format!("the other is on line {line}: give each a Name and a Port (or Addr) of its own");
            lint.add(Warning, call.at, format!("two DAEMON_OPTIONS with {why}"), help);
        }
        seen.push(daemon);
    }
}

fn value(call: &Written, key: char) -> Option<&str> {
    let all = call.arguments.as_deref().unwrap_or_default();
    // Without quotes around it the value is cut at its commas: that is told elsewhere.
    all.iter().flat_map(|argument| argument.text.split(',')).find_map(|item| {
        let (name, value) = item.trim_matches(['`', '\'', ' ']).split_once('=')?;
        name.trim().starts_with(|first: char| first.eq_ignore_ascii_case(&key)).then_some(value.trim())
    })
}

fn describe(call: &Written) -> Daemon<'_> {
    let port = match value(call, 'P').unwrap_or("smtp") {
        "smtp" => "25",
        "submission" => "587",
        "smtps" | "submissions" => "465",
        other => other,
    };
    Daemon {
        call,
        name: value(call, 'N').unwrap_or("").to_owned(),
        port: port.to_owned(),
        address: value(call, 'A').unwrap_or("").to_owned(),
        inet6: value(call, 'F').is_some_and(|family| family.eq_ignore_ascii_case("inet6")),
    }
}

/// The port of SMTP over TLS without the modifier that begins TLS.
fn smtps(lint: &mut Lint<'_>, daemon: &Daemon<'_>) {
    let modifiers = value(daemon.call, 'M');
    if daemon.port != "465" || modifiers.is_some_and(|modifiers| modifiers.contains('s')) {
        return;
    }
    let help = match modifiers {
        Some(modifiers) => format!("write M={modifiers}s"),
        None => "add M=s".to_owned(),
    };
    let message = "port 465 is for TLS from the first byte, and this one speaks plain SMTP";
    lint.add(Warning, daemon.call.at, message, help);
}

fn clash(one: &Daemon<'_>, other: &Daemon<'_>) -> Option<String> {
    if !one.name.is_empty() && one.name.eq_ignore_ascii_case(&other.name) {
        return Some(format!("Name={}", other.name));
    }
    let port = (&one.port, &one.address, one.inet6) == (&other.port, &other.address, other.inet6);
    port.then(|| format!("port {}", other.port))
}

/// The library adds port 587 by itself unless it is told not to.
pub(super) fn submission_twice(lint: &mut Lint<'_>) {
    let survey = lint.survey;
    let without = survey.calls.iter().any(|call| {
        call.name == "FEATURE"
            && call.standing != Standing::Comment
            && matches!(call.text(0), "no_default_msa" | "msp" | "nullclient")
    });
    // A DOMAIN, a HACK or another file may say so as well.
    let elsewhere = survey.calls.iter().any(|call| {
        matches!(call.name.as_str(), "DOMAIN" | "HACK" | "sinclude")
            || call.name == "include" && !crate::m4::scan::is_library_entry(call)
    });
    if without || elsewhere {
        return;
    }
    let daemons = survey.called("DAEMON_OPTIONS").filter(|call| call.standing != Standing::Conditional);
    for daemon in daemons.map(describe).filter(|daemon| daemon.port == "587" && !daemon.inet6) {
        let help = "FEATURE(`no_default_msa') keeps the library from adding its own";
        lint.add(Warning, daemon.call.at, "port 587 twice: the library adds Name=MSA by itself", help);
    }
}

/// Items that are no `Key=value`.
fn equates(lint: &mut Lint<'_>, call: &Written) {
    let Some(argument) = call.arguments.as_ref().and_then(|all| all.first()) else { return };
    let text = lint.text;
    let mut start = argument.at;
    for item in text[argument.at..argument.end].split(|byte| *byte == b',') {
        let around = |byte: &&u8| b"`' \t\n\"".contains(byte);
        let (before, behind) =
            (item.iter().take_while(around).count(), item.iter().rev().take_while(around).count());
        let at = start + before;
        start += item.len() + 1;
        let trimmed = item.get(before..item.len() - behind).unwrap_or_default();
        let plain = trimmed.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
        // bytes of other sets have no place here; what they do is told elsewhere
        let Some(trimmed) = std::str::from_utf8(trimmed).ok().filter(|_| plain && argument.quoted) else {
            continue;
        };
        if trimmed.is_empty() || trimmed.contains(['=', '(']) {
            continue;
        }
        let letters = trimmed.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (key, rest) = trimmed.split_at(letters);
        let comment = call.standing == Standing::Comment;
        let severity = if comment { Notice } else { Error };
        let note = if comment { "; in a comment, so nothing comes of it" } else { "" };
        let message = format!("`{trimmed}' is no Key=value{note}");
        match meant(key, rest) {
            Some(value) => {
                let text = format!("{key}={value}");
                let remedy = Remedy::Sure(vec![Edit::new(at, at + trimmed.len(), text.clone())]);
                lint.mend(severity, at, message, format!("write {text}"), remedy);
            }
            None => lint.add(severity, at, message, "items are Key=value, with commas between them"),
        }
    }
}

/// The value behind a known key and something that is no `=`.
fn meant(key: &str, rest: &str) -> Option<String> {
    let known = KEYS.iter().any(|known| known.eq_ignore_ascii_case(key));
    if !known || rest.is_empty() {
        return None;
    }
    if key.eq_ignore_ascii_case("Addr") {
        let parts = (0..rest.len()).filter_map(|skip| rest.get(skip..));
        return parts.take(8).find(|part| part.parse::<IpAddr>().is_ok()).map(str::to_owned);
    }
    let value = rest.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    (!value.is_empty()).then(|| value.to_owned())
}

/// Filters and queue groups: their items stand in the second argument.
pub(super) fn equates_of_filters(lint: &mut Lint<'_>) {
    let survey = lint.survey;
    for call in &survey.calls {
        if matches!(call.name.as_str(), "INPUT_MAIL_FILTER" | "MAIL_FILTER" | "QUEUE_GROUP") {
            equates_twice(lint, call, 1);
        }
    }
}

/// The letter by which sendmail knows a key of these items.
fn letter(call: &str, key: &str) -> Option<u8> {
    let first = *key.trim().as_bytes().first()?;
    let ports = matches!(call, "DAEMON_OPTIONS" | "CLIENT_OPTIONS");
    Some(if ports && b"afilmnps".contains(&first) { first.to_ascii_uppercase() } else { first })
}

/// One key with two values, and values in which another key stands: the comma before it is missing.
fn equates_twice(lint: &mut Lint<'_>, call: &Written, index: usize) {
    let Some(argument) = call.arguments.as_ref().and_then(|all| all.get(index)) else { return };
    if !call.called() || !argument.quoted {
        return;
    }
    let text = argument.text.trim_matches(['`', '\'']);
    let items: Vec<&str> = text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect();
    let (mut groups, mut again): (Vec<Vec<&str>>, Vec<&str>) = (vec![Vec::new()], Vec::new());
    for item in items {
        let Some((key, value)) = item.split_once('=') else {
            no_equate(lint, call, item, text);
            continue;
        };
        missing_comma(lint, argument.at, item, value);
        let same = |other: &&str| letter(&call.name, other) == letter(&call.name, key);
        if groups.iter().flatten().any(same) && !again.contains(&key.trim()) {
            again.push(key.trim());
        }
        if groups.last().is_some_and(|group| group.iter().any(same)) {
            groups.push(Vec::new());
        }
        groups.last_mut().expect("never empty").push(item);
    }
    if again.is_empty() {
        return;
    }
    let verb = if again.len() == 1 { "is" } else { "are" };
    let message = format!("`{}' {verb} given twice: only the last value counts", again.join("' and `"));
    let calls: Vec<String> =
        groups.iter().map(|group| format!("{}(`{}')", call.name, group.join(", "))).collect();
    let is_name = |item: &&str| letter(&call.name, item) == Some(b'N');
    let named = groups.iter().all(|group| group.iter().any(is_name));
    let help = match call.name.as_str() {
        "DAEMON_OPTIONS" | "CLIENT_OPTIONS" if named => format!("write {}", calls.join("dnl and ")),
        _ => "keep one of the two".to_owned(),
    };
    lint.add(Warning, call.at, message, help);
}

/// An item of a filter that is none: as a rule a timeout behind a comma. (Those of daemons are told of elsewhere.)
fn no_equate(lint: &mut Lint<'_>, call: &Written, item: &str, text: &str) {
    if call.name.ends_with("MAIL_FILTER") {
        let right = timeouts(text);
        let help = match right == text {
            true => "items are S=, F= and T=, with commas between them".to_owned(),
            false => format!("timeouts have semicolons between them: write `{right}'"),
        };
        lint.add(Error, call.at, format!("`{item}' is no Key=value"), help);
    }
}

/// `T=S:30s,R:2m` with the semicolons that belong there.
pub(super) fn timeouts(text: &str) -> String {
    let mut right = text.to_owned();
    for letter in ["C", "S", "R", "E"] {
        for comma in [", ", ","] {
            right = right.replace(&format!("{comma}{letter}:"), &format!(";{letter}:"));
        }
    }
    right
}

/// `Port=smtp Addr=127.0.0.1`
fn missing_comma(lint: &mut Lint<'_>, from: usize, item: &str, value: &str) {
    let next = value.split_ascii_whitespace().skip(1).find(|word| {
        let key = word.split_once('=').map_or("", |(key, _)| key);
        !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphabetic())
    });
    let Some(next) = next else { return };
    let Some(start) = memchr::memmem::find(&lint.text[from..], item.as_bytes()) else { return };
    let Some(within) = item.find(next) else { return };
    let blanks = item[..within].len() - item[..within].trim_end().len();
    let at = from + start + within - blanks;
    let remedy = Remedy::Sure(vec![Edit::new(at, at, ",")]);
    let message = format!("a comma is missing before `{next}'");
    lint.mend(Error, from + start + within, message, "write a comma between the items", remedy);
}
