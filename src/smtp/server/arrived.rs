//! A message in the hands of the filters at its end: what they change is the envelope's at once.

use super::acceptor::{Acceptor, BodySink};
use super::filter::{Arrived, Context, Working};
use super::parameters::{MAIL_PARAMETERS, ParameterContext, ParameterRow, RCPT_PARAMETERS, read};
use super::session::Session;
use crate::addr::split_list;
use crate::engine::Scope;
use crate::envelope::{Recipient, is_same_address, set_sender};
use crate::logging::{Priority, Quiet};
use crate::message::{HeaderEdit, HeaderFacts};
use crate::rewrite::{Address, Site};

/// The message, and the session whose filters are elsewhere meanwhile.
pub(super) struct InHand<'a, A: Acceptor> {
    session: &'a mut Session<A>,
    sink: &'a mut A::Sink,
    header: HeaderEdit,
}

impl<'a, A: Acceptor> InHand<'a, A> {
    pub(super) fn new(session: &'a mut Session<A>, sink: &'a mut A::Sink) -> Self {
        let headers = std::mem::take(&mut session.envelope().headers);
        let header = HeaderEdit::new(&session.server.site.config.headers, headers);
        Self { session, sink, header }
    }

    pub(super) fn session(&mut self) -> &mut Session<A> {
        self.session
    }

    /// The header goes back to the envelope, and what is known from it with it.
    pub(super) fn finish(self) {
        let changed = self.header.has_changed();
        let config = self.session.server.site.config.clone();
        let envelope = self.session.envelope();
        envelope.headers = self.header.finish();
        if changed {
            let facts = HeaderFacts::of(&config, &envelope.headers.0);
            (envelope.message_id, envelope.hop_count) = (facts.message_id, facts.hop_count);
        }
    }

    /// What is wrong with parameters is nobody's to hear: a filter is told nothing.
    fn read_parameters(&mut self, table: &[ParameterRow], words: &[u8], recipient: Option<&mut Recipient>) {
        let Session { features, server, transaction, client, .. } = &mut *self.session;
        let mut context = ParameterContext {
            features,
            policy: &server.policy,
            envelope: &mut transaction.envelope,
            recipient,
            size: &mut 0,
            seven_bit: None,
            require_tls: server.policy.offers_require_tls(&client.security),
        };
        let _ = read(table, words, &mut context);
    }

    /// A sender that the rules do not like is no reason to lose the message: the old one stays.
    async fn set_sender(&mut self, text: &[u8], parameters: &[u8]) {
        let site = self.session.server.site.clone();
        let before = self.session.envelope().sender.text.clone();
        let parsed = set_sender(&site, self.session.envelope(), &mut Quiet, text).await;
        if parsed.address.is_none() || !parsed.problems.is_empty() {
            set_sender(&site, self.session.envelope(), &mut Quiet, &before).await;
            self.session.log(3, Priority::Notice, &[b"filter: sender ", text, b" refused"].concat());
        }
        self.read_parameters(MAIL_PARAMETERS, parameters, None);
    }

    /// Whom a filter adds is looked up, and has no say in how the delivery begins.
    async fn add_list(&mut self, list: &[u8], parameters: Option<&[u8]>) {
        let before = self.session.envelope().session.looked_up;
        for text in split_list(list, b",") {
            let mut recipient = Session::<A>::recipient_of(text);
            if let Some(words) = parameters {
                self.read_parameters(RCPT_PARAMETERS, words, Some(&mut recipient));
            }
            match self.session.resolve(text, &mut recipient).await {
                Ok(address) => {
                    self.name_local_user(&address);
                    self.session.add(recipient, address).await;
                }
                Err(refused) => {
                    let reply = self.session.finished(&refused.reply, refused.to.as_deref());
                    self.session.log(3, Priority::Notice, &reply.text);
                }
            }
        }
        let noted = &mut self.session.envelope().session;
        (noted.looked_up, noted.looked_up_before) = (before, Some(before));
    }

    /// The filters behind find the user in `$u`, whom sendmail's ruleset 5 is asked about when one is added.
    fn name_local_user(&mut self, address: &Address) {
        let config = self.session.server.site.config.clone();
        let mailer = config.mailers.get(address.mailer.0 as usize);
        if mailer.is_some_and(|mailer| mailer.has(b'5')) && !address.skip_ruleset5 {
            self.session.envelope().scope.set_named(&config, b"u", &address.user);
        }
    }

    async fn remove(&mut self, text: &[u8]) -> usize {
        let mut named = Session::<A>::recipient_of(text);
        let Ok(address) = self.session.resolve(text, &mut named).await else { return 0 };
        let config = self.session.server.site.config.clone();
        let envelope = self.session.envelope();
        let same = |one: &Recipient| {
            !one.state.is_left_out()
                && one.address.as_ref().is_some_and(|known| is_same_address(&config, known, &address))
        };
        let found: Vec<usize> =
            (0..envelope.recipients.len()).filter(|at| same(&envelope.recipients[*at])).collect();
        // from behind, for places move up
        found.iter().rev().for_each(|at| envelope.withdraw(*at));
        found.len()
    }
}

impl<A: Acceptor> Arrived for InHand<'_, A> {
    fn context(&mut self) -> Context<'_> {
        self.session.context()
    }

    fn moment(&self) -> (&[u8], &Site, &Scope) {
        let envelope = &self.session.transaction.envelope;
        (envelope.id.as_bytes(), &self.session.server.site, &envelope.scope)
    }

    fn size(&self) -> u64 {
        self.session.transaction.envelope.size
    }

    fn header(&self) -> &HeaderEdit {
        &self.header
    }

    fn change_header(&mut self, grown: i64) -> &mut HeaderEdit {
        let size = &mut self.session.envelope().size;
        *size = size.saturating_add_signed(grown);
        &mut self.header
    }

    fn body(&mut self) -> &mut dyn BodySink {
        self.sink
    }

    fn quarantine(&mut self, reason: &[u8]) {
        let config = self.session.server.site.config.clone();
        let envelope = self.session.envelope();
        envelope.quarantine = Some(reason.to_vec());
        envelope.scope.set_named(&config, b"quarantine", reason);
    }

    fn change_sender<'a>(&'a mut self, text: &'a [u8], parameters: &'a [u8]) -> Working<'a, ()> {
        Box::pin(self.set_sender(text, parameters))
    }

    fn add_recipients<'a>(&'a mut self, list: &'a [u8], parameters: Option<&'a [u8]>) -> Working<'a, ()> {
        Box::pin(self.add_list(list, parameters))
    }

    fn delete_recipient<'a>(&'a mut self, text: &'a [u8]) -> Working<'a, usize> {
        Box::pin(self.remove(text))
    }
}
