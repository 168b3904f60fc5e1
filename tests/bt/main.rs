//! Address test mode against transcripts of sendmail, each case of `testdata/bt` a test of its own:
//! `cargo test --test bt maps::arith` runs one, `cargo test --test bt maps` a theme.
//!
//! In: the files `THEME.bt` (their format: `case_file`). A case holds a cf, what is typed, and what sendmail
//! 8.17.1.9 printed. `@DIR@` stands for the folder of the run, `0xPTR` for an address in memory.
//! `tests/live/bt.py` runs the same cases through sendmail, and records them.

mod case_file;

use case_file::Case;
use libtest_mimic::{Arguments, Failed, Trial};
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// Files that lie beside every case.
const SHARED: [&str; 2] = ["service.switch", "hosts"];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = themes().iter().flat_map(|theme| trials(theme)).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/bt")
}

fn themes() -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).expect("testdata/bt").flatten().map(|entry| entry.path());
    let mut themes: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|end| end == "bt")).collect();
    themes.sort();
    themes
}

fn trials(theme: &Path) -> Vec<Trial> {
    let name = theme.file_stem().expect("a name").to_string_lossy().into_owned();
    let cases = case_file::parse(&fs::read(theme).expect("readable"))
        .unwrap_or_else(|why| panic!("{name}.bt: {why}"));
    let trial = |case: Case| Trial::test(format!("{name}::{}", case.name), move || check(&case));
    cases.into_iter().map(trial).collect()
}

fn check(case: &Case) -> Result<(), Failed> {
    let (got, status) = run(case);
    if got != case.expected {
        return Err(difference(&got, &case.expected).into());
    }
    match status == case.status {
        true => Ok(()),
        false => Err(format!("exit status {status} instead of {}", case.status).into()),
    }
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
    let shared = SHARED.map(|name| (name.to_owned(), fs::read(folder().join(name)).expect("readable")));
    let own = case.files.iter().cloned().chain([("case.cf".to_owned(), case.cf.clone())]);
    for (name, text) in shared.into_iter().chain(own) {
        let (text, target) = (replaced(&text, b"@DIR@", place), dir.join(name));
        fs::write(&target, &text).expect("writable");
        let mode = if text.starts_with(b"#!") { 0o755 } else { 0o644 };
        fs::set_permissions(&target, fs::Permissions::from_mode(mode)).expect("ours");
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
    let place = dir.to_str().expect("UTF-8").as_bytes();
    // a shell that has quit reads no more
    let _ = child.stdin.take().expect("piped").write_all(&replaced(&case.input, b"@DIR@", place));
    let status = child.wait().expect("it ends").code().unwrap_or(-1);
    let text = fs::read(dir.join("output")).expect("readable");
    let text = replaced(&text, place, b"@DIR@");
    let version = concat!("canonify-", env!("CARGO_PKG_VERSION"));
    (without_pointers(&replaced(&text, version.as_bytes(), b"8.17.1.9")), status)
}

/// The first line that differs.
fn difference(got: &[u8], want: &[u8]) -> String {
    let mut lines = got.split(|byte| *byte == b'\n').zip(want.split(|byte| *byte == b'\n')).enumerate();
    match lines.find(|(_, (got, want))| got != want) {
        Some((number, (got, want))) => format!(
            "line {} of what is expected\n  got      {}\n  expected {}",
            number + 1,
            String::from_utf8_lossy(got),
            String::from_utf8_lossy(want)
        ),
        None => format!("{} bytes instead of {}", got.len(), want.len()),
    }
}
