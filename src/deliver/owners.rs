//! Lists with an owner: their members get a copy whose sender is the owner.

use super::attempt::Deliverer;
use crate::envelope::{
    Envelope, EnvelopeFlags, FailureReport, Owned, QueueId, RecipientFlags, RecipientState, Sender,
};
use crate::logging::Priority;
use crate::rewrite::{AddressKind, Rewriter};

impl Deliverer {
    /// Moves the members of owned lists into envelopes of their own, for a message that waits for a queue run.
    pub async fn split_by_owner(&self, envelope: &mut Envelope) -> Vec<Envelope> {
        match envelope.attempt.expanded.take() {
            Some(expanded) => split_by_owner(self, envelope, &expanded.owners).await,
            None => Vec::new(),
        }
    }

    /// The same for what a queue group or r= has cut off: it becomes that of the owner itself where all of it is of one list.
    pub async fn split_part_by_owner(&self, part: &mut Envelope, owners: &[Option<Owned>]) -> Vec<Envelope> {
        let Some(owner) = sole_owner(part, owners) else { return split_by_owner(self, part, owners).await };
        part.attempt.own_sender = false;
        *part = copy(self, part, (part.id.clone(), owner), owners).await;
        Vec::new()
    }
}

/// The one owner of all who are to get it.
fn sole_owner<'a>(envelope: &Envelope, owners: &'a [Option<Owned>]) -> Option<&'a [u8]> {
    let of = |index: usize| owners.get(index)?.as_ref().map(|owned| &owned.owner[..]);
    let moving = (0..envelope.recipients.len()).filter(|index| moves(&envelope.recipients[*index].state));
    let mut found = moving.map(of);
    let first = found.next()??;
    found.all(|owner| owner == Some(first)).then_some(first)
}

/// Moves the members of owned lists into envelopes of their own.
pub(super) async fn split_by_owner(
    on: &Deliverer,
    envelope: &mut Envelope,
    owners: &[Option<Owned>],
) -> Vec<Envelope> {
    let mut names: Vec<&[u8]> = Vec::new();
    // as sendmail comes upon them: it cuts off that of the last recipient first, and what was cut off last is delivered first
    for index in envelope.send_order().into_iter().rev() {
        let (recipient, owner) = (&envelope.recipients[index], owners.get(index).and_then(Option::as_ref));
        if let Some(Owned { owner, .. }) = owner
            && moves(&recipient.state)
            && !names.contains(&&owner[..])
        {
            names.push(owner);
        }
    }
    // from now on there is more than one sender
    envelope.attempt.own_sender &= names.is_empty();
    let mut copies = Vec::new();
    for name in names {
        let copy = copy(on, envelope, ((on.next_id)(), name), owners).await;
        note_delivered(envelope, owners, name);
        if !envelope.attempt.is_own_report() {
            let text = [copy.id.as_bytes(), b": clone: owner=", name].concat();
            on.logger.log(4, Priority::Info, Some(envelope.id.as_bytes()), &text);
        }
        copies.push(copy);
    }
    for (recipient, owner) in envelope.recipients.iter_mut().zip(owners) {
        if owner.is_some() && moves(&recipient.state) {
            recipient.state = RecipientState::Removed;
        }
    }
    copies.reverse();
    copies
}

/// Before they are tried: where several are left (with a command, any that is not refused) sendmail makes its send queue anew of these: reports do not know the
/// lists that they come from. What comes back untried has the first one.
pub(super) fn forget_lists(envelope: &mut Envelope) {
    let forgotten = match envelope.attempt.defaults {
        Some(_) => envelope.pending().next().is_some(),
        None if envelope.attempt.given_up => false,
        None => envelope.recipients.iter().filter(|one| moves(&one.state)).count() > 1,
    };
    if forgotten {
        for list in envelope.recipients.iter_mut().filter(|one| !moves(&one.state)) {
            list.flags -= RecipientFlags::LISTS;
        }
    }
}

/// Who goes along: everybody who is still to get it, and those who cannot, whom the owner hears of.
fn moves(state: &RecipientState) -> bool {
    matches!(state, RecipientState::New | RecipientState::Queued | RecipientState::Failed)
}

async fn copy(
    on: &Deliverer,
    envelope: &Envelope,
    (own_id, name): (QueueId, &[u8]),
    owners: &[Option<Owned>],
) -> Envelope {
    let mut copy = envelope.clone();
    if copy.attempt.failure == FailureReport::DeadLetter {
        // whoever called is not the one to be told any more
        copy.attempt.failure = FailureReport::Mail;
    }
    copy.id = own_id;
    copy.attempt.submitter = None;
    copy.message = None;
    // what RET= says is about the list's sender
    copy.flags -= EnvelopeFlags::RETURN_GIVEN;
    // the owner is told of failures, whoever has sent it
    if !copy.attempt.report {
        copy.flags -= EnvelopeFlags::RESPONSE;
    }
    // and members are asked for no receipts; what waits in the queue is as it came
    copy.attempt.unreceipted = true;
    let parsed = Rewriter::quiet(&on.site, &mut copy.scope).parse(name, AddressKind::SENDER).await;
    copy.sender = Sender { text: name.to_vec(), address: parsed.address };
    if let Some(id) = on.site.config.macro_id("i") {
        let own = copy.id.as_bytes().to_vec();
        copy.scope.set(id, &own);
    }
    for (index, owner) in owners.iter().enumerate() {
        let mine = owner.as_ref().is_some_and(|owned| owned.owner == name);
        if mine && moves(&copy.recipients[index].state) {
            forget_wishes(&mut copy, index);
        } else if copy.recipients[index].state != RecipientState::Expanded {
            copy.recipients[index].state = RecipientState::Removed;
        }
        copy.recipients[index].flags -= RecipientFlags::LISTS;
    }
    copy
}

/// Lists of an owner are delivered to as far as their own sender is concerned.
fn note_delivered(envelope: &mut Envelope, owners: &[Option<Owned>], name: &[u8]) {
    for owned in owners.iter().flatten().filter(|owned| owned.owner == name) {
        envelope.recipients[owned.list].flags |= RecipientFlags::DELIVERED_LIST;
    }
}

/// What becomes of the members is the owner's business: he hears of failures and delays, and of nothing else. What a command says
/// (`-N`) holds for members, too, but for receipts.
fn forget_wishes(copy: &mut Envelope, index: usize) {
    let commanded = copy.attempt.notifies();
    for above in copy.chain(index).collect::<Vec<_>>() {
        let flags = &mut copy.recipients[above].flags;
        *flags -= RecipientFlags::SUCCESS;
        if !commanded {
            *flags -= RecipientFlags::HAS_NOTIFY;
            *flags |= RecipientFlags::DEFAULT_NOTIFY;
        }
    }
}
