//! Delivery into a Maildir: a message is there whole or not at all.
//!
//! The steps of the maildir description: a name that is never used twice, written in `tmp/`, synced,
//! moved to `new/`, and the directory synced. Whatever interrupts them, nothing in `new/` is partial.
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
    syncs: Mutex<HashMap<(u64, u64), Arc<SharedSync>>>,
}

/// Bytes that are written at a time, or a little more.
const PIECE: usize = 64 << 10;

/// Directories whose syncs are shared; beyond that all are forgotten.
const MAX_SHARED_SYNCS: usize = 4096;

impl Maildirs {
    /// Delivers with the rights of the calling thread.
    pub(super) fn deliver(
        &self,
        maildir: &Path,
        host: &[u8],
        header: &[u8],
        message: &Body,
        form: &BodyForm,
    ) -> io::Result<PathBuf> {
        let name = self.name(host);
        let temporary = maildir.join("tmp").join(&name);
        let file = match create(&temporary) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make(maildir)?;
                create(&temporary)?
            }
            created => created?,
        };
        let moved = write(&file, header, message, form).and_then(|size| {
            let new = maildir.join("new");
            let target = new.join(format!("{name},S={size}"));
            std::fs::rename(&temporary, &target)?;
            self.sync_directory(&new)?;
            Ok(target)
        });
        moved.inspect_err(|_| {
            // after a failed sync of the directory the message may be there: the sender tries again,
            // and twice is better than never
            let _ = std::fs::remove_file(&temporary);
        })
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

fn write(file: &File, header: &[u8], message: &Body, form: &BodyForm) -> io::Result<u64> {
    // a message that is short is written in one piece; some line ends may get longer
    let size = usize::try_from(message.size).unwrap_or(PIECE).min(PIECE);
    let mut out = BufWriter::with_capacity(header.len() + size + size / 16, file);
    out.write_all(header)?;
    message.write(form, &mut out)?;
    out.flush()?;
    drop(out);
    file.sync_data()?;
    Ok(file.metadata()?.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Body {
        Body::with(b"line\nFrom here\n")
    }

    fn files(dir: &Path) -> Vec<PathBuf> {
        std::fs::read_dir(dir).expect("a directory").flatten().map(|entry| entry.path()).collect()
    }

    #[test]
    fn a_message_arrives_whole_and_tmp_is_empty() {
        let dir = tempfile::tempdir().expect("a directory");
        let (maildir, maildirs) = (dir.path().join("Maildir"), Maildirs::default());
        let form = BodyForm::default();
        for _ in 0..2 {
            maildirs.deliver(&maildir, b"h/x", b"Subject: a\n\n", &message(), &form).expect("delivered");
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
        let result = Maildirs::default().deliver(&maildir, b"h", b"", &message(), &BodyForm::default());
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
        let result = Maildirs::default().deliver(&maildir, b"h", b"", &message(), &BodyForm::default());
        assert!(result.is_err());
        assert!(files(&maildir.join("tmp")).is_empty());
    }

    #[test]
    fn many_at_once_all_arrive() {
        let dir = tempfile::tempdir().expect("a directory");
        let (maildir, maildirs) = (dir.path().join("Maildir"), Maildirs::default());
        let (message, form) = (message(), BodyForm::default());
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| maildirs.deliver(&maildir, b"h", b"\n", &message, &form).expect("delivered"));
            }
        });
        assert_eq!(files(&maildir.join("new")).len(), 16);
    }
}
