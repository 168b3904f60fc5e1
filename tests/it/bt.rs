//! Address test mode against transcripts of sendmail.
//!
//! Each folder of `testdata/bt` holds a cf, what is typed, and what sendmail 8.17.1.9 printed. `how`, where
//! there is one, holds the exit status and further words of the command line. `@DIR@` stands for the
//! folder of the run, `0xPTR` for an address in memory.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

struct Case {
    name: String,
    folder: PathBuf,
    arguments: Vec<String>,
    status: i32,
}

fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/bt");
    let mut cases = Vec::new();
    for entry in fs::read_dir(root).expect("testdata/bt").flatten() {
        let folder = entry.path();
        if !folder.is_dir() {
            continue;
        }
        let how = fs::read_to_string(folder.join("how")).unwrap_or_default();
        let mut words = how.split_whitespace().map(str::to_owned);
        let status = words.next().map_or(0, |status| status.parse().expect("a status"));
        let name = entry.file_name().to_string_lossy().into_owned();
        cases.push(Case { name, folder, arguments: words.collect(), status });
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

fn replaced(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with(from) {
            out.extend_from_slice(to);
            at += from.len();
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    out
}

/// Addresses in memory (`0x` and nine or more digits) become `0xPTR`.
fn without_pointers(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let digits = match text[at..].starts_with(b"0x") {
            true => text[at + 2..].iter().take_while(|byte| byte.is_ascii_hexdigit()).count(),
            false => 0,
        };
        if digits >= 9 {
            out.extend_from_slice(b"0xPTR");
            at += 2 + digits;
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    out
}

fn prepare(case: &Case, dir: &Path) {
    let place = dir.to_str().expect("UTF-8").as_bytes();
    let common = case.folder.parent().expect("testdata/bt");
    let own = fs::read_dir(&case.folder).expect("readable").flatten().map(|entry| entry.path());
    let shared = ["service.switch", "hosts"].map(|name| common.join(name));
    for path in own.chain(shared) {
        let text = replaced(&fs::read(&path).expect("readable"), b"@DIR@", place);
        let target = dir.join(path.file_name().expect("a name"));
        fs::write(&target, &text).expect("writable");
        let mode = if text.starts_with(b"#!") { 0o755 } else { 0o644 };
        fs::set_permissions(&target, std::os::unix::fs::PermissionsExt::from_mode(mode)).expect("ours");
    }
}

/// What the binary prints, made comparable; and its exit status.
fn run(case: &Case) -> (Vec<u8>, i32) {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let dir = scratch.path().canonicalize().expect("it exists");
    prepare(case, &dir);
    let output = fs::File::create(dir.join("output")).expect("writable");
    let errors = output.try_clone().expect("a second handle");
    let mut child = Command::new(env!("CARGO_BIN_EXE_canonify"))
        .args(["sendmail", "-bt", "-C", "case.cf"])
        .args(&case.arguments)
        .current_dir(&dir)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/bin")
        .env("TZ", "UTC")
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(output)
        .stderr(errors)
        .spawn()
        .expect("the binary");
    let input = fs::read(dir.join("input")).expect("readable");
    // a shell that has quit reads no more
    let _ = child.stdin.take().expect("piped").write_all(&input);
    let status = child.wait().expect("it ends").code().unwrap_or(-1);
    let text = fs::read(dir.join("output")).expect("readable");
    let text = replaced(&text, dir.to_str().expect("UTF-8").as_bytes(), b"@DIR@");
    let version = concat!("canonify-", env!("CARGO_PKG_VERSION"));
    (without_pointers(&replaced(&text, version.as_bytes(), b"8.17.1.9")), status)
}

/// The first line that differs.
fn difference(got: &[u8], want: &[u8]) -> String {
    let mut lines = got.split(|byte| *byte == b'\n').zip(want.split(|byte| *byte == b'\n')).enumerate();
    match lines.find(|(_, (got, want))| got != want) {
        Some((number, (got, want))) => format!(
            "line {}: {} instead of {}",
            number + 1,
            String::from_utf8_lossy(got),
            String::from_utf8_lossy(want)
        ),
        None => format!("{} bytes instead of {}", got.len(), want.len()),
    }
}

#[test]
fn transcripts_are_sendmails() {
    let mut wrong = Vec::new();
    let cases = cases();
    assert!(cases.len() >= 150, "{} cases", cases.len());
    for case in &cases {
        let want = fs::read(case.folder.join("expected")).expect("readable");
        let (got, status) = run(case);
        if got != want {
            wrong.push(format!("{}: {}", case.name, difference(&got, &want)));
        } else if status != case.status {
            wrong.push(format!("{}: exit status {status} instead of {}", case.name, case.status));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
