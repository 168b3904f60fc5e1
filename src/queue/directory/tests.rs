//! qf files word by word, and what a crash or somebody else can leave in a directory.

use super::control_file::{ControlError, ControlFile};
use super::control_writer::control_text;
use crate::config::Config;
use crate::envelope::{ControllingUser, EnvelopeFlags, NotePlace, QueueId, RecipientFlags, StoredEnvelope};
use crate::message::Header;
use crate::queue::tests::{NOW, config, envelope, folder, names, names_in, queue};
use crate::queue::{EntryKind, GroupOptions, Loaded, Queue, QueueOptions, Selection};
use crate::schema::UserIds;
use crate::sys::clock::Clock;
use proptest::prelude::*;
use std::sync::Arc;

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

#[test]
fn sendmails_files_survive_the_round_trip() {
    let names = names();
    let samples = samples();
    assert_eq!(samples.len(), 7);
    for (name, text) in samples {
        let control = ControlFile::parse(&text, &names).expect(&name);
        // `-Q` puts its line before S; a file that is written anew has it before F
        let text = String::from_utf8_lossy(&text).replace("${daemon_flags}\nqheld\nS", "${daemon_flags}\nS");
        let text = if name.ends_with(".hf") { text.replace("\nF", "\nqheld\nF") } else { text };
        assert_eq!(String::from_utf8_lossy(&control.to_bytes(&names)), text, "{name}");
    }
}

#[test]
fn a_file_cut_short_is_never_half_believed() {
    let names = names();
    for (name, text) in samples() {
        // all is there without the very last line end
        for end in 0..text.len() - 1 {
            let read = ControlFile::parse(&text[..end], &names);
            assert!(matches!(read, Err(ControlError::Incomplete(_))), "{name} cut at {end}");
        }
    }
}

#[test]
fn what_was_passed_over_of_a_file_cut_short_is_told() {
    for text in ["V8\nSa\nH?\nRPFD:b\n", "V8\nSa\nRPFD:b\nH??"] {
        let Err(ControlError::Incomplete(notes)) = ControlFile::parse(text.as_bytes(), &names()) else {
            panic!("{text} has no end");
        };
        let told: Vec<_> = notes.iter().map(|note| note.reply.text.clone()).collect();
        assert_eq!(told, [b"header syntax error, line \"?\""], "{text}");
    }
}

#[test]
fn hostile_files_are_bad() {
    let names = names();
    let refused: [&[u8]; 6] = [
        b"V10\nT1\n.\n",
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
fn a_field_without_a_name_is_none() {
    for line in ["H:x", "H : x", "H??:x", "H?? : x", "Hx"] {
        let text = format!("V8\nSa\n{line}\n.\n");
        let read = ControlFile::parse(text.as_bytes(), &names()).expect("a message");
        assert!(read.envelope.headers.0.is_empty(), "{line}");
    }
}

#[test]
fn what_is_passed_over_is_told_where_it_stood() {
    let text = b"V8\nH?\n!\nSa\n$\nRPFD:b\nH??Subject: x\nHNo colon here\n.\n";
    let read = ControlFile::parse(text, &names()).expect("a message").envelope;
    let places: Vec<_> = read.notes.iter().map(|note| note.place).collect();
    let before = NotePlace::BeforeSender;
    assert_eq!(places, [before, before, NotePlace::Behind(0), NotePlace::Behind(1)]);
    // as sendmail counts in SIZE=
    assert_eq!(read.uncounted, -1 + 11);
}

#[test]
fn numbers_and_strings_are_read_as_sendmail_reads_them() {
    let text = b"V8\nN4294967300\nP-99999999999999999999\nSa\0b\nMc\0\n d\nRPFD:b\0c\n.\n";
    let read = ControlFile::parse(text, &names()).expect("a message").envelope;
    assert_eq!((read.attempts, read.priority), (4, Some(i64::MIN)));
    assert_eq!((&read.sender[..], &read.recipients[0].text[..]), (&b"a"[..], &b"b"[..]));
    assert_eq!(read.recipients[0].message.as_deref(), Some(&b"c"[..]));
}

#[test]
fn an_alias_that_controls_one_recipient_controls_those_of_the_same_line() {
    let text = b"V8\nSa\nCalice:1:1:alice\nRPFD:b\nRPFDA:c\nRPFD:d\nC\nRPFDA:e\n.\n";
    let read = ControlFile::parse(text, &names()).expect("a message").envelope;
    let by_alias = read.recipients.iter().map(|one| one.flags.contains(RecipientFlags::CONTROL_IS_ALIAS));
    assert_eq!(by_alias.collect::<Vec<_>>(), [true, true, true, false]);
}

#[test]
fn a_message_that_nobody_has_sent_is_left_alone() {
    let read = ControlFile::parse(b"V8\nRPFD:b\n.\n", &names());
    assert_eq!(read.err(), Some(ControlError::NoSender));
}

#[test]
fn a_message_for_tls_alone_is_not_for_sendmail() {
    let names = names();
    let plain = ControlFile::parse(b"V8\nSa\nFs\nRPFD:b\n.\n", &names).expect("a message");
    assert!(plain.to_bytes(&names).starts_with(b"V8\n"));
    let mut required = plain.clone();
    required.envelope.flags |= EnvelopeFlags::REQUIRE_TLS;
    let text = required.to_bytes(&names);
    assert!(text.starts_with(b"V9\n") && text.windows(4).any(|line| line == b"\nFsT"));
    let back = ControlFile::parse(&text, &names).expect("our own");
    assert!(back.envelope.flags.contains(EnvelopeFlags::REQUIRE_TLS));
    for newer in [b"V10\nFsT\n.\n".as_slice(), b"V9\nFs\n.\n", b"V9\n.\n"] {
        assert!(matches!(ControlFile::parse(newer, &names), Err(ControlError::Bad(_))));
    }
}

#[test]
fn values_cannot_forge_lines() {
    let mut envelope = envelope(QueueId::default());
    envelope.sender.text = b"<a@b>\nRPFD:|evil".to_vec();
    envelope.headers.0.push(Header::generated(b"X", b" a\nRPFD:evil"));
    let config = config();
    let stored = StoredEnvelope::of(&config, &envelope);
    let text = control_text(&stored, None, None, &config.names);
    let back = ControlFile::parse(&text, &config.names).expect("readable").envelope;
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

#[tokio::test]
async fn a_message_is_committed_loaded_changed_and_removed() {
    let dir = folder();
    let queue = queue(dir.path());
    let id = queue.next_id();
    let mut sent = envelope(id.clone());
    let mut body = queue.create_body(&sent.key()).expect("a body");
    body.write(b"line one\nline two\n").expect("written");
    sent.body = body.finish().await.expect("synced");
    let locked = queue.commit(&sent).await.expect("committed");
    assert_eq!(names_in(dir.path()), [format!("df{id}"), format!("qf{id}")]);
    assert!(matches!(queue.load(&sent.key(), EntryKind::Normal).await.expect("an answer"), Loaded::Busy));
    drop(locked);
    let Loaded::Ready(mut locked, mut got) =
        queue.load(&sent.key(), EntryKind::Normal).await.expect("an answer")
    else {
        panic!("not ready");
    };
    assert_eq!((got.sender.text.as_slice(), got.body.size()), (&b"<a@site.example>"[..], 18));
    assert_eq!(got.priority, 30_100 + 90_000);
    got.attempts = 1;
    got.last_attempt = NOW;
    queue.update(&mut locked, &got).await.expect("updated");
    assert!(
        matches!(queue.load(&sent.key(), EntryKind::Normal).await.expect("an answer"), Loaded::Busy),
        "the lock moved along"
    );
    queue.remove(locked).await.expect("removed");
    assert!(names_in(dir.path()).is_empty());
}

#[tokio::test]
async fn a_refused_message_leaves_nothing() {
    let dir = folder();
    let queue = queue(dir.path());
    let id = queue.next_id();
    let mut body = queue.create_body(&envelope(id).key()).expect("a body");
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
    put("qfAAAAAAAA000006", b"V8\nT1\nd/elsewhere\nSa\nRPFD:b\n.\n");
    let load = async |name: &[u8]| {
        queue
            .load(&envelope(QueueId::new(name).expect("an id")).key(), EntryKind::Normal)
            .await
            .expect("an answer")
    };
    assert!(matches!(load(b"AAAAAAAA000001").await, Loaded::SetAside { .. }));
    assert!(matches!(load(b"AAAAAAAA000002").await, Loaded::Incomplete(faults) if !faults.is_empty()));
    // it was written by the real clock, which the fixed one may lie ahead of by more than ten minutes
    match load(b"AAAAAAAA000003").await {
        Loaded::Incomplete(faults) => assert!(faults.is_empty()),
        other => assert!(matches!(other, Loaded::Gone)),
    }
    assert!(matches!(load(b"AAAAAAAA000004").await, Loaded::Finished(_)), "its df is gone");
    assert!(matches!(load(b"AAAAAAAA000006").await, Loaded::SetAside { .. }), "its df is nowhere");
    assert!(matches!(load(b"AAAAAAAA000005").await, Loaded::Gone));
    let names = names_in(dir.path());
    assert!(names.contains(&"QfAAAAAAAA000001".to_owned()));
    assert!(
        !names.contains(&"qfAAAAAAAA000004".to_owned()) && names.contains(&"QfAAAAAAAA000006".to_owned())
    );
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
    let Loaded::SetAside { distrust, .. } =
        queue.load(&sent.key(), EntryKind::Normal).await.expect("an answer")
    else {
        panic!("believed")
    };
    assert!(distrust.detail.starts_with("bogus queue file, uid="), "{distrust}");
}

#[tokio::test]
async fn several_directories_and_their_sub_directories() {
    let dir = folder();
    for name in ["q1", "q2", "q2/qf", "q2/df", "other"] {
        std::fs::create_dir(dir.path().join(name)).expect("made");
    }
    let queue = queue(&dir.path().join("q*"));
    assert_eq!(queue.store().locations().len(), 2);
    for directory in 0..2 {
        let mut sent = envelope(queue.next_id());
        sent.location.directory = directory;
        drop(queue.commit(&sent).await.expect("committed"));
    }
    assert_eq!(names_in(&dir.path().join("q1")).len(), 2);
    assert_eq!(names_in(&dir.path().join("q2/qf")).len(), 1);
    assert_eq!(names_in(&dir.path().join("q2/df")).len(), 1);
    let mut run = queue.begin_run(None);
    assert_eq!(queue.due(&Selection::default(), 9, &mut run).await.expect("a list").len(), 2);
}

/// MaxQueueRunSize: a run has the first ones that directories give, one directory after the other, and not the most urgent ones.
#[tokio::test]
async fn a_short_run_is_at_its_end_in_the_first_directory() {
    let dir = folder();
    let group = GroupOptions { path: dir.path().join("q*"), ..GroupOptions::default() };
    for name in ["q1", "q2"] {
        std::fs::create_dir(dir.path().join(name)).expect("made");
    }
    let options = |max_run_size| QueueOptions {
        groups: vec![group.clone()],
        clock: Clock::fixed(NOW),
        max_run_size,
        ..QueueOptions::default()
    };
    let all = Queue::open(Arc::new(config()), options(0)).expect("an open queue");
    for (directory, priority) in [(0, 60_000), (1, 30_000)] {
        let mut sent = envelope(all.next_id());
        (sent.location.directory, sent.priority) = (directory, priority);
        drop(all.commit(&sent).await.expect("committed"));
    }
    for (most, first) in [(0, 1), (1, 0)] {
        let queue = Queue::open(Arc::new(config()), options(most)).expect("an open queue");
        let due = queue.due(&Selection::default(), 1, &mut queue.begin_run(None)).await.expect("a list");
        assert_eq!(due.iter().map(|key| key.location.directory).collect::<Vec<_>>(), [first]);
    }
}

#[test]
fn a_missing_directory_is_an_error_with_its_name() {
    let path = "/nonexistent/mqueue".into();
    let group = GroupOptions { name: b"mqueue".to_vec(), path, ..GroupOptions::default() };
    let options = QueueOptions { groups: vec![group], ..QueueOptions::default() };
    let error = Queue::open(Arc::new(Config::default()), options).err().expect("an error");
    assert!(error.to_string().contains("/nonexistent/mqueue"));
    assert_eq!(error.reply().code, 451);
}

#[test]
fn envelope_flags_keep_their_letters() {
    let control = StoredEnvelope { flags: EnvelopeFlags::all(), ..StoredEnvelope::default() };
    let text = control_text(&control, None, None, &names());
    assert!(text.windows(11).any(|part| part == b"Fwr8bdnseT\n"));
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
    // all is there without the very last line end
    for end in 1..whole.len() - 1 {
        std::fs::write(&path, &whole[..end]).expect("written");
        let loaded = queue.load(&sent.key(), EntryKind::Normal).await.expect("an answer");
        let cut = String::from_utf8_lossy(&whole[..end]);
        assert!(matches!(loaded, Loaded::Incomplete(_)), "cut behind {cut}");
    }
    std::fs::write(&path, &whole).expect("written");
    assert!(matches!(
        queue.load(&sent.key(), EntryKind::Normal).await.expect("an answer"),
        Loaded::Ready(..)
    ));
}

/// A crash while the state is written anew leaves a tf in any condition; the qf counts.
#[tokio::test]
async fn a_temporary_file_left_behind_does_no_harm() {
    let dir = folder();
    let queue = queue(dir.path());
    let sent = envelope(queue.next_id());
    drop(queue.commit(&sent).await.expect("committed"));
    std::fs::write(dir.path().join(format!("tf{}", sent.id)), b"V8\nT1").expect("written");
    let Loaded::Ready(mut locked, mut got) =
        queue.load(&sent.key(), EntryKind::Normal).await.expect("an answer")
    else {
        panic!("not ready");
    };
    got.attempts = 1;
    queue.update(&mut locked, &got).await.expect("updated");
    assert_eq!(names_in(dir.path()), [format!("df{}", sent.id), format!("qf{}", sent.id)]);
}

/// A message whose body another message brought along (a list with an owner) has a df of its own.
#[tokio::test]
async fn a_copy_keeps_its_body_when_the_original_goes() {
    let dir = folder();
    let queue = queue(dir.path());
    let mut sent = envelope(queue.next_id());
    let mut body = queue.create_body(&sent.key()).expect("a body");
    body.write(b"shared\n").expect("written");
    sent.body = body.finish().await.expect("synced");
    let lease = queue.commit(&sent).await.expect("committed");
    sent.id = queue.next_id();
    drop(queue.commit(&sent).await.expect("committed"));
    queue.remove(lease).await.expect("removed");
    let Loaded::Ready(_lease, got) = queue.load(&sent.key(), EntryKind::Normal).await.expect("an answer")
    else {
        panic!("not ready")
    };
    assert_eq!(got.body.size(), 7);
}

/// A program that an alias names runs as the DefaultUser; the C line must survive, or the next run would take it
/// for something a stranger wrote.
#[test]
fn what_an_alias_names_stays_controlled() {
    let config = config();
    let mut sent = envelope(QueueId::default());
    let ids = UserIds { uid: config.default_user().uid, gid: 0 };
    let control = ControllingUser { user: Vec::new(), ids, alias: b"<ptemp@site.example>".to_vec() };
    sent.recipients[0].control = Some(control.clone());
    for (alias, name) in [(&b"<ptemp@site.example>"[..], "ptemp"), (b":include:/etc/mail/list", "nobody")] {
        let alias = alias.to_vec();
        sent.recipients[0].control = Some(ControllingUser { alias: alias.clone(), ..control.clone() });
        let text = control_text(&StoredEnvelope::of(&config, &sent), None, None, &config.names);
        let line = format!("C{name}:{}:0:{}\n", ids.uid, String::from_utf8_lossy(&alias));
        assert!(String::from_utf8_lossy(&text).contains(&line), "{}", text.escape_ascii());
        let read = ControlFile::parse(&text, &config.names).expect("readable").envelope;
        let back = read.restore(&config, &sent.key(), NOW).recipients.remove(0);
        assert_eq!(back.control, Some(ControllingUser { alias, ..control.clone() }));
    }
}
