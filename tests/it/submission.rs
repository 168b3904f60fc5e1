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
        ("NoSuchOption=1", "-bd", "554 5.0.0 readcf: unknown option name NoSuchOption\r\n", 70),
        ("NoSuchOption=1", "-bD", "readcf: unknown option name NoSuchOption\n", 70),
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

/// A program that hands mail in is no daemon, and root only if it is told whom to become.
#[test]
fn a_submission_program_is_neither_daemon_nor_root() {
    let scratch = Scratch::new(free_port());
    let root = ("-bp", "Mail submission program must have RunAsUser set to non root user\n", 78);
    let by_root = nix::unistd::getuid().is_root().then_some(root);
    let daemons = [
        ("-bD", "Mail submission program cannot be used as daemon\n", 64),
        ("-bd", "550 Mail submission program cannot be used as daemon\r\n", 64),
    ];
    let mut cf = fs::read_to_string(scratch.cf()).expect("a cf");
    cf.push_str("O UseMSP=True\n");
    fs::write(scratch.cf(), cf).expect("a file");
    for (mode, said, status) in daemons.into_iter().chain(by_root) {
        let output = sendmail(&scratch, &[mode], "");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!((output.status.code(), text.as_str()), (Some(status), said), "{mode}");
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

/// What is no body type is said in every mode, in SMTP where that is spoken, and whoever is told of a message hears it by the exit status.
#[test]
fn an_odd_body_type_is_told_of_and_does_not_count() {
    let scratch = Scratch::new(free_port());
    for (words, said, status) in [
        (&["-B", "9BIT", "-odi"][..], "Illegal body type 9BIT\n", 64),
        (&["-B9BIT", "-bv"], "Illegal body type 9BIT\n", 64),
        (&["-B9BIT", "-bs"], "550 Illegal body type 9BIT\r\n", 0),
        (&["-B9BIT", "-bp"], "Illegal body type 9BIT\n", 0),
        (&["-B9BIT", "-bt"], "Illegal body type 9BIT\n", 0),
        (&["-B", "8bitmime", "-odi"], "", 0),
    ] {
        let mut words = words.to_vec();
        words.push(&scratch.user);
        let output = sendmail(&scratch, &words, "QUIT\n");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.starts_with(said), "{words:?}: {text}");
        assert_eq!(output.status.code(), Some(status), "{words:?}: {text} {}", logged(&output));
    }
}

/// Each line of the log has its level: what is wrong with an address 4, that a message is too large 7, whom it would have gone to 9.
#[test]
fn refusals_are_logged_from_their_levels_on() {
    let scratch = Scratch::new(free_port());
    for (level, logs) in [
        ("3", [false, false, false]),
        ("4", [true, false, false]),
        ("7", [true, true, false]),
        ("9", [true; 3]),
    ] {
        let words = [
            &format!("-OLogLevel={level}"),
            "-OMaxMessageSize=5",
            "-odi",
            "-oeq",
            "no-such-user",
            &scratch.user,
        ];
        let output = sendmail(&scratch, &words, "Subject: x\n\nbody\n");
        let log = logged(&output);
        let lines = [
            "no-such-user... User unknown",
            "message size (",
            ", stat=Message exceeds maximum fixed size (5)",
        ];
        for (line, expected) in lines.iter().zip(logs) {
            assert_eq!(log.contains(line), expected, "{level}: {line}: {log}");
        }
    }
}

/// DirectSubmissionModifiers stands in the place of what -G and -ba say by themselves.
#[test]
fn modifiers_of_the_site_count_more_than_those_of_a_mode() {
    for (option, word, flags) in [
        ("-OLogLevel=9", "-G", "${daemon_flags}CC f\n"),
        ("-ODirectSubmissionModifiers=E", "-G", "${daemon_flags}EE\n"),
        ("-ODirectSubmissionModifiers=E", "-ba", "${daemon_flags}EE\n"),
    ] {
        let scratch = Scratch::new(free_port());
        let output = sendmail(&scratch, &[option, word, "-odq", &scratch.user], "Subject: x\n\nbody\n");
        let queue = fs::read_dir(scratch.path("mqueue")).expect("a queue").flatten();
        let control = queue.into_iter().find(|entry| entry.file_name().to_string_lossy().starts_with("qf"));
        let control = control.map(|entry| fs::read(entry.path()).expect("a control file"));
        let control = control.map(|text| String::from_utf8_lossy(&text).into_owned());
        assert!(
            control.as_ref().is_some_and(|text| text.contains(flags)),
            "{option} {word}: {control:?} {}",
            logged(&output)
        );
    }
}

/// Aliases that cannot be read now make mail wait; which file it is, and why, is said to the operator, and whoever asks hears that
/// the answer is not to be had.
#[test]
fn aliases_that_cannot_be_read_are_named() {
    let scratch = Scratch::new(free_port());
    let aliases = scratch.etc("broken");
    fs::write(&aliases, "joe: ann\n").expect("written");
    fs::write(aliases.with_extension("db"), "this is no database\n").expect("written");
    let option = format!("-OAliasFile=hash:{}", aliases.display());
    let why = format!("alias database unavailable: {}.db: ", aliases.display());
    for (words, message, status, said) in [
        (["-bv", "joe"], "", 71, "alias database unavailable\njoe... deliverable: mailer local, user joe\n"),
        (["-odi", "joe"], "Subject: x\n\nbody\n", 0, ""),
    ] {
        let output = sendmail(&scratch, &[&[option.as_str()], &words[..]].concat(), message);
        let log = logged(&output);
        assert_eq!(output.status.code(), Some(status), "{words:?}: {log}");
        assert!(String::from_utf8_lossy(&output.stdout).ends_with(said), "{words:?}: {output:?}");
        assert!(log.contains(&why), "{words:?}: {log}");
    }
}

/// An alias for somebody whom a list with an owner has named makes him none of those whom the message names.
#[test]
fn a_member_of_an_owned_list_stays_one() {
    let scratch = Scratch::new(free_port());
    let user = &scratch.user;
    let more = format!("list: {user}, x@there.example\nowner-list: {user}\nother: {user}\n");
    let aliases = fs::read_to_string(scratch.etc("aliases")).expect("aliases") + &more;
    fs::write(scratch.etc("aliases"), aliases).expect("a file");
    scratch.run(&["sendmail", "-bi", "-C", &scratch.cf()], Stdio::null());
    let log = logged(&sendmail(&scratch, &["-odq", "list", "other"], "Subject: x\n\nbody\n"));
    let entries = fs::read_dir(scratch.path("mqueue")).expect("a queue").flatten();
    let files = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("qf"));
    // a control file is no UTF-8: macros are single bytes in it
    let read = |path| String::from_utf8_lossy(&fs::read(path).expect("a control file")).into_owned();
    let texts: Vec<String> = files.map(|entry| read(entry.path())).collect();
    let names_user = |line: &&str| line.starts_with('R') && line.ends_with(&format!(":{user}"));
    let line = texts.iter().flat_map(|text| text.lines()).find(names_user);
    assert_eq!(line, Some(&format!("RFDA:{user}")[..]), "{texts:?} {log}");
}
