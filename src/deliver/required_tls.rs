//! What TLS a next hop must have: asked before it is called, judged when it has been (RFC 7672, 8461, 8689).
//!
//! In: a domain, a next hop, a connection on which EHLO and STARTTLS have been said. Out: the policy; or why no mail goes
//! there, in the log and for the mail. Never here: where policies come from (`crate::tls_policy`), and STARTTLS itself.

use super::attempt::Attempt;
use super::connect_failure::ConnectFailure;
use super::host_names::bare;
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

/// What says that less is asked about a domain, or more wanted of its hosts.
const RULESET: &[u8] = b"tls_policy";
/// Its word where the table does not answer.
const LATER: &[u8] = b"TMPF";
/// Other or undefined mail system status (RFC 3463, 3.4): the table of this host is out of order.
const LOOK_UP_FAILED: EnhancedStatus = EnhancedStatus(4, 3, 0);
/// REQUIRETLS support required (RFC 8689, 8.3).
const REQUIRE_TLS: EnhancedStatus = EnhancedStatus(4, 7, 30);

impl Attempt<'_> {
    /// What is asked about the TLS of a domain's hosts: ruleset `tls_policy` says less for some, or wants more. A host in
    /// brackets is asked about by its name.
    ///
    /// # Errors
    /// Nobody knows for now what the site wants.
    pub(super) async fn asked_about(&self, host: &[u8]) -> Result<Asked, DeliveryResult> {
        let domain = bare(host);
        let mut asked = self.on.policies.asked();
        if let Some(said) = self.said_about(domain).await? {
            asked = asked.and(said);
        }
        // who reports that TLS fails must be heard (RFC 8460, 5.3)
        let options = &self.on.site.config.options;
        let may_waive = options.require_tls || options.tls_report_contact.is_some();
        Ok(if may_waive && self.envelope.waives_tls() { asked.waived() } else { asked })
    }

    /// What ruleset `tls_policy` says of a domain.
    async fn said_about(&self, domain: &[u8]) -> Result<Option<Asked>, DeliveryResult> {
        let site = &self.on.site;
        if site.config.rulesets.find(RULESET).is_none() {
            return Ok(None);
        }
        let mut scope = self.envelope.scope.clone();
        let answer = Rewriter::quiet(site, &mut scope).text(RULESET, domain, None).await.unwrap_or_default();
        if answer == LATER {
            let unmet = Unmet { reason: "its entry cannot be looked up".into(), status: LOOK_UP_FAILED };
            return Err(self.unmet(domain, b"site", unmet));
        }
        let said = Asked::by_word(&answer);
        // a site's own ruleset may end with the domain that it was given
        if said.is_none() && !answer.eq_ignore_ascii_case(domain) {
            let line = [b"ruleset tls_policy: ", domain, b": unknown word \"", &answer, b"\""].concat();
            self.on.logger.log(4, Priority::Warning, Some(self.envelope.id.as_bytes()), &line);
        }
        Ok(said)
    }

    /// What a connection to a next hop must be like.
    ///
    /// # Errors
    /// It may not be called now.
    pub(super) async fn terms(&self, hop: &NextHop) -> Result<Terms, DeliveryResult> {
        let (name, port, domain) = match hop {
            NextHop::Host { name, port, domain: Some(domain), .. } => (name, *port, domain),
            NextHop::Address { address, literal, domain: Some(domain) } => (literal, address.port(), domain),
            _ => return Ok(Terms::default()),
        };
        let policies = &self.on.policies;
        match policies.of_host(domain, name, port).await {
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
                if policy.is_the_domains() {
                    policies.note(&session);
                }
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
