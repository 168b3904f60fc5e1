//! SMTP on standard input (`-bs`), with the mail system behind it.

use crate::scratch::{CANONIFY, Scratch, free_port};
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

/// What `sendmail -bs` answers to these lines.
fn answers(scratch: &Scratch, lines: &[&str]) -> String {
    answers_with(scratch, &[], lines)
}

/// The same with these options.
fn answers_with(scratch: &Scratch, options: &[&str], lines: &[&str]) -> String {
    let mut command = Command::new(CANONIFY);
    command.args(["sendmail", "-bs", "-C", &scratch.cf()]).args(options);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
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

/// What cannot be read is said, before anybody is looked up.
#[test]
fn vrfy_and_expn_say_what_is_wrong_with_an_address() {
    let scratch = Scratch::new(free_port());
    let user = scratch.user.clone();
    for (verb, open, why) in
        [("VRFY", ")", "')'"), ("EXPN", ">", "'>'"), ("EXPN", "(", "'('"), ("VRFY", "\"", "'\"'")]
    {
        let said = answers(&scratch, &["EHLO c", &format!("{verb} {user}{open}"), "QUIT"]);
        assert!(said.contains(&format!("553 5.0.0 {user}{open}... Unbalanced {why}\r\n")), "{said}");
    }
    // a byte that nobody can type is no part of an address
    let said = answers(&scratch, &["EHLO c", "VRFY a\x01b", "EXPN a\x7f", "QUIT"]);
    for shown in ["a?b", "a?"] {
        let why =
            format!("501 5.1.3 Syntax error in mailbox address \"{shown}\" (non-printable character)\r\n");
        assert!(said.contains(&why), "{said}");
    }
    // a backslash takes nothing from the name of whoever has the account
    let quoted = format!("{}\\{}", &user[..1], &user[1..]);
    let said = answers(&scratch, &["EHLO c", &format!("VRFY {quoted}"), "QUIT"]);
    assert!(said.contains("\r\n250 2.1.5 ") && said.contains(&format!("<{quoted}@")), "{said}");
    // blanks of every kind divide a list
    let said = answers(&scratch, &["EHLO c", &format!("VRFY {user}\tnosuchuser-here"), "QUIT"]);
    assert!(said.contains("550 5.1.1 nosuchuser-here... User unknown"), "{said}");
}

/// An alias is shown as it is named: whoever has an account of that name may be somebody else.
#[test]
fn vrfy_of_an_alias_has_no_full_name() {
    let scratch = Scratch::new(free_port());
    let user = scratch.user.clone();
    let aliases = fs::read_to_string(scratch.etc("aliases")).expect("aliases");
    let own = format!("{user}: \\{user}, postmaster\n");
    let others: Vec<&str> = aliases.lines().filter(|line| !line.starts_with(&format!("{user}:"))).collect();
    fs::write(scratch.etc("aliases"), others.join("\n") + "\n" + &own).expect("a file");
    scratch.run(&["sendmail", "-bi", "-C", &scratch.cf()], Stdio::null());
    let said = answers(&scratch, &["EHLO c", &format!("VRFY {user}"), "QUIT"]);
    assert!(said.contains(&format!("\r\n250 2.1.5 <{user}@")), "{said}");
}

/// Those of a list are shown as they were entered, the last one first, with FastSplit=0 in that of the send queue.
#[test]
fn expn_shows_the_send_queue() {
    let scratch = Scratch::new(free_port());
    let aliases = fs::read_to_string(scratch.etc("aliases")).expect("aliases");
    fs::write(scratch.etc("aliases"), aliases + "some: b@x.example, c@x.example, a@x.example\n")
        .expect("a file");
    scratch.run(&["sendmail", "-bi", "-C", &scratch.cf()], Stdio::null());
    for (split, expected) in [("1", ["a", "c", "b"]), ("0", ["c", "b", "a"])] {
        let said =
            answers_with(&scratch, &[&format!("-OFastSplit={split}")], &["EHLO c", "EXPN some", "QUIT"]);
        let shown = |line: &str| Some(line.split_once('<')?.1.split_once('@')?.0.to_owned());
        let shown: Vec<_> = said.lines().filter(|line| line.contains("2.1.5 <")).filter_map(shown).collect();
        assert_eq!(shown, expected, "{said}");
    }
}

/// Mail of a sender that is thrown away is for anybody, but never for a program.
#[test]
fn no_client_names_a_program_though_nobody_gets_the_message() {
    let scratch = Scratch::new(free_port());
    let access =
        fs::read_to_string(scratch.etc("access")).expect("access") + "From:quiet@partner.example\tDISCARD\n";
    fs::write(scratch.etc("access"), access).expect("a file");
    let source = fs::File::open(scratch.etc("access")).expect("a map source");
    let target = scratch.etc("access").display().to_string();
    scratch.run(&["makemap", "-C", &scratch.cf(), "hash", &target], Stdio::from(source));
    let named = ["RCPT TO:<nosuchuser-here>", "RCPT TO:</tmp/x>", "RCPT TO:<|/bin/true>"];
    let said = answers(
        &scratch,
        &[&["EHLO c", "MAIL FROM:<quiet@partner.example>"], &named[..], &["QUIT"]].concat(),
    );
    for reply in [
        "250 2.1.5 <nosuchuser-here>... Recipient ok",
        "250 2.1.5 </tmp/x>... Recipient ok",
        "550 5.7.1 <|/bin/true>... Cannot mail directly to programs",
    ] {
        assert!(said.contains(reply), "{said}");
    }
}

/// VERB: lists are expanded where they are named, each step is told, and who is refused of a list is refused to the client; of those who
/// are not, the message is for whoever came before.
#[test]
fn whoever_says_verb_hears_each_step() {
    let scratch = Scratch::new(free_port());
    let user = scratch.user.clone();
    let aliases = fs::read_to_string(scratch.etc("aliases")).expect("aliases");
    let lists = format!("pair: nosuchuser-here, {user}\nboth: {user}, {user}@site.example\n");
    fs::write(scratch.etc("aliases"), aliases + &lists).expect("a file");
    scratch.run(&["sendmail", "-bi", "-C", &scratch.cf()], Stdio::null());
    let message = ["DATA", "Subject: steps", "", "text", ".", "QUIT"];
    let said = |recipients: &[&str]| {
        let named = recipients.iter().map(|name| format!("RCPT TO:<{name}@site.example>"));
        let named: Vec<String> = named.collect();
        let mut lines = vec!["EHLO c", "VERB", "MAIL FROM:<>"];
        lines.extend(named.iter().map(String::as_str));
        lines.extend(message);
        answers(&scratch, &lines)
    };
    let both = said(&["both"]);
    let steps = [
        format!(
            "050 <both@site.example>... aliased to {user}, {user}@site.example\r\n050 {user}... duplicate suppressed\r\n"
        ),
        "250 2.1.5 <both@site.example>... Recipient ok\r\n".to_owned(),
        format!("050 {user}@site.example... Sent\r\n250 2.0.0 "),
    ];
    for step in steps {
        assert!(both.contains(&step), "{step}{both}");
    }
    let pair = said(&["pair"]);
    assert!(pair.contains("\r\n550 5.1.1 nosuchuser-here... User unknown\r\n503 5.0.0 Need RCPT"), "{pair}");
    let beside = said(&["pair", "both"]);
    assert!(beside.contains("550 5.1.1 nosuchuser-here... User unknown\r\n"), "{beside}");
    assert!(beside.contains(&format!("\r\n050 {user}... Sent\r\n250 2.0.0 ")), "{beside}");
}
