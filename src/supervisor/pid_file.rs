//! PidFile: the process id and the command line, locked while the daemon lives.

use crate::sys::lock;
use crate::sys::safe::{self, Refusal};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;

/// The daemon's pid file. Removed when it is dropped by the process that wrote it; a child only closes it, since
/// the lock would outlive the daemon otherwise.
#[derive(Debug)]
pub(super) struct PidFile {
    path: PathBuf,
    owner: u32,
    _file: File,
}

impl PidFile {
    /// Writes the file.
    ///
    /// # Errors
    /// When it is no file of ours, cannot be written, or another daemon holds it.
    pub(super) fn write(path: PathBuf, argv: &[Vec<u8>]) -> Result<Self, Refusal> {
        let mut file = safe::open_own(&path, 0o600)?;
        if !lock::take(&file, lock::Kind::Exclusive)? {
            return Err(io::Error::other("file in use by another process").into());
        }
        file.set_len(0)?;
        let owner = std::process::id();
        let mut text = format!("{owner}\n").into_bytes();
        text.extend_from_slice(&argv.join(&b' '));
        text.push(b'\n');
        file.write_all(&text)?;
        Ok(Self { path, owner, _file: file })
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        if self.owner == std::process::id() {
            // somebody may have taken it away already
            let _ = fs::remove_file(&self.path);
        }
    }
}
