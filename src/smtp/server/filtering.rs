//! A session and its filters: who is asked when, and what follows from what they decide.

use super::acceptor::{Acceptor, BodySink};
use super::filter::{Arrived, Context, Decision, FilterCall, Modifications};
use super::session::Session;
use crate::envelope::{Envelope, is_same_address, set_sender};
use crate::logging::{Priority, Quiet};
use crate::message::{Header, HeaderFacts};
use crate::rewrite::Verdict;
use crate::schema::Reply;

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
        let Self { filters, server, client, transaction, .. } = self;
        let Envelope { scope, sender, recipients, .. } = &mut transaction.envelope;
        let mut context = Context { site: &server.site, client, scope, sender, recipients };
        call.make(filters[index].as_mut(), &mut context).await
    }

    fn judge(&mut self, decision: Decision, to: Option<&[u8]>) -> Option<Reply> {
        self.log_decision(&decision, to, true);
        match decision.verdict {
            Verdict::Accept => None,
            Verdict::Reject { reply, .. } => Some(reply),
            Verdict::Discard => {
                self.transaction.envelope.session.discard = true;
                None
            }
            Verdict::Quarantine(reason) => {
                self.transaction.envelope.quarantine = Some(reason);
                None
            }
        }
    }

    /// `ruleset=check_rcpt, arg1=…, relay=…, reject=…`
    pub(super) fn log_decision(&self, decision: &Decision, to: Option<&[u8]>, with_id: bool) {
        let mut verdict = decision.verdict.clone();
        if let Verdict::Reject { reply, .. } = &mut verdict {
            *reply = self.finished(reply, to);
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

    /// The final dot. Every filter sees the message as those before it have left it; then everything that
    /// they have changed takes effect, once.
    pub(super) async fn end_of_message(&mut self, sink: &mut A::Sink) -> Option<Reply> {
        let mut changes = Modifications::default();
        let received = sink.size();
        for index in 0..self.filters.len() {
            let (decision, more) = self.tell_end(index, &changes, sink).await;
            if let Some(reply) = self.judge(decision, None) {
                return Some(reply);
            }
            changes.append(more);
        }
        let envelope = &mut self.transaction.envelope;
        envelope.size = (envelope.size + sink.size()).saturating_sub(received);
        if changes != Modifications::default() || sink.size() != received {
            self.modify(&changes).await;
        }
        None
    }

    async fn tell_end(
        &mut self,
        index: usize,
        changes: &Modifications,
        sink: &mut A::Sink,
    ) -> (Decision, Modifications) {
        let Self { filters, server, client, transaction, .. } = self;
        let Envelope { scope, sender, recipients, headers, size, .. } = &mut transaction.envelope;
        let mut context = Context { site: &server.site, client, scope, sender, recipients };
        let message = Arrived { headers, changes, size: *size, body: sink };
        let mut more = Modifications::default();
        let decision = filters[index].end(&mut context, message, &mut more).await;
        (decision, more)
    }

    async fn modify(&mut self, changes: &Modifications) {
        if let Some(sender) = &changes.sender {
            self.change_sender(sender).await;
        }
        for text in &changes.deleted {
            self.delete_recipient(text).await;
        }
        for text in &changes.added {
            self.add_recipient(text).await;
        }
        let config = self.server.site.config.clone();
        let envelope = self.envelope();
        changes.apply_to(&mut envelope.headers);
        let facts = HeaderFacts::of(&config, &envelope.headers);
        (envelope.message_id, envelope.hop_count) = (facts.message_id, facts.hop_count);
        envelope.set_priority(&config.options);
        if envelope.recipients.is_empty() {
            envelope.session.discard = true;
        }
    }

    /// A sender that the rules do not like is no reason to lose the message: the old one stays.
    async fn change_sender(&mut self, text: &[u8]) {
        let site = self.server.site.clone();
        let before = self.envelope().sender.text.clone();
        let parsed = set_sender(&site, self.envelope(), &mut Quiet, text).await;
        if parsed.address.is_none() || !parsed.problems.is_empty() {
            set_sender(&site, self.envelope(), &mut Quiet, &before).await;
            self.log(3, Priority::Notice, &[b"filter: sender ", text, b" refused"].concat());
        }
    }

    async fn delete_recipient(&mut self, text: &[u8]) {
        let Ok(address) = self.resolve(text, &mut Self::recipient_of(text)).await else { return };
        let config = self.server.site.config.clone();
        self.envelope().recipients.retain(|recipient| {
            !recipient.address.as_ref().is_some_and(|known| is_same_address(&config, known, &address))
        });
    }

    async fn add_recipient(&mut self, text: &[u8]) {
        let mut recipient = Self::recipient_of(text);
        let added = match self.resolve(text, &mut recipient).await {
            Ok(address) => self.add(recipient, address).await,
            Err(refused) => Err(refused),
        };
        if let Err(refused) = added {
            let reply = self.finished(&refused.reply, refused.to.as_deref());
            self.log(3, Priority::Notice, &[b"filter: recipient refused: ", &reply.text[..]].concat());
        }
    }
}
