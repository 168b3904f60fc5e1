//! Expansion of aliases and lists.
//!
//! Order matters to those who read logs, and decides who of two that are the same gets the copy: recipients in turn,
//! members of one line last first, lines in order; an alias or a `.forward` is followed at once, but that of a user
//! whom an `:include:` names after everything else that came of the same line.

use super::expander::Expander;
use super::known::KnownRecipients;
use super::local::{LOOP_BROKEN, LocalResolution, too_deep};
use super::options;
use crate::envelope::{
    ControllingUser, Envelope, Expanded, NotePlace, Owned, Recipient, RecipientFlags, RecipientState,
    is_file_or_program, is_same_address,
};
use crate::logging::Tracer;
use crate::rewrite::{Address, AddressKind, Rewriter};
use crate::schema::{EnhancedStatus, Outcome, Reply, UserIds};
use std::collections::{HashMap, VecDeque};

/// Addresses of one message, those named twice included. No list is read twice, so only a wrong one has more.
const MAX_ADDRESSES: i64 = 1_000_000;

/// After so many addresses others get the processor: a long list never waits by itself, since its members are known
/// at once to the rules.
const TURN: i64 = 8;

/// A member still to be entered.
pub(super) struct Member {
    pub(super) text: Vec<u8>,
    pub(super) parent: usize,
    pub(super) level: usize,
    /// Of its list, from 1.
    pub(super) line: usize,
    /// The line of a file that begins with it, as it stands there.
    pub(super) begins: Option<Vec<u8>>,
}

/// What is known of a list's file.
pub(super) struct ListFacts {
    pub(super) path: Vec<u8>,
    /// Can nobody else have written into it?
    pub(super) safe: bool,
    /// Has its owner a login shell?
    pub(super) shell: bool,
    /// Is it a `.forward`?
    pub(super) forward: bool,
}

pub(super) struct AliasExpansion<'a, 'b> {
    pub(super) expander: Expander<'a>,
    pub(super) envelope: &'b mut Envelope,
    tracer: &'b mut dyn Tracer,
    pub(super) now: i64,
    pub(super) members: Vec<Member>,
    pub(super) forwards: VecDeque<(usize, usize)>,
    met: usize,
    pub(super) owners: HashMap<usize, Vec<u8>>,
    /// The files of lists, by the recipient that they stand for.
    pub(super) lists: HashMap<usize, ListFacts>,
    /// The line of its list where a recipient stands.
    pub(super) lines: HashMap<usize, usize>,
    looked: bool,
    known: KnownRecipients,
    /// Those who were known, and whom lists of this recipient name again.
    pub(super) again: Vec<usize>,
    /// Addresses seen so far.
    entered: i64,
    /// May a `.forward` be left to whoever delivers?
    pub(super) leaves_forward: bool,
    /// A client waits for its answer: the first error is the last.
    pub(super) for_client: bool,
    /// They are no recipients: somebody asks (EXPN, Errors-To).
    pub(super) asks_only: bool,
    /// It has come.
    pub(super) failed: bool,
}

impl<'a, 'b> AliasExpansion<'a, 'b> {
    pub(super) fn new(
        expander: Expander<'a>,
        envelope: &'b mut Envelope,
        tracer: &'b mut dyn Tracer,
        now: i64,
    ) -> Self {
        Self {
            expander,
            envelope,
            tracer,
            now,
            members: Vec::new(),
            forwards: VecDeque::new(),
            met: 0,
            owners: HashMap::new(),
            lists: HashMap::new(),
            lines: HashMap::new(),
            looked: false,
            known: KnownRecipients::default(),
            again: Vec::new(),
            entered: 0,
            leaves_forward: false,
            for_client: false,
            asks_only: false,
            failed: false,
        }
    }

    /// The `.forward` of a message's only recipient may be left to whoever delivers.
    pub(super) fn leaving_forward(self) -> Self {
        Self { leaves_forward: true, ..self }
    }

    /// A client hears of the first error; nobody whom it comes before is looked at.
    pub(super) fn for_client(self) -> Self {
        Self { for_client: true, ..self }
    }

    /// They are no recipients: somebody asks.
    pub(super) fn asks_only(self) -> Self {
        Self { asks_only: true, ..self }
    }

    /// Expands those from `first` on; the ones before are known.
    pub(super) async fn run(mut self, first: usize) -> Expanded {
        for (index, recipient) in self.envelope.recipients.iter_mut().enumerate() {
            match index < first {
                true => self.met = self.met.max(recipient.entered),
                false => recipient.entered = 0,
            }
            // those who are still to come are known when it is their turn
            if index < first || !recipient.state.is_pending() {
                self.known.add(index, recipient);
            }
        }
        for index in first..self.envelope.recipients.len() {
            self.envelope.tell_notes(NotePlace::Behind(index), self.expander.logger);
            if self.envelope.recipients[index].state.is_pending() {
                let members = self.envelope.recipients.len();
                self.again.clear();
                self.primary(index).await;
                self.drain().await;
                while let Some((index, level)) = self.forwards.pop_front() {
                    self.forward(index, level).await;
                    self.drain().await;
                }
                if !self.failed {
                    self.end_expansion(index, members);
                }
            }
        }
        self.envelope.tell_notes(NotePlace::END, self.expander.logger);
        self.suppress_duplicates();
        let owners = (0..self.envelope.recipients.len()).map(|index| self.owner_of(index)).collect();
        Expanded { owners, looked: self.looked }
    }

    fn rewriter(&mut self) -> Rewriter<'_> {
        Rewriter::new(self.expander.site, &mut self.envelope.scope, self.tracer)
    }

    async fn drain(&mut self) {
        while let Some(member) = self.members.pop() {
            if self.entered >= MAX_ADDRESSES {
                self.members.clear();
                let text = format!("{LOOP_BROKEN} ({MAX_ADDRESSES} addresses)");
                return self.broken_loop(member.parent, &text);
            }
            // the next line of a list waits for what came of the one before
            if member.begins.is_some()
                && let Some((index, level)) = self.forwards.pop_front()
            {
                self.members.push(member);
                self.forward(index, level).await;
                continue;
            }
            self.enter(member).await;
            if self.entered % TURN == 0 {
                tokio::task::yield_now().await;
            }
        }
    }

    fn owner_of(&self, index: usize) -> Option<Owned> {
        self.chain(index).find_map(|list| Some(Owned { list, owner: self.owners.get(&list)?.clone() }))
    }

    /// The recipient and those it came from, nearest first.
    pub(super) fn chain(&self, index: usize) -> impl Iterator<Item = usize> + '_ {
        self.envelope.chain(index)
    }

    /// A recipient of the envelope itself.
    async fn primary(&mut self, index: usize) {
        self.entered += 1;
        self.met += 1;
        let recipient = &mut self.envelope.recipients[index];
        recipient.entered = self.met;
        let known = recipient.address.is_some() || recipient.refusal.is_some();
        if recipient.state == RecipientState::Queued && known {
            // what maps could not say when it came in
            self.is_named_already(index);
            return;
        }
        recipient.state = RecipientState::New;
        let mut deferral = None;
        if recipient.address.is_none() {
            let text = recipient.text.clone();
            let parsed = self.rewriter().parse(&text, AddressKind::RECIPIENT).await;
            // whoever asks hears of what is wrong with a text that can be read all the same
            let told = self.asks_only && !parsed.temporary && !parsed.problems.is_empty();
            let bad = parsed.address.is_none() || told;
            let temporary = parsed.temporary;
            let recipient = &mut self.envelope.recipients[index];
            recipient.address = parsed.address.map(|address| Address { text, ..address });
            if recipient.address.is_none() && self.envelope.attempt.read_back {
                recipient.refusal = parsed.triple;
            }
            self.name_recipient(index);
            match (temporary, bad) {
                (true, true) => return self.refuse_for_now(index, parsed.problems.first()),
                // the rules' own words name him
                (_, true) if self.asks_only || self.envelope.attempt.read_back => {
                    return self.refuse(index, parsed.problems);
                }
                (_, true) => return self.fail(index, parsed.problems),
                (temporary, false) => deferral = parsed.deferral.filter(|_| temporary),
            }
        }
        if self.is_named_already(index) {
            // sendmail reads his address before it knows that
            return self.tell_timeout(deferral.as_deref());
        }
        match deferral {
            Some(why) => self.put_off(index, Some(&why)),
            None => self.examine(index, 0).await,
        }
    }

    /// Has one of the envelope's own been named before? If not he is known from now on.
    fn is_named_already(&mut self, index: usize) -> bool {
        let recipients = &self.envelope.recipients;
        let known = self.known.find(&self.expander.site.config, recipients, &recipients[index]);
        match known {
            Some(known) => {
                let (text, flags) = (recipients[index].text.clone(), recipients[index].flags);
                self.tell_duplicate(known, &text);
                self.share_wishes(known, flags);
                self.envelope.recipients[index].state = RecipientState::Duplicate;
            }
            None => self.known.add(index, &self.envelope.recipients[index]),
        }
        known.is_some()
    }

    /// Whom the queue gave back is one of the envelope's own, and has a Final-Recipient, whether his file says so or not.
    fn name_recipient(&mut self, index: usize) {
        if !self.envelope.attempt.read_back {
            return;
        }
        let recipient = &mut self.envelope.recipients[index];
        recipient.flags |= RecipientFlags::PRIMARY;
        if recipient.final_recipient.is_none() {
            let host = self.expander.site.config.expand(b"\x81j");
            recipient.final_recipient = Some(recipient.known_to_queue(&host));
        }
    }

    /// A member of a list: parsed, compared, examined.
    async fn enter(&mut self, member: Member) {
        self.entered += 1;
        if let Some(line) = &member.begins {
            self.tell_line(member.parent, member.line, line);
        }
        let max = options::max_recursion(&self.expander.site.config);
        if member.level > max {
            return self.too_deep(member.parent, member.parent, member.line, too_deep(member.level, max));
        }
        let parsed = self.rewriter().parse(&member.text, AddressKind::RECIPIENT).await;
        let parent = &self.envelope.recipients[member.parent];
        let kept = RecipientFlags::HAS_NOTIFY
            | RecipientFlags::SUCCESS
            | RecipientFlags::FAILURE
            | RecipientFlags::DELAY;
        let mut recipient = Recipient {
            text: member.text.clone(),
            flags: parent.flags & kept,
            orcpt: parent.orcpt.clone(),
            final_recipient: parent.final_recipient.clone(),
            parent: Some(member.parent),
            ..Recipient::default()
        };
        recipient.address = parsed.address.map(|address| Address { text: member.text.clone(), ..address });
        recipient.refusal = parsed.triple.filter(|_| recipient.address.is_none());
        let mut followed = false;
        if let Some(address) = &recipient.address {
            if let Some(ancestor) = self.reference(member.parent, address) {
                followed = self.self_reference(member.parent, ancestor, &member.text).await;
                if !followed {
                    return;
                }
            }
            if is_file_or_program(&self.expander.site.config, address) {
                recipient.control = Some(self.control(member.parent));
            }
        }
        self.met += 1;
        recipient.entered = self.met;
        let known = self.known.find(&self.expander.site.config, &self.envelope.recipients, &recipient);
        if let Some(known) = known.filter(|_| !followed) {
            let place = self.place_in(member.parent, member.line).unwrap_or_default();
            self.tell_duplicate(known, &[&place[..], &recipient.text].concat());
            self.share_wishes(known, recipient.flags);
            self.again.push(known);
            recipient.state = RecipientState::Duplicate;
            self.envelope.recipients.push(recipient);
            return self.tell_timeout(parsed.deferral.as_deref().filter(|_| parsed.temporary));
        }
        let index = self.envelope.recipients.len();
        let bad = recipient.address.is_none();
        self.known.add(index, &recipient);
        self.envelope.recipients.push(recipient);
        self.lines.insert(index, member.line);
        match (parsed.temporary, bad) {
            (true, false) => self.put_off(index, parsed.deferral.as_deref()),
            (true, true) => self.refuse_for_now(index, parsed.problems.first()),
            (false, true) => self.refuse(index, parsed.problems),
            (false, false) => self.examine(index, member.level).await,
        }
    }

    /// The ancestor that this address names again.
    fn reference(&self, parent: usize, address: &Address) -> Option<usize> {
        if address.user.starts_with(b"\\") {
            return None; // said on purpose: the mailbox itself
        }
        let config = &self.expander.site.config;
        let same = |index: &usize| {
            let other = self.envelope.recipients[*index].address.as_ref();
            other.is_some_and(|other| is_same_address(config, other, address))
        };
        self.chain(parent).find(same)
    }

    /// A list that names itself keeps its own mailbox. A longer circle ends at somebody who has one;
    /// without such a one it is a broken loop. `true`: the address is followed all the same.
    async fn self_reference(&mut self, parent: usize, ancestor: usize, text: &[u8]) -> bool {
        if parent == ancestor {
            self.envelope.recipients[ancestor].flags |= RecipientFlags::NO_ALIAS;
            self.envelope.recipients[ancestor].state = RecipientState::New;
            return false;
        }
        let circle: Vec<usize> = self.chain(parent).collect();
        for index in circle {
            let address = self.envelope.recipients[index].address.clone();
            let user = address.map(|address| address.user).unwrap_or_default();
            if let Outcome::Done(Some(_)) = self.expander.keeper.user(&user).await {
                self.envelope.recipients[index].flags |= RecipientFlags::NO_ALIAS;
                self.envelope.recipients[index].state = RecipientState::New;
                return false;
            }
            if index == ancestor {
                break;
            }
        }
        // a circle that ends at one of the envelope's own is known for one only where it has been followed from there once more
        let own = self.envelope.recipients[ancestor].flags.contains(RecipientFlags::PRIMARY);
        if !own {
            self.envelope.attempt.console.step(&[text, b"... duplicate suppressed"]);
            self.broken_loop(parent, LOOP_BROKEN);
        }
        own
    }

    /// On whose behalf members of this list act.
    pub(super) fn control(&self, list: usize) -> ControllingUser {
        self.envelope.control(list).unwrap_or_else(|| ControllingUser {
            user: Vec::new(),
            ids: UserIds { uid: options::default_uid(&self.expander.site.config), gid: 0 },
            alias: self.envelope.recipients[list].text.clone(),
        })
    }

    /// What an address is, and what follows from it.
    async fn examine(&mut self, index: usize, mut level: usize) {
        let recipient = &mut self.envelope.recipients[index];
        let Some(mut address) = recipient.address.clone() else { return };
        if address.user.starts_with(b"\\") {
            recipient.flags |= RecipientFlags::NO_ALIAS;
        }
        if self.is_include(index) {
            if self.envelope.recipients[index].parent.is_none() {
                return self.refuse_direct(index, &address);
            }
            return self.include(index, level, &address).await;
        }
        if is_file_or_program(&self.expander.site.config, &address) {
            return self.check_file_or_program(index, &address);
        }
        self.looked |= self.expander.looks_up(&address);
        let expander = self.expander;
        let aliased = !self.envelope.attempt.no_alias;
        let resolution =
            expander.resolve_local(&mut self.rewriter(), &mut address, aliased, &mut level).await;
        let recipient = &mut self.envelope.recipients[index];
        let before = recipient.address.replace(address.clone());
        self.known.add(index, recipient);
        // a login name that stands for a full name is the same person
        let before = before.filter(|before| before.replaced != address.replaced);
        let replaced = before.is_some();
        recipient.user_before = before.map(|before| before.user).or(recipient.user_before.take());
        // once is enough: what RCPT replaced is as it should be now
        if replaced {
            recipient.flags |= RecipientFlags::REPLACED;
        }
        match resolution {
            LocalResolution::Final => {}
            LocalResolution::Unknown(problems) => self.fail(index, problems),
            LocalResolution::Later(reply) => self.unknown_for_now(index, &reply),
            LocalResolution::TooDeep(level) => {
                let reply = too_deep(level, options::max_recursion(&self.expander.site.config));
                let parent = self.envelope.recipients[index].parent.unwrap_or(index);
                let line = self.lines.get(&index).copied().unwrap_or_default();
                self.too_deep(index, parent, line, reply);
            }
            LocalResolution::User(user) => {
                let alias = self.envelope.recipients[index].text.clone();
                let control = ControllingUser { ids: user.ids(), user: user.name, alias };
                self.envelope.recipients[index].control = Some(control);
                let included = self.chain(index).skip(1).any(|above| self.is_include(above));
                match included {
                    true => self.forwards.push_back((index, level)),
                    false => self.forward(index, level).await,
                }
            }
            LocalResolution::Alias(value) => self.alias(index, level, &address, &value).await,
        }
    }

    /// Whom the message names itself is expected to be named again.
    fn tell_duplicate(&self, known: usize, text: &[u8]) {
        if !self.envelope.recipients[known].flags.contains(RecipientFlags::PRIMARY) {
            self.envelope.attempt.console.step(&[text, b"... duplicate suppressed"]);
        }
    }

    /// Who is named by several lists is told of as each of them wishes (RFC 3461).
    fn share_wishes(&mut self, known: usize, flags: RecipientFlags) {
        let known = &mut self.envelope.recipients[known].flags;
        if !known.contains(RecipientFlags::PRIMARY) {
            *known |= flags;
        }
    }

    fn is_include(&self, index: usize) -> bool {
        let address = self.envelope.recipients[index].address.as_ref();
        let mailer = address.and_then(|address| self.expander.mailer(address));
        mailer.is_some_and(|mailer| mailer.name.eq_ignore_ascii_case(b"*include*"))
    }

    /// A file, a program or a list by its path: one that the queue gave back has its controlling user; anything else was
    /// typed by a peer.
    fn refuse_direct(&mut self, index: usize, address: &Address) {
        let control = self.envelope.recipients[index].control.as_ref();
        if let (None, Some(reply)) =
            (control.filter(|one| !one.is_nobody()), self.expander.refuses_directly(address))
        {
            let program = address.user.starts_with(b"|");
            self.envelope.recipients[index].flags.set(RecipientFlags::UNCOUNTED, program);
            self.refuse_member(index, b"", &reply);
        }
    }

    /// A file or program: only from a list, and only for users with a login shell.
    fn check_file_or_program(&mut self, index: usize, address: &Address) {
        let program =
            self.expander.mailer(address).is_some_and(|mailer| mailer.name.eq_ignore_ascii_case(b"prog"));
        let kind = if program { "programs" } else { "files" };
        let Some(list) = self.envelope.recipients[index].parent else {
            return self.refuse_direct(index, address);
        };
        let facts = self.chain(list).find_map(|index| self.lists.get_key_value(&index));
        let Some((&of, facts)) = facts.filter(|(_, facts)| !(facts.safe && facts.shell)) else { return };
        let text = match facts.safe {
            true => {
                let host = self.expander.site.config.expand(b"\x81j");
                let user = String::from_utf8_lossy(&self.control(list).user).into_owned();
                let host = String::from_utf8_lossy(&host);
                format!("User {user}@{host} doesn't have a valid shell for mailing to {kind}")
            }
            false => {
                let list = String::from_utf8_lossy(&self.envelope.recipients[of].text);
                format!("Address {list} is unsafe for mailing to {kind}")
            }
        };
        let line = self.lines.get(&index).copied().unwrap_or_default();
        let place = [&facts.path[..], format!(": line {line}: ").as_bytes()].concat();
        self.envelope.recipients[index].flags.set(RecipientFlags::UNCOUNTED, program);
        self.refuse_member(index, &place, &Reply::new(550, Some(EnhancedStatus(5, 7, 1)), text));
    }

    /// The same recipient reached twice gets one copy: the first stays.
    fn suppress_duplicates(&mut self) {
        let config = &self.expander.site.config;
        let mut known = KnownRecipients::default();
        for index in self.envelope.send_order() {
            let recipients = &self.envelope.recipients;
            if recipients[index].state == RecipientState::New
                && known.gets_copy(config, recipients, &recipients[index])
            {
                self.envelope.recipients[index].state = RecipientState::Duplicate;
            }
            known.add(index, &self.envelope.recipients[index]);
        }
    }
}
