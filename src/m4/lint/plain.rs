//! Text that goes into the cf as it stands: rules without tabs, comments that m4 does not know, prose.

use super::mistakes::{Edit, Lint, Remedy};
use crate::diag::Severity::{Error, Warning};
use crate::m4::scan::Plain;
use crate::m4::vocabulary::is_statement;

fn line<'a>(lint: &Lint<'a>, plain: &Plain) -> &'a [u8] {
    lint.text[plain.at..plain.end].trim_ascii_end()
}

/// A rule is cut at its tabs; blanks do not count.
pub(super) fn rules(lint: &mut Lint<'_>) {
    for plain in lint.survey.plain.iter().filter(|plain| plain.first) {
        let text = line(lint, plain);
        let column = lint.survey.place(plain.at).1;
        if column != 1 || text.first() != Some(&b'R') || text.contains(&b'\t') || !text.contains(&b'$') {
            continue;
        }
        let next = lint.text.get(plain.end + 1);
        if matches!(next, Some(b'\t' | b' ')) {
            continue; // the right side is on the next line
        }
        let message = "this rule has no tab: its sides are divided by tabs, not by blanks";
        match gap(text) {
            Some((from, to)) => {
                let remedy = Remedy::Sure(vec![Edit::new(plain.at + from, plain.at + to, "\t")]);
                lint.mend(Error, plain.at + from, message, "write a tab here", remedy);
            }
            None => lint.add(Error, plain.at, message, "write a tab between left and right side"),
        }
    }
}

/// Where the tab was: the first run of several blanks, else the only blank before a right side's sign.
fn gap(text: &[u8]) -> Option<(usize, usize)> {
    let run = |from: usize| text[from..].iter().take_while(|byte| **byte == b' ').count();
    let runs = (1..text.len()).filter(|at| text[*at] == b' ' && text[at - 1] != b' ');
    let long = runs.clone().find(|at| run(*at) > 1);
    let sign = || {
        let mut signs = runs.clone().filter(|at| {
            let after = &text[at + run(*at)..];
            after.starts_with(b"$#")
                || after.starts_with(b"$@ ")
                || after.starts_with(b"$: ")
                || after.starts_with(b"$>")
        });
        let first = signs.next()?;
        Some(first)
    };
    let at = long.or_else(sign)?;
    Some((at, at + run(at)))
}

/// `#` after a call, and macros behind a `#`.
pub(super) fn comments(lint: &mut Lint<'_>) {
    let survey = lint.survey;
    for plain in &survey.plain {
        let text = line(lint, plain);
        if text.first() != Some(&b'#') || plain.first {
            continue;
        }
        let before = survey.calls.iter().rfind(|call| call.end <= plain.at);
        let Some(call) = before.filter(|call| call.called() && lint.line(call.end) == lint.line(plain.at))
        else {
            continue;
        };
        let message = format!("m4 knows no # comments here: this goes into the cf behind {}", call.name);
        let remedy = Remedy::Sure(vec![Edit::new(plain.at, plain.at, "dnl ")]);
        lint.mend(Warning, plain.at, message, "write dnl before it", remedy);
    }
    for call in survey.calls.iter().filter(|call| call.called() && !call.first && is_statement(&call.name)) {
        let number = lint.line(call.at);
        let hash = survey.plain.iter().find(|plain| plain.first && lint.line(plain.at) == number);
        let Some(hash) = hash.filter(|plain| plain.at < call.at && lint.text[plain.at] == b'#') else {
            continue;
        };
        let message = format!("m4 knows no # comments here: it calls {}", call.name);
        let remedy = Remedy::Sure(vec![Edit::new(hash.at, hash.at, "dnl ")]);
        let severity = if (lint.told)(number) { Error } else { Warning };
        lint.mend(severity, call.at, message, "write dnl before the #", remedy);
    }
}

/// Words after a call, and lines of prose, that were meant to be comments.
pub(super) fn prose(lint: &mut Lint<'_>) {
    let survey = lint.survey;
    let (mut sections, mut off) = (false, false);
    let mut calls = survey.calls.iter().filter(|call| call.called()).peekable();
    for plain in &survey.plain {
        while let Some(call) = calls.next_if(|call| call.at < plain.at) {
            sections |= call.name.starts_with("LOCAL_") && call.arguments.is_none()
                || call.name == "MAILER_DEFINITIONS";
            if call.name == "divert" {
                off = call.text(0).trim().starts_with('-');
            } else if crate::m4::scan::is_library_entry(call) {
                off = false;
            }
        }
        if sections || off || !plain.first || !is_prose(line(lint, plain)) {
            continue;
        }
        let remedy = Remedy::Guess(vec![Edit::new(plain.at, plain.at, "dnl ")]);
        lint.mend(
            Warning,
            plain.at,
            "this text goes into the cf as it stands",
            "begin a comment with dnl",
            remedy,
        );
    }
}

/// Words that begin sentences rather than C, T and F lines.
const STARTERS: &[&str] = &[
    "Change",
    "Changed",
    "Check",
    "Comment",
    "Configuration",
    "File",
    "For",
    "From",
    "That",
    "The",
    "Then",
    "There",
    "These",
    "This",
    "To",
    "Turn",
];

/// Several plain words that begin like no line of a cf with words in it.
fn is_prose(text: &[u8]) -> bool {
    let words: Vec<&[u8]> = text.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).collect();
    let plain = |word: &&[u8]| {
        let word = word.strip_suffix(b",").or(word.strip_suffix(b".")).unwrap_or(word);
        !word.is_empty() && word.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'\'')
    };
    let Some(first) = text.first() else { return false };
    // C and T lines are lists of words, F lines may be commands; # is a comment of the cf.
    let list = b"CTF#".contains(first) && !STARTERS.iter().any(|word| words[0] == word.as_bytes());
    words.len() >= 3 && words.iter().take(4).all(plain) && !list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_tab_was() {
        assert_eq!(gap(b"R $* < @ $* .v. > $*    $#procmail $@ $2 $: $1"), Some((20, 24)));
        assert_eq!(gap(b"R$* $@ OK"), Some((3, 4)));
        assert_eq!(gap(b"R$*"), None);
    }

    #[test]
    fn what_prose_is() {
        assert!(is_prose(b"Our mail server, in the cellar"));
        assert!(is_prose(b"This one sends everything away"));
        assert!(!is_prose(b"Troot daemon uucp smmsp"));
        assert!(!is_prose(b"Cwlocalhost one two three"));
        assert!(!is_prose(b"DSrelay.example.net"));
        assert!(!is_prose(b"Kfoo hash /etc/mail/foo"));
    }
}
