//! The machine around a disk: its power, its luck, and what its file system answers.

use crate::disk::{Attributes, Cut, Disk, FileChange, Inode};
use fuser::{Errno, FileAttr, FileType, INodeNo, RenameFlags, Request, TimeOrNow};
use std::ffi::OsStr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

pub(crate) const BLOCK: u64 = 4096;

/// A small generator of its own, so that a run can be repeated (splitmix64).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

/// A disk and its power.
pub(crate) struct Machine {
    pub(crate) disk: Disk,
    pub(crate) chance: Chance,
    /// The power is off, and whoever asks waits.
    pub(crate) off: bool,
    /// How often the power has come back: mounts of before are dead.
    pub(crate) life: u64,
    /// Of a thousand syncs so many fail.
    pub(crate) failing: u64,
    pub(crate) syncs: u64,
    pub(crate) failed: u64,
}

/// Everybody's handle to it.
#[derive(Clone)]
pub(crate) struct Shared(Arc<(Mutex<Machine>, Condvar)>);

impl Shared {
    pub(crate) fn new(seed: u64) -> Self {
        let now = SystemTime::now();
        let root =
            Attributes { mode: libc_mode(FileType::Directory) | 0o755, user: 0, group: 0, modified: now };
        let (disk, chance) = (Disk::new(root), Chance(seed));
        let machine = Machine { disk, chance, off: false, life: 0, failing: 0, syncs: 0, failed: 0 };
        Self(Arc::new((Mutex::new(machine), Condvar::new())))
    }

    pub(crate) fn machine(&self) -> MutexGuard<'_, Machine> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn cut(&self, cut: Cut) {
        let machine = &mut *self.machine();
        let chance = &mut machine.chance;
        // at times nearly all has reached the disk, at times nearly nothing
        let share = chance.below(100);
        machine.disk.cut(cut, || chance.below(100) < share);
        machine.off = true;
        machine.life += 1;
    }

    /// Whoever waits is told that there is no disk.
    pub(crate) fn release(&self) {
        self.machine().off = false;
        self.0.1.notify_all();
    }

    /// The machine, if this life of it has not ended.
    pub(crate) fn alive(&self, life: u64) -> Result<MutexGuard<'_, Machine>, Errno> {
        let mut machine = self.machine();
        while machine.off {
            machine = self.0.1.wait(machine).unwrap_or_else(PoisonError::into_inner);
        }
        if machine.life == life { Ok(machine) } else { Err(Errno::EIO) }
    }
}

/// The bits of st_mode that say what it is.
pub(crate) fn libc_mode(kind: FileType) -> u32 {
    match kind {
        FileType::Directory => 0o040_000,
        FileType::Socket => 0o140_000,
        _ => 0o100_000,
    }
}

pub(crate) fn kind(attributes: &Attributes) -> FileType {
    match attributes.mode & 0o170_000 {
        0o040_000 => FileType::Directory,
        0o140_000 => FileType::Socket,
        _ => FileType::RegularFile,
    }
}

impl Machine {
    pub(crate) fn attributes(&self, inode: u64) -> Option<FileAttr> {
        let found = self.disk.inode(inode)?;
        let attributes = found.attributes();
        let size = match found {
            Inode::File(file) => file.now.bytes.len() as u64,
            Inode::Directory(_) => BLOCK,
        };
        let links = if matches!(found, Inode::Directory(_)) { 2 } else { self.disk.links(inode) };
        Some(FileAttr {
            ino: INodeNo(inode),
            size,
            blocks: size.div_ceil(512),
            atime: attributes.modified,
            mtime: attributes.modified,
            ctime: attributes.modified,
            crtime: attributes.modified,
            kind: kind(&attributes),
            perm: (attributes.mode & 0o7777) as u16,
            nlink: links,
            uid: attributes.user,
            gid: attributes.group,
            rdev: 0,
            blksize: BLOCK as u32,
            flags: 0,
        })
    }

    pub(crate) fn find(&self, directory: INodeNo, name: &OsStr) -> Result<u64, Errno> {
        self.disk.find(directory.0, name).ok_or(Errno::ENOENT)
    }

    pub(crate) fn known(&self, inode: u64) -> Result<FileAttr, Errno> {
        self.attributes(inode).ok_or(Errno::ENOENT)
    }

    pub(crate) fn make(
        &mut self,
        asker: &Request,
        directory: INodeNo,
        name: &OsStr,
        mode: u32,
    ) -> Result<FileAttr, Errno> {
        if self.disk.directory(directory.0).is_none() {
            return Err(Errno::ENOENT);
        }
        if self.disk.find(directory.0, name).is_some() {
            return Err(Errno::EEXIST);
        }
        let mut attributes =
            Attributes { mode, user: asker.uid(), group: asker.gid(), modified: SystemTime::now() };
        let inode = match kind(&attributes) {
            FileType::Directory => self.disk.make_directory(directory.0, name, attributes),
            FileType::Socket => self.disk.make_file(directory.0, name, attributes),
            _ => {
                attributes.mode = libc_mode(FileType::RegularFile) | mode & 0o7777;
                self.disk.make_file(directory.0, name, attributes)
            }
        };
        self.known(inode)
    }

    pub(crate) fn unlink(&mut self, directory: INodeNo, name: &OsStr, folder: bool) -> Result<(), Errno> {
        let inode = self.find(directory, name)?;
        match self.disk.directory(inode) {
            Some(_) if !folder => return Err(Errno::EISDIR),
            None if folder => return Err(Errno::ENOTDIR),
            Some(found) if !found.names.is_empty() => return Err(Errno::ENOTEMPTY),
            _ => {}
        }
        self.disk.unlink(directory.0, name);
        Ok(())
    }

    pub(crate) fn rename(
        &mut self,
        from: (INodeNo, &OsStr),
        to: (INodeNo, &OsStr),
        flags: RenameFlags,
    ) -> Result<(), Errno> {
        let inode = self.find(from.0, from.1)?;
        let there = self.disk.find(to.0.0, to.1);
        if flags.contains(RenameFlags::RENAME_NOREPLACE) && there.is_some() {
            return Err(Errno::EEXIST);
        }
        // two names of one file: nothing happens (rename(2))
        if there != Some(inode) {
            self.disk.rename((from.0.0, from.1), (to.0.0, to.1));
        }
        Ok(())
    }

    pub(crate) fn write(&mut self, inode: u64, at: u64, data: &[u8]) -> Result<u32, Errno> {
        let mut attributes = self.disk.file(inode).ok_or(Errno::ENOENT)?.attributes;
        attributes.modified = SystemTime::now();
        self.disk.change_file(inode, FileChange::Write(at as usize, data.to_vec()));
        self.disk.change_file(inode, FileChange::Attributes(attributes));
        Ok(data.len() as u32)
    }
}

/// What setattr(2) may change.
pub(crate) struct Wish {
    pub(crate) mode: Option<u32>,
    pub(crate) user: Option<u32>,
    pub(crate) group: Option<u32>,
    pub(crate) size: Option<u64>,
    pub(crate) modified: Option<TimeOrNow>,
}

impl Machine {
    pub(crate) fn change(&mut self, inode: u64, wish: &Wish) -> Result<FileAttr, Errno> {
        let mut attributes = self.disk.inode(inode).ok_or(Errno::ENOENT)?.attributes();
        if let Some(size) = wish.size {
            self.disk.change_file(inode, FileChange::Length(size as usize));
        }
        let mode = wish.mode.map(|mode| attributes.mode & 0o170_000 | mode & 0o7777);
        attributes.mode = mode.unwrap_or(attributes.mode);
        attributes.user = wish.user.unwrap_or(attributes.user);
        attributes.group = wish.group.unwrap_or(attributes.group);
        attributes.modified = match wish.modified {
            Some(TimeOrNow::SpecificTime(time)) => time,
            Some(TimeOrNow::Now) => SystemTime::now(),
            None if wish.size.is_some() => SystemTime::now(),
            None => attributes.modified,
        };
        self.disk.set_attributes(inode, attributes);
        self.known(inode)
    }
}
