//! The `m4` personality against recorded runs of GNU m4 1.4.19, and, where GNU m4 is at hand
//! (`CANONIFY_GNU_M4` or in PATH), against the program itself.
//!
//! testdata/m4: NAME.m4 with NAME.out, and where they are not empty NAME.err, NAME.args, NAME.status; and
//! cases/*.cases, many programs in a file (tests/live/m4_cases.py describes them and records them anew).

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use proptest::prelude::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/m4")
}

fn ours(args: &[&str], dir: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_canonify"));
    command.arg("m4").args(args).current_dir(dir).stdin(Stdio::null());
    command.output().expect("our own binary runs")
}

#[test]
fn recorded_programs() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(folder()).expect("testdata/m4").flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|extension| extension != "m4") {
            continue;
        }
        let beside = |extension: &str| fs::read(path.with_extension(extension)).unwrap_or_default();
        let text = |extension: &str| String::from_utf8_lossy(&beside(extension)).trim().to_owned();
        let args = text("args");
        let name = entry.file_name().to_string_lossy().into_owned();
        let mut args: Vec<&str> = args.split_whitespace().collect();
        args.push(&name);
        let run = ours(&args, &folder());
        let status = text("status").parse().unwrap_or(0);
        count += 1;
        if run.stdout != beside("out") || run.stderr != beside("err") || run.status.code() != Some(status) {
            wrong.push(format!("{name}: {run:?}"));
        }
    }
    assert!(count >= 25, "only {count} programs found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// By a shell: descriptors closed, devices that are full.
fn in_shell(script: &str) -> (String, Option<i32>) {
    let dir = tempfile::tempdir().expect("a scratch directory");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_canonify"), dir.path().join("m4")).expect("linked");
    fs::write(dir.path().join("a.m4"), "abc\n").expect("written");
    fs::write(dir.path().join("empty.m4"), "").expect("written");
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", script]).current_dir(dir.path()).env("PATH", dir.path()).stdin(Stdio::null());
    let run = shell.output().expect("the shell runs");
    let said = [run.stdout, run.stderr].concat();
    let name = dir.path().join("m4").display().to_string();
    (String::from_utf8_lossy(&said).replace(&name, "m4"), run.status.code())
}

#[test]
fn output_that_cannot_be_written() {
    let full = "m4: write error: No space left on device\n";
    let bad = "m4: write error: Bad file descriptor\n";
    let missing = "m4: cannot open `no.m4': No such file or directory\n";
    for (script, said, status) in [
        ("m4 a.m4 >/dev/full", full.to_owned(), 1),
        ("m4 --help >/dev/full", full.to_owned(), 1),
        ("m4 a.m4 >&-", bad.to_owned(), 1),
        ("m4 --version >&-", bad.to_owned(), 1),
        ("m4 a.m4 no.m4 >&-", format!("{missing}{bad}"), 1),
        ("m4 empty.m4 >&-", String::new(), 0),
        ("m4 a.m4 no.m4 >/dev/null", missing.to_owned(), 1),
    ] {
        assert_eq!(in_shell(script), (said, Some(status)), "{script}");
    }
}

#[test]
fn help_names_the_program_as_it_was_called() {
    let called = |script: &str| in_shell(script).0.lines().next().unwrap_or_default().to_owned();
    assert_eq!(called("exec ./m4 --help"), "Usage: ./m4 [OPTION]... [FILE]...");
    assert_eq!(called("m4 --help"), "Usage: m4 [OPTION]... [FILE]...");
}

/// One program of a .cases file.
struct Case {
    name: String,
    args: Vec<String>,
    program: Vec<u8>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    status: i32,
}

/// Words of an `args:` line; quotes as in a shell.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for letter in line.chars() {
        match (letter, quote) {
            (_, Some(end)) if letter == end => quote = None,
            ('\'' | '"', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (' ', None) => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

/// Cuts a text at lines that begin with `mark`: the rest of each such line, and what follows it.
fn sections<'a>(text: &'a [u8], mark: &[u8]) -> Vec<(String, &'a [u8])> {
    let mut found: Vec<(String, usize, usize)> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let start = at;
        at += line.len();
        match line.strip_prefix(mark) {
            Some(title) => found.push((String::from_utf8_lossy(title).trim_end().to_owned(), at, at)),
            None if found.is_empty() => assert_eq!(start, 0, "text before the first {mark:?}"),
            None => {}
        }
        if let Some(last) = found.last_mut() {
            last.2 = at;
        }
    }
    found.into_iter().map(|(title, from, to)| (title, &text[from..to])).collect()
}

fn case(name: String, text: &[u8]) -> Case {
    let marked = [b"--- program\n", text].concat();
    let mut case = Case {
        name,
        args: Vec::new(),
        program: Vec::new(),
        stdout: Vec::new(),
        stderr: Vec::new(),
        status: 0,
    };
    for (title, body) in sections(&marked, b"--- ") {
        let (title, open) = match title.strip_suffix(", open") {
            Some(title) => (title, true),
            None => (&title[..], false),
        };
        let body = if open { body.strip_suffix(b"\n").unwrap_or(body) } else { body };
        match title.split_once(' ').unwrap_or((title, "")) {
            ("stdout", _) => case.stdout = body.to_vec(),
            ("stderr", _) => case.stderr = body.to_vec(),
            ("status", number) => case.status = number.parse().expect("a number"),
            _ => program_of(&mut case, body),
        }
    }
    case
}

/// Header lines, then the program.
fn program_of(case: &mut Case, mut rest: &[u8]) {
    let mut open = false;
    while let Some((line, tail)) = rest.iter().position(|byte| *byte == b'\n').map(|at| rest.split_at(at + 1))
    {
        let line = String::from_utf8_lossy(line);
        match line.trim_end().split_once(": ") {
            Some(("args", args)) => case.args = words(args),
            Some(("newline", _)) => open = true,
            _ => break,
        }
        rest = tail;
    }
    case.program = if open { rest.strip_suffix(b"\n").unwrap_or(rest) } else { rest }.to_vec();
}

fn run_case(case: &Case) -> Result<(), String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_canonify"));
    command
        .arg("m4")
        .args(&case.args)
        .current_dir(folder().join("files"))
        .env("LC_ALL", "C")
        .env_remove("M4PATH");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("our own binary runs");
    // It may end without reading its input.
    drop(child.stdin.take().expect("piped").write_all(&case.program));
    let run = child.wait_with_output().expect("it ends");
    if run.stdout == case.stdout && run.stderr == case.stderr && run.status.code() == Some(case.status) {
        return Ok(());
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let pairs = [(&run.stdout, &case.stdout), (&run.stderr, &case.stderr)];
    let parts: String = pairs
        .iter()
        .filter(|(ours, theirs)| ours != theirs)
        .map(|(ours, theirs)| format!("  ours {:?}\n  GNU  {:?}\n", text(ours), text(theirs)))
        .collect();
    Err(format!("{}: status {:?}, GNU {}\n{parts}", case.name, run.status.code(), case.status))
}

#[test]
fn recorded_cases() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(folder().join("cases")).expect("testdata/m4/cases").flatten() {
        let text = fs::read(entry.path()).expect("readable");
        for (name, body) in sections(&text, b"=== ") {
            count += 1;
            wrong.extend(run_case(&case(name, body)).err());
        }
    }
    assert!(count >= 300, "only {count} programs found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn deep_nesting_costs_no_stack() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    let depth = 100_000;
    let program = format!("{}x{}", "len(".repeat(depth), ")".repeat(depth));
    fs::write(dir.path().join("deep.m4"), program).expect("written");
    let run = ours(&["deep.m4"], dir.path());
    assert_eq!((run.status.code(), &run.stdout[..]), (Some(0), &b"1"[..]));
    let expression = format!("eval({}1{})", "(".repeat(depth), ")".repeat(depth));
    fs::write(dir.path().join("deep.m4"), expression).expect("written");
    assert_eq!(ours(&["deep.m4"], dir.path()).stdout, b"1");
}

#[test]
fn garbage_ends_in_a_message() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    let mut seed = 12345u32;
    for round in 0..20 {
        let mut byte = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24) as u8
        };
        let garbage: Vec<u8> = (0..2000).map(|_| byte()).collect();
        fs::write(dir.path().join("garbage.m4"), garbage).expect("written");
        let run = ours(&["garbage.m4"], dir.path());
        assert!(matches!(run.status.code(), Some(0 | 1)), "round {round}: {run:?}");
    }
}

/// GNU m4, if there is one: it must call itself GNU M4 1.4.
fn gnu_m4() -> Option<PathBuf> {
    let named = std::env::var_os("CANONIFY_GNU_M4").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = named.into_iter().chain(std::env::split_paths(&path).map(|dir| dir.join("m4")));
    places.find(|program| {
        let version = Command::new(program).arg("--version").stdin(Stdio::null()).output();
        version.is_ok_and(|run| run.stdout.starts_with(b"m4 (GNU M4) 1.4"))
    })
}

/// Pieces of programs; `{}` becomes a piece of the level below.
const PIECES: &[&str] = &[
    "define(`a', {})",
    "define(`b', `$1{}$2')",
    "define(`c', {}, {})",
    "pushdef(`a', {})",
    "popdef(`a')",
    "undefine(`b')",
    "a",
    "a({}, {})",
    "b({},{})",
    "b",
    "c(`{}')",
    "`{}'",
    "``{}''",
    "ifelse({}, {}, {}, {})",
    "ifdef(`a', {}, {})",
    "len({})",
    "index({}, {})",
    "substr({}, 1, {})",
    "translit({}, a-c, {})",
    "eval({} + 2)",
    "eval(3 * ({}))",
    "incr({})",
    "shift({}, {}, {})",
    "defn(`a')",
    "defn({})",
    "indir({}, {})",
    "builtin({}, {})",
    "divert({})",
    "divert(1){}divert(0)",
    "undivert({})",
    "divnum",
    "changequote([, ]){}changequote",
    "changecom({})",
    "m4wrap({})",
    "format(`%d %s', {}, {})",
    "regexp({}, `\\(a\\|b\\)*', `\\&')",
    "patsubst({}, `[ab]', {})",
    "dnl {}\n",
    "# {}\n",
    "({}, {})",
    "{} {}",
    "{}{}",
    "{}\n{}",
    "errprint({})",
    "dumpdef(`a')",
    "traceon(`a')",
    "__line__",
    "sysval",
];

const LEAVES: &[&str] =
    &["a", "b", "12", "`x y'", "", "1", "abc", ",", "2", " z ", "$1", "`$#'", "$@", "len", "-1", "(", ")"];

/// A program from a list of choices. It is cut off before it can call itself for ever: a macro's text never
/// holds calls of macros that are defined from texts that hold calls.
fn program(choices: &[u16]) -> String {
    fn piece(choices: &mut std::slice::Iter<'_, u16>, depth: u32) -> String {
        let Some(choice) = choices.next() else { return String::new() };
        let choice = usize::from(*choice);
        if depth == 0 {
            return LEAVES[choice % LEAVES.len()].to_owned();
        }
        let mut parts = PIECES[choice % PIECES.len()].split("{}");
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            text.push_str(&piece(choices, depth - 1));
            text.push_str(part);
        }
        text
    }
    let mut choices = choices.iter();
    let mut text = String::new();
    while choices.len() > 0 {
        text.push_str(&piece(&mut choices, 3));
        text.push('\n');
    }
    text
}

/// Runs a program that may never end; nothing if it takes too long or says too much.
fn limited(program: &Path, args: &[&str], dir: &Path) -> Option<(Vec<u8>, Vec<u8>, Option<i32>)> {
    let limited = format!(
        "ulimit -t 2 -v 1000000 -f 2000; exec -a m4 '{}' \"$@\" >out 2>err </dev/null",
        program.display()
    );
    let status =
        Command::new("bash").arg("-c").arg(limited).arg("m4").args(args).current_dir(dir).status().ok()?;
    let read = |name: &str| fs::read(dir.join(name)).ok();
    // What a killed program leaves behind says nothing.
    Some((read("out")?, read("err")?, Some(status.code()?)))
}

#[test]
fn generated_programs_equal_gnu_m4() {
    let Some(gnu) = gnu_m4() else {
        eprintln!("SKIPPED: no GNU m4 (set CANONIFY_GNU_M4 or put it in PATH)");
        return;
    };
    let dir = tempfile::tempdir().expect("a scratch directory");
    let file = dir.path().join("generated.m4");
    let own = Path::new(env!("CARGO_BIN_EXE_canonify"));
    let cases = std::env::var("CANONIFY_M4_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(60);
    let mut config = ProptestConfig::with_cases(cases);
    config.failure_persistence = None;
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let outcome = runner.run(&proptest::collection::vec(any::<u16>(), 1..60), |choices| {
        fs::write(&file, program(&choices)).expect("written");
        let theirs = limited(&gnu, &["generated.m4"], dir.path());
        // It runs out of stack or memory where we reach a limit.
        let ended = |run: &(Vec<u8>, Vec<u8>, Option<i32>)| {
            let exhausted = |text: &str| memchr::memmem::find(&run.1, text.as_bytes()).is_some();
            matches!(run.2, Some(0 | 1)) && !exhausted("stack overflow") && !exhausted("memory exhausted")
        };
        let Some(theirs) = theirs.filter(ended) else { return Ok(()) };
        let ours = limited(own, &["generated.m4"], dir.path());
        let show = |run: &(Vec<u8>, Vec<u8>, Option<i32>)| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            (text(&run.0), text(&run.1).replace(&*gnu.display().to_string(), "m4"), run.2)
        };
        prop_assert_eq!(ours.as_ref().map(show), Some(show(&theirs)), "program:\n{}", program(&choices));
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
