//! A session and its filters: who is asked when, and what follows from what they decide.

use super::acceptor::{Acceptor, BodySink};
use super::arrived::InHand;
use super::filter::{Context, Decision, Extent, Filter, FilterCall, Stage};
use super::session::{Refusal, Session};
use crate::envelope::Envelope;
use crate::logging::Priority;
use crate::logging::statistics::{Connection, Message};
use crate::message::Header;
use crate::rewrite::Verdict;
use crate::schema::Reply;
use std::ops::Range;

impl<A: Acceptor> Session<A> {
    /// Asks all filters in turn. A refusal is returned for the caller to send (`to`: the address that it
    /// is about); discard and quarantine are noted in the envelope. All three are logged.
    pub(super) async fn ask(&mut self, call: FilterCall<'_>, to: Option<&[u8]>) -> Option<Reply> {
        for index in 0..self.filters.len() {
            let decision = self.tell(index, call).await;
            if let Some(reply) = self.judge(decision, to) {
                return Some(reply);
            }
        }
        None
    }

    /// What one filter decides.
    pub(super) async fn tell(&mut self, index: usize, call: FilterCall<'_>) -> Decision {
        let (filters, mut context) = self.filters_and_context();
        let filter = filters[index].as_mut();
        match filter.hears(&context.site.config, call.stage()) {
            true => call.make(filter, &mut context).await,
            false => Decision::accept(),
        }
    }

    fn filters_and_context(&mut self) -> (&mut Vec<Box<dyn Filter>>, Context<'_>) {
        let Self { filters, server, client, transaction, discard, .. } = self;
        let Envelope { id, scope, sender, recipients, session, .. } = &mut transaction.envelope;
        let discard = *discard || session.discard;
        let id = id.as_bytes();
        (filters, Context { site: &server.site, id, discard, client, scope, sender, recipients })
    }

    /// What is known of the transaction.
    pub(super) fn context(&mut self) -> Context<'_> {
        self.filters_and_context().1
    }

    fn judge(&mut self, decision: Decision, to: Option<&[u8]>) -> Option<Reply> {
        self.log_decision(&decision, to, true);
        match (decision.verdict, decision.extent) {
            (Verdict::Accept, _) => None,
            (Verdict::Reject { .. }, Extent::LaterInSession) => {
                self.put_off = true;
                None
            }
            (Verdict::Reject { reply, .. }, Extent::Session) => {
                self.refusal = Some(Refusal::Rule(self.finished(&reply, None)));
                None
            }
            (Verdict::Reject { reply, status }, extent) => {
                self.ends |= extent == Extent::Connection;
                self.refused_by_rules(&reply, status);
                Some(reply)
            }
            (Verdict::Discard, _) => {
                self.transaction.envelope.session.discard = true;
                None
            }
            (Verdict::Quarantine(reason), _) => {
                self.transaction.envelope.quarantine = Some(reason);
                None
            }
        }
    }

    /// `ruleset=check_rcpt, arg1=…, relay=…, reject=…`
    pub(super) fn log_decision(&self, decision: &Decision, to: Option<&[u8]>, with_id: bool) {
        if decision.source.is_empty() {
            return;
        }
        let mut verdict = decision.verdict.clone();
        if let Verdict::Reject { reply, .. } = &mut verdict {
            *reply = self.finished(reply, to);
        }
        match verdict {
            Verdict::Reject { .. } => {
                self.server.log.count_connection(Connection::Refused);
                // before MAIL there is no message to be refused
                let messages = if with_id { &[Message::Rejected][..] } else { &[] };
                self.count(messages);
            }
            Verdict::Discard => self.server.log.count_connection(Connection::Refused),
            Verdict::Accept | Verdict::Quarantine(_) => {}
        }
        let Some(text) = verdict.log_line(&decision.source, &self.client.display) else { return };
        let id = with_id.then(|| self.transaction.envelope.id.as_bytes());
        self.server.log.log(3, Priority::Notice, id, &text);
    }

    /// The whole header has arrived.
    pub(super) async fn hear_header(&mut self, fields: &[Header]) -> Option<Reply> {
        for field in fields {
            if let Some(reply) = self.ask(FilterCall::Header(field), None).await {
                return Some(reply);
            }
        }
        self.ask(FilterCall::EndOfHeader(fields), None).await
    }

    /// The final dot. Each filter of the range sees the message as those before it have left it, and may change it.
    pub(super) async fn end_of_message(&mut self, sink: &mut A::Sink, range: Range<usize>) -> Option<Reply> {
        let config = self.server.site.config.clone();
        let asked = self.filters.iter().enumerate().skip(range.start).take(range.len());
        let asked = asked.filter(|(_, filter)| filter.hears(&config, Stage::End));
        let asked: Vec<usize> = asked.map(|(index, _)| index).collect();
        let refused = match asked.is_empty() {
            true => None,
            false => self.show_message(sink, &asked).await,
        };
        let envelope = &mut self.transaction.envelope;
        if envelope.pending().next().is_none() {
            envelope.session.discard = true;
        }
        refused
    }

    async fn show_message(&mut self, sink: &mut A::Sink, asked: &[usize]) -> Option<Reply> {
        let mut filters = std::mem::take(&mut self.filters);
        let received = sink.size();
        let mut refused = None;
        let mut message = InHand::new(self, sink);
        for index in asked {
            let decision = filters[*index].end(&mut message).await;
            refused = message.session().judge(decision, None);
            if refused.is_some() {
                break;
            }
        }
        message.finish();
        self.filters = filters;
        let envelope = &mut self.transaction.envelope;
        envelope.size = (envelope.size + sink.size()).saturating_sub(received);
        refused
    }

    /// Nothing comes of the message.
    pub(super) async fn abort_filters(&mut self) {
        let (filters, mut context) = self.filters_and_context();
        for filter in filters {
            filter.abort(&mut context).await;
        }
    }

    /// The session is over.
    pub(super) async fn end_filters(&mut self) {
        let (filters, mut context) = self.filters_and_context();
        for filter in filters {
            filter.quit(&mut context).await;
        }
    }
}
