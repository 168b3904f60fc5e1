use super::*;
use crate::envelope::{EnvelopeFlags, Recipient, RecipientFlags, Sender};
use crate::message::Header;
use crate::sys::clock::Clock;
use proptest::prelude::*;

const NOW: i64 = 1_795_368_603;

fn samples() -> Vec<(String, Vec<u8>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/queue");
    let mut samples: Vec<_> = std::fs::read_dir(folder)
        .expect("the samples")
        .flatten()
        .filter(|file| {
            file.path().extension().is_some_and(|extension| extension == "qf" || extension == "hf")
        })
        .map(|file| {
            (file.file_name().to_string_lossy().into_owned(), std::fs::read(file.path()).expect("a sample"))
        })
        .collect();
    samples.sort();
    samples
}

fn names() -> crate::config::Names {
    let mut names = crate::config::Names::default();
    names.intern(b"daemon_flags").expect("room for a name");
    names
}

#[test]
fn sendmails_files_survive_the_round_trip() {
    let names = names();
    let samples = samples();
    assert_eq!(samples.len(), 7);
    for (name, text) in samples {
        let control = ControlFile::parse(&text, &names).expect(&name);
        assert_eq!(
            String::from_utf8_lossy(&control.to_bytes(&names)),
            String::from_utf8_lossy(&text),
            "{name}"
        );
    }
}

#[test]
fn a_file_cut_short_is_never_half_believed() {
    let names = names();
    for (name, text) in samples() {
        for end in 0..text.len() {
            let read = ControlFile::parse(&text[..end], &names);
            assert_eq!(read.err(), Some(ControlError::Incomplete), "{name} cut at {end}");
        }
    }
}

#[test]
fn hostile_files_are_bad() {
    let names = names();
    let refused: [&[u8]; 6] = [
        b"V9\nT1\n.\n",
        b"V8\nBx-evil\n.\n",
        b"V8\nSa\nFrom root\n.\n",
        b"V8\nSa\nRPFD:b\n.\nRPFD:more\n.\n",
        b"V8\nWhat\n.\n",
        b"V8\n\n.\n",
    ];
    for text in refused {
        assert!(
            matches!(ControlFile::parse(text, &names), Err(ControlError::Bad(_))),
            "{}",
            text.escape_ascii()
        );
    }
}

#[test]
fn values_cannot_forge_lines() {
    let mut envelope = envelope(QueueId::default());
    envelope.sender.text = b"<a@b>\nRPFD:|evil".to_vec();
    envelope.headers.0.push(Header::generated(b"X", b" a\nRPFD:evil"));
    let config = config();
    let text = convert::to_control(&config, &envelope).to_bytes(&config.names);
    let back = ControlFile::parse(&text, &config.names).expect("readable");
    assert_eq!(back.recipients.len(), 1);
    assert_eq!(back.headers.0.last().expect("a header").value, b" a\n RPFD:evil");
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = ControlFile::parse(&text, &names());
    }

    #[test]
    fn lines_in_any_order_are_written_back_the_same(text in "(V8\n)([TKNPISZAMFCQrRH$!q][ -~]{0,20}\n){0,12}\\.\n") {
        let names = names();
        if let Ok(control) = ControlFile::parse(text.as_bytes(), &names) {
            let once = control.to_bytes(&names);
            let again = ControlFile::parse(&once, &names).expect("what was written can be read");
            prop_assert_eq!(again.to_bytes(&names), once);
        }
    }
}

fn config() -> Config {
    Config { names: names(), ..Config::default() }
}

fn envelope(id: QueueId) -> Envelope {
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
        body: Body::Memory(std::sync::Arc::from(&b"body\n"[..])),
        ..Envelope::default()
    }
}

fn queue(dir: &std::path::Path) -> Queue {
    let group = GroupOptions { name: b"mqueue".to_vec(), path: dir.to_owned() };
    let options = QueueOptions { groups: vec![group], clock: Clock::fixed(NOW), ..QueueOptions::default() };
    Queue::open(Arc::new(config()), options).expect("an open queue")
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory")
}

fn names_in(dir: &std::path::Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(dir)
        .expect("readable")
        .flatten()
        .map(|file| file.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_message_is_committed_loaded_changed_and_removed() {
    let dir = folder();
    let queue = queue(dir.path());
    let id = queue.next_id();
    let mut body = queue.create_body(&id, queue.place(0)).expect("a body");
    body.write(b"line one\nline two\n").expect("written");
    let mut sent = envelope(id.clone());
    sent.body = body.finish().await.expect("synced");
    let locked = queue.commit(&sent).await.expect("committed");
    assert_eq!(names_in(dir.path()), [format!("df{id}"), format!("qf{id}")]);
    assert!(matches!(queue.load(sent.place, &id).await.expect("an answer"), Loaded::Busy));
    drop(locked);
    let Loaded::Ready(mut locked, mut got) = queue.load(sent.place, &id).await.expect("an answer") else {
        panic!("not ready");
    };
    assert_eq!((got.sender.text.as_slice(), got.body.size()), (&b"<a@site.example>"[..], 18));
    assert_eq!(got.priority, 30_100 + 90_000);
    got.attempts = 1;
    got.last_attempt = NOW;
    queue.update(&mut locked, &got).await.expect("updated");
    assert!(
        matches!(queue.load(sent.place, &id).await.expect("an answer"), Loaded::Busy),
        "the lock moved along"
    );
    queue.remove(locked).await.expect("removed");
    assert!(names_in(dir.path()).is_empty());
}

#[tokio::test]
async fn an_identifier_in_use_is_an_error_and_its_owner_keeps_its_files() {
    let dir = folder();
    let queue = queue(dir.path());
    let sent = envelope(queue.next_id());
    let _locked = queue.commit(&sent).await.expect("committed");
    let before = names_in(dir.path());
    assert!(matches!(queue.commit(&sent).await, Err(QueueError::Exists { .. })));
    assert_eq!(names_in(dir.path()), before);
}

#[tokio::test]
async fn a_refused_message_leaves_nothing() {
    let dir = folder();
    let queue = queue(dir.path());
    let id = queue.next_id();
    let mut body = queue.create_body(&id, QueueLocation::default()).expect("a body");
    body.write(&vec![b'x'; 200_000]).expect("written");
    assert_eq!(names_in(dir.path()).len(), 1);
    drop(body);
    assert!(names_in(dir.path()).is_empty());
}

#[tokio::test]
async fn bad_files_are_put_aside_and_unfinished_ones_left_alone() {
    let dir = folder();
    let queue = queue(dir.path());
    let put = |name: &str, text: &[u8]| {
        use std::os::unix::fs::PermissionsExt;
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("mode");
    };
    put("qfAAAAAAAA000001", b"V8\nJunk\n.\n");
    put("qfAAAAAAAA000002", b"V8\nSa\n");
    put("qfAAAAAAAA000003", b"");
    put("qfAAAAAAAA000004", b"V8\nT1\nSa\nRPFD:b\n.\n");
    let load = async |name: &[u8]| {
        queue.load(QueueLocation::default(), &QueueId::new(name).expect("an id")).await.expect("an answer")
    };
    assert!(matches!(load(b"AAAAAAAA000001").await, Loaded::Lost(_)));
    assert!(matches!(load(b"AAAAAAAA000002").await, Loaded::Incomplete));
    // it was written by the real clock, which the fixed one may lie ahead of by more than ten minutes
    assert!(matches!(load(b"AAAAAAAA000003").await, Loaded::Incomplete | Loaded::Gone));
    assert!(matches!(load(b"AAAAAAAA000004").await, Loaded::Incomplete), "its df is gone");
    assert!(matches!(load(b"AAAAAAAA000005").await, Loaded::Gone));
    assert!(names_in(dir.path()).contains(&"QfAAAAAAAA000001".to_owned()));
}

#[tokio::test]
async fn a_file_that_others_may_write_is_bogus() {
    use std::os::unix::fs::PermissionsExt;
    let dir = folder();
    let queue = queue(dir.path());
    let sent = envelope(queue.next_id());
    drop(queue.commit(&sent).await.expect("committed"));
    let path = dir.path().join(format!("qf{}", sent.id));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o622)).expect("mode");
    let Loaded::Lost(reason) = queue.load(sent.place, &sent.id).await.expect("an answer") else {
        panic!("believed")
    };
    assert!(reason.starts_with("bogus queue file, uid="), "{reason}");
}

#[tokio::test]
async fn what_is_young_waits() {
    let dir = folder();
    let group = GroupOptions { name: b"mqueue".to_vec(), path: dir.path().to_owned() };
    let clock = Clock::fixed(NOW);
    let options = QueueOptions { groups: vec![group], clock, min_age: 300, ..QueueOptions::default() };
    let queue = Queue::open(Arc::new(config()), options).expect("an open queue");
    let mut sent = envelope(queue.next_id());
    (sent.attempts, sent.last_attempt) = (1, NOW - 299);
    drop(queue.commit(&sent).await.expect("committed"));
    let due = queue.due(&Selection::default()).await.expect("a list");
    assert!(due.is_empty());
    let mut other = envelope(queue.next_id());
    (other.attempts, other.last_attempt) = (1, NOW - 300);
    drop(queue.commit(&other).await.expect("committed"));
    let due = queue.due(&Selection::default()).await.expect("a list");
    assert_eq!(due, [(QueueLocation::default(), other.id)]);
}

#[tokio::test]
async fn several_directories_and_their_sub_directories() {
    let dir = folder();
    for name in ["q1", "q2", "q2/qf", "q2/df", "other"] {
        std::fs::create_dir(dir.path().join(name)).expect("made");
    }
    let queue = queue(&dir.path().join("q*"));
    assert_eq!(queue.places().len(), 2);
    for directory in 0..2 {
        let mut sent = envelope(queue.next_id());
        sent.place.directory = directory;
        drop(queue.commit(&sent).await.expect("committed"));
    }
    assert_eq!(names_in(&dir.path().join("q1")).len(), 2);
    assert_eq!(names_in(&dir.path().join("q2/qf")).len(), 1);
    assert_eq!(names_in(&dir.path().join("q2/df")).len(), 1);
    assert_eq!(queue.list(&Selection::default()).expect("a list").len(), 2);
}

#[test]
fn a_missing_directory_is_an_error_with_its_name() {
    let group = GroupOptions { name: b"mqueue".to_vec(), path: "/nonexistent/mqueue".into() };
    let options = QueueOptions { groups: vec![group], ..QueueOptions::default() };
    let error = Queue::open(Arc::new(Config::default()), options).err().expect("an error");
    assert!(error.to_string().contains("/nonexistent/mqueue"));
    assert_eq!(error.reply().code, 451);
}

#[test]
fn a_full_disk_is_452() {
    let error =
        QueueError::new("cannot write", "/q/df1", std::io::Error::from_raw_os_error(nix::libc::ENOSPC));
    assert_eq!(error.reply().to_line(), b"452 4.3.1 Insufficient disk space; try again later");
}

#[test]
fn envelope_flags_keep_their_letters() {
    let control = ControlFile { flags: EnvelopeFlags::all(), ..ControlFile::default() };
    let text = control.to_bytes(&names());
    assert!(text.windows(10).any(|part| part == b"Fwr8bdnse\n"));
}

/// What a crash can leave of a commit: the qf as far as it was written. Nothing but the whole is taken.
#[tokio::test]
async fn a_commit_cut_off_at_any_byte_is_not_a_message() {
    let dir = folder();
    let queue = queue(dir.path());
    let sent = envelope(queue.next_id());
    drop(queue.commit(&sent).await.expect("committed"));
    let path = dir.path().join(format!("qf{}", sent.id));
    let whole = std::fs::read(&path).expect("the qf");
    for end in 1..whole.len() {
        std::fs::write(&path, &whole[..end]).expect("written");
        let loaded = queue.load(sent.place, &sent.id).await.expect("an answer");
        assert!(matches!(loaded, Loaded::Incomplete), "cut at {end}");
    }
    std::fs::write(&path, &whole).expect("written");
    assert!(matches!(queue.load(sent.place, &sent.id).await.expect("an answer"), Loaded::Ready(..)));
}

/// A crash while the state is written anew leaves a tf in any condition; the qf counts.
#[tokio::test]
async fn a_temporary_file_left_behind_does_no_harm() {
    let dir = folder();
    let queue = queue(dir.path());
    let sent = envelope(queue.next_id());
    drop(queue.commit(&sent).await.expect("committed"));
    std::fs::write(dir.path().join(format!("tf{}", sent.id)), b"V8\nT1").expect("written");
    let Loaded::Ready(mut locked, mut got) = queue.load(sent.place, &sent.id).await.expect("an answer")
    else {
        panic!("not ready");
    };
    got.attempts = 1;
    queue.update(&mut locked, &got).await.expect("updated");
    assert_eq!(names_in(dir.path()), [format!("df{}", sent.id), format!("qf{}", sent.id)]);
}

fn listed(queue: &Queue, verbose: bool) -> String {
    let view = View { verbose, selection: Selection::default(), group: None, overloaded: &|_| false };
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
        queue.list(&selection).expect("a list").len()
    };
    let cases = [("Rtmp.EXAMPLE", 1), ("!Rtmp", 0), ("Ssite", 1), ("Snobody", 0), ("L", 0), ("Q", 0)];
    for (argument, wanted) in cases {
        assert_eq!(count(argument), wanted, "{argument}");
    }
    assert_eq!(count(&format!("I{}", sent.id)), 1);
}
