//! Files as a process sees them whose root is another directory (chroot(2)), for one that keeps its own.

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};
use nix::sys::stat::Mode;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// So often a path is looked up. The kernel gives up (EAGAIN) where a `..` is met while anything on the machine is renamed or mounted.
const TRIES: usize = 1000;

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
    let path = path.as_os_str().as_bytes();
    let mut tries = (0..TRIES).map(|_| openat2(&root, path, how));
    let opened = tries.find(|opened| !matches!(opened, Err(Errno::EAGAIN)));
    Ok(File::from(opened.unwrap_or(Err(Errno::EAGAIN))?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn renames_elsewhere_are_no_hindrance() {
        let dir = tempfile::tempdir().expect("a directory");
        let (root, other) = (dir.path().join("root"), dir.path().join("other"));
        std::fs::create_dir_all(root.join("a/b")).expect("a directory");
        std::fs::write(root.join("file"), "text").expect("a file");
        std::fs::create_dir(&other).expect("a directory");
        let ended = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::fs::write(other.join("0"), "").expect("a file");
                for number in 0.. {
                    let name = |number: u32| other.join((number % 2).to_string());
                    std::fs::rename(name(number), name(number + 1)).expect("renamed");
                    if ended.load(Ordering::Relaxed) {
                        break;
                    }
                }
            });
            let open_often =
                || (0..2000).try_for_each(|_| open(&root, Path::new("/a/b/../../file"), 0, 0).map(drop));
            let opened = open_often();
            ended.store(true, Ordering::Relaxed);
            opened.expect("opened each time");
        });
    }
}
