//! The walk through aliases and lists.
//!
//! Order matters to those who read logs: members of one line are entered last first, lines in order,
//! an alias is followed at once, and `.forward` files come after everything else.

use super::look::{Looked, user_unknown};
use super::{Expander, options};
use crate::envelope::{
    ControllingUser, Envelope, Recipient, RecipientFlags, RecipientState, is_file_or_program,
    is_named_already, is_same_address, is_same_recipient,
};
use crate::keeper::{ListOwner, Listing, ListingError, alias_file};
use crate::logging::{Priority, RecipientLine, Tracer};
use crate::maps::split_list;
use crate::rewrite::{Address, AddressKind, Rewriter};
use crate::schema::{EnhancedStatus, Outcome, Reply, UserIds};
use std::collections::{HashMap, VecDeque};

/// Who gets the errors of a list: recipient by recipient, `None` where it is the sender.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Expanded {
    /// Parallel to the envelope's recipients.
    pub owners: Vec<Option<Vec<u8>>>,
    /// Was any local address looked up (sendmail then counts size and priority anew)?
    pub looked: bool,
}

/// A member still to be entered.
struct Member {
    text: Vec<u8>,
    parent: usize,
    level: usize,
}

pub(super) struct AliasExpansion<'a, 'b> {
    expander: Expander<'a>,
    envelope: &'b mut Envelope,
    tracer: &'b mut dyn Tracer,
    now: i64,
    members: Vec<Member>,
    forwards: VecDeque<(usize, usize)>,
    levels: HashMap<usize, usize>,
    owners: HashMap<usize, Vec<u8>>,
    /// Whether files and programs of a list may be used, and why not.
    shells: HashMap<usize, bool>,
    looked: bool,
    /// Addresses seen so far: sendmail counts each of them into the priority that it logs.
    entered: i64,
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
            levels: HashMap::new(),
            owners: HashMap::new(),
            shells: HashMap::new(),
            looked: false,
            entered: 0,
        }
    }

    pub(super) async fn run(mut self) -> Expanded {
        for index in 0..self.envelope.recipients.len() {
            if self.envelope.recipients[index].state.is_pending() {
                self.primary(index).await;
                self.drain().await;
            }
        }
        while let Some((index, level)) = self.forwards.pop_front() {
            self.forward(index, level).await;
            self.drain().await;
        }
        self.suppress_duplicates();
        let owners = (0..self.envelope.recipients.len()).map(|index| self.owner_of(index)).collect();
        Expanded { owners, looked: self.looked }
    }

    fn rewriter(&mut self) -> Rewriter<'_> {
        Rewriter::new(self.expander.site, &mut self.envelope.scope, self.tracer)
    }

    async fn drain(&mut self) {
        while let Some(member) = self.members.pop() {
            self.enter(member).await;
        }
    }

    fn owner_of(&self, index: usize) -> Option<Vec<u8>> {
        self.chain(index).find_map(|index| self.owners.get(&index).cloned())
    }

    /// The recipient and those it came from, nearest first.
    fn chain(&self, index: usize) -> impl Iterator<Item = usize> + '_ {
        // a damaged parent index must not make a circle
        let most = self.envelope.recipients.len();
        std::iter::successors(Some(index), |index| self.envelope.recipients[*index].parent).take(most)
    }

    /// A recipient of the envelope itself.
    async fn primary(&mut self, index: usize) {
        self.entered += 1;
        let recipient = &mut self.envelope.recipients[index];
        recipient.state = RecipientState::New;
        if recipient.address.is_none() {
            let text = recipient.text.clone();
            let parsed = self.rewriter().parse(&text, AddressKind::RECIPIENT).await;
            match (parsed.address, parsed.temporary) {
                (Some(address), _) => {
                    self.envelope.recipients[index].address = Some(Address { text, ..address });
                }
                (None, true) => return self.later(index, parsed.problems.first()),
                (None, false) => return self.fail(index, parsed.problems),
            }
        }
        self.examine(index, 0).await;
    }

    /// A member of a list: parsed, compared, examined.
    async fn enter(&mut self, member: Member) {
        self.entered += 1;
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
        if let Some(address) = &recipient.address {
            if let Some(ancestor) = self.reference(member.parent, address) {
                return self.self_reference(member.parent, ancestor).await;
            }
            if is_file_or_program(&self.expander.site.config, address) {
                recipient.control = Some(self.control(member.parent));
            }
        }
        if self.find_same(&recipient).is_some() {
            recipient.state = RecipientState::Duplicate;
            self.envelope.recipients.push(recipient);
            return;
        }
        let index = self.envelope.recipients.len();
        let bad = recipient.address.is_none();
        self.envelope.recipients.push(recipient);
        match (bad, parsed.temporary) {
            (true, true) => self.later(index, parsed.problems.first()),
            (true, false) => self.refuse(index, parsed.problems),
            (false, _) => self.examine(index, member.level).await,
        }
    }

    fn find_same(&self, recipient: &Recipient) -> Option<usize> {
        let config = &self.expander.site.config;
        let alive = |other: &Recipient| {
            let pending = matches!(
                other.state,
                RecipientState::New | RecipientState::Queued | RecipientState::Sent | RecipientState::Failed
            );
            pending && is_named_already(config, other, recipient)
        };
        let mut others = self.envelope.recipients.iter();
        others.position(alive)
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
    /// without such a one it is a broken loop.
    async fn self_reference(&mut self, parent: usize, ancestor: usize) {
        if parent == ancestor {
            self.envelope.recipients[ancestor].flags |= RecipientFlags::NO_ALIAS;
            self.envelope.recipients[ancestor].state = RecipientState::New;
            return;
        }
        let circle: Vec<usize> = self.chain(parent).collect();
        for index in circle {
            let address = self.envelope.recipients[index].address.clone();
            let user = address.map(|address| address.user).unwrap_or_default();
            if let Outcome::Done(Some(_)) = self.expander.keeper.user(&user).await {
                self.envelope.recipients[index].flags |= RecipientFlags::NO_ALIAS;
                self.envelope.recipients[index].state = RecipientState::New;
                return;
            }
            if index == ancestor {
                break;
            }
        }
        self.broken_loop(parent, "aliasing/forwarding loop broken");
    }

    /// Nobody in the circle can have it: whoever the envelope named gets it back.
    fn broken_loop(&mut self, index: usize, text: &str) {
        let top = self.chain(index).last().unwrap_or(index);
        let reply = Reply::new(554, Some(EnhancedStatus(5, 4, 6)), text);
        self.transcript(&reply.to_line());
        let recipient = &mut self.envelope.recipients[top];
        recipient.state = RecipientState::Failed;
        recipient.status = reply.enhanced;
        recipient.message = Some(reply.text.clone());
        recipient.tried = self.now;
        self.envelope.message = Some(reply.text);
    }

    /// On whose behalf members of this list act.
    fn control(&self, list: usize) -> ControllingUser {
        let named = self.chain(list).find_map(|index| {
            let control = self.envelope.recipients[index].control.as_ref()?;
            let alias = self.envelope.recipients[index].text.clone();
            Some(ControllingUser { alias, ..control.clone() })
        });
        named.unwrap_or_else(|| ControllingUser {
            user: Vec::new(),
            ids: UserIds { uid: options::default_uid(&self.expander.site.config), gid: 0 },
            alias: self.envelope.recipients[list].text.clone(),
        })
    }

    /// What an address is, and what follows from it.
    async fn examine(&mut self, index: usize, level: usize) {
        self.levels.insert(index, level);
        let deepest = options::deepest(&self.expander.site.config);
        if level > deepest {
            let text = format!("aliasing/forwarding loop broken ({level} aliases deep; {deepest} max)");
            return self.broken_loop(index, &text);
        }
        let recipient = &mut self.envelope.recipients[index];
        let Some(mut address) = recipient.address.clone() else { return };
        if address.user.starts_with(b"\\") {
            recipient.flags |= RecipientFlags::NO_ALIAS;
        }
        let mailer = self.expander.mailer(&address);
        if mailer.is_some_and(|mailer| mailer.name.eq_ignore_ascii_case(b"*include*")) {
            return self.include(index, level, &address).await;
        }
        if is_file_or_program(&self.expander.site.config, &address) {
            return self.place(index, &address);
        }
        let local = mailer.is_some_and(|mailer| [b'A', b'5', b'w'].iter().any(|flag| mailer.has(*flag)));
        self.looked |= local;
        let expander = self.expander;
        let looked = expander.look(&mut self.rewriter(), &mut address).await;
        let recipient = &mut self.envelope.recipients[index];
        let before = recipient.address.replace(address.clone());
        let replaced =
            before.is_some_and(|before| before.user != address.user || before.host != address.host);
        recipient.flags.set(RecipientFlags::REPLACED, replaced);
        match looked {
            Looked::Final => {}
            Looked::Unknown(problems) => self.fail(index, problems),
            Looked::Later(reply) => self.later(index, Some(&reply)),
            Looked::User(user) => {
                let alias = self.envelope.recipients[index].text.clone();
                let control = ControllingUser { ids: user.ids(), user: user.name, alias };
                self.envelope.recipients[index].control = Some(control);
                self.forwards.push_back((index, level));
            }
            Looked::Alias(value) => self.alias(index, level, &address, &value).await,
        }
    }

    async fn alias(&mut self, index: usize, level: usize, address: &Address, value: &[u8]) {
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

    async fn include(&mut self, index: usize, level: usize, address: &Address) {
        let user = alias_file::unquote(&address.user);
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

    async fn forward(&mut self, index: usize, level: usize) {
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

    /// A file or program: only from a list, and only for users with a login shell.
    fn place(&mut self, index: usize, address: &Address) {
        let program =
            self.expander.mailer(address).is_some_and(|mailer| mailer.name.eq_ignore_ascii_case(b"prog"));
        let kind = if program { "programs" } else { "files" };
        let recipient = &self.envelope.recipients[index];
        let Some(list) = recipient.parent else {
            // one that the queue gave back has its controlling user; anything else was typed by a peer
            if recipient.control.is_none() {
                let text = format!("Cannot mail directly to {kind}");
                self.fail(index, vec![Reply::new(550, Some(EnhancedStatus(5, 7, 1)), text)]);
            }
            return;
        };
        let shell = self.chain(list).find_map(|index| self.shells.get(&index).copied());
        if shell == Some(false) {
            let control = self.control(list);
            let user = String::from_utf8_lossy(&control.user).into_owned();
            let text = format!("User {user} doesn't have a valid shell for mailing to {kind}");
            self.fail(index, vec![Reply::new(550, Some(EnhancedStatus(5, 7, 1)), text)]);
        }
    }

    /// The same recipient reached twice gets one copy: the first stays.
    fn suppress_duplicates(&mut self) {
        let config = &self.expander.site.config;
        for index in 1..self.envelope.recipients.len() {
            let (before, rest) = self.envelope.recipients.split_at_mut(index);
            let recipient = &mut rest[0];
            let waiting = recipient.state == RecipientState::New;
            let same = |other: &Recipient| {
                matches!(other.state, RecipientState::New | RecipientState::Sent)
                    && is_same_recipient(config, other, recipient)
            };
            if waiting && before.iter().any(same) {
                recipient.state = RecipientState::Duplicate;
            }
        }
    }

    fn later(&mut self, index: usize, reply: Option<&Reply>) {
        let text = reply.map(|reply| reply.text.clone()).unwrap_or_default();
        let recipient = &mut self.envelope.recipients[index];
        recipient.state = RecipientState::Queued;
        recipient.status = reply.and_then(|reply| reply.enhanced).or(Some(EnhancedStatus(4, 0, 0)));
        recipient.message = Some(text.clone()).filter(|text| !text.is_empty());
        recipient.tried = self.now;
        self.envelope.message = Some(text).filter(|text| !text.is_empty());
    }

    /// Refused for good: noted, logged, and in the transcript.
    fn fail(&mut self, index: usize, problems: Vec<Reply>) {
        let reply = problems.into_iter().next().unwrap_or_else(user_unknown);
        let recipient = &mut self.envelope.recipients[index];
        recipient.state = RecipientState::Failed;
        recipient.status = reply.enhanced.or(Some(EnhancedStatus(5, 0, 0)));
        recipient.tried = self.now;
        recipient.message = Some(reply.text.clone());
        recipient.reply = Some(reply.clone());
        let mut line = Reply::new(reply.code, reply.enhanced, Vec::new()).to_line();
        line.extend_from_slice(&[b" ", &recipient.text[..], b"... ", &reply.text].concat());
        self.transcript(&line);
        self.envelope.message = Some(reply.text.clone());
        self.log_failure(index, &reply);
    }

    /// A member that the rules themselves refuse (`$#error`): told to the sender, not to the log.
    fn refuse(&mut self, index: usize, problems: Vec<Reply>) {
        let reply = problems.into_iter().next().unwrap_or_else(user_unknown);
        let recipient = &mut self.envelope.recipients[index];
        recipient.state = RecipientState::Failed;
        recipient.status = reply.enhanced.or(Some(EnhancedStatus(5, 0, 0)));
        recipient.tried = self.now;
        recipient.message = Some(reply.text.clone());
        self.transcript(&reply.to_line());
        self.envelope.message = Some(reply.text);
    }

    fn log_failure(&self, index: usize, reply: &Reply) {
        let recipient = &self.envelope.recipients[index];
        let mailer = recipient.address.as_ref().and_then(|address| self.expander.mailer(address));
        let parent = recipient.parent.map(|parent| self.control(parent));
        let (dsn, full) = (reply.enhanced_text(), reply.to_line());
        let line = RecipientLine {
            to: vec![&recipient.text],
            control: parent.as_ref().map(|control| (&control.alias[..], control.ids)),
            delay: self.now - self.envelope.created,
            mailer: mailer.map(|mailer| &mailer.name[..]),
            priority: self.envelope.priority
                + self.entered * self.expander.site.config.options.recipient_factor,
            dsn: dsn.as_deref().map(str::as_bytes),
            reply: Some(&full),
            stat: &reply.text,
            ..RecipientLine::default()
        };
        self.log(4, Priority::Info, &line.to_line());
    }

    fn transcript(&mut self, line: &[u8]) {
        self.envelope.attempt.transcript.extend_from_slice(line);
        self.envelope.attempt.transcript.push(b'\n');
    }

    fn log(&self, above: u8, priority: Priority, text: &[u8]) {
        self.expander.logger.log(above, priority, Some(self.envelope.id.as_bytes()), text);
    }
}
