//! The names of the binary: what an unknown one is told.

use std::process::Command;

fn said(name: &str) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_canonify")).arg(name).output().expect("canonify runs");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn an_unknown_name_is_told_its_nearest() {
    for (name, near) in [
        ("senmdail", "; did you mean `sendmail'?"),
        ("makemaps", "; did you mean `makemap'?"),
        ("MC", "; did you mean `mc' or `m4'?"),
        ("postmap", ""),
    ] {
        let expected =
            format!("canonify: unknown name `{name}'{near}\nTry `canonify --help' for the names it has.\n");
        assert_eq!(said(name), (Some(64), expected));
    }
    assert!(said("--no-such").1.starts_with("usage: "));
}

/// Whoever asks any of the names what it is for is told, and what it would do stays undone.
#[test]
fn every_name_says_what_it_is_for() {
    let listed = Command::new(env!("CARGO_BIN_EXE_canonify")).arg("--help").output().expect("canonify runs");
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let names: Vec<_> =
        listed.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
    assert!(names.len() > 25, "{listed}");
    for name in names {
        let output =
            Command::new(env!("CARGO_BIN_EXE_canonify")).args([name, "--help"]).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && output.stderr.is_empty(), "{name}: {output:?}");
        assert!(said.contains("Usage: ") && !said.contains("A drop-in replacement"), "{name}: {said}");
    }
}
