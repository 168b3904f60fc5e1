//! Defines that nothing reads, and names to be undefined that there are not.

use std::collections::BTreeSet;

use super::mistakes::{Edit, Lint, Remedy};
use crate::diag::Severity::Warning;
use crate::diag::nearest;
use crate::m4::library::{EMBEDDED, library_texts};
use crate::m4::scan::{Standing, Written};
use crate::m4::vocabulary::{DEFINES, conf_names, is_conf};

/// Every name that the library is known to look at.
fn known_names() -> BTreeSet<String> {
    conf_names().chain(DEFINES.iter().map(|name| (*name).to_owned())).collect()
}

/// Is it a word that could be a name of the library, and is it none?
fn is_strange(name: &str) -> bool {
    let whole = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let known = is_conf(name) || !name.starts_with("conf") && DEFINES.binary_search(&name).is_ok();
    whole && !name.starts_with('_') && !known
}

/// `define(`confTYPO', …)`: nothing reads it.
pub(super) fn defines(lint: &mut Lint<'_>) {
    let mut known: Option<BTreeSet<String>> = None;
    let survey = lint.survey;
    for call in survey.calls.iter().filter(|call| call.name == "define") {
        let name = call.text(0);
        let read = call.called() || call.standing == Standing::Conditional;
        if !read || !is_strange(name) {
            continue;
        }
        let known = known.get_or_insert_with(known_names);
        if !known.contains(name) && !mentioned(lint, name) {
            unread(lint, call, name, known);
        }
    }
}

/// `undefine(`UUCP_RELEAY')`: there is no such name.
pub(super) fn undefines(lint: &mut Lint<'_>) {
    let survey = lint.survey;
    let mut known: Option<BTreeSet<String>> = None;
    for call in survey.called("undefine") {
        let name = call.text(0);
        if !is_strange(name) || (lint.names)().iter().any(|other| other == name) || mentioned(lint, name) {
            continue;
        }
        let known = known.get_or_insert_with(known_names);
        let near = nearest(name, known.iter().map(String::as_str));
        let Some(meant) = near.first() else { continue };
        let at = place_of_name(lint, call);
        let remedy = Remedy::Guess(vec![Edit::new(at, at + name.len(), *meant)]);
        let message = format!("there is no `{name}' to undefine");
        lint.mend(Warning, at, message, format!("did you mean {meant}?"), remedy);
    }
}

/// Where the name that a call is about stands.
fn place_of_name(lint: &Lint<'_>, call: &Written) -> usize {
    let at = call.arguments.as_ref().and_then(|all| all.first()).map_or(call.at, |argument| argument.at);
    at + usize::from(matches!(lint.text.get(at), Some(b'`' | b'\'' | b'"')))
}

fn unread(lint: &mut Lint<'_>, call: &Written, name: &str, known: &BTreeSet<String>) {
    let at = place_of_name(lint, call);
    let near = meant(name, known);
    // A site may define what it likes for itself; what looks like one of ours is a slip.
    let Some(first) = near.first() else {
        if name.starts_with("conf") && !lint.incomplete {
            let help = "no name of the library is like it: take it out, or write what you meant";
            lint.add(Warning, at, format!("nothing reads `{name}'"), help);
        }
        return;
    };
    let here = lint.text[at..].starts_with(name.as_bytes());
    let remedy = match here && first.eq_ignore_ascii_case(name) {
        true => Remedy::Sure(vec![Edit::new(at, at + name.len(), first.as_str())]),
        false => Remedy::None,
    };
    let help = format!("did you mean {}?", near.join(" or "));
    lint.mend(Warning, at, format!("nothing reads `{name}'"), help, remedy);
}

/// Names that somebody may have meant, the likeliest first.
fn meant(name: &str, known: &BTreeSet<String>) -> Vec<String> {
    let with_conf = format!("conf{name}");
    let without = name.strip_prefix("conf").unwrap_or(name);
    if known.contains(&with_conf) {
        return vec![with_conf];
    }
    if known.contains(without) {
        return vec![without.to_owned()];
    }
    let near = nearest(name, known.iter().map(String::as_str));
    if let Some(first) = near.first() {
        return vec![(*first).to_owned()];
    }
    let longer = known.iter().filter(|other| name.len() > 6 && other.starts_with(name));
    let longer: Vec<String> = longer.take(3).cloned().collect();
    if !longer.is_empty() {
        return longer;
    }
    // `confTLS_CACERT': all words of the other are among its own
    let words: Vec<&str> = without.split('_').collect();
    let part = |other: &&String| {
        let Some(rest) = other.strip_prefix("conf").filter(|_| name.starts_with("conf")) else {
            return false;
        };
        rest.len() > 4 && rest.split('_').all(|word| words.contains(&word))
    };
    known.iter().filter(part).max_by_key(|other| other.len()).cloned().into_iter().collect()
}

/// Does the site's text or the library have this word anywhere else?
pub(super) fn mentioned(lint: &Lint<'_>, name: &str) -> bool {
    let finder = memchr::memmem::Finder::new(name);
    if finder.find_iter(lint.text).filter(|at| is_whole(lint.text, *at, name.len())).count() > 1 {
        return true;
    }
    let has = |text: &[u8]| finder.find_iter(text).any(|at| is_whole(text, at, name.len()));
    let others = lint.files.own.iter().map(|file| &file.text[..]).filter(|text| *text != lint.text);
    // a file of the site may define the same name; what counts is who reads it
    let reads = |text: &[u8]| {
        let whole = finder.find_iter(text).filter(|at| is_whole(text, *at, name.len()));
        whole.filter(|at| !text[..*at].ends_with(b"define(`")).count() > 0
    };
    let mut others = others;
    others.any(reads)
        || EMBEDDED.iter().any(|(_, text)| has(text))
        || library_texts(lint.files).iter().any(|text| has(text))
}

fn is_whole(text: &[u8], at: usize, length: usize) -> bool {
    let word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    !word(at.checked_sub(1).and_then(|before| text.get(before))) && !word(text.get(at + length))
}
