//! Diagnostics as programs read them: one JSON object per line.

use super::{Diagnostic, Severity};

/// `{"severity":…,"message":…,"file":…,"line":…,"column":…,"excerpt":…,"help":…}` and a newline.
pub fn json_line(diagnostic: &Diagnostic) -> String {
    let severity = match diagnostic.severity {
        Severity::Notice => "notice",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    let place = &diagnostic.place;
    format!(
        "{{\"severity\":\"{severity}\",\"message\":{},\"file\":{},\"line\":{},\"column\":{},\"excerpt\":{},\"help\":{}}}\n",
        json_string(&diagnostic.message),
        json_string(&place.file),
        place.line,
        place.column,
        optional(diagnostic.excerpt.as_deref()),
        optional(diagnostic.help.as_deref()),
    )
}

fn optional(text: Option<&str>) -> String {
    text.map_or_else(|| "null".to_owned(), json_string)
}

/// A JSON string with its quotes.
pub fn json_string(text: &str) -> String {
    let mut json = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            c if c.is_control() => json.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => json.push(c),
        }
    }
    json.push('"');
    json
}
