//! The four messages: what is asked, what the rules answer, where each one lands.

use super::dialogue::{self, Letter};
use super::report::Report;
use super::sink::Sink;
use super::site::Site;
use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::{Duration, Instant};

/// Not 127.0.0.1, which every sendmail lets relay: the client is to be a stranger.
const STRANGER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// How long a delivery may take.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(20);

/// Where a message is expected.
enum Landing {
    Maildir,
    Partner,
    Refused { reply: &'static str },
}

struct Step {
    title: &'static str,
    recipient: String,
    /// `-bt` questions; an answer that begins with one of the words is shown.
    questions: String,
    landing: Landing,
}

fn steps(user: &str) -> Vec<Step> {
    let parse = |address: &str| format!("/parse {address}\n");
    let local = format!("{user}@site.example");
    vec![
        Step {
            title: "3. To a local user",
            questions: parse(&local),
            recipient: local,
            landing: Landing::Maildir,
        },
        Step {
            title: "4. To a virtual address, by virtusertable and an alias",
            recipient: "info@virtual.example".into(),
            questions: format!("/map virtuser info@virtual.example\n{}", parse("info@virtual.example")),
            landing: Landing::Maildir,
        },
        Step {
            title: "5. To a partner's domain, by mailertable",
            recipient: "friend@partner.example".into(),
            questions: format!("/map mailertable partner.example\n{}", parse("friend@partner.example")),
            landing: Landing::Partner,
        },
        Step {
            title: "6. To somewhere else: a stranger may not relay",
            recipient: "someone@elsewhere.example".into(),
            questions: parse("someone@elsewhere.example"),
            landing: Landing::Refused { reply: "550 5.7.1" },
        },
    ]
}

/// Sends all four; `true` when each ended where it should.
///
/// # Errors
/// When the daemon or the shell cannot be talked to.
pub(super) fn run_all(site: &Site, sink: &Sink, report: &mut Report) -> anyhow::Result<bool> {
    let mut good = true;
    for (number, step) in steps(site.user()).iter().enumerate() {
        report.step(step.title);
        show_answers(site, step, report)?;
        let mark = format!("try-{number}-{}", std::process::id());
        let text = format!(
            "From: A Visitor <visitor@visitors.example>\nTo: {}\nSubject: a message for canonify try\n\
             Message-ID: <{mark}@visitors.example>\n\nOne line of text.\n.and a line with a dot in front\n",
            step.recipient
        );
        let letter = Letter { from: "visitor@visitors.example", to: &step.recipient, text: &text };
        let dialogue = dialogue::send(STRANGER, site.port(), &letter)?;
        report.block("the session", &dialogue.transcript);
        good &= has_landed(site, sink, step, &mark, &dialogue.last, report);
    }
    Ok(good)
}

fn show_answers(site: &Site, step: &Step, report: &mut Report) -> anyhow::Result<()> {
    let shown = |line: &&String| line.starts_with("mailer ") || line.starts_with("map_lookup:");
    let answers = site.ask_rules(&step.questions)?;
    let questions = step.questions.lines().zip(answers.iter().filter(shown));
    for (question, answer) in questions {
        report.note(&format!("asked  {question}"));
        report.note(&format!("answer {answer}"));
    }
    Ok(())
}

fn has_landed(site: &Site, sink: &Sink, step: &Step, mark: &str, last: &str, report: &mut Report) -> bool {
    match step.landing {
        Landing::Refused { reply } => {
            verdict(report, last.starts_with(reply), &format!("refused with `{last}`"), "it was not refused")
        }
        _ if !last.starts_with("250") => verdict(report, false, "", &format!("not accepted: {last}")),
        Landing::Maildir => match find_in_maildir(&site.maildir(), mark) {
            Some((name, text)) => {
                let place = site.shorten(&site.maildir().join("new").join(name).display().to_string());
                report.block("final headers", header_of(&text));
                verdict(report, whole(&text), &format!("landed in {place}"), "the message is damaged")
            }
            None => verdict(report, false, "", "it is not in the Maildir"),
        },
        Landing::Partner => match sink.wait_for(mark, DELIVERY_TIMEOUT) {
            Some(received) => {
                report.note(&format!("envelope {} -> {}", received.sender, received.recipients.join(", ")));
                report.block("final headers", header_of(&received.text));
                let addressed = received.recipients == [format!("<{}>", step.recipient)];
                verdict(
                    report,
                    addressed && whole(&received.text),
                    "the partner's server took it",
                    "it is damaged",
                )
            }
            None => verdict(report, false, "", "the partner's server never got it"),
        },
    }
}

fn verdict(report: &mut Report, good: bool, yes: &str, no: &str) -> bool {
    match good {
        true => report.success(yes),
        false => report.failure(no),
    }
    good
}

fn header_of(text: &str) -> &str {
    text.split_once("\n\n").map_or(text, |(header, _)| header)
}

/// The body came through, the dot at its line's start too.
fn whole(text: &str) -> bool {
    text.ends_with("\n\nOne line of text.\n.and a line with a dot in front\n")
}

fn find_in_maildir(maildir: &Path, mark: &str) -> Option<(String, String)> {
    let deadline = Instant::now() + DELIVERY_TIMEOUT;
    loop {
        for entry in fs::read_dir(maildir.join("new")).into_iter().flatten().flatten() {
            let text = fs::read_to_string(entry.path()).unwrap_or_default();
            if text.contains(mark) {
                return Some((entry.file_name().to_string_lossy().into_owned(), text));
            }
        }
        if Instant::now() > deadline {
            return None;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
