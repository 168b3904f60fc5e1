//! What every way into the queue does with an envelope: SMTP, a command line, a report made here.

use super::recipient::{ControllingUser, Recipient, RecipientFlags, RecipientState};
use super::same::{is_named_already, is_same_address};
use super::state::Envelope;
use crate::addr::without_route;
use crate::config::Config;
use crate::schema::Options;
use std::cmp::Reverse;

impl Recipient {
    /// Somebody whom a message of our own is to reach, not resolved yet; told of nothing but failures.
    pub fn named(config: &Config, text: &[u8]) -> Self {
        Self {
            text: text.to_vec(),
            flags: RecipientFlags::PRIMARY | RecipientFlags::FAILURE,
            final_recipient: Some(final_recipient(&without_route(text), &config.expand(b"\x81j"))),
            ..Self::default()
        }
    }

    /// Final-Recipient of one whose queue file does not say it.
    pub fn known_to_queue(&self, host: &[u8]) -> Vec<u8> {
        match &self.named_by {
            None => self.known_as(host),
            Some(alias) if alias.contains(&b'@') => [b"RFC822; ", &alias[..]].concat(),
            Some(alias) => [b"RFC822; ", &alias[..], b"@", host].concat(),
        }
    }

    /// He is told of as what the rules have made of him up to now, whatever stands in his place later.
    pub fn set_final_recipient(&mut self, config: &Config) {
        if self.final_recipient.is_none() {
            self.final_recipient = Some(self.known_as(&config.expand(b"\x81j")));
        }
    }

    /// Final-Recipient of one whom the rules have seen. Who is sent elsewhere is known there by what they made of him; who is
    /// here by what was written, if it has a domain.
    fn known_as(&self, host: &[u8]) -> Vec<u8> {
        let refused = self.refusal.as_ref().map(|refusal| &refusal.user);
        let resolved = self.address.as_ref().map(|address| &address.user);
        let Some(made) = self.user_before.as_ref().or(resolved).or(refused) else {
            return final_recipient(&self.text, host);
        };
        final_recipient_of(made, &self.text, host)
    }
}

/// Final-Recipient of whom the rules made `made` out of `text`.
pub(super) fn final_recipient_of(made: &[u8], text: &[u8], host: &[u8]) -> Vec<u8> {
    let inside = text.strip_prefix(b"<").map(|rest| rest.strip_suffix(b">").unwrap_or(rest));
    match (made.contains(&b'@'), text.contains(&b'@')) {
        (true, _) => [b"RFC822; ", made].concat(),
        (false, true) => [b"RFC822; ", inside.unwrap_or(text)].concat(),
        (false, false) => [b"RFC822; ", made, b"@", host].concat(),
    }
}

impl Envelope {
    /// Adds a recipient whose address is resolved: behind those of the same host, local ones first. One that is there
    /// already stays as it is and is given back.
    pub fn add_recipient(&mut self, config: &Config, mut recipient: Recipient) -> &Recipient {
        let index = self.named_already(config, &recipient).unwrap_or_else(|| {
            recipient.set_final_recipient(config);
            let behind = |known: &Recipient| known.host() > recipient.host();
            let place = self.recipients.iter().position(behind).unwrap_or(self.recipients.len());
            self.recipients.insert(place, recipient);
            place
        });
        &self.recipients[index]
    }

    /// Who is there already and says the same.
    pub fn named_already(&self, config: &Config, recipient: &Recipient) -> Option<usize> {
        let same = |known: &Recipient| {
            !matches!(known.state, RecipientState::Duplicate | RecipientState::Removed)
                && is_named_already(config, known, recipient)
        };
        self.recipients.iter().position(same)
    }

    /// Takes a recipient out, and with it whoever came of its expansion; those know each other by their places, which stay.
    pub fn withdraw(&mut self, index: usize) {
        if self.attempt.expanded.is_none() {
            self.recipients.remove(index);
            return;
        }
        for one in 0..self.recipients.len() {
            if self.chain(one).any(|above| above == index) {
                self.recipients[one].state = RecipientState::Removed;
            }
        }
    }

    /// Adds a recipient behind all others, resolved or not: its turn to be expanded comes after theirs.
    pub fn append_recipient(&mut self, config: &Config, mut recipient: Recipient) {
        recipient.set_final_recipient(config);
        self.recipients.push(recipient);
    }

    /// Recipients whose queue file does not say their Final-Recipient have one from now on.
    pub fn name_recipients(&mut self, config: &Config) {
        let host = config.expand(b"\x81j");
        for recipient in self.recipients.iter_mut().filter(|one| one.final_recipient.is_none()) {
            recipient.final_recipient = Some(recipient.known_to_queue(&host));
        }
    }

    /// The recipients as sendmail's send queue has them: by host; those of one host as they were met. Reports, and runs
    /// of the queue from the second attempt on, and all with FastSplit=0, have them by next hop, those of one by user, the last in
    /// the alphabet first.
    pub fn send_order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.recipients.len()).collect();
        let again = self.attempt.read_back && self.attempt.before.1 > 0;
        let report = self.attempt.is_own_report();
        let sorted = again || report || self.attempt.sorted;
        let user = |one: &'_ Recipient| sorted.then(|| Reverse(one.sort_user().into_owned()));
        order.sort_by_cached_key(|index| {
            let one = &self.recipients[*index];
            let host = match &one.signature {
                Some(signature) if sorted => signature.clone(),
                _ => one.host().to_vec(),
            };
            (host, user(one), one.entered, *index)
        });
        order
    }

    /// MeToo: the sender does not get what he sends to a list, unless he is all that came of somebody whom the message names. He counts
    /// as a recipient all the same. For when everybody is expanded.
    pub fn leave_out_sender(&mut self, config: &Config) {
        let Some(sender) = self.sender.address.as_ref().filter(|_| !config.options.me_too) else { return };
        let is_sender = |one: &Recipient| {
            let counts = !matches!(one.state, RecipientState::Duplicate | RecipientState::Removed);
            counts && one.address.as_ref().is_some_and(|address| is_same_address(config, sender, address))
        };
        let first = self.send_order().into_iter().find(|index| is_sender(&self.recipients[*index]));
        let Some(found) = first.map(|index| &mut self.recipients[index]) else { return };
        if found.state.is_pending() && !found.flags.contains(RecipientFlags::PRIMARY) {
            found.state = RecipientState::Removed;
            found.flags |= RecipientFlags::IS_SENDER;
        }
    }

    /// A recipient and those whose expansion it comes from, nearest first.
    pub fn chain(&self, index: usize) -> impl Iterator<Item = usize> + '_ {
        // a damaged parent index must not make a circle
        let most = self.recipients.len();
        std::iter::successors(Some(index), |index| self.recipients[*index].parent).take(most)
    }

    /// On whose behalf a recipient is delivered to: its own account or command, or the list that it comes from.
    pub fn control(&self, index: usize) -> Option<ControllingUser> {
        self.chain(index).find_map(|above| {
            let control = self.recipients[above].control.clone()?;
            let alias = if above == index { control.alias } else { self.recipients[above].text.clone() };
            Some(ControllingUser { alias, ..control })
        })
    }

    /// Priority from size, class and number of recipients, before the first attempt (Operations Guide, "Queue
    /// priorities"): a lower one is sooner. Those whom an alias replaced, or who are named twice, do not count.
    pub fn set_priority(&mut self, options: &Options) {
        let recipients = self.counted_recipients() as i64;
        self.priority = i64::try_from(self.size).unwrap_or(i64::MAX) - self.class * options.class_factor
            + recipients * options.recipient_factor;
    }

    /// How many recipients there are, without those whom an alias replaced, who are named twice, or whom the rules refuse.
    pub fn counted_recipients(&self) -> usize {
        self.counted_behind(0)
    }

    /// The same, without those who are named by the first so many, and whom these lead to.
    pub fn counted_behind(&self, first: usize) -> usize {
        let counted = |index: &usize| {
            let recipient = &self.recipients[*index];
            let is_sender = recipient.flags.contains(RecipientFlags::IS_SENDER);
            let left_out = recipient.state.is_left_out() && !is_sender;
            !left_out && !recipient.flags.contains(RecipientFlags::UNCOUNTED)
        };
        let behind = |index: &usize| self.chain(*index).all(|above| above >= first);
        (0..self.recipients.len()).filter(counted).filter(|index| first == 0 || behind(index)).count()
    }
}

/// What stands in angle brackets, else the text without comments, the name of a group and its end (RFC 5322, 3.4), and
/// without a route.
pub fn plain_address(text: &[u8]) -> Vec<u8> {
    if let (Some(start), Some(end)) = (memchr::memchr(b'<', text), memchr::memrchr(b'>', text))
        && start < end
    {
        return text[start + 1..end].trim_ascii().to_vec();
    }
    let mut depth = 0usize;
    let mut plain = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            b'(' => depth += 1,
            b')' if depth > 0 => depth -= 1,
            _ if depth == 0 => plain.push(*byte),
            _ => {}
        }
    }
    let plain = plain.trim_ascii();
    let plain = plain.strip_suffix(b";").unwrap_or(plain);
    let group = plain.windows(2).position(|pair| pair == b": ");
    let plain = plain[group.map_or(0, |colon| colon + 2)..].trim_ascii();
    // nor is the way to a mailbox part of it (RFC 5321, appendix C)
    let route = memchr::memrchr(b':', plain).filter(|_| plain.starts_with(b"@"));
    plain[route.map_or(0, |colon| colon + 1)..].to_vec()
}

/// `RFC822; user@host`: the Final-Recipient of RFC 3464, 2.3.2.
pub fn final_recipient(text: &[u8], host: &[u8]) -> Vec<u8> {
    let mut bare = plain_address(text);
    if bare.contains(&b'@') && !text.iter().any(|byte| b"(<;".contains(byte)) {
        // blanks before the comma of a list stay, as sendmail has them
        bare.extend_from_slice(&text[text.trim_ascii_end().len()..]);
    }
    let mut value = [b"RFC822; ", &bare[..]].concat();
    if !bare.contains(&b'@') {
        value.push(b'@');
        value.extend_from_slice(host);
    }
    value
}
