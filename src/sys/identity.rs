//! Whose rights a piece of work has.
//!
//! [`Identity::assume`] changes the effective ids of the calling thread only, and gives a guard. When
//! the guard is dropped the old ids come back; if they cannot, the process aborts: a keeper thread
//! that went on with the wrong ids would deliver under somebody else's name.

use super::{accounts, ffi};
use crate::schema::UserIds;
use nix::unistd::{getegid, geteuid, getgroups, getresgid, getresuid, getuid};
use serde::{Deserialize, Serialize};
use std::io;
use std::marker::PhantomData;
use std::sync::OnceLock;

/// User id, group id and supplementary groups.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Identity {
    /// User id.
    pub uid: u32,
    /// Primary group id.
    pub gid: u32,
    /// All groups.
    pub groups: Vec<u32>,
}

impl Identity {
    /// The ids of an account, its groups looked up now.
    ///
    /// # Errors
    /// When name services fail.
    pub fn of(user: &accounts::User) -> io::Result<Self> {
        Ok(Self { uid: user.uid, gid: user.gid, groups: accounts::groups_of(&user.name, user.gid)? })
    }

    /// Ids without an account: one group only.
    pub fn bare(ids: UserIds) -> Self {
        let UserIds { uid, gid } = ids;
        Self { uid, gid, groups: vec![gid] }
    }

    /// What this thread is now.
    pub fn current() -> Self {
        // more groups than there is room for: the slower way
        let groups = ffi::thread_groups().unwrap_or_else(|_| {
            getgroups().unwrap_or_default().into_iter().map(|gid| gid.as_raw()).collect()
        });
        Self { uid: geteuid().as_raw(), gid: getegid().as_raw(), groups }
    }

    /// Becomes this identity on the calling thread until the guard is dropped.
    ///
    /// Without root this works for one's own uid only and changes nothing.
    ///
    /// # Errors
    /// When this process may not become that identity.
    pub fn assume(&self) -> io::Result<Guard> {
        let before = Self::current();
        if before.uid != 0 {
            return match self.uid == before.uid {
                true => Ok(Guard { before: None, _thread: PhantomData }),
                false => Err(io::ErrorKind::PermissionDenied.into()),
            };
        }
        let guard = Guard { before: Some(before), _thread: PhantomData };
        ffi::set_thread_groups(&self.groups)?;
        ffi::set_thread_egid(self.gid)?;
        ffi::set_thread_euid(self.uid)?;
        if geteuid().as_raw() != self.uid || getegid().as_raw() != self.gid {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        Ok(guard)
    }

    /// [`Identity::assume`] where that can be: an ordinary user acts as itself.
    ///
    /// # Errors
    /// Those of [`Identity::assume`].
    pub fn assume_if_root(&self) -> io::Result<Option<Guard>> {
        match is_root() {
            true => self.assume().map(Some),
            false => Ok(None),
        }
    }

    /// Becomes this identity for good, in the whole process, and makes sure of it.
    ///
    /// # Errors
    /// When this process may not become that identity, or could still come back.
    pub fn drop_for_good(&self) -> io::Result<()> {
        let groups = geteuid().is_root().then_some(self.groups.as_slice());
        ffi::drop_for_good(self.uid, self.gid, groups)?;
        match ids()? == [[self.uid; 3], [self.gid; 3]] {
            true => Ok(()),
            false => Err(io::ErrorKind::PermissionDenied.into()),
        }
    }
}

/// Gives the old ids back when dropped. Not `Send`: ids belong to the thread.
#[must_use]
#[derive(Debug)]
pub struct Guard {
    before: Option<Identity>,
    _thread: PhantomData<*const ()>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let Some(before) = &self.before else { return };
        let restored = ffi::set_thread_euid(before.uid)
            .and_then(|()| ffi::set_thread_egid(before.gid))
            .and_then(|()| ffi::set_thread_groups(&before.groups));
        if restored.is_err() || geteuid().as_raw() != before.uid {
            std::process::abort();
        }
    }
}

/// Is the effective user root?
pub fn is_root() -> bool {
    geteuid().is_root()
}

/// Did root start the program? A front that has given its rights up still answers for everybody's mail.
static BY_ROOT: OnceLock<bool> = OnceLock::new();

/// Remembers who starts the program, before anything is given up.
pub(super) fn note_start() {
    let _ = BY_ROOT.set(is_root());
}

/// Is what this process does more than its caller's own matter?
pub fn answers_for_others() -> bool {
    is_root() || BY_ROOT.get().is_some_and(|by_root| *by_root)
}

/// The real user id: who called.
pub fn real_uid() -> u32 {
    getuid().as_raw()
}

/// The effective user id.
pub fn effective_uid() -> u32 {
    geteuid().as_raw()
}

/// The real group id.
pub fn real_gid() -> u32 {
    nix::unistd::getgid().as_raw()
}

/// The effective group id: differs from the real one when started set-group-id.
pub fn effective_gid() -> u32 {
    getegid().as_raw()
}

/// Does this process have rights that its caller has not, or could it take them (set-user-id or set-group-id start)?
pub fn is_privileged_start() -> bool {
    !is_own(ids())
}

/// Real, effective and saved ids, of user and group.
fn ids() -> io::Result<[[u32; 3]; 2]> {
    let (user, group) = (getresuid()?, getresgid()?);
    Ok([
        [user.real, user.effective, user.saved].map(|uid| uid.as_raw()),
        [group.real, group.effective, group.saved].map(|gid| gid.as_raw()),
    ])
}

/// Are they the caller's, all of them? Ids that cannot be asked for are not.
fn is_own(ids: io::Result<[[u32; 3]; 2]>) -> bool {
    ids.is_ok_and(|ids| ids.iter().all(|[real, effective, saved]| real == effective && real == saved))
}

/// Puts a borrowed group (set-group-id start) aside: until [`take_group_up`] files are opened with the caller's
/// rights. No thread runs yet.
///
/// # Errors
/// When the group stays in effect.
pub fn put_group_aside() -> io::Result<()> {
    set_group(real_gid())
}

/// Takes the borrowed group up again. No thread runs yet.
///
/// # Errors
/// When it was given up for good meanwhile.
pub fn take_group_up() -> io::Result<()> {
    set_group(getresgid()?.saved.as_raw())
}

fn set_group(gid: u32) -> io::Result<()> {
    if effective_gid() != gid {
        ffi::set_thread_egid(gid)?;
    }
    match effective_gid() == gid {
        true => Ok(()),
        false => Err(io::ErrorKind::PermissionDenied.into()),
    }
}

/// Gives up a borrowed group (set-group-id start) and user for good: back to who called, and makes sure of it.
///
/// # Errors
/// When the borrowed rights cannot be given up, or could still be taken back.
pub fn drop_borrowed() -> io::Result<()> {
    if !is_privileged_start() {
        return Ok(());
    }
    let borrowed = ids()?[1][2];
    ffi::drop_for_good(real_uid(), real_gid(), None)?;
    let comes_back = !is_root() && borrowed != real_gid() && ffi::set_thread_egid(borrowed).is_ok();
    match is_own(ids()) && !comes_back {
        true => Ok(()),
        false => Err(io::ErrorKind::PermissionDenied.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ones_own_identity_is_always_allowed() {
        let me = Identity::current();
        let guard = me.assume().expect("myself");
        assert_eq!(effective_uid(), me.uid);
        drop(guard);
        assert_eq!(Identity::current(), me);
    }

    #[test]
    fn others_only_for_root_and_only_on_this_thread() {
        let other = Identity::bare(UserIds { uid: 65534, gid: 65534 });
        match other.assume() {
            Ok(guard) => {
                assert_eq!(effective_uid(), 65534);
                let elsewhere = std::thread::spawn(effective_uid).join().expect("a thread");
                // a thread inherits the ids of the one that starts it; the main thread keeps its own
                assert_eq!(elsewhere, 65534);
                drop(guard);
                assert_eq!(effective_uid(), 0);
            }
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::PermissionDenied),
        }
    }
}
