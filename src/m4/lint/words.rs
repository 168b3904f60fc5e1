//! Names: macros that are none, defines that nothing reads, names out of use.

use std::collections::BTreeSet;

use super::tables::{DEFINES, MACROS, OBSOLETE, conf_names, is_conf};
use super::{Edit, Lint, Remedy};
use crate::diag::Severity::{Error, Warning};
use crate::diag::nearest;
use crate::m4::library::{EMBEDDED, library_texts};
use crate::m4::scan::Written;

/// A word in capitals with arguments at the beginning of a line that is no macro, but nearly one.
pub(super) fn misspelled(lint: &mut Lint<'_>) {
    const LOWER: &[&str] = &["undefine", "include", "sinclude", "divert", "undivert", "ifdef", "ifelse"];
    let survey = lint.survey;
    let suspects: Vec<&Written> =
        survey.calls.iter().filter(|call| call.first && call.called() && !call.known).collect();
    if suspects.is_empty() {
        return;
    }
    let names = (lint.names)();
    let others = names.iter().map(String::as_str).filter(|name| {
        name.len() > 3
            && !name.starts_with('_')
            && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
    });
    let known: BTreeSet<&str> =
        others.chain(LOWER.iter().copied()).chain(MACROS.iter().map(|row| row.0)).collect();
    // A macro that is not defined has its reason elsewhere: the library was not read.
    let is_none = |call: &&&Written| MACROS.binary_search_by_key(&&*call.name, |row| row.0).is_err();
    for call in suspects.iter().filter(is_none) {
        let near = nearest(&call.name, known.iter().copied());
        let Some(meant) = near.first() else { continue };
        let message = format!("`{}' is not a macro: the line goes into the cf as it stands", call.name);
        let help = format!("did you mean {meant}?");
        let edit = Edit::new(call.at, call.at + call.name.len(), *meant);
        let remedy = match meant.eq_ignore_ascii_case(&call.name) {
            true => Remedy::Sure(vec![edit]),
            false => Remedy::Guess(vec![edit]),
        };
        lint.mend(Error, call.at, message, help, remedy);
    }
}

/// `dnlFEATURE(…)`, `LOCAL_CONFIGdnl`.
pub(super) fn glued(lint: &mut Lint<'_>) {
    for (at, end) in &lint.survey.glued {
        let word = String::from_utf8_lossy(&lint.text[*at..*end]).into_owned();
        let message = format!("m4 sees one word here, `{word}', and no dnl");
        let cut = if word.starts_with("dnl") { at + 3 } else { end - 3 };
        let begins = word.starts_with("dnl");
        let other = if begins { &word[3..] } else { &word[..word.len() - 3] };
        if !begins && !super::is_statement(other) {
            continue;
        }
        let help = match begins {
            true => format!("write a blank after dnl: dnl {other}"),
            false => format!("write dnl on a line of its own, or {other}dnl as {other} and a new line"),
        };
        let with = if begins { " " } else { "`'" };
        lint.mend(Error, *at, message, help, Remedy::Sure(vec![Edit::new(cut, cut, with)]));
    }
}

/// `define(`confTYPO', …)`: nothing reads it.
pub(super) fn unread_defines(lint: &mut Lint<'_>) {
    let mut known: Option<BTreeSet<String>> = None;
    let survey = lint.survey;
    for call in survey.calls.iter().filter(|call| call.name == "define") {
        let name = call.text(0);
        let whole = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !whole
            || name.starts_with('_')
            || !name.starts_with("conf") && DEFINES.binary_search(&name).is_ok()
        {
            continue;
        }
        let read = call.called() || call.standing == crate::m4::scan::Standing::Conditional;
        if !read || is_conf(name) {
            continue;
        }
        let known = known.get_or_insert_with(|| {
            conf_names().chain(DEFINES.iter().map(|name| (*name).to_owned())).collect()
        });
        if !known.contains(name) && !mentioned(lint, name) {
            unread(lint, call, name, known);
        }
    }
}

fn unread(lint: &mut Lint<'_>, call: &Written, name: &str, known: &BTreeSet<String>) {
    let at = call.arguments.as_ref().and_then(|all| all.first()).map_or(call.at, |argument| argument.at);
    let at = at + usize::from(matches!(lint.text.get(at), Some(b'`' | b'\'' | b'"')));
    let with_conf = format!("conf{name}");
    let without = name.strip_prefix("conf").unwrap_or(name);
    let longer = || known.iter().map(String::as_str).filter(|other| other.starts_with(name)).take(3);
    let near = match (known.contains(&with_conf), known.contains(without)) {
        (true, _) => vec![with_conf.as_str()],
        (_, true) => vec![without],
        _ => nearest(name, known.iter().map(String::as_str)).into_iter().take(1).collect(),
    };
    let near = if near.is_empty() && name.len() > 6 { longer().collect() } else { near };
    // A site may define what it likes for itself; what looks like one of ours is a slip.
    let Some(meant) = near.first() else {
        if name.starts_with("conf") {
            lint.add(Warning, at, format!("nothing reads `{name}'"), "no name of the library is like it");
        }
        return;
    };
    let here = lint.text[at..].starts_with(name.as_bytes());
    let remedy = match here && meant.eq_ignore_ascii_case(name) {
        true => Remedy::Sure(vec![Edit::new(at, at + name.len(), *meant)]),
        false => Remedy::None,
    };
    let help = format!("did you mean {}?", near.join(" or "));
    lint.mend(Warning, at, format!("nothing reads `{name}'"), help, remedy);
}

/// Does the site's text or the library have this word anywhere else?
fn mentioned(lint: &Lint<'_>, name: &str) -> bool {
    let finder = memchr::memmem::Finder::new(name);
    if finder.find_iter(lint.text).filter(|at| is_whole(lint.text, *at, name.len())).count() > 1 {
        return true;
    }
    let has = |text: &[u8]| finder.find_iter(text).any(|at| is_whole(text, at, name.len()));
    EMBEDDED.iter().any(|(_, text)| has(text)) || library_texts(lint.files).iter().any(|text| has(text))
}

fn is_whole(text: &[u8], at: usize, length: usize) -> bool {
    let word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    !word(at.checked_sub(1).and_then(|before| text.get(before))) && !word(text.get(at + length))
}

/// Names that sendmail has given up.
pub(super) fn obsolete(lint: &mut Lint<'_>) {
    let survey = lint.survey;
    for call in survey.calls.iter().filter(|call| call.name == "define" && call.called()) {
        let Some((name, help)) = OBSOLETE.iter().find(|row| row.0 == call.text(0)) else { continue };
        lint.add(Warning, call.at, format!("`{name}' is out of use"), *help);
    }
}
