//! Who has been named already: found by mailer, host and user, so that a list of ten thousand members costs ten
//! thousand questions.

use crate::config::Config;
use crate::envelope::{Recipient, RecipientFlags, RecipientState, is_named_already, is_same_recipient};
use crate::rewrite::Address;
use std::collections::HashMap;

/// The recipients of an envelope, by address. Indices that do not fit any more are passed over.
#[derive(Debug, Default)]
pub(super) struct KnownRecipients(HashMap<Vec<u8>, Vec<usize>>);

/// Addresses that may be the same have the same key, whatever case means to their mailer.
fn key(address: &Address) -> Vec<u8> {
    let host = address.host.as_deref().unwrap_or_default();
    let mut key = [&address.user[..], b"\0", host].concat().to_ascii_lowercase();
    key.extend(address.mailer.0.to_be_bytes());
    key
}

/// Did this address stand for the other one, too, before ruleset 5 put another in its place? `other` has been found by it.
fn was_named_so(other: &Recipient, one: &Recipient) -> bool {
    let user = one.address.as_ref().map(|address| &address.user);
    other.flags.contains(RecipientFlags::REPLACED) && other.user_before.as_ref() == user && user.is_some()
}

impl KnownRecipients {
    /// The recipient with this index has got this address.
    pub(super) fn add(&mut self, index: usize, recipient: &Recipient) {
        if let Some(address) = &recipient.address {
            let same = self.0.entry(key(address)).or_default();
            if same.last() != Some(&index) {
                same.push(index);
            }
        }
    }

    fn same<'a>(
        &self,
        recipients: &'a [Recipient],
        one: &Recipient,
    ) -> impl Iterator<Item = (usize, &'a Recipient)> {
        let indices = one.address.as_ref().and_then(|address| self.0.get(&key(address)));
        indices.into_iter().flatten().filter_map(|index| Some((*index, recipients.get(*index)?)))
    }

    /// The one that says the same already, if there is one. A list that was read is not read again.
    pub(super) fn find(&self, config: &Config, recipients: &[Recipient], one: &Recipient) -> Option<usize> {
        let counts = |other: &Recipient| {
            !matches!(other.state, RecipientState::Duplicate | RecipientState::Removed)
                && (is_named_already(config, other, one) || was_named_so(other, one))
        };
        self.same(recipients, one).find(|(_, other)| counts(other)).map(|(index, _)| index)
    }

    /// Does one of these get the copy already?
    pub(super) fn gets_copy(&self, config: &Config, recipients: &[Recipient], one: &Recipient) -> bool {
        let counts = |other: &Recipient| {
            matches!(other.state, RecipientState::New | RecipientState::Sent)
                && is_same_recipient(config, other, one)
        };
        self.same(recipients, one).any(|(_, other)| counts(other))
    }
}
