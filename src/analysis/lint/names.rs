//! Classes and macros: what nothing sets, and what nothing uses.

use super::finding::Finding;
use super::subject::Subject;
use crate::m4::library_names;
use regex::bytes::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// A use of a class or macro: `$=w`, `$~{Name}`, `$&x`, `${name}`, `$?x`.
static USED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\$(?P<class>[=~])(?:\{(?P<longclass>\w+)\}|(?P<shortclass>\w))|\$[&?]?(?:\{(?P<long>\w+)\}|(?P<short>[A-Za-z]))").ok()
});
/// A definition: D and C and F lines, and `$(macro {name} …`.
static SET: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?m)^(?P<kind>[DCF])(?:\{(?P<long>\w+)\}|(?P<short>\w))|\$\(\s*\w+\s+\{(?P<stored>\w+)\}")
        .ok()
});

/// Where names first stand, by name.
#[derive(Default)]
struct Places<'t>(BTreeMap<&'t str, u32>);

impl<'t> Places<'t> {
    fn add(&mut self, name: &'t [u8], line: u32) {
        if let Ok(name) = std::str::from_utf8(name) {
            self.0.entry(name).or_insert(line);
        }
    }
}

#[derive(Default)]
struct Names<'t> {
    macros_set: Places<'t>,
    macros_used: Places<'t>,
    classes_set: Places<'t>,
    classes_used: Places<'t>,
}

fn collect<'t>(subject: &Subject<'t>) -> Names<'t> {
    let mut names = Names::default();
    let (Some(used), Some(set)) = (USED.as_ref(), SET.as_ref()) else { return names };
    for (index, line) in subject.text.split(|byte| *byte == b'\n').enumerate() {
        let number = u32::try_from(index + 1).unwrap_or(0);
        if line.starts_with(b"#") {
            continue;
        }
        let name = |found: &regex::bytes::Captures<'t>, parts: &[&str]| {
            parts.iter().find_map(|part| found.name(part)).map(|found| found.as_bytes())
        };
        for found in set.captures_iter(line) {
            let kind = found.name("kind").map(|kind| kind.as_bytes());
            let Some(word) = name(&found, &["long", "short", "stored"]) else { continue };
            match kind {
                Some(b"C" | b"F") => names.classes_set.add(word, number),
                _ => names.macros_set.add(word, number),
            }
        }
        for found in used.captures_iter(line) {
            match name(&found, &["longclass", "shortclass"]) {
                Some(word) => names.classes_used.add(word, number),
                None => names.macros_used.add(name(&found, &["long", "short"]).unwrap_or_default(), number),
            }
        }
    }
    names
}

/// Letters that neither sendmail nor the library has taken for a class or macro.
const FREE_LETTERS: &str = "AIJKQT";

/// Findings about names of the site's own: those that the program or the library knows may be empty or idle.
pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let names = collect(subject);
    let known: BTreeSet<&str> = library_names();
    let mut found = Vec::new();
    let mut tell = |code: &str, places: &Places<'_>, others: &[&Places<'_>], message: &str, help: &str| {
        for (name, line) in &places.0 {
            let elsewhere = others.iter().any(|places| places.0.contains_key(name));
            let reserved = name.len() == 1 && !FREE_LETTERS.contains(name);
            if elsewhere || known.contains(name) || reserved || !subject.is_own(*line) {
                continue;
            }
            let shown = if name.len() == 1 { (*name).to_owned() } else { format!("{{{name}}}") };
            let finding = subject.at_cf_line(code, *line, message.replace('%', &shown));
            found.push(finding.help(help.replace('%', &shown)));
        }
    };
    let Names { macros_set, macros_used, classes_set, classes_used } = &names;
    tell(
        "L201",
        classes_used,
        &[classes_set],
        "nothing puts a word into class %: the rule never matches",
        "fill it with C% or F%, or correct the name",
    );
    tell(
        "L202",
        classes_set,
        &[classes_used],
        "no rule asks class %",
        "take the line out, or correct the name",
    );
    tell(
        "L203",
        macros_used,
        &[macros_set],
        "nothing sets macro %: it is empty",
        "define it with D%, or correct the name",
    );
    tell(
        "L204",
        macros_set,
        &[macros_used],
        "nothing uses macro %",
        "take the line out, or correct the name",
    );
    found
}
