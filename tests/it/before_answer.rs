//! Mail for mailboxes of this host is in the mailbox when it is answered 250; what cannot be delivered is in the queue.

use crate::crash::send;
use crate::scratch::{Scratch, free_port};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Queue files: those of messages, not the daemon's own.
fn queued(scratch: &Scratch) -> Vec<String> {
    let message = |name: &String| ["qf", "df", "tf", "hf"].iter().any(|prefix| name.starts_with(prefix));
    names(&scratch.path("mqueue")).into_iter().filter(message).collect()
}

/// However busy the machine is, nothing is only queued for that.
fn site() -> Scratch {
    Scratch::with_definitions(free_port(), &["confQUEUE_LA=9999", "confREFUSE_LA=9999"])
}

fn recipient(scratch: &Scratch) -> String {
    format!("{}@site.example", scratch.user)
}

#[test]
fn what_is_answered_250_is_in_the_mailbox_and_not_in_the_queue() {
    let scratch = site();
    let _daemon = scratch.start();
    // the last one is longer than what is kept in memory
    for (number, lines) in [1, 100, 4000].into_iter().enumerate() {
        let answered = send(scratch.port, &recipient(&scratch), &format!("first-{number}"), lines);
        assert!(answered.expect("a session"), "{}", scratch.log());
        assert_eq!(names(&scratch.inbox()).len(), number + 1, "{}", scratch.log());
    }
    let texts =
        names(&scratch.inbox()).into_iter().map(|name| fs::read_to_string(scratch.inbox().join(name)));
    let last = texts.flatten().find(|text| text.contains("Subject: first-2\n")).expect("the long one");
    assert!(last.ends_with("end of first-2 after 4000 lines\n"));
    assert_eq!(queued(&scratch), Vec::<String>::new());
}

/// Timeout.queuereturn=now: nothing is tried, and the sender hears of it.
#[test]
fn what_comes_back_at_once_is_not_tried() {
    let scratch = site();
    let cf = fs::read_to_string(scratch.cf()).expect("a cf") + "O Timeout.queuereturn=now\n";
    fs::write(scratch.cf(), cf).expect("a file");
    let _daemon = scratch.start();
    let answered = send(scratch.port, &recipient(&scratch), "at-once", 10);
    assert!(answered.expect("a session"), "{}", scratch.log());
    let deadline = Instant::now() + Duration::from_secs(60);
    while !scratch.log().contains("DSN: Cannot send message for ") {
        assert!(Instant::now() < deadline, "{}", scratch.log());
        std::thread::sleep(Duration::from_millis(50));
    }
    let tried = format!("to=<{}>", recipient(&scratch));
    assert!(!scratch.log().contains(&tried), "{}", scratch.log());
}

#[test]
fn what_cannot_be_delivered_now_is_answered_and_queued() {
    let scratch = site();
    let _daemon = scratch.start();
    // as homes that are not mounted
    fs::rename(scratch.path("mail"), scratch.path("away")).expect("our directory");
    let answered = send(scratch.port, &recipient(&scratch), "later-mark", 10);
    assert!(answered.expect("a session"), "{}", scratch.log());
    let kinds: Vec<String> = queued(&scratch).iter().map(|name| name[..2].to_owned()).collect();
    assert!(
        kinds.contains(&"qf".to_owned()) && kinds.contains(&"df".to_owned()),
        "{kinds:?}\n{}",
        scratch.log()
    );
    fs::rename(scratch.path("away"), scratch.path("mail")).expect("our directory");
    let deadline = Instant::now() + Duration::from_secs(60);
    while names(&scratch.inbox()).is_empty() {
        assert!(Instant::now() < deadline, "{}", scratch.log());
        std::thread::sleep(Duration::from_millis(50));
    }
}
