//! Files as a process sees them whose root is another directory (chroot(2)), for one that keeps its own.

use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};
use nix::sys::stat::Mode;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Opens `path` below `root`: an absolute path begins there, and neither links nor `..` lead out of it.
///
/// # Errors
/// Those of openat2(2); a kernel before Linux 5.6 does not know it (ENOSYS).
pub fn open(root: &Path, path: &Path, flags: i32, mode: u32) -> io::Result<File> {
    let directory = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let root = nix::fcntl::open(root, directory, Mode::empty())?;
    let mut how = OpenHow::new()
        .flags(OFlag::from_bits_retain(flags) | OFlag::O_CLOEXEC)
        .resolve(ResolveFlag::RESOLVE_IN_ROOT);
    if flags & nix::libc::O_CREAT != 0 {
        how = how.mode(Mode::from_bits_truncate(mode));
    }
    Ok(File::from(openat2(root, path.as_os_str().as_bytes(), how)?))
}
