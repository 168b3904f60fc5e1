//! Maildir messages that nobody waits for: synced, and moved to `new/`, many at a time.
//!
//! In: a message that stands in `tmp/`, written and not synced, whose sender has its answer because the queue's journal has it.
//! Out: the answer of the keeper, when the message is in `new/` and both are on the disk: as soon as nobody else has come for a
//! moment, a tenth of a second later at most and the time of the syncs. One sync of the file system is for all files of a batch, another one for the names, with a flush of the disk's own
//! cache behind each.
//! Never here: a name in `new/` before its file is on the disk; file systems that may hang or that do nothing at syncfs(2), such
//! as those of other hosts: whoever delivers there syncs file and directory himself.

use super::maildir::Written;
use super::pool::{Limits, Pool};
use crate::sys::identity::Identity;
use nix::sys::statfs::{self, FsType};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long the first of a batch waits for others, as long as they come.
const GATHER: Duration = Duration::from_millis(100);

/// How long nobody may have come for a batch to be whole.
const PAUSE: Duration = Duration::from_millis(10);

/// Messages that wait on one file system; whoever comes then delivers himself.
const MAX_WAITING: usize = 512;

/// Files or directories up to which each is synced for itself.
const FEW: usize = 2;

/// Batches at once: one that is gathered and one that is synced, on four file systems.
const LIMITS: Limits = Limits { name: "maildirs", threads: 8, per_share: 2, waiting: 1_000 };

/// File systems of this host's own disks (or memory), on which syncfs(2) writes what fsync(2) would.
const SYNCED_AT_ONCE: [FsType; 5] = [
    statfs::EXT4_SUPER_MAGIC,
    statfs::XFS_SUPER_MAGIC,
    statfs::BTRFS_SUPER_MAGIC,
    statfs::F2FS_SUPER_MAGIC,
    statfs::TMPFS_MAGIC,
];

/// Hears of each message by its number that it is in `new/`, or why not: once, whatever happens.
pub(super) trait Told: Send + Sync {
    fn tell(&self, moved: Vec<(u64, io::Result<()>)>);
}

/// What is owed to who asked.
pub(super) struct Answer {
    id: u64,
    to: Option<Arc<dyn Told>>,
}

impl Answer {
    pub(super) fn new(id: u64, to: Arc<dyn Told>) -> Self {
        Self { id, to: Some(to) }
    }

    /// All of a batch are told together.
    fn give(moved: Vec<(Self, io::Result<()>)>) {
        let Some(to) = moved.first().and_then(|(answer, _)| answer.to.clone()) else { return };
        let told = moved.into_iter().map(|(mut answer, moved)| {
            answer.to = None;
            (answer.id, moved)
        });
        to.tell(told.collect());
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if let Some(to) = self.to.take() {
            to.tell(vec![(self.id, Err(io::ErrorKind::Other.into()))]);
        }
    }
}

/// A message in `tmp/`, and with whose rights it is delivered.
pub(super) struct Unsynced {
    pub(super) written: Written,
    pub(super) identity: Identity,
}

/// A message on its way.
struct Arrival {
    message: Unsynced,
    answer: Answer,
}

/// Gathers messages.
pub(super) struct MaildirBatches {
    shared: Arc<Shared>,
    pool: Pool,
}

#[derive(Default)]
struct Shared {
    /// By device.
    file_systems: Mutex<HashMap<u64, FileSystem>>,
}

/// What is known of a file system, and who waits on it.
struct FileSystem {
    synced_at_once: bool,
    waiting: Vec<Arrival>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for MaildirBatches {
    fn default() -> Self {
        Self { shared: Arc::default(), pool: Pool::new(LIMITS) }
    }
}

impl MaildirBatches {
    /// Takes a message in. Where it stands alone (its file system is another's, too many wait) it is delivered before this returns.
    pub(super) fn put(&self, message: Unsynced, answer: Answer) {
        let device = message.written.device;
        let arrival = Arrival { message, answer };
        let place = match self.shared.gather(device, arrival) {
            Ok(place) => place,
            Err(alone) => return deliver(vec![*alone]),
        };
        if place == 0 {
            let shared = self.shared.clone();
            let job = Box::new(move || {
                deliver(shared.gathered(device));
            });
            if self.pool.run(&device.to_ne_bytes(), job).is_err() {
                deliver(self.shared.take(device));
            }
        }
    }

    /// Waits until all have been delivered.
    pub(super) fn finish(&self) {
        self.pool.finish();
    }
}

impl Shared {
    /// How many wait before it; it comes back where it is not to be gathered.
    fn gather(&self, device: u64, arrival: Arrival) -> Result<usize, Box<Arrival>> {
        let mut file_systems = locked(&self.file_systems);
        let there =
            file_systems.entry(device).or_insert_with(|| FileSystem::of(&arrival.message.written.file));
        let before = there.waiting.len();
        if !there.synced_at_once || before >= MAX_WAITING {
            return Err(Box::new(arrival));
        }
        there.waiting.push(arrival);
        Ok(before)
    }

    /// Waits for others, then takes all.
    fn gathered(&self, device: u64) -> Vec<Arrival> {
        let (begun, mut before) = (Instant::now(), 1);
        loop {
            std::thread::sleep(PAUSE);
            let now = self.waiting(device);
            if now == before || begun.elapsed() >= GATHER {
                return self.take(device);
            }
            before = now;
        }
    }

    fn waiting(&self, device: u64) -> usize {
        locked(&self.file_systems).get(&device).map_or(0, |there| there.waiting.len())
    }

    fn take(&self, device: u64) -> Vec<Arrival> {
        let mut file_systems = locked(&self.file_systems);
        file_systems.get_mut(&device).map(|there| std::mem::take(&mut there.waiting)).unwrap_or_default()
    }
}

impl FileSystem {
    fn of(file: &File) -> Self {
        let kind = statfs::fstatfs(file).map(|about| about.filesystem_type());
        Self { synced_at_once: kind.is_ok_and(|kind| SYNCED_AT_ONCE.contains(&kind)), waiting: Vec::new() }
    }
}

/// All of one file system, to the end.
fn deliver(mut batch: Vec<Arrival>) {
    // one user's behind each other: rights change once for all of them
    batch.sort_by(|one, other| one.message.identity.cmp(&other.message.identity));
    // an error of the disk is told to files that were open when it happened: the one that was opened first hears of all
    let files: Vec<&File> = batch.iter().map(|arrival| &arrival.message.written.file).collect();
    let synced = sync(&files, witness(&batch));
    let moved = match &synced {
        Ok(()) => rename_all(&batch),
        Err(error) => batch.iter().map(|_| Err(again(error))).collect(),
    };
    for (arrival, _) in batch.iter().zip(&moved).filter(|(_, moved)| moved.is_err()) {
        remove(arrival);
    }
    Answer::give(batch.into_iter().map(|arrival| arrival.answer).zip(moved).collect());
}

fn witness(batch: &[Arrival]) -> Option<&File> {
    let first = batch.iter().min_by_key(|arrival| arrival.message.written.opened);
    first.map(|arrival| &arrival.message.written.file)
}

/// Moves all to `new/`, and syncs what directories that are.
fn rename_all(batch: &[Arrival]) -> Vec<io::Result<()>> {
    let mut directories: HashMap<&Path, File> = HashMap::new();
    let mut renamed = Vec::with_capacity(batch.len());
    for same in batch.chunk_by(|one, other| one.message.identity == other.message.identity) {
        match same[0].message.identity.assume_if_root() {
            Ok(_guard) => renamed.extend(same.iter().map(|arrival| rename(arrival, &mut directories))),
            Err(error) => renamed.extend(same.iter().map(|_| Err(again(&error)))),
        }
    }
    let opened: Vec<&File> = directories.values().collect();
    match sync(&opened, witness(batch)) {
        Ok(()) => renamed,
        Err(error) => renamed.into_iter().map(|renamed| renamed.and_then(|()| Err(again(&error)))).collect(),
    }
}

fn rename<'a>(arrival: &'a Arrival, directories: &mut HashMap<&'a Path, File>) -> io::Result<()> {
    if let Entry::Vacant(new) = directories.entry(arrival.message.written.directory()) {
        let directory = File::open(new.key())?;
        new.insert(directory);
    }
    arrival.message.written.rename()
}

fn remove(arrival: &Arrival) {
    if let Ok(_guard) = arrival.message.identity.assume_if_root() {
        arrival.message.written.remove();
    }
}

/// Puts them all on the disk. Behind many, `witness` has the disk's own cache flushed: what syncfs(2) writes last may be behind its
/// own flush.
fn sync(files: &[&File], witness: Option<&File>) -> io::Result<()> {
    match witness {
        Some(witness) if files.len() > FEW => {
            nix::unistd::syncfs(witness)?;
            witness.sync_all()
        }
        _ => files.iter().try_for_each(|file| file.sync_all()),
    }
}

/// The same error for another message.
fn again(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keeper::body::Body;
    use crate::keeper::maildir::Maildirs;
    use crate::message::BodyForm;

    /// What was told, in order.
    #[derive(Default)]
    struct Hearer(Mutex<Vec<(u64, bool)>>);

    impl Told for Hearer {
        fn tell(&self, moved: Vec<(u64, io::Result<()>)>) {
            locked(&self.0).extend(moved.into_iter().map(|(id, moved)| (id, moved.is_ok())));
        }
    }

    struct Scene {
        root: tempfile::TempDir,
        maildirs: Maildirs,
        hearer: Arc<Hearer>,
    }

    impl Scene {
        fn new() -> Self {
            let root = tempfile::tempdir().expect("a directory");
            Self { root, maildirs: Maildirs::default(), hearer: Arc::default() }
        }

        fn arrival(&self, user: &str, id: u64) -> Arrival {
            let maildir = self.root.path().join(user);
            let body = Body::from(b"text\n".to_vec());
            let written = self.maildirs.write(&maildir, b"h", b"\n", &body, &BodyForm::default());
            let message = Unsynced { written: written.expect("written"), identity: Identity::current() };
            Arrival { message, answer: Answer::new(id, self.hearer.clone()) }
        }

        fn answers(&self) -> Vec<(u64, bool)> {
            locked(&self.hearer.0).clone()
        }

        fn files(&self, user: &str, part: &str) -> usize {
            std::fs::read_dir(self.root.path().join(user).join(part)).expect("a directory").count()
        }
    }

    #[test]
    fn all_arrive_and_are_answered() {
        let (scene, batches) = (Scene::new(), MaildirBatches::default());
        let users = ["a", "b", "c", "d"];
        for round in 0..3 {
            for (number, user) in users.iter().enumerate() {
                let Arrival { message, answer } = scene.arrival(user, round * 4 + number as u64);
                batches.put(message, answer);
            }
            assert!(round > 0 || scene.files("a", "new") + scene.files("a", "tmp") == 1);
        }
        batches.finish();
        let mut answers = scene.answers();
        answers.sort_unstable();
        assert_eq!(answers, (0..12).map(|id| (id, true)).collect::<Vec<_>>());
        for user in users {
            assert_eq!((scene.files(user, "new"), scene.files(user, "tmp")), (3, 0));
        }
    }

    #[test]
    fn who_cannot_get_it_keeps_nobody_else_from_it() {
        let scene = Scene::new();
        let batch: Vec<_> =
            (0..4).zip(["a", "b", "c", "d"]).map(|(id, user)| scene.arrival(user, id)).collect();
        std::fs::remove_dir(scene.root.path().join("b/new")).expect("removed");
        deliver(batch);
        assert_eq!(scene.answers(), [(0, true), (1, false), (2, true), (3, true)]);
        assert_eq!((scene.files("a", "new"), scene.files("b", "tmp"), scene.files("d", "new")), (1, 0, 1));
    }

    #[test]
    fn who_has_no_rights_keeps_nobody_else_from_it() {
        let scene = Scene::new();
        let mut batch: Vec<_> =
            (0..3).zip(["a", "b", "c"]).map(|(id, user)| scene.arrival(user, id)).collect();
        // more groups than the kernel takes; who is not root acts as himself
        batch[1].message.identity.groups = vec![1; 1 << 17];
        deliver(batch);
        let mut answers = scene.answers();
        answers.sort_unstable();
        let others = !crate::sys::identity::is_root();
        assert_eq!(answers, [(0, true), (1, others), (2, true)]);
    }

    #[test]
    fn one_that_is_lost_on_the_way_is_answered() {
        let scene = Scene::new();
        drop(scene.arrival("a", 7));
        assert_eq!(scene.answers(), [(7, false)]);
    }
}
