//! Names: macros that are none, names in texts that are nearly right.

use std::collections::BTreeSet;

use super::mistakes::{Edit, Lint, Remedy};
use super::unread::mentioned;
use crate::diag::Severity::{Error, Warning};
use crate::diag::nearest;
use crate::m4::scan::Written;
use crate::m4::vocabulary::{DEFINES, MACROS, conf_names, is_statement};

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
        if !begins && !is_statement(other) {
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

/// Names of the library in the values of defines and in the arguments of FEATUREs that are nearly right:
/// `CERT_DRI/host.cert`.
pub(super) fn in_texts(lint: &mut Lint<'_>) {
    let survey = lint.survey;
    let calls = survey.calls.iter().filter(|call| call.called());
    let calls = calls.filter(|call| matches!(call.name.as_str(), "define" | "FEATURE" | "MAILER"));
    let mut known: Option<BTreeSet<String>> = None;
    for argument in calls.flat_map(|call| call.arguments.iter().flatten().skip(1)) {
        let text = &lint.text[argument.at..argument.end];
        for (at, word) in names_within(text) {
            let known = known.get_or_insert_with(|| {
                let site = (lint.names)().into_iter().filter(|name| !name.starts_with('_'));
                DEFINES.iter().map(|name| (*name).to_owned()).chain(conf_names()).chain(site).collect()
            });
            if known.contains(word) || mentioned(lint, word) {
                continue;
            }
            let near = nearest(word, known.iter().map(String::as_str));
            let Some(meant) = near.first().filter(|meant| one_slip_off(word, meant)) else { continue };
            let message = format!("`{word}' is no name of the library: it stays in the text as it is");
            let remedy =
                Remedy::Guess(vec![Edit::new(argument.at + at, argument.at + at + word.len(), *meant)]);
            lint.mend(Warning, argument.at + at, message, format!("did you mean {meant}?"), remedy);
        }
    }
}

/// Words in capitals with an underscore in them, as names of the library are, but for macros of the cf and
/// literals of programs (`${name}`, `-T<TMPF>`).
fn names_within(text: &[u8]) -> impl Iterator<Item = (usize, &str)> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let starts = (0..text.len()).filter(move |at| {
        is_word(text[*at]) && !at.checked_sub(1).is_some_and(|before| is_word(text[before]))
    });
    starts.filter_map(move |at| {
        let length = text[at..].iter().take_while(|byte| is_word(**byte)).count();
        let word = std::str::from_utf8(&text[at..at + length]).ok()?;
        let capitals = |text: &str| text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        let named =
            word.len() > 5 && word.contains('_') && capitals(word.strip_prefix("conf").unwrap_or(word));
        let bound = at.checked_sub(1).is_some_and(|before| b"{$<-.=".contains(&text[before]));
        (named && !bound && !word.starts_with('_')).then_some((at, word))
    })
}

/// Is it one slip of the fingers away?
pub(super) fn one_slip_off(word: &str, meant: &str) -> bool {
    let sorted = |text: &str| {
        let mut letters: Vec<char> = text.chars().collect();
        letters.sort_unstable();
        letters
    };
    let same = word.bytes().zip(meant.bytes()).take_while(|(one, other)| one == other).count();
    let tail = word.bytes().rev().zip(meant.bytes().rev()).take_while(|(one, other)| one == other).count();
    sorted(word) == sorted(meant) || same + tail + 1 >= word.len().max(meant.len())
}
