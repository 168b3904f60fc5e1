//! Delivery into a Maildir: a message is there whole or not at all.
//!
//! The steps of the maildir description: a name that is never used twice, written in `tmp/`, synced,
//! moved to `new/`, and the directory synced. Whatever interrupts them, nothing in `new/` is partial. Where nobody waits the
//! steps behind the writing are those of many messages at a time (`maildir_batch`).
//!
//! It has a name from the beginning: an inode that was synced without one has no links on the disk, and a sync of the
//! directory that names it later does not change that. Where the file system has no journal to keep both together, the repair at
//! the next start takes such a file for a deleted one.

use super::body::Body;
use crate::message::BodyForm;
use crate::sys::clock;
use crate::sys::shared_sync::SharedSync;
use std::collections::HashMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Makes names, and lets deliveries to one directory share a sync.
#[derive(Default)]
pub(super) struct Maildirs {
    count: AtomicU64,
    opened: AtomicU64,
    syncs: Mutex<HashMap<(u64, u64), Arc<SharedSync>>>,
}

/// Bytes that are written at a time, or a little more.
const PIECE: usize = 64 << 10;

/// Directories whose syncs are shared; beyond that all are forgotten.
const MAX_SHARED_SYNCS: usize = 4096;

/// A message in `tmp/`, which nobody has synced.
pub(super) struct Written {
    pub(super) file: File,
    /// Device of the file system.
    pub(super) device: u64,
    /// Counted when the file was open and nothing had been written.
    pub(super) opened: u64,
    temporary: PathBuf,
    target: PathBuf,
}

impl Maildirs {
    /// The first half, with the rights of the calling thread as the second: the message is in `tmp/`.
    pub(super) fn write(
        &self,
        maildir: &Path,
        host: &[u8],
        header: &[u8],
        message: &Body,
        form: &BodyForm,
    ) -> io::Result<Written> {
        let name = self.name(host);
        let temporary = maildir.join("tmp").join(&name);
        let file = match create(&temporary) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make(maildir)?;
                create(&temporary)?
            }
            created => created?,
        };
        let opened = self.opened.fetch_add(1, Ordering::Relaxed);
        match write(&file, header, message, form).and_then(|()| file.metadata()) {
            Ok(about) => {
                let target = maildir.join("new").join(format!("{name},S={}", about.len()));
                Ok(Written { file, device: about.dev(), opened, temporary, target })
            }
            Err(error) => {
                let _ = std::fs::remove_file(&temporary);
                Err(error)
            }
        }
    }

    /// The second half: it is in `new/`, and file and name are on the disk.
    pub(super) fn finish(&self, written: &Written) -> io::Result<()> {
        let moved = written.file.sync_data().and_then(|()| {
            written.rename()?;
            self.sync_directory(written.directory())
        });
        moved.inspect_err(|_| written.remove())
    }

    /// Seconds, microseconds, process, count and host: never the same twice.
    fn name(&self, host: &[u8]) -> String {
        let (seconds, micros) = clock::now_micros();
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let host = String::from_utf8_lossy(host).replace('/', "\\057").replace(':', "\\072");
        let host = if host.is_empty() { String::from("localhost") } else { host };
        format!("{seconds}.M{micros}P{}Q{count}.{host}", std::process::id())
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        let open = File::open(directory)?;
        let about = open.metadata()?;
        let sync = {
            let mut syncs = self.syncs.lock().unwrap_or_else(PoisonError::into_inner);
            if syncs.len() > MAX_SHARED_SYNCS {
                syncs.clear();
            }
            syncs.entry((about.dev(), about.ino())).or_default().clone()
        };
        sync.run(|| open.sync_all())
    }
}

impl Written {
    /// From `tmp/` to `new/`.
    pub(super) fn rename(&self) -> io::Result<()> {
        std::fs::rename(&self.temporary, &self.target)
    }

    /// `new/`.
    pub(super) fn directory(&self) -> &Path {
        self.target.parent().unwrap_or(&self.target)
    }

    /// It could not be delivered. After a failed sync of the directory it may be there: the sender tries again, and twice is better
    /// than never.
    pub(super) fn remove(&self) {
        let _ = std::fs::remove_file(&self.temporary);
    }
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Makes the Maildir and what is missing in it. The directory above must exist: a home that is not
/// mounted yet is no reason to make one.
///
/// `tmp` is made last, when all else is on the disk: whoever finds it may deliver at once.
fn make(maildir: &Path) -> io::Result<()> {
    for directory in [maildir.to_owned(), maildir.join("new"), maildir.join("cur")] {
        make_directory(&directory)?;
    }
    File::open(maildir)?.sync_all()?;
    // a home that may not be read cannot be synced
    if let Some(above) = maildir.parent().and_then(|above| File::open(above).ok()) {
        above.sync_all()?;
    }
    make_directory(&maildir.join("tmp"))
}

fn make_directory(directory: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn write(file: &File, header: &[u8], message: &Body, form: &BodyForm) -> io::Result<()> {
    // a message that is short is written in one piece; some line ends may get longer
    let size = usize::try_from(message.size).unwrap_or(PIECE).min(PIECE);
    let mut out = BufWriter::with_capacity(header.len() + size + size / 16, file);
    out.write_all(header)?;
    message.write(form, &mut out)?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Body {
        Body::with(b"line\nFrom here\n")
    }

    fn deliver(maildirs: &Maildirs, maildir: &Path, host: &[u8], header: &[u8]) -> io::Result<()> {
        maildirs.finish(&maildirs.write(maildir, host, header, &message(), &BodyForm::default())?)
    }

    fn files(dir: &Path) -> Vec<PathBuf> {
        std::fs::read_dir(dir).expect("a directory").flatten().map(|entry| entry.path()).collect()
    }

    #[test]
    fn a_message_arrives_whole_and_tmp_is_empty() {
        let dir = tempfile::tempdir().expect("a directory");
        let (maildir, maildirs) = (dir.path().join("Maildir"), Maildirs::default());
        for _ in 0..2 {
            deliver(&maildirs, &maildir, b"h/x", b"Subject: a\n\n").expect("delivered");
        }
        let new = files(&maildir.join("new"));
        assert_eq!(new.len(), 2);
        assert_eq!(std::fs::read(&new[0]).expect("a file"), b"Subject: a\n\nline\nFrom here\n");
        assert!(files(&maildir.join("tmp")).is_empty());
        assert!(maildir.join("cur").is_dir());
        assert!(new[0].to_string_lossy().ends_with(",S=27"), "{new:?}");
    }

    #[test]
    fn a_missing_home_is_not_made() {
        let dir = tempfile::tempdir().expect("a directory");
        let maildir = dir.path().join("not mounted/Maildir");
        let result = deliver(&Maildirs::default(), &maildir, b"h", b"");
        assert_eq!(result.expect_err("no home").kind(), io::ErrorKind::NotFound);
        assert!(!dir.path().join("not mounted").exists());
    }

    #[test]
    fn what_fails_leaves_nothing_behind() {
        let dir = tempfile::tempdir().expect("a directory");
        let maildir = dir.path().join("Maildir");
        make(&maildir).expect("a maildir");
        std::fs::remove_dir(maildir.join("new")).expect("removed");
        std::fs::write(maildir.join("new"), "in the way").expect("a file");
        let result = deliver(&Maildirs::default(), &maildir, b"h", b"");
        assert!(result.is_err());
        assert!(files(&maildir.join("tmp")).is_empty());
    }

    #[test]
    fn many_at_once_all_arrive() {
        let dir = tempfile::tempdir().expect("a directory");
        let (maildir, maildirs) = (dir.path().join("Maildir"), Maildirs::default());
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| deliver(&maildirs, &maildir, b"h", b"\n").expect("delivered"));
            }
        });
        assert_eq!(files(&maildir.join("new")).len(), 16);
    }
}
