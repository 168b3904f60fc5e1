//! What names others: aliases, `:include:` files, `.forward` files.

use super::expand::{AliasExpansion, ListFacts, Member};
use super::options;
use crate::addr::{MAX_SHOWN, shorten};
use crate::db::{included_file, split_list};
use crate::envelope::{ControllingUser, RecipientFlags, RecipientState};
use crate::keeper::{ListOwner, Listing, ListingError, ListingNote, NamedBy};
use crate::logging::{Priority, log_text};
use crate::rewrite::Address;
use crate::schema::{EnhancedStatus, Outcome, Reply, UserIds, span};
use std::time::Duration;

impl AliasExpansion<'_, '_> {
    pub(super) async fn alias(&mut self, index: usize, level: usize, address: &Address, value: &[u8]) {
        self.log_named(b"alias ", index, value);
        self.tell(index, &[b"... aliased to ", value]);
        let ids = UserIds { uid: options::default_uid(&self.expander.site.config), gid: 0 };
        let recipient = &mut self.envelope.recipients[index];
        recipient.state = RecipientState::Expanded;
        // whoever's list it stands in: what an alias names acts for nobody in particular
        recipient.control = Some(ControllingUser { user: Vec::new(), ids, alias: recipient.text.clone() });
        self.owner(index, address).await;
        self.push_members(index, level, value);
    }

    /// Whom a recipient stands for.
    fn log_named(&self, what: &[u8], index: usize, value: &[u8]) {
        let text =
            [what, &self.envelope.recipients[index].text, b" => ", &log_text(&shorten(value, MAX_SHOWN))];
        self.log(10, Priority::Info, &text.concat());
    }

    /// `owner-NAME`: its value if that is one plain address, else its own name. Of a list of the sender's own no copy is made.
    async fn owner(&mut self, index: usize, address: &Address) {
        let user = address.user.to_ascii_lowercase();
        let name = match user.starts_with(b"owner-") {
            true => b"owner-owner".to_vec(),
            false => [&b"owner-"[..], &user].concat(),
        };
        if let Outcome::Done(Some(value)) = self.expander.alias_value(&name).await {
            let plain = !value.iter().any(|byte| b",:/|\"".contains(byte));
            let owner = if plain { value } else { name };
            if owner != self.envelope.sender.text {
                self.owners.insert(index, owner);
            }
            self.envelope.recipients[index].flags |= RecipientFlags::OWNED;
            let line =
                [b"Message delivered to mailing list ", &self.envelope.recipients[index].text[..]].concat();
            self.transcript(&line);
        }
    }

    /// A step, with the line of the file behind which the recipient came to light.
    fn tell(&self, index: usize, what: &[&[u8]]) {
        let console = &self.envelope.attempt.console;
        if console.steps {
            let place = self.chain(index).find_map(|above| self.place(above)).unwrap_or_default();
            console.step(&[&place, &self.envelope.recipients[index].text, &what.concat()]);
        }
    }

    /// A line of a file is come to.
    pub(super) fn tell_line(&self, list: usize, number: usize, line: &[u8]) {
        let Some(facts) = self.lists.get(&list) else { return };
        let verb: &[u8] = if facts.forward { b"forwarding to " } else { b"sending to " };
        let place = format!(": line {number}: ");
        self.envelope.attempt.console.step(&[&facts.path, place.as_bytes(), verb, line]);
        if facts.forward {
            self.log_named(b"forward ", list, line);
        }
    }

    /// Lines in order, members of a line last first.
    fn push_members(&mut self, parent: usize, level: usize, text: &[u8]) {
        let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
        let is_file = self.lists.contains_key(&parent);
        for (index, text) in lines.into_iter().enumerate().rev() {
            if let Some(said) = unbalanced(text) {
                self.transcript(&[b"553 5.0.0 ", &said[..]].concat());
                self.envelope.note(&said, true);
                self.complain(&said);
                if self.for_client {
                    return;
                }
            }
            let (line, first) = (index + 1, self.members.len());
            for text in split_list(text) {
                self.members.push(Member { text, parent, level: level + 1, line, begins: None });
            }
            if let (true, [.., last]) = (is_file, &mut self.members[first..]) {
                last.begins = Some(text.to_vec());
            }
        }
    }

    /// A recipient of the envelope is expanded, with all that follows from it. The only one who came of it, be he known already, stands for it, unless
    /// an owner hears of his errors; of several a receipt ends here (RFC 3461, 5.2.7.3).
    pub(super) fn end_expansion(&mut self, list: usize, first: usize) {
        let recipients = &self.envelope.recipients;
        let came = std::iter::once(list).chain(first..recipients.len());
        let again = self.again.iter().copied().filter(|index| *index < first && *index != list);
        let is_new = |index: &usize| recipients[*index].state.is_pending();
        let mut come: Vec<usize> = came.chain(again).filter(is_new).collect();
        come.sort_unstable();
        come.dedup();
        match come[..] {
            [] => {}
            // a list that was expanded with an earlier recipient has its owner, too
            [only] if self.chain(only).skip(1).any(|above| self.is_owned(above)) => {}
            [only] => self.envelope.recipients[only].flags |= RecipientFlags::PRIMARY,
            _ => self.expanded_to_several(list),
        }
    }

    fn is_owned(&self, list: usize) -> bool {
        self.envelope.recipients[list].flags.contains(RecipientFlags::OWNED)
    }

    fn expanded_to_several(&mut self, list: usize) {
        let recipient = &mut self.envelope.recipients[list];
        recipient.flags |= RecipientFlags::EXPANDED;
        if recipient.flags.contains(RecipientFlags::SUCCESS) {
            let line = [&recipient.text[..], b"... expanded to multiple addresses"].concat();
            self.transcript(&line);
        }
    }

    /// On whose behalf the keeper is asked for what this recipient names, and the alias that names it, if one does.
    fn named_by(&self, index: usize) -> NamedBy {
        let control = self.chain(index).find_map(|index| self.envelope.recipients[index].control.as_ref());
        let user = control.map(|control| control.user.clone()).unwrap_or_default();
        let parent = self.envelope.recipients[index].parent;
        let address = parent.and_then(|parent| self.envelope.recipients[parent].address.as_ref());
        let alias = address.map(|address| self.expander.alias_key(address)).unwrap_or_default();
        NamedBy { user, alias }
    }

    fn log_notes(&self, notes: &[ListingNote]) {
        for note in notes {
            let priority = if note.warning { Priority::Warning } else { Priority::Info };
            self.log(note.level, priority, &note.text);
        }
    }

    pub(super) async fn include(&mut self, index: usize, level: usize, address: &Address) {
        let path = included_file(&address.user).unwrap_or_else(|| address.user.clone());
        self.tell(index, &[b"... including file ", &path]);
        let answer = self.expander.keeper.include(&path, self.named_by(index), self.open_limit()).await;
        self.log_notes(&answer.notes);
        match answer.result {
            Ok(listing) => {
                self.listed(index, level, listing, false);
            }
            Err(ListingError::TimedOut) => {
                let text = [b"open timeout on ", &path[..]].concat();
                self.later(index, Some(&Reply::new(451, Some(EnhancedStatus(4, 4, 1)), text)));
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
                self.refuse_member(index, b"", &Reply::new(550, Some(EnhancedStatus(5, 2, 4)), text));
            }
        }
    }

    /// The members of a list that was read; how many there are.
    fn listed(&mut self, index: usize, level: usize, listing: Listing, forwarded: bool) -> usize {
        let recipient = &mut self.envelope.recipients[index];
        if !listing.owner.user.is_empty() {
            let alias = recipient.text.clone();
            let ListOwner { user, ids } = listing.owner;
            recipient.control = Some(ControllingUser { user, ids, alias });
        }
        recipient.state = RecipientState::Expanded;
        let facts =
            ListFacts { path: listing.path, safe: listing.safe, shell: listing.shell, forward: forwarded };
        self.lists.insert(index, facts);
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
        let keeper = self.expander.keeper;
        if self.leaves_forward && self.envelope.recipients.len() == 1 && keeper.may_look_first(&address.user)
        {
            self.envelope.attempt.forward_unread = true;
            return;
        }
        let detail = address.host.clone().unwrap_or_default();
        let answer = keeper.forward(&address.user, &detail, self.open_limit()).await;
        self.log_notes(&answer.notes);
        for why in answer.notes.iter().filter_map(|note| note.text.strip_prefix(b"forward ")) {
            self.tell(index, &[b"... forward: ", why]);
        }
        match answer.result {
            Ok(listing) => {
                if self.listed(index, level, listing, true) == 0 {
                    // an empty file forwards nothing
                    self.envelope.recipients[index].state = RecipientState::New;
                }
            }
            Err(ListingError::Absent | ListingError::Refused(_)) => {}
            Err(ListingError::TimedOut) => self.forward_later(index, "open timeout"),
            Err(ListingError::Later(why)) => self.forward_later(index, &why),
        }
    }

    fn forward_later(&mut self, index: usize, why: &str) {
        self.log(2, Priority::Error, format!("forward: transient error: {why}").as_bytes());
        let text = "transient .forward open error: message queued";
        self.later(index, Some(&Reply::new(451, Some(EnhancedStatus(4, 3, 0)), text)));
    }

    /// Timeout.fileopen
    fn open_limit(&self) -> Duration {
        span(self.expander.site.config.options.timeout.fileopen)
    }
}

/// What is said of a list in which a quotation or a `<` has no end: the rest of it behind a comma, and that.
pub fn unbalanced(list: &[u8]) -> Option<Vec<u8>> {
    let (mut begin, mut open, mut quoted) = (0, false, false);
    for (at, byte) in list.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'<' if !quoted => open = true,
            b'>' if !quoted => open = false,
            b',' if !quoted && !open => begin = at + 1,
            _ => {}
        }
    }
    // of both, the quotation: what it hides might have ended the other
    let mark = if quoted { b'"' } else { b'<' };
    open.then(|| [list[begin..].trim_ascii(), b"... Unbalanced '", &[mark], b"'"].concat())
}
