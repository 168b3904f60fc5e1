//! The steps that put a message into the queue, change it and take it out, in an order that leaves
//! it whole after a crash between any two of them.

use super::data_file::DataFile;
use super::layout::Directory;
use crate::envelope::{Body, QueueId};
use crate::queue::error::QueueError;
use crate::queue::store::Hold;
use crate::sys::lock;
use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A control file that is ours: open, and locked until it is closed, be it by the kernel.
#[derive(Debug)]
pub(super) struct LockedFile {
    /// `qf`, or `hf` for a quarantined message.
    pub(super) prefix: &'static str,
    pub(super) file: File,
    /// The df, where that is in another queue directory.
    pub(super) body: Option<PathBuf>,
}

impl Hold for Arc<LockedFile> {}

/// Runs blocking work beside the event loop, or right here where there is none.
pub(in crate::queue) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, QueueError> + Send + 'static,
) -> Result<T, QueueError> {
    if tokio::runtime::Handle::try_current().is_err() {
        return work();
    }
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(QueueError::new("cannot finish", "queue", io::Error::other(error))),
    }
}

/// Creates a file that must be new, with this mode whatever the umask.
pub(super) fn create(path: &Path, mode: u32) -> Result<File, QueueError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true).mode(mode);
    let created = options.open(path).and_then(|file| {
        // the runner of a client queue is not the one who wrote its files
        file.set_permissions(Permissions::from_mode(mode))?;
        Ok(file)
    });
    created.map_err(|source| QueueError::new("cannot create", path, source))
}

/// Opens what lies in a queue directory for reading: no link is followed, nothing is waited for.
///
/// # Errors
/// What the system says; what is no file is `InvalidData`.
pub(in crate::queue) fn open(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK)
        .open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::new(io::ErrorKind::InvalidData, "not a regular file")),
    }
}

/// The file's data and size reach the disk.
pub(super) fn sync_data(file: &File, path: &Path) -> Result<(), QueueError> {
    file.sync_data().map_err(|source| QueueError::new("cannot sync", path, source))
}

/// Gives a message its df where it has none yet: from memory, or another message's body under a name of its own.
pub(super) fn settle_body(
    directory: &Directory,
    id: &QueueId,
    body: &Body,
    mode: u32,
    sync: bool,
) -> Result<(), QueueError> {
    let path = directory.file("df", id);
    if let Some(written) = body.source::<DataFile>() {
        if written.path == path {
            return Ok(());
        }
        // the copies of a list with an owner share the bytes of the message they were made of; where others
        // may put files a second name is not believed
        if !directory.shared && std::fs::hard_link(&written.path, &path).is_ok() {
            return Ok(());
        }
    }
    let file = create(&path, mode)?;
    let copied = io::copy(&mut body.reader(), &mut &file);
    let result = copied.map_err(|source| QueueError::new("cannot write", &path, source));
    let result = result.and_then(|_| if sync { sync_data(&file, &path) } else { Ok(()) });
    if result.is_err() {
        let _ = std::fs::remove_file(&path);
    }
    result
}

/// Creates the qf, locked before anybody can have opened it, with its content.
pub(super) fn write_new(
    directory: &Directory,
    prefix: &str,
    id: &QueueId,
    text: &[u8],
    mode: u32,
) -> Result<File, QueueError> {
    let path = directory.file(prefix, id);
    let file = create(&path, mode)?;
    let result = lock_and_write(&file, &path, text);
    if result.is_err() {
        let _ = std::fs::remove_file(&path);
    }
    result.map(|()| file)
}

fn lock_and_write(file: &File, path: &Path, text: &[u8]) -> Result<(), QueueError> {
    lock::wait(file, lock::Kind::Exclusive).map_err(|source| QueueError::new("cannot lock", path, source))?;
    let mut writer = file;
    writer.write_all(text).map_err(|source| QueueError::new("cannot write", path, source))
}

/// Syncs the qf and the directories that name qf and df. Where a journal keeps them, the directory's names have
/// reached the disk with the file.
pub(super) fn settle_entry(
    directory: &Directory,
    file: &File,
    path: &Path,
    directories: bool,
) -> Result<(), QueueError> {
    sync_data(file, path)?;
    if !directories {
        return Ok(()); // the file system sees to it, says RequiresDirfsync
    }
    let names = directory.qf_sync.sync();
    names.map_err(|source| QueueError::new("cannot sync", &directory.qf, source))?;
    let bodies = directory.df_sync.as_ref().map_or(Ok(()), |df_sync| df_sync.sync());
    bodies.map_err(|source| QueueError::new("cannot sync", &directory.df, source))
}

/// Writes tf, locked and synced, and renames it over the control file.
pub(super) fn replace(
    directory: &Directory,
    prefix: &str,
    id: &QueueId,
    text: &[u8],
    mode: u32,
    sync: bool,
) -> Result<File, QueueError> {
    let (temporary, path) = (directory.file("tf", id), directory.file(prefix, id));
    // a tf left by a crash is worth nothing: the lock on the qf says that nobody else writes one
    let _ = std::fs::remove_file(&temporary);
    let file = create(&temporary, mode)?;
    let result = lock_and_write(&file, &temporary, text)
        .and_then(|()| if sync { sync_data(&file, &temporary) } else { Ok(()) })
        .and_then(|()| {
            std::fs::rename(&temporary, &path)
                .map_err(|source| QueueError::new("cannot rename", &temporary, source))
        });
    if result.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    result.map(|()| file)
}

/// Unlinks a file; one that is gone already is fine.
pub(super) fn unlink(path: &Path) -> Result<(), QueueError> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(QueueError::new("cannot remove", path, source))
        }
        _ => Ok(()),
    }
}

/// Opens and locks a control file. `Ok(None)`: somebody else has it, or replaced it meanwhile.
pub(super) fn open_locked(
    directory: &Directory,
    prefix: &'static str,
    id: &QueueId,
) -> io::Result<Option<LockedFile>> {
    let path = directory.file(prefix, id);
    let mut options = OpenOptions::new();
    options.read(true).write(true).custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK);
    let file = match options.open(&path) {
        // to be read is enough: what is changed is another file under its name
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => options.write(false).open(&path)?,
        opened => opened?,
    };
    let ours = lock::take(&file, lock::Kind::Exclusive)? && is_still(&file, &path)?;
    Ok(ours.then_some(LockedFile { prefix, file, body: None }))
}

/// Is the open file what the path names now? A renamed tf or a removed message is not.
pub(in crate::queue) fn is_still(file: &File, path: &Path) -> io::Result<bool> {
    let facts = |meta: &Metadata| (meta.dev(), meta.ino(), meta.nlink(), meta.uid(), meta.gid(), meta.size());
    match std::fs::symlink_metadata(path) {
        Ok(meta) => Ok(facts(&meta) == facts(&file.metadata()?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
