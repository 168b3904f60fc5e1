//! Files and directories of which only that outlives a power cut which was synced.
//!
//! In: what programs do with files. Out: what they see, and after a cut what a disk might have kept: of each file what was
//! synced and any of the rest, of each directory the names that its sync has made durable and any others. POSIX promises
//! nothing more; what every file system keeps beyond that, a rename within its reach takes no file away: its new name is
//! there before the old one goes, unless the old directory alone was synced. Never here: anything that knows of FUSE.

use crate::log::{Change, Logged, State};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::time::SystemTime;

pub(crate) const ROOT: u64 = 1;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Attributes {
    pub(crate) mode: u32,
    pub(crate) user: u32,
    pub(crate) group: u32,
    pub(crate) modified: SystemTime,
}

/// A file's bytes and attributes: an inode.
#[derive(Clone)]
pub(crate) struct File {
    pub(crate) attributes: Attributes,
    pub(crate) bytes: Vec<u8>,
}

#[derive(Clone)]
pub(crate) enum FileChange {
    Write(usize, Vec<u8>),
    Length(usize),
    Attributes(Attributes),
}

impl State for File {
    type Change = FileChange;

    fn apply(&mut self, change: &Change<Self>) {
        match &change.what {
            FileChange::Write(at, data) => {
                let end = at + data.len();
                self.bytes.resize(self.bytes.len().max(end), 0);
                self.bytes[*at..end].copy_from_slice(data);
            }
            FileChange::Length(length) => self.bytes.resize(*length, 0),
            FileChange::Attributes(attributes) => self.attributes = *attributes,
        }
    }
}

/// A directory's names. Its attributes are durable at once: none of the programs under test changes them.
#[derive(Clone)]
pub(crate) struct Directory {
    pub(crate) attributes: Attributes,
    pub(crate) names: BTreeMap<OsString, u64>,
}

/// A name gets an inode or loses it; `rename`: the number of the rename of which this is one half.
#[derive(Clone)]
pub(crate) struct Naming {
    name: OsString,
    inode: Option<u64>,
    rename: Option<u64>,
}

impl State for Directory {
    type Change = Naming;

    fn apply(&mut self, change: &Change<Self>) {
        let Naming { name, inode, .. } = &change.what;
        match inode {
            Some(inode) => drop(self.names.insert(name.clone(), *inode)),
            None => drop(self.names.remove(name)),
        }
    }
}

pub(crate) enum Inode {
    File(Logged<File>),
    Directory(Logged<Directory>),
}

impl Inode {
    pub(crate) fn attributes(&self) -> Attributes {
        match self {
            Self::File(file) => file.now.attributes,
            Self::Directory(directory) => directory.now.attributes,
        }
    }
}

/// How much is lost beyond what must be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Cut {
    /// Everything that was not synced.
    Harsh,
    /// Of what was not synced each piece by chance.
    Random,
}

pub(crate) struct Disk {
    inodes: HashMap<u64, Inode>,
    /// How many names a file has for the programs.
    links: HashMap<u64, u32>,
    next: u64,
    changes: u64,
    /// Renames whose new name is on the disk.
    landed: HashSet<u64>,
}

impl Disk {
    pub(crate) fn new(attributes: Attributes) -> Self {
        let root = Directory { attributes, names: BTreeMap::new() };
        let inodes = HashMap::from([(ROOT, Inode::Directory(Logged::new(root)))]);
        Self { inodes, links: HashMap::new(), next: ROOT + 1, changes: 0, landed: HashSet::new() }
    }

    pub(crate) fn inode(&self, inode: u64) -> Option<&Inode> {
        self.inodes.get(&inode)
    }

    pub(crate) fn file(&self, inode: u64) -> Option<&File> {
        match self.inodes.get(&inode) {
            Some(Inode::File(file)) => Some(&file.now),
            _ => None,
        }
    }

    pub(crate) fn directory(&self, inode: u64) -> Option<&Directory> {
        match self.inodes.get(&inode) {
            Some(Inode::Directory(directory)) => Some(&directory.now),
            _ => None,
        }
    }

    pub(crate) fn find(&self, directory: u64, name: &OsStr) -> Option<u64> {
        self.directory(directory)?.names.get(name).copied()
    }

    pub(crate) fn links(&self, inode: u64) -> u32 {
        self.links.get(&inode).copied().unwrap_or_default()
    }

    fn number(&mut self) -> u64 {
        self.changes += 1;
        self.changes
    }

    pub(crate) fn change_file(&mut self, inode: u64, what: FileChange) {
        let number = self.number();
        if let Some(Inode::File(file)) = self.inodes.get_mut(&inode) {
            file.change(number, what);
        }
    }

    pub(crate) fn set_attributes(&mut self, inode: u64, attributes: Attributes) {
        if let Some(Inode::Directory(directory)) = self.inodes.get_mut(&inode) {
            (directory.now.attributes, directory.durable.attributes) = (attributes, attributes);
            return;
        }
        self.change_file(inode, FileChange::Attributes(attributes));
    }

    fn name(&mut self, directory: u64, name: &OsStr, inode: Option<u64>, rename: Option<u64>) {
        let number = self.number();
        let before = self.find(directory, name);
        if let Some(Inode::Directory(directory)) = self.inodes.get_mut(&directory) {
            directory.change(number, Naming { name: name.to_owned(), inode, rename });
        }
        if let Some(links) = before.and_then(|before| self.links.get_mut(&before)) {
            *links -= 1;
        }
        if let Some(inode) = inode {
            *self.links.entry(inode).or_default() += 1;
        }
    }

    pub(crate) fn make_file(&mut self, directory: u64, name: &OsStr, attributes: Attributes) -> u64 {
        self.make(directory, name, Inode::File(Logged::new(File { attributes, bytes: Vec::new() })))
    }

    pub(crate) fn make_directory(&mut self, directory: u64, name: &OsStr, attributes: Attributes) -> u64 {
        let made = Directory { attributes, names: BTreeMap::new() };
        self.make(directory, name, Inode::Directory(Logged::new(made)))
    }

    fn make(&mut self, directory: u64, name: &OsStr, made: Inode) -> u64 {
        let inode = self.next;
        self.next += 1;
        self.inodes.insert(inode, made);
        self.name(directory, name, Some(inode), None);
        inode
    }

    pub(crate) fn link(&mut self, inode: u64, directory: u64, name: &OsStr) {
        self.name(directory, name, Some(inode), None);
    }

    pub(crate) fn unlink(&mut self, directory: u64, name: &OsStr) {
        self.name(directory, name, None, None);
    }

    pub(crate) fn rename(&mut self, from: (u64, &OsStr), to: (u64, &OsStr)) {
        let Some(inode) = self.find(from.0, from.1) else { return };
        let rename = Some(self.number());
        self.name(to.0, to.1, Some(inode), rename);
        self.name(from.0, from.1, None, rename);
    }

    /// What a sync that begins now has to write: the number before which all changes are.
    pub(crate) fn mark(&mut self) -> u64 {
        self.number()
    }

    /// The sync has written it, or has failed to.
    pub(crate) fn settle(&mut self, inode: u64, before: u64, written: bool) {
        match self.inodes.get_mut(&inode) {
            Some(Inode::File(file)) => file.settle(before, written),
            // names that could not be written are written by a later sync
            Some(Inode::Directory(directory)) if written => {
                let settled = directory.pending.iter().filter(|change| change.number < before);
                self.landed.extend(settled.filter_map(|change| change.what.inode.and(change.what.rename)));
                directory.settle(before, written);
            }
            _ => {}
        }
    }

    /// sync(2).
    pub(crate) fn settle_all(&mut self) {
        let before = self.mark();
        let inodes: Vec<u64> = self.inodes.keys().copied().collect();
        inodes.into_iter().for_each(|inode| self.settle(inode, before, true));
    }

    /// The power goes: what is left is all there is. `keeps` says of each change that was not synced whether it had
    /// reached the disk all the same.
    pub(crate) fn cut(&mut self, cut: Cut, mut keeps: impl FnMut() -> bool) {
        if cut == Cut::Random {
            self.keep_names(&mut keeps);
            self.keep_writes(&mut keeps);
        }
        for inode in self.inodes.values_mut() {
            match inode {
                Inode::File(file) => *file = Logged::new(file.durable.clone()),
                Inode::Directory(directory) => *directory = Logged::new(directory.durable.clone()),
            }
        }
        self.forget_nameless();
        self.landed.clear();
    }

    /// Each name is one that it had at some moment since the last sync.
    fn keep_names(&mut self, keeps: &mut impl FnMut() -> bool) {
        let mut pending: Vec<(u64, Change<Directory>)> = Vec::new();
        for (inode, kept) in &mut self.inodes {
            if let Inode::Directory(directory) = kept {
                pending.extend(directory.pending.drain(..).map(|change| (*inode, change)));
            }
        }
        pending.sort_by_key(|(_, change)| change.number);
        let mut stopped = HashSet::new();
        for (directory, change) in pending {
            let Naming { name, inode, rename } = &change.what;
            let moved = inode.is_some() || rename.is_none_or(|rename| self.landed.contains(&rename));
            let place = (directory, name.clone());
            if stopped.contains(&place) || !moved || !keeps() {
                stopped.insert(place);
                continue;
            }
            self.landed.extend(inode.and(*rename));
            if let Some(Inode::Directory(directory)) = self.inodes.get_mut(&directory) {
                directory.durable.apply(&change);
            }
        }
    }

    /// Pieces of a file reach the disk in any order.
    fn keep_writes(&mut self, keeps: &mut impl FnMut() -> bool) {
        for inode in self.inodes.values_mut() {
            if let Inode::File(file) = inode {
                for change in file.pending.drain(..).filter(|_| keeps()) {
                    file.durable.apply(&change);
                }
            }
        }
    }

    fn forget_nameless(&mut self) {
        let (mut links, mut to_see) = (HashMap::new(), vec![ROOT]);
        while let Some(directory) = to_see.pop() {
            for inode in self.directory(directory).into_iter().flat_map(|found| found.names.values()) {
                *links.entry(*inode).or_default() += 1;
                to_see.push(*inode);
            }
        }
        self.inodes.retain(|inode, _| *inode == ROOT || links.contains_key(inode));
        self.links = links;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes() -> Attributes {
        Attributes { mode: 0o600, user: 0, group: 0, modified: SystemTime::UNIX_EPOCH }
    }

    fn written(disk: &mut Disk, directory: u64, name: &str) -> u64 {
        let inode = disk.make_file(directory, OsStr::new(name), attributes());
        disk.change_file(inode, FileChange::Write(0, b"text".to_vec()));
        inode
    }

    fn sync(disk: &mut Disk, inode: u64) {
        let mark = disk.mark();
        disk.settle(inode, mark, true);
    }

    fn content(disk: &Disk, directory: u64, name: &str) -> Option<Vec<u8>> {
        let inode = disk.find(directory, OsStr::new(name))?;
        disk.file(inode).map(|file| file.bytes.clone())
    }

    #[test]
    fn both_syncs_are_needed() {
        let mut disk = Disk::new(attributes());
        let file = written(&mut disk, ROOT, "file");
        sync(&mut disk, file);
        disk.cut(Cut::Harsh, || true);
        assert_eq!(content(&disk, ROOT, "file"), None);
        let both = written(&mut disk, ROOT, "both");
        written(&mut disk, ROOT, "name alone");
        sync(&mut disk, both);
        sync(&mut disk, ROOT);
        disk.cut(Cut::Harsh, || true);
        assert_eq!(content(&disk, ROOT, "both"), Some(b"text".to_vec()));
        assert_eq!(content(&disk, ROOT, "name alone"), Some(Vec::new()));
    }

    #[test]
    fn what_is_removed_comes_back() {
        let mut disk = Disk::new(attributes());
        written(&mut disk, ROOT, "file");
        disk.settle_all();
        disk.unlink(ROOT, OsStr::new("file"));
        disk.cut(Cut::Harsh, || true);
        assert_eq!(content(&disk, ROOT, "file"), Some(b"text".to_vec()));
    }

    #[test]
    fn a_rename_takes_no_file_away() {
        for turn in 0..64_u32 {
            let mut disk = Disk::new(attributes());
            let below = disk.make_directory(ROOT, OsStr::new("new"), attributes());
            written(&mut disk, ROOT, "file");
            disk.settle_all();
            disk.rename((ROOT, OsStr::new("file")), (below, OsStr::new("file")));
            let mut coins = (0..).map(|bit| turn >> bit & 1 == 1);
            disk.cut(Cut::Random, || coins.next().expect("endless"));
            let places = [content(&disk, ROOT, "file"), content(&disk, below, "file")];
            assert!(places.iter().flatten().count() >= 1, "{turn}");
        }
    }

    #[test]
    fn a_sync_that_failed_has_lost_what_it_was_to_write() {
        let mut disk = Disk::new(attributes());
        let file = written(&mut disk, ROOT, "file");
        let mark = disk.mark();
        disk.settle(file, mark, false);
        disk.settle_all();
        disk.cut(Cut::Harsh, || true);
        assert_eq!(content(&disk, ROOT, "file"), Some(Vec::new()));
    }

    #[test]
    fn a_sync_writes_what_was_there_when_it_began() {
        let mut disk = Disk::new(attributes());
        let file = written(&mut disk, ROOT, "file");
        let mark = disk.mark();
        disk.change_file(file, FileChange::Write(4, b" and more".to_vec()));
        disk.settle(file, mark, true);
        sync(&mut disk, ROOT);
        disk.cut(Cut::Harsh, || true);
        assert_eq!(content(&disk, ROOT, "file"), Some(b"text".to_vec()));
    }
}
