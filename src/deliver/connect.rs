//! A connection to a next hop: taken from the open ones, or made, greeted and introduced.

use super::attempt::Attempt;
use super::authenticate::authenticate;
use super::connect_failure::ConnectFailure;
use super::connections::ConnectionKey;
use super::dial::{self, dial};
use super::next_hop::{self, NextHop};
use super::pipe;
use super::refused::{Refused, connection_failed};
use super::replies;
use super::result::DeliveryResult;
use super::starttls::{self, Terms};
use crate::config::{Config, Mailer};
use crate::logging::Priority;
use crate::logging::statistics::Connection;
use crate::schema::{Disposition, EnhancedStatus, Sysexit};
use crate::smtp::client::{Answer, CommandTimeouts, ConnectionError, Extensions, ServerConnection, Stream};
use std::net::SocketAddr;
use std::path::Path;
use tokio::net::UnixStream;

/// A server that is ready for mail, its extensions known: the hop, or FallbackSmartHost where that cannot be reached.
/// `members`: its recipients; `is_last`: no hop stands behind it.
///
/// # Errors
/// None of the hop's addresses answered, or all that did refused to talk: the last failure.
pub(super) async fn connect(
    attempt: &mut Attempt<'_>,
    mailer: &Mailer,
    key: &ConnectionKey,
    members: &[usize],
    is_last: bool,
) -> Result<ServerConnection, ConnectFailure> {
    let is_ours = attempt.connections.has(key);
    if let Some(mut server) = attempt.connections.take(key, mailer.max_messages).await {
        if is_ours {
            let to = key.hop.shown();
            attempt
                .tell(members, &[b"Using cached ESMTP connection to ", &to, b" via ", &mailer.name, b"..."]);
        }
        let limits = CommandTimeouts::of(&attempt.on.site.config.options.timeout);
        let answers = !server.sender_refused || server.reset(limits.rset).await;
        if answers {
            server.new_message();
            server.console = attempt.envelope.attempt.console.clone();
            return Ok(server);
        }
        server.quit(limits.quit).await;
    }
    let failure = match connect_hop(attempt, mailer, &key.hop, members).await {
        Ok(server) => return Ok(server),
        Err((failure, Reached::Nothing)) => failure,
        // a domain that nobody knows may be known behind it: to FallbackMXhost
        Err((failure, Reached::NoName)) if is_last || !key.hop.is_named(&attempt.host(members[0])) => failure,
        Err((failure, _)) => return Err(failure),
    };
    let smart_host = attempt.on.site.config.options.fallback_smart_host.clone();
    let Some(name) = smart_host.filter(|_| !key.hop.is_insisted_on()) else { return Err(failure) };
    let port = match &key.hop {
        NextHop::Host { port, .. } => *port,
        NextHop::Address { address, .. } => address.port(),
        NextHop::Socket(_) | NextHop::SmartHost { .. } | NextHop::Pipe { .. } | NextHop::Terminal { .. } => {
            return Err(failure);
        }
    };
    let smart_host = NextHop::SmartHost { name, port };
    // of a smart host that is unknown itself the mail knows nothing
    let end = connect_hop(attempt, mailer, &smart_host, members).await;
    end.map_err(|(last, _)| if last.result.disposition == Disposition::Failed { failure } else { last })
}

/// How far a failed attempt came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Reached {
    /// It is not known where the host is.
    NoName,
    /// No connection was made.
    Nothing,
    /// A server was reached that does not want to talk.
    Server,
}

/// The hop, unless it is known that it does not answer; what comes of it will be known.
async fn connect_hop(
    attempt: &mut Attempt<'_>,
    mailer: &Mailer,
    hop: &NextHop,
    members: &[usize],
) -> Result<ServerConnection, (ConnectFailure, Reached)> {
    let shown = hop.shown();
    let held = match attempt.may_call(hop, &shown).await {
        Ok(held) => held,
        Err(result) => {
            let waits = result.disposition == Disposition::Delayed;
            let remote_mta = Some(shown.clone());
            let failure = ConnectFailure::new(result, shown, remote_mta);
            return Err((failure, if waits { Reached::Nothing } else { Reached::Server }));
        }
    };
    let mut reached = call_hop(attempt, mailer, hop, members).await;
    match &mut reached {
        Ok(server) => server.held = held,
        // of a name that even the rules could not find there is nothing to know
        Err((failure, Reached::NoName)) if failure.result.reply.is_some() => {
            attempt.note_nothing(&shown, held).await;
        }
        Err((failure, _)) => attempt.note_failure(&shown, &failure.result, held).await,
    }
    reached
}

async fn call_hop(
    attempt: &mut Attempt<'_>,
    mailer: &Mailer,
    hop: &NextHop,
    members: &[usize],
) -> Result<ServerConnection, (ConnectFailure, Reached)> {
    let named = attempt.host(members[0]);
    let shown = match hop {
        NextHop::Host { name, .. } if *name == named => named,
        hop => hop.shown(),
    };
    let failure = |result: DeliveryResult, reached| {
        let unknown = result.dsn == EnhancedStatus(5, 1, 2);
        let remote_mta = unknown.then(|| shown.clone());
        (ConnectFailure::new(result, shown.clone(), remote_mta), reached)
    };
    let stream: Option<Box<dyn Stream>> = match hop {
        NextHop::Socket(path) => {
            let stream = UnixStream::connect(path).await;
            let stream =
                stream.map_err(|error| failure(no_socket(attempt, path, &error), Reached::Nothing))?;
            Some(Box::new(stream))
        }
        NextHop::Pipe { host, .. } => {
            attempt.tell(members, &[b"Connecting to ", &shown, b"..."]);
            let begun = pipe::begin(attempt, mailer, members[0], host).await;
            Some(Box::new(begun.map_err(|result| failure(result, Reached::Nothing))?))
        }
        NextHop::Terminal { .. } => Some(Box::new(tokio::io::join(tokio::io::stdin(), tokio::io::stdout()))),
        NextHop::Host { .. } | NextHop::SmartHost { .. } | NextHop::Address { .. } => None,
    };
    if let Some(stream) = stream {
        let end = open(attempt, mailer, stream, (&shown, b""), Terms::default()).await;
        return end.map_err(|(failure, _)| (failure, Reached::Server));
    }
    let terms = match attempt.terms(hop).await {
        Ok(terms) => terms,
        Err(result) => return Err(failure(result, Reached::Server)),
    };
    let found = next_hop::addresses(hop, &shown, mailer, attempt.on.resolver(attempt.envelope)).await;
    let own = hop.is_named(&attempt.host(members[0]));
    // a domain that is none is not called; an exchanger that has no address is
    if !(own && found.as_ref().is_err_and(DeliveryResult::names_nobody)) {
        let named = if found.is_ok() { hop.shown() } else { shown.clone() };
        attempt.tell(members, &[b"Connecting to ", &named, b" via ", &mailer.name, b"..."]);
    }
    let addresses = found.map_err(|result| {
        let result = if own { result.of_own_domain(&attempt.on.site.config) } else { result };
        failure(result, Reached::NoName)
    })?;
    if attempt.envelope.attempt.console.steps {
        let whom = [&attempt.texts(members)[..], b"... "].concat();
        attempt.connections.make_room(&whom).await;
    }
    let mut last = failure(DeliveryResult::of_exit(Sysexit::TEMPFAIL), Reached::Nothing);
    let shown = hop.shown();
    for address in addresses {
        match connect_address(attempt, mailer, address, &shown, terms.clone()).await {
            Ok(server) => return Ok(server),
            Err(failure) => last = failure,
        }
    }
    Err(last)
}

async fn connect_address(
    attempt: &mut Attempt<'_>,
    mailer: &Mailer,
    address: SocketAddr,
    host: &[u8],
    mut terms: Terms,
) -> Result<ServerConnection, (ConnectFailure, Reached)> {
    let literal = format!("[{}]", attempt.on.site.config.ip_text(address.ip())).into_bytes();
    terms.address = Some(address);
    loop {
        let stream = match dial(attempt, mailer, address).await {
            Ok(stream) => stream,
            Err(error) => {
                let relay = [host, b" ", &literal].concat();
                let (result, remote_mta) = (replies::unreachable(&error, host), Some(host.to_vec()));
                dial::log_failure(attempt, address, &relay, &result.text);
                let failure = ConnectFailure::new(result, relay, remote_mta);
                return Err((failure, Reached::Nothing));
            }
        };
        attempt.on.logger.count_connection(Connection::To);
        dial::log_connection(attempt, &stream).await;
        let may_be_clear =
            attempt.on.site.config.options.tls_fallback_to_clear && !terms.policy.is_mandatory();
        let fallback = !terms.clear && may_be_clear;
        match open(attempt, mailer, Box::new(stream), (host, &literal), terms.clone()).await {
            Ok(server) => return Ok(server),
            Err((failure, true)) if fallback && failure.result.disposition == Disposition::Delayed => {
                terms.clear = true;
            }
            Err((failure, _)) => return Err((failure, Reached::Server)),
        }
    }
}

/// A UNIX socket: that there is none is for the operator to mend.
fn no_socket(attempt: &Attempt<'_>, path: &Path, error: &std::io::Error) -> DeliveryResult {
    let result = replies::unreachable(error, b"localhost");
    if error.kind() != std::io::ErrorKind::NotFound {
        return result;
    }
    let why = [b"makeconnection_ds: unsafe domain socket ", path.as_os_str().as_encoded_bytes()].concat();
    let id = Some(attempt.envelope.id.as_bytes());
    attempt.on.logger.syserr(Priority::Critical, id, &why);
    DeliveryResult { dsn: EnhancedStatus(4, 3, 5), noted: Some(why), ..result }
}

/// Greeting and opening. An error says whether it may be tried without TLS.
async fn open(
    attempt: &mut Attempt<'_>,
    mailer: &Mailer,
    stream: Box<dyn Stream>,
    (host, address): (&[u8], &[u8]),
    terms: Terms,
) -> Result<ServerConnection, (ConnectFailure, bool)> {
    let timeouts = CommandTimeouts::of(&attempt.on.site.config.options.timeout);
    let dialogue = attempt.on.logger.dialogue();
    let mut server = ServerConnection::new(stream, host, address).heard_by(dialogue);
    server.console = attempt.envelope.attempt.console.clone();
    let greeted = greet(&mut server, &timeouts).await;
    // without a cache sendmail's reports name a host that did not even greet
    let is_named = greeted.is_err() && attempt.on.site.config.options.connection_cache_size == 0;
    let opened = match greeted {
        Ok(()) => opening(attempt, mailer, &timeouts, &mut server, &terms).await,
        Err(refused) => Err(refused),
    };
    let Err(Refused { result, handshake_failed }) = opened else { return Ok(server) };
    attempt.log_time_out(&server);
    let relay = server.relay();
    let farewell = server.farewell(timeouts.quit).await;
    attempt.envelope.attempt.transcript.extend(server.take_transcript());
    let result = match farewell {
        Some(answer) if result.disposition == Disposition::Delayed => replies::at_farewell(result, &answer),
        _ => result,
    };
    // a server that says no has not promised to send it back in time either, and sendmail asks no other one
    let refused = result.disposition == Disposition::Failed;
    let is_last = refused && attempt.tell_late(&server.extensions).is_some();
    let remote_mta = is_named.then(|| host.to_vec());
    Err((ConnectFailure { is_last, ..ConnectFailure::new(result, relay, remote_mta) }, handshake_failed))
}

async fn greet(server: &mut ServerConnection, timeouts: &CommandTimeouts) -> Result<(), Refused> {
    match server.greeting(timeouts.greeting).await {
        Ok(greeting) if greeting.is_positive() => Ok(()),
        Ok(greeting) => Err(replies::of_opening(&greeting, &Extensions::default()).into()),
        Err(error) => Err(connection_failed(server, &error).into()),
    }
}

/// EHLO, TLS and AUTH.
async fn opening(
    attempt: &mut Attempt<'_>,
    mailer: &Mailer,
    timeouts: &CommandTimeouts,
    server: &mut ServerConnection,
    terms: &Terms,
) -> Result<(), Refused> {
    let site = attempt.on.site.clone();
    introduce(&site.config, mailer, timeouts, server).await?;
    if starttls::secure(attempt, server, timeouts, terms).await? {
        introduce(&site.config, mailer, timeouts, server).await?;
    }
    authenticate(attempt, timeouts, server).await
}

/// EHLO.
async fn introduce(
    config: &Config,
    mailer: &Mailer,
    timeouts: &CommandTimeouts,
    server: &mut ServerConnection,
) -> Result<(), Refused> {
    let said = match hello(config, mailer, timeouts, server).await {
        Ok(said) => said,
        Err(error) => Some(connection_failed(server, &error)),
    };
    match said {
        None => ask_for_details(config, mailer, timeouts, server).await,
        Some(result) => Err(result.into()),
    }
}

/// VERB, for a sendmail behind it (mailer flag I), and for whoever watches what a submission program does (-v). That the server does
/// not know it is no failure.
async fn ask_for_details(
    config: &Config,
    mailer: &Mailer,
    timeouts: &CommandTimeouts,
    server: &mut ServerConnection,
) -> Result<(), Refused> {
    let watched = config.options.use_msp && server.console.steps && server.extensions.verb;
    if !mailer.has(b'I') && !watched {
        return Ok(());
    }
    match server.command(b"VERB", timeouts.misc).await {
        Ok(answer) if answer.is_temporary() => Err(replies::of_opening(&answer, &server.extensions).into()),
        Ok(_) => Ok(()),
        Err(error) => Err(connection_failed(server, &error).into()),
    }
}

/// `None`: the server is ready for mail.
async fn hello(
    config: &Config,
    mailer: &Mailer,
    timeouts: &CommandTimeouts,
    server: &mut ServerConnection,
) -> Result<Option<DeliveryResult>, ConnectionError> {
    let own = config.expand(config.macro_value("j").unwrap_or_default());
    let name = config.options.helo_name.as_ref().unwrap_or(&own);
    let lmtp = mailer.has(b'z');
    let answer = if lmtp {
        server.hello(b"LHLO", name, false, timeouts.lhlo).await?
    } else if (mailer.has(b'a') || server.says_esmtp) && !mailer.has(b'2') {
        server.hello(b"EHLO", name, true, timeouts.ehlo).await?
    } else {
        server.hello(b"HELO", name, false, timeouts.ehlo).await?
    };
    if !answer.is_positive() {
        return Ok(Some(replies::of_opening(&answer, &server.extensions)));
    }
    // an LMTP server is no MX: it may well stand on this host and bear its name
    let may_loop = !lmtp && !mailer.has(b'k');
    Ok((may_loop && names_us(&answer, &own)).then(|| loops_back(&server.host)))
}

/// Does the server call itself by our own name?
fn names_us(answer: &Answer, name: &[u8]) -> bool {
    let text = answer.lines.first().and_then(|line| line.get(4..)).unwrap_or_default();
    let word = text.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    word.eq_ignore_ascii_case(name)
}

fn loops_back(host: &[u8]) -> DeliveryResult {
    let text = [host, b" config error: mail loops back to me (MX problem?)"].concat();
    DeliveryResult { system_error: Some(text), ..DeliveryResult::of_exit(Sysexit::CONFIG) }
}
