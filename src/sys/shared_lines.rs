//! A file of lines to which several processes add, and which each reads as far as it has grown.
//!
//! In: lines. Out: those that have been added since the last time, by whomever. Never here: what they mean.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// One file. Only its owner may read it; a link is not followed.
pub struct SharedLines {
    path: PathBuf,
    /// Opened, and how many bytes have been read.
    open: Option<(File, u64)>,
}

/// What has been added.
#[derive(Debug, Default)]
pub struct Added {
    /// It is another file than before: these lines are all that it holds.
    pub anew: bool,
    /// Without their ends; bytes that are no UTF-8 are replaced.
    pub lines: Vec<String>,
}

impl SharedLines {
    /// Opens nothing yet; the file is made when it is first needed.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), open: None }
    }

    /// What has been added since the last call. A line that somebody is still writing comes the next time.
    ///
    /// # Errors
    /// The file cannot be made or read.
    pub fn added(&mut self) -> io::Result<Added> {
        let anew = !self.is_same()?;
        if anew {
            let mut options = OpenOptions::new();
            options.read(true).append(true).create(true).mode(0o600);
            options.custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK);
            self.open = Some((options.open(&self.path)?, 0));
        }
        let mut added = Added { anew, lines: Vec::new() };
        let Some((file, read)) = &mut self.open else { return Ok(added) };
        if file.metadata()?.len() == *read {
            return Ok(added);
        }
        file.seek(SeekFrom::Start(*read))?;
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let end = memchr::memrchr(b'\n', &text).map_or(0, |at| at + 1);
        *read += end as u64;
        added.lines = String::from_utf8_lossy(&text[..end]).lines().map(String::from).collect();
        Ok(added)
    }

    /// Does the path still lead to the open file, and has that not been cut?
    fn is_same(&self) -> io::Result<bool> {
        let (Some((file, read)), Ok(about)) = (&self.open, std::fs::symlink_metadata(&self.path)) else {
            return Ok(false);
        };
        let open = file.metadata()?;
        Ok((open.ino(), open.dev()) == (about.ino(), about.dev()) && about.len() >= *read)
    }

    /// Adds a line. [`Self::added`] tells it, too.
    ///
    /// # Errors
    /// It could not be written.
    pub fn add(&mut self, line: &str) -> io::Result<()> {
        match &mut self.open {
            Some((file, _)) => file.write_all(format!("{line}\n").as_bytes()),
            None => Ok(()),
        }
    }

    /// Puts a file with these lines in its place; all are told by the next [`Self::added`].
    ///
    /// # Errors
    /// The old file stays.
    pub fn write_anew(&mut self, lines: &[String]) -> io::Result<()> {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{}", std::process::id()));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&name)?;
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        file.write_all(text.as_bytes())?;
        std::fs::rename(&name, &self.path)
    }
}
