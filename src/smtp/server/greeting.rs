//! From connect to 220: what filters say, features, pause, the greeting.

use super::acceptor::{Acceptor, Closing};
use super::filter::{Extent, FilterCall};
use super::session::{Flow, Refusal, Session};
use crate::logging::Priority;
use crate::rewrite::{Rewriter, Verdict, expand};
use crate::schema::Reply;
use std::ops::Range;
use std::time::Duration;

impl<A: Acceptor> Session<A> {
    /// Greets the client, or tells it why not.
    pub(super) async fn greet(&mut self) -> Flow {
        self.set_envelope_macros();
        let text = [b"connect from ", &self.client.display[..]].concat();
        self.server.log.log(9, Priority::Info, Some(b"NOQUEUE"), &text);
        if self.meet().await == Flow::Close || self.prepare_tls().await == Flow::Close {
            return Flow::Close;
        }
        if self.refusal.is_none() {
            match self.sent_before_greeting().await {
                Ok(false) => {}
                Ok(true) => {
                    self.refusal = Some(Refusal::Null);
                    self.refuse_greeting();
                    return Flow::Continue;
                }
                Err(why) => return Box::pin(self.shut_down(why)).await,
            }
        }
        self.say_greeting();
        Flow::Continue
    }

    /// Greets the client for whom a connection is used from now on (XCLIENT).
    pub(super) async fn greet_client(&mut self) -> Flow {
        self.set_envelope_macros();
        if self.meet().await == Flow::Close {
            return Flow::Close;
        }
        self.say_greeting();
        Flow::Continue
    }

    /// What filters say of a client, and what it may use. Who is refused by check_relay, or for whatever comes behind it, is asked no more about.
    async fn meet(&mut self) -> Flow {
        let (rules, others) = (0..1, 1..self.filters.len());
        if self.ask_about_connection(rules).await == Flow::Close {
            return Flow::Close;
        }
        if matches!(self.refusal, Some(Refusal::Rule(_))) {
            return Flow::Continue;
        }
        if self.refusal.is_none() {
            self.read_features().await;
        }
        self.ask_about_connection(others).await
    }

    fn say_greeting(&mut self) {
        if self.refusal.is_none() && self.features.temporary_failure {
            let text = [
                b"ERROR: srv_features=tempfail, relay=",
                &self.client.display[..],
                b", access temporarily disabled",
            ];
            self.server.log.log(4, Priority::Error, None, &text.concat());
            self.refusal = Some(Refusal::Temporary);
        }
        match self.refusal {
            Some(Refusal::Null) => self.refuse_greeting(),
            _ => self.put_greeting(),
        }
    }

    fn refuse_greeting(&mut self) {
        let text = [&self.hostname[..], b" ESMTP not accepting messages"].concat();
        self.say(if self.server.policy.soft_bounce { "454" } else { "554" }, None, &text);
    }

    /// Asks these filters.
    async fn ask_about_connection(&mut self, filters: Range<usize>) -> Flow {
        for index in filters {
            // rules may set macros that later rules of the session ask for
            self.transaction.envelope.scope = self.scope.clone();
            self.set_envelope_macros();
            let decision = self.tell(index, FilterCall::Connect).await;
            self.scope = self.transaction.envelope.scope.clone();
            self.set_envelope_macros();
            self.log_decision(&decision, None, false);
            match &decision.verdict {
                Verdict::Accept | Verdict::Quarantine(_) => {}
                Verdict::Discard => self.discard = true,
                Verdict::Reject { reply, .. } => match decision.extent {
                    Extent::Session => self.refusal = Some(Refusal::Null),
                    Extent::LaterInSession => self.put_off = true,
                    Extent::Command => return self.refuse_connection(reply),
                    Extent::Connection => {
                        self.served = true;
                        return self.refuse_connection(reply);
                    }
                },
            }
        }
        Flow::Continue
    }

    fn refuse_connection(&mut self, reply: &Reply) -> Flow {
        let reply = self.finished(reply, None);
        if reply.code == 421 {
            self.error(&reply, None);
            return Flow::Close;
        }
        self.refusal = Some(Refusal::Rule(reply));
        Flow::Continue
    }

    async fn read_features(&mut self) {
        let site = self.server.site.clone();
        let name = self.client.name.clone();
        let answer = Rewriter::quiet(&site, &mut self.scope).answer(b"srv_features", &name, Some(b"")).await;
        let Some(answer) = answer else { return };
        for problem in self.features.apply(answer.get(1..).unwrap_or_default()) {
            let text = [b"srv_features: unknown ", &problem[..]].concat();
            self.log(9, Priority::Warning, &text);
        }
        // where no listener has AUTH none comes from a ruleset
        if self.features.auth && !self.server.policy.offers_auth {
            self.features.auth = false;
            self.server.log.log(9, Priority::Warning, None, b"AUTH error: sasl_server_new failed=-12");
        }
    }

    /// Holds the greeting back as ruleset `greet_pause` says; does the client talk meanwhile?
    async fn sent_before_greeting(&mut self) -> Result<bool, Closing> {
        if self.client.address.is_none() {
            return Ok(false);
        }
        let site = self.server.site.clone();
        let (name, text) = (self.client.name.clone(), self.client.address_text());
        let answer = Rewriter::quiet(&site, &mut self.scope).answer(b"greet_pause", &name, Some(&text)).await;
        let pause = answer.as_ref().and_then(|tokens| {
            std::str::from_utf8(tokens.get(1)?.as_bytes()).ok()?.trim().parse::<u64>().ok()
        });
        let pause = Duration::from_millis(pause.unwrap_or(0)).min(self.server.policy.max_greet_pause);
        if pause.is_zero() {
            return Ok(false);
        }
        let begun = tokio::time::Instant::now();
        let arrived = tokio::select! {
            biased;
            why = self.acceptor.closing(false) => return Err(why),
            filled = self.wire.fill(pause) => filled.is_ok(),
        };
        if arrived {
            let seconds = begun.elapsed().as_secs();
            let text = [
                b"rejecting commands from ",
                &self.client.pointer[..],
                b" [",
                &self.client.address_text(),
                format!("] due to pre-greeting traffic after {seconds} seconds").as_bytes(),
            ]
            .concat();
            self.log(0, Priority::Info, &text);
        }
        Ok(arrived)
    }

    /// The greeting's second word is always ESMTP.
    fn put_greeting(&mut self) {
        let scope = &self.transaction.envelope.scope;
        let text = expand(&self.server.site, scope, &self.server.policy.greeting);
        let mut lines: Vec<Vec<u8>> = text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        if let Some(first) = lines.first_mut() {
            let host = first.iter().position(|byte| *byte == b' ').unwrap_or(first.len());
            let rest = first.split_off(host);
            first.extend_from_slice(b" ESMTP");
            first.extend_from_slice(&rest);
        }
        self.put_lines(b"220", &lines);
    }
}
