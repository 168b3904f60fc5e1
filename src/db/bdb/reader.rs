//! The open database that look-ups share.

use super::access::{Access, Reading};
use super::format::Kind;
use super::{btree, hash};
use crate::sys::clock;
use crate::sys::opener::{FileOpener, OwnRights};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

/// How often a file may change under one look-up before it is given up.
const ATTEMPTS: usize = 8;

/// Where a quick answer is wanted, a rebuilt file is noticed after this many milliseconds at the latest.
const UNCHECKED: u64 = 100;

/// An open database. Look-ups take `&self`; a file that is rewritten or replaced is read anew.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    opener: Arc<dyn FileOpener>,
    wanted: Option<Kind>,
    access: RwLock<Access>,
    /// When the file was last seen to be the one that is open, in milliseconds.
    checked: AtomicU64,
}

impl Reader {
    /// Opens a file; with a kind given, another kind is an error. `WouldBlock` means that somebody
    /// is rewriting it now (this goes for all calls).
    ///
    /// # Errors
    /// When it is no such file, is damaged or locked.
    pub fn open(path: &Path, wanted: Option<Kind>) -> io::Result<Self> {
        Self::open_by(Arc::new(OwnRights), path, wanted)
    }

    /// The same where somebody else may have to open the file, now and whenever it is rewritten.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_by(opener: Arc<dyn FileOpener>, path: &Path, wanted: Option<Kind>) -> io::Result<Self> {
        let access = RwLock::new(open_as(&*opener, path, wanted)?);
        Ok(Self { path: path.to_owned(), opener, wanted, access, checked: AtomicU64::new(0) })
    }

    /// What kind of file it is.
    pub fn kind(&self) -> Kind {
        self.access().meta.kind
    }

    /// The first value of a key, in the file as it is now.
    ///
    /// # Errors
    /// When the file is damaged, locked or cannot be read.
    pub fn get(&self, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
        let mut value = Vec::new();
        Ok(self.find(key, &mut value, true)?.then_some(value))
    }

    /// Puts the first value of a key behind what `value` holds; `false` if there is none. A page that
    /// has been read before costs no system call; a rebuilt file is noticed a tenth of a second later.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn get_quickly(&self, key: &[u8], value: &mut Vec<u8>) -> io::Result<bool> {
        self.find(key, value, false)
    }

    fn find(&self, key: &[u8], value: &mut Vec<u8>, check: bool) -> io::Result<bool> {
        let start = value.len();
        let now = clock::coarse_millis();
        let due = check || now.wrapping_sub(self.checked.load(Ordering::Relaxed)) >= UNCHECKED;
        let mut stale = due && !self.access().is_current(&self.path);
        if due {
            self.checked.store(now, Ordering::Relaxed);
        }
        for _ in 0..ATTEMPTS {
            if stale {
                self.reopen()?;
            }
            let access = self.access();
            value.truncate(start);
            match get(&mut access.reading(), key, value) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => stale = true,
                answer => return answer,
            }
        }
        Err(io::ErrorKind::WouldBlock.into())
    }

    fn reopen(&self) -> io::Result<()> {
        // opened outside of the lock: the others look on in what was there
        let fresh = open_as(&*self.opener, &self.path, self.wanted)?;
        *self.access.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// Calls `each` with every pair in file order until it says `false`.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn for_each(&self, each: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> io::Result<()> {
        let access = of_kind(Access::open_for_walk(self.opener.open(&self.path)?)?, self.wanted)?;
        let mut each = |key: &[u8], value: &[u8]| match each(key, value) {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        };
        let mut reading: Reading<'_> = access.reading();
        match access.meta.kind {
            Kind::Hash => hash::for_each(&mut reading, &mut each),
            Kind::Btree => btree::for_each(&mut reading, &mut each),
        }
    }

    fn access(&self) -> RwLockReadGuard<'_, Access> {
        // a panic elsewhere leaves at worst a cache that is not full
        self.access.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts the first value of a key behind what `value` holds; `false` if there is none.
fn get(reading: &mut Reading<'_>, key: &[u8], value: &mut Vec<u8>) -> io::Result<bool> {
    let kind = reading.meta().kind;
    let found = match kind {
        Kind::Hash => hash::find(reading, key)?,
        Kind::Btree => btree::find(reading, key)?,
    };
    let Some((page, index)) = found else { return Ok(false) };
    match kind {
        Kind::Hash => hash::first_value(reading, &page, index, value)?,
        Kind::Btree => btree::first_value(reading, &page, index, value)?,
    }
    Ok(true)
}

fn open_as(opener: &dyn FileOpener, path: &Path, wanted: Option<Kind>) -> io::Result<Access> {
    of_kind(Access::open(opener.open(path)?)?, wanted)
}

fn of_kind(access: Access, wanted: Option<Kind>) -> io::Result<Access> {
    match wanted {
        Some(kind) if kind != access.meta.kind => Err(io::ErrorKind::InvalidInput.into()),
        _ => Ok(access),
    }
}
