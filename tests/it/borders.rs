//! Imports point upwards in the list of `lib.rs`, and no test file is forgotten.

use crate::sources::{rooms, rust_files, source};
use std::fs;
use std::path::Path;

/// First path segments after `crate::` in a source text, groups (`crate::{a, b::c}`) included.
fn crate_edges(text: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut edges = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            None => edges.push(word(rest)),
            Some(group) => {
                let (mut depth, mut start) = (0, true);
                for (index, c) in group.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => start = true,
                        c if start && c.is_alphanumeric() => {
                            edges.push(word(&group[index..]));
                            start = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    edges
}

#[test]
fn imports_point_upwards() {
    let rooms = rooms();
    let src = source();
    let mut wrong = Vec::new();
    for (floor, room) in rooms.iter().enumerate() {
        for file in rust_files(&src.join(room)) {
            let text = fs::read_to_string(&file).expect("UTF-8 source");
            for edge in crate_edges(&text) {
                if rooms.iter().position(|other| *other == edge).is_some_and(|other| other > floor) {
                    wrong.push(format!("{}: crate::{edge} lies below {room}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn groups_are_seen() {
    assert_eq!(crate_edges("use crate::{addr::Token, cf::{a, b}, sys};"), ["addr", "cf", "sys"]);
}

#[test]
fn every_test_file_is_a_module() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let main = fs::read_to_string(dir.join("main.rs")).expect("main.rs");
    for file in rust_files(&dir) {
        let stem = file.file_stem().expect("a name").to_string_lossy().into_owned();
        assert!(stem == "main" || main.contains(&format!("mod {stem};")), "{stem} is not run");
    }
}
