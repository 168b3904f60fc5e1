//! How much code the keeper is: every file that can be reached from its entry point, and every crate.
//!
//! Counted are lines of code: no blank lines, no comments, no tests. A file counts as a whole as soon as one name of
//! it is imported by a file that counts (through `pub use` of a `mod.rs`, too); so this is an upper bound.

use crate::sources::{code, named_by, source};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The first file: what the keeper's process does from its start to its end.
const ENTRY: &str = "keeper/server.rs";

/// Nothing of these is within its reach: the configuration and its readers, rules, maps, the network, the log.
const OUT_OF_REACH: &[&str] =
    &["cf", "config", "daemon", "diag", "engine", "logging", "m4", "maps", "net", "queue", "rewrite", "smtp"];

/// Crates that it may use: system calls, messages, bit sets, errors, hash tables, searching bytes; digests of passwords.
const CRATES: &[&str] = &[
    "argon2",
    "base64",
    "bcrypt",
    "bitflags",
    "hashbrown",
    "hmac",
    "md5",
    "sha_crypt",
    "sha1",
    "sha2",
    "subtle",
    "memchr",
    "nix",
    "postcard",
    "serde",
    "serde_bytes",
    "thiserror",
    "yescrypt",
];

/// Lines of the folder itself, and of all that it reaches; SECURITY.md says what they are for, room by room.
const MOST_OWN: usize = 2800;
const MOST: usize = 6250;

/// The crates of Cargo.toml, as they are written in code.
fn dependencies() -> Vec<String> {
    let manifest = include_str!("../../Cargo.toml");
    let section = manifest.split("\n[dependencies]\n").nth(1).expect("dependencies");
    let lines = section.lines().take_while(|line| !line.starts_with('['));
    lines.filter_map(|line| Some(line.split_once(" =")?.0.replace('-', "_"))).collect()
}

/// Does a path of the code begin with this crate (`ring::`, but not `String::`)?
fn names_crate(text: &str, name: &str) -> bool {
    let path = format!("{name}::");
    let begins = |(at, _): (usize, &str)| {
        let before = text[..at].chars().next_back();
        !before.is_some_and(|byte| byte.is_alphanumeric() || byte == '_')
    };
    text.match_indices(&path).any(begins)
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
        let named = |name: &&String| names_crate(&text, name);
        self.crates.extend(dependencies().iter().filter(named).cloned());
        for named in named_by(file) {
            self.visit(&named);
        }
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
    let mut rooms: BTreeMap<String, usize> = BTreeMap::new();
    for (file, lines) in &reach.files {
        let room = file.strip_prefix(source()).expect("a source").iter().next().expect("a room");
        *rooms.entry(room.to_string_lossy().into_owned()).or_default() += lines;
    }
    assert_eq!(rooms.keys().collect::<Vec<_>>(), documented().keys().collect::<Vec<_>>());
    for (room, lines) in documented() {
        let off = lines.abs_diff(rooms[&room]);
        assert!(off * 10 <= lines.max(200), "{room}: {} lines, SECURITY.md has {lines}", rooms[&room]);
    }
}

/// The table of SECURITY.md: lines by room.
fn documented() -> BTreeMap<String, usize> {
    let text = include_str!("../../SECURITY.md");
    let section = text.split("\n## How much code is root's\n").nth(1).expect("the section");
    let section = section.split("\n## ").next().expect("its text");
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    rows.map(|(room, rest)| {
        let lines = rest.split(' ').next().and_then(|number| number.parse().ok());
        (room.to_owned(), lines.unwrap_or_else(|| panic!("no number of lines for {room}")))
    })
    .collect()
}
