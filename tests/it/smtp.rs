//! SMTP on standard input (`-bs`), with the mail system behind it.

use crate::scratch::{CANONIFY, Scratch, free_port};
use std::io::Write;
use std::process::{Command, Stdio};

/// What `sendmail -bs` answers to these lines.
fn answers(scratch: &Scratch, lines: &[&str]) -> String {
    let mut command = Command::new(CANONIFY);
    command.args(["sendmail", "-bs", "-C", &scratch.cf()]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::null()).spawn().expect("canonify runs");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all((lines.join("\r\n") + "\r\n").as_bytes()).expect("it reads");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// 250 where the mailer knows its users (flag q), 252 where somebody else does.
#[test]
fn vrfy_says_how_sure_it_is() {
    let scratch = Scratch::new(free_port());
    let user = scratch.user.clone();
    let said = answers(
        &scratch,
        &["EHLO c", &format!("VRFY {user}"), "VRFY someone@partner.example", "VRFY nosuchuser-here", "QUIT"],
    );
    let line = |wanted: &str| said.lines().any(|line| line.starts_with("25") && line.contains(wanted));
    assert!(said.contains("\r\n250 2.1.5 ") && line(&format!("<{user}@")), "{said}");
    assert!(said.contains("\r\n252 2.1.5 <someone@partner.example>\r\n"), "{said}");
    assert!(said.contains("550 5.1.1 nosuchuser-here... User unknown"), "{said}");
}
