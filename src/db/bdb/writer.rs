//! Collecting pairs and putting the finished file in its place.

use super::format::{Kind, hash};
use super::reader::Reader;
use super::records::Records;
use super::{write_btree, write_hash};
use hashbrown::HashTable;
use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Mode of a database that did not exist before.
const NEW_MODE: u32 = 0o640;

/// Collects pairs and writes them as a new file over an old one.
#[derive(Debug)]
pub struct Writer {
    kind: Kind,
    duplicates: bool,
    records: Records,
    by_key: HashTable<u32>,
}

/// Spreads a file hash over all bits, as hash tables in memory want it.
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Writer {
    /// An empty database. `duplicates`: a key may have several values.
    pub fn new(kind: Kind, duplicates: bool) -> Self {
        Self { kind, duplicates, records: Records::default(), by_key: HashTable::new() }
    }

    /// Takes over what a file holds.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn load(&mut self, path: &Path) -> io::Result<()> {
        let reader = Reader::open(path, Some(self.kind))?;
        reader.for_each(&mut |key, value| {
            self.insert(key, value);
            true
        })
    }

    /// How many pairs there are.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Are there no pairs?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn find(&self, hash: u32, key: &[u8]) -> Option<u32> {
        let same = |index: &u32| self.records.hash(*index) == hash && self.records.key(*index) == key;
        self.by_key.find(spread(hash), same).copied()
    }

    /// The (last) value of a key.
    pub fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.find(hash(key), key).map(|index| self.records.value(index))
    }

    /// Adds a pair; `false` if the key is there already (and duplicates are not wanted).
    pub fn insert(&mut self, key: &[u8], value: &[u8]) -> bool {
        let hash = hash(key);
        if !self.duplicates && self.find(hash, key).is_some() {
            return false;
        }
        let index = self.records.push(hash, key, value);
        let records = &self.records;
        self.by_key.insert_unique(spread(hash), index, |other| spread(records.hash(*other)));
        true
    }

    /// Adds a pair or replaces the key's value (with duplicates wanted: adds).
    pub fn replace(&mut self, key: &[u8], value: &[u8]) {
        let hash = hash(key);
        match self.find(hash, key) {
            Some(index) if !self.duplicates => self.records.replace(index, hash, key, value),
            _ => {
                self.insert(key, value);
            }
        }
    }

    /// Takes a key and all its values away; was it there?
    pub fn remove(&mut self, key: &[u8]) -> bool {
        let mut kept = Self::new(self.kind, self.duplicates);
        for (other, value) in self.records.iter().filter(|(other, _)| *other != key) {
            kept.insert(other, value);
        }
        let removed = kept.len() != self.len();
        *self = kept;
        removed
    }

    /// Writes a temporary file beside `path`, syncs it and renames it to `path`; mode (default 0640)
    /// and owner of an old file are kept.
    ///
    /// # Errors
    /// When the file cannot be written; the old one is as it was.
    pub fn commit(self, path: &Path) -> io::Result<()> {
        self.commit_as(path, None)
    }

    /// As [`Self::commit`]; a new file is given to `owner` (uid) where the caller may do so.
    ///
    /// # Errors
    /// As [`Self::commit`].
    pub fn commit_as(self, path: &Path, owner: Option<u32>) -> io::Result<()> {
        replace_with(path, owner, |file| self.write(file))
    }

    fn write(&self, file: &File) -> io::Result<()> {
        match self.kind {
            Kind::Hash => write_hash::write(file, &self.records, self.duplicates),
            Kind::Btree => write_btree::write(file, &self.records, self.duplicates),
        }
    }
}

fn replace_with(
    path: &Path,
    owner: Option<u32>,
    write: impl FnOnce(&File) -> io::Result<()>,
) -> io::Result<()> {
    let (temporary, file) = create_beside(path)?;
    let written = write(&file).and_then(|()| dress(&file, path, owner)).and_then(|()| file.sync_all());
    if let Err(error) = written.and_then(|()| std::fs::rename(&temporary, path)) {
        // the error that matters is the first one
        let _ = std::fs::remove_file(&temporary);
        return Err(error);
    }
    sync_directory(path)
}

fn create_beside(path: &Path) -> io::Result<(PathBuf, File)> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    for attempt in 0..1000u32 {
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.{attempt}", std::process::id()));
        let temporary = path.with_file_name(hidden);
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary) {
            Ok(file) => return Ok((temporary, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Gives the new file the mode and owner of the old one.
fn dress(file: &File, path: &Path, owner: Option<u32>) -> io::Result<()> {
    let old = std::fs::metadata(path).ok();
    let mode = old.as_ref().map_or(NEW_MODE, |old| old.mode() & 0o777);
    let own = file.metadata()?;
    let wanted = old.map(|old| (Some(old.uid()), Some(old.gid()))).or(owner.map(|uid| (Some(uid), None)));
    if let Some((uid, gid)) = wanted
        && (uid.is_some_and(|uid| uid != own.uid()) || gid.is_some_and(|gid| gid != own.gid()))
    {
        // whoever may write the directory but not give files away still gets his map
        let _ = std::os::unix::fs::fchown(file, uid, gid);
    }
    file.set_permissions(Permissions::from_mode(mode))
}

fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(directory)?.sync_all()
}
