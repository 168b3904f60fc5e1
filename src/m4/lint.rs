//! Mistakes in a .mc that m4 lets pass in silence.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::findings::excerpt;
use super::library::{EMBEDDED, SiteFiles};
use super::scan::{self, Written};
use crate::diag::{Diagnostic, Place, Severity, nearest};

/// Does the .mc read the library's cf.m4 itself?
pub(super) fn includes_library(text: &[u8]) -> bool {
    scan::calls(text, true).iter().any(|call| scan::is_library_entry(&call.name, call.arguments.as_deref()))
}

/// Macros that look at their first argument only: what an unquoted comma cuts off is lost.
const ONE_ARGUMENT: &[&str] = &[
    "CANONIFY_DOMAIN",
    "CLIENT_OPTIONS",
    "DAEMON_OPTIONS",
    "EXPOSED_USER",
    "GENERICS_DOMAIN",
    "LDAPROUTE_DOMAIN",
    "LDAPROUTE_EQUIVALENT",
    "LOCAL_DOMAIN",
    "LOCAL_USER",
    "MASQUERADE_AS",
    "MASQUERADE_DOMAIN",
    "MASQUERADE_EXCEPTION",
    "OSTYPE",
    "RELAY_DOMAIN",
    "TRUST_AUTH_MECH",
    "VIRTUSER_DOMAIN",
];

struct Check<'a> {
    file: &'a str,
    text: &'a [u8],
    found: Vec<Diagnostic>,
}

impl Check<'_> {
    fn warn(&mut self, line: u32, column: u32, message: String, help: Option<String>) {
        let place = Place { file: self.file.to_owned(), line, column };
        let excerpt = excerpt(self.text, line);
        self.found.push(Diagnostic { severity: Severity::Warning, message, place, excerpt, help });
    }
}

/// Everything found beyond what the expansion said.
pub(super) fn check(
    file: &str,
    text: &[u8],
    names: &[Rc<[u8]>],
    files: &SiteFiles,
    said: &[Diagnostic],
) -> Vec<Diagnostic> {
    let calls = scan::calls(text, includes_library(text));
    let mut check = Check { file, text, found: Vec::new() };
    let names: Vec<&str> = names.iter().filter_map(|name| std::str::from_utf8(name).ok()).collect();
    // With other quotes the text means something else than this scan takes it for.
    let readable = !calls.iter().any(|call| call.name == "changequote");
    if readable {
        misspelled(&mut check, &calls, &names);
        lost_arguments(&mut check, &calls);
        order(&mut check, &calls, said);
        unknown_defines(&mut check, &calls, files);
        missing_parts(&mut check, &calls, said);
    }
    odd_quotes(&mut check);
    check.found
}

/// A word in capitals with arguments at the beginning of a line that is no macro, but nearly one.
fn misspelled(check: &mut Check<'_>, calls: &[Written], names: &[&str]) {
    const LOWER: &[&str] =
        &["define", "undefine", "include", "sinclude", "divert", "undivert", "ifdef", "ifelse"];
    for call in calls.iter().filter(|call| call.first) {
        if call.name == "dn1" || call.name == "dln" || call.name == "dnL" {
            let help = "write dnl (with the letter l)".to_owned();
            check.warn(call.line, call.column, format!("`{}' is not dnl", call.name), Some(help));
            continue;
        }
        if call.arguments.is_none() || names.binary_search(&call.name.as_str()).is_ok() {
            continue;
        }
        let known = names.iter().copied().filter(|name| {
            name.len() > 3
                && !name.starts_with('_')
                && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
        });
        let near = nearest(&call.name, known.chain(LOWER.iter().copied()));
        if let Some(meant) = near.first() {
            let message = format!("`{}' is not a macro: the line goes into the cf as it stands", call.name);
            check.warn(call.line, call.column, message, Some(format!("did you mean {meant}?")));
        }
    }
}

fn lost_arguments(check: &mut Check<'_>, calls: &[Written]) {
    for call in calls {
        let Some(arguments) = &call.arguments else { continue };
        if arguments.len() > 1 && ONE_ARGUMENT.contains(&call.name.as_str()) {
            let lost = arguments[1..].join(", ");
            let message = format!("{} takes one argument: `{lost}' is lost", call.name);
            let whole = arguments.join(", ").replace(['`', '\''], "");
            let help = format!("put quotes around all of it: {}(`{whole}')", call.name);
            check.warn(call.line, call.column, message, Some(help));
        }
    }
}

/// FEATUREs that come after a MAILER miss what the mailer already took.
fn order(check: &mut Check<'_>, calls: &[Written], said: &[Diagnostic]) {
    let Some(mailer) = calls.iter().find(|call| call.name == "MAILER" && call.arguments.is_some()) else {
        return;
    };
    for call in calls.iter().filter(|call| call.line > mailer.line) {
        let told = said.iter().any(|found| found.place.line == call.line && found.place.file == check.file);
        if call.name == "FEATURE" && call.arguments.is_some() && !told {
            let help = format!("move it before the first MAILER (line {})", mailer.line);
            check.warn(call.line, call.column, "FEATURE after MAILER".into(), Some(help));
        }
    }
}

/// `define(`confTYPO', …)`: nothing reads it.
fn unknown_defines(check: &mut Check<'_>, calls: &[Written], files: &SiteFiles) {
    if files.cf_dir.is_some() {
        return;
    }
    let known: BTreeSet<&str> = EMBEDDED.iter().flat_map(|(_, text)| conf_names(text)).collect();
    if known.is_empty() {
        return;
    }
    for call in calls.iter().filter(|call| call.name == "define") {
        let Some(first) = call.arguments.as_ref().and_then(|arguments| arguments.first()) else { continue };
        let name = first.trim().trim_start_matches('`').trim_end_matches('\'');
        if !name.starts_with("conf") || known.contains(name) {
            continue;
        }
        if memchr::memmem::find_iter(check.text, name.as_bytes()).count() > 1 {
            continue; // the .mc itself reads it
        }
        let near = nearest(name, known.iter().copied());
        let help = near.first().map(|meant| format!("did you mean {meant}?"));
        let column = column_in(check.text, call.line, name);
        check.warn(call.line, column, format!("nothing reads `{name}'"), help);
    }
}

fn column_in(text: &[u8], line: u32, word: &str) -> u32 {
    let found = excerpt(text, line).and_then(|line| line.find(word));
    found.map_or(0, |at| u32::try_from(at + 1).unwrap_or(0))
}

/// Words of a library file that look like `confNAME`.
fn conf_names(text: &'static [u8]) -> Vec<&'static str> {
    let starts = memchr::memmem::find_iter(text, b"conf");
    let names = starts.filter_map(|start| {
        let before = start.checked_sub(1).map(|before| text[before]);
        let length =
            text[start..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        let whole = before.is_none_or(|byte| !byte.is_ascii_alphanumeric() && byte != b'_');
        std::str::from_utf8(&text[start..start + length]).ok().filter(|_| whole && length > 4)
    });
    names.collect()
}

/// A .mc without OSTYPE or without any MAILER, unless another file may bring them.
fn missing_parts(check: &mut Check<'_>, calls: &[Written], said: &[Diagnostic]) {
    let has = |name: &str| calls.iter().any(|call| call.name == name);
    let elsewhere = has("include")
        && !calls.iter().all(|call| {
            call.name != "include" || scan::is_library_entry(&call.name, call.arguments.as_deref())
        });
    if elsewhere
        || has("sinclude")
        || has("DOMAIN")
        || said.iter().any(|found| found.severity == Severity::Error)
    {
        return;
    }
    if !has("OSTYPE") && has("MAILER") {
        let help =
            "paths and mailers are then those of an unknown system; OSTYPE(`linux') for Linux".to_owned();
        check.warn(0, 0, "no OSTYPE".into(), Some(help));
    }
    if !has("MAILER") && has("OSTYPE") && !has("FEATURE") {
        check.warn(0, 0, "no MAILER: mail can be neither delivered nor sent".into(), None);
    }
}

/// Quotes as word processors write them, and `'…'` where `` `…' `` is meant.
fn odd_quotes(check: &mut Check<'_>) {
    for (index, line) in check.text.split(|byte| *byte == b'\n').enumerate() {
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        let column = |at: usize| u32::try_from(at + 1).unwrap_or(0);
        let trimmed = line.trim_ascii_start();
        if trimmed.starts_with(b"dnl") || trimmed.starts_with(b"#") {
            continue;
        }
        let smart = ["\u{2018}", "\u{2019}", "\u{201c}", "\u{201d}"];
        if let Some(at) = smart.iter().filter_map(|quote| memchr::memmem::find(line, quote.as_bytes())).min()
        {
            let help = "m4 quotes begin with ` and end with '".to_owned();
            check.warn(number, column(at), "this is no quote for m4".into(), Some(help));
        }
        if let Some(at) = memchr::memmem::find(line, b"('") {
            let help = "m4 quotes begin with ` (backquote) and end with '".to_owned();
            check.warn(number, column(at + 1), "a quoted text cannot begin with '".into(), Some(help));
        }
    }
}
