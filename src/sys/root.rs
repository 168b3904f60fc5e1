//! A system below a directory, as an installer changes it: names, links, files, owners. Nothing leads out of it.

use super::rooted::open;
use nix::fcntl::{AtFlags, OFlag, readlinkat, renameat};
use nix::sys::stat::{Mode, fchmod, mkdirat};
use nix::unistd::{Gid, Uid, UnlinkatFlags, fchown, linkat, symlinkat, unlinkat};
use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// A directory that is taken for the root of a system; all paths are that system's.
pub struct Root(PathBuf);

impl Root {
    /// The system below a directory.
    pub fn new(directory: PathBuf) -> Self {
        Self(directory)
    }

    /// Is it the running system itself?
    pub fn is_own(&self) -> bool {
        self.0 == Path::new("/")
    }

    /// Where the last part of a path stands, and that part.
    fn parent<'a>(&self, path: &'a Path) -> io::Result<(File, &'a OsStr)> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY;
        Ok((open(&self.0, parent, flags.bits(), 0)?, name))
    }

    fn opened(&self, path: &Path, flags: OFlag) -> io::Result<Option<File>> {
        match open(&self.0, path, flags.bits(), 0) {
            Ok(file) => Ok(Some(file)),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What a name is; a link is not followed. `None` where there is nothing.
    ///
    /// # Errors
    /// The directories above cannot be searched.
    pub fn about(&self, path: &Path) -> io::Result<Option<Metadata>> {
        self.opened(path, OFlag::O_PATH | OFlag::O_NOFOLLOW)?.map(|file| file.metadata()).transpose()
    }

    /// What a name leads to in the end.
    ///
    /// # Errors
    /// The directories above cannot be searched.
    pub fn about_end(&self, path: &Path) -> io::Result<Option<Metadata>> {
        self.opened(path, OFlag::O_PATH)?.map(|file| file.metadata()).transpose()
    }

    /// What a link holds; `None` for what is no link.
    ///
    /// # Errors
    /// The directories above cannot be searched.
    pub fn link(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        if self.about(path)?.is_none_or(|about| !about.is_symlink()) {
            return Ok(None);
        }
        let (parent, name) = self.parent(path)?;
        Ok(Some(PathBuf::from(readlinkat(parent, name)?)))
    }

    /// All that a chain of links names, one after the other.
    ///
    /// # Errors
    /// The directories above cannot be searched.
    pub fn chain(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        let mut named: Vec<PathBuf> = Vec::new();
        // as many as the kernel follows
        while named.len() < 40 {
            let here = named.last().map_or(path, PathBuf::as_path);
            let Some(link) = self.link(here)? else { break };
            named.push(plain(&here.parent().unwrap_or(here).join(link)));
        }
        Ok(named)
    }

    /// A file's bytes; `None` where there is none.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        let Some(mut file) = self.opened(path, OFlag::O_RDONLY)? else { return Ok(None) };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// The names in a directory.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn names(&self, path: &Path) -> io::Result<Vec<OsString>> {
        let directory = open(&self.0, path, (OFlag::O_RDONLY | OFlag::O_DIRECTORY).bits(), 0)?;
        let mut directory = nix::dir::Dir::from_fd(directory.into())?;
        let mut names = Vec::new();
        for entry in directory.iter() {
            let name = OsStr::from_bytes(entry?.file_name().to_bytes()).to_owned();
            if name != "." && name != ".." {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// Writes a file that is there whole or not at all, in the place of what has that name. Owner and mode are set before
    /// it has the name.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, path: &Path, bytes: &[u8], attributes: Attributes) -> io::Result<()> {
        let (parent, name) = self.parent(path)?;
        let new = temporary(name);
        let _ = unlinkat(&parent, new.as_os_str(), UnlinkatFlags::NoRemoveDir);
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let file = nix::fcntl::openat(&parent, new.as_os_str(), flags, Mode::from_bits_truncate(0o600))?;
        let mut file = File::from(file);
        let written =
            file.write_all(bytes).and_then(|()| attributes.set(&file)).and_then(|()| file.sync_all());
        let written = written.and_then(|()| Ok(renameat(&parent, new.as_os_str(), &parent, name)?));
        if written.is_err() {
            let _ = unlinkat(&parent, new.as_os_str(), UnlinkatFlags::NoRemoveDir);
        }
        written
    }

    /// Makes a link, in the place of what has that name.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn symlink(&self, path: &Path, target: &Path) -> io::Result<()> {
        let (parent, name) = self.parent(path)?;
        let new = temporary(name);
        let _ = unlinkat(&parent, new.as_os_str(), UnlinkatFlags::NoRemoveDir);
        symlinkat(target, &parent, new.as_os_str())?;
        Ok(renameat(&parent, new.as_os_str(), &parent, name)?)
    }

    /// Gives a file or link a second name in the same directory.
    ///
    /// # Errors
    /// There is something of that name.
    pub fn hard_link(&self, path: &Path, second: &Path) -> io::Result<()> {
        let (from, name) = self.parent(path)?;
        let (to, second) = self.parent(second)?;
        Ok(linkat(&from, name, &to, second, AtFlags::empty())?)
    }

    /// Gives a name to what has another.
    ///
    /// # Errors
    /// Those of rename(2).
    pub fn rename(&self, path: &Path, new: &Path) -> io::Result<()> {
        let (from, name) = self.parent(path)?;
        let (to, new) = self.parent(new)?;
        Ok(renameat(&from, name, &to, new)?)
    }

    /// Makes a directory.
    ///
    /// # Errors
    /// Those of mkdir(2).
    pub fn create_directory(&self, path: &Path) -> io::Result<()> {
        let (parent, name) = self.parent(path)?;
        Ok(mkdirat(&parent, name, Mode::from_bits_truncate(0o755))?)
    }

    /// Removes a file, a link or an empty directory.
    ///
    /// # Errors
    /// Those of unlink(2) and rmdir(2).
    pub fn remove(&self, path: &Path) -> io::Result<()> {
        let is_directory = self.about(path)?.is_some_and(|about| about.is_dir());
        let flags = if is_directory { UnlinkatFlags::RemoveDir } else { UnlinkatFlags::NoRemoveDir };
        let (parent, name) = self.parent(path)?;
        Ok(unlinkat(&parent, name, flags)?)
    }

    /// Sets owner, group and mode of a file or directory; of no link.
    ///
    /// # Errors
    /// It is not there, or may not be given away.
    pub fn set(&self, path: &Path, attributes: Attributes) -> io::Result<()> {
        let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
        attributes.set(&open(&self.0, path, flags.bits(), 0)?)
    }
}

/// Owner and mode; where there is no number, it stays.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Attributes {
    /// The owner.
    pub uid: Option<u32>,
    /// The group.
    pub gid: Option<u32>,
    /// The permissions, with the three bits above them.
    pub mode: u32,
}

impl Attributes {
    /// The mode last, since chown(2) takes the set-id bits away.
    fn set(self, file: &File) -> io::Result<()> {
        if self.uid.is_some() || self.gid.is_some() {
            fchown(file, self.uid.map(Uid::from_raw), self.gid.map(Gid::from_raw))?;
        }
        Ok(fchmod(file, Mode::from_bits_truncate(self.mode))?)
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn temporary(name: &OsStr) -> OsString {
    let mut new = OsString::from(".");
    new.push(name);
    new.push(".new");
    new
}

/// An absolute path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::from("/");
    for part in path.components() {
        match part {
            Component::Normal(name) => plain.push(name),
            Component::ParentDir => drop(plain.pop()),
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn links_and_dots_stay_below_the_root() {
        let scratch = tempfile::tempdir().expect("a directory");
        let root = Root::new(scratch.path().join("root"));
        for directory in ["root", "root/usr", "root/etc", "etc"] {
            std::fs::create_dir(scratch.path().join(directory)).expect("a directory");
        }
        root.symlink(Path::new("/usr/etc"), Path::new("/../../etc")).expect("a link");
        let attributes = Attributes { mode: 0o640, ..Attributes::default() };
        root.write(Path::new("/usr/etc/x"), b"text", attributes).expect("a file");
        assert_eq!(std::fs::read(scratch.path().join("root/etc/x")).expect("our file"), b"text");
        let about = root.about(Path::new("/etc/x")).expect("readable").expect("our file");
        assert_eq!(about.mode() & 0o7777, 0o640);
        assert!(std::fs::read_dir(scratch.path().join("etc")).expect("a directory").next().is_none());
    }

    #[test]
    fn a_chain_of_links_is_followed_name_by_name() {
        let scratch = tempfile::tempdir().expect("a directory");
        let root = Root::new(scratch.path().to_owned());
        root.create_directory(Path::new("/a")).expect("a directory");
        root.symlink(Path::new("/a/one"), Path::new("../two")).expect("a link");
        root.symlink(Path::new("/two"), Path::new("/a/three")).expect("a link");
        let named = root.chain(Path::new("/a/one")).expect("readable");
        assert_eq!(named, [PathBuf::from("/two"), PathBuf::from("/a/three")]);
        assert!(root.about_end(Path::new("/a/one")).expect("readable").is_none());
    }
}
