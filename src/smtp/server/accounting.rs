//! One transaction ends, the next begins; the log accounts for each.

use super::acceptor::Acceptor;
use super::session::Session;
use super::transaction::{Stage, Transaction};
use crate::envelope::{BodyType, Envelope};
use crate::logging::statistics::Message;
use crate::logging::{Priority, RecipientLine, SenderLine, log_text};

impl<A: Acceptor> Session<A> {
    /// Ends the transaction without a message: RSET, QUIT, a lost connection.
    pub(super) fn drop_transaction(&mut self) {
        self.log_sender();
        self.forget_transaction();
    }

    /// The same because of a command; beyond a log level each recipient hears of it.
    pub(super) fn abort_transaction(&mut self, level: u8, why: &str) {
        self.log_undelivered(level, why.as_bytes());
        self.drop_transaction();
    }

    /// The message for the statistics.
    pub(super) fn count(&self, kinds: &[Message]) {
        let envelope = &self.transaction.envelope;
        let mailer = envelope.sender.mailer(&self.server.site.config);
        for kind in kinds {
            self.server.log.count_message(*kind, mailer, envelope.size);
        }
    }

    /// A `to=` line for everybody who was named.
    pub(super) fn log_undelivered(&self, level: u8, stat: &[u8]) {
        let envelope = &self.transaction.envelope;
        let recipients = envelope.send_order().into_iter().map(|index| &envelope.recipients[index]);
        for recipient in recipients.filter(|one| !one.state.is_left_out()) {
            let to = log_text(&recipient.text);
            let line = RecipientLine {
                to: vec![&to],
                delay: self.acceptor.now() - envelope.created,
                priority: envelope.priority,
                stat,
                ..RecipientLine::default()
            };
            self.log(level, Priority::Info, &line.to_line());
        }
    }

    /// The queue keeps nothing of it.
    pub(super) fn forget_transaction(&mut self) {
        // without MAIL there was no body either
        if self.transaction.stage != Stage::Idle {
            self.acceptor.discard(&self.transaction.envelope);
        }
        self.next_transaction();
    }

    /// A fresh envelope with the macros of the connection.
    pub(super) fn next_transaction(&mut self) -> Envelope {
        self.chunks = None;
        self.wire.allow_utf8(false);
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
        envelope.body_type = self.client.body_type;
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
        let protocol = envelope.scope.get_named(config, b"r");
        let line = SenderLine {
            from: &envelope.sender.text,
            size: envelope.size,
            class: envelope.class,
            recipients: transaction.before_verb
                + envelope.counted_behind(transaction.before_verb)
                + transaction.shown,
            message_id: envelope.message_id.as_deref(),
            body_type: envelope.body_type.as_ref().map(BodyType::as_bytes),
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
