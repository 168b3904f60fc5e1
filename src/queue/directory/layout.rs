//! Where queue files are: groups, their directories, and the sub-directories `qf`, `df`, `xf`.

use super::sync::DirectorySync;
use crate::envelope::{QueueId, QueueLocation};
use crate::queue::error::QueueError;
use crate::queue::options::GroupOptions;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One queue directory.
#[derive(Debug)]
pub(super) struct Directory {
    /// The directory as configured, or as the pattern found it.
    pub(super) path: PathBuf,
    /// The directory as seen from the one that holds all queues, with a slash behind it: the log names files so.
    pub(super) relative: String,
    /// Where qf, tf, hf and Qf files are.
    pub(super) qf: PathBuf,
    /// Where df files are.
    pub(super) df: PathBuf,
    /// Where xf files are.
    pub(super) xf: PathBuf,
    /// May others than its owner put files there (the client queue)?
    pub(super) shared: bool,
    /// Syncs `qf`.
    pub(super) qf_sync: Arc<DirectorySync>,
    /// Syncs `df`; none when it is the same directory.
    pub(super) df_sync: Option<Arc<DirectorySync>>,
}

/// One group.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) directories: Vec<Directory>,
}

impl Directory {
    fn new(path: PathBuf, base: &Path) -> Self {
        let place = |kind: &str| {
            let below = path.join(kind);
            if below.is_dir() { below } else { path.clone() }
        };
        let (qf, df, xf) = (place("qf"), place("df"), place("xf"));
        let qf_sync = Arc::new(DirectorySync::new(qf.clone()));
        let df_sync = (df != qf).then(|| Arc::new(DirectorySync::new(df.clone())));
        // what cannot be asked is not trusted
        let shared =
            |place: &PathBuf| std::fs::metadata(place).map_or(true, |about| about.mode() & 0o022 != 0);
        let shared = shared(&qf) || shared(&df);
        let relative = match path.strip_prefix(base) {
            Ok(below) if below.as_os_str().is_empty() => "./".to_owned(),
            Ok(below) => format!("{}/", below.display()),
            Err(_) => format!("{}/", path.display()),
        };
        Self { path, relative, qf, df, xf, shared, qf_sync, df_sync }
    }

    /// Of all directories with names of messages.
    pub(super) fn syncs(&self) -> impl Iterator<Item = &Arc<DirectorySync>> {
        std::iter::once(&self.qf_sync).chain(&self.df_sync)
    }

    /// The path of a file by its two-letter prefix.
    pub(super) fn file(&self, prefix: &str, id: &QueueId) -> PathBuf {
        let folder = match prefix {
            "df" => &self.df,
            "xf" => &self.xf,
            _ => &self.qf,
        };
        folder.join(format!("{prefix}{id}"))
    }

    /// How a `d` line calls it.
    pub(super) fn name(&self) -> &str {
        self.relative.trim_end_matches('/')
    }

    /// How the log calls a file; without a prefix, the message.
    pub(super) fn shown(&self, prefix: &str, id: &QueueId) -> String {
        if prefix.is_empty() {
            return format!("{}{id}", self.relative);
        }
        let file = self.file(prefix, id);
        let below = file.strip_prefix(&self.path).unwrap_or(&file);
        format!("{}{}", self.relative, below.display())
    }

    /// How listings call the directory: by that of the bodies, where those have one.
    pub(super) fn label(&self) -> String {
        self.df.display().to_string()
    }
}

impl Group {
    /// Finds the directories. A pattern that matches nothing is an error, and so is a directory
    /// that cannot be read.
    pub(super) fn open(options: &GroupOptions, base: &Path) -> Result<Self, QueueError> {
        let fail = |source| QueueError::new("cannot open queue directory", &options.path, source);
        let paths = expand(&options.path).map_err(fail)?;
        if paths.is_empty() {
            return Err(fail(io::ErrorKind::NotFound.into()));
        }
        for path in &paths {
            std::fs::read_dir(path)
                .map_err(|source| QueueError::new("cannot open queue directory", path, source))?;
        }
        Ok(Self { directories: paths.into_iter().map(|path| Directory::new(path, base)).collect() })
    }
}

/// All directories that `path` stands for, as the file system gives them: `*` at its end is any rest of the last
/// component.
fn expand(path: &Path) -> io::Result<Vec<PathBuf>> {
    let bytes = path.as_os_str().as_bytes();
    let Some(stem) = bytes.strip_suffix(b"*") else { return Ok(vec![path.to_owned()]) };
    let cut = stem.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    let (parent, prefix) = stem.split_at(cut);
    let parent = if parent.is_empty() { b"." } else { parent };
    let parent = PathBuf::from(std::ffi::OsString::from_vec(parent.to_vec()));
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&parent)? {
        let entry = entry?;
        let name = entry.file_name();
        let fits = name.as_bytes().starts_with(prefix) && !name.as_bytes().starts_with(b".");
        // symbolic links to directories are welcome
        if fits && parent.join(&name).is_dir() {
            found.push(parent.join(&name));
        }
    }
    Ok(found)
}

/// The directory that a `d` line names, as seen from the one that holds all queues; `None` for any other.
pub(super) fn named<'a>(groups: &'a [Group], name: &[u8]) -> Option<&'a Directory> {
    let mut directories = groups.iter().flat_map(|group| &group.directories);
    directories.find(|directory| directory.name().as_bytes() == name)
}

/// The directory of a location; `None` for one of another configuration.
pub(super) fn at(groups: &[Group], location: QueueLocation) -> Option<&Directory> {
    groups.get(usize::from(location.group))?.directories.get(usize::from(location.directory))
}
