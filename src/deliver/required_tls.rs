//! What TLS a next hop must have: asked before it is called, judged when it has been (RFC 7672, 8461, 8689).
//!
//! In: a domain, a next hop, a connection on which EHLO and STARTTLS have been said. Out: the policy; or why no mail goes
//! there, in the log and for the mail. Never here: where policies come from (`crate::tls_policy`), and STARTTLS itself.

use super::attempt::Attempt;
use super::connect_failure::ConnectFailure;
use super::next_hop::NextHop;
use super::refused::Refused;
use super::result::DeliveryResult;
use super::starttls::{self, Terms};
use crate::config::Mailer;
use crate::envelope::EnvelopeFlags;
use crate::logging::Priority;
use crate::rewrite::Rewriter;
use crate::schema::EnhancedStatus;
use crate::smtp::client::ServerConnection;
use crate::tls_policy::{Asked, HANDSHAKE_FAILED, SessionResult, Unmet};

/// What says that less is asked about a domain.
const RULESET: &[u8] = b"tls_policy";
/// REQUIRETLS support required (RFC 8689, 8.3).
const REQUIRE_TLS: EnhancedStatus = EnhancedStatus(4, 7, 30);

impl Attempt<'_> {
    /// What is asked about the TLS of a domain's hosts: ruleset `tls_policy` says less for some.
    pub(super) async fn asked_about(&self, domain: &[u8]) -> Asked {
        let (site, asked) = (&self.on.site, self.on.policies.asked());
        // who reports that TLS fails must be heard (RFC 8460, 5.3)
        let options = &site.config.options;
        let may_waive = options.require_tls || options.tls_report_contact.is_some();
        if may_waive && self.envelope.waives_tls() {
            return asked.and(Asked::only(b"NONE"));
        }
        if asked.is_nothing() || site.config.rulesets.find(RULESET).is_none() {
            return asked;
        }
        let mut scope = self.envelope.scope.clone();
        let domain = domain.strip_suffix(b".").unwrap_or(domain);
        let answer = Rewriter::quiet(site, &mut scope).text(RULESET, domain, None).await;
        asked.and(Asked::only(&answer.unwrap_or_default()))
    }

    /// What a connection to a next hop must be like.
    ///
    /// # Errors
    /// It may not be called now.
    pub(super) async fn terms(&self, hop: &NextHop) -> Result<Terms, DeliveryResult> {
        let NextHop::Host { name, port, domain: Some(domain) } = hop else { return Ok(Terms::default()) };
        let policies = &self.on.policies;
        match policies.of_host(domain, name, *port).await {
            Ok(policy) => Ok(Terms { policy, domain: Some(domain.clone()), ..Terms::default() }),
            Err((policy, unmet)) => {
                let (policy, unmet_here) = (&policy, Some(&unmet));
                let session = SessionResult {
                    domain,
                    policy,
                    host: name,
                    address: b"",
                    protected: false,
                    unmet: unmet_here,
                };
                policies.note(&session);
                Err(self.unmet(&hop.shown(), &policy.shown(), unmet))
            }
        }
    }

    /// Is the connection as the policy wants it? Then what has been proved is known to it. Only one that nobody insists on
    /// lets mail go on otherwise; else this is why none does.
    pub(super) fn check_policy(&self, server: &mut ServerConnection, terms: &Terms) -> Option<Refused> {
        let policy = &terms.policy;
        let mut judgement = policy.judge(&server.host, server.protection.established.as_deref());
        if let Some(unmet) = judgement.unmet.as_mut().filter(|_| server.protection.verify == b"SOFTWARE") {
            unmet.reason = HANDSHAKE_FAILED.into();
        }
        server.protection.proven = judgement.proven;
        if let Some(domain) = &terms.domain {
            let (protected, unmet) = (server.protection.established.is_some(), judgement.unmet.as_ref());
            let (host, address) = (&server.host[..], starttls::address(server));
            self.on.policies.note(&SessionResult { domain, policy, host, address, protected, unmet });
        }
        let unmet = judgement.unmet?;
        let result = self.unmet(&server.host, &policy.shown(), unmet);
        policy.is_mandatory().then(|| result.into())
    }

    /// A policy that is not met, in the log and for the mail.
    fn unmet(&self, host: &[u8], policy: &[u8], unmet: Unmet) -> DeliveryResult {
        let reason = unmet.reason.as_bytes();
        let line = [b"STARTTLS=client, relay=", host, b", policy=", policy, b", reason=", reason].concat();
        self.on.logger.log(4, Priority::Warning, Some(self.envelope.id.as_bytes()), &line);
        DeliveryResult::delayed([b"TLS policy of ", host, b" not met: ", reason].concat(), unmet.status)
    }

    /// A message that must only go to servers that prove who they are under TLS, and that promise the same (RFC 8689, 4.2.1):
    /// why this one does not get it. What mailers of this host take does not go on.
    pub(super) fn lacks_required_tls(
        &self,
        mailer: &Mailer,
        server: &ServerConnection,
    ) -> Option<ConnectFailure> {
        if !self.envelope.flags.contains(EnvelopeFlags::REQUIRE_TLS) || mailer.has(b'z') {
            return None;
        }
        let reason = match (server.protection.proven, server.extensions.require_tls) {
            (true, true) => return None,
            (false, _) => "it has not proved under TLS who it is",
            (true, false) => "it does not offer REQUIRETLS",
        };
        let unmet = Unmet { reason: reason.into(), status: REQUIRE_TLS };
        let result = self.unmet(&server.host, b"requiretls", unmet);
        Some(ConnectFailure::new(result, server.relay(), Some(server.host.clone())))
    }
}
