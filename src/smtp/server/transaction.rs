//! One envelope in the making: from MAIL (or the session's begin) to its acceptance or its end.

use super::budget::MemoryBudget;
use crate::engine::Scope;
use crate::envelope::{Envelope, QueueId, Recipient, RecipientState};

/// How far a transaction has got (RFC 5321, section 4.1.4).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) enum Stage {
    /// Nobody has named a sender.
    #[default]
    Idle,
    /// MAIL named a sender and was refused: the log shows him all the same.
    Refused,
    /// MAIL was accepted.
    Mail,
    /// RCPT has been used since.
    Recipients(RcptCount),
    /// The message is coming in, or there.
    Data {
        /// What is still to be said in the log, after the `from=` line.
        notes: Vec<Vec<u8>>,
    },
}

/// RCPT commands of one transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct RcptCount {
    /// Those that came so far that the recipient was looked up.
    pub(super) looked_up: u32,
    /// Those that were refused.
    pub(super) refused: u32,
    /// Those that were accepted, though it be for somebody who is there already.
    pub(super) accepted: u32,
    /// The log has heard of the flood that is held back.
    pub(super) throttled: bool,
}

/// What is known of the message to come.
#[derive(Debug, Default)]
pub(super) struct Transaction {
    /// The envelope. It has its identifier from the beginning: log lines need it.
    pub(super) envelope: Envelope,
    pub(super) stage: Stage,
    /// What it may still keep.
    pub(super) budget: MemoryBudget,
    /// Addresses that VRFY and EXPN have shown meanwhile: sendmail counts them as recipients.
    pub(super) shown: usize,
    /// So many recipients were named before VERB, and counted as they were named: where they lead nobody asked.
    pub(super) before_verb: usize,
    /// Why the message is refused, as the log is to say it.
    pub(super) refused_as: Option<Vec<u8>>,
}

impl Transaction {
    pub(super) fn new(id: QueueId, connection: &Scope) -> Self {
        let envelope = Envelope { id, scope: connection.clone(), ..Envelope::default() };
        Self { envelope, ..Self::default() }
    }

    /// Has MAIL been accepted?
    pub(super) fn has_begun(&self) -> bool {
        !matches!(self.stage, Stage::Idle | Stage::Refused)
    }

    /// The count of RCPT commands; there is none before MAIL and none once the message comes.
    pub(super) fn rcpt_count(&mut self) -> Option<&mut RcptCount> {
        if self.stage == Stage::Mail {
            self.stage = Stage::Recipients(RcptCount::default());
        }
        match &mut self.stage {
            Stage::Recipients(count) => Some(count),
            _ => None,
        }
    }

    /// Recipients accepted so far, without duplicates and those whom they lead to.
    pub(super) fn named(&self) -> impl Iterator<Item = &Recipient> {
        let out =
            |state: &RecipientState| matches!(state, RecipientState::Duplicate | RecipientState::Removed);
        self.envelope.recipients.iter().filter(move |one| one.parent.is_none() && !out(&one.state))
    }

    /// As `nrcpts` has it: with the addresses that VRFY and EXPN have shown.
    pub(super) fn counted(&self) -> usize {
        self.recipients() + self.shown
    }

    /// How many they are.
    pub(super) fn recipients(&self) -> usize {
        self.named().count()
    }
}
