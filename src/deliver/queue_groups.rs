//! Queue groups by recipient: an envelope whose recipients belong to several groups, or that has more of them than its
//! group allows (r= of a Q line), is cut into several.
//!
//! A recipient's group is the one that ruleset queuegroup names, else that of its mailer (Q=). Who has none stays where
//! the envelope is.

use super::attempt::Deliverer;
use crate::config::Config;
use crate::envelope::{Envelope, EnvelopeFlags, QueueLocation, Recipient, RecipientState};
use crate::logging::Priority;
use std::collections::BTreeMap;

/// Above this LogLevel splits are in the log.
const SPLIT_LEVEL: u8 = 8;

impl Deliverer {
    /// The number of the queue group in which a message is kept: that of the first in the send queue; 0 is the default group.
    pub fn queue_group(&self, envelope: &Envelope) -> u16 {
        let first = envelope.send_order().into_iter().find(|index| is_waiting(envelope, *index));
        first.and_then(|index| self.group_of(envelope, index)).unwrap_or(0)
    }

    /// Moves recipients of other groups than the envelope's own into envelopes of theirs, and those who are too many for
    /// one. The order is sendmail's: behind each envelope what r= cut from it, the highest group first.
    /// `looked`: somebody was looked up here, or the queue gave it back.
    pub fn split_by_queue_group(&self, envelope: &mut Envelope, looked: bool) -> Vec<Envelope> {
        // the usual site has one group, without a limit
        let usual = !self.site.config.queue_groups.iter().any(|group| group.line > 0);
        // a report that was just made goes out as it is
        let is_held = envelope.quarantine.is_some() && !envelope.attempt.read_back;
        if usual || is_held || envelope.attempt.generated {
            return Vec::new();
        }
        let mut others = BTreeMap::<u16, Vec<usize>>::new();
        for index in envelope.send_order() {
            let group = self.group_of(envelope, index).filter(|group| *group != envelope.location.group);
            if let (true, Some(group)) = (is_waiting(envelope, index), group) {
                others.entry(group).or_default().push(index);
            }
        }
        let mut parts = Vec::new();
        for (group, members) in others {
            let mut part = self.part(envelope, &members, group);
            let rest = self.split_by_number(&mut part, looked);
            parts.push((part, rest));
        }
        parts.reverse();
        if !parts.is_empty() {
            let ids = parts.iter().map(|(part, _)| part.id.as_bytes().to_vec()).collect::<Vec<_>>();
            self.log_split(envelope, "", &ids);
        }
        let mut all = self.split_by_number(envelope, looked);
        all.extend(parts.into_iter().flat_map(|(part, rest)| std::iter::once(part).chain(rest)));
        all
    }

    /// Has it more recipients than r= of its group allows?
    pub(super) fn cuts_by_number(&self, envelope: &Envelope) -> bool {
        let limit = self.most_recipients(envelope);
        limit > 0 && envelope.pending().count() > limit
    }

    /// r= of the envelope's group; 0 is any number.
    fn most_recipients(&self, envelope: &Envelope) -> usize {
        let group = self.site.config.queue_groups.get(usize::from(envelope.location.group));
        group.map_or(0, |group| usize::try_from(group.recipients).unwrap_or(0))
    }

    fn split_by_number(&self, envelope: &mut Envelope, looked: bool) -> Vec<Envelope> {
        let limit = self.most_recipients(envelope);
        let mut waiting = envelope.send_order();
        waiting.retain(|index| is_waiting(envelope, *index));
        if limit == 0 || waiting.len() <= limit {
            return Vec::new();
        }
        let parts: Vec<_> = waiting[limit..]
            .chunks(limit)
            .map(|members| {
                let mut part = self.part(envelope, members, envelope.location.group);
                // sendmail marks those whom it tells of
                part.attempt.unsplit = looked;
                part
            })
            .collect();
        let ids = parts.iter().map(|part| part.id.as_bytes().to_vec()).collect::<Vec<_>>();
        self.log_split(envelope, &format!("maxrcpts={limit}, rcpts={}, ", waiting.len()), &ids);
        parts
    }

    /// An envelope for these recipients, who leave the other one. It has not been tried.
    fn part(&self, envelope: &mut Envelope, members: &[usize], group: u16) -> Envelope {
        let mut part = envelope.clone();
        part.id = (self.next_id)();
        if group != envelope.location.group {
            part.location = QueueLocation { group, directory: 0 };
        }
        (part.last_attempt, part.attempts) = envelope.attempt.before;
        part.message = None;
        part.flags -= EnvelopeFlags::SPLIT | EnvelopeFlags::RETURN_GIVEN;
        part.attempt.part = true;
        part.attempt.transcript.clear();
        part.attempt.expanded = None;
        if let Some(id) = self.site.config.macro_id("i") {
            let own = part.id.as_bytes().to_vec();
            part.scope.set(id, &own);
        }
        let mut moves = vec![false; envelope.recipients.len()];
        members.iter().for_each(|index| moves[*index] = true);
        for (index, moves) in moves.into_iter().enumerate() {
            let leaves = match moves {
                true => &mut envelope.recipients[index],
                false => &mut part.recipients[index],
            };
            // what led to a recipient goes along
            if leaves.state != RecipientState::Expanded {
                leaves.state = RecipientState::Removed;
            }
        }
        part
    }

    /// `None`: whatever the envelope's is. Of those whom a queue file names itself no group is asked for any more.
    fn group_of(&self, envelope: &Envelope, index: usize) -> Option<u16> {
        let recipient = &envelope.recipients[index];
        let from_file = envelope.attempt.read_back || envelope.attempt.from_queue;
        if from_file && recipient.parent.is_none() {
            return None;
        }
        let config = &self.site.config;
        let asked = recipient.address.as_ref()?.queue_group.as_deref();
        let by_rules = asked.and_then(|name| {
            let found = number(config, name);
            if found.is_none() {
                let text = [b"can't find queue group name ", name, b", selection ignored"].concat();
                self.logger.log(10, Priority::Info, None, &text);
            }
            found
        });
        by_rules.or_else(|| number(config, mailer_group(config, recipient)?))
    }

    fn log_split(&self, envelope: &Envelope, limit: &str, ids: &[Vec<u8>]) {
        let (count, s) = (ids.len(), if ids.len() == 1 { "" } else { "s" });
        let text =
            [format!("split: {limit}count={count}, id{s}=").as_bytes(), &ids.join(&b"; "[..])].concat();
        self.logger.log(SPLIT_LEVEL, Priority::Notice, Some(envelope.id.as_bytes()), &text);
    }
}

fn is_waiting(envelope: &Envelope, index: usize) -> bool {
    envelope.recipients[index].state.is_pending()
}

fn mailer_group<'a>(config: &'a Config, recipient: &Recipient) -> Option<&'a [u8]> {
    let mailer = recipient.address.as_ref()?.mailer;
    config.mailers.get(usize::from(mailer.0))?.queue_group.as_deref()
}

fn number(config: &Config, name: &[u8]) -> Option<u16> {
    u16::try_from(config.queue_groups.iter().position(|group| group.name == name)?).ok()
}
