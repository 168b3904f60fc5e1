//! Files that have no name until they are whole: nobody finds half of one, and one that is given up leaves nothing behind.

use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::libc::{EISDIR, EOPNOTSUPP, O_TMPFILE};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A new file on a directory's file system, to be written; `None` where that has no such files.
///
/// # Errors
/// Those of open(2).
pub fn create(directory: &Path, mode: u32) -> io::Result<Option<File>> {
    match OpenOptions::new().write(true).mode(mode).custom_flags(O_TMPFILE).open(directory) {
        Ok(file) => Ok(Some(file)),
        // an old kernel takes it for a directory that is to be written to
        Err(error) if matches!(error.raw_os_error(), Some(EOPNOTSUPP | EISDIR)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Gives it a name that nothing has yet.
///
/// # Errors
/// Those of linkat(2); `NotFound` also where there is no /proc.
pub fn give_name(file: &File, name: &Path) -> io::Result<()> {
    // by its descriptor alone only root may
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(nix::unistd::linkat(AT_FDCWD, path.as_str(), AT_FDCWD, name, AtFlags::AT_SYMLINK_FOLLOW)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn it_appears_whole_and_takes_nobodys_place() {
        let dir = tempfile::tempdir().expect("a directory");
        let Some(mut file) = create(dir.path(), 0o600).expect("a file") else { return };
        file.write_all(b"text").expect("room");
        assert_eq!(std::fs::read_dir(dir.path()).expect("a directory").count(), 0);
        let name = dir.path().join("name");
        give_name(&file, &name).expect("a name");
        assert_eq!(std::fs::read(&name).expect("a file"), b"text");
        let other = create(dir.path(), 0o600).expect("a file").expect("as the first");
        assert_eq!(give_name(&other, &name).expect_err("taken").kind(), io::ErrorKind::AlreadyExists);
    }
}
