//! How much code the keeper is: every file that can be reached from its entry point, and every crate.
//!
//! Counted are lines of code: no blank lines, no comments, no tests. A file counts as a whole as soon as one name of
//! it is imported by a file that counts (through `pub use` of a `mod.rs`, too); so this is an upper bound.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The first file: what the keeper's process does from its start to its end.
const ENTRY: &str = "keeper/server.rs";

/// Nothing of these is within its reach: the configuration and its readers, rules, maps, the network, the log.
const OUT_OF_REACH: &[&str] =
    &["cf", "config", "daemon", "diag", "engine", "logging", "m4", "maps", "net", "queue", "rewrite", "smtp"];

/// Crates that it may use: system calls, messages, bit sets, errors, hash tables, searching bytes; digests of passwords.
const CRATES: &[&str] = &[
    "base64",
    "bitflags",
    "hashbrown",
    "hmac",
    "md5",
    "sha1",
    "sha2",
    "subtle",
    "memchr",
    "nix",
    "postcard",
    "serde",
    "thiserror",
];

/// Lines of the folder itself, and of all that it reaches: a quarter of those read Berkeley DB files (aliases), another
/// quarter are `sys`; passwords cost some 300.
const MOST_OWN: usize = 2000;
const MOST: usize = 5400;

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// A file without its tests, comments and blank lines.
fn code(path: &Path) -> String {
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

/// The crates of Cargo.toml, as they are written in code.
fn dependencies() -> Vec<String> {
    let manifest = include_str!("../../Cargo.toml");
    let section = manifest.split("\n[dependencies]\n").nth(1).expect("dependencies");
    let lines = section.lines().take_while(|line| !line.starts_with('['));
    lines.filter_map(|line| Some(line.split_once(" =")?.0.replace('-', "_"))).collect()
}

struct Reach {
    files: BTreeMap<PathBuf, usize>,
    crates: BTreeSet<String>,
}

impl Reach {
    /// Counts a file and all that it names.
    fn visit(&mut self, file: &Path) {
        if self.files.contains_key(file) {
            return;
        }
        let text = code(file);
        self.files.insert(file.to_owned(), text.lines().count());
        let named = |name: &&String| text.contains(&format!("{name}::"));
        self.crates.extend(dependencies().iter().filter(named).cloned());
        for path in paths(&text) {
            let words: Vec<&str> = path.split("::").collect();
            self.resolve(file, &words, &text);
        }
    }

    /// Finds the file in which a path ends.
    fn resolve(&mut self, from: &Path, words: &[&str], text: &str) {
        let mut folder = match words[0] {
            "crate" => source(),
            // `mod.rs` is its folder; another file lies in its parent module's folder
            "super" if from.ends_with("mod.rs") => {
                from.parent().and_then(Path::parent).expect("a folder").into()
            }
            "super" => from.parent().expect("a folder").into(),
            _ if from.ends_with("mod.rs") => from.parent().expect("a folder").into(),
            _ => return,
        };
        for (index, word) in words.iter().enumerate().skip(1) {
            if *word == "super" {
                folder = folder.parent().expect("a folder").into();
                continue;
            }
            let (file, below) = (folder.join(format!("{word}.rs")), folder.join(word));
            if file.is_file() {
                return self.visit(&file);
            }
            if !below.is_dir() {
                return self.named(&folder.join("mod.rs"), word);
            }
            folder = below;
            if index + 1 == words.len() {
                // a folder by its name: what is used of it stands in the text as `name::Item`
                for (at, _) in text.match_indices(&format!("{word}::")) {
                    let item: String = text[at + word.len() + 2..]
                        .chars()
                        .take_while(|c| c.is_alphanumeric() || *c == '_')
                        .collect();
                    if !item.is_empty() {
                        self.resolve(from, &[words, &[item.as_str()]].concat(), text);
                    }
                }
            }
        }
    }

    /// An item that a `mod.rs` defines or hands on.
    fn named(&mut self, module: &Path, item: &str) {
        if !module.is_file() {
            return;
        }
        let text = code(module);
        for statement in text.split(';').filter(|part| part.contains("pub use ")) {
            let handed: BTreeSet<String> = {
                let mut found = BTreeSet::new();
                let list = &statement[statement.find("pub use ").expect("found") + 8..];
                group(list, String::new(), &mut found);
                found
            };
            for path in handed {
                let (file, name) = path.rsplit_once("::").unwrap_or((&path, ""));
                let below = module.with_file_name(format!("{}.rs", file.replace("::", "/")));
                let holds = name == item
                    || (name == "*" && below.is_file() && code(&below).contains(&format!(" {item}")));
                if holds && below.is_file() {
                    return self.visit(&below);
                }
            }
        }
        self.visit(module);
    }
}

#[test]
fn the_keeper_is_small() {
    let mut reach = Reach { files: BTreeMap::new(), crates: BTreeSet::new() };
    reach.visit(&source().join(ENTRY));
    let shown: Vec<String> = reach
        .files
        .iter()
        .map(|(file, lines)| {
            format!("{lines:5} {}", file.strip_prefix(source()).expect("a source").display())
        })
        .collect();
    let own: usize = reach
        .files
        .iter()
        .filter(|(file, _)| file.starts_with(source().join("keeper")))
        .map(|(_, n)| n)
        .sum();
    let all: usize = reach.files.values().sum();
    println!("{}\n{all} lines, {own} of them in keeper/; crates: {:?}", shown.join("\n"), reach.crates);
    for room in OUT_OF_REACH {
        let found = reach.files.keys().find(|file| file.starts_with(source().join(room)));
        assert!(found.is_none(), "the keeper reaches {}", found.expect("one").display());
    }
    let strange: Vec<_> = reach.crates.iter().filter(|name| !CRATES.contains(&name.as_str())).collect();
    assert!(strange.is_empty(), "other crates: {strange:?}");
    assert!(all > 2000, "only {all} lines were found: the count is broken");
    assert!(own < MOST_OWN, "{own} lines in keeper/");
    assert!(all < MOST, "{all} lines");
}
