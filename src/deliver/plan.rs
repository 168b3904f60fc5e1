//! Who is delivered together, and in which order.

use crate::config::{Config, Mailer};
use crate::envelope::{Envelope, RecipientState};

/// Recipients of one mailer that may share a run: indices into the envelope.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Group {
    pub(super) members: Vec<usize>,
}

fn host(envelope: &Envelope, index: usize) -> &[u8] {
    let address = envelope.recipients[index].address.as_ref();
    address.and_then(|address| address.host.as_deref()).unwrap_or_default()
}

/// Who is still to be tried, as sendmail's send queue has them: by host, otherwise as they came.
pub(super) fn order(envelope: &Envelope) -> Vec<usize> {
    let waiting = |index: &usize| {
        let recipient = &envelope.recipients[*index];
        recipient.state == RecipientState::New && recipient.address.is_some()
    };
    let mut order: Vec<usize> = (0..envelope.recipients.len()).filter(waiting).collect();
    order.sort_by(|one, two| host(envelope, *one).cmp(host(envelope, *two)));
    order
}

/// Cuts such an order into groups. `next_hop` tells where a recipient's mail goes: recipients of one mailer
/// with the same one share a transaction. Members stand in the order of their commands: the last first.
pub(super) fn groups<N: PartialEq>(
    config: &Config,
    envelope: &Envelope,
    order: Vec<usize>,
    next_hop: &dyn Fn(usize) -> N,
) -> Vec<Group> {
    let mut rest = order;
    let mut groups = Vec::new();
    while let Some(first) = rest.first().copied() {
        let mailer_id =
            |index: usize| envelope.recipients[index].address.as_ref().map(|address| address.mailer);
        let hop = next_hop(first);
        let together = |index: usize| mailer_id(index) == mailer_id(first) && next_hop(index) == hop;
        let limit =
            mailer_id(first).and_then(|id| config.mailers.get(usize::from(id.0))).map_or(1, max_recipients);
        let mut members: Vec<usize> =
            rest.iter().copied().filter(|index| together(*index)).take(limit).collect();
        rest.retain(|index| !members.contains(index));
        members.reverse();
        groups.push(Group { members });
    }
    groups
}

/// How many recipients one run of a mailer takes: r= of those with flag m, one of the others.
fn max_recipients(mailer: &Mailer) -> usize {
    if mailer.has(b'm') { mailer.max_recipients.max(1) as usize } else { 1 }
}
