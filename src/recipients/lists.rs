//! What names others: aliases, `:include:` files, `.forward` files.

use super::expand::{AliasExpansion, Member};
use crate::db::{split_list, unquote};
use crate::envelope::{ControllingUser, RecipientFlags, RecipientState};
use crate::keeper::{ListOwner, Listing, ListingError};
use crate::logging::Priority;
use crate::rewrite::Address;
use crate::schema::{EnhancedStatus, Outcome, Reply};

impl AliasExpansion<'_, '_> {
    pub(super) async fn alias(&mut self, index: usize, level: usize, address: &Address, value: &[u8]) {
        let text = [b"alias ", &address.user[..], b" => ", value].concat();
        self.log(10, Priority::Info, &text);
        self.envelope.recipients[index].state = RecipientState::Expanded;
        self.owner(index, address).await;
        self.push_members(index, level, value);
    }

    /// `owner-NAME`: its value if that is one plain address, else its own name.
    async fn owner(&mut self, index: usize, address: &Address) {
        let user = address.user.to_ascii_lowercase();
        let name = match user.starts_with(b"owner-") {
            true => b"owner-owner".to_vec(),
            false => [&b"owner-"[..], &user].concat(),
        };
        if let Outcome::Done(Some(value)) = self.expander.keeper.alias(&name).await {
            let plain = !value.iter().any(|byte| b",:/|\"".contains(byte));
            self.owners.insert(index, if plain { value } else { name });
        }
    }

    /// Lines in order, members of a line last first.
    fn push_members(&mut self, parent: usize, level: usize, text: &[u8]) {
        for line in text.split(|byte| *byte == b'\n').rev() {
            for member in split_list(line) {
                self.members.push(Member { text: member, parent, level: level + 1 });
            }
        }
    }

    pub(super) async fn include(&mut self, index: usize, level: usize, address: &Address) {
        let user = unquote(&address.user);
        let path = user.strip_prefix(b":include:").unwrap_or(&user).trim_ascii().to_vec();
        let control = self.chain(index).find_map(|index| self.envelope.recipients[index].control.clone());
        let named_by = control.map(|control| control.user);
        match self.expander.keeper.include(&path, named_by).await {
            Ok(listing) => {
                self.listed(index, level, listing);
            }
            Err(ListingError::Later(why)) => {
                let text = [b"Cannot open ", &path[..], b": ", why.as_bytes()].concat();
                self.later(index, Some(&Reply::new(451, Some(EnhancedStatus(4, 2, 4)), text)));
            }
            Err(why) => {
                let why = match why {
                    ListingError::Refused(why) => why,
                    _ => String::from("No such file or directory"),
                };
                let text = [b"Cannot open ", &path[..], b": ", why.as_bytes()].concat();
                self.fail(index, vec![Reply::new(550, Some(EnhancedStatus(5, 2, 4)), text)]);
            }
        }
    }

    /// The members of a list that was read; how many there are.
    fn listed(&mut self, index: usize, level: usize, listing: Listing) -> usize {
        let recipient = &mut self.envelope.recipients[index];
        if !listing.owner.user.is_empty() {
            let alias = recipient.text.clone();
            let ListOwner { user, ids } = listing.owner;
            recipient.control = Some(ControllingUser { user, ids, alias });
        }
        recipient.state = RecipientState::Expanded;
        self.shells.insert(index, listing.shell);
        let before = self.members.len();
        self.push_members(index, level, &listing.text);
        self.members.len() - before
    }

    pub(super) async fn forward(&mut self, index: usize, level: usize) {
        let recipient = &self.envelope.recipients[index];
        let quoted = recipient.flags.contains(RecipientFlags::NO_ALIAS);
        let Some(address) = recipient.address.clone() else { return };
        if quoted || !matches!(recipient.state, RecipientState::New) {
            return;
        }
        let detail = address.host.clone().unwrap_or_default();
        match self.expander.keeper.forward(&address.user, &detail).await {
            Ok(listing) => {
                let text = [b"forward ", &listing.path[..], b" => ", listing.text.trim_ascii()].concat();
                match self.listed(index, level, listing) {
                    // an empty file forwards nothing
                    0 => self.envelope.recipients[index].state = RecipientState::New,
                    _ => self.log(10, Priority::Info, &text),
                }
            }
            Err(ListingError::Absent) => {}
            Err(ListingError::Refused(why)) => self.log(10, Priority::Warning, why.as_bytes()),
            Err(ListingError::Later(why)) => {
                self.log(2, Priority::Error, format!("forward: transient error: {why}").as_bytes());
                let text = "transient .forward open error: message queued";
                self.later(index, Some(&Reply::new(451, Some(EnhancedStatus(4, 3, 0)), text)));
            }
        }
    }
}
