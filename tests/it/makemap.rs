//! makemap's command line: messages, exit status and what the file holds, as sendmail's makemap has them
//! (`testdata/maps/makemap.txt`).

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const CASES: &str = include_str!("../../testdata/maps/makemap.txt");

/// Runs makemap in a directory: what it printed on both streams, and its status.
fn makemap(dir: &Path, args: &str, input: &str) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_canonify"))
        .arg("makemap")
        .args(["-C", "/dev/null"])
        .args(args.split_whitespace())
        .current_dir(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("runs");
    // a makemap that only complains may be gone before it has read anything
    let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("ends");
    let warning = |line: &&str| !line.starts_with("WARNING: World writable directory");
    let text = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        text.lines().filter(warning).map(|line| format!("{line}\n")).collect::<String>()
    };
    format!("{}{}status {}\n", text(&output.stderr), text(&output.stdout), output.status.code().unwrap_or(-1))
}

/// Cases follow each other in one directory: `> args`, input lines after `| `, then what is printed.
#[test]
fn messages_and_content() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    for case in CASES.split("\n> ").skip(1) {
        let (args, rest) = case.split_once('\n').expect("more than a command");
        let input: String = rest
            .lines()
            .filter_map(|line| line.strip_prefix("| "))
            .map(|line| line.replace("\\t", "\t") + "\n")
            .collect();
        let wanted: String = rest
            .lines()
            .filter(|line| !line.starts_with("| "))
            .map(|line| line.replace("\\t", "\t") + "\n")
            .collect();
        assert_eq!(makemap(dir.path(), args, &input), wanted, "makemap {args}");
    }
}

#[test]
fn a_map_appears_whole_and_nothing_else_with_it() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    let lines: String = (0..5000).map(|number| format!("key{number} value{number}\n")).collect();
    assert_eq!(makemap(dir.path(), "hash map", &lines), "status 0\n");
    let names: Vec<_> =
        std::fs::read_dir(dir.path()).expect("readable").flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(names, ["map.db"]);
    assert_eq!(makemap(dir.path(), "-u hash map", "").lines().count(), 5001);
}

#[test]
fn editmap_and_praliases_see_the_same_file() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    makemap(dir.path(), "hash map", "a one\nb two\n");
    let run = |words: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_canonify"))
            .args(words.split_whitespace())
            .current_dir(dir.path())
            .output()
            .expect("runs");
        let text = [output.stderr, output.stdout].concat();
        format!("{}{}", String::from_utf8_lossy(&text), output.status.code().unwrap_or(-1))
    };
    assert_eq!(run("editmap -C /dev/null -q hash map A"), "one\n0");
    assert_eq!(run("editmap -C /dev/null -u hash map c three"), "0");
    assert_eq!(run("editmap -C /dev/null -x hash map b"), "0");
    assert_eq!(run("editmap -C /dev/null -x hash map b"), "editmap: key b doesn't exist in map map\n0");
    assert_eq!(run("editmap -C /dev/null -q hash map b"), "editmap: couldn't find key b in map map\n69");
    assert_eq!(run("praliases -f map a c zz"), "a:one\nc:three\nzz: No such key\n0");
}
