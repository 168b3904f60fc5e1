//! A log line as a JSON object: what syslog's prefix says, the identifier, the text, and the fields that it is made of.

use super::priority::Priority;
use serde_json::{Map, Value};

/// Names of fields in lines of `name=value`; others are part of a value.
const FIELDS: &[&str] = &[
    "from",
    "to",
    "size",
    "class",
    "nrcpts",
    "msgid",
    "bodytype",
    "proto",
    "daemon",
    "relay",
    "ctladdr",
    "delay",
    "xdelay",
    "mailer",
    "pri",
    "dsn",
    "stat",
    "reply",
    "quarantine",
    "ruleset",
    "arg1",
    "arg2",
    "reject",
    "discard",
    "version",
    "verify",
    "cipher",
    "bits",
    "server",
    "user",
    "mech",
];
/// Their values go on to the end of the line, whatever is in them.
const LAST: &[&str] = &["stat", "reject", "discard"];
const NUMBERS: &[&str] = &["size", "class", "nrcpts", "pri", "bits"];

/// One line.
pub(super) fn line(tag: &[u8], priority: Priority, id: Option<&[u8]>, text: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| drop(object.insert(name.to_owned(), value));
    put("time", jiff::Timestamp::now().round(jiff::Unit::Millisecond).unwrap_or_default().to_string().into());
    put("program", String::from_utf8_lossy(tag).into());
    put("pid", std::process::id().into());
    put("priority", priority.word().into());
    if let Some(id) = id {
        put("id", String::from_utf8_lossy(id).into());
    }
    for (name, value) in fields(&text) {
        let number = NUMBERS.contains(&name).then(|| value.parse::<i64>().ok()).flatten();
        put(name, number.map_or_else(|| value.into(), Value::from));
    }
    put("text", text.as_ref().into());
    Value::Object(object).to_string().into_bytes()
}

/// The name that a text begins with, if it is one of a field.
fn name(text: &str) -> Option<&'static str> {
    FIELDS.iter().copied().find(|name| text.strip_prefix(name).is_some_and(|rest| rest.starts_with('=')))
}

/// Names and values of a text that is made of them.
fn fields(text: &str) -> Vec<(&'static str, &str)> {
    let mut fields = Vec::new();
    let mut rest = text;
    while let Some(name) = name(rest) {
        let value = &rest[name.len() + 1..];
        let is_end = |(at, _): &(usize, &str)| self::name(&value[at + 2..]).is_some();
        let end = value.match_indices(", ").find(is_end).map(|(at, _)| at);
        let end = if LAST.contains(&name) { None } else { end };
        fields.push((name, &value[..end.unwrap_or(value.len())]));
        rest = end.map_or("", |end| &value[end + 2..]);
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_taken_apart() {
        let text = "to=<a@b.example>, c@d.example, delay=00:00:01, mailer=esmtp, pri=30026, dsn=4.0.0, stat=Deferred: no, to=x";
        let made = line(b"sm-mta", Priority::Info, Some(b"6B1C0kHp017061"), text.as_bytes());
        let read: Value = serde_json::from_slice(&made).expect("JSON");
        for (name, value) in [
            ("to", Value::from("<a@b.example>, c@d.example")),
            ("pri", 30026.into()),
            ("stat", "Deferred: no, to=x".into()),
            ("id", "6B1C0kHp017061".into()),
            ("priority", "info".into()),
            ("text", text.into()),
        ] {
            assert_eq!(read[name], value, "{name}");
        }
    }

    #[test]
    fn a_text_of_another_kind_stays_whole_and_one_line() {
        let made = line(b"sendmail", Priority::Alert, None, b"starting\ndaemon \xff, size=1");
        assert!(!made.contains(&b'\n'));
        let read: Value = serde_json::from_slice(&made).expect("JSON");
        assert_eq!((read.get("size"), read.get("id")), (None, None));
        assert_eq!(read["text"], "starting\ndaemon \u{fffd}, size=1");
    }
}
