//! The same thing set twice, so that the first value is lost.

use super::mistakes::Lint;
use crate::diag::Severity::Warning;
use crate::m4::library::is_own;
use crate::m4::scan::{Standing, Written};
use crate::m4::vocabulary::{FEATURES, MAILER_PREFIXES, is_conf};

/// `conf…` names that a FEATURE reads where it is called: the first value has had its use.
const READ_AT_ONCE: &[&str] = &["confCR_FILE", "confCT_FILE", "confCW_FILE", "confEBINDIR"];

/// Other names that the library reads at its end alone.
const READ_AT_THE_END: &[&str] = &[
    "ALIAS_FILE",
    "BITNET_RELAY",
    "DECNET_RELAY",
    "HELP_FILE",
    "LOCAL_RELAY",
    "LUSER_RELAY",
    "MAIL_HUB",
    "QUEUE_DIR",
    "SMART_HOST",
    "STATUS_FILE",
    "UUCP_RELAY",
];

/// What to do where the values were meant to be taken together.
const TOGETHER: &[(&str, &str)] = &[
    ("ALIAS_FILE", "write all files into one define, with commas between them"),
    ("SMART_HOST", "keep one; several hosts stand in one define: `one.example.com:two.example.com'"),
    ("confAUTH_OPTIONS", "write all of it into one define, with commas between"),
    ("confDOMAIN_NAME", "it is one name: keep it, and list the others in LOCAL_DOMAIN(`...')"),
    ("confDONT_BLAME_SENDMAIL", "write all of it into one define, with commas between"),
    ("confINPUT_MAIL_FILTERS", "write all of it into one define, with commas between"),
    ("confLDAP_DEFAULT_SPEC", "write all of it into one define"),
    ("confPRIVACY_FLAGS", "write all of it into one define, with commas between"),
    ("MASQUERADE_AS", "it is one name: keep it; domains to be masked go into MASQUERADE_DOMAIN(`...')"),
];

/// Defines of one name with different values.
pub(super) fn definitions(lint: &mut Lint<'_>) {
    let survey = lint.survey;
    let defines: Vec<&Written> = in_force(lint, "define").collect();
    for (index, first) in defines.iter().enumerate() {
        let name = first.text(0);
        let Some(second) = defines[index + 1..].iter().find(|other| other.text(0) == name) else { continue };
        let mailer = MAILER_PREFIXES.iter().find(|row| name.starts_with(row.0)).map(|row| row.1);
        let at_the_end = is_conf(name) && !READ_AT_ONCE.contains(&name) || READ_AT_THE_END.contains(&name);
        let passed = mailer.is_some_and(|mailer| {
            survey
                .called("MAILER")
                .any(|call| call.text(0) == mailer && (first.at..second.at).contains(&call.at))
        });
        if !(at_the_end || mailer.is_some()) || passed || is_named_between(lint, first, second, name) {
            continue;
        }
        lost(lint, first, second, name, 1);
    }
}

/// Macros that take one value.
pub(super) fn calls(lint: &mut Lint<'_>) {
    let all: Vec<&Written> = in_force(lint, "MASQUERADE_AS").collect();
    for pair in all.windows(2) {
        lost(lint, pair[0], pair[1], "MASQUERADE_AS", 0);
    }
}

/// A FEATURE that names its map twice: both K lines have one name.
pub(super) fn maps(lint: &mut Lint<'_>) {
    let all: Vec<&Written> = in_force(lint, "FEATURE").collect();
    for (index, first) in all.iter().enumerate() {
        let name = first.text(0);
        let row = FEATURES.binary_search_by_key(&name, |row| row.0);
        if !row.is_ok_and(|row| FEATURES[row].2) || is_own(lint.files, "feature", name) {
            continue;
        }
        let second = all[index + 1..].iter().find(|other| other.text(0) == name);
        if let Some(second) = second {
            lost(lint, first, second, &format!("map of FEATURE(`{name}')"), 1);
        }
    }
}

fn in_force<'s>(lint: &Lint<'s>, name: &'s str) -> impl Iterator<Item = &'s Written> + use<'s> {
    lint.survey.called(name).filter(|call| call.standing == Standing::Called && call.arguments.is_some())
}

/// Tells of the first of two calls, unless their values are the same.
fn lost(lint: &mut Lint<'_>, first: &Written, second: &Written, what: &str, value: usize) {
    let plain = |call: &Written| call.text(value).trim_matches(['`', '\'', ' ']).to_ascii_lowercase();
    if plain(first) == plain(second) {
        return;
    }
    let message = format!("this {what} is lost: line {} gives another value", lint.line(second.at));
    let help = TOGETHER.iter().find(|row| row.0 == what).map_or("keep one of the two lines", |row| row.1);
    lint.add(Warning, first.at, message, help);
}

/// Is the name read or undone before its second definition is complete? What a comment says does not count.
fn is_named_between(lint: &Lint<'_>, first: &Written, second: &Written, name: &str) -> bool {
    let Some(value) = second.arguments.as_ref().and_then(|all| all.get(1)) else { return true };
    let between = &lint.text[first.end..second.at];
    let parts = between.split(|byte| *byte == b'\n').map(before_comment);
    parts.chain([&lint.text[value.at..value.end]]).any(|part| {
        let mut words = part.split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
        words.any(|word| word == name.as_bytes())
    })
}

/// What of a line stands before its `dnl`.
fn before_comment(line: &[u8]) -> &[u8] {
    let word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let mut found = memchr::memmem::find_iter(line, b"dnl");
    let dnl = found
        .find(|at| !word(at.checked_sub(1).and_then(|before| line.get(before))) && !word(line.get(at + 3)));
    &line[..dnl.unwrap_or(line.len())]
}
