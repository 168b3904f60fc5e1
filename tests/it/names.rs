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
