//! Logging in at the next host, where ruleset `authinfo` has a name and password for it (RFC 4954).

use super::attempt::Attempt;
use super::refused::{Refused, connection_failed};
use super::replies;
use super::result::DeliveryResult;
use super::starttls::{address, name};
use crate::addr::Token;
use crate::engine::Scope;
use crate::keeper::{TlsFile, TlsFileAnswer};
use crate::logging::Priority;
use crate::rewrite::Rewriter;
use crate::sasl::{self, ChannelFacts, ClientFacts, Conditions, Credentials, MECHANISMS, Mechanism};
use crate::schema::{EnhancedStatus, Sysexit};
use crate::smtp::client::{Answer, CommandTimeouts, ConnectionError, ServerConnection};
use crate::sys::random;

/// RFC 4954, section 6
const AUTHENTICATED: u16 = 235;

/// Who we are there.
enum AuthInfo {
    /// Nobody says.
    None,
    /// What is said of it makes no sense.
    Bad,
    /// The file that says so cannot be read.
    Unread,
    Known(Credentials),
    /// The same for any server, which may take mail without it, too.
    Default(Credentials),
}

/// Logs in if the server asks for it and we can. A server that refuses our password may still take mail from
/// strangers.
///
/// # Errors
/// Why mail must wait: another day it may go well.
pub(super) async fn authenticate(
    attempt: &Attempt<'_>,
    timeouts: &CommandTimeouts,
    server: &mut ServerConnection,
) -> Result<(), Refused> {
    if server.mechanisms.is_empty() || attempt.port_forbids(server, b'A') {
        return Ok(());
    }
    let (credentials, needed) = match auth_info(attempt, server).await {
        AuthInfo::Known(credentials) => (credentials, true),
        AuthInfo::Default(credentials) => (credentials, false),
        AuthInfo::None => return Ok(()),
        AuthInfo::Bad => {
            let relay = [name(server), b" ", &server.address].concat();
            log(attempt, Priority::Warning, &relay, "authinfo failed");
            return Ok(());
        }
        AuthInfo::Unread => return Err(put_off(attempt, server, None)),
    };
    let last = match log_in(attempt, timeouts, server, &credentials).await {
        Ok(last) => last,
        Err(error) => return Err(connection_failed(server, &error).into()),
    };
    if server.authenticated || !needed || last.as_ref().is_some_and(Answer::is_permanent) {
        return Ok(());
    }
    Err(put_off(attempt, server, last))
}

/// Mail waits for another day.
fn put_off(attempt: &Attempt<'_>, server: &ServerConnection, last: Option<Answer>) -> Refused {
    log(attempt, Priority::Error, &server.host, "temporary failure, connection abort");
    // what was no refusal says nothing of why
    let result = match last.filter(|answer| !answer.is_positive()) {
        Some(answer) => replies::deferred(&answer, &server.extensions),
        None => DeliveryResult::of_exit(Sysexit::TEMPFAIL),
    };
    let text = b"Temporary AUTH failure".to_vec();
    DeliveryResult { text, dsn: EnhancedStatus(4, 3, 0), ..result }.into()
}

/// Tries one mechanism after the other; the last answer, if there was any.
async fn log_in(
    attempt: &Attempt<'_>,
    timeouts: &CommandTimeouts,
    server: &mut ServerConnection,
    credentials: &Credentials,
) -> Result<Option<Answer>, ConnectionError> {
    let mut last = None;
    let mechanisms = usable(attempt, server, credentials);
    if mechanisms.is_empty() {
        let text = b"AUTH=client, available mechanisms= do not fulfill requirements";
        attempt.on.logger.log(8, Priority::Notice, Some(attempt.envelope.id.as_bytes()), text);
    }
    for mechanism in mechanisms {
        let Ok(random) = random::bytes() else { break };
        let (credentials, host) = (credentials.clone(), server.host.clone());
        let facts = ClientFacts { credentials, host, random, channel: ChannelFacts::default() };
        let answer = server.authenticate(mechanism, facts, timeouts.auth).await?;
        server.authenticated = answer.code == AUTHENTICATED;
        last = Some(answer);
        if server.authenticated {
            log(attempt, Priority::Info, &server.host, &format!("mech={}, bits=0", mechanism.name));
        }
        if server.authenticated || server.dead {
            break;
        }
    }
    Ok(last)
}

fn log(attempt: &Attempt<'_>, priority: Priority, relay: &[u8], what: &str) {
    // success is of less interest than failure
    let level = if priority == Priority::Info { 9 } else { 8 };

    let text = [b"AUTH=client, relay=", relay, b", ", what.as_bytes()].concat();
    attempt.on.logger.log(level, priority, None, &text);
}

/// Ruleset `authinfo` is asked with the server's name and address. Where there is none, DefaultAuthInfo is for all servers.
async fn auth_info(attempt: &Attempt<'_>, server: &ServerConnection) -> AuthInfo {
    let site = &attempt.on.site;
    if site.config.rulesets.find(b"authinfo").is_none() {
        return match &site.config.options.default_auth_info {
            Some(path) => default_auth_info(attempt, path).await,
            None => AuthInfo::None,
        };
    }
    let mut scope: Scope = attempt.envelope.scope.clone();
    attempt.set_server_macros(&mut scope, server);
    let (name, address) = (name(server), address(server));
    let answer = Rewriter::quiet(site, &mut scope).answer(b"authinfo", name, Some(address)).await;
    let Some(answer) = answer else { return AuthInfo::None };
    let words = answer.get(1..).unwrap_or_default().iter().map(Token::as_bytes);
    match sasl::credentials(words) {
        Some(known) if known.id.is_empty() || known.password.is_empty() => AuthInfo::None,
        Some(known) => AuthInfo::Known(known),
        None => AuthInfo::Bad,
    }
}

async fn default_auth_info(attempt: &Attempt<'_>, path: &[u8]) -> AuthInfo {
    let why = match attempt.on.keeper.tls_file((TlsFile::AuthInfo, path.to_vec()), None).await {
        TlsFileAnswer::Content(text, _) => match sasl::credentials_of_file(&text) {
            Ok(known) => return known.map_or(AuthInfo::None, AuthInfo::Default),
            Err(missing) => [b"can't read ", missing.as_bytes(), b" from ", path].concat(),
        },
        TlsFileAnswer::Refused(why) => [b"can't open ", path, b": ", why.as_bytes()].concat(),
        TlsFileAnswer::Unchanged => return AuthInfo::None,
    };
    let text = [b"AUTH=client, error: ", &why[..]].concat();
    attempt.on.logger.log(8, Priority::Error, None, &text);
    AuthInfo::Unread
}

/// The mechanisms that the server has and we may use, the strongest first.
fn usable(
    attempt: &Attempt<'_>,
    server: &ServerConnection,
    credentials: &Credentials,
) -> Vec<&'static Mechanism> {
    let options = &attempt.on.site.config.options;
    let wanted = credentials.mechanisms.as_ref().or(options.auth_mechanisms.as_ref());
    let wanted = wanted.map(Vec::as_slice).unwrap_or_default();
    let options = sasl::under_tls(&options.auth_options, server.protection.established.is_some());
    let found = sasl::offered(wanted, Some(&server.mechanisms), &options, &Conditions::default()).names;
    let named =
        move |row: &&Mechanism| found.iter().any(|name| name.eq_ignore_ascii_case(row.name.as_bytes()));
    MECHANISMS.iter().filter(named).collect()
}
