//! The open database that look-ups share.

use super::access::Access;
use super::format::Kind;
use super::{btree, hash};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How often a file may change under one look-up before it is given up.
const ATTEMPTS: usize = 8;

/// An open database. Look-ups take `&self`; a file that is rewritten or replaced is read anew.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    wanted: Option<Kind>,
    access: Mutex<Access>,
}

impl Reader {
    /// Opens a file; with a kind given, another kind is an error. `WouldBlock` means that somebody
    /// is rewriting it now (this goes for all calls).
    pub fn open(path: &Path, wanted: Option<Kind>) -> io::Result<Self> {
        let access = open_as(path, wanted)?;
        Ok(Self { path: path.to_owned(), wanted, access: Mutex::new(access) })
    }

    /// What kind of file it is.
    pub fn kind(&self) -> Kind {
        self.lock().meta.kind
    }

    /// The first value of a key.
    pub fn get(&self, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
        self.with_current(|access| match access.meta.kind {
            Kind::Hash => hash::get(access, key),
            Kind::Btree => btree::get(access, key),
        })
    }

    /// Calls `each` with every pair in file order until it says `false`.
    pub fn for_each(&self, each: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> io::Result<()> {
        let mut access = open_as(&self.path, self.wanted)?;
        let mut each = |key: &[u8], value: &[u8]| match each(key, value) {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        };
        let done = match access.meta.kind {
            Kind::Hash => hash::for_each(&mut access, &mut each),
            Kind::Btree => btree::for_each(&mut access, &mut each),
        };
        access.finish();
        done
    }

    fn with_current<T>(&self, mut look: impl FnMut(&mut Access) -> io::Result<T>) -> io::Result<T> {
        let mut access = self.lock();
        let mut stale = !access.is_current(&self.path);
        for _ in 0..ATTEMPTS {
            if stale {
                *access = open_as(&self.path, self.wanted)?;
            }
            let answer = look(&mut access);
            access.finish();
            match answer {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => stale = true,
                answer => return answer,
            }
        }
        Err(io::ErrorKind::WouldBlock.into())
    }

    fn lock(&self) -> MutexGuard<'_, Access> {
        // a panic elsewhere leaves at worst a cache that is not full
        self.access.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open_as(path: &Path, wanted: Option<Kind>) -> io::Result<Access> {
    let access = Access::open(path)?;
    match wanted {
        Some(kind) if kind != access.meta.kind => Err(io::ErrorKind::InvalidInput.into()),
        _ => Ok(access),
    }
}
