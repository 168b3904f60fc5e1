//! `canonify mc --check` and `--fix` on files with one kind of mistake each, and on a file that went
//! through a scanner.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use canonify::m4::{Doubtful, McOptions, examine_mc, mend_mc};
use proptest::prelude::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/mc")
}

fn mc(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_canonify"));
    command.arg("mc").args(args).current_dir(dir).stdin(Stdio::null());
    command.output().expect("our own binary runs")
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("the folder is there");
    let names = entries.map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".mc")).collect();
    names.sort();
    names
}

/// What each mistake is called, where, and what to write instead.
#[test]
fn one_kind_each() {
    let dir = folder().join("mistakes");
    for name in names(&dir) {
        let run = mc(&dir, &["--check", &name]);
        let said = String::from_utf8_lossy(&run.stderr);
        let errors = said.contains("\nerror: ") || said.starts_with("error: ");
        assert_eq!(run.status.code(), Some(if errors { 65 } else { 0 }), "{name}");
        assert_eq!(mc(&dir, &["--check", "--deny-warnings", &name]).status.code(), Some(65), "{name}");
        insta::assert_snapshot!(name.trim_end_matches(".mc"), said);
    }
}

/// A file as it should be has no findings at all.
#[test]
fn good_files_are_left_alone() {
    for name in names(&folder()) {
        let run = mc(&folder(), &["--check", &name]);
        let said = String::from_utf8_lossy(&run.stderr);
        // The library itself warns of some FEATUREs.
        let heads = said.lines().filter(|line| line.starts_with("error: ") || line.starts_with("warning: "));
        let allowed = ["warning: FEATURE("];
        heads.for_each(|head| {
            assert!(allowed.iter().any(|allowed| head.starts_with(allowed)), "{name}: {said}");
        });
        assert_eq!(run.status.code(), Some(0), "{name}");
        let text = fs::read(folder().join(&name)).expect("readable");
        let mended = mend_mc(&name, &text, &McOptions::default(), Doubtful::Leave);
        assert!(mended.text == text && mended.changed.is_empty(), "{name}");
    }
}

/// What is mended with certainty needs no second mending, and leaves none of its mistakes behind.
#[test]
fn mended_once_is_mended() {
    let dir = folder().join("mistakes");
    for name in names(&dir) {
        let text = fs::read(dir.join(&name)).expect("readable");
        let once = mend_mc(&name, &text, &McOptions::default(), Doubtful::Comment);
        let twice = mend_mc(&name, &once.text, &McOptions::default(), Doubtful::Comment);
        assert_eq!(String::from_utf8_lossy(&once.text), String::from_utf8_lossy(&twice.text), "{name}");
        assert!(twice.changed.is_empty(), "{name}: {:?}", twice.changed);
    }
}

/// Lines of a cf that say something.
fn lines(cf: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(cf).into_owned();
    text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(str::to_owned).collect()
}

/// A .mc with every `l` of `dnl` read as 1 and every quote straight becomes what its owner would have
/// written, once with the doubtful lines as comments and once with them in force.
#[test]
fn a_scanned_file_is_mended() {
    let dir = folder().join("mistakes");
    let plain = mc(&dir, &["--fix", "scanned.mc"]);
    assert_eq!(plain.status.code(), Some(65), "31 lines are left to their owner");
    assert!(String::from_utf8_lossy(&plain.stderr).contains("31 errors"));
    for way in ["comment", "activate"] {
        let fixed = mc(&dir, &[&format!("--fix={way}"), "scanned.mc"]);
        assert_eq!(fixed.status.code(), Some(0), "{}", String::from_utf8_lossy(&fixed.stderr));
        let mended = examine_mc("scanned.mc", &fixed.stdout, &McOptions::default());
        let clean = fs::read(folder().join(format!("mended/{way}.mc"))).expect("readable");
        let clean = examine_mc("clean.mc", &clean, &McOptions::default());
        assert!(!mended.failed() && !clean.failed(), "{:?} {:?}", mended.diagnostics, clean.diagnostics);
        assert_eq!(lines(&mended.cf.text), lines(&clean.cf.text), "{way}");
    }
}

/// Lines of the cf know the call, the define or the text of the .mc that made them, also where the
/// library gathers them until its end.
#[test]
fn lines_know_where_they_come_from() {
    let text = "OSTYPE(`linux')dnl\ndefine(`confLOG_LEVEL', `12')dnl\ndefine(`SMART_HOST', `relay.example')\n\
                LOCAL_DOMAIN(`one.example')\nLOCAL_DOMAIN(`two.example')\nDAEMON_OPTIONS(`Port=smtp, Name=A')\n\
                DAEMON_OPTIONS(`Port=26, Name=B')\nFEATURE(`mailertable')\nMAILER(`local')\nMAILER(`smtp')\n\
                LOCAL_RULE_0\nR$* < @ x . >\t$#local $: $1\n";
    let made = examine_mc("site.mc", text.as_bytes(), &McOptions::default());
    let cf = String::from_utf8_lossy(&made.cf.text).into_owned();
    for (line, from) in [
        ("O LogLevel=12", 2),
        ("DSrelay.example", 3),
        ("C{w}one.example", 4),
        ("C{w}two.example", 5),
        ("O DaemonPortOptions=Port=smtp, Name=A", 6),
        ("O DaemonPortOptions=Port=26, Name=B", 7),
        ("Kmailertable hash /etc/mail/mailertable", 8),
        ("SEnvFromL", 9),
        ("R$* < @ x . >\t$#local $: $1", 12),
    ] {
        let at = cf.lines().position(|other| other == line).expect(line);
        let origin = made.cf.origin(u32::try_from(at + 1).expect("a short file"));
        assert_eq!(origin, Some(("site.mc", from)), "{line}");
    }
}

#[test]
fn json_has_one_object_for_each() {
    let run = mc(&folder().join("mistakes"), &["--check", "--json", "map-type.mc"]);
    let said = String::from_utf8_lossy(&run.stderr);
    let places: Vec<bool> = said
        .lines()
        .map(|line| {
            line.starts_with("{\"severity\":\"error\"") && line.contains("\"file\":\"map-type.mc\",\"line\":")
        })
        .collect();
    assert_eq!(places, [true; 3], "{said}");
}

/// Pieces of .mc files, to be put together in any order.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    const TEXTS: &[&str] = &[
        "define(",
        "FEATURE(",
        "MAILER(",
        "OSTYPE(",
        "DAEMON_OPTIONS(",
        "`",
        "'",
        "''",
        "`'",
        "\u{2018}",
        "\"",
        ",",
        "(",
        ")",
        "dnl",
        "dn1",
        " ",
        "\t",
        "\n",
        "\r\n",
        "#",
        "LOCAL_RULE_0\n",
        "R$*",
        "$#local $: $1",
        "ifdef(",
        "confMAX_HOP",
        "smtp",
        "linux",
        "access_db",
        "hash /etc/mail/x",
        "Port=smtp, Name=",
        "include(`/usr/share/sendmail/cf/m4/cf.m4')",
        "changequote([, ])",
        "divert(-1)",
        "\u{a0}",
        "1",
        "_FLAGS",
    ];
    let piece = prop_oneof![
        8 => prop::sample::select(TEXTS).prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    /// No text makes the checks or the mending fail, and each finding has a place inside the text.
    #[test]
    fn any_text_is_examined(text in pieces(), way in 0..3usize) {
        let expanded = examine_mc("any.mc", &text, &McOptions::default());
        let lines = text.split(|byte| *byte == b'\n').count();
        for found in expanded.diagnostics.iter().filter(|found| found.place.file == "any.mc") {
            prop_assert!(found.place.line as usize <= lines, "{found:?}");
        }
        drop(canonify::diag::render(&expanded.diagnostics, false));
        prop_assert_eq!(expanded.cf.origins.len(), expanded.cf.text.split_inclusive(|byte| *byte == b'\n').count());
        let way = [Doubtful::Leave, Doubtful::Comment, Doubtful::Activate][way];
        drop(mend_mc("any.mc", &text, &McOptions::default(), way));
    }
}
