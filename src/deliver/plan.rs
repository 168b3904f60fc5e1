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

pub(super) fn mailer<'a>(config: &'a Config, envelope: &Envelope, index: usize) -> Option<&'a Mailer> {
    let address = envelope.recipients[index].address.as_ref()?;
    config.mailers.get(usize::from(address.mailer.0))
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

/// Cuts the order into groups. `signature` names where a host's mail goes: hosts with the same one
/// share a transaction. Members stand in the order of their commands: the last one first.
pub(super) fn groups(
    config: &Config,
    envelope: &Envelope,
    signature: &dyn Fn(usize) -> Vec<u8>,
) -> Vec<Group> {
    let mut rest = order(envelope);
    let mut groups = Vec::new();
    while let Some(first) = rest.first().copied() {
        let together = |index: usize| {
            let address = |index: usize| envelope.recipients[index].address.as_ref();
            address(index).map(|address| address.mailer) == address(first).map(|address| address.mailer)
                && signature(index) == signature(first)
        };
        let mailer = mailer(config, envelope, first);
        let most = match mailer {
            Some(mailer) if mailer.has(b'm') && mailer.max_recipients > 0 => mailer.max_recipients as usize,
            Some(mailer) if mailer.has(b'm') => 100,
            _ => 1,
        };
        let mut members: Vec<usize> =
            rest.iter().copied().filter(|index| together(*index)).take(most).collect();
        rest.retain(|index| !members.contains(index));
        members.reverse();
        groups.push(Group { members });
    }
    groups
}
