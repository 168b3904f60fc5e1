//! What an installation has changed, and what was there before: enough to put it back.
//!
//! An entry is on disk before what it tells of is done, so a crash leaves nothing that nobody knows of.

use crate::sys::root::{Attributes, Root};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// The directory of what canonify itself remembers of a system.
pub(super) const DIRECTORY: &str = "/var/lib/canonify";
const FILE: &str = "/var/lib/canonify/installed.json";
/// What was at a path is kept beside it, under its name and this.
const ASIDE: &str = ".before-canonify";
/// Where manual pages are.
const PAGES: &str = "/usr/share/man";

/// What was done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Put {
    /// A link that holds this.
    Link(PathBuf),
    /// A copy of the program, whichever version.
    Program,
    /// A file with this SHA-256.
    File(String),
    /// A directory was made.
    Directory,
    /// What is there was and stays the system's; it had this owner and mode.
    Lent { uid: u32, gid: u32, mode: u32 },
    /// A user was made.
    User(String),
    /// A group was made.
    Group(String),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Empty for accounts.
    pub(super) path: PathBuf,
    pub(super) put: Put,
    /// Where that is kept which was there before.
    pub(super) aside: Option<PathBuf>,
}

/// All entries, in the order in which they were made.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) entries: Vec<Entry>,
}

impl Manifest {
    pub(super) fn load(root: &Root) -> io::Result<Self> {
        match root.read(Path::new(FILE))? {
            Some(text) => serde_json::from_slice(&text).map_err(io::Error::from),
            None => Ok(Self::default()),
        }
    }

    pub(super) fn save(&self, root: &Root) -> io::Result<()> {
        make_directories(root, Path::new(DIRECTORY))?;
        let text = serde_json::to_vec_pretty(self)?;
        root.write(Path::new(FILE), &text, Attributes { mode: 0o644, ..Attributes::default() })
    }

    /// With the directory, if nothing else is in it.
    pub(super) fn erase(root: &Root) -> io::Result<()> {
        root.remove(Path::new(FILE))?;
        match root.remove(Path::new(DIRECTORY)) {
            Err(error) if error.kind() != io::ErrorKind::DirectoryNotEmpty => Err(error),
            _ => Ok(()),
        }
    }

    pub(super) fn of(&self, path: &Path) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.path == path && !entry.path.as_os_str().is_empty())
    }

    /// A new entry, or what is known of its path anew: what was there before the first installation is what counts.
    pub(super) fn note(&mut self, root: &Root, entry: Entry) -> io::Result<()> {
        let above = Path::new(DIRECTORY).parent().unwrap_or(Path::new("/"));
        for path in make_directories(root, above)? {
            self.entries.push(Entry { path, put: Put::Directory, aside: None });
        }
        let is_known = |known: &&mut Entry| known.path == entry.path && !known.path.as_os_str().is_empty();
        match self.entries.iter_mut().find(is_known) {
            Some(known) => known.put = entry.put,
            None => self.entries.push(entry),
        }
        self.save(root)
    }
}

/// Where that is kept which was at a path. Of a manual page it is a hidden file: `man` would complain of the name each time it shows the
/// page that has taken its place.
pub(super) fn aside(path: &Path) -> PathBuf {
    let is_page = path.starts_with(PAGES);
    let mut name = OsString::from(if is_page { "." } else { "" });
    name.push(path.file_name().unwrap_or_default());
    name.push(ASIDE);
    path.with_file_name(name)
}

/// Makes what of a directory's path is not there, and says what that was.
pub(super) fn make_directories(root: &Root, path: &Path) -> io::Result<Vec<PathBuf>> {
    let above: Vec<&Path> = path.ancestors().filter(|path| path.file_name().is_some()).collect();
    let mut made = Vec::new();
    for path in above.into_iter().rev() {
        if root.about_end(path)?.is_none() {
            root.create_directory(path)?;
            made.push(path.to_owned());
        }
    }
    Ok(made)
}
