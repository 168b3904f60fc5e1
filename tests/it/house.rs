//! The house rules that can be measured: errors are documented, and files know each other in one direction.

use crate::sources::{named_by, rust_files, source};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Files that know each other both ways, with all that lie between; ARCHITECTURE.md has the reason of each.
const CIRCLES: &[(&str, &[&str])] = &[
    ("engine", &["event/mod", "matcher", "program", "scope"]),
    (
        "m4",
        &[
            "builtins/debug",
            "builtins/define",
            "builtins/flow",
            "builtins/mod",
            "builtins/numbers",
            "builtins/output",
            "builtins/system",
            "builtins/text",
            "call",
            "divert",
            "expand",
            "input",
            "lexer",
            "options",
            "symbols",
            "synclines",
            "trace",
        ],
    ),
    ("m4/scan", &["arguments", "mod", "scanner"]),
];

/// A declaration up to its body, on one line.
fn signature(lines: &[&str], from: usize) -> String {
    let mut text = String::new();
    for line in &lines[from..] {
        text.push_str(line.trim());
        text.push(' ');
        if line.trim_end().ends_with(['{', ';']) {
            break;
        }
    }
    text
}

/// Does a function give back a `Result` itself (not a list or a stream of them)?
fn is_fallible(signature: &str) -> bool {
    let Some((_, result)) = signature.rsplit_once("-> ") else { return false };
    let name = result.split(['<', ' ', '{', ';']).next().unwrap_or_default();
    name == "Result" || name.ends_with("::Result")
}

/// The doc comment and attributes above a line.
fn comment_above<'a>(lines: &[&'a str], line: usize) -> Vec<&'a str> {
    let above = lines[..line].iter().rev().map(|line| line.trim_start());
    above.take_while(|line| line.starts_with("///") || line.starts_with("#[")).collect()
}

/// Public functions of a text that can fail, and those of them that do not say when.
fn fallible_functions(text: &str) -> (usize, Vec<usize>) {
    let lines: Vec<&str> = text.lines().collect();
    let (mut count, mut silent) = (0, Vec::new());
    for (number, line) in lines.iter().enumerate() {
        let words = line.trim_start().strip_prefix("pub ").unwrap_or_default();
        let words = ["const ", "async ", "unsafe "]
            .iter()
            .fold(words, |rest, word| rest.strip_prefix(word).unwrap_or(rest));
        if !words.starts_with("fn ") || !is_fallible(&signature(&lines, number)) {
            continue;
        }
        count += 1;
        if !comment_above(&lines, number).contains(&"/// # Errors") {
            silent.push(number + 1);
        }
    }
    (count, silent)
}

#[test]
fn a_public_function_that_can_fail_says_when() {
    let (mut count, mut silent) = (0, Vec::new());
    for file in rust_files(&source()) {
        let (some, lines) = fallible_functions(&fs::read_to_string(&file).expect("UTF-8 source"));
        count += some;
        silent.extend(lines.iter().map(|line| format!("{}:{line}", file.display())));
    }
    println!("{count} public functions give back a Result");
    assert!(count > 100, "only {count} were found: the search is broken");
    assert!(silent.is_empty(), "without `# Errors`:\n{}", silent.join("\n"));
}

#[test]
fn a_function_that_says_nothing_is_found() {
    let text = "/// Reads.\npub fn read(\n    a: u8,\n) -> io::Result<u8> {\n}\n/// Reads.\n///\n/// # Errors\n/// Never.\npub async fn late() -> Result<(), u8> {\n}\npub fn many() -> Vec<Result<u8, u8>> {\n}\n";
    assert_eq!(fallible_functions(text), (2, vec![2]));
}

/// What can be reached from a file.
fn reached<'a>(edges: &'a BTreeMap<PathBuf, BTreeSet<PathBuf>>, from: &'a Path) -> BTreeSet<&'a Path> {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(file) = next.pop() {
        for named in edges.get(file).into_iter().flatten() {
            if seen.insert(named.as_path()) {
                next.push(named);
            }
        }
    }
    seen
}

/// The circles among some files: each with all of its files.
fn circles(edges: &BTreeMap<PathBuf, BTreeSet<PathBuf>>) -> BTreeSet<BTreeSet<&Path>> {
    let reach: BTreeMap<&Path, BTreeSet<&Path>> =
        edges.keys().map(|file| (file.as_path(), reached(edges, file))).collect();
    let in_circle = |file: &Path| reach[file].contains(file);
    let circle_of =
        |file: &Path| reach[file].iter().filter(|other| reach[*other].contains(file)).copied().collect();
    reach.keys().filter(|file| in_circle(file)).map(|file| circle_of(file)).collect()
}

#[test]
fn circles_are_the_known_ones() {
    let files = rust_files(&source());
    let edges: BTreeMap<_, _> = files.iter().map(|file| (file.clone(), named_by(file))).collect();
    let known = CIRCLES.iter().map(|(folder, files)| {
        files.iter().map(|file| source().join(folder).join(format!("{file}.rs"))).collect::<BTreeSet<_>>()
    });
    let known: BTreeSet<_> = known.collect();
    let found = circles(&edges);
    let found: BTreeSet<BTreeSet<PathBuf>> =
        found.into_iter().map(|circle| circle.into_iter().map(Path::to_owned).collect()).collect();
    let show = |circles: Vec<&BTreeSet<PathBuf>>| format!("{circles:#?}");
    assert!(found.is_subset(&known), "new circles: {}", show(found.difference(&known).collect()));
    assert!(known.is_subset(&found), "not there any more: {}", show(known.difference(&found).collect()));
}

#[test]
fn circles_are_found() {
    let edges = [("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")];
    let edges = edges.map(|(from, to)| (PathBuf::from(from), BTreeSet::from([PathBuf::from(to)])));
    let edges = BTreeMap::from(edges);
    assert_eq!(circles(&edges), BTreeSet::from([["a", "b", "c"].iter().map(Path::new).collect()]));
}

#[test]
fn circles_have_their_reasons() {
    let text = include_str!("../../ARCHITECTURE.md");
    let section = text.split("\n## Circles that stay\n").nth(1).expect("the section");
    let section = section.split("\n## ").next().expect("its text");
    for (folder, files) in CIRCLES {
        let reason = section.split("\n- ").find(|item| item.starts_with(&format!("`{folder}`")));
        let reason = reason.unwrap_or_else(|| panic!("no reason for the circle in {folder}"));
        for file in *files {
            let name = file.split('/').next().expect("a name");
            let shown = if name == "builtins" || file.starts_with("event") {
                format!("`{name}/`")
            } else {
                format!("`{name}`")
            };
            assert!(*file == "mod" || reason.contains(&shown), "{folder}: {shown} is not named");
        }
    }
}
