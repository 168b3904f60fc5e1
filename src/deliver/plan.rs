//! Who is delivered together, and in which order.

use crate::config::{Config, Mailer, MailerId};
use crate::envelope::{Envelope, RecipientState};
use hashbrown::HashMap;
use std::hash::Hash;

/// Recipients of one mailer that may share a run: indices into the envelope.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Group {
    pub(super) members: Vec<usize>,
}

impl Group {
    /// Its place among all groups: that of the member whose turn comes first.
    pub(super) fn turn(&self, turns: &[usize]) -> usize {
        self.members.iter().filter_map(|index| turns.get(*index)).min().copied().unwrap_or(usize::MAX)
    }
}

/// For each recipient its place in the order of those who are to be tried.
pub(super) fn turns(config: &Config, envelope: &Envelope) -> Vec<usize> {
    let mut turns = vec![usize::MAX; envelope.recipients.len()];
    for (turn, index) in order(config, envelope).into_iter().enumerate() {
        turns[index] = turn;
    }
    turns
}

/// Who is still to be tried, in the order of the send queue; files are one delivery, when it is the first one's turn.
pub(super) fn order(config: &Config, envelope: &Envelope) -> Vec<usize> {
    let waiting = |index: &usize| {
        let recipient = &envelope.recipients[*index];
        recipient.state == RecipientState::New && recipient.address.is_some()
    };
    let mut order: Vec<usize> = envelope.send_order().into_iter().filter(waiting).collect();
    let is_file = |index: &usize| envelope.recipients[*index].mailer(config).is_some_and(Mailer::is_file);
    if let Some(first) = order.iter().position(is_file) {
        order[first..].sort_by_key(|index| !is_file(index));
    }
    order
}

/// Cuts such an order into groups. `next_hop` tells where a recipient's mail goes: recipients of one mailer
/// with the same one share a transaction. Members stand in the order of their commands: the last first.
pub(super) fn groups<N: Eq + Hash>(
    config: &Config,
    envelope: &Envelope,
    order: Vec<usize>,
    next_hop: &dyn Fn(usize) -> N,
) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    // the group of a mailer and next hop that still has room: a list may have ten thousand members
    let mut open: HashMap<(Option<MailerId>, N), usize> = HashMap::new();
    for index in order {
        let recipient = &envelope.recipients[index];
        let mailer_id = recipient.address.as_ref().map(|address| address.mailer);
        // of what no mailer takes all hear together
        let most =
            |mailer: &Mailer| if mailer.takes(envelope.size) { max_recipients(mailer) } else { usize::MAX };
        let limit = recipient.mailer(config).map_or(1, most);
        let key = (mailer_id, next_hop(index));
        match open.get(&key).filter(|at| groups[**at].members.len() < limit) {
            Some(at) => groups[*at].members.push(index),
            None => {
                open.insert(key, groups.len());
                groups.push(Group { members: vec![index] });
            }
        }
    }
    groups.iter_mut().for_each(|group| group.members.reverse());
    groups
}

/// How many recipients one run of a mailer takes: r= of those with flag m, one of the others.
fn max_recipients(mailer: &Mailer) -> usize {
    if mailer.has(b'm') { mailer.max_recipients.max(1) as usize } else { 1 }
}
