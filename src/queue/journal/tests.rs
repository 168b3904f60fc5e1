//! What is left of a journal after a crash, a full one, and one that cannot be written.

use super::ownership::Complain;
use super::*;
use crate::envelope::{Body, Envelope};
use crate::queue::tests::{NOW, config, envelope, folder, names_in};
use crate::queue::{GroupOptions, QueueOptions};
use crate::sys::clock::Clock;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;

fn store(dir: &Path) -> JournalStore {
    let group = GroupOptions { name: b"mqueue".to_vec(), path: dir.to_owned(), ..GroupOptions::default() };
    let options = QueueOptions { groups: vec![group], clock: Clock::fixed(NOW), ..QueueOptions::default() };
    JournalStore::over(DirectoryStore::open(Arc::new(config()), options).expect("an open queue"))
}

fn owning(dir: &Path) -> JournalStore {
    let store = store(dir);
    store.own().expect("a journal");
    store
}

fn message(number: usize, size: usize) -> Envelope {
    let id = QueueId::new(format!("6AMHDk09{number:06}").as_bytes()).expect("an identifier");
    let mut message = envelope(id);
    message.body = Body::from_memory(vec![b'a' + (number % 26) as u8; size]);
    message
}

async fn commit(store: &JournalStore, message: &Envelope) -> Lease {
    store.commit(&message.key(), &StoredEnvelope::of(&config(), message)).await.expect("committed")
}

/// The directory as a machine has it that crashed now: files are copied, locks are not.
fn crashed(dir: &Path) -> tempfile::TempDir {
    let after = folder();
    for name in names_in(dir) {
        std::fs::copy(dir.join(&name), after.path().join(&name)).expect("a copy");
    }
    after
}

/// The messages that a crash leaves, as files.
fn left(dir: &Path) -> BTreeSet<String> {
    let after = crashed(dir);
    assert!(store(after.path()).recover().expect("recovered").is_some());
    names_in(after.path()).into_iter().filter_map(|name| name.strip_prefix("qf").map(str::to_owned)).collect()
}

fn ids(messages: &[&Envelope]) -> BTreeSet<String> {
    messages.iter().map(|message| message.id.to_string()).collect()
}

#[tokio::test]
async fn a_message_has_no_file_and_outlives_a_crash() {
    let dir = folder();
    let (store, sent) = (owning(dir.path()), message(1, 5000));
    let lease = commit(&store, &sent).await;
    assert_eq!(names_in(dir.path()), [".journal"]);
    let after = crashed(dir.path());
    let other = self::store(after.path());
    assert_eq!(other.recover().expect("recovered"), Some(1));
    assert_eq!(names_in(after.path()), [format!("df{}", sent.id), format!("qf{}", sent.id)]);
    assert_eq!(std::fs::read(after.path().join(format!("df{}", sent.id))).expect("a body"), vec![b'b'; 5000]);
    assert!(matches!(other.load(&sent.key(), EntryKind::Normal).await, Ok(Loaded::Ready(..))));
    store.remove(lease).await.expect("removed");
    store.0.live().expect("a journal").finish().expect("finished");
    assert!(names_in(dir.path()).is_empty());
}

#[tokio::test]
async fn what_is_done_is_so_within_a_second() {
    let dir = folder();
    let (store, first, second) = (owning(dir.path()), message(1, 10), message(2, 10));
    let lease = commit(&store, &first).await;
    store.remove(lease).await.expect("removed");
    let begun = std::time::Instant::now();
    while !left(dir.path()).is_empty() {
        assert!(begun.elapsed().as_secs() < 60);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    // or with the next message
    let lease = commit(&store, &second).await;
    store.remove(lease).await.expect("removed");
    let third = message(3, 10);
    let _lease = commit(&store, &third).await;
    assert_eq!(left(dir.path()), ids(&[&third]));
}

#[tokio::test]
async fn what_is_left_goes_to_files() {
    let dir = folder();
    let store = owning(dir.path());
    let (mut deferred, left) = (message(1, 10), message(2, 10));
    let mut lease = commit(&store, &deferred).await;
    deferred.attempts = 1;
    store.update(&mut lease, &StoredEnvelope::of(&config(), &deferred)).await.expect("updated");
    drop((lease, commit(&store, &left).await));
    let due = store
        .due(&Selection::default(), NOW, 9, &RunProgress { started: NOW, last: None, threshold: None })
        .await;
    let due: Vec<_> = due.expect("a list").messages.into_iter().map(|one| one.key.id.to_string()).collect();
    assert_eq!(due.into_iter().collect::<BTreeSet<_>>(), ids(&[&deferred, &left]));
    let Ok(Loaded::Ready(_, read)) = store.load(&deferred.key(), EntryKind::Normal).await else {
        panic!("not there")
    };
    assert_eq!(read.attempts, 1);
    store.end();
    assert!(store.0.live().expect("nobody looked after it").is_empty());
}

/// A crash in the midst of writing files: what is whole is believed, what is not is written again.
#[tokio::test]
async fn a_crash_while_files_are_written() {
    let dir = folder();
    let (store, sent) = (owning(dir.path()), message(1, 10));
    let _lease = commit(&store, &sent).await;
    let control = StoredEnvelope::of(&config(), &sent);
    let control = store.0.directory.control_file(&sent.key(), &control).1;
    let body = sent.body.bytes().expect("in memory");
    let tried = [
        (None, Some(&b"one attempt more\n.\n"[..])),
        (Some(body), None),
        (Some(&body[..4]), Some(&control[..])),
    ];
    for (data, text) in
        tried.into_iter().chain([(Some(body), Some(&control[..9])), (Some(body), Some(&b""[..]))])
    {
        let after = crashed(dir.path());
        let name = |prefix: &str| after.path().join(format!("{prefix}{}", sent.id));
        data.into_iter().for_each(|data| std::fs::write(name("df"), data).expect("written"));
        text.into_iter().for_each(|text| std::fs::write(name("qf"), text).expect("written"));
        assert_eq!(self::store(after.path()).recover().expect("recovered"), Some(1));
        assert_eq!(std::fs::read(name("df")).expect("a body"), body);
        assert_eq!(std::fs::read(name("qf")).expect("a control file"), control);
    }
    let after = crashed(dir.path());
    let newer = String::from_utf8(control).expect("ASCII").replace("\nN0\n", "\nN7\n");
    std::fs::write(after.path().join(format!("df{}", sent.id)), body).expect("written");
    std::fs::write(after.path().join(format!("qf{}", sent.id)), &newer).expect("written");
    self::store(after.path()).recover().expect("recovered");
    let text = std::fs::read_to_string(after.path().join(format!("qf{}", sent.id))).expect("a control file");
    assert_eq!(text, newer);
}

#[tokio::test]
async fn a_full_journal_takes_nothing_until_there_is_room() {
    let dir = folder();
    let store = owning(dir.path());
    let mut leases = Vec::new();
    while names_in(dir.path()) == [".journal"] {
        leases.push(commit(&store, &message(leases.len(), 100_000)).await);
    }
    assert_eq!(names_in(dir.path()).len(), 3, "the last one is in files");
    assert!(leases.len() > 30);
    for lease in leases.drain(..) {
        store.remove(lease).await.expect("removed");
    }
    let next = message(1000, 10);
    let _lease = commit(&store, &next).await;
    assert_eq!(names_in(dir.path()), [".journal"]);
    assert_eq!(left(dir.path()), ids(&[&next]));
}

#[tokio::test]
async fn a_journal_that_fails_is_given_up() {
    let dir = folder();
    let store = owning(dir.path());
    let (first, second) = (message(1, 10), message(2, 10));
    let _first = commit(&store, &first).await;
    store.0.live().expect("a journal").fail();
    let _second = commit(&store, &second).await;
    assert_eq!(names_in(dir.path()).len(), 3, "it is in files");
    let (complain, mut said): (Complain, _) = (Box::new(|_| ()), String::new());
    store.tend(&complain, &mut said);
    let files = ["df", "qf"].iter().flat_map(|kind| [&first, &second].map(|one| format!("{kind}{}", one.id)));
    assert_eq!(names_in(dir.path()), files.collect::<Vec<_>>());
    store.tend(&complain, &mut said);
    assert!(store.0.live().is_some_and(|live| !live.has_failed()), "there is a new one");
}

#[tokio::test]
async fn a_journal_has_one_owner_and_no_stranger() {
    let dir = folder();
    let (store, sent) = (owning(dir.path()), message(1, 10));
    let _lease = commit(&store, &sent).await;
    let other = self::store(dir.path());
    assert_eq!(other.recover().expect("an answer"), None);
    other.own().expect("an answer");
    assert!(other.0.live().is_none());
    let mut seen = Vec::new();
    let visited = other.visit(QueueLocation::default(), &Selection::default(), &mut |entry| {
        seen.push((entry.key.id.to_string(), entry.locked, entry.size));
    });
    visited.expect("a listing");
    assert_eq!(seen, [(sent.id.to_string(), true, Some(10))]);
    let after = crashed(dir.path());
    let path = after.path().join(".journal");
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o620)).expect("a mode");
    assert!(self::store(after.path()).recover().is_err());
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("a mode");
    std::fs::write(&path, b"something else").expect("written");
    assert!(self::store(after.path()).recover().is_err());
    assert!(path.exists());
}

/// One thing that happens to a queue.
#[derive(Clone, Debug)]
enum Event {
    Commit(usize),
    Remove(usize),
    Leave(usize),
    File,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (1..60_000usize).prop_map(Event::Commit),
        3 => any::<usize>().prop_map(Event::Remove),
        1 => any::<usize>().prop_map(Event::Leave),
        1 => Just(Event::File),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    /// Whatever happens, and wherever the last write was cut: what was accepted and is not done is there afterwards.
    #[test]
    fn nothing_accepted_is_lost(events in proptest::collection::vec(event(), 1..120)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let dir = folder();
            let store = owning(dir.path());
            let (mut held, mut left_alone, mut done, mut count) = (Vec::new(), BTreeSet::new(), BTreeSet::new(), 0);
            for event in events {
                match event {
                    Event::Commit(size) => {
                        held.push(commit(&store, &message(count, size)).await);
                        count += 1;
                    }
                    Event::Remove(which) if !held.is_empty() => {
                        let lease = held.swap_remove(which % held.len());
                        done.insert(lease.key().id.to_string());
                        store.remove(lease).await.expect("removed");
                    }
                    Event::Leave(which) if !held.is_empty() => {
                        left_alone.insert(held.swap_remove(which % held.len()).key().id.to_string());
                    }
                    Event::File => drop(store.file_all().expect("files")),
                    _ => {}
                }
            }
            let needed: BTreeSet<_> = held.iter().map(|lease| lease.key().id.to_string()).chain(left_alone).collect();
            let found = left(dir.path());
            assert!(needed.is_subset(&found));
            assert!(found.iter().all(|id| needed.contains(id) || done.contains(id)));
        });
    }
}
