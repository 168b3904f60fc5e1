//! Lists with an owner: their members get a copy whose sender is the owner.

use super::attempt::Deliverer;
use crate::envelope::{Envelope, EnvelopeFlags, Owned, RecipientFlags, RecipientState, Sender};
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
}

/// Moves the members of owned lists into envelopes of their own.
pub(super) async fn split_by_owner(
    on: &Deliverer,
    envelope: &mut Envelope,
    owners: &[Option<Owned>],
) -> Vec<Envelope> {
    let mut names: Vec<&[u8]> = Vec::new();
    for index in envelope.send_order() {
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
        let copy = copy(on, envelope, owners, name).await;
        let text = [b": clone: owner=", name].concat();
        let text = [copy.id.as_bytes(), &text].concat();
        on.logger.log(4, Priority::Info, Some(envelope.id.as_bytes()), &text);
        copies.push(copy);
    }
    for (recipient, owner) in envelope.recipients.iter_mut().zip(owners) {
        if owner.is_some() && moves(&recipient.state) {
            recipient.state = RecipientState::Removed;
        }
    }
    copies
}

/// Who goes along: everybody who is still to get it, and those who cannot, whom the owner hears of.
fn moves(state: &RecipientState) -> bool {
    matches!(state, RecipientState::New | RecipientState::Queued | RecipientState::Failed)
}

async fn copy(on: &Deliverer, envelope: &mut Envelope, owners: &[Option<Owned>], name: &[u8]) -> Envelope {
    let mut copy = envelope.clone();
    copy.id = (on.next_id)();
    copy.attempt.transcript.clear();
    copy.attempt.submitter = None;
    // what RET= and BY= say is about the list's sender
    copy.flags -= EnvelopeFlags::RETURN_GIVEN;
    copy.deliver_by = None;
    let parsed = Rewriter::quiet(&on.site, &mut copy.scope).parse(name, AddressKind::SENDER).await;
    copy.sender = Sender { text: name.to_vec(), address: parsed.address };
    if let Some(id) = on.site.config.macro_id("i") {
        let own = copy.id.as_bytes().to_vec();
        copy.scope.set(id, &own);
    }
    for (index, owner) in owners.iter().enumerate() {
        let mine = owner.as_ref().filter(|owned| owned.owner == name && moves(&copy.recipients[index].state));
        if let Some(owned) = mine {
            announce(envelope, &mut copy, index, owned.list);
        } else if copy.recipients[index].state != RecipientState::Expanded {
            copy.recipients[index].state = RecipientState::Removed;
        }
    }
    copy
}

/// The list itself was delivered to as far as its own sender is concerned.
fn announce(envelope: &mut Envelope, copy: &mut Envelope, index: usize, list: usize) {
    let line = [b"Message delivered to mailing list ", &copy.recipients[list].text[..], b"\n"].concat();
    for transcript in [&mut copy.attempt.transcript, &mut envelope.attempt.transcript] {
        if !transcript.windows(line.len()).any(|part| part == line) {
            // before what the expansion has left
            transcript.splice(0..0, line.iter().copied());
        }
    }
    envelope.recipients[list].flags |= RecipientFlags::DELIVERED_LIST;
    // what becomes of its members is the owner's business: nobody else's wishes count
    let wishes = RecipientFlags::HAS_NOTIFY | RecipientFlags::SUCCESS | RecipientFlags::DEFAULT_NOTIFY;
    for above in copy.chain(index).collect::<Vec<_>>() {
        copy.recipients[above].flags -= wishes;
        copy.recipients[above].flags |= RecipientFlags::DEFAULT_NOTIFY;
    }
}
