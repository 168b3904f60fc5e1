//! What all workers of the keeper share, and what they may ask of it together.

use super::accounts::Accounts;
use super::aliases::Aliases;
use super::maildir::Maildirs;
use super::maildir_batch::MaildirBatches;
use super::named::{Named, Sought, Sources};
use super::protocol::NamedBy;
use super::settings::KeeperSettings;
use crate::sys::accounts::User;
use crate::sys::identity::Identity;
use std::io;

/// Settings, aliases, and what has been found out so far.
pub(super) struct KeeperService {
    pub(super) settings: KeeperSettings,
    pub(super) accounts: Accounts,
    pub(super) aliases: Aliases,
    pub(super) maildirs: Maildirs,
    pub(super) batches: MaildirBatches,
    named: Named,
}

impl KeeperService {
    pub(super) fn new(settings: KeeperSettings) -> Self {
        let aliases = Aliases::new(&settings.alias_files, settings.blame, settings.alias_wait);
        let (accounts, maildirs, batches, named) = Default::default();
        Self { settings, accounts, aliases, maildirs, batches, named }
    }

    /// The ids of an account that has just been looked up, with its groups (DontInitGroups: the first alone).
    ///
    /// # Errors
    /// When the groups cannot be looked up.
    pub(super) fn identity(&self, user: &User) -> io::Result<Identity> {
        self.accounts.identity(user, self.settings.one_group)
    }

    fn is_named(&self, sought: Sought<'_>, named_by: &NamedBy) -> Result<bool, String> {
        let sources = Sources { settings: &self.settings, aliases: &self.aliases };
        self.named.is_named(sources, sought, named_by)
    }

    /// Does `named_by` name this file or program? An error means that the files cannot be read just now.
    pub(super) fn names_target(&self, target: &[u8], named_by: &NamedBy) -> Result<bool, String> {
        self.is_named(Sought::Target(target.trim_ascii()), named_by)
    }

    /// The same for an `:include:` file.
    pub(super) fn names_list(&self, path: &[u8], named_by: &NamedBy) -> Result<bool, String> {
        self.is_named(Sought::List(path), named_by)
    }
}
