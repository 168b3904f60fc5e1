use super::*;
use crate::config::Config;
use crate::envelope::{Body, Envelope, QueueId, Recipient, RecipientFlags, Sender};
use crate::sys::clock::Clock;
use std::sync::Arc;
use std::time::Duration;

pub(super) const NOW: i64 = 1_795_368_603;

pub(super) fn names() -> crate::config::Names {
    let mut names = crate::config::Names::default();
    names.intern(b"daemon_flags").expect("room for a name");
    names
}

pub(super) fn config() -> Config {
    Config { names: names(), ..Config::default() }
}

pub(super) fn envelope(id: QueueId) -> Envelope {
    let recipient = Recipient {
        text: b"<x@tmp.example>".to_vec(),
        flags: RecipientFlags::PRIMARY | RecipientFlags::DEFAULT_NOTIFY,
        final_recipient: Some(b"RFC822; x@tmp.example".to_vec()),
        ..Recipient::default()
    };
    Envelope {
        id,
        sender: Sender { text: b"<a@site.example>".to_vec(), address: None },
        recipients: vec![recipient],
        created: NOW,
        priority: 30_100,
        body: Body::from_memory(*b"body\n"),
        ..Envelope::default()
    }
}

pub(super) fn queue(dir: &std::path::Path) -> Queue {
    let group = GroupOptions { name: b"mqueue".to_vec(), path: dir.to_owned(), ..GroupOptions::default() };
    let options = QueueOptions { groups: vec![group], clock: Clock::fixed(NOW), ..QueueOptions::default() };
    Queue::open(Arc::new(config()), options).expect("an open queue")
}

pub(super) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory")
}

pub(super) fn names_in(dir: &std::path::Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(dir)
        .expect("readable")
        .flatten()
        .map(|file| file.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn what_is_young_waits() {
    let dir = folder();
    let group =
        GroupOptions { name: b"mqueue".to_vec(), path: dir.path().to_owned(), ..GroupOptions::default() };
    let clock = Clock::fixed(NOW);
    let options = QueueOptions {
        groups: vec![group],
        clock,
        min_age: Duration::from_secs(300),
        ..QueueOptions::default()
    };
    let queue = Queue::open(Arc::new(config()), options).expect("an open queue");
    let mut sent = envelope(queue.next_id());
    (sent.attempts, sent.last_attempt) = (1, NOW - 299);
    drop(queue.commit(&sent).await.expect("committed"));
    let due = queue.due(&Selection::default(), 9, &mut queue.begin_run(None)).await.expect("a list");
    assert!(due.is_empty());
    let mut other = envelope(queue.next_id());
    (other.attempts, other.last_attempt) = (1, NOW - 300);
    drop(queue.commit(&other).await.expect("committed"));
    let due = queue.due(&Selection::default(), 9, &mut queue.begin_run(None)).await.expect("a list");
    assert_eq!(due, [other.key()]);
}

#[test]
fn a_full_disk_is_452() {
    let error =
        QueueError::new("cannot write", "/q/df1", std::io::Error::from_raw_os_error(nix::libc::ENOSPC));
    assert_eq!(error.reply().to_line(), b"452 4.3.1 Insufficient disk space; try again later");
}

fn listed(queue: &Queue, verbose: bool) -> String {
    let selection = Selection::default();
    let view = View { verbose, selection, overloaded: &|_| false, complain: &|_| () };
    String::from_utf8(view.render(queue).expect("a listing").text).expect("visible characters")
}

/// Recorded from sendmail 8.17.1.9.
#[tokio::test]
async fn mailq_prints_what_sendmail_prints() {
    let dir = folder();
    let queue = queue(dir.path());
    let path = dir.path().display();
    assert_eq!(listed(&queue, false), format!("{path} is empty\n\t\tTotal requests: 0\n"));
    let mut sent = envelope(QueueId::new(b"6AMKFmlF020898").expect("an id"));
    sent.sender.text = b"fred@foo.example".to_vec();
    sent.message = Some(b"User unknown".to_vec());
    sent.recipients[0].text = b"y@remote.example".to_vec();
    sent.recipients[0].message = Some(b"Deferred".to_vec());
    drop(queue.commit(&sent).await.expect("committed"));
    let date = crate::message::ctime_date(queue.config(), NOW);
    let date = String::from_utf8(date).expect("ASCII");
    let wanted = format!(
        "\t\t{path} (1 request)\n\
         -----Q-ID----- --Size-- -----Q-Time----- ------------Sender/Recipient-----------\n\
         6AMKFmlF020898        5 {} fred@foo.example\n                 (User unknown)\n\
         \t\t\t\t\t y@remote.example\n\t\tTotal requests: 1\n",
        &date[..16]
    );
    assert_eq!(listed(&queue, false), wanted);
    let wanted = format!(
        "\t\t{path} (1 request)\n\
         -----Q-ID----- --Size-- -Priority- ---Q-Time--- --------Sender/Recipient--------\n\
         6AMKFmlF020898        5      30100 {} fred@foo.example\n                 (User unknown)\n\
         \t\t\t\t\t\ty@remote.example\n\t\t (Deferred)\n\t\tTotal requests: 1\n",
        &date[4..16]
    );
    assert_eq!(listed(&queue, true), wanted);
}

#[tokio::test]
async fn selections() {
    let dir = folder();
    let queue = queue(dir.path());
    let sent = envelope(queue.next_id());
    drop(queue.commit(&sent).await.expect("committed"));
    let count = |argument: &str| {
        let mut selection = Selection::default();
        assert!(selection.add(argument.as_bytes()), "{argument}");
        let (mut count, location) = (0, queue.location(0));
        queue.store().visit(location, &selection, &mut |_| count += 1).expect("readable");
        count
    };
    let cases = [("Rtmp.EXAMPLE", 1), ("!Rtmp", 0), ("Ssite", 1), ("Snobody", 0), ("L", 0), ("Q", 0)];
    for (argument, wanted) in cases {
        assert_eq!(count(argument), wanted, "{argument}");
    }
    assert_eq!(count(&format!("I{}", sent.id)), 1);
}
