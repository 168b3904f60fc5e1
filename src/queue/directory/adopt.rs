//! The directories of a queue in the hands of the user that works on them.
//!
//! A queue that root has kept until now (sendmail's) is adopted: the directories, and the queue files of root in them,
//! get a new owner; group and mode stay. sendmail as root reads and runs such a queue as before. Files of
//! others are left alone, and so are files that have a name outside the queue: whoever made that link
//! must not be given what it leads to. A directory that holds anything else than a queue is not adopted at all:
//! a slip in QueueDirectory must not give /etc away.

use super::layout::{Directory, Group};
use crate::envelope::QueueId;
use crate::queue::error::QueueError;
use crate::queue::options::QueueOptions;
use crate::schema::UserIds;
use crate::sys::ownership::{give, give_entry, open_directory};
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The two letters with which a queue file's name begins (sendmail's operations guide, appendix B).
const PREFIXES: [&[u8]; 8] = [b"qf", b"df", b"xf", b"tf", b"hf", b"Qf", b"lf", b"nf"];
/// What else may be in a queue directory.
const OTHERS: [&str; 6] = ["qf", "df", "xf", "lost+found", ".hoststat", JOURNAL];
/// How the name of a front's socket in its first queue directory begins; the front's id follows.
pub const STATUS_SOCKET: &str = ".status-";
/// The journal's name in the first queue directory. sendmail passes over what begins with a dot.
pub const JOURNAL: &str = ".journal";
/// Files that were removed while they were open, on NFS; sockets of fronts.
const HIDDEN: [&str; 2] = [".nfs", STATUS_SOCKET];

/// What was adopted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Adoption {
    /// Directories with a new owner.
    pub directories: Vec<PathBuf>,
    /// How many files got one.
    pub files: usize,
    /// Files that stay as they are although the new owner needs them, a few of them by name.
    pub left: Vec<PathBuf>,
}

/// More names than this are of no use to a reader of the log.
const MAX_LEFT: usize = 5;

/// Every directory of a queue.
#[derive(Debug)]
pub struct QueueDirectories(Vec<Directory>);

/// One directory that holds queue files, open.
struct Folder {
    path: PathBuf,
    directory: File,
    about: Metadata,
}

impl Folder {
    fn open(path: &Path) -> Result<Self, QueueError> {
        let fail = |source| QueueError::new("cannot open queue directory", path, source);
        let directory = open_directory(path).map_err(fail)?;
        let about = directory.metadata().map_err(fail)?;
        Ok(Self { path: path.to_owned(), directory, about })
    }

    fn names(&self) -> Result<Vec<OsString>, QueueError> {
        let fail = |source| QueueError::new("cannot read queue directory", &self.path, source);
        let entries = std::fs::read_dir(&self.path).map_err(fail)?;
        entries.map(|entry| entry.map(|entry| entry.file_name()).map_err(fail)).collect()
    }
}

fn is_queue_file(name: &OsStr) -> bool {
    if name == JOURNAL {
        return true;
    }
    let Some((prefix, id)) = name.as_bytes().split_at_checked(2) else { return false };
    PREFIXES.contains(&prefix) && QueueId::new(id).is_some()
}

fn belongs(name: &OsStr) -> bool {
    is_queue_file(name)
        || HIDDEN.iter().any(|begin| name.as_bytes().starts_with(begin.as_bytes()))
        || OTHERS.iter().any(|other| *other == name)
}

impl QueueDirectories {
    /// Finds them.
    ///
    /// # Errors
    /// One is missing or cannot be read.
    pub fn find(options: &QueueOptions) -> Result<Self, QueueError> {
        let base = options.base();
        let groups =
            options.groups.iter().map(|group| Group::open(group, &base)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self(groups.into_iter().flat_map(|group| group.directories).collect()))
    }

    /// Every directory with files of the queue, each once.
    pub fn paths(&self) -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = Vec::new();
        for directory in &self.0 {
            for path in [&directory.path, &directory.qf, &directory.df, &directory.xf] {
                if !paths.contains(path) {
                    paths.push(path.clone());
                }
            }
        }
        paths
    }

    /// Whose the first directory is.
    ///
    /// # Errors
    /// It cannot be looked at.
    pub fn owner(&self) -> io::Result<UserIds> {
        let first = self.0.first().ok_or(io::ErrorKind::NotFound)?;
        let about = std::fs::metadata(&first.path)?;
        Ok(UserIds { uid: about.uid(), gid: about.gid() })
    }

    /// Gives what root has in the queue to this user. Directories that the user has already are looked through as well:
    /// programs that stand between two queues (MailScanner) lay files into them as root.
    ///
    /// # Errors
    /// A directory holds something that is no queue file (nothing is changed then), or root may not do this.
    pub fn adopt(&self, uid: u32) -> Result<Adoption, QueueError> {
        let mut folders = Vec::new();
        for path in self.paths() {
            let folder = Folder::open(&path)?;
            if [0, uid].contains(&folder.about.uid()) {
                let names = folder.names()?;
                check_names(&folder, &names)?;
                folders.push((folder, names));
            }
        }
        let links = links(&folders);
        let mut adoption = Adoption::default();
        for (folder, names) in &folders {
            adopt_folder(folder, names, uid, &links, &mut adoption)?;
        }
        Ok(adoption)
    }
}

fn check_names(folder: &Folder, names: &[OsString]) -> Result<(), QueueError> {
    let stranger = names.iter().find(|name| folder.about.uid() == 0 && !belongs(name));
    stranger.map_or(Ok(()), |name| {
        let why = io::Error::other("this is no queue file, so its directory is not given away");
        Err(QueueError::new("cannot adopt", folder.path.join(name), why))
    })
}

/// A file by device and inode.
type FileNumber = (u64, u64);

/// How many names in the queue a file with more than one has (the copies for a list share their df).
fn links(folders: &[(Folder, Vec<OsString>)]) -> HashMap<FileNumber, u64> {
    let mut links = HashMap::new();
    for (folder, names) in folders {
        for name in names.iter().filter(|name| is_queue_file(name)) {
            match std::fs::symlink_metadata(folder.path.join(name)) {
                Ok(about) if about.nlink() > 1 => *links.entry((about.dev(), about.ino())).or_default() += 1,
                _ => {}
            }
        }
    }
    links
}

/// Files first: whoever is interrupted finds a directory of root and begins again.
fn adopt_folder(
    folder: &Folder,
    names: &[OsString],
    uid: u32,
    links: &HashMap<FileNumber, u64>,
    adoption: &mut Adoption,
) -> Result<(), QueueError> {
    for name in names.iter().filter(|name| is_queue_file(name)) {
        let mut foreign = false;
        let fits = |about: &Metadata| {
            let names = links.get(&(about.dev(), about.ino())).copied().unwrap_or(1);
            let fits = about.is_file() && about.uid() == 0 && about.nlink() == names;
            foreign = !fits;
            fits
        };
        match give_entry(&folder.directory, name, uid, fits) {
            Ok(given) => adoption.files += usize::from(given),
            // delivered meanwhile
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(QueueError::new("cannot adopt", folder.path.join(name), source)),
        }
        if foreign && adoption.left.len() < MAX_LEFT {
            adoption.left.push(folder.path.join(name));
        }
    }
    let given = give(&folder.directory, uid, |about| about.uid() == 0);
    if given.map_err(|source| QueueError::new("cannot adopt", &folder.path, source))? {
        adoption.directories.push(folder.path.clone());
    }
    Ok(())
}
