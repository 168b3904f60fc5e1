//! TLS towards a server: is it asked for (`try_tls`), how (`tls_clt_features`), what came of it, and is that enough
//! (`tls_server`)?
//!
//! In: a connection that has been introduced by EHLO. Out: the same one, protected or not, with what the rulesets are
//! to know of it; or why no mail goes over it.

use super::attempt::Attempt;
use super::dial::client_port;
use super::host_names::in_brackets;
use super::refused::{Refused, connection_failed};
use super::replies;
use super::result::DeliveryResult;
use crate::engine::Scope;
use crate::logging::Priority;
use crate::rewrite::{Rewriter, Verdict};
use crate::schema::{EnhancedStatus, Reply, Sysexit};
use crate::smtp::client::{CommandTimeouts, Protection, ServerConnection};
use crate::tls::{Material, SessionFeatures, Wish};
use crate::tls_policy::{Domain, NextHopPolicy};
use std::net::SocketAddr;
use std::sync::Arc;

/// Above this LogLevel the log shows what `tls_clt_features` answers.
const FEATURES_LEVEL: u8 = 9;
/// SMTP's own word for "go away" (RFC 5321, 3.8).
const SERVICE_NOT_AVAILABLE: u16 = 421;

/// What `${verify}` says of a connection that is not protected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Unprotected {
    /// The server offers nothing, or a ruleset or an option says no.
    None,
    /// The server could not, for now.
    Temporary,
    /// The handshake failed.
    Software,
    /// The answer of `tls_clt_features` makes no sense.
    Config,
    /// The server went away.
    Failure,
}

impl Unprotected {
    fn verify(self) -> &'static [u8] {
        match self {
            Self::None => b"NONE",
            Self::Temporary => b"TEMP",
            Self::Software => b"SOFTWARE",
            Self::Config => b"CONFIG",
            Self::Failure => b"FAILURE",
        }
    }
}

/// What a connection is to be like.
#[derive(Clone, Debug, Default)]
pub(super) struct Terms {
    /// The handshake has failed before, and TLSFallbacktoClear is set.
    pub(super) clear: bool,
    /// What TLS the host must have.
    pub(super) policy: NextHopPolicy,
    /// Whose mail goes there, if that says something about its TLS.
    pub(super) domain: Option<Arc<Domain>>,
    /// Where it goes, if that is a host.
    pub(super) address: Option<SocketAddr>,
}

/// Protects a connection as far as both sides, the rulesets and the policy want it; `true`: EHLO is to be said again.
///
/// # Errors
/// Why no mail goes over it.
pub(super) async fn secure(
    attempt: &mut Attempt<'_>,
    server: &mut ServerConnection,
    timeouts: &CommandTimeouts,
    terms: &Terms,
) -> Result<bool, Refused> {
    if terms.clear {
        server.protection = Protection { verify: b"CLEAR", established: None, proven: false };
        attempt.check_tls_server(server).await?;
        return attempt.check_policy(server, terms).map_or(Ok(false), Err);
    }
    let (result, mut refused) = match start(attempt, server, timeouts, terms).await {
        Ok(()) => (Ok(true), None),
        Err((why, result)) => {
            server.protection = Protection { verify: why.verify(), established: None, proven: false };
            let handshake_failed = why == Unprotected::Software;
            (Ok(false), result.map(|result| Refused { result, handshake_failed }))
        }
    };
    // the ruleset is asked, whatever has happened; its words count more than ours
    if let Err(by_ruleset) = attempt.check_tls_server(server).await {
        let handshake_failed = refused.is_some_and(|refused| refused.handshake_failed);
        refused = Some(Refused { handshake_failed, ..by_ruleset });
    }
    let by_policy = attempt.check_policy(server, terms);
    refused.or(by_policy).map_or(result, Err)
}

/// Is the server asked at all? Then STARTTLS and the handshake. An error may let mail go on in the clear.
async fn start(
    attempt: &mut Attempt<'_>,
    server: &mut ServerConnection,
    timeouts: &CommandTimeouts,
    terms: &Terms,
) -> Result<(), (Unprotected, Option<DeliveryResult>)> {
    if !server.extensions.starttls
        || attempt.port_forbids(server, b'S')
        || !attempt.check_try_tls(server).await
    {
        return Err((Unprotected::None, None));
    }
    let Some(material) = attempt.on.tls.client().await else { return Err((Unprotected::None, None)) };
    let Some(features) = attempt.tls_features(server).await else {
        let result = DeliveryResult::delayed("STARTTLS temporarily not possible", EnhancedStatus(4, 7, 0));
        return Err((Unprotected::Config, Some(result)));
    };
    let answer = match server.command(b"STARTTLS", timeouts.starttls).await {
        Ok(answer) => answer,
        Err(error) => {
            let mut result = connection_failed(server, &error);
            (result.text, result.dsn) = (Vec::new(), EnhancedStatus(4, 0, 0));
            return Err((Unprotected::Failure, Some(result)));
        }
    };
    match answer.code {
        SERVICE_NOT_AVAILABLE => {
            let result = replies::of_mail(&answer, &server.extensions);
            return Err((Unprotected::Temporary, result));
        }
        code if code / 100 == 4 => return Err((Unprotected::Temporary, None)),
        code if code / 100 != 2 => return Err((Unprotected::None, None)),
        _ => {}
    }
    let policy = &terms.policy;
    let (named, proof) = (policy.names_server(), policy.proof());
    let wish = Wish { features, named, proof, server: terms.address, ..Wish::default() };
    handshake(attempt, server, &material, &wish).await
}

async fn handshake(
    attempt: &Attempt<'_>,
    server: &mut ServerConnection,
    material: &Arc<Material>,
    wish: &Wish,
) -> Result<(), (Unprotected, Option<DeliveryResult>)> {
    match server.start_tls(material, wish).await {
        Ok(established) => {
            established.log(&attempt.on.logger, &server.host);
            let verify = established.verify.as_bytes();
            server.protection =
                Protection { verify, established: Some(Arc::new(established)), proven: false };
            Ok(())
        }
        Err(error) => {
            let text = format!(
                "STARTTLS=client, error: connect failed=-1, reason={}, SSL_error=1, errno=0, retry=-1",
                error.reason
            );
            attempt.on.logger.log(5, Priority::Warning, None, text.as_bytes());
            let result = DeliveryResult::delayed("403 4.7.0 TLS handshake failed", EnhancedStatus(4, 7, 0));
            Err((Unprotected::Software, Some(result)))
        }
    }
}

/// The name of a server as rules see it, without the dot.
pub(super) fn name(server: &ServerConnection) -> &[u8] {
    server.host.strip_suffix(b".").unwrap_or(&server.host)
}

pub(super) fn address(server: &ServerConnection) -> &[u8] {
    in_brackets(&server.address).unwrap_or(&server.address)
}

impl Attempt<'_> {
    /// Does ClientPortOptions say so for this address family: M=S (no STARTTLS), M=A (no AUTH)?
    pub(super) fn port_forbids(&self, server: &ServerConnection, letter: u8) -> bool {
        let six = address(server).contains(&b':');
        client_port(&self.on.site.config.options, six).is_some_and(|port| port.modifiers.contains(&letter))
    }

    /// Ruleset `try_tls`.
    async fn check_try_tls(&mut self, server: &ServerConnection) -> bool {
        !matches!(self.ask_about_tls(b"try_tls", server, name(server)).await, Verdict::Reject { .. })
    }

    /// Ruleset `tls_server`: is the connection good enough?
    async fn check_tls_server(&mut self, server: &ServerConnection) -> Result<(), Refused> {
        match self.ask_about_tls(b"tls_server", server, server.protection.verify).await {
            Verdict::Reject { reply, .. } => Err(refused(reply).into()),
            _ => Ok(()),
        }
    }

    async fn ask_about_tls(&mut self, ruleset: &[u8], server: &ServerConnection, first: &[u8]) -> Verdict {
        if self.on.site.config.rulesets.find(ruleset).is_none() {
            return Verdict::Accept;
        }
        let mut scope = self.envelope.scope.clone();
        self.set_server_macros(&mut scope, server);
        self.ask_for_connection(&mut scope, ruleset, first, name(server)).await
    }

    /// What the rules of the TLS rulesets ask for.
    pub(super) fn set_server_macros(&self, scope: &mut Scope, server: &ServerConnection) {
        let config = &self.on.site.config;
        scope.set_named(config, b"server_name", name(server));
        scope.set_named(config, b"server_addr", address(server));
        match &server.protection.established {
            Some(established) => established.set_macros(config, scope),
            None => crate::tls::clear_macros(config, scope, server.protection.verify),
        }
    }

    /// Ruleset `tls_clt_features`; `None`: its answer cannot be followed.
    async fn tls_features(&mut self, server: &ServerConnection) -> Option<SessionFeatures> {
        const RULESET: &[u8] = b"tls_clt_features";
        let mut scope = self.envelope.scope.clone();
        self.set_server_macros(&mut scope, server);
        let (name, address) = (name(server), address(server));
        let answer = Rewriter::quiet(&self.on.site, &mut scope).text(RULESET, name, Some(address)).await;
        let relay = [b", relay=", name, b" [", address, b"]"].concat();
        let say = |level, priority, text: &[u8]| {
            self.on.logger.log(level, priority, None, &[RULESET, b"=", text, &relay].concat());
        };
        let Some(answer) = answer else {
            say(FEATURES_LEVEL, Priority::Info, b"(null)");
            say(FEATURES_LEVEL, Priority::Info, b"empty, stat=0");
            return Some(SessionFeatures::default());
        };
        say(FEATURES_LEVEL, Priority::Info, &answer);
        let mut parsed = |item: &[u8]| say(13, Priority::Debug, &[b"parsed, ", item].concat());
        let features = SessionFeatures::parse(&answer, &mut parsed);
        if let Err(error) = &features {
            say(7, Priority::Info, &error.0);
            let text = b"STARTTLS=client, get_tls_se_features=failed, ret=78";
            self.on.logger.log(7, Priority::Error, None, text);
        }
        features.ok()
    }
}

/// What a refusal of `tls_server` means for the mail.
fn refused(reply: Reply) -> DeliveryResult {
    let own = reply.enhanced.unwrap_or(EnhancedStatus(reply.code / 100, 7, 0));
    if reply.code / 100 == 4 {
        return DeliveryResult::delayed(reply.to_line(), own);
    }
    let mut result = DeliveryResult::of_exit(Sysexit::UNAVAILABLE);
    result.dsn = own;
    result.reply = Some(reply);
    result
}
