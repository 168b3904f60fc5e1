//! Command lines that hand a message in: exit status, what is said and logged, and who gets it.

use crate::scratch::{CANONIFY, Scratch, free_port};
use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};

fn sendmail(scratch: &Scratch, words: &[&str], input: &str) -> Output {
    let mut command = Command::new(CANONIFY);
    command.args(["sendmail", "-C", &scratch.cf()]).args(words).env("CANONIFY_LOG", "stderr");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("canonify runs");
    // a program that refuses its words does not read
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    child.wait_with_output().expect("it ends")
}

fn logged(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// UseErrorsTo: whoever the message names for errors is looked up as a recipient is, and one whom nobody knows keeps it
/// from everybody.
#[test]
fn errors_to_nobody_keeps_the_message_back() {
    let scratch = Scratch::new(free_port());
    for (errors_to, status, counted) in [("no-such-user", 67, 2), ("postmaster", 0, 2), ("", 0, 1)] {
        let message = format!("Subject: to-{status}\nErrors-To: {errors_to}\n\nbody\n");
        let output = sendmail(&scratch, &["-OUseErrorsTo=True", "-odi", "-oem", &scratch.user], &message);
        let (log, said) = (logged(&output), String::from_utf8_lossy(&output.stdout).into_owned());
        assert_eq!(output.status.code(), Some(status), "{errors_to}: {said} {log}");
        assert!(log.contains(&format!("nrcpts={counted},")), "{errors_to}: {log}");
        let delivered = log.contains(&format!("to={}, ctladdr=", scratch.user));
        assert_eq!(delivered, status == 0, "{errors_to}: {log}");
        let told = if status == 0 { "" } else { "no-such-user... User unknown\n" };
        assert_eq!(said, told, "{errors_to}: {log}");
        // he was looked up once
        assert!(log.matches("to=no-such-user,").count() <= 1, "{errors_to}: {log}");
    }
    let reports = fs::read_dir(scratch.inbox()).expect("an inbox").flatten();
    let texts: Vec<String> = reports.map(|entry| fs::read_to_string(entry.path()).expect("text")).collect();
    let returned = texts.iter().filter(|text| text.contains("Subject: Returned mail")).count();
    assert!(returned >= 1, "{texts:?}");
}

/// DeliveryMode=d: only who would have been looked up has the status of that in the log.
#[test]
fn who_needs_no_look_up_waits_without_a_status() {
    let scratch = Scratch::new(free_port());
    for (recipient, has_status) in [("x@[127.0.0.2]", false), ("x@elsewhere.example", true)] {
        let dialogue = format!(
            "EHLO c.example\r\nMAIL FROM:<>\r\nRCPT TO:<{recipient}>\r\nDATA\r\nSubject: x\r\n\r\nbody\r\n.\r\nQUIT\r\n"
        );
        let log = logged(&sendmail(&scratch, &["-odd", "-bs"], &dialogue));
        let line = log.lines().find(|line| line.contains(&format!("to=<{recipient}>"))).unwrap_or_default();
        assert!(line.contains("stat=queued"), "{recipient}: {log}");
        assert_eq!(line.contains("dsn=4.4.3, "), has_status, "{recipient}: {log}");
    }
}

/// What is wrong with the words of a receipt is an SMTP reply where SMTP would be spoken, and nothing is served.
#[test]
fn wrong_words_for_receipts_end_a_session_before_it_begins() {
    let scratch = Scratch::new(free_port());
    for (words, said) in [
        (["-N", "sometimes"], "550 Invalid -N argument\r\n"),
        (["-R", "all"], "550 Invalid -R value\r\n"),
        (["-V", "a b"], "550 Invalid syntax in -V flag\r\n"),
    ] {
        let output = sendmail(&scratch, &[words[0], words[1], "-bs"], "QUIT\r\n");
        assert_eq!(output.status.code(), Some(64), "{words:?}: {}", logged(&output));
        assert_eq!(String::from_utf8_lossy(&output.stdout), said);
    }
}

/// What is wrong with options of the command line is said before the cf is opened, and is the end but for -bt.
#[test]
fn a_wrong_option_comes_before_a_missing_cf() {
    let scratch = Scratch::new(free_port());
    let missing = format!("-C{}.missing", scratch.cf());
    for (option, mode, said, status) in [
        ("NoSuchOption=1", "-bm", "readcf: unknown option name NoSuchOption\n", 70),
        ("DeliveryMode=x", "-bp", "Unknown delivery mode x\n", 64),
        ("NoSuchOption=1", "-bs", "554 5.0.0 readcf: unknown option name NoSuchOption\r\n", 70),
        ("NoSuchOption=1", "-bt", "line 0: cannot open: No such file or directory\n", 72),
        ("LogLevel=9", "-bm", "line 0: cannot open: No such file or directory\n", 72),
    ] {
        let output = sendmail(&scratch, &["-O", option, mode, &missing, "bob"], "");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(
            (output.status.code(), text.ends_with(said)),
            (Some(status), true),
            "{option} {mode}: {text}"
        );
    }
}

/// With SoftBounce nothing is refused for good, so that a listing shows the first thing that was wrong with a message.
#[test]
fn a_soft_refusal_does_not_outweigh_the_one_before() {
    let dialogue = "EHLO c.example\r\nMAIL FROM:<>\r\nFOO\r\nRCPT TO:<no-such-user>\r\nRCPT TO:<x@there.example>\r\nDATA\r\nSubject: x\r\n\r\nbody\r\n.\r\nQUIT\r\n";
    for (soft, shown) in
        [("True", "(Command unrecognized: \"FOO\")"), ("False", "(<no-such-user>... User unknown)")]
    {
        let scratch = Scratch::new(free_port());
        let log = logged(&sendmail(&scratch, &[&format!("-OSoftBounce={soft}"), "-odq", "-bs"], dialogue));
        let listing = sendmail(&scratch, &["-bp"], "");
        let listing = String::from_utf8_lossy(&listing.stdout).into_owned();
        assert!(listing.contains(shown), "{soft}: {listing} {log}");
    }
}
