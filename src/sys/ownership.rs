//! Files that root gives to another user, or lets another group read.

use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::Mode;
use nix::unistd::{Uid, fchownat};
use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

/// Opens a directory to look at what is in it, and to give that away.
///
/// # Errors
/// It is no directory, or cannot be read.
pub fn open_directory(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(nix::libc::O_DIRECTORY).open(path)
}

/// The same for a directory in one that is open; no link is followed.
///
/// # Errors
/// It is no directory, or cannot be read.
pub fn open_directory_in(directory: &File, name: &OsStr) -> io::Result<File> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    Ok(File::from(openat(directory, name, flags, Mode::empty())?))
}

/// The names in a directory that is open.
///
/// # Errors
/// It cannot be read.
pub fn names(directory: &File) -> io::Result<Vec<OsString>> {
    let entries = std::fs::read_dir(format!("/proc/self/fd/{}", directory.as_raw_fd()))?;
    entries.map(|entry| entry.map(|entry| entry.file_name())).collect()
}

/// Gives an entry of a directory to a user if it is what `fits` says. What was looked at is what is given,
/// whatever happens to the name meanwhile; group and mode stay. `false` when nothing was changed.
///
/// # Errors
/// It is gone, or may not be given away.
pub fn give_entry(
    directory: &File,
    name: &OsStr,
    uid: u32,
    fits: impl FnOnce(&Metadata) -> bool,
) -> io::Result<bool> {
    let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let entry = File::from(openat(directory, name, flags, Mode::empty())?);
    give(&entry, uid, fits)
}

/// The same for what is open.
///
/// # Errors
/// It may not be given away.
pub fn give(file: &File, uid: u32, fits: impl FnOnce(&Metadata) -> bool) -> io::Result<bool> {
    let about = file.metadata()?;
    if about.uid() == uid || !fits(&about) {
        return Ok(false);
    }
    fchownat(file, "", Some(Uid::from_raw(uid)), None, AtFlags::AT_EMPTY_PATH)?;
    Ok(true)
}
