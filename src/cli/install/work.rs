//! Carries steps out on a system, tells of those that change something, and keeps the manifest.

use super::accounts::{self, Kind};
use super::diversions;
use super::layout::PROGRAM;
use super::manifest::{Entry, Manifest, Put, aside};
use super::step::{Account, Piece, Thing};
use crate::cli::show;
use crate::sys::root::{Attributes, Root};
use crate::sys::{errno_text, identity};
use sha2::{Digest, Sha256};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// An installation, or its end, under way.
pub(super) struct Work {
    pub(super) root: Root,
    pub(super) manifest: Manifest,
    /// Nothing is done, all is told.
    pub(super) dry: bool,
    /// How much was changed, or would be.
    pub(super) changes: usize,
    /// What an ordinary user cannot do.
    pub(super) left_out: Vec<String>,
    program: Vec<u8>,
}

impl Work {
    pub(super) fn new(root: Root, dry: bool) -> io::Result<Self> {
        let manifest = Manifest::load(&root)?;
        let program = std::fs::read(std::env::current_exe()?)?;
        Ok(Self { root, manifest, dry, changes: 0, left_out: Vec::new(), program })
    }

    /// A line about something that changes. Is it to be done?
    pub(super) fn tell(&mut self, line: &str) -> bool {
        show::print(&format!("{line}\n"));
        self.changes += 1;
        !self.dry
    }

    pub(super) fn account(&mut self, kind: Kind, account: &Account) -> io::Result<()> {
        if accounts::number(&self.root, kind, account.name)?.is_some() {
            return Ok(());
        }
        let (word, put) = match kind {
            Kind::User => ("user", Put::User(account.name.to_owned())),
            Kind::Group => ("group", Put::Group(account.name.to_owned())),
        };
        if self.tell(&format!("{word} {}", account.name)) {
            self.note(PathBuf::new(), put, None)?;
            accounts::make(&self.root, kind, account)?;
        }
        Ok(())
    }

    fn note(&mut self, path: PathBuf, put: Put, aside: Option<PathBuf>) -> io::Result<()> {
        self.manifest.note(&self.root, Entry { path, put, aside })
    }

    /// Puts something where it belongs, and what is there aside.
    pub(super) fn put(&mut self, piece: &Piece) -> io::Result<()> {
        let with_path = |error: io::Error| {
            io::Error::new(error.kind(), format!("{}: {}", piece.path.display(), errno_text(&error)))
        };
        match piece.thing {
            Thing::Directory => self.put_directory(piece),
            _ => self.put_file(piece),
        }
        .map_err(with_path)
    }

    fn put_directory(&mut self, piece: &Piece) -> io::Result<()> {
        if let Some(about) = self.root.about_end(&piece.path)? {
            if self.manifest.of(&piece.path).is_none() && !self.dry {
                self.lend(&piece.path, &about)?;
            }
            return Ok(());
        }
        if self.tell(&piece.to_string()) {
            self.make_way(&piece.path)?;
            self.note(piece.path.clone(), Put::Directory, None)?;
            self.root.create_directory(&piece.path)?;
        }
        self.set(piece)
    }

    /// Directories above that are not there.
    fn make_way(&mut self, path: &Path) -> io::Result<()> {
        let above: Vec<&Path> = path.ancestors().skip(1).filter(|path| path.file_name().is_some()).collect();
        for path in above.into_iter().rev() {
            if self.root.about_end(path)?.is_none() {
                self.note(path.to_owned(), Put::Directory, None)?;
                self.root.create_directory(path)?;
            }
        }
        Ok(())
    }

    fn put_file(&mut self, piece: &Piece) -> io::Result<()> {
        let path = &piece.path;
        let (is, wanted) = (self.current(path)?, wanted(&piece.thing));
        let known = self.manifest.of(path).cloned();
        let is_older = wanted == Put::Program && self.root.read(path)?.as_ref() != Some(&self.program);
        if is.as_ref() == Some(&wanted) && !is_older {
            if let (None, Some(about), false) = (&known, self.root.about(path)?, self.dry) {
                self.lend(path, &about)?;
            }
            return self.agree(piece);
        }
        let keep = match (&is, &known) {
            (None, _) => None,
            (Some(is), Some(known)) if known.put == *is => None,
            // whoever has put that there meanwhile, it is what comes back
            (Some(_), _) => Some(aside(path)),
        };
        let kept = keep.as_ref().map(|aside| format!(" (what is there is kept as {})", aside.display()));
        if self.tell(&format!("{piece}{}", kept.unwrap_or_default())) {
            self.make_way(path)?;
            let known = known.and_then(|known| known.aside);
            self.note(path.clone(), wanted, keep.clone().or_else(|| known.clone()))?;
            if let Some(aside) = &keep {
                self.keep(path, aside, known.is_some())?;
            }
            self.write(piece)?;
        }
        self.set(piece)
    }

    /// Keeps what is at a path under a second name; the first one has it until something else takes its place.
    fn keep(&self, path: &Path, aside: &Path, again: bool) -> io::Result<()> {
        if again && self.root.about(aside)?.is_some() {
            self.root.remove(aside)?;
        }
        self.root.hard_link(path, aside).map_err(|error| {
            io::Error::new(
                error.kind(),
                format!("cannot be kept as {}: {}", aside.display(), errno_text(&error)),
            )
        })?;
        diversions::divert(&self.root, path, aside)
    }

    fn write(&self, piece: &Piece) -> io::Result<()> {
        let new = Attributes { mode: 0o600, ..Attributes::default() };
        match &piece.thing {
            Thing::Link(to) => self.root.symlink(&piece.path, to),
            Thing::File(text) => self.root.write(&piece.path, text, new),
            Thing::Program => self.root.write(&piece.path, &self.program, new),
            Thing::Directory => Ok(()),
        }
    }

    /// Owner and mode of something that is as it should be otherwise.
    fn agree(&mut self, piece: &Piece) -> io::Result<()> {
        let Some(about) = self.root.about(&piece.path)?.filter(|about| !about.is_symlink()) else {
            return Ok(());
        };
        let before = self.left_out.len();
        let wanted = self.attributes(piece)?;
        self.left_out.truncate(before);
        let differs = wanted.mode != about.mode() & 0o7777
            || wanted.uid.is_some_and(|uid| uid != about.uid())
            || wanted.gid.is_some_and(|gid| gid != about.gid());
        if differs {
            self.tell(&piece.to_string());
        }
        self.set(piece)
    }

    fn set(&mut self, piece: &Piece) -> io::Result<()> {
        if matches!(piece.thing, Thing::Link(_)) {
            return Ok(());
        }
        let attributes = self.attributes(piece)?;
        if self.dry { Ok(()) } else { self.root.set(&piece.path, attributes) }
    }

    /// What root would give a piece; an ordinary user keeps what is made, and no bit that would lend it to others.
    fn attributes(&mut self, piece: &Piece) -> io::Result<Attributes> {
        if !identity::is_root() {
            let (path, bits) = (piece.path.display(), piece.mode & 0o7000);
            let bits = if bits == 0 { String::new() } else { format!(", mode {:04o}", piece.mode) };
            self.left_out.push(format!("owner {}:{} of {path}{bits}", piece.owner, piece.group));
            return Ok(Attributes { mode: piece.mode & 0o777, ..Attributes::default() });
        }
        let uid = accounts::number(&self.root, Kind::User, piece.owner)?;
        let gid = accounts::number(&self.root, Kind::Group, piece.group)?;
        match (uid, gid, self.dry) {
            (Some(_), Some(_), _) | (_, _, true) => Ok(Attributes { uid, gid, mode: piece.mode }),
            _ => Err(io::Error::other(format!("there is no {}:{}", piece.owner, piece.group))),
        }
    }

    fn lend(&mut self, path: &Path, about: &std::fs::Metadata) -> io::Result<()> {
        let put = Put::Lent { uid: about.uid(), gid: about.gid(), mode: about.mode() & 0o7777 };
        self.note(path.to_owned(), put, None)
    }

    /// What stands at a path, as the manifest would have it.
    pub(super) fn current(&self, path: &Path) -> io::Result<Option<Put>> {
        if let Some(link) = self.root.link(path)? {
            return Ok(Some(Put::Link(link)));
        }
        if path == Path::new(PROGRAM) {
            return Ok(self.root.about(path)?.map(|_| Put::Program));
        }
        Ok(self.root.read(path)?.map(|bytes| Put::File(digest(&bytes))))
    }
}

fn wanted(thing: &Thing) -> Put {
    match thing {
        Thing::Link(to) => Put::Link(to.clone()),
        Thing::File(text) => Put::File(digest(text)),
        Thing::Program => Put::Program,
        Thing::Directory => Put::Directory,
    }
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
