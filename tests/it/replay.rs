//! `canonify replay`: what would become of the mail in a log.

use crate::scratch::{CANONIFY, copied};
use std::fs;
use std::process::Command;

/// The hub of `testdata/diff`, a new configuration beside it, and a log.
struct Site(tempfile::TempDir);

impl Site {
    fn new() -> Self {
        let site = Self(copied("diff"));
        let old = fs::read_to_string(site.path("hub.mc")).expect("the hub");
        let new = old.replace("MAILER(`local')", "RELAY_DOMAIN(`friend.example')dnl\nMAILER(`local')");
        let new = new.replace("VIRTUSER_DOMAIN(`virt.example')dnl\n", "");
        fs::write(site.path("new.mc"), new).expect("a new file");
        site
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn replay(&self, words: &[&str]) -> (Option<i32>, String) {
        let output = Command::new(CANONIFY).arg("replay").args(words).output().expect("canonify runs");
        let text =
            String::from_utf8_lossy(&output.stdout).replace(&self.0.path().display().to_string(), "DIR");
        (output.status.code(), text + &String::from_utf8_lossy(&output.stderr))
    }
}

/// Taken: 300 messages to three recipients of partner.example, 20 to joe@virt.example; refused: 7 to friend.example.
fn log() -> String {
    let mut log = String::new();
    let mut line = |id: usize, text: &str| {
        log.push_str(&format!("Dec  1 07:00:{:02} mail sendmail[{}]: {id:014}: {text}\n", id % 60, id + 100));
    };
    for id in 0..320 {
        let recipient =
            if id < 300 { format!("u{}@partner.example", id % 3) } else { "joe@virt.example".into() };
        line(
            id,
            "from=<a@sender.example>, size=100, class=0, nrcpts=1, proto=ESMTP, daemon=MTA, relay=mx.sender.example [192.0.2.8]",
        );
        line(
            id,
            &format!(
                "to=<{recipient}>, delay=00:00:01, mailer=esmtp, pri=30000, relay=x. [192.0.2.9], dsn=2.0.0, stat=Sent (ok)"
            ),
        );
    }
    for id in 400..407 {
        line(
            id,
            "ruleset=check_rcpt, arg1=<f@friend.example>, relay=mx.sender.example [192.0.2.8], reject=550 5.7.1 <f@friend.example>... Relaying denied",
        );
        line(
            id,
            "from=<a@sender.example>, size=0, class=0, nrcpts=0, proto=ESMTP, daemon=MTA, relay=mx.sender.example [192.0.2.8]",
        );
    }
    log
}

#[test]
fn known_changes_are_found_with_their_edits() {
    let site = Site::new();
    let file = site.path("maillog");
    fs::write(&file, log()).expect("a log");
    let (status, text) = site.replay(&[&file, "-C", &site.path("new.mc"), "--against", &site.path("hub.mc")]);
    assert_eq!(status, Some(1), "{text}");
    insta::assert_snapshot!(text);
    let (status, text) = site.replay(&[&file, "-C", &site.path("hub.mc"), "--against", &site.path("hub.mc")]);
    assert_eq!(status, Some(0), "{text}");
    assert!(text.starts_with("327 recipients,"), "{text}");
}

#[test]
fn without_another_configuration_the_log_is_what_counts() {
    let site = Site::new();
    let file = site.path("maillog");
    fs::write(&file, log()).expect("a log");
    let (status, text) = site.replay(&[&file, "-C", &site.path("new.mc"), "--json"]);
    assert_eq!(status, Some(1), "{text}");
    let found: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let counts: Vec<(String, u64)> = found["groups"]
        .as_array()
        .expect("groups")
        .iter()
        .map(|group| {
            (
                group["outcome"].as_str().unwrap_or_default().to_owned(),
                group["count"].as_u64().unwrap_or_default(),
            )
        })
        .collect();
    // joe's domain is nobody's any more; friend.example is relayed for
    assert_eq!(counts, [("refused".to_owned(), 20), ("taken".to_owned(), 7)], "{text}");
    assert!(found["groups"][0]["rule"].as_str().is_some_and(|rule| rule.contains("5.7.1")), "{text}");
}

/// The same log, in every form in which it may come.
#[test]
fn every_form_of_a_log_tells_the_same() {
    use std::io::Write;
    let site = Site::new();
    let words = |line: &str| line.splitn(5, ' ').last().expect("five words").trim_start().to_owned();
    let message = |line: &str| line.split_once("]: ").expect("a header").1.to_owned();
    let json = |line: &str| {
        serde_json::json!({"SYSLOG_IDENTIFIER": "sendmail", "MESSAGE": message(line)}).to_string()
    };
    type Form<'a> = &'a dyn Fn(&str) -> String;
    let forms: [(&str, Form); 4] = [
        ("old", &|line| line.to_owned()),
        ("iso", &|line| format!("2026-12-01T07:00:00.000001+00:00 {}", words(line))),
        ("json", &json),
        ("export", &|line| {
            format!("__REALTIME_TIMESTAMP=1\nSYSLOG_IDENTIFIER=sendmail\nMESSAGE={}\n", message(line))
        }),
    ];
    let mut answers = Vec::new();
    for (name, form) in forms {
        let text: String = log().lines().map(|line| form(line) + "\n").collect();
        let file = fs::File::create(site.path(name)).expect("a file");
        let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        packed.write_all(text.as_bytes()).expect("a file");
        packed.finish().expect("a file");
        answers.push(site.replay(&[&site.path(name), "-C", &site.path("new.mc")]).1);
    }
    assert!(answers[0].starts_with("327 recipients,"), "{}", answers[0]);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
}

#[test]
fn a_compressed_log_is_the_same_log() {
    let site = Site::new();
    let log = |name: &str| format!("{}/testdata/log/{name}", env!("CARGO_MANIFEST_DIR"));
    let replay = |name: &str| site.replay(&[&log(name), "-C", &site.path("new.mc")]);
    let (status, plain) = replay("maillog");
    assert!(status.is_some() && plain.starts_with("60 recipients,"), "{plain}");
    for name in ["maillog.gz", "maillog.bz2", "maillog.xz", "maillog.zst"] {
        assert_eq!(replay(name), (status, plain.clone()), "{name}");
        // half of it, and a bit of it changed
        let mut bytes = fs::read(log(name)).expect("a log");
        let place = bytes.len() / 3;
        bytes[place] ^= 0x10;
        for (broken, bytes) in [("short", &bytes[..place]), ("changed", &bytes)] {
            fs::write(site.path(broken), bytes).expect("a file");
            let (status, text) = site.replay(&[&site.path(broken), "-C", &site.path("new.mc")]);
            assert!(status == Some(66) && text.contains(broken), "{name} {broken}: {text}");
        }
    }
}
