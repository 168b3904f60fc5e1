//! Arguments: lost ones, K lines without a type, mailer flags that look like something else.

use super::mistakes::{Edit, Lint, Remedy};
use crate::diag::Severity::{Error, Warning};
use crate::diag::nearest;
use crate::m4::library::is_own;
use crate::m4::quotes;
use crate::m4::scan::{Argument, Slip, Written};
use crate::m4::vocabulary::{FEATURES, MACROS, MAP_TYPES, is_statement};

/// `FEATURE (`x')`: the call ends before the parenthesis.
pub(super) fn gaps(lint: &mut Lint<'_>) {
    for call in &lint.survey.calls {
        let Some((from, to)) = call.gap.filter(|_| call.called()) else { continue };
        let message = format!("{} without arguments: white space before its parenthesis", call.name);
        let help = format!("write the parenthesis directly after the name: {}(`...')", call.name);
        lint.mend(Error, call.at, message, help, Remedy::Sure(vec![Edit::new(from, to, "")]));
    }
}

/// Macros whose first argument is one name.
const NAMED_FIRST: &[&str] = &["DOMAIN", "FEATURE", "HACK", "MAILER", "OSTYPE", "SITECONFIG", "define"];

/// `FEATURE(`x' `y')`: two quoted texts with nothing but white space between them are one argument. Wrong where
/// it is to be a name; elsewhere m4 takes it as it is.
pub(super) fn missing_commas(lint: &mut Lint<'_>) {
    let survey = lint.survey;
    for call in survey.calls.iter().filter(|call| call.called() && is_statement(&call.name)) {
        let arguments = call.arguments.as_deref().unwrap_or_default();
        let mut gaps = arguments.iter().map(|argument| two_texts(lint.text, argument)).enumerate();
        let Some((index, gap)) = gaps.find_map(|(index, gap)| Some((index, gap?))) else { continue };
        let severity = match index == 0 && NAMED_FIRST.contains(&call.name.as_str()) {
            true => Error,
            false => Warning,
        };
        let message = format!("a comma is missing between two arguments of {}", call.name);
        let remedy = Remedy::Guess(vec![Edit::new(gap, gap, ",")]);
        lint.mend(severity, gap, message, "write a comma here", remedy);
    }
}

/// `define(`SMART_HOST', 'relay.example.com)`: the apostrophe opens nothing, and becomes part of the text.
pub(super) fn opened_by_apostrophe(lint: &mut Lint<'_>) {
    let survey = lint.survey;
    for call in survey.calls.iter().filter(|call| call.called() && is_statement(&call.name)) {
        for argument in call.arguments.iter().flatten().filter(|argument| !argument.quoted) {
            let Some(text) = argument.text.strip_prefix('\'').filter(|text| !text.is_empty()) else {
                continue;
            };
            if text.contains(['\'', '`', '\n']) || !lint.text[argument.at..].starts_with(b"'") {
                continue;
            }
            let edits = vec![
                Edit::new(argument.at, argument.at + 1, "`"),
                Edit::new(argument.end, argument.end, "'"),
            ];
            let message =
                "a quoted text cannot begin with ', and this one never ends: the apostrophe stays in it";
            lint.mend(Error, argument.at, message, format!("write `{text}'"), Remedy::Sure(edits));
        }
    }
}

/// Where the first of two quoted texts ends.
fn two_texts(text: &[u8], argument: &Argument) -> Option<usize> {
    if text.get(argument.at) != Some(&b'`') {
        return None;
    }
    let after = quotes::closing(text, argument.at, argument.end)?;
    let rest = &text[after..argument.end];
    let second = after + rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let whole = second > after && text[second] == b'`';
    (whole && quotes::closing(text, second, argument.end) == Some(argument.end)).then_some(after)
}

/// The most arguments that a call looks at.
fn max_arguments(lint: &Lint<'_>, call: &Written) -> Option<usize> {
    let all = MACROS.binary_search_by_key(&call.name.as_str(), |row| row.0).ok().map(|row| MACROS[row].1)?;
    if call.name != "FEATURE" {
        return Some(all).filter(|max| *max > 0);
    }
    let row = FEATURES.binary_search_by_key(&call.text(0), |row| row.0).ok()?;
    (!is_own(lint.files, "feature", call.text(0))).then_some(FEATURES[row].1 + 1)
}

/// More arguments than a macro looks at: as a rule a comma without quotes around it.
pub(super) fn lost(lint: &mut Lint<'_>) {
    let survey = lint.survey;
    for call in survey.calls.iter().filter(|call| call.called()) {
        let Some(arguments) = &call.arguments else { continue };
        let Some(max) = max_arguments(lint, call) else { continue };
        if arguments.len() <= max
            || arguments[max..].iter().all(|argument| matches!(argument.text.as_str(), "" | "dnl"))
        {
            continue;
        }
        let texts: Vec<&str> = arguments.iter().map(|argument| argument.text.as_str()).collect();
        let lost = texts[max..].join(", ");
        let first = match (call.name.as_str(), max) {
            ("FEATURE", 1) => format!("FEATURE(`{}') takes no argument", call.text(0)),
            ("FEATURE", max) => format!("FEATURE(`{}') takes {}", call.text(0), plural(max - 1)),
            (name, max) => format!("{name} takes {}", plural(max)),
        };
        let at = call.at;
        let message = format!("{first}: `{lost}' is lost");
        if call.name == "FEATURE" && max == 1 {
            lint.add(Warning, at, message, "take it away");
            continue;
        }
        // Lists of the classes have blanks between their words.
        let list =
            max == 1 && !matches!(call.name.as_str(), "DAEMON_OPTIONS" | "CLIENT_OPTIONS" | "VERSIONID");
        let bound = &arguments[max - 1..];
        let (from, to) = (bound[0].at, bound[bound.len() - 1].end);
        let bare = bound.iter().all(|argument| !argument.quoted && !argument.text.contains(['`', '\'', '(']));
        let whole = match (list, bare) {
            (true, _) => texts[max - 1..].join(" "),
            (false, true) => String::from_utf8_lossy(&lint.text[from..to]).into_owned(),
            (false, false) => texts[max - 1..].join(", "),
        };
        let whole = if call.name.ends_with("MAIL_FILTER") { super::ports::timeouts(&whole) } else { whole };
        let kept: String = texts[..max - 1].iter().map(|text| format!("`{text}', ")).collect();
        let help = format!("put quotes around all of it: {}({kept}`{whole}')", call.name);
        let remedy = match bare {
            true => Remedy::Sure(vec![Edit::new(from, to, [b"`", &lint.text[from..to], b"'"].concat())]),
            false => Remedy::None,
        };
        lint.mend(Warning, at, message, help, remedy);
    }
}

fn plural(count: usize) -> String {
    match count {
        1 => "one argument".into(),
        2 => "two arguments".into(),
        _ => format!("{count} arguments"),
    }
}

/// Arguments of FEATUREs that the library hands on without quotes: a comma ends them there. The last column says
/// what goes with the text behind it.
const BREAK_AT_COMMAS: &[(&str, &[usize], &str)] = &[
    ("always_add_domain", &[1], ""),
    ("dnsbl", &[2], ", and with it the rule that refuses the mail"),
    ("enhdnsbl", &[2, 3], ", and with it the rule that refuses the mail"),
    ("local_lmtp", &[1, 2], ""),
    ("local_procmail", &[1, 2, 3], ""),
    ("msp", &[1], ""),
    ("nullclient", &[1], ""),
    ("prefixmod", &[1], ""),
    ("rhsbl", &[2], ", and with it the rule that refuses the mail"),
    ("smrsh", &[1], ""),
];

/// `FEATURE(`dnsbl', `bl.example.org', `Refused, see ...')`: one pair of quotes keeps the comma only once.
pub(super) fn breaking_commas(lint: &mut Lint<'_>) {
    let survey = lint.survey;
    for call in survey.called("FEATURE") {
        let Some(row) = BREAK_AT_COMMAS.iter().find(|row| row.0 == call.text(0)) else { continue };
        if is_own(lint.files, "feature", row.0) {
            continue;
        }
        for argument in row.1.iter().filter_map(|index| call.arguments.as_ref()?.get(*index)) {
            let Some(comma) = bare_comma(&argument.text).filter(|_| argument.quoted) else { continue };
            let (text, lost) = (&argument.text, &argument.text[comma + 1..]);
            let message =
                format!("FEATURE(`{}') breaks this text at its comma: `{lost}' is lost{}", row.0, row.2);
            let edits =
                vec![Edit::new(argument.at, argument.at, "`"), Edit::new(argument.end, argument.end, "'")];
            let help = format!("quote it twice: ``{text}''");
            lint.mend(Warning, argument.at, message, help, Remedy::Sure(edits));
        }
    }
}

/// A comma of a text that stands in no quotes and no parentheses.
fn bare_comma(text: &str) -> Option<usize> {
    let (mut quotes, mut parentheses) = (0_u32, 0_u32);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'`' => quotes += 1,
            b'\'' => quotes = quotes.saturating_sub(1),
            b'(' if quotes == 0 => parentheses += 1,
            b')' if quotes == 0 => parentheses = parentheses.saturating_sub(1),
            b',' if quotes == 0 && parentheses == 0 => return Some(at),
            _ => {}
        }
    }
    None
}

/// `FEATURE(`mailertable', `/etc/mail/mailertable')`: a K line needs a type first.
pub(super) fn map_types(lint: &mut Lint<'_>) {
    let survey = lint.survey;
    for call in survey.calls.iter().filter(|call| call.name == "FEATURE" && call.called()) {
        let row = FEATURES.binary_search_by_key(&call.text(0), |row| row.0);
        if !row.is_ok_and(|row| FEATURES[row].2) || is_own(lint.files, "feature", call.text(0)) {
            continue;
        }
        let body = call.text(1).trim();
        let word = body.split_ascii_whitespace().next().unwrap_or("");
        // A macro may stand for the type.
        let literal = word.bytes().all(|byte| byte.is_ascii_lowercase()) || word.starts_with(['/', '-']);
        if word.is_empty() || word == "LDAP" || !literal || MAP_TYPES.binary_search(&word).is_ok() {
            continue;
        }
        let Some(argument) = call.arguments.as_ref().and_then(|all| all.get(1)) else { continue };
        let at = argument.at + usize::from(argument.quoted);
        if word.starts_with(['/', '-']) {
            let file = body.strip_suffix(".db").unwrap_or(body);
            let help = format!("write `hash {file}' (or btree, dbm, text ... if makemap made it so)");
            lint.add(Error, at, "the type of the map is missing", help);
        } else {
            let near = nearest(word, MAP_TYPES.iter().copied());
            let help = match near.is_empty() {
                true => format!("types are: {}", MAP_TYPES.join(", ")),
                false => format!("did you mean {}?", near.join(" or ")),
            };
            lint.add(Warning, at, format!("`{word}' is no type of map"), help);
        }
    }
}

/// The digit 1 among mailer flags where the letter l is meant.
pub(super) fn flags(lint: &mut Lint<'_>) {
    let survey = lint.survey;
    let ones = survey.slips.iter().any(|slip| {
        let (at, end) = match slip {
            Slip::NotDnlAfter { at, end }
            | Slip::NotDnlBefore { at, end }
            | Slip::NotDnlComment { at, end } => (*at, *end),
            _ => return false,
        };
        lint.text[at..end] == *b"dn1"
    });
    for call in survey.calls.iter().filter(|call| call.called()) {
        let named =
            call.name == "define" && call.text(0).ends_with("_FLAGS") && !call.text(0).starts_with("conf");
        let value = call.text(1);
        if !(named || call.name == "MODIFY_MAILER_FLAGS") || !value.contains('1') || value.contains('l') {
            continue;
        }
        let Some(argument) = call.arguments.as_ref().and_then(|all| all.get(1)) else { continue };
        let at =
            argument.at + lint.text[argument.at..argument.end].iter().take_while(|b| **b != b'1').count();
        let meant = value.replace('1', "l");
        let message = format!("`{value}' among mailer flags: 1 keeps NUL bytes out, l is for a local mailer");
        let remedy = match ones {
            true => Remedy::Sure(vec![Edit::new(at, at + 1, "l")]),
            false => Remedy::None,
        };
        lint.mend(Warning, at, message, format!("did you mean `{meant}'?"), remedy);
    }
}
