//! Pages of one open file: read once, kept in a small cache, never older than the file.
//!
//! A file may be rewritten in place (by sendmail's makemap, under an exclusive lock) or replaced (by
//! ours). So pages are read under a shared lock only, and what was read is dropped as soon as
//! the file's identity, size or time of change differ.

use super::format::{
    BTREE_MAGIC, HASH_MAGIC, Kind, META_CHECKSUM, META_PARTITIONED, OLDEST_READABLE, Page, VERSION, at,
    damaged,
};
use std::fs::{File, Metadata, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Slots of the cache: 4 MiB at the usual page size.
const CACHED_PAGES: usize = 1024;

/// A change may hide behind the file system's clock for this long.
const RACY: Duration = Duration::from_millis(50);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    seconds: i64,
    nanoseconds: i64,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            seconds: metadata.mtime(),
            nanoseconds: metadata.mtime_nsec(),
        }
    }
}

/// The first page's facts.
#[derive(Clone, Debug)]
pub(super) struct Meta {
    pub kind: Kind,
    pub page_size: usize,
    pub last_page: u32,
    pub swapped: bool,
    pub page: Arc<Page>,
}

/// One open file and its cached pages.
#[derive(Debug)]
pub(super) struct Access {
    file: File,
    stamp: Stamp,
    /// The file changed so shortly before it was read that it may have changed again unseen.
    racy: bool,
    locked: bool,
    pub meta: Meta,
    cache: Vec<Option<(u32, Arc<Page>)>>,
}

/// The file changed while it was read: open it again.
pub(super) fn changed() -> io::Error {
    io::Error::new(io::ErrorKind::Interrupted, "the database changed while it was read")
}

impl Access {
    /// Opens and reads the first page. `WouldBlock` while somebody rewrites the file.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        lock(&file)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        let stamp = Stamp::of(&metadata);
        let racy = is_racy(&metadata);
        let meta = read_meta(&file, stamp.size)?;
        file.unlock()?;
        Ok(Self { file, stamp, racy, locked: false, meta, cache: Vec::new() })
    }

    /// Is the file at `path` still the one that was read? (If it is gone, the open one serves on.)
    pub fn is_current(&self, path: &Path) -> bool {
        match std::fs::metadata(path) {
            Ok(metadata) => Stamp::of(&metadata) == self.stamp && !self.racy,
            Err(_) => true,
        }
    }

    /// A page, from the cache or the file.
    pub fn page(&mut self, number: u32) -> io::Result<Arc<Page>> {
        if number == 0 || number > self.meta.last_page {
            return Err(damaged("page number"));
        }
        let slot = number as usize % CACHED_PAGES;
        if let Some(Some((cached, page))) = self.cache.get(slot)
            && *cached == number
        {
            return Ok(Arc::clone(page));
        }
        self.lock_unchanged()?;
        let mut bytes = vec![0; self.meta.page_size].into_boxed_slice();
        self.file.read_exact_at(&mut bytes, u64::from(number) * self.meta.page_size as u64)?;
        let page = Arc::new(Page { bytes, swapped: self.meta.swapped });
        let own_number = page.u32(at::PGNO)?;
        if own_number != number && (own_number != 0 || page.kind() != 0) {
            return Err(damaged("page in another page's place"));
        }
        if self.cache.len() <= slot {
            self.cache.resize(slot + 1, None);
        }
        self.cache[slot] = Some((number, Arc::clone(&page)));
        Ok(page)
    }

    /// Ends a look-up: gives the lock back.
    pub fn finish(&mut self) {
        if std::mem::take(&mut self.locked) {
            // closing the file would release it, too; nothing else can be done about a failure
            let _ = self.file.unlock();
        }
    }

    fn lock_unchanged(&mut self) -> io::Result<()> {
        if self.locked {
            return Ok(());
        }
        lock(&self.file)?;
        self.locked = true;
        if Stamp::of(&self.file.metadata()?) != self.stamp {
            return Err(changed());
        }
        Ok(())
    }
}

fn is_racy(metadata: &Metadata) -> bool {
    let age = metadata.modified().ok().map(|changed| SystemTime::now().duration_since(changed));
    matches!(age, Some(Ok(age)) if age < RACY)
}

fn lock(file: &File) -> io::Result<()> {
    match file.try_lock_shared() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
        // file systems without locks are read without them
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn read_meta(file: &File, size: u64) -> io::Result<Meta> {
    let mut head = vec![0; 512].into_boxed_slice();
    file.read_exact_at(&mut head, 0).map_err(|_| damaged("too short"))?;
    let mut page = Page { bytes: head, swapped: false };
    let magic = page.u32(at::MAGIC)?;
    page.swapped = magic.swap_bytes() == HASH_MAGIC || magic.swap_bytes() == BTREE_MAGIC;
    let kind = match page.u32(at::MAGIC)? {
        HASH_MAGIC => Kind::Hash,
        BTREE_MAGIC => Kind::Btree,
        _ => return Err(damaged("not a Berkeley DB hash or btree")),
    };
    if !(OLDEST_READABLE..=VERSION).contains(&page.u32(at::VERSION)?) {
        return Err(damaged("unknown version"));
    }
    if page.byte(at::ENCRYPTION)? != 0 || page.byte(at::META_FLAGS)? & (META_CHECKSUM | META_PARTITIONED) != 0
    {
        return Err(damaged("encrypted, checksummed or partitioned"));
    }
    let page_size = page.u32(at::PAGE_SIZE)? as usize;
    if !page_size.is_power_of_two() || !(512..=65536).contains(&page_size) {
        return Err(damaged("page size"));
    }
    let pages = size / page_size as u64;
    let last_page = page.u32(at::LAST_PGNO)?.min(u32::try_from(pages.saturating_sub(1)).unwrap_or(u32::MAX));
    Ok(Meta { kind, page_size, last_page, swapped: page.swapped, page: Arc::new(page) })
}
