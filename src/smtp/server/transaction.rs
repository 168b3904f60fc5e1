//! One envelope in the making: from MAIL (or the session's begin) to its acceptance or its end.

use super::acceptor::Acceptor;
use super::session::Session;
use crate::engine::Scope;
use crate::envelope::{Envelope, QueueId, RecipientState};
use crate::logging::{Priority, SenderLine};

/// What is known of the message to come.
#[derive(Debug, Default)]
pub(super) struct Transaction {
    /// The envelope. It has its identifier from the beginning: log lines need it.
    pub(super) envelope: Envelope,
    /// MAIL was accepted.
    pub(super) active: bool,
    /// RCPT commands since MAIL, bad ones included.
    pub(super) attempts: u32,
    /// Refused recipients.
    pub(super) bad_recipients: u32,
    /// SIZE=
    pub(super) declared_size: u64,
    /// The `from=` line has been logged.
    pub(super) logged: bool,
    /// Something for the log that comes after the `from=` line.
    pub(super) afterwards: Vec<Vec<u8>>,
}

impl Transaction {
    pub(super) fn new(id: QueueId, connection: &Scope) -> Self {
        let envelope = Envelope { id, scope: connection.clone(), ..Envelope::default() };
        Self { envelope, ..Self::default() }
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
        self.log_afterwards();
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

    /// The accounting line of the message, once, if MAIL named a sender.
    pub(super) fn log_sender(&mut self) {
        let transaction = &self.transaction;
        if transaction.logged || !transaction.envelope.session.log_sender {
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
        self.transaction.logged = true;
    }

    /// Lines that follow the `from=` line.
    pub(super) fn log_afterwards(&mut self) {
        for line in std::mem::take(&mut self.transaction.afterwards) {
            self.server.log.always(Priority::Notice, Some(self.transaction.envelope.id.as_bytes()), &line);
        }
    }
}
