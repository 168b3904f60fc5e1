//! Map files: names, locks and the texts of their failures.

use crate::sys::opener::FileOpener;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

/// How long somebody may hold a database's lock before a look-up fails for now.
const LOCK_TIMEOUT: Duration = Duration::from_secs(60);
/// Between two attempts.
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// The system's text for an error, without Rust's number behind it.
pub(super) fn error_text(error: &io::Error) -> Vec<u8> {
    crate::sys::errno_text(error).into_bytes()
}

/// A path of bytes.
pub(super) fn path(bytes: &[u8]) -> &Path {
    Path::new(std::ffi::OsStr::from_bytes(bytes))
}

/// All of a file.
///
/// # Errors
/// When it cannot be opened or read.
pub(super) fn read(opener: &dyn FileOpener, file: &[u8]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    opener.open(path(file))?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// `FILE.db`, unless the name has it already.
pub(super) fn with_suffix(file: &[u8], suffix: &[u8]) -> Vec<u8> {
    if file.ends_with(suffix) { file.to_vec() } else { [file, suffix].concat() }
}

/// Somebody is rewriting the file.
pub(super) fn is_locked(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

/// Tries again while somebody is rewriting the file, as long as that may last.
///
/// # Errors
/// What the last attempt gave.
pub(super) async fn unlocked<T>(mut attempt: impl FnMut() -> io::Result<T> + Send) -> io::Result<T> {
    let mut waited = Duration::ZERO;
    loop {
        match attempt() {
            Err(error) if is_locked(&error) && waited < LOCK_TIMEOUT => tokio::time::sleep(LOCK_PAUSE).await,
            done => return done,
        }
        waited += LOCK_PAUSE;
    }
}

/// What identifies a version of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Stamp(u64, u64, u64, i64, i64);

impl Stamp {
    /// The file's stamp now.
    ///
    /// # Errors
    /// When there is no such file, or nobody may look at it.
    pub fn of(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt;
        let about = std::fs::metadata(path)?;
        Ok(Self(about.dev(), about.ino(), about.size(), about.mtime(), about.mtime_nsec()))
    }
}
