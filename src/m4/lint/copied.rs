//! Text that went through a web page or is still a template: entities in place of characters, and marks of
//! template languages.

use super::mistakes::{Edit, Lint, Remedy};
use crate::diag::Diagnostic;
use crate::diag::Severity::Error;
use crate::m4::said::Said;

/// Entities of HTML and the characters that they stand for in a .mc.
const ENTITIES: &[(&[u8], &str)] = &[
    (b"&amp;", "&"),
    (b"&lt;", "<"),
    (b"&gt;", ">"),
    (b"&quot;", "\""),
    (b"&apos;", "'"),
    (b"&#39;", "'"),
    (b"&#039;", "'"),
    (b"&#x27;", "'"),
    (b"&rsquo;", "'"),
    (b"&#8217;", "'"),
    (b"&#96;", "`"),
    (b"&#x60;", "`"),
    (b"&grave;", "`"),
    (b"&lsquo;", "`"),
    (b"&#8216;", "`"),
    (b"&nbsp;", " "),
    (b"&#160;", " "),
];

/// `&quot;`, `&#39;` and the like, outside of comments.
pub(super) fn entities(lint: &mut Lint<'_>) {
    let text = lint.text;
    let mut seen: Vec<(usize, &[u8], &str)> = Vec::new();
    for at in memchr::memchr_iter(b'&', text) {
        let Some(row) = ENTITIES.iter().find(|row| text[at..].starts_with(row.0)) else { continue };
        if !is_in_comment(text, at) {
            seen.push((at, row.0, row.1));
        }
    }
    let Some((first, entity, meant)) = seen.first().copied() else { return };
    let more = match seen.len() {
        1 => String::new(),
        count => format!(" ({count} entities in this file)"),
    };
    let message = format!("`{}' is an entity of HTML{more}", String::from_utf8_lossy(entity));
    let help = format!("the text is copied from a web page: write {meant} instead");
    let edits = seen.iter().map(|(at, entity, meant)| Edit::new(*at, at + entity.len(), *meant));
    lint.mend(Error, first, message, help, Remedy::Sure(edits.collect()));
}

/// Does a `dnl` or a leading `#` stand before this place on its line?
pub(super) fn is_in_comment(text: &[u8], at: usize) -> bool {
    let start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |newline| newline + 1);
    let before = &text[start..at];
    let words = before.split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
    before.trim_ascii_start().starts_with(b"#") || words.into_iter().any(|word| word == b"dnl")
}

/// A mark, and whether a byte may follow it.
type Mark = (&'static str, fn(u8) -> bool);

/// How template languages mark what is to be filled in.
const TEMPLATE_MARKS: &[Mark] = &[
    ("{{", |byte| byte == b' ' || byte.is_ascii_alphabetic()),
    ("{%", |byte| matches!(byte, b' ' | b'-')),
    ("<%", |byte| matches!(byte, b' ' | b'-' | b'=')),
    ("@@", |byte| byte.is_ascii_uppercase()),
];

/// How the finding about a template begins.
const IS_TEMPLATE: &str = "this is a template";

/// Is this line of a .mc one that a program has still to fill in?
pub(crate) fn is_template_line(line: &str) -> bool {
    TEMPLATE_MARKS.iter().any(|row| line.contains(row.0))
}

/// Does a finding say that the text is a template?
pub(crate) fn is_about_template(found: &Diagnostic) -> bool {
    found.message.starts_with(IS_TEMPLATE)
}

/// Placeholders that nobody has filled in.
pub(super) fn template(lint: &mut Lint<'_>) {
    let text = lint.text;
    let places = TEMPLATE_MARKS.iter().flat_map(|(mark, follows)| {
        let found = memchr::memmem::find_iter(text, mark.as_bytes()).map(move |at| (at, *mark));
        found.filter(|(at, mark)| text.get(at + mark.len()).is_some_and(|byte| follows(*byte)))
    });
    let outside = places.filter(|(at, _)| !is_in_comment(text, *at));
    let Some((at, mark)) = outside.min_by_key(|(at, _)| *at) else { return };
    let message = format!("{IS_TEMPLATE}: `{mark}' marks what is to be filled in");
    lint.add(Error, at, message, "check the .mc that comes out of it; such lines are passed over here");
}

/// In a template nothing is said about lines that are still to be filled in.
pub(super) fn keep_template_apart(text: &[u8], said: &mut Vec<Said>, found: &mut Vec<Diagnostic>) {
    if !found.iter().any(is_about_template) {
        return;
    }
    let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    let filled_in = |found: &Diagnostic| {
        let line = (found.place.line as usize).checked_sub(1).and_then(|index| lines.get(index));
        let open = line.is_some_and(|line| is_template_line(&String::from_utf8_lossy(line)));
        // of two values one may be left out when it is filled in
        let one_of_two = found.message.contains(" is lost: line ") || found.message.starts_with("two DAEMON");
        is_about_template(found) || !open && !one_of_two
    };
    found.retain(filled_in);
    said.retain(|said| filled_in(&said.diagnostic));
}

/// A cf in place of a .mc: nothing in it is there to be expanded.
pub(super) fn made_already(lint: &mut Lint<'_>) {
    if lint.survey.called("OSTYPE").chain(lint.survey.called("MAILER")).next().is_some() {
        return;
    }
    let begins = |words: &[u8]| {
        let mut found = memchr::memmem::find_iter(lint.text, words);
        found.any(|at| at == 0 || lint.text[at - 1] == b'\n')
    };
    if begins(b"V10") && begins(b"Mlocal,") && begins(b"O ") {
        let help = "use it as it is; what is expanded and checked here is the .mc that it was made from";
        lint.add(Error, 0, MADE_ALREADY, help);
    }
}

const MADE_ALREADY: &str = "this is a cf already, and no .mc";

/// Does a finding say that the file is a cf?
pub(super) fn is_made_already(found: &Diagnostic) -> bool {
    found.message == MADE_ALREADY
}
