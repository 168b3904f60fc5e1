//! Manual pages and completions: made of the tables, for every name.

use crate::scratch::CANONIFY;
use canonify::cli::{PERSONALITIES, flags::FLAGS, modes::MODES};
use std::io::Write;
use std::process::{Command, Stdio};

fn said(words: &[&str]) -> String {
    let output = Command::new(CANONIFY).args(words).output().expect("canonify runs");
    assert!(output.status.success(), "{words:?}: {output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// As a terminal of 80 columns would show it, roughly.
fn plain(roff: &str) -> String {
    roff.replace("\\fB", "")
        .replace("\\fI", "")
        .replace("\\fR", "")
        .replace("\\-", "-")
        .replace("\\*(Aq", "'")
}

#[test]
fn every_command_line_can_be_described() {
    for row in PERSONALITIES {
        (row.command)().debug_assert();
    }
}

#[test]
fn the_page_of_sendmail_has_every_flag_and_mode() {
    let page = plain(&said(&["man", "sendmail"]));
    for flag in FLAGS {
        let (letter, about) = (char::from(flag.letter), flag.about);
        assert!(page.contains(&format!("-{letter}")) && page.contains(about), "-{letter}: {about}\n{page}");
    }
    for mode in MODES {
        assert!(page.contains(mode.about), "{}\n{page}", mode.about);
    }
}

#[test]
fn the_page_of_makemap() {
    insta::assert_snapshot!(plain(&said(&["man", "makemap"])));
}

#[test]
fn every_name_has_a_page() {
    let directory = tempfile::tempdir().expect("a directory");
    said(&["man", "--dir", &directory.path().display().to_string()]);
    for page in
        ["man1/canonify.1", "man1/mailq.1", "man8/makemap.8", "man8/sendmail.8", "man1/canonify-explain.1"]
    {
        assert!(directory.path().join(page).exists(), "{page}");
    }
    let count = |folder: &str| std::fs::read_dir(directory.path().join(folder)).expect("pages").count();
    assert_eq!(count("man1") + count("man8"), PERSONALITIES.len() + 1);
}

#[test]
fn completions_are_scripts() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = said(&["completions", shell]);
        assert!(script.contains("explain") && script.contains("makemap"), "{script}");
    }
    let sendmail = said(&["completions", "bash", "--name", "sendmail"]);
    let mut bash = match Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn() {
        Ok(bash) => bash,
        Err(error) => return eprintln!("SKIPPED: no bash ({error})"),
    };
    bash.stdin.take().expect("a pipe").write_all(sendmail.as_bytes()).expect("bash reads");
    assert!(bash.wait().expect("our child").success());
}
