//! Alias files: circles, members that nobody delivers, lines that are none.

use super::finding::{Edit, Finding};
use super::subject::Subject;
use crate::db::{AliasLine, AliasSpec, alias_lines, included_file, split_list, unquote};
use crate::sys::accounts;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

/// One alias with its members.
struct Entry {
    line: AliasLine,
    members: Vec<Vec<u8>>,
}

/// Findings about every alias file that has a text.
pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let files: Vec<_> = subject.config.options.alias_file.iter().map(|part| AliasSpec::parse(part)).collect();
    let texts: Vec<_> =
        files.iter().filter_map(|spec| Some((&*spec.file, std::fs::read(&spec.file).ok()?))).collect();
    let mut all: HashMap<Vec<u8>, Vec<Vec<u8>>> = HashMap::new();
    let mut entries = Vec::new();
    for (file, text) in &texts {
        for line in alias_lines(text) {
            match line {
                Ok(line) => entries.push((*file, text, read(line))),
                Err((line, problem)) => {
                    let finding = Finding::new("L404", &file.display().to_string(), problem.to_string());
                    found.push(finding.at(line, 0, line_of(text, line)).help("name: member, member"));
                }
            }
        }
    }
    let mut first: HashMap<(&Path, Vec<u8>), u32> = HashMap::new();
    for (file, text, entry) in &entries {
        let name = entry.line.name.to_ascii_lowercase();
        if let Some(before) = first.get(&(*file, name.clone())) {
            found.push(twice(file, text, entry, *before, all.get(&name)));
            continue;
        }
        first.insert((file, name.clone()), entry.line.line);
        all.entry(name).or_insert_with(|| entry.members.clone());
    }
    for (file, text, entry) in &entries {
        found.extend(check_entry(file, text, entry, &all));
    }
    found
}

fn read(line: AliasLine) -> Entry {
    let members = split_list(&line.value);
    Entry { line, members }
}

fn line_of(text: &[u8], line: u32) -> &[u8] {
    text.split(|byte| *byte == b'\n').nth((line as usize).saturating_sub(1)).unwrap_or_default()
}

fn twice(file: &Path, text: &[u8], entry: &Entry, before: u32, members: Option<&Vec<Vec<u8>>>) -> Finding {
    let name = String::from_utf8_lossy(&entry.line.name);
    let message = format!("{name} is there already, in line {before}");
    let line = line_of(text, entry.line.line);
    let finding = Finding::new("L403", &file.display().to_string(), message).at(entry.line.line, 1, line);
    // a line that others continue is more than one line
    let whole = line.trim_ascii_end() == entry.line.text.trim_ascii_end();
    match members == Some(&entry.members) && whole {
        true => finding.help("take one of them out").mended_by(Edit {
            file: file.to_owned(),
            line: entry.line.line,
            old: line.to_vec(),
            new: None,
        }),
        false => finding.help("newaliases keeps the last one with a warning: decide which of them holds"),
    }
}

/// What a member of an alias is, as far as it can be seen without the rules.
enum Member {
    Alias(Vec<u8>),
    List(Vec<u8>),
    Program(Vec<u8>),
    Elsewhere,
}

fn kind(member: &[u8]) -> Member {
    if let Some(file) = included_file(member) {
        return Member::List(file);
    }
    let plain = unquote(member);
    if let Some(command) = plain.strip_prefix(b"|") {
        return Member::Program(command.trim_ascii().to_vec());
    }
    let special = |byte: &u8| matches!(byte, b'@' | b'%' | b'!' | b'/' | b'\\' | b'"' | b'<' | b'$' | b' ');
    match plain.is_empty() || plain.iter().any(special) {
        true => Member::Elsewhere,
        false => Member::Alias(plain.to_ascii_lowercase()),
    }
}

fn check_entry(
    file: &Path,
    text: &[u8],
    entry: &Entry,
    all: &HashMap<Vec<u8>, Vec<Vec<u8>>>,
) -> Vec<Finding> {
    let mut found = Vec::new();
    let line = line_of(text, entry.line.line);
    let mut tell = |code: &str, message: String, help: &str| {
        let finding = Finding::new(code, &file.display().to_string(), message);
        found.push(finding.at(entry.line.line, 0, line).help(help));
    };
    for member in &entry.members {
        let shown = String::from_utf8_lossy(member).into_owned();
        match kind(member) {
            Member::List(list) if !accounts::path(&list).is_file() => {
                let message = format!("the list {} is not there", String::from_utf8_lossy(&list));
                tell("L405", message, "make the file, or take the member out");
            }
            Member::Program(command) => {
                let program = command.split(u8::is_ascii_whitespace).next().unwrap_or_default();
                if program.starts_with(b"/") && !accounts::path(program).is_file() {
                    let message = format!("the program {} is not there", String::from_utf8_lossy(program));
                    tell("L405", message, "install it, or take the member out");
                }
            }
            Member::Alias(name) if !is_deliverable(&name, all) => {
                tell(
                    "L402",
                    format!("{shown} is neither an alias nor a user"),
                    "correct the name, or add \\ in front of a user who comes later",
                );
            }
            _ => {}
        }
    }
    let name = entry.line.name.to_ascii_lowercase();
    if let Some(way) = circle(&name, all) {
        tell(
            "L401",
            format!("mail for {way} goes in a circle"),
            "write \\ in front of a name that is a user's: it is expanded no further",
        );
    }
    found
}

fn is_deliverable(name: &[u8], all: &HashMap<Vec<u8>, Vec<Vec<u8>>>) -> bool {
    let user = || name.split(|byte| *byte == b'+').next().unwrap_or(name);
    // a system that cannot say is not to blame the file
    all.contains_key(name)
        || all.contains_key(user())
        || accounts::user(user()).map_or(true, |user| user.is_some())
}

/// Aliases that lead to each other; sendmail gives up much sooner.
const MAX_WAY: usize = 200;

/// The way back to where it began, told at the first of its names in the alphabet only.
fn circle(name: &[u8], all: &HashMap<Vec<u8>, Vec<Vec<u8>>>) -> Option<String> {
    fn walk(
        at: &[u8],
        home: &[u8],
        all: &HashMap<Vec<u8>, Vec<Vec<u8>>>,
        seen: &mut BTreeSet<Vec<u8>>,
        way: &mut Vec<Vec<u8>>,
    ) -> bool {
        for member in all.get(at).into_iter().flatten() {
            let Member::Alias(next) = kind(member) else { continue };
            // `joe: joe` is how a user is named whose address is rewritten elsewhere: it ends there
            if next == at {
                continue;
            }
            if next == home {
                return true;
            }
            if way.len() < MAX_WAY && seen.insert(next.clone()) {
                way.push(next.clone());
                if walk(&next, home, all, seen, way) {
                    return true;
                }
                way.pop();
            }
        }
        false
    }
    let (mut seen, mut way) = (BTreeSet::new(), vec![name.to_vec()]);
    if !walk(name, name, all, &mut seen, &mut way) || way.iter().min().is_some_and(|least| least != name) {
        return None;
    }
    way.push(name.to_vec());
    let names: Vec<String> = way.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    Some(names.join(" \u{2192} "))
}
