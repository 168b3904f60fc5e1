//! The way back: everything that the manifest tells of, the last step first.

use super::accounts::{self, Kind};
use super::diversions;
use super::manifest::{Entry, Manifest, Put};
use super::work::Work;
use crate::cli::process::complain;
use crate::sys::root::Attributes;
use crate::sys::{errno_text, identity};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

impl Work {
    /// Puts back what was there before. What somebody has changed since stays as it is, and is told of.
    pub(super) fn remove(&mut self) -> io::Result<()> {
        let entries = std::mem::take(&mut self.manifest.entries);
        if entries.is_empty() {
            return Ok(());
        }
        let mut full: Vec<PathBuf> = Vec::new();
        for entry in entries.iter().rev() {
            if let Err(error) = self.undo(entry, &mut full) {
                return Err(io::Error::new(
                    error.kind(),
                    format!("{}: {}", entry.path.display(), errno_text(&error)),
                ));
            }
        }
        if self.dry {
            return Ok(());
        }
        Manifest::erase(&self.root)?;
        for path in full {
            if self.root.remove(&path).is_err() {
                complain(&format!("{} is left: it is not empty", path.display()));
            }
        }
        Ok(())
    }

    fn undo(&mut self, entry: &Entry, full: &mut Vec<PathBuf>) -> io::Result<()> {
        match &entry.put {
            Put::Link(_) | Put::Program | Put::File(_) => self.undo_file(entry),
            Put::Directory => self.undo_directory(&entry.path, full),
            Put::Lent { uid, gid, mode } => self.give_back(&entry.path, *uid, *gid, *mode),
            Put::User(name) => self.undo_account(Kind::User, "user", name),
            Put::Group(name) => self.undo_account(Kind::Group, "group", name),
        }
    }

    fn undo_file(&mut self, Entry { path, put, aside }: &Entry) -> io::Result<()> {
        let is = self.current(path)?;
        let kept = match aside {
            Some(aside) => self.root.about(aside)?.map(|about| (aside, about.ino())),
            None => None,
        };
        if let (Some(aside), false) = (aside, self.dry) {
            diversions::undo(&self.root, path, aside)?;
        }
        match (is, kept) {
            (None, None) => Ok(()),
            (Some(is), kept) if is != *put => self.keep_foreign(path, kept),
            (_, Some((aside, _))) => {
                match self.tell(&format!("back to {}: {}", path.display(), aside.display())) {
                    true => self.root.rename(aside, path),
                    false => Ok(()),
                }
            }
            (Some(_), None) => match self.tell(&format!("remove {}", path.display())) {
                true => self.root.remove(path),
                false => Ok(()),
            },
        }
    }

    /// Something else has come there since.
    fn keep_foreign(&mut self, path: &Path, kept: Option<(&PathBuf, u64)>) -> io::Result<()> {
        let Some((aside, inode)) = kept else {
            complain(&format!("{} is not what was put there: it stays", path.display()));
            return Ok(());
        };
        if self.root.about(path)?.is_some_and(|about| about.ino() == inode) {
            // the machine stopped before anything took its place
            return if self.dry { Ok(()) } else { self.root.remove(aside) };
        }
        complain(&format!(
            "{} is not what was put there: it stays, and so does {}",
            path.display(),
            aside.display()
        ));
        Ok(())
    }

    fn undo_directory(&mut self, path: &Path, full: &mut Vec<PathBuf>) -> io::Result<()> {
        let Some(about) = self.root.about(path)? else { return Ok(()) };
        if !self.tell(&format!("remove {}", path.display())) {
            return Ok(());
        }
        match self.root.remove(path) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
                full.push(path.to_owned());
                // its owner may be about to go
                self.give_back(path, 0, 0, about.mode() & 0o0777)
            }
            result => result,
        }
    }

    /// A directory of the system's, with what the daemon has taken over in it; or a file.
    fn give_back(&mut self, path: &Path, uid: u32, gid: u32, mode: u32) -> io::Result<()> {
        let Some(about) = self.root.about_end(path)? else { return Ok(()) };
        let is = (about.uid(), about.gid(), about.mode() & 0o7777);
        if is == (uid, gid, mode) || !identity::is_root() {
            return Ok(());
        }
        if !self.tell(&format!("back to its owner: {}", path.display())) {
            return Ok(());
        }
        if about.is_dir() && is.0 != uid {
            for name in self.root.names(path)? {
                let path = path.join(name);
                let Some(entry) =
                    self.root.about(&path)?.filter(|entry| entry.is_file() && entry.uid() == is.0)
                else {
                    continue;
                };
                let attributes = Attributes { uid: Some(uid), gid: None, mode: entry.mode() & 0o7777 };
                self.root.set(&path, attributes)?;
            }
        }
        self.root.set(path, Attributes { uid: Some(uid), gid: Some(gid), mode })
    }

    fn undo_account(&mut self, kind: Kind, word: &str, name: &str) -> io::Result<()> {
        if accounts::number(&self.root, kind, name)?.is_none() || !self.tell(&format!("remove {word} {name}"))
        {
            return Ok(());
        }
        accounts::unmake(&self.root, kind, name)
    }
}
