//! The README's first command.

use std::process::Command;

#[test]
fn the_demonstration_succeeds_and_leaves_nothing() {
    let parent = tempfile::tempdir().expect("a temporary directory");
    let site = parent.path().join("site");
    let output = Command::new(env!("CARGO_BIN_EXE_canonify"))
        .args(["try", "--dir"])
        .arg(&site)
        .output()
        .expect("canonify runs");
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{report}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(report.matches("  ok: ").count(), 6, "{report}");
    assert!(!site.exists());
}

#[test]
fn a_directory_that_is_not_empty_is_refused() {
    let parent = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(parent.path().join("letter"), "precious").expect("a file");
    let output = Command::new(env!("CARGO_BIN_EXE_canonify"))
        .args(["try", "--dir"])
        .arg(parent.path())
        .output()
        .expect("canonify runs");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("is not empty"));
    assert!(parent.path().join("letter").exists());
}
