//! Who opens files for reading, where this process may not be the one that can.

use super::identity::Identity;
use std::fmt::Debug;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Opens files for reading.
pub trait FileOpener: Send + Sync + Debug {
    /// An open file; never waits on a pipe or device.
    ///
    /// # Errors
    /// What the system says to whoever tried.
    fn open(&self, path: &Path) -> io::Result<File>;

    /// Whose rights count, where sendmail goes by the mode of a file.
    fn reader(&self) -> Identity;
}

/// With the rights of this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct OwnRights;

impl FileOpener for OwnRights {
    fn open(&self, path: &Path) -> io::Result<File> {
        OpenOptions::new().read(true).custom_flags(nix::libc::O_NONBLOCK).open(path)
    }

    fn reader(&self) -> Identity {
        Identity::current()
    }
}
