//! Pages of one open file: read once, kept in memory, never older than the file.
//!
//! A file may be rewritten in place (by sendmail's makemap, under an exclusive lock) or replaced (by
//! ours). So pages are read under a shared lock only, and what was read is dropped as soon as
//! the file's identity, size or time of change differ. Sessions share an [`Access`]; each look-up has a
//! [`Reading`] of its own.

use super::format::{
    BTREE_MAGIC, HASH_MAGIC, Kind, META_CHECKSUM, META_PARTITIONED, OLDEST_READABLE, Page, VERSION, at,
    damaged, page_type,
};
use super::hash_page::Buckets;
use super::hints::Hints;
use super::{btree_page, hash_page};
use std::fs::{File, Metadata, TryLockError};
use std::io;
use std::ops::Deref;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

/// Files up to this many bytes may end up in memory as a whole; of larger ones, this many bytes.
const CACHED_BYTES: usize = 128 << 20;

/// The same for a walk.
const WALK_BYTES: usize = 1 << 20;

/// How often a look-up or a walk may come by each page of a file, on average: long keys are read once
/// for each step of a search.
const MAX_VISITS: u64 = 40;

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
#[derive(Debug)]
pub(super) struct Meta {
    pub kind: Kind,
    pub page_size: usize,
    pub last_page: u32,
    pub swapped: bool,
    /// Of a hash.
    pub buckets: Buckets,
    /// Of a btree.
    pub root: u32,
}

/// One open file and its cached pages.
#[derive(Debug)]
pub(super) struct Access {
    file: File,
    stamp: Stamp,
    /// The file changed so shortly before it was read that it may have changed again unseen.
    racy: bool,
    /// How many look-ups hold the lock, which belongs to the open file.
    holders: Mutex<u32>,
    pub meta: Meta,
    cache: Cache,
    hints: Hints,
    /// Each page is asked for once.
    for_walk: bool,
}

/// The page that was read last of those that share a place, and its number.
type CachedPage = Option<(u32, Arc<Page>)>;

/// Pages that have been read.
#[derive(Debug)]
enum Cache {
    /// A place for every page: what is there stays there, and nobody waits for anybody.
    Whole(Box<[OnceLock<Page>]>),
    /// Fewer places than pages: a page's place is its number modulo their count.
    Slots(Box<[RwLock<CachedPage>]>),
}

impl Cache {
    fn new(meta: &Meta, most: usize) -> Self {
        let pages = meta.last_page as usize + 1;
        let places = most / meta.page_size;
        if pages <= places {
            return Self::Whole((0..pages).map(|_| OnceLock::new()).collect());
        }
        Self::Slots((0..places).map(|_| RwLock::default()).collect())
    }
}

/// A page in the cache.
pub(super) enum PageRef<'a> {
    Kept(&'a Page),
    Shared(Arc<Page>),
}

impl Deref for PageRef<'_> {
    type Target = Page;
    fn deref(&self) -> &Page {
        match self {
            Self::Kept(page) => page,
            Self::Shared(page) => page,
        }
    }
}

/// One look-up or one walk over a file.
pub(super) struct Reading<'a> {
    access: &'a Access,
    locked: bool,
    /// Pages that it may still ask for: a sound file needs far fewer.
    left: u64,
}

/// The file changed while it was read: open it again.
pub(super) fn changed() -> io::Error {
    io::Error::new(io::ErrorKind::Interrupted, "the database changed while it was read")
}

impl Access {
    /// Reads the first page of an open file. `WouldBlock` while somebody rewrites the file.
    ///
    /// # Errors
    /// When it is no such file, is damaged or locked.
    pub fn open(file: File) -> io::Result<Self> {
        Self::with_cache(file, CACHED_BYTES)
    }

    /// As [`Self::open`], for one walk over all pages, which asks for most of them once.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_for_walk(file: File) -> io::Result<Self> {
        Self::with_cache(file, WALK_BYTES)
    }

    fn with_cache(file: File, most: usize) -> io::Result<Self> {
        lock(&file)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(nix::errno::Errno::EISDIR.into());
        }
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        let stamp = Stamp::of(&metadata);
        let racy = is_racy(&metadata);
        let meta = read_meta(&file, stamp.size)?;
        file.unlock()?;
        let cache = Cache::new(&meta, most);
        let for_walk = most == WALK_BYTES;
        let hints = Hints::new(if for_walk || meta.kind == Kind::Hash { 0 } else { stamp.size });
        Ok(Self { file, stamp, racy, holders: Mutex::new(0), meta, cache, hints, for_walk })
    }

    /// Is the file at `path` still the one that was read? (If it is gone, the open one serves on.)
    pub fn is_current(&self, path: &Path) -> bool {
        match std::fs::metadata(path) {
            Ok(metadata) => Stamp::of(&metadata) == self.stamp && !self.racy,
            Err(_) => true,
        }
    }

    /// Begins a look-up; the lock is taken when a page must be read, and given back with it.
    pub fn reading(&self) -> Reading<'_> {
        let left = MAX_VISITS * (u64::from(self.meta.last_page) + 25);
        Reading { access: self, locked: false, left }
    }
}

impl<'a> Reading<'a> {
    pub fn meta(&self) -> &'a Meta {
        &self.access.meta
    }

    pub fn hints(&self) -> &'a Hints {
        &self.access.hints
    }

    /// A page, from the cache or the file.
    ///
    /// # Errors
    /// When the page is damaged, or the file was replaced meanwhile.
    pub fn page(&mut self, number: u32) -> io::Result<PageRef<'a>> {
        self.left = self.left.checked_sub(1).ok_or_else(|| damaged("circle of pages"))?;
        let access = self.access;
        if number == 0 || number > access.meta.last_page {
            return Err(damaged("page number"));
        }
        match &access.cache {
            Cache::Whole(pages) => {
                let place = pages.get(number as usize).ok_or_else(|| damaged("page number"))?;
                if let Some(page) = place.get() {
                    return Ok(PageRef::Kept(page));
                }
                let page = self.read(number)?;
                Ok(PageRef::Kept(place.get_or_init(|| page)))
            }
            Cache::Slots(places) => {
                let place = &places[number as usize % places.len()];
                // a panic elsewhere leaves the place as it was
                if let Some((kept, page)) = &*place.read().unwrap_or_else(PoisonError::into_inner)
                    && *kept == number
                {
                    return Ok(PageRef::Shared(Arc::clone(page)));
                }
                let page = Arc::new(self.read(number)?);
                *place.write().unwrap_or_else(PoisonError::into_inner) = Some((number, Arc::clone(&page)));
                Ok(PageRef::Shared(page))
            }
        }
    }

    fn read(&mut self, number: u32) -> io::Result<Page> {
        self.lock_unchanged()?;
        let meta = &self.access.meta;
        let mut bytes = vec![0; meta.page_size].into_boxed_slice();
        self.access.file.read_exact_at(&mut bytes, u64::from(number) * meta.page_size as u64)?;
        let mut page = Page::new(number, bytes, meta.swapped);
        let own_number = page.u32(at::PGNO)?;
        if own_number != number && (own_number != 0 || page.kind() != 0) {
            return Err(damaged("page in another page's place"));
        }
        if !self.access.for_walk {
            page.gather();
            page.tags = match meta.kind {
                Kind::Hash => hash_page::tags(&page),
                Kind::Btree => btree_page::tags(&page, &self.access.hints),
            };
            if meta.kind == Kind::Btree {
                page.heads = btree_page::heads(&page);
            }
        }
        Ok(page)
    }

    fn lock_unchanged(&mut self) -> io::Result<()> {
        if self.locked {
            return Ok(());
        }
        let mut holders = self.access.holders.lock().unwrap_or_else(PoisonError::into_inner);
        if *holders == 0 {
            lock(&self.access.file)?;
        }
        *holders += 1;
        self.locked = true;
        drop(holders);
        if Stamp::of(&self.access.file.metadata()?) != self.access.stamp {
            return Err(changed());
        }
        Ok(())
    }
}

/// The bytes of a chain of overflow pages.
pub(super) fn chain(access: &mut Reading<'_>, first: u32, length: u32) -> io::Result<Vec<u8>> {
    let length = length as usize;
    let mut bytes = Vec::new();
    let mut number = first;
    let mut left = access.meta().last_page;
    while number != 0 && bytes.len() < length {
        let page = access.page(number)?;
        if page.kind() != page_type::OVERFLOW {
            return Err(damaged("overflow page type"));
        }
        bytes.extend_from_slice(page.slice(at::ITEMS, usize::from(page.u16(at::FREE_OFFSET)?))?);
        number = page.next()?;
        left = left.checked_sub(1).ok_or_else(|| damaged("circle of pages"))?;
    }
    if bytes.len() < length {
        return Err(damaged("overflow chain too short"));
    }
    bytes.truncate(length);
    Ok(bytes)
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        if self.locked {
            let mut holders = self.access.holders.lock().unwrap_or_else(PoisonError::into_inner);
            *holders = holders.saturating_sub(1);
            if *holders == 0 {
                // closing the file would release it, too; nothing else can be done about a failure
                let _ = self.access.file.unlock();
            }
        }
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
    let mut page = Page::new(0, head, false);
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
    let (buckets, root) = (Buckets::of(&page)?, page.u32(at::ROOT)?);
    Ok(Meta { kind, page_size, last_page, swapped: page.swapped, buckets, root })
}
