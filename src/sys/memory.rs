//! Files without a name, in memory or on a disk: bodies that are made on the way, handed to the keeper. They go with their last
//! descriptor.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// An anonymous file with this content.
///
/// # Errors
/// When the system has no room for it.
pub fn file(content: &[u8]) -> io::Result<File> {
    let flags = nix::sys::memfd::MFdFlags::MFD_CLOEXEC;
    let mut file = File::from(nix::sys::memfd::memfd_create(c"body", flags)?);
    file.write_all(content)?;
    Ok(file)
}

/// An empty file on the file system of a folder.
///
/// # Errors
/// Those of open(2); a file system may have no such files.
pub fn nameless_file(folder: &Path) -> io::Result<File> {
    let flags = nix::fcntl::OFlag::O_TMPFILE.bits();
    OpenOptions::new().read(true).write(true).mode(0o600).custom_flags(flags).open(folder)
}
