//! One envelope in the making: from MAIL (or the session's begin) to its acceptance or its end.

use super::acceptor::Acceptor;
use super::session::Session;
use crate::engine::Scope;
use crate::envelope::{Envelope, QueueId, RecipientState};
use crate::logging::{Priority, SenderLine};

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
    /// All of them.
    pub(super) commands: u32,
    /// Those that were refused.
    pub(super) refused: u32,
}

/// What is known of the message to come.
#[derive(Debug, Default)]
pub(super) struct Transaction {
    /// The envelope. It has its identifier from the beginning: log lines need it.
    pub(super) envelope: Envelope,
    pub(super) stage: Stage,
}

impl Transaction {
    pub(super) fn new(id: QueueId, connection: &Scope) -> Self {
        let envelope = Envelope { id, scope: connection.clone(), ..Envelope::default() };
        Self { envelope, stage: Stage::Idle }
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

    /// Recipients accepted so far, duplicates not counted.
    pub(super) fn recipients(&self) -> usize {
        let counted = |state: &RecipientState| *state != RecipientState::Duplicate;
        self.envelope.recipients.iter().filter(|recipient| counted(&recipient.state)).count()
    }
}

impl<A: Acceptor> Session<A> {
    /// Ends the transaction without a message: RSET, QUIT, a lost connection.
    pub(super) fn drop_transaction(&mut self) {
        self.log_sender();
        self.acceptor.discard(&self.transaction.envelope);
        self.next_transaction();
    }

    /// A fresh envelope with the macros of the connection.
    pub(super) fn next_transaction(&mut self) -> Envelope {
        let id = self.acceptor.next_id();
        let next = Transaction::new(id, &self.scope);
        let mut last = std::mem::replace(&mut self.transaction, next);
        self.set_envelope_macros();
        std::mem::take(&mut last.envelope)
    }

    /// `$i` and the times of a new envelope.
    pub(super) fn set_envelope_macros(&mut self) {
        let config = &self.server.site.config;
        let envelope = &mut self.transaction.envelope;
        envelope.created = self.acceptor.now();
        envelope.scope.set_named(config, b"i", envelope.id.as_bytes());
        crate::message::set_dates(config, &mut envelope.scope, envelope.created);
    }

    /// The accounting line of the message, if MAIL named a sender, and what is to follow it. Called once,
    /// at the end.
    pub(super) fn log_sender(&mut self) {
        let transaction = &self.transaction;
        if transaction.stage == Stage::Idle {
            return;
        }
        let envelope = &transaction.envelope;
        let config = &self.server.site.config;
        let protocol = config.names.get(b"r").and_then(|id| envelope.scope.get(config, id));
        let line = SenderLine {
            from: &envelope.sender.text,
            size: envelope.size,
            class: envelope.class,
            recipients: transaction.recipients(),
            message_id: envelope.message_id.as_deref(),
            body_type: envelope.body_type.map(|kind| kind.as_bytes()),
            protocol,
            daemon: Some(&self.client.daemon.name).filter(|name| !name.is_empty()).map(Vec::as_slice),
            relay: &self.client.display,
        };
        self.log(4, Priority::Info, &line.to_line());
        if let Stage::Data { notes } = &transaction.stage {
            for note in notes {
                self.server.log.always(Priority::Notice, Some(envelope.id.as_bytes()), note);
            }
        }
    }
}
