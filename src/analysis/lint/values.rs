//! What keys and values of the library's tables can be.

use super::finding::{Edit, Finding};
use super::subject::Subject;
use super::table::{Row, Table};
use crate::diag::nearest;

/// A table of the library, by the name of its map.
struct Kind {
    map: &'static [u8],
    key: fn(&Subject<'_>, &[u8]) -> Option<String>,
    value: fn(&Subject<'_>, &Row<'_>) -> Option<Wrong>,
}

/// What is wrong with a value: code, message, help, and what it may have been meant to be.
type Wrong = (&'static str, String, String, Option<Vec<u8>>);

const KINDS: &[Kind] = &[
    Kind { map: b"access", key: access_key, value: access_value },
    Kind { map: b"virtuser", key: virtuser_key, value: error_value },
    Kind { map: b"mailertable", key: mailertable_key, value: mailertable_value },
];

/// Findings about a row of a table that the library knows.
pub(super) fn check(subject: &Subject<'_>, table: &Table<'_>, file: &str, row: &Row<'_>) -> Vec<Finding> {
    let kind = KINDS.iter().find(|kind| table.decl.name.eq_ignore_ascii_case(kind.map));
    let Some(kind) = kind else { return Vec::new() };
    let mut found = Vec::new();
    if let Some(why) = (kind.key)(subject, row.key) {
        let message = format!("{} is never asked: {why}", String::from_utf8_lossy(row.key));
        found.push(Finding::new("L305", file, message).at(row.line, 1, row.text));
    }
    if let Some((code, message, help, meant)) = (kind.value)(subject, row) {
        let column = row.value_column();
        let mut finding = Finding::new(code, file, message).at(row.line, column, row.text).help(help);
        if let Some(meant) = meant {
            let start = (column as usize).saturating_sub(1);
            let new =
                [&row.text[..start], &meant, &row.text[(start + row.value.len()).min(row.text.len())..]];
            finding = finding.mended_by(Edit {
                file: table.source.clone(),
                line: row.line,
                old: row.text.to_vec(),
                new: Some(new.concat()),
            });
        }
        found.push(finding);
    }
    found
}

/// Tags of the access table, and whether their value says what becomes of mail.
const TAGS: &[(&str, bool)] = &[
    ("Connect", true),
    ("From", true),
    ("To", true),
    ("Spam", false),
    ("Delay", false),
    ("GreetPause", false),
    ("ClientRate", false),
    ("ClientConn", false),
    ("TLS_Srv", false),
    ("TLS_Clt", false),
    ("TLS_Rcpt", false),
    ("Try_TLS", false),
    ("TLS_Srv_features", false),
    ("TLS_Clt_features", false),
    ("Srv_Features", false),
    ("SRV_FEAT", false),
    ("CERTISSUER", false),
    ("CERTSUBJECT", false),
    ("AuthInfo", false),
    ("bcc", false),
    ("Check_Rcpt", false),
    ("ADDR", false),
    ("bad", false),
    ("QGRP", false),
];

/// The tag of a key, and what follows it. `IPv6:` begins an address.
fn tag(key: &[u8]) -> Option<(&str, &[u8])> {
    let at = key.iter().position(|byte| *byte == b':')?;
    let word = std::str::from_utf8(&key[..at]).ok()?;
    let is_tag = !word.is_empty()
        && word.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && !word.eq_ignore_ascii_case("IPv6");
    is_tag.then(|| (word, &key[at + 1..]))
}

fn access_key(_: &Subject<'_>, key: &[u8]) -> Option<String> {
    let tagged = tag(key);
    let rest = tagged.map_or(key, |(_, rest)| rest);
    if let Some((word, _)) = tagged
        && !TAGS.iter().any(|(known, _)| known.eq_ignore_ascii_case(word))
    {
        let near = nearest(word, TAGS.iter().map(|(known, _)| *known));
        return near.first().map(|near| format!("no rule knows the tag {word}; did you mean {near}?"));
    }
    let numbers = rest.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
    if rest.contains(&b'*') {
        return Some("no rule fills in a *; a domain or network without it means all within".into());
    }
    if numbers > 3 && rest.get(numbers) == Some(&b'/') {
        return Some("networks are written as their first numbers: 192.0.2".into());
    }
    if numbers > 1 && numbers == rest.len() && rest.ends_with(b".") {
        return Some("networks end without a dot: 192.0.2".into());
    }
    if rest.starts_with(b"[") && rest.ends_with(b"]") {
        return Some("addresses stand there without brackets".into());
    }
    None
}

/// What the rules do by a word.
const ACTIONS: &[&str] = &["OK", "RELAY", "REJECT", "DISCARD", "SKIP"];

fn access_value(subject: &Subject<'_>, row: &Row<'_>) -> Option<Wrong> {
    let text = std::str::from_utf8(row.value).ok()?;
    if tag(row.key)
        .is_some_and(|(word, _)| !TAGS.iter().any(|(known, acts)| *acts && known.eq_ignore_ascii_case(word)))
    {
        return None;
    }
    if text.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("ERROR:")) {
        return error_value(subject, row);
    }
    // rules compare without case
    if ACTIONS.iter().any(|action| action.eq_ignore_ascii_case(text)) {
        return None;
    }
    if text.bytes().take(3).filter(u8::is_ascii_digit).count() == 3 || text.contains(':') {
        return None;
    }
    let one_word = text.bytes().all(|byte| byte.is_ascii_alphabetic());
    let near = nearest(&text.to_ascii_uppercase(), ACTIONS.iter().copied());
    let message = format!("no rule knows `{text}': it is taken for the text of a refusal");
    match near.first().filter(|_| one_word) {
        Some(near) => {
            Some(("L303", message, format!("did you mean `{near}'?"), Some(near.as_bytes().to_vec())))
        }
        None if one_word => {
            let help = format!("one of {}, or a refusal: ERROR:5.7.1:550 text", ACTIONS.join(", "));
            Some(("L303", message, help, None))
        }
        None => None,
    }
}

/// Words that name a status (sendmail's `error` mailer).
const STATUS_WORDS: &[&str] =
    &["usage", "nouser", "nohost", "unavailable", "software", "tempfail", "protocol", "config"];

/// `error:` with what must follow it: a word or a status, or in access tables a code.
fn error_value(_: &Subject<'_>, row: &Row<'_>) -> Option<Wrong> {
    let text = std::str::from_utf8(row.value).ok()?;
    let rest = text.get(6..).filter(|_| text[..6].eq_ignore_ascii_case("error:"))?;
    let word = rest.split([' ', ':', '\t']).next().unwrap_or_default();
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_status = word.split('.').count() == 3 && word.split('.').all(digits);
    let is_code = word.len() == 3 && digits(word);
    if is_status || is_code || STATUS_WORDS.iter().any(|known| known.eq_ignore_ascii_case(word)) {
        return None;
    }
    let message = format!("`error:' has no code in front of its text: `{word}' is taken for one");
    let text = rest.trim_start();
    Some((
        "L304",
        message,
        format!("error:5.7.1:550 {text}"),
        Some(format!("error:5.7.1:550 {text}").into_bytes()),
    ))
}

fn in_class(subject: &Subject<'_>, class: &str, word: &[u8]) -> bool {
    let id = subject.config.names.get(class.as_bytes());
    id.and_then(|id| subject.config.classes.get(id)).is_some_and(|class| class.contains(word))
}

fn virtuser_key(subject: &Subject<'_>, key: &[u8]) -> Option<String> {
    let Some(at) = key.iter().rposition(|byte| *byte == b'@') else {
        return Some("a key is user@domain or @domain; for a user alone there are aliases".into());
    };
    let domain = &key[at + 1..];
    if key.contains(&b'*') && !key[..at].ends_with(b"+*") {
        return Some("no rule fills in a *; @domain means every user".into());
    }
    // what the maps of other classes add is not known here
    let (virtual_hosts, ours) = (in_class(subject, "VirtHost", domain), in_class(subject, "w", domain));
    let parents = domain.iter().enumerate().filter(|(_, byte)| **byte == b'.').map(|(dot, _)| &domain[dot..]);
    let above = parents
        .clone()
        .any(|parent| in_class(subject, "VirtHost", parent) || in_class(subject, "VirtHost", &parent[1..]));
    if domain.is_empty() || virtual_hosts || ours || above {
        return None;
    }
    let domain = String::from_utf8_lossy(domain);
    Some(format!("{domain} is neither in class {{VirtHost}} (VIRTUSER_DOMAIN) nor in class w"))
}

fn mailertable_key(_: &Subject<'_>, key: &[u8]) -> Option<String> {
    if key.contains(&b'@') {
        return Some("a key is a domain, or .domain for all within".into());
    }
    key.contains(&b'*').then(|| "no rule fills in a *; .domain means all within".into())
}

fn mailertable_value(subject: &Subject<'_>, row: &Row<'_>) -> Option<Wrong> {
    if row.value.get(..6).is_some_and(|start| start.eq_ignore_ascii_case(b"error:")) {
        return error_value(subject, row);
    }
    let text = std::str::from_utf8(row.value).ok()?;
    let mailers: Vec<String> = subject
        .config
        .mailers
        .iter()
        .map(|mailer| String::from_utf8_lossy(&mailer.name).into_owned())
        .collect();
    let Some((mailer, host)) = text.split_once(':') else {
        let message = format!("`{text}' is no mailer:host");
        return Some(("L303", message, format!("smtp:[{text}] sends it to that host"), None));
    };
    if mailers.iter().any(|known| known.eq_ignore_ascii_case(mailer)) || matches!(mailer, "local" | "error") {
        return None;
    }
    let near = nearest(mailer, mailers.iter().map(String::as_str)).first().map(|near| (*near).to_owned());
    let message = format!("there is no mailer `{mailer}'");
    let help = near
        .as_ref()
        .map_or_else(|| format!("one of {}", mailers.join(", ")), |near| format!("did you mean `{near}'?"));
    Some(("L308", message, help, near.map(|near| format!("{near}:{host}").into_bytes())))
}
