//! STARTTLS (RFC 3207), and sessions that are under TLS from their first byte (M=s, RFC 8314).

use super::acceptor::Acceptor;
use super::filter::Decision;
use super::security::Channel;
use super::session::{Flow, Refusal, Session};
use super::verb_row::{Command, VerbRow};
use super::wire::Stream;
use crate::logging::Priority;
use crate::rewrite::{Rewriter, Verdict, ruleset_source};
use crate::sasl::asks_binding;
use crate::schema::EnhancedStatus;
use crate::tls::{Established, Material, SessionFeatures, Wish};
use std::io;
use std::sync::Arc;

pub(super) const fn row<A: Acceptor>() -> VerbRow<A> {
    VerbRow::new("STARTTLS", |session, command| Box::pin(session.starttls(command))).delayed_as("STARTTLS")
}

const UNAVAILABLE: EnhancedStatus = EnhancedStatus(4, 3, 3);
const BAD_SEQUENCE: EnhancedStatus = EnhancedStatus(5, 5, 0);
/// Above this LogLevel the log shows what `tls_srv_features` answers.
const FEATURES_LEVEL: u8 = 9;

impl<A: Acceptor> Session<A> {
    async fn starttls(&mut self, command: Command<'_>) -> Flow {
        if !command.argument.is_empty() {
            return self.unavailable(501, EnhancedStatus(5, 5, 2), "Syntax error (no parameters allowed)");
        }
        if !self.features.starttls {
            return self.unavailable(503, BAD_SEQUENCE, "TLS not available");
        }
        let Some(material) = self.material.clone() else {
            return self.unavailable(454, UNAVAILABLE, "TLS not available after start");
        };
        if self.transaction.has_begun() {
            return self.unavailable(503, BAD_SEQUENCE, "TLS not permitted during a mail transaction");
        }
        if let Some(reply) = self.put_off("STARTTLS", command.argument, 454, (4, 7, 0)) {
            self.error(&reply, None);
            return Flow::Continue;
        }
        let Some(wish) = self.tls_wish().await else {
            return self.unavailable(454, UNAVAILABLE, "TLS currently not available");
        };
        self.say("220", Some("2.0.0"), b"Ready to start TLS");
        self.protect(material, wish).await
    }

    /// Is there TLS for this session? (`M=s`: not for later.)
    pub(super) async fn prepare_tls(&mut self) -> Flow {
        if let Some(tls) = self.server.tls.clone() {
            self.material = tls.server().await;
        }
        self.client.security.can_protect = self.material.is_some();
        if !self.client.daemon.has(b's') {
            return Flow::Continue;
        }
        // whoever is to try again later need not shake hands before
        if self.put_off {
            return Flow::Close;
        }
        let Some(material) = self.material.clone() else {
            self.log(0, Priority::Error, b"smtps: TLS not available, exiting");
            return Flow::Close;
        };
        match self.tls_wish().await {
            Some(wish) => self.protect(material, wish).await,
            None => Flow::Close,
        }
    }

    /// What the session is to be like; `None`: the ruleset's answer cannot be followed.
    async fn tls_wish(&mut self) -> Option<Wish> {
        const RULESET: &[u8] = b"tls_srv_features";
        let (site, address) = (self.server.site.clone(), self.client.address_text());
        let name = self.client.name.clone();
        let answer = Rewriter::quiet(&site, &mut self.scope).text(RULESET, &name, Some(&address)).await;
        let relay = [b", relay=", &name[..], b" [", &address, b"]"].concat();
        let say = |level, priority, text: &[u8]| {
            self.server.log.log(level, priority, None, &[RULESET, b"=", text, &relay].concat());
        };
        let wish = Wish {
            ask: self.features.ask_certificate,
            bound: asks_binding(self.server.policy.auth_mechanisms.as_deref().unwrap_or_default()),
            ..Wish::default()
        };
        let Some(answer) = answer else {
            say(FEATURES_LEVEL, Priority::Info, b"(null)");
            say(FEATURES_LEVEL, Priority::Info, b"empty, stat=0");
            return Some(wish);
        };
        say(FEATURES_LEVEL, Priority::Info, &answer);
        let mut parsed = |item: &[u8]| say(13, Priority::Debug, &[b"parsed, ", item].concat());
        match SessionFeatures::parse(&answer, &mut parsed) {
            Ok(features) => Some(Wish { features, ..wish }),
            Err(error) => {
                say(7, Priority::Info, &error.0);
                None
            }
        }
    }

    /// The handshake. Without one the connection is of no more use.
    async fn protect(&mut self, material: Arc<Material>, wish: Wish) -> Flow {
        let mut outcome = None;
        let Self { wire, acceptor, .. } = self;
        let result = &mut outcome;
        let handshake = wire.replace_stream(|old| async move {
            match material.accept(&wish, old).await {
                Ok((stream, established)) => {
                    *result = Some(Ok(established));
                    Ok(Box::new(stream) as Box<dyn Stream>)
                }
                Err(error) => {
                    *result = Some(Err(error));
                    Err(io::ErrorKind::InvalidData.into())
                }
            }
        });
        tokio::select! {
            biased;
            _ = acceptor.closing(false) => return Flow::Close,
            // what went wrong is in the outcome
            _ = Box::pin(handshake) => {}
        }
        match outcome {
            Some(Ok(established)) => self.begin_protected(established).await,
            Some(Err(error)) => {
                self.log_handshake_error(&error.reason);
                Flow::Close
            }
            None => Flow::Close,
        }
    }

    fn log_handshake_error(&self, reason: &str) {
        let text = [
            b"STARTTLS=server, error: accept failed=-1, reason=",
            reason.as_bytes(),
            b", SSL_error=1, errno=0, retry=-1, relay=",
            &self.client.display,
        ];
        self.server.log.log(5, Priority::Warning, None, &text.concat());
    }

    /// Nothing that has come in the clear is left (RFC 3207, section 4.2); only the name of HELO is kept, as sendmail
    /// keeps it. Ruleset `tls_client` judges.
    async fn begin_protected(&mut self, established: Established) -> Flow {
        let site = self.server.site.clone();
        established.set_macros(&site.config, &mut self.scope);
        established.log(&self.server.log, &self.client.display);
        self.usage.forget("HELO/EHLO");
        self.material = None;
        let verify = established.verify.as_bytes();
        let security = &mut self.client.security;
        security.channel = Channel::Protected;
        security.can_protect = false;
        security.tls = Some(Arc::new(established));
        let ruleset: &[u8] = b"tls_client";
        let before = std::mem::replace(&mut self.transaction.envelope.scope, self.scope.clone());
        let protocol = before.get_named(&site.config, b"r");
        self.set_envelope_macros();
        let scope = &mut self.transaction.envelope.scope;
        let verdict = Rewriter::quiet(&site, scope).check(ruleset, verify, Some(b"STARTTLS")).await;
        self.scope = scope.clone();
        // how the client greeted counts until it does so again; the author whom a refused MAIL named goes with all else
        if let Some(protocol) = protocol {
            scope.set_named(&site.config, b"r", protocol);
        }
        let source = ruleset_source(ruleset, verify, Some(b"STARTTLS"));
        let decision = Decision { verdict, source, ..Decision::accept() };
        self.log_decision(&decision, None, false);
        if let Verdict::Reject { reply, .. } = &decision.verdict
            && self.refusal.is_none()
        {
            self.refusal = Some(Refusal::Rule(self.finished(reply, None)));
        }
        Flow::Continue
    }
}
