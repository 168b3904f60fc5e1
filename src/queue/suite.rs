//! What every store must do: one suite, run over the directory, with a journal before it, and over memory.

use super::scenes::{Scene, in_directory, in_journal, in_memory};
use super::tests::{NOW, config, envelope};
use super::*;
use crate::envelope::{Body, Envelope, MessageKey, QueueId, QueueLocation, StoredEnvelope};
use proptest::prelude::*;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A message that no other test has.
fn message() -> Envelope {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let id = format!("6AMHDk09{:06}", COUNT.fetch_add(1, Ordering::Relaxed));
    envelope(QueueId::new(id.as_bytes()).expect("an identifier"))
}

fn stored(envelope: &Envelope) -> StoredEnvelope {
    StoredEnvelope::of(&config(), envelope)
}

async fn commit(store: &Arc<dyn QueueStore>, message: &Envelope) -> Lease {
    store.commit(&message.key(), &stored(message)).await.expect("committed")
}

async fn ready(store: &Arc<dyn QueueStore>, key: &MessageKey) -> (Lease, StoredEnvelope) {
    match store.load(key, EntryKind::Normal).await.expect("an answer") {
        Loaded::Ready(lease, envelope) => (lease, *envelope),
        other => panic!("not ready: {other:?}"),
    }
}

fn text(body: &Body) -> Vec<u8> {
    let mut text = Vec::new();
    body.reader().read_to_end(&mut text).expect("readable");
    text
}

fn kept(store: &Arc<dyn QueueStore>, kind: EntryKind) -> Vec<MessageKey> {
    let mut selection = Selection::default();
    selection.kind = kind;
    let mut found = Vec::new();
    store.visit(QueueLocation::default(), &selection, &mut |entry| found.push(entry.key)).expect("readable");
    found
}

async fn due(store: &Arc<dyn QueueStore>, limit: usize, progress: &mut RunProgress) -> Vec<MessageKey> {
    let found = store.due(&Selection::default(), NOW, limit, progress).await.expect("a list");
    progress.last = found.messages.last().cloned().or(progress.last.take());
    found.messages.into_iter().map(|position| position.key).collect()
}

fn run() -> RunProgress {
    RunProgress { started: NOW, last: None, threshold: None }
}

/// Everything below over one kind of store.
async fn suite(scene: fn(QueueOptions) -> Box<dyn Scene>) {
    a_message_lives(&*scene(QueueOptions::default())).await;
    an_identifier_has_one_owner(&*scene(QueueOptions::default())).await;
    bodies_of_any_size(&*scene(QueueOptions::default())).await;
    a_body_is_written_anew(&*scene(QueueOptions::default())).await;
    a_lost_lease_writes_nothing(&*scene(QueueOptions::default())).await;
    a_dead_process_leaves_what_it_wrote_last(&*scene(QueueOptions::default())).await;
    a_renewed_lease_is_held(&*scene(QueueOptions::default())).await;
    what_is_put_aside_or_held_is_not_due(&*scene(QueueOptions::default())).await;
    what_is_leased_or_young_is_not_due(&*scene(QueueOptions {
        min_age: Duration::from_secs(300),
        ..QueueOptions::default()
    }))
    .await;
    a_run_ends_and_takes_everything_once(&*scene(QueueOptions::default())).await;
    orders(scene).await;
}

#[tokio::test]
async fn the_directory_keeps_the_contract() {
    suite(in_directory).await;
}

#[tokio::test]
async fn the_journal_keeps_the_contract() {
    suite(in_journal).await;
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    suite(in_memory).await;
}

async fn a_message_lives(scene: &dyn Scene) {
    let (store, other, mut sent) = (scene.store(), scene.other(), message());
    let lease = commit(&store, &sent).await;
    assert_eq!(lease.key(), &sent.key());
    assert!(matches!(other.load(&sent.key(), EntryKind::Normal).await.expect("an answer"), Loaded::Busy));
    drop(lease);
    let (mut lease, got) = ready(&other, &sent.key()).await;
    assert_eq!((got.sender.as_slice(), got.priority), (&b"<a@site.example>"[..], Some(30_100)));
    assert_eq!((text(&got.body), got.recipients.len()), (b"body\n".to_vec(), 1));
    (sent.attempts, sent.last_attempt) = (1, NOW);
    other.update(&mut lease, &stored(&sent)).await.expect("updated");
    assert!(
        matches!(store.load(&sent.key(), EntryKind::Normal).await.expect("an answer"), Loaded::Busy),
        "the lease moved along"
    );
    drop(lease);
    let (lease, got) = ready(&store, &sent.key()).await;
    assert_eq!((got.attempts, text(&got.body)), (1, b"body\n".to_vec()));
    store.remove(lease).await.expect("removed");
    assert!(matches!(store.load(&sent.key(), EntryKind::Normal).await.expect("an answer"), Loaded::Gone));
    assert!(kept(&store, EntryKind::Normal).is_empty());
}

async fn an_identifier_has_one_owner(scene: &dyn Scene) {
    let (store, mut sent) = (scene.store(), message());
    let lease = commit(&store, &sent).await;
    sent.sender.text = b"<other@site.example>".to_vec();
    let again = scene.other().commit(&sent.key(), &stored(&sent)).await;
    assert!(matches!(again, Err(QueueError::Exists { .. })));
    drop(lease);
    assert_eq!(ready(&store, &sent.key()).await.1.sender, b"<a@site.example>");
}

/// As a filter does at the final dot, with bodies that fit into memory and that do not.
async fn a_body_is_written_anew(scene: &dyn Scene) {
    for size in [5, 200_000] {
        let (store, message) = (scene.store(), message());
        let mut sink = store.create_body(&message.key()).expect("a sink");
        sink.write(&vec![b'x'; size]).expect("written");
        let mut piece = [0; 16];
        let read = sink.read_at(size as u64 - 4, &mut piece).expect("readable");
        assert_eq!((sink.size(), &piece[..read]), (size as u64, &b"xxxx"[..]));
        assert_eq!(sink.read_at(size as u64, &mut piece).expect("readable"), 0);
        sink.restart().expect("an empty one");
        sink.write(b"another\n").expect("written");
        sink.write(b"body\n").expect("written");
        assert_eq!(text(&sink.finish().await.expect("a body")), b"another\nbody\n");
    }
}

async fn bodies_of_any_size(scene: &dyn Scene) {
    let store = scene.store();
    for size in [0, 1, 70_000, 200_000] {
        let mut sent = message();
        let wanted: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
        let mut sink = store.create_body(&sent.key()).expect("a body");
        // another body took its place before the last dot
        sink.write(&vec![b'x'; size as usize + 1]).and_then(|()| sink.restart()).expect("written anew");
        for piece in wanted.chunks(8192) {
            sink.write(piece).expect("written");
        }
        let (mut back, mut at) = (vec![0; size as usize + 1], 0);
        while at < size as usize {
            let count = sink.read_at(at as u64, &mut back[at..]).expect("readable");
            assert!(count > 0);
            at += count;
        }
        assert!(sink.size() == size && back[..at] == wanted);
        sent.body = sink.finish().await.expect("finished");
        drop(commit(&store, &sent).await);
        let (lease, got) = ready(&scene.other(), &sent.key()).await;
        assert_eq!((got.body.size(), text(&got.body) == wanted), (size, true));
        let mut file = Vec::new();
        let whole = got.body.as_file().expect("a file");
        std::io::Seek::rewind(&mut &*whole).expect("a file");
        (&*whole).read_to_end(&mut file).expect("readable");
        assert!(file == wanted);
        store.remove(lease).await.expect("removed");
    }
    let dropped = message();
    let mut sink = store.create_body(&dropped.key()).expect("a body");
    sink.write(&[b'x'; 200_000]).expect("written");
    drop(sink);
    store.discard(&dropped.key()).expect("nothing is left to discard");
    assert!(kept(&store, EntryKind::Normal).is_empty());
}

/// The fencing number: whoever was away too long must not undo what its successor has done.
async fn a_lost_lease_writes_nothing(scene: &dyn Scene) {
    let (store, mut sent) = (scene.store(), message());
    let mut old = commit(&store, &sent).await;
    scene.take_away(&old);
    let (mut new, mut got) = ready(&scene.other(), &sent.key()).await;
    assert_ne!(old.fencing(), new.fencing());
    got.attempts = 7;
    scene.other().update(&mut new, &got).await.expect("updated");
    sent.attempts = 1;
    let lost = |result: Result<(), QueueError>| matches!(result, Err(QueueError::LeaseLost { .. }));
    assert!(lost(store.update(&mut old, &stored(&sent)).await));
    assert!(lost(store.renew(&mut old).await));
    assert!(lost(store.remove(old).await));
    assert!(
        matches!(store.load(&sent.key(), EntryKind::Normal).await.expect("an answer"), Loaded::Busy),
        "the new one is held"
    );
    drop(new);
    let (mut old, got) = ready(&store, &sent.key()).await;
    assert_eq!(got.attempts, 7);
    scene.take_away(&old);
    let _new = ready(&scene.other(), &sent.key()).await;
    assert!(lost(store.renew(&mut old).await));
    assert!(lost(store.set_aside(old).await.map(drop)));
}

async fn a_dead_process_leaves_what_it_wrote_last(scene: &dyn Scene) {
    let (store, mut sent) = (scene.store(), message());
    let mut lease = commit(&store, &sent).await;
    sent.attempts = 3;
    store.update(&mut lease, &stored(&sent)).await.expect("updated");
    sent.attempts = 4;
    scene.crash(lease);
    let (_lease, got) = ready(&scene.other(), &sent.key()).await;
    assert_eq!((got.attempts, text(&got.body)), (3, b"body\n".to_vec()));
}

async fn a_renewed_lease_is_held(scene: &dyn Scene) {
    let (store, sent) = (scene.store(), message());
    let mut lease = commit(&store, &sent).await;
    assert!(lease.is_held(NOW) && !lease.owner().is_empty());
    store.renew(&mut lease).await.expect("renewed");
    if let Some(expiry) = lease.expiry() {
        assert!(lease.is_held(expiry - 1) && !lease.is_held(expiry));
    }
    assert!(matches!(
        scene.other().load(&sent.key(), EntryKind::Normal).await.expect("an answer"),
        Loaded::Busy
    ));
}

async fn what_is_put_aside_or_held_is_not_due(scene: &dyn Scene) {
    let (store, sent, mut held) = (scene.store(), message(), message());
    let lease = commit(&store, &sent).await;
    store.set_aside(lease).await.expect("put aside");
    held.quarantine = Some(b"for a look".to_vec());
    drop(commit(&store, &held).await);
    assert!(due(&store, 9, &mut run()).await.is_empty());
    assert_eq!(kept(&store, EntryKind::Lost), [sent.key()]);
    assert_eq!(kept(&store, EntryKind::Quarantined), [held.key()]);
    assert!(matches!(store.load(&held.key(), EntryKind::Normal).await.expect("an answer"), Loaded::Gone));
}

async fn what_is_leased_or_young_is_not_due(scene: &dyn Scene) {
    let (store, leased, mut young, mut old) = (scene.store(), message(), message(), message());
    let _lease = commit(&store, &leased).await;
    (young.attempts, young.last_attempt) = (1, NOW - 299);
    (old.attempts, old.last_attempt) = (1, NOW - 300);
    drop(commit(&store, &young).await);
    drop(commit(&store, &old).await);
    assert_eq!(due(&scene.other(), 9, &mut run()).await, [old.key()]);
    // what is asked for goes whatever its age, by what it is or by what it is not
    for (argument, wanted) in
        [(format!("I{}", young.id), vec![young.key()]), ("!Inobody".into(), vec![young.key(), old.key()])]
    {
        let mut selection = Selection::default();
        assert!(selection.add(argument.as_bytes()));
        let found = scene.other().due(&selection, NOW, 9, &run()).await.expect("a list");
        let found: Vec<_> = found.messages.into_iter().map(|one| one.key).collect();
        assert_eq!(found, wanted, "{argument}");
    }
}

/// Attempts change priorities, and mail comes in meanwhile; a run takes what it comes to, once.
async fn a_run_ends_and_takes_everything_once(scene: &dyn Scene) {
    let store = scene.store();
    let mut waiting = Vec::new();
    for priority in [500, 100, 300, 200, 400] {
        let sent = Envelope { priority, ..message() };
        drop(commit(&store, &sent).await);
        waiting.push((priority, sent.key()));
    }
    waiting.sort();
    let (mut progress, mut taken) = (run(), Vec::new());
    loop {
        let next = due(&store, 2, &mut progress).await;
        assert!(next.len() <= 2);
        if next.is_empty() {
            break;
        }
        for key in next {
            let (mut lease, mut got) = ready(&store, &key).await;
            (got.attempts, got.last_attempt) = (1, NOW);
            got.priority = got.priority.map(|priority| priority + 90_000);
            store.update(&mut lease, &got).await.expect("updated");
            taken.push(key);
        }
    }
    assert_eq!(taken, waiting.into_iter().map(|(_, key)| key).collect::<Vec<_>>());
    assert_eq!(due(&store, 9, &mut run()).await.len(), 5, "the next run takes them again");
}

/// Priority, age and host in the order that sendmail's run has.
async fn orders(scene: fn(QueueOptions) -> Box<dyn Scene>) {
    let rows =
        [(300, NOW - 1, "z@a.example"), (200, NOW - 2, "y@b.example"), (100, NOW - 3, "x@c.a.example")];
    let cases = [
        (SortOrder::Priority, [2, 1, 0]),
        (SortOrder::Time, [2, 1, 0]),
        (SortOrder::Host, [0, 2, 1]),
        (SortOrder::Filename, [0, 1, 2]),
    ];
    for (sort_order, wanted) in cases {
        let scene = scene(QueueOptions { sort_order, ..QueueOptions::default() });
        let mut keys = Vec::new();
        for (priority, created, recipient) in rows {
            let mut sent = Envelope { priority, created, ..message() };
            sent.recipients[0].text = recipient.as_bytes().to_vec();
            drop(commit(&scene.store(), &sent).await);
            keys.push(sent.key());
        }
        let found = due(&scene.store(), 9, &mut run()).await;
        assert_eq!(found, wanted.map(|index: usize| keys[index].clone()), "{sort_order:?}");
    }
}

proptest! {
    /// Piece by piece a run comes by the same messages as all at once, in the same order.
    #[test]
    fn a_run_in_pieces_is_a_whole_run(priorities in proptest::collection::vec(0i64..5, 0..40), limit in 1usize..9) {
        let options = QueueOptions::default();
        let entries: Vec<Entry> = priorities.iter().map(|priority| {
            let sent = Envelope { priority: *priority, ..message() };
            let facts = Fact::all_of(&stored(&sent));
            let summary = Summary::of(&facts, options.sort_order, &Selection::default()).expect("all are taken");
            let (content, kind) = (Content::Read, EntryKind::Normal);
            Entry { key: sent.key(), kind, content, facts, summary, size: None, body_fault: None, locked: false, modified: 0, forced: false }
        }).collect();
        let pass = |limit, progress: &RunProgress| {
            let mut few = FirstFew::new(&options, NOW, limit, progress);
            entries.iter().for_each(|entry| _ = few.offer(entry));
            few.into_sorted()
        };
        let whole = pass(usize::MAX, &run());
        let (mut progress, mut pieces) = (run(), Vec::new());
        loop {
            let piece = pass(limit, &progress);
            prop_assert!(piece.len() <= limit);
            let Some(last) = piece.last() else { break };
            progress.last = Some(last.clone());
            pieces.extend(piece);
        }
        prop_assert_eq!(pieces, whole);
    }
}
