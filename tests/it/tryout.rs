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

/// Without a name server that answers, without any network, and with nothing to warn of.
#[test]
fn the_demonstration_needs_no_network() {
    let mut command = Command::new("unshare");
    // a user namespace gives an ordinary user a network without anything in it
    command.args(if nix::unistd::getuid().is_root() { &["-n"][..] } else { &["-n", "-c"] });
    let possible = Command::new("unshare").args(command.get_args()).arg("true").status();
    if !possible.is_ok_and(|status| status.success()) {
        return println!("this kernel does not let us: nothing tried");
    }
    let parent = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let output = command
        .arg(env!("CARGO_BIN_EXE_canonify"))
        .arg("try")
        .env("HOME", parent.path())
        .env_remove("XDG_RUNTIME_DIR")
        .env_remove("XDG_CACHE_HOME")
        .output()
        .expect("unshare runs");
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{report}\n{}", String::from_utf8_lossy(&output.stderr));
    // below a directory that everybody may write to, it has something to warn of
    let open = |folder: &std::path::Path| {
        std::fs::metadata(folder).is_ok_and(|about| std::os::unix::fs::MetadataExt::mode(&about) & 0o002 != 0)
    };
    if !parent.path().ancestors().any(open) {
        assert!(!report.contains("WARNING"), "{report}");
    }
    assert!(report.contains("has one of its own"), "{report}");
    let next = report.split("What next?").nth(1).expect("a last part");
    assert_eq!(next.matches("  $ ").count(), 3, "{report}");
    assert_eq!(std::fs::read_dir(parent.path()).expect("our directory").count(), 0);
}
