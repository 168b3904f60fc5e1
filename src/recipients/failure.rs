//! Recipients that cannot be had: noted, logged, told to the sender.

use super::expand::AliasExpansion;
use super::expander::Expander;
use super::local::{LOOP_BROKEN, user_unknown};
use crate::addr::{MAX_SHOWN, seven_bits, shorten};
use crate::envelope::{QueueId, RecipientFlags, RecipientState};
use crate::logging::{Priority, RecipientLine, log_text};
use crate::schema::{EnhancedStatus, Reply, Sysexit};
use std::borrow::Cow;

impl Expander<'_> {
    /// Aliases name aliases beyond MaxAliasRecursion, on a line of this file, if of one: for the operator.
    pub fn log_too_deep(&self, id: &QueueId, path: &[u8], reply: &Reply) {
        let (what, depth) = reply.text.split_at(LOOP_BROKEN.len().min(reply.text.len()));
        let text = [what, b": ", path, depth].concat();
        self.logger.log(0, Priority::Error, Some(id.as_bytes()), &text);
    }
}

impl AliasExpansion<'_, '_> {
    /// Nobody in the circle can have it: whoever the envelope named gets it back.
    pub(super) fn broken_loop(&mut self, index: usize, text: &str) {
        let top = self.chain(index).last().unwrap_or(index);
        self.envelope.recipients[top].flags |= RecipientFlags::UNCOUNTED;
        self.break_loop(top, text);
    }

    fn break_loop(&mut self, failed: usize, text: &str) {
        let reply = Reply::new(554, Some(EnhancedStatus(5, 4, 6)), text);
        self.transcript(&reply.to_line());
        self.note_failure(failed, &reply);
        // he is known as he was when the circle came to light
        self.envelope.recipients[failed].user_before = None;
        self.complain(&reply.text);
    }

    /// Aliases name aliases beyond MaxAliasRecursion, on this line of a list: whoever is `failed` cannot be had. The operator hears
    /// of the list's file, where its lines have none of their own in the log.
    pub(super) fn too_deep(&mut self, failed: usize, list: usize, line: usize, reply: Reply) {
        // aliases that a file names stand where it names them
        let place =
            self.place_in(list, line).or_else(|| self.chain(list).find_map(|above| self.place(above)));
        let place = place.unwrap_or_default();
        if !self.envelope.attempt.console.logged && (self.asks_only || !self.for_client) {
            let file = self.chain(list).find_map(|above| self.lists.get(&above));
            let path = file.map_or(&b""[..], |file| &file.path);
            self.expander.log_too_deep(&self.envelope.id, path, &reply);
        }
        let text = [&place[..], &reply.text].concat();
        self.break_loop(failed, &String::from_utf8_lossy(&text));
    }

    /// Tells whoever hands the message in, and the log if that is asked for.
    pub(super) fn complain(&mut self, text: &[u8]) {
        if self.for_client {
            self.failed = true;
            self.members.clear();
            self.forwards.clear();
        }
        let text = &self.plain(text)[..];
        self.envelope.attempt.console.error(text);
        if self.envelope.attempt.console.logged {
            self.log(3, Priority::Notice, &log_text(text));
        }
    }

    /// Failed for good, for the reason that a reply gives.
    fn note_failure(&mut self, index: usize, reply: &Reply) {
        let recipient = &mut self.envelope.recipients[index];
        recipient.state = RecipientState::Failed;
        recipient.status = reply.enhanced.or(Some(EnhancedStatus(5, 0, 0)));
        recipient.tried = self.now;
        recipient.message = Some(reply.text.clone());
        self.envelope.note(&reply.text, true);
    }

    /// A map could not say for now what this address is: why, where that was not on purpose (DeliveryMode d).
    pub(super) fn put_off(&mut self, index: usize, why: Option<&[u8]>) {
        self.later(index, None);
        self.envelope.recipients[index].status = Some(EnhancedStatus(4, 4, 3));
        let Some(why) = why else { return };
        self.envelope.note(why, false);
        self.tell_timeout(Some(why));
    }

    /// What people read of a name server that did not answer.
    pub(super) fn tell_timeout(&mut self, why: Option<&[u8]>) {
        if let Some(text) = why.and_then(lookup_timeout) {
            self.transcript(&Reply::new(451, None, text).to_line());
        }
    }

    /// The rules refuse him and may not do so for ever (`$#error $@ tempfail`): their words are in the transcript whenever he is read,
    /// and, where they are worded as a final refusal, no report says that all is well but for a delay.
    pub(super) fn refuse_for_now(&mut self, index: usize, problem: Option<&Reply>) {
        self.later(index, problem);
        let recipient = &mut self.envelope.recipients[index];
        (recipient.status, recipient.message) = (Some(EnhancedStatus(4, 0, 0)), None);
        if let Some(reply) = problem {
            self.transcript(&reply.to_line());
            self.envelope.attempt.more_than_delayed |= !reply.is_temporary();
        }
    }

    /// Nobody can say for now who this is: who asks (-bv) is told.
    pub(super) fn unknown_for_now(&mut self, index: usize, reply: &Reply) {
        self.later(index, Some(reply));
        if self.envelope.attempt.console.verifies {
            self.envelope.attempt.fail_with(Sysexit::OSERR);
            self.complain(&reply.text);
        }
    }

    pub(super) fn later(&mut self, index: usize, reply: Option<&Reply>) {
        let text = reply.map(|reply| reply.text.clone()).unwrap_or_default();
        let recipient = &mut self.envelope.recipients[index];
        recipient.state = RecipientState::Queued;
        recipient.status = reply.and_then(|reply| reply.enhanced).or(Some(EnhancedStatus(4, 0, 0)));
        recipient.message = Some(text.clone()).filter(|text| !text.is_empty());
        recipient.tried = self.now;
        if !text.is_empty() {
            self.envelope.note(&text, false);
        }
    }

    /// Refused for good: noted, logged, and in the transcript.
    pub(super) fn fail(&mut self, index: usize, problems: Vec<Reply>) {
        let reply = problems.into_iter().next().unwrap_or_else(user_unknown);
        self.envelope.attempt.fail_with(reply.enhanced.map_or(Sysexit::UNAVAILABLE, Sysexit::of_status));
        self.forbid(index, reply);
    }

    /// The same for one that must not be used.
    pub(super) fn forbid(&mut self, index: usize, reply: Reply) {
        self.note_failure(index, &reply);
        let place = self.place(index);
        let recipient = &mut self.envelope.recipients[index];
        recipient.reply = Some(reply.clone());
        let mut line = Reply::new(reply.code, reply.enhanced, Vec::new()).to_line();
        let place = place.unwrap_or_default();
        let said = [&place[..], &shorten(&recipient.text, MAX_SHOWN), b"... ", &reply.text].concat();
        line.extend_from_slice(&[b" ", &said[..]].concat());
        self.transcript(&line);
        self.complain(&said);
        self.log_failure(index, &reply);
    }

    /// `/file: line N: ` of a member whose list is a file.
    pub(super) fn place(&self, index: usize) -> Option<Vec<u8>> {
        self.place_in(self.envelope.recipients[index].parent?, *self.lines.get(&index)?)
    }

    /// A line of a list that is a file.
    pub(super) fn place_in(&self, list: usize, line: usize) -> Option<Vec<u8>> {
        let list = self.lists.get(&list)?;
        Some([&list.path[..], format!(": line {line}: ").as_bytes()].concat())
    }

    /// A member that the rules themselves refuse (`$#error`): told to the sender, not to the log.
    pub(super) fn refuse(&mut self, index: usize, problems: Vec<Reply>) {
        let reply = problems.into_iter().next().unwrap_or_else(user_unknown);
        self.note_failure(index, &reply);
        self.envelope.recipients[index].flags |= RecipientFlags::UNCOUNTED;
        self.envelope.attempt.fail_with(reply.enhanced.map_or(Sysexit::UNAVAILABLE, Sysexit::of_status));
        self.transcript(&reply.to_line());
        self.complain(&reply.text);
    }

    /// A list that cannot be read, or a member that must not be used: told behind the place where it stands
    /// (`/home/joe/.forward: line 1: `). The log has it in the line about the report.
    pub(super) fn refuse_member(&mut self, index: usize, place: &[u8], reply: &Reply) {
        self.note_failure(index, reply);
        let said = [place, &self.envelope.recipients[index].text, b"... ", &reply.text].concat();
        let code = Reply::new(reply.code, reply.enhanced, Vec::new()).to_line();
        self.transcript(&[&code[..], b" ", &said].concat());
        self.envelope.note(&said, true);
        self.complain(&said);
    }

    fn log_failure(&self, index: usize, reply: &Reply) {
        if self.for_client || self.envelope.attempt.console.verifies {
            return;
        }
        let recipient = &self.envelope.recipients[index];
        let mailer = recipient.address.as_ref().and_then(|address| self.expander.mailer(address));
        let parent =
            recipient.parent.map(|parent| self.control(parent)).or_else(|| recipient.control.clone());
        let of_list = parent.as_ref().map(|control| (&control.alias[..], Some(control.ids)));
        // ruleset 5 put another in its place (LUSER_RELAY): to sendmail that is an alias of nobody's
        let replaced = recipient.flags.contains(RecipientFlags::REPLACED);
        let (dsn, full) = (reply.enhanced_text(), reply.to_line());
        let to = log_text(&recipient.text);
        let line = RecipientLine {
            to: vec![&to],
            control: if replaced { Some((&recipient.text, None)) } else { of_list },
            delay: self.now - self.envelope.created,
            mailer: mailer.map(|mailer| &mailer.name[..]),
            priority: self.priority(),
            relay: Some(recipient.host()).filter(|host| replaced && !host.is_empty()),
            dsn: dsn.as_deref().map(str::as_bytes),
            reply: Some(&full),
            stat: &reply.text,
            ..RecipientLine::default()
        };
        self.log(6, Priority::Info, &line.to_line());
    }

    /// That of a message which begins with the queue's copy is one attempt further, until it is known how many it is for.
    fn priority(&self) -> i64 {
        let begun = self.envelope.attempt.from_queue && !self.envelope.attempt.read_back;
        self.envelope.priority + if begun { self.expander.site.config.options.retry_factor } else { 0 }
    }

    /// What is said is 7-bit text, as in sendmail, unless addresses may be UTF-8.
    fn plain<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        match self.expander.site.config.options.utf8_addresses {
            true => text.into(),
            false => seven_bits(text),
        }
    }

    pub(super) fn transcript(&mut self, line: &[u8]) {
        let line = self.plain(line);
        self.envelope.transcribe(&line);
    }

    pub(super) fn log(&self, level: u8, priority: Priority, text: &[u8]) {
        self.expander.logger.log(level, priority, Some(self.envelope.id.as_bytes()), text);
    }
}

/// What people read of a name that could not be looked up: `host map: lookup (a.example): deferred` is for the queue file.
pub fn lookup_timeout(why: &[u8]) -> Option<Vec<u8>> {
    let name = why.strip_prefix(b"host map: lookup (")?.strip_suffix(b"): deferred")?;
    Some([name, b": Name server timeout"].concat())
}
