//! Map files: names, checks and the texts of their failures.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The system's text for an error, without Rust's number behind it.
pub(super) fn error_text(error: &io::Error) -> Vec<u8> {
    crate::sys::errno_text(error).into_bytes()
}

/// A path of bytes.
pub(super) fn path(bytes: &[u8]) -> &Path {
    Path::new(std::ffi::OsStr::from_bytes(bytes))
}

/// `FILE.db`, unless the name has it already.
pub(super) fn with_suffix(file: &[u8], suffix: &[u8]) -> Vec<u8> {
    if file.ends_with(suffix) { file.to_vec() } else { [file, suffix].concat() }
}

/// What identifies a version of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Stamp(u64, u64, u64, i64, i64);

impl Stamp {
    /// The file's stamp now.
    pub fn of(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt;
        let about = std::fs::metadata(path)?;
        Ok(Self(about.dev(), about.ino(), about.size(), about.mtime(), about.mtime_nsec()))
    }
}
