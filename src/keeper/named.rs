//! Was this file or program really named by an alias, a list or that user's own `.forward`?
//!
//! The front says so, but the keeper reads for itself: everything that aliases and the lists they
//! include name, kept until one of those files changes, and a user's `.forward` at each delivery.

use super::aliases::{Signature, signature};
use super::lists;
use super::server::KeeperService;
use crate::db::{split_list, unquote};
use crate::sys::accounts;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

/// Lists within lists that are followed.
const MAX_DEPTH: usize = 10;

/// What has been found so far.
#[derive(Default)]
pub(super) struct Named {
    known: Mutex<Option<Arc<Known>>>,
}

/// Everything that aliases name, directly and through lists.
#[derive(Default)]
struct Known {
    aliases: Vec<Option<Signature>>,
    lists: Vec<(Vec<u8>, Option<Signature>)>,
    /// File or program → users on whose behalf it is named; the empty name is the DefaultUser.
    targets: HashMap<Vec<u8>, HashSet<Vec<u8>>>,
}

fn stat(path: &[u8]) -> Option<Signature> {
    Some(signature(&std::fs::metadata(accounts::path(path)).ok()?))
}

/// A file or program as it is compared: without quotes around it and without the bar.
fn plain(text: &[u8]) -> Vec<u8> {
    let text = unquote(text);
    text.strip_prefix(b"|").unwrap_or(&text).trim_ascii().to_vec()
}

impl Known {
    /// Notes what one list of `user` names; the name is empty for the DefaultUser.
    fn gather(&mut self, service: &KeeperService, text: &[u8], user: &[u8], depth: usize) {
        for part in split_list(text) {
            let part = unquote(&part);
            if matches!(part.first(), Some(b'|' | b'/')) {
                self.targets.entry(plain(&part)).or_default().insert(user.to_vec());
            } else if let Some(path) = part.strip_prefix(b":include:")
                && depth < MAX_DEPTH
            {
                let path = path.trim_ascii();
                self.lists.push((path.to_vec(), stat(path)));
                let named_by = (!user.is_empty()).then_some(user);
                if let Ok(listing) = lists::include(&service.policy, path, named_by)
                    && listing.safe
                {
                    self.gather(service, &listing.text, &listing.owner.user, depth + 1);
                }
            }
        }
    }

    fn is_current(&self, aliases: &[Option<Signature>]) -> bool {
        self.aliases == aliases && self.lists.iter().all(|(path, then)| stat(path) == *then)
    }

    fn holds(&self, target: &[u8], user: &[u8]) -> bool {
        self.targets.get(target).is_some_and(|users| users.contains(user))
    }
}

impl Named {
    /// By an alias, or by a list that an alias includes.
    fn by_alias(&self, service: &KeeperService, target: &[u8], user: &[u8]) -> Result<bool, String> {
        let signatures = service.aliases.signatures();
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known
            && known.is_current(&signatures)
        {
            return Ok(known.holds(target, user));
        }
        let mut known = Known { aliases: signatures, ..Known::default() };
        for value in service.aliases.values()? {
            known.gather(service, &value, b"", 0);
        }
        let known = Arc::new(known);
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known.clone());
        Ok(known.holds(target, user))
    }

    /// By the user's own `.forward`, or by a list it includes. With a detail in the name of the file
    /// every file of ForwardPath that can apply is tried.
    fn by_forward(service: &KeeperService, target: &[u8], user: &[u8], detail: &[u8]) -> bool {
        let listing = lists::forward(&service.config, &service.policy, user, detail);
        let Ok(listing) = listing else { return false };
        let mut known = Known::default();
        known.gather(service, &listing.text, &listing.owner.user, 0);
        known.holds(target, user)
    }

    /// The answer; an error means that the files cannot be read just now.
    pub(super) fn is_named(
        &self,
        service: &KeeperService,
        target: &[u8],
        named_by: Option<&[u8]>,
        detail: &[u8],
    ) -> Result<bool, String> {
        let target = plain(target);
        let owned = named_by.filter(|user| !user.is_empty() && *user != &service.policy.default_name[..]);
        match owned {
            None => self.by_alias(service, &target, b""),
            Some(user) => Ok(Self::by_forward(service, &target, user, detail)
                || (!detail.is_empty() && Self::by_forward(service, &target, user, b""))
                || self.by_alias(service, &target, user)?),
        }
    }
}
