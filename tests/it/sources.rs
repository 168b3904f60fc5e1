//! The sources as text: their files, what of them is code, and which files a file names.
//!
//! Good enough for this house, whose `rustfmt` and habits are known: no full reader of Rust.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Where the library's code is.
pub fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// All Rust files below a folder, in order.
pub fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("readable folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The rooms, from the ground up.
pub fn rooms() -> Vec<String> {
    let floors = include_str!("../../src/lib.rs");
    let rooms = floors.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    rooms.map(str::to_owned).collect()
}

/// A file without its tests, comments and blank lines.
pub fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut lines = Vec::new();
    let mut skipping = false;
    for line in text.lines() {
        if line == "#[cfg(test)]" {
            skipping = true;
        } else if skipping {
            // an item ends at a bracket in the first column, or on its own line
            skipping = !(line.starts_with('}') || (line.ends_with(';') && !line.starts_with(' ')));
        } else if !line.trim().is_empty() && !line.trim_start().starts_with("//") {
            lines.push(line);
        }
    }
    lines.join("\n")
}

/// The paths that a text imports or names: `a::{b, c::d}` gives `a::b` and `a::c::d`.
fn paths(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in text.match_indices(start) {
            let before = text[..at].chars().next_back().unwrap_or(' ');
            if !(before.is_alphanumeric() || before == '_' || before == ':') {
                group(&text[at..], String::new(), &mut found);
            }
        }
    }
    found
}

/// Reads one path or group behind `prefix`; gives what follows it.
fn group<'a>(text: &'a str, prefix: String, found: &mut BTreeSet<String>) -> &'a str {
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = group(rest.trim_start(), prefix.clone(), found).trim_start();
            match rest.strip_prefix(',') {
                Some(more) => rest = more,
                None => return rest.strip_prefix('}').unwrap_or(rest),
            }
        }
    }
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '*')).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let path = if prefix.is_empty() { word.to_owned() } else { format!("{prefix}::{word}") };
    match rest.strip_prefix("::") {
        Some(behind) if !word.is_empty() => group(behind, path, found),
        _ if word.is_empty() => rest,
        _ => {
            found.insert(path);
            rest
        }
    }
}

/// The files that a file names: by `crate::`, `super::` or `self::`, and, in a `mod.rs`, its own by their names. An item
/// that a `mod.rs` hands on counts as named in the file where it is; handing on names nothing.
pub fn named_by(file: &Path) -> BTreeSet<PathBuf> {
    let text = code(file);
    let is_folder = file.ends_with("mod.rs");
    let body = if is_folder { without_re_exports(&text) } else { text };
    let mut found = BTreeSet::new();
    for path in paths(&body) {
        found.extend(resolve(file, &path.split("::").collect::<Vec<_>>(), &body));
    }
    if is_folder {
        let folder = file.parent().expect("a folder");
        for (at, _) in body.match_indices("::") {
            let word: String = body[..at].chars().rev().take_while(|c| is_word(*c)).collect();
            let word: String = word.chars().rev().collect();
            let children = [folder.join(format!("{word}.rs")), folder.join(&word).join("mod.rs")];
            found.extend(children.into_iter().filter(|child| !word.is_empty() && child.is_file()));
        }
    }
    found.remove(file);
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// `pub use …;` left out.
fn without_re_exports(text: &str) -> String {
    let mut out = String::new();
    for statement in text.split_inclusive(';') {
        match statement.find("pub use ").or_else(|| statement.find("pub(super) use ")) {
            Some(at) => out.push_str(&statement[..at]),
            None => out.push_str(statement),
        }
    }
    out
}

/// The files in which a path ends.
fn resolve(from: &Path, words: &[&str], text: &str) -> Vec<PathBuf> {
    let parent = |path: &Path| path.parent().expect("a folder").to_owned();
    let mut folder = match words[0] {
        "crate" => source(),
        // `mod.rs` is its folder; another file lies in its parent module's folder
        "super" if from.ends_with("mod.rs") => parent(&parent(from)),
        "super" => parent(from),
        _ if from.ends_with("mod.rs") => parent(from),
        _ => return Vec::new(),
    };
    for (index, word) in words.iter().enumerate().skip(1) {
        if *word == "super" {
            folder = parent(&folder);
            continue;
        }
        let (file, below) = (folder.join(format!("{word}.rs")), folder.join(word));
        if file.is_file() {
            return vec![file];
        }
        if !below.is_dir() {
            return handed_on(&folder.join("mod.rs"), word).into_iter().collect();
        }
        folder = below;
        if index + 1 == words.len() {
            // a folder by its name: what is used of it stands in the text as `name::Item`
            let called = format!("{word}::");
            let items = text.match_indices(&called).map(|(at, _)| {
                text[at + word.len() + 2..].chars().take_while(|c| is_word(*c)).collect::<String>()
            });
            let items: BTreeSet<String> = items.filter(|item| !item.is_empty()).collect();
            return items.iter().flat_map(|item| resolve(from, &[words, &[item]].concat(), text)).collect();
        }
    }
    Vec::new()
}

/// The file of an item that a `mod.rs` defines or hands on.
fn handed_on(module: &Path, item: &str) -> Option<PathBuf> {
    if !module.is_file() {
        return None;
    }
    let text = code(module);
    for statement in text.split(';').filter(|part| part.contains("pub use ")) {
        let list = &statement[statement.find("pub use ").expect("found") + 8..];
        let mut handed = BTreeSet::new();
        group(list, String::new(), &mut handed);
        for path in handed {
            let (file, name) = path.rsplit_once("::").unwrap_or((&path, ""));
            let below = module.with_file_name(format!("{}.rs", file.replace("::", "/")));
            let below = if below.is_file() { below } else { module.with_file_name(file).join("mod.rs") };
            let holds = name == item
                || (name == "*" && below.is_file() && code(&below).contains(&format!(" {item}")));
            if holds && below.is_file() {
                return if below.ends_with("mod.rs") { handed_on(&below, item) } else { Some(below) };
            }
        }
    }
    Some(module.to_owned())
}
