//! The texts of maps: keys that are there twice or never asked, values that no rule understands.

use super::finding::{Edit, Finding};
use super::subject::Subject;
use super::table::{Row, Table};
use super::values;
use crate::config::Entry;
use std::collections::HashMap;
use std::path::Path;
use std::time::SystemTime;

/// Tables larger than this are not read.
const MAX_TABLE: u64 = 64 << 20;

/// Findings about every table that has a text.
pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for table in subject.config.maps.iter().filter_map(Table::of) {
        // several maps may share a file
        let small =
            std::fs::metadata(&table.source).is_ok_and(|about| about.is_file() && about.len() <= MAX_TABLE);
        match small.then(|| std::fs::read(&table.source).ok()).flatten() {
            Some(text) => found.extend(check_text(subject, &table, &text)),
            None => found.extend(missing(subject, &table)),
        }
        found.extend(outdated(&table));
    }
    found.sort_by(|one, other| key(one).cmp(&key(other)));
    found.dedup();
    found
}

fn key(finding: &Finding) -> (&str, u32, &str) {
    (&finding.diagnostic.place.file, finding.diagnostic.place.line, finding.code.id)
}

fn missing(subject: &Subject<'_>, table: &Table<'_>) -> Option<Finding> {
    let file = table.database.as_ref().unwrap_or(&table.source);
    // an absent file of an optional map is no mistake; without its directory this is not the site's own machine
    let elsewhere = file.parent().is_none_or(|directory| !directory.is_dir());
    if table.has(b"-o") || file.exists() || table.source.exists() || elsewhere {
        return None;
    }
    let name = String::from_utf8_lossy(&table.decl.name);
    let message = format!("map {name} has no file: {} is not there", file.display());
    let help = "make it with makemap, or add -o to the map: then it is empty without its file";
    Some(subject.at_entry("L307", Entry::Map(&table.decl.name), message).help(help))
}

fn outdated(table: &Table<'_>) -> Option<Finding> {
    let database = table.database.as_ref()?;
    let changed = |file: &Path| -> Option<SystemTime> { std::fs::metadata(file).ok()?.modified().ok() };
    if changed(&table.source)? <= changed(database)? {
        return None;
    }
    let file = table.source.display().to_string();
    let class = String::from_utf8_lossy(&table.decl.class).to_ascii_lowercase();
    let message =
        format!("{} is older than its text: what was changed there is not in force", database.display());
    Some(Finding::new("L306", &file, message).help(format!("makemap {class} {file} < {file}")))
}

fn check_text(subject: &Subject<'_>, table: &Table<'_>, text: &[u8]) -> Vec<Finding> {
    let file = table.source.display().to_string();
    let (mut found, mut seen) = (Vec::new(), HashMap::<Vec<u8>, (u32, Vec<u8>)>::new());
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let number = u32::try_from(index + 1).unwrap_or(0);
        let trimmed = line.trim_ascii();
        if trimmed.is_empty() || trimmed.starts_with(b"#") {
            continue;
        }
        let end = trimmed.iter().position(u8::is_ascii_whitespace).unwrap_or(trimmed.len());
        let row = Row { line: number, text: line, key: &trimmed[..end], value: trimmed[end..].trim_ascii() };
        let folded = if table.has(b"-f") { row.key.to_vec() } else { row.key.to_ascii_lowercase() };
        match seen.get(&folded) {
            Some((first, value)) => found.push(twice(table, &file, &row, *first, value)),
            None => drop(seen.insert(folded, (number, row.value.to_vec()))),
        }
        if row.value.is_empty() {
            let message = format!("{} has no value", String::from_utf8_lossy(row.key));
            found.push(
                Finding::new("L302", &file, message).at(number, 1, line).help("write it behind the key"),
            );
            continue;
        }
        found.extend(values::check(subject, table, &file, &row));
    }
    found
}

fn twice(table: &Table<'_>, file: &str, row: &Row<'_>, first: u32, value: &[u8]) -> Finding {
    let key = String::from_utf8_lossy(row.key);
    let message = format!("{key} is there already, in line {first}");
    let finding = Finding::new("L301", file, message).at(row.line, 1, row.text);
    if row.value == value {
        let edit = Edit { file: table.source.clone(), line: row.line, old: row.text.to_vec(), new: None };
        return finding.help("take one of them out").mended_by(edit);
    }
    finding.help("makemap refuses the text: decide which of them holds")
}
