//! Files that exist in memory only: bodies that never touched the disk, handed to the keeper.

use std::fs::File;
use std::io::{self, Write};

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
