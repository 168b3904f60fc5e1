//! DATA (RFC 5321, section 4.1.1.4): from the command to the reply behind the final dot.

use super::acceptor::Acceptor;
use super::filter::FilterCall;
use super::session::{Flow, Session};
use super::transaction::Stage;
use super::verb_row::VerbRow;
use crate::envelope::Envelope;
use crate::logging::counters::Count;
use crate::logging::statistics::Message;
use crate::logging::{Console, Priority};
use crate::schema::Reply;

pub(super) const fn row<A: Acceptor>() -> VerbRow<A> {
    VerbRow::new("DATA", |session, _| Box::pin(session.data())).delayed_as("DATA")
}

impl<A: Acceptor> Session<A> {
    async fn data(&mut self) -> Flow {
        if let Err(reply) = self.may_send_data() {
            self.error(&reply, None);
            return Flow::Continue;
        }
        if self.refuses_early_input("DATA").await {
            return Flow::Close;
        }
        if let Some(reply) = self.ask(FilterCall::Data(self.transaction.counted()), None).await {
            self.error(&reply, None);
            return Flow::Continue;
        }
        self.name_single_recipient();
        self.transaction.stage = Stage::Data { notes: Vec::new() };
        self.say("354", None, b"End data with <CR><LF>.<CR><LF>");
        self.collect().await
    }

    pub(super) fn may_send_data(&self) -> Result<(), Reply> {
        match self.transaction.stage {
            Stage::Idle | Stage::Refused => Err(Reply::new(503, None, "Need MAIL command")),
            Stage::Data { .. } => Err(Reply::new(503, None, "The message has begun with BDAT")),
            Stage::Recipients(count) if count.accepted > 0 => Ok(()),
            _ => Err(Reply::new(503, None, "Need RCPT (recipient)")),
        }
    }

    /// `$u`, which the Received field shows, is known only when one recipient was looked up.
    pub(super) fn name_single_recipient(&mut self) {
        let looked_up = self.transaction.rcpt_count().map_or(0, |count| count.looked_up as usize);
        let addresses = looked_up + usize::from(self.transaction.envelope.session.verified);
        let only = match self.transaction.recipients() {
            1 => self.transaction.named().next().map(|only| only.text.clone()),
            _ => None,
        };
        let envelope = &mut self.transaction.envelope;
        // rules that verified recipients have left theirs
        envelope.scope.unset(crate::addr::MacroId(b'u'));
        if let (Some(text), 1) = (only, addresses) {
            envelope.scope.set_named(&self.server.site.config, b"u", &text);
        }
    }

    /// The message is there and may be accepted.
    pub(super) async fn accept(&mut self) -> Flow {
        let id = self.transaction.envelope.id.clone();
        let discard = self.transaction.envelope.session.discard;
        if discard {
            self.abort_filters().await;
            match self.server.log.level() > 9 {
                true => self.log_undelivered(9, b"discarded"),
                // a filter has struck everybody out
                false if self.transaction.envelope.pending().next().is_none() => {}
                false => self.log(4, Priority::Info, b"discarded"),
            }
            self.count(&[Message::From, Message::Discarded]);
            self.forget_transaction();
            self.say_accepted(id.as_bytes());
            return Flow::Continue;
        }
        let mut envelope = self.next_transaction();
        envelope.check_body_type();
        // a delivery that goes on where the session ends has its status
        envelope.attempt.exit = self.exit;
        let (mailer, size) = (envelope.sender.mailer(&self.server.site.config), envelope.size);
        let (held, recipients) = (envelope.quarantine.is_some(), envelope.pending().count());
        // what began before VERB goes its way as it would have without it
        let steps = self.steps.as_ref().filter(|_| !envelope.session.looked_up);
        envelope.attempt.console =
            steps.map_or_else(Console::default, |steps| Console::of_client(steps.clone()));
        let accepted = self.acceptor.accept(envelope, steps.is_some()).await;
        self.tell_steps();
        match accepted {
            Ok(()) => {
                self.server.log.counters().add(Count::Recipients, recipients as u64);
                for kind in std::iter::once(Message::From).chain(held.then_some(Message::Quarantined)) {
                    self.server.log.count_message(kind, mailer, size);
                }
                self.say_accepted(id.as_bytes());
            }
            Err(reply) => {
                self.error(&reply, None);
            }
        }
        Flow::Continue
    }

    fn say_accepted(&mut self, id: &[u8]) {
        let text = [id, b" Message accepted for delivery"].concat();
        self.say("250", Some("2.0.0"), &text);
    }

    /// The message is there and is refused: every recipient is accounted for.
    pub(super) async fn refuse_message(&mut self, reply: &Reply) -> Flow {
        let text = self.error(reply, None);
        self.abort_filters().await;
        // of several refusals the log shows the one that the queue would show
        let text = match reply.text.contains(&b'\n') {
            true => in_one_line(&self.finished(reply, None)),
            false => self
                .transaction
                .refused_as
                .take()
                .or(self.transaction.envelope.message.clone())
                .unwrap_or(text),
        };
        self.log_undelivered(6, &text);
        self.forget_transaction();
        Flow::Continue
    }

    /// Room is made for the next transaction; the envelope as it is.
    pub(super) fn envelope(&mut self) -> &mut Envelope {
        &mut self.transaction.envelope
    }
}

/// The lines of a reply as they are sent, without the codes of the first.
fn in_one_line(reply: &Reply) -> Vec<u8> {
    let code = Reply::new(reply.code, reply.enhanced, Vec::new()).to_line();
    let mut lines = reply.text.split(|byte| *byte == b'\n').peekable();
    let mut whole = lines.next().unwrap_or_default().to_vec();
    while let Some(line) = lines.next() {
        let mut code = code.clone();
        if let (Some(_), Some(behind)) = (lines.peek(), code.get_mut(3)) {
            *behind = b'-';
        }
        whole.extend([b"\r\n", code.trim_ascii_end(), b" ", line].concat());
    }
    whole
}
