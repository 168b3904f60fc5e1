//! Accounts that were looked up a moment ago: each message asks for the same few again and again.
//!
//! In: login names. Out: what the name services say, from memory for a few seconds and only while the files of accounts
//! are the same. That there is no such account is never remembered: whoever was just added gets his mail.

use super::aliases::signature;
use super::protocol::Signature;
use crate::sys::accounts::{self, User};
use crate::sys::clock;
use crate::sys::identity::Identity;
use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Where accounts are, and what says where they are.
const FILES: [&str; 3] = ["/etc/passwd", "/etc/group", "/etc/nsswitch.conf"];
/// How long an account is believed that another service than the files may have changed, in milliseconds.
const REMEMBERED: u64 = 5000;
/// How long the files are taken to be as they were when they were looked at, in milliseconds.
pub(super) const UNLOOKED: u64 = 100;
/// Accounts that are remembered; beyond that all are forgotten.
const MOST: usize = 10_000;

/// Accounts by login name.
#[derive(Default)]
pub(super) struct Accounts(Mutex<Known>);

#[derive(Default)]
struct Known {
    files: [Option<Signature>; FILES.len()],
    /// When the files were looked at: ten times a second, however many ask.
    looked: u64,
    accounts: HashMap<Vec<u8>, Account>,
}

struct Account {
    since: u64,
    user: User,
    /// Its groups, once they were asked for.
    groups: Option<Vec<u32>>,
}

impl Accounts {
    fn locked(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known, forgotten if the files have changed.
    fn known(&self) -> MutexGuard<'_, Known> {
        let now = clock::coarse_millis();
        let mut known = self.locked();
        if now.saturating_sub(known.looked) < UNLOOKED {
            return known;
        }
        let files = FILES.map(|path| std::fs::metadata(path).ok().map(|about| signature(&about)));
        if known.files != files || known.accounts.len() > MOST {
            *known = Known { files, ..Known::default() };
        }
        known.looked = now;
        known
    }

    /// An account that was asked for just now.
    pub(super) fn remembered(&self, name: &[u8]) -> Option<User> {
        self.known().fresh(name).map(|account| account.user.clone())
    }

    /// An account that somebody else was told of just now.
    pub(super) fn remember(&self, name: &[u8], user: &User) {
        let account = Account { since: clock::coarse_millis(), user: user.clone(), groups: None };
        self.known().accounts.insert(name.to_vec(), account);
    }

    /// The account of a name.
    ///
    /// # Errors
    /// When name services fail.
    pub(super) fn user(&self, name: &[u8]) -> io::Result<Option<User>> {
        if let Some(user) = self.remembered(name) {
            return Ok(Some(user));
        }
        let user = accounts::user(name)?;
        if let Some(user) = &user {
            self.remember(name, user);
        }
        Ok(user)
    }

    /// The ids of an account, with all its groups unless the first is to be the only one. The account has just been looked up, and the files looked at then.
    ///
    /// # Errors
    /// When name services fail.
    pub(super) fn identity(&self, user: &User, one_group: bool) -> io::Result<Identity> {
        if one_group {
            return Ok(Identity::bare(user.ids()));
        }
        let groups = self
            .locked()
            .fresh(&user.name)
            .filter(|known| known.user == *user)
            .and_then(|known| known.groups.clone());
        if let Some(groups) = groups {
            return Ok(Identity { uid: user.uid, gid: user.gid, groups });
        }
        let identity = Identity::of(user)?;
        if let Some(account) = self.locked().fresh(&user.name).filter(|known| known.user == *user) {
            account.groups = Some(identity.groups.clone());
        }
        Ok(identity)
    }
}

impl Known {
    fn fresh(&mut self, name: &[u8]) -> Option<&mut Account> {
        let now = clock::coarse_millis();
        self.accounts.get_mut(name).filter(|account| now - account.since < REMEMBERED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_remembered_and_nobody_is_not() {
        let accounts = Accounts::default();
        assert_eq!(accounts.user(b"no-such-user-here").expect("an answer"), None);
        assert_eq!(accounts.remembered(b"no-such-user-here"), None);
        let root = accounts.user(b"root").expect("an answer").expect("root");
        assert_eq!(accounts.remembered(b"root"), Some(root.clone()));
        let identity = Identity::of(&root).expect("groups");
        assert_eq!(accounts.identity(&root, false).expect("groups"), identity);
        assert_eq!(accounts.identity(&root, false).expect("groups"), identity);
        let alone = Identity::bare(root.ids());
        assert_eq!(accounts.identity(&root, true).expect("the first group"), alone);
    }

    #[test]
    fn what_is_old_or_from_other_files_is_forgotten() {
        let accounts = Accounts::default();
        let joe = User { name: b"joe".to_vec(), uid: 5001, ..User::default() };
        accounts.remember(b"joe", &joe);
        accounts.known().accounts.get_mut(&b"joe"[..]).expect("joe").since -= REMEMBERED;
        assert_eq!(accounts.remembered(b"joe"), None);
        accounts.remember(b"joe", &joe);
        assert_eq!(accounts.remembered(b"joe"), Some(joe));
        {
            let mut known = accounts.known();
            (known.files[0], known.looked) = (None, 0);
        }
        assert_eq!(accounts.remembered(b"joe"), None);
    }
}
