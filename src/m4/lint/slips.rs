//! Quotes and `dnl` that m4 takes for something else, and bytes that do not belong into a .mc.

use super::mistakes::{Edit, Lint, Remedy};
use crate::diag::Severity::{Error, Notice, Warning};
use crate::m4::quotes::Odd;
use crate::m4::scan::Slip;

const QUOTES: &str = "m4 quotes begin with ` (backquote) and end with ' (apostrophe)";

/// What the look at the text stumbled over.
pub(super) fn check(lint: &mut Lint<'_>) {
    for slip in &lint.survey.slips {
        match slip {
            Slip::Misquote { quotes, comment } => misquote(lint, quotes, *comment),
            Slip::Unclosed { at, close } => {
                let help = "every ` needs its ' ; m4 reads on to the end of the file without it";
                let remedy = Remedy::Guess(vec![Edit::new(*close, *close, "'")]);
                lint.mend(Error, *at, "this quoted text is never closed", help, remedy);
            }
            Slip::Apostrophe { at } => {
                let help = "write it without the apostrophe, or keep it in changequote([, ])...changequote";
                lint.add(Error, *at, "this apostrophe closes the quoted text", help);
            }
            Slip::OpenCall { at, close } => {
                let help = "a closing parenthesis is missing, or stands inside a quoted text";
                let remedy = Remedy::Guess(vec![Edit::new(*close, *close, ")")]);
                lint.mend(Error, *at, "the arguments of this macro never end", help, remedy);
            }
            Slip::NotDnlAfter { at, end } | Slip::NotDnlComment { at, end } => {
                let message = format!("`{}' is not dnl: the line goes into the cf", shown(lint, *at, *end));
                let remedy = Remedy::Sure(vec![Edit::new(*at, *end, "dnl")]);
                lint.mend(Error, *at, message, "write dnl (with the letter l)", remedy);
            }
            Slip::NotDnlBefore { at, end } => not_dnl_before(lint, *at, *end),
        }
    }
}

fn shown(lint: &Lint<'_>, at: usize, end: usize) -> String {
    String::from_utf8_lossy(&lint.text[at..end]).into_owned()
}

fn not_dnl_before(lint: &mut Lint<'_>, at: usize, end: usize) {
    let blanks = lint.text[end..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let message = format!("`{}' is not dnl: m4 calls the macro behind it", shown(lint, at, end));
    let help = "a comment: write dnl (--fix=comment); in force: take it away (--fix=activate)";
    let remedy = Remedy::Either {
        comment: vec![Edit::new(at, end, "dnl")],
        activate: vec![Edit::new(at, end + blanks, "")],
    };
    lint.mend(Error, at, message, help, remedy);
}

/// All quotes of one call; the first wrong one is pointed at.
fn misquote(lint: &mut Lint<'_>, quotes: &[(usize, usize, Odd, bool)], comment: bool) {
    let right = |opens: bool, kind: Odd| kind == Odd::Straight && !opens;
    let wrong: Vec<_> = quotes.iter().filter(|(_, _, kind, opens)| !right(*opens, *kind)).collect();
    let Some((at, _, kind, opens)) = wrong.first().copied().copied() else { return };
    let edits = wrong
        .iter()
        .map(|(at, length, _, opens)| Edit::new(*at, at + length, if *opens { "`" } else { "'" }));
    let remedy = Remedy::Sure(edits.collect());
    let what = match (kind, opens) {
        (Odd::Straight, _) => "a quoted text cannot begin with '",
        (Odd::Double, true) => "a quoted text cannot begin with \"",
        (Odd::Back, _) => "a quoted text cannot end with `",
        (_, true) => "a typographic quote is no quote for m4",
        (_, false) => "a quoted text cannot end with a typographic quote",
    };
    let more = match wrong.len() {
        1 => String::new(),
        count => format!(" ({count} such quotes in this call)"),
    };
    let (severity, message) = match comment {
        true => (Notice, format!("{what}{more}; in a comment, so nothing comes of it")),
        false => (Error, format!("{what}{more}")),
    };
    lint.mend(severity, at, message, QUOTES, remedy);
}

/// Line ends of another system, marks at the beginning, blanks that are none, no newline at the end.
pub(super) fn odd_bytes(lint: &mut Lint<'_>) {
    let text = lint.text;
    if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
        lint.add(Error, 0, "this file is UTF-16", "save it as plain text (ASCII or UTF-8)");
        return;
    }
    if text.starts_with(b"\xef\xbb\xbf") {
        let remedy = Remedy::Sure(vec![Edit::new(0, 3, "")]);
        lint.mend(
            Error,
            0,
            "a byte order mark at the beginning goes into the cf",
            "save it without one",
            remedy,
        );
    }
    carriage_returns(lint);
    hard_blanks(lint);
    let end = text.len();
    if end == 0 || text.ends_with(b"\n") {
        return;
    }
    let message = match lint.survey.ends_in_dnl {
        true => "the file ends in dnl without a newline",
        false => "the last line has no newline: it runs into what follows it in the cf",
    };
    let remedy = Remedy::Sure(vec![Edit::new(end, end, "\n")]);
    lint.mend(Warning, end - 1, message, "end the file with a newline", remedy);
}

fn carriage_returns(lint: &mut Lint<'_>) {
    let text = lint.text;
    let at: Vec<usize> = memchr::memmem::find_iter(text, b"\r\n").collect();
    let Some(first) = at.first().copied() else { return };
    let remedy = Remedy::Sure(at.iter().map(|at| Edit::new(*at, at + 1, "")).collect());
    let message = format!("{} lines end in CR LF: the CR goes into the cf", at.len());
    lint.mend(Warning, first, message, "save the file with line ends of Unix", remedy);
}

/// No-break spaces inside of calls and before them: m4 knows only blank and tab.
fn hard_blanks(lint: &mut Lint<'_>) {
    if memchr::memchr(0xa0, lint.text).is_none() {
        return;
    }
    let mut edits = Vec::new();
    for call in lint.survey.calls.iter().filter(|call| call.called()) {
        let inside = &lint.text[call.at..call.end];
        edits.extend(memchr::memmem::find_iter(inside, b"\xc2\xa0").map(|at| call.at + at));
    }
    edits.dedup();
    let Some(first) = edits.first().copied() else { return };
    let remedy = Remedy::Sure(edits.iter().map(|at| Edit::new(*at, at + 2, " ")).collect());
    lint.mend(Warning, first, "this is a no-break space", "write an ordinary blank", remedy);
}
