//! The disk as the kernel sees it.
//!
//! A sync takes up to a few milliseconds, during which others go on: what they change meanwhile it does not write. When the
//! power is off nothing is answered, until whoever asked has been killed.

use crate::disk::ROOT;
use crate::machine::{BLOCK, Machine, Shared, Wish, kind, libc_mode};
use fuser::{
    Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo, LockOwner, OpenFlags,
    RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory, ReplyEmpty, ReplyEntry, ReplyStatfs,
    ReplyWrite, Request, TimeOrNow, WriteFlags,
};
use std::ffi::OsStr;
use std::time::{Duration, SystemTime};

const UNCACHED: Duration = Duration::ZERO;

/// The disk in one life.
pub(crate) struct Mount {
    pub(crate) shared: Shared,
    pub(crate) life: u64,
}

impl Mount {
    fn with<T>(&self, work: impl FnOnce(&mut Machine) -> Result<T, Errno>) -> Result<T, Errno> {
        work(&mut *self.shared.alive(self.life)?)
    }

    /// Answers when it is done, in a thread of its own.
    fn sync(&self, inode: u64, reply: ReplyEmpty) {
        let begun = self.with(|machine| {
            let fails = machine.chance.below(1000) < machine.failing;
            let takes = Duration::from_micros(machine.chance.below(4000));
            machine.syncs += 1;
            machine.failed += u64::from(fails);
            Ok((machine.disk.mark(), fails, takes))
        });
        let (mark, fails, takes) = match begun {
            Ok(begun) => begun,
            Err(error) => return reply.error(error),
        };
        let (shared, life) = (self.shared.clone(), self.life);
        std::thread::spawn(move || {
            std::thread::sleep(takes);
            let done = shared.alive(life).and_then(|mut machine| {
                machine.disk.settle(inode, mark, !fails);
                if fails { Err(Errno::EIO) } else { Ok(()) }
            });
            answer(done, reply);
        });
    }
}

fn answer(done: Result<(), Errno>, reply: ReplyEmpty) {
    match done {
        Ok(()) => reply.ok(),
        Err(error) => reply.error(error),
    }
}

fn enter(found: Result<FileAttr, Errno>, reply: ReplyEntry) {
    match found {
        Ok(attributes) => reply.entry(&UNCACHED, &attributes, Generation(0)),
        Err(error) => reply.error(error),
    }
}

fn tell(found: Result<FileAttr, Errno>, reply: ReplyAttr) {
    match found {
        Ok(attributes) => reply.attr(&UNCACHED, &attributes),
        Err(error) => reply.error(error),
    }
}

impl Filesystem for Mount {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let found = self.with(|machine| machine.known(machine.find(parent, name)?));
        enter(found, reply);
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        tell(self.with(|machine| machine.known(ino.0)), reply);
    }

    fn setattr(
        &self,
        _: &Request,
        ino: INodeNo,
        mode: Option<u32>,
        user: Option<u32>,
        group: Option<u32>,
        size: Option<u64>,
        _: Option<TimeOrNow>,
        modified: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<fuser::BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let wish = Wish { mode, user, group, size, modified };
        tell(self.with(|machine| machine.change(ino.0, &wish)), reply);
    }

    fn mknod(
        &self,
        req: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        _: u32,
        reply: ReplyEntry,
    ) {
        enter(self.with(|machine| machine.make(req, parent, name, mode & !umask)), reply);
    }

    fn mkdir(&self, req: &Request, parent: INodeNo, name: &OsStr, mode: u32, umask: u32, reply: ReplyEntry) {
        let mode = libc_mode(FileType::Directory) | mode & !umask & 0o7777;
        enter(self.with(|machine| machine.make(req, parent, name, mode)), reply);
    }

    fn create(
        &self,
        req: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        _: i32,
        reply: ReplyCreate,
    ) {
        match self.with(|machine| machine.make(req, parent, name, mode & !umask)) {
            Ok(made) => {
                reply.created(&UNCACHED, &made, Generation(0), FileHandle(0), FopenFlags::empty());
            }
            Err(error) => reply.error(error),
        }
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        answer(self.with(|machine| machine.unlink(parent, name, false)), reply);
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        answer(self.with(|machine| machine.unlink(parent, name, true)), reply);
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        newparent: INodeNo,
        newname: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        answer(self.with(|machine| machine.rename((parent, name), (newparent, newname), flags)), reply);
    }

    fn link(&self, _: &Request, ino: INodeNo, newparent: INodeNo, newname: &OsStr, reply: ReplyEntry) {
        let linked = self.with(|machine| match machine.disk.find(newparent.0, newname) {
            Some(_) => Err(Errno::EEXIST),
            None => {
                machine.disk.link(ino.0, newparent.0, newname);
                machine.known(ino.0)
            }
        });
        enter(linked, reply);
    }

    fn read(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let piece = self.with(|machine| {
            let bytes = &machine.disk.file(ino.0).ok_or(Errno::ENOENT)?.bytes;
            let begin = bytes.len().min(offset as usize);
            Ok(bytes[begin..bytes.len().min(begin + size as usize)].to_vec())
        });
        match piece {
            Ok(piece) => reply.data(&piece),
            Err(error) => reply.error(error),
        }
    }

    fn write(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        match self.with(|machine| machine.write(ino.0, offset, data)) {
            Ok(count) => reply.written(count),
            Err(error) => reply.error(error),
        }
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        reply.ok();
    }

    fn fsync(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        self.sync(ino.0, reply);
    }

    fn fsyncdir(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        self.sync(ino.0, reply);
    }

    fn readdir(&self, _: &Request, ino: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        let names = self.with(|machine| {
            let names = &machine.disk.directory(ino.0).ok_or(Errno::ENOTDIR)?.names;
            let kind_of = |inode: u64| {
                let found = machine.disk.inode(inode);
                found.map_or(FileType::RegularFile, |found| kind(&found.attributes()))
            };
            let entries = names.iter().map(|(name, inode)| (*inode, kind_of(*inode), name.clone()));
            Ok(entries.collect::<Vec<_>>())
        });
        let names = match names {
            Ok(names) => names,
            Err(error) => return reply.error(error),
        };
        let own = [".", ".."].map(|name| (ROOT, FileType::Directory, name.into()));
        // a name's place is its inode: removing others does not move it
        let mut names: Vec<_> = own.into_iter().chain(names).collect();
        names.sort_by_key(|(inode, ..)| *inode);
        for (inode, kind, name) in names {
            let at = if name == "." { 1 } else { inode + 1 };
            if at > offset && reply.add(INodeNo(inode), at, kind, name) {
                break;
            }
        }
        reply.ok();
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        let plenty = 1 << 24;
        reply.statfs(plenty, plenty, plenty, plenty, plenty, BLOCK as u32, 255, BLOCK as u32);
    }
}
