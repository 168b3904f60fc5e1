//! The rulesets that may stop one recipient: `check_compat` before anything is done for it, `tls_rcpt` before
//! RCPT names it to a server.
//!
//! In: recipients that are about to be delivered. Out: those that go on; the others have their state, and the log
//! its lines. A recipient's result never depends on what was answered for another one, and nothing is asked where
//! the configuration has no such ruleset.

use super::attempt::Attempt;
use super::plan;
use super::result::DeliveryResult;
use crate::config::Mailer;
use crate::engine::{Scope, with_address};
use crate::envelope::RecipientState;
use crate::logging::Priority;
use crate::rewrite::{Rewriter, Verdict, ruleset_source};
use crate::schema::{Disposition, Reply, Sysexit};
use crate::smtp::client::ServerConnection;

impl Attempt<'_> {
    /// Asks `check_compat` with `sender $| recipient` of everybody who is to be tried, whatever the mailer.
    pub(super) async fn check_compat(&mut self) {
        const RULESET: &[u8] = b"check_compat";
        if self.on.site.config.rulesets.find(RULESET).is_none() {
            return;
        }
        let (sender, relay) = (self.shown_sender(), self.macro_value(b"_"));
        let mut scope = self.envelope.scope.clone();
        for index in plan::order(&self.on.site.config, self.envelope) {
            let text = self.envelope.recipients[index].text.clone();
            match self.ask(&mut scope, RULESET, index, (&sender, Some(&text)), &relay).await {
                Verdict::Reject { reply, status } if !status.is_ok() => {
                    let host = self.host(index);
                    let relay = self.mailer(index).is_some_and(Mailer::is_ipc).then_some(&host[..]);
                    self.stop(index, &reply, status, relay);
                }
                Verdict::Discard => self.envelope.recipients[index].state = RecipientState::Removed,
                // sendmail only logs a quarantine here: the message has been accepted
                Verdict::Accept | Verdict::Reject { .. } | Verdict::Quarantine(_) => {}
            }
            // a list of thousands leaves the processor to others
            tokio::task::yield_now().await;
        }
    }

    /// Asks `tls_rcpt` about each of `members`, who are about to be named to `server`; who goes on.
    pub(super) async fn check_tls_rcpt(
        &mut self,
        server: &ServerConnection,
        members: &[usize],
    ) -> Vec<usize> {
        const RULESET: &[u8] = b"tls_rcpt";
        if self.on.site.config.rulesets.find(RULESET).is_none() {
            return members.to_vec();
        }
        let mut scope = self.envelope.scope.clone();
        self.set_server_macros(&mut scope, server);
        let (relay, mut going_on) = (server.relay(), Vec::new());
        for index in members.iter().copied() {
            let address = self.envelope.recipients[index].address.as_ref();
            let user = address.map(|address| address.user.clone()).unwrap_or_default();
            match self.ask(&mut scope, RULESET, index, (&user, None), &server.host).await {
                Verdict::Reject { reply, status } if !status.is_ok() => {
                    self.stop(index, &reply, status, Some(&relay));
                }
                // the rest only stands in the log, as with sendmail
                _ => going_on.push(index),
            }
        }
        going_on
    }

    /// Asks a ruleset about the connection that the next recipients are to share, and logs what it decides.
    pub(super) async fn ask_for_connection(
        &self,
        scope: &mut Scope,
        ruleset: &[u8],
        first: &[u8],
        relay: &[u8],
    ) -> Verdict {
        let mut verdict = Rewriter::quiet(&self.on.site, scope).check(ruleset, first, None).await;
        if let Verdict::Reject { reply, .. } = &mut verdict {
            let recipient = plan::order(&self.on.site.config, self.envelope)
                .first()
                .map(|index| &self.envelope.recipients[*index]);
            *reply = with_address(recipient.map_or(b"", |recipient| &recipient.text), reply.clone());
        }
        if let Some(line) = verdict.log_line(&ruleset_source(ruleset, first, None), relay) {
            self.on.logger.log(3, Priority::Notice, None, &line);
        }
        verdict
    }

    /// Asks a ruleset about a recipient and logs what it decides. A reply names the recipient.
    async fn ask(
        &self,
        scope: &mut Scope,
        ruleset: &[u8],
        index: usize,
        (first, second): (&[u8], Option<&[u8]>),
        relay: &[u8],
    ) -> Verdict {
        let site = &self.on.site;
        let recipient = &self.envelope.recipients[index];
        let user = recipient.address.as_ref().map(|address| &address.user[..]);
        scope.set_named(&site.config, b"u", user.unwrap_or_default());
        scope.set_named(&site.config, b"h", &self.host(index));
        let mut verdict = Rewriter::quiet(site, scope).check(ruleset, first, second).await;
        if let Verdict::Reject { reply, .. } = &mut verdict {
            *reply = with_address(&recipient.text, reply.clone());
        }
        if let Some(line) = verdict.log_line(&ruleset_source(ruleset, first, second), relay) {
            self.on.logger.log(3, Priority::Notice, Some(self.envelope.id.as_bytes()), &line);
        }
        verdict
    }

    /// Fails or defers one recipient. One that stays queued says why in the ruleset's words.
    fn stop(&mut self, index: usize, reply: &Reply, status: Sysexit, relay: Option<&[u8]>) {
        self.transcribe(&reply.to_line());
        let result = DeliveryResult::of_ruleset(status);
        let words = if result.text.is_empty() { &reply.text } else { &result.text };
        if result.disposition == Disposition::Delayed {
            self.envelope.note(words, false);
        }
        self.record(&[index], &result, relay);
        if result.disposition == Disposition::Delayed {
            self.envelope.recipients[index].message = Some(words.clone());
        }
    }

    /// The sender as rules see it: a report of our own comes from `$n`, which its `$f` holds.
    fn shown_sender(&self) -> Vec<u8> {
        match self.envelope.attempt.generated {
            true => self.macro_value(b"f"),
            false => self.envelope.sender.text.clone(),
        }
    }

    fn macro_value(&self, name: &[u8]) -> Vec<u8> {
        self.envelope.scope.get_named(&self.on.site.config, name).unwrap_or_default().to_vec()
    }
}
