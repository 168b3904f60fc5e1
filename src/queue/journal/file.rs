//! The journal's file: found, made, locked, removed. Whoever has its lock owns the journal; nobody else writes to it.

use super::format::header;
use crate::queue::directory::{JOURNAL, is_still, open_file};
use crate::queue::error::QueueError;
use crate::sys::{identity, lock};
use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// An attempt to own a journal that is there.
pub(super) enum Owned {
    /// It is ours as long as this is open.
    Ours(File),
    /// Another process has it.
    Busy,
    /// There is none.
    None,
}

/// Locks the journal, if it is there and nobody has it.
///
/// # Errors
/// It cannot be opened, or somebody else could have written it.
pub(super) fn own(path: &Path) -> Result<Owned, QueueError> {
    let fail = |source| QueueError::new("cannot open", path, source);
    let mut options = OpenOptions::new();
    options.read(true).write(true).custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK);
    let file = match options.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Owned::None),
        Err(source) => return Err(fail(source)),
    };
    believe(&file, path)?;
    // who had it may have removed it meanwhile
    let ours = lock::take(&file, lock::Kind::Exclusive).and_then(|ours| Ok(ours && is_still(&file, path)?));
    Ok(if ours.map_err(fail)? { Owned::Ours(file) } else { Owned::Busy })
}

/// Opens it for reading; with it, is it somebody's? `None`: there is none.
///
/// # Errors
/// It cannot be opened, or somebody else could have written it.
pub(super) fn look(path: &Path) -> Result<Option<(File, bool)>, QueueError> {
    let fail = |source| QueueError::new("cannot open", path, source);
    let file = match open_file(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(fail(source)),
    };
    believe(&file, path)?;
    let free = lock::take(&file, lock::Kind::Shared).map_err(fail)?;
    // not to be in the way of whoever wants to own it
    lock::release(&file).map_err(fail)?;
    Ok(Some((file, !free)))
}

/// Whoever may write a journal says which programs run. So it is the directory's owner's, root's or our own, and nobody else could
/// have written it or given it a second name.
fn believe(file: &File, path: &Path) -> Result<(), QueueError> {
    let fail = |source| QueueError::new("cannot read", path, source);
    let about = file.metadata().map_err(fail)?;
    let directory = path.parent().unwrap_or(Path::new("."));
    let place = std::fs::metadata(directory).map_err(fail)?;
    let owner = [0, identity::effective_uid(), place.uid()].contains(&about.uid());
    let alone = about.is_file() && about.nlink() == 1 && (about.mode() | place.mode()) & 0o022 == 0;
    match owner && alone {
        true => Ok(()),
        false => Err(fail(io::Error::new(io::ErrorKind::PermissionDenied, "others could have written it"))),
    }
}

/// Makes one, locked, without segments.
///
/// # Errors
/// There is one already, or no room; nothing is left.
pub(super) fn make(path: &Path, mode: u32) -> Result<File, QueueError> {
    let fail = |source| QueueError::new("cannot create", path, source);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true).mode(mode);
    let file = options.open(path).map_err(fail)?;
    let made = file
        .set_permissions(Permissions::from_mode(mode))
        .and_then(|()| lock::wait(&file, lock::Kind::Exclusive))
        .and_then(|()| file.write_all_at(&header(), 0))
        .and_then(|()| file.sync_all())
        .and_then(|()| sync_folder(path));
    match made {
        Ok(()) => Ok(file),
        Err(source) => {
            let _ = std::fs::remove_file(path);
            Err(fail(source))
        }
    }
}

/// Takes it away, for good.
///
/// # Errors
/// It may come back.
pub(super) fn remove(path: &Path) -> Result<(), QueueError> {
    let fail = |source| QueueError::new("cannot remove", path, source);
    std::fs::remove_file(path).map_err(fail)?;
    sync_folder(path).map_err(fail)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path.parent().unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all())
}

/// Where the journal of a queue is.
pub(super) fn path_in(directory: &Path) -> PathBuf {
    directory.join(JOURNAL)
}
