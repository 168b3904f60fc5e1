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

/// User id, group id and supplementary groups.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
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
        let groups = getgroups().unwrap_or_default();
        Self {
            uid: geteuid().as_raw(),
            gid: getegid().as_raw(),
            groups: groups.into_iter().map(|gid| gid.as_raw()).collect(),
        }
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

    /// Becomes this identity for good, in the whole process, and makes sure of it.
    ///
    /// # Errors
    /// When this process may not become that identity, or could still come back.
    pub fn drop_for_good(&self) -> io::Result<()> {
        let groups = geteuid().is_root().then_some(self.groups.as_slice());
        ffi::drop_for_good(self.uid, self.gid, groups)?;
        let (users, grouped) = (getresuid()?, getresgid()?);
        let uids = [users.real, users.effective, users.saved].map(|uid| uid.as_raw());
        let gids = [grouped.real, grouped.effective, grouped.saved].map(|gid| gid.as_raw());
        match uids == [self.uid; 3] && gids == [self.gid; 3] {
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

/// Does this process have rights that its caller has not (set-user-id or set-group-id start)?
pub fn is_privileged_start() -> bool {
    real_uid() != effective_uid() || real_gid() != effective_gid()
}

/// Gives up a borrowed group (set-group-id start) and user for good: back to who called.
///
/// # Errors
/// When the borrowed rights cannot be given up.
pub fn drop_borrowed() -> io::Result<()> {
    let (uid, gid) = (real_uid(), real_gid());
    let saved = getresgid()?.saved.as_raw() != gid || getresuid()?.saved.as_raw() != uid;
    if !is_privileged_start() && !saved {
        return Ok(());
    }
    Ok(ffi::drop_for_good(uid, gid, None)?)
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
