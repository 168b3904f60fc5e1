//! Mail for other hosts: one place after the other until one takes it.

use super::apply;
use super::attempt::Attempt;
use super::fate::{End, Fate, Line};
use super::header::Rendering;
use super::hosts::{self, Place};
use super::local;
use super::outcome;
use super::plan::Group;
use crate::addr::op;
use crate::config::{Config, Mailer};
use crate::envelope::{EnvelopeFlags, Recipient, RecipientFlags};
use crate::schema::{EnhancedStatus, Sysexit};
use crate::smtp::client::{Answer, ConnectionError, Extensions, Offer, Peer, Stream, Transaction, transact};
use crate::sys::errno_text;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpStream, UnixStream};

/// The port of A=`TCP $h PORT`; 25 without one.
pub(super) fn port(config: &Config, mailer: &Mailer) -> u16 {
    let word = mailer.argv.get(2).map(|word| config.expand(word)).unwrap_or_default();
    let text = String::from_utf8_lossy(&word);
    match text.parse() {
        Ok(port) => port,
        Err(_) => service(&text),
    }
}

/// The services that mailers name.
fn service(name: &str) -> u16 {
    const KNOWN: &[(&str, u16)] = &[("smtp", 25), ("submission", 587), ("smtps", 465), ("lmtp", 24)];
    KNOWN.iter().find(|(known, _)| *known == name).map_or(25, |(_, port)| *port)
}

/// The hosts to try: the second word of A=, `$h` as a rule.
pub(super) fn host_list(config: &Config, mailer: &Mailer, host: &[u8]) -> Vec<u8> {
    let word = mailer.argv.get(1).map_or(&b"\x81h"[..], Vec::as_slice);
    let named: Vec<u8> = match word {
        [op::MACRO_EXPAND, b'h'] => host.to_vec(),
        word => {
            // FILE /path and the like; `$h` within a longer word
            let mut out = Vec::new();
            let mut parts = word.split(|byte| *byte == op::MACRO_EXPAND);
            out.extend_from_slice(parts.next().unwrap_or_default());
            for part in parts {
                match part.split_first() {
                    Some((b'h', rest)) => out.extend([host, rest].concat()),
                    Some((name, rest)) => {
                        out.extend(config.expand(&[op::MACRO_EXPAND, *name]));
                        out.extend_from_slice(rest);
                    }
                    None => {}
                }
            }
            out
        }
    };
    named
}

/// Members that go on together, and the place they have come to.
struct Run {
    members: Vec<usize>,
    places: Vec<Place>,
    at: usize,
    /// Why the places before did not take it.
    before: Option<(Fate, Vec<u8>)>,
}

/// Delivers to a group; how many recipients were delivered.
pub(super) async fn deliver(attempt: &mut Attempt<'_>, group: Group) -> i64 {
    let Some(first) = group.members.first().copied() else { return 0 };
    let Some(mailer) = attempt.mailer(first).cloned() else { return 0 };
    if let Some(fate) = local::too_big(attempt.envelope.size, &mailer) {
        apply::apply(attempt, &group.members, fate, None);
        return 0;
    }
    let mut runs = Vec::new();
    let host = attempt.host(first);
    match attempt.places.get(&host).cloned() {
        Some(Ok(places)) => runs.push(Run { members: group.members, places, at: 0, before: None }),
        Some(Err(fate)) => {
            for index in &group.members {
                attempt.envelope.recipients[*index].remote_mta = Some(hosts::dotted(&host));
            }
            apply::apply(attempt, &group.members, fate, Some(&hosts::dotted(&host)));
            return 0;
        }
        None => return 0,
    }
    let mut delivered = 0;
    while let Some(run) = runs.pop() {
        let (done, left) = one_place(attempt, &mailer, run).await;
        delivered += done;
        runs.extend(left);
    }
    delivered
}

/// Tries one place. What could not be said there comes back as runs for the next ones.
async fn one_place(attempt: &mut Attempt<'_>, mailer: &Mailer, mut run: Run) -> (i64, Vec<Run>) {
    let Some(place) = run.places.get(run.at).cloned() else {
        let (fate, relay) = run.before.take().unwrap_or((Fate::exit(Sysexit::TEMPFAIL), Vec::new()));
        apply::apply(attempt, &run.members, fate, Some(&relay));
        return (0, Vec::new());
    };
    let failed = match reach(attempt, mailer, &place).await {
        Ok(peer) => match converse(attempt, mailer, &place, peer, &run.members).await {
            Conversed::Settled(delivered) => return (delivered, Vec::new()),
            Conversed::Elsewhere(members, delivered, fate, relay) => {
                run.members = members;
                (delivered, *fate, relay)
            }
        },
        Err((fate, relay)) => (0, fate, relay),
    };
    let (delivered, fate, relay) = failed;
    run.before = Some(worse(run.before.take(), (fate, relay)));
    (delivered, next_places(attempt, run))
}

/// A temporary failure of any host outweighs a final one of another: the mail stays.
fn worse(before: Option<(Fate, Vec<u8>)>, now: (Fate, Vec<u8>)) -> (Fate, Vec<u8>) {
    match before {
        Some(before) if before.0.end == End::Later && now.0.end == End::Never => before,
        _ => now,
    }
}

/// Goes on to the next place. Recipients that only shared the best host part here: nobody's mail goes
/// to another domain's second choice.
fn next_places(attempt: &Attempt<'_>, run: Run) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let at = run.at + 1;
    for index in run.members {
        let places = match attempt.places.get(&attempt.host(index)) {
            Some(Ok(places)) => places.clone(),
            _ => run.places.clone(),
        };
        match runs.iter_mut().find(|other| other.places == places) {
            Some(other) => other.members.push(index),
            None => runs.push(Run { members: vec![index], places, at, before: run.before.clone() }),
        }
    }
    runs.reverse();
    runs
}

/// A connection to a place, greeted, its extensions known.
async fn reach(attempt: &mut Attempt<'_>, mailer: &Mailer, place: &Place) -> Result<Peer, (Fate, Vec<u8>)> {
    let shown = place.shown();
    if let Some(mut peer) = attempt.connections.take(&mailer.name, &shown, mailer.max_messages).await {
        peer.new_message();
        return Ok(peer);
    }
    if let Place::Path(path) = place {
        let stream = UnixStream::connect(path).await;
        let stream = stream.map_err(|error| (no_connection(&error, &shown), shown.clone()))?;
        return open(attempt, mailer, Box::new(stream), &shown, b"").await;
    }
    let found = hosts::addresses(place, mailer, &attempt.on.site.resolver).await;
    let addresses = found.map_err(|fate| (fate, shown.clone()))?;
    let mut last = (Fate::exit(Sysexit::TEMPFAIL), shown.clone());
    for address in addresses {
        let literal = format!("[{}]", address.ip()).into_bytes();
        match connect(attempt, address).await {
            Ok(stream) => match open(attempt, mailer, stream, &shown, &literal).await {
                Ok(peer) => return Ok(peer),
                Err(failed) => last = failed,
            },
            Err(error) => last = (no_connection(&error, &shown), [&shown[..], b" ", &literal].concat()),
        }
    }
    Err(last)
}

async fn connect(attempt: &Attempt<'_>, address: SocketAddr) -> std::io::Result<Box<dyn Stream>> {
    let times = &attempt.on.site.config.options.timeout;
    let first = attempt.envelope.attempts <= 1 && times.iconnect > 0;
    let seconds = if first { times.iconnect } else { times.connect };
    let seconds = u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).unwrap_or(300);
    match tokio::time::timeout(Duration::from_secs(seconds), TcpStream::connect(address)).await {
        Ok(Ok(stream)) => {
            let _ = stream.set_nodelay(true);
            Ok(Box::new(stream))
        }
        Ok(Err(error)) => Err(error),
        Err(_) => Err(std::io::ErrorKind::TimedOut.into()),
    }
}

fn no_connection(error: &std::io::Error, host: &[u8]) -> Fate {
    use std::io::ErrorKind::{ConnectionRefused, ConnectionReset, TimedOut};
    let text = match error.kind() {
        ConnectionRefused => [b"Connection refused by ", host].concat(),
        ConnectionReset => [b"Connection reset by ", host].concat(),
        TimedOut => [b"Connection timed out with ", host].concat(),
        _ => errno_text(error).into_bytes(),
    };
    Fate::later(text, EnhancedStatus(4, 4, 1))
}

/// Greeting and EHLO.
async fn open(
    attempt: &mut Attempt<'_>,
    mailer: &Mailer,
    stream: Box<dyn Stream>,
    host: &[u8],
    address: &[u8],
) -> Result<Peer, (Fate, Vec<u8>)> {
    let config = attempt.on.site.config.clone();
    let quit = config.options.timeout.quit;
    let mut peer = Peer::new(stream, host, address);
    let fate = match introduce(&config, mailer, &mut peer).await {
        Ok(None) => return Ok(peer),
        Ok(Some(fate)) => fate,
        Err(trouble) => outcome::of_trouble(&trouble, host),
    };
    let relay = peer.relay();
    let told = peer.take_transcript();
    attempt.envelope.attempt.transcript.extend(told);
    peer.quit(quit).await;
    Err((fate, relay))
}

/// `None`: the server is ready for mail.
async fn introduce(
    config: &Config,
    mailer: &Mailer,
    peer: &mut Peer,
) -> Result<Option<Fate>, ConnectionError> {
    let times = &config.options.timeout;
    let greeting = peer.greeting(times.initial).await?;
    if !greeting.is_positive() {
        return Ok(Some(outcome::of_opening(&greeting, &Extensions::default())));
    }
    let name = config.macro_id("j").and_then(|id| config.macros.get(id)).unwrap_or_default();
    let name = config.expand(name);
    let says_esmtp = greeting.lines.first().is_some_and(|line| line.windows(5).any(|word| word == b"ESMTP"));
    let answer = if mailer.has(b'z') {
        peer.hello(b"LHLO", &name, false, times.lhlo).await?
    } else if (mailer.has(b'a') || says_esmtp) && !mailer.has(b'2') {
        peer.hello(b"EHLO", &name, true, times.helo).await?
    } else {
        peer.hello(b"HELO", &name, false, times.helo).await?
    };
    if !answer.is_positive() {
        return Ok(Some(outcome::of_opening(&answer, &peer.extensions)));
    }
    match !mailer.has(b'k') && names_us(&answer, &name) {
        true => Ok(Some(loops_back(peer))),
        false => Ok(None),
    }
}

/// Does the server call itself by our own name?
fn names_us(answer: &Answer, name: &[u8]) -> bool {
    let text = answer.lines.first().and_then(|line| line.get(4..)).unwrap_or_default();
    let word = text.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    word.eq_ignore_ascii_case(name)
}

fn loops_back(peer: &Peer) -> Fate {
    let text = [&peer.host[..], b" config error: mail loops back to me (MX problem?)"].concat();
    let mut fate = Fate::exit(Sysexit::CONFIG);
    fate.system_error = Some(text);
    fate
}

/// What came of a conversation.
enum Conversed {
    /// Everybody has a fate; so many were delivered.
    Settled(i64),
    /// These were not decided; another place may take them.
    Elsewhere(Vec<usize>, i64, Box<Fate>, Vec<u8>),
}

async fn converse(
    attempt: &mut Attempt<'_>,
    mailer: &Mailer,
    place: &Place,
    mut peer: Peer,
    members: &[usize],
) -> Conversed {
    let limit = peer.extensions.size.unwrap_or(0);
    if limit > 0 && attempt.envelope.size > limit {
        attempt.envelope.flags |= EnvelopeFlags::NO_BODY_RETURN;
        let relay = peer.relay();
        apply::apply(attempt, members, local::larger_than(limit, mailer.has(b'l')), Some(&relay));
        attempt.connections.keep(&mailer.name, &place.shown(), peer).await;
        return Conversed::Settled(0);
    }
    let config = attempt.on.site.config.clone();
    let offer = offer(attempt, mailer, peer.extensions, members, &config).await;
    let texts: Vec<Vec<u8>> =
        members.iter().map(|index| attempt.envelope.recipients[*index].text.clone()).collect();
    let mut refused = |peer: &mut Peer, member: usize, answer: &Answer| {
        if let Some(fate) = outcome::of_recipient(answer, &peer.extensions)
            && let Some(line) = fate.transcript(&texts[member])
        {
            peer.note(&line);
        }
    };
    let done = transact(&mut peer, &offer, &mut refused).await;
    let told = peer.take_transcript();
    attempt.envelope.attempt.transcript.extend(told);
    let conversed = settle(attempt, &peer, members, &done);
    if done.end.is_empty() && !peer.dead {
        peer.reset(config.options.timeout.rset).await;
    }
    attempt.connections.keep(&mailer.name, &place.shown(), peer).await;
    conversed
}

/// Gives everybody a fate by what was answered.
fn settle(attempt: &mut Attempt<'_>, peer: &Peer, members: &[usize], done: &Transaction) -> Conversed {
    let (extensions, relay) = (peer.extensions, peer.relay());
    let host = peer.host.clone();
    for index in members {
        attempt.envelope.recipients[*index].remote_mta = Some(host.clone());
    }
    let trouble = done.trouble.as_ref().map(|trouble| outcome::of_trouble(trouble, &host));
    if let Some(answer) = &done.mail
        && let Some(fate) = outcome::of_mail(answer, &extensions)
    {
        if answer.code == 421 {
            return Conversed::Elsewhere(members.to_vec(), 0, Box::new(fate), relay);
        }
        apply::apply(attempt, members, fate, Some(&relay));
        return Conversed::Settled(0);
    }
    let mut accepted = Vec::new();
    let mut open = Vec::new();
    for (place, index) in members.iter().enumerate() {
        match done.recipients.get(place).and_then(Option::as_ref) {
            None => open.push(*index),
            Some(answer) if answer.code == 421 => open.push(*index),
            Some(answer) => match outcome::of_recipient(answer, &extensions) {
                None => {
                    attempt.envelope.recipients[*index].reply = Some(answer.reply());
                    accepted.push(*index);
                }
                Some(mut fate) => {
                    fate.line = Some(Line::Written);
                    apply::apply(attempt, &[*index], fate, Some(&relay));
                }
            },
        }
    }
    let (delivered, undecided) = finish(attempt, &extensions, &relay, accepted, done);
    open.extend(undecided);
    match (open.is_empty(), trouble) {
        (true, _) => Conversed::Settled(delivered),
        (false, trouble) => {
            let lost = || outcome::of_trouble(&ConnectionError::Lost, &host);
            Conversed::Elsewhere(open, delivered, Box::new(trouble.unwrap_or_else(lost)), relay)
        }
    }
}

/// The accepted recipients: DATA and the dot decide. Those for whom nothing was said come back.
fn finish(
    attempt: &mut Attempt<'_>,
    extensions: &Extensions,
    relay: &[u8],
    accepted: Vec<usize>,
    done: &Transaction,
) -> (i64, Vec<usize>) {
    if accepted.is_empty() {
        return (0, Vec::new());
    }
    if let Some(answer) = &done.data
        && let Some(fate) = outcome::of_data(answer, extensions)
    {
        if answer.code == 421 {
            return (0, accepted);
        }
        apply::apply(attempt, &accepted, fate, Some(relay));
        return (0, Vec::new());
    }
    let one_for_all = done.end.len() == 1 && accepted.len() > 1;
    let answers = (0..accepted.len()).map(|place| done.end.get(if one_for_all { 0 } else { place }));
    let mut undecided = Vec::new();
    let mut fates: Vec<(Fate, Vec<usize>)> = Vec::new();
    for (index, answer) in accepted.into_iter().zip(answers) {
        match answer {
            None => undecided.push(index),
            Some(answer) if answer.code == 421 => undecided.push(index),
            Some(answer) => {
                let fate = outcome::of_end(answer, extensions);
                match fates.iter_mut().find(|(other, _)| *other == fate) {
                    Some((_, members)) => members.push(index),
                    None => fates.push((fate, vec![index])),
                }
            }
        }
    }
    let mut delivered = 0;
    for (fate, members) in fates {
        if fate.end == End::Sent {
            delivered += members.len() as i64;
            relayed(attempt, extensions, &members);
        }
        apply::apply(attempt, &members, fate, Some(relay));
    }
    (delivered, undecided)
}

/// Who wanted a receipt from a server that gives none gets ours.
fn relayed(attempt: &mut Attempt<'_>, extensions: &Extensions, members: &[usize]) {
    let deliver_by = attempt.envelope.deliver_by;
    for index in members {
        let recipient = &mut attempt.envelope.recipients[*index];
        let text = recipient.text.clone();
        let (flag, words): (_, &[u8]) = match deliver_by {
            Some(by) if by.flags & 0x10 != 0 && extensions.deliver_by.is_some() => {
                (RecipientFlags::BY_TRACE_RELAYED, b"... Deliver-By trace: relayed\n")
            }
            Some(by) if by.flags & 0x01 != 0 && extensions.deliver_by.is_none() => {
                (RecipientFlags::BY_NOTIFY_RELAYED, b"... Deliver-by notify: relayed\n")
            }
            _ if recipient.flags.contains(RecipientFlags::SUCCESS) && !extensions.dsn => {
                (RecipientFlags::RELAYED, b"... relayed; expect no further notifications\n")
            }
            _ => continue,
        };
        recipient.flags |= flag;
        attempt.envelope.attempt.transcript.extend([&text[..], words].concat());
    }
}

/// All commands and the header for one transaction.
async fn offer<'c>(
    attempt: &mut Attempt<'_>,
    mailer: &Mailer,
    extensions: Extensions,
    members: &[usize],
    config: &'c Config,
) -> Offer<'c> {
    let first = members[0];
    let host = attempt.host(first);
    let user = attempt.envelope.recipients[first].address.as_ref().map(|address| address.user.clone());
    let rendering = Rendering::new(attempt, first, &user.unwrap_or_default(), &host).await;
    let mut header = rendering.header().await;
    header.push(b'\n');
    let sender = rendering.sender().to_vec();
    let recipients = members.iter().map(|index| {
        let recipient = &attempt.envelope.recipients[*index];
        rcpt_command(recipient, &extensions)
    });
    Offer {
        mail: mail_command(attempt, &sender, &extensions),
        recipients: recipients.collect(),
        header,
        body: attempt.envelope.body.clone(),
        lmtp: mailer.has(b'z'),
        line_limit: u32::try_from(mailer.line_limit).unwrap_or(0),
        timeouts: &config.options.timeout,
    }
}

/// `MAIL From:<…>` with SIZE, BODY, ENVID, RET, BY as far as the server knows them.
fn mail_command(attempt: &Attempt<'_>, sender: &[u8], extensions: &Extensions) -> Vec<u8> {
    let envelope = &*attempt.envelope;
    let bare = sender.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">")).unwrap_or(sender);
    let mut line = [b"MAIL From:<", bare, b">"].concat();
    if extensions.size.is_some() && envelope.size > 0 {
        line.extend(format!(" SIZE={}", envelope.size).into_bytes());
    }
    let eight_bit = envelope.flags.contains(EnvelopeFlags::EIGHT_BIT).then_some(&b"8BITMIME"[..]);
    let kind = envelope.body_type.map(|kind| kind.as_bytes()).or(eight_bit);
    if let Some(kind) = kind.filter(|_| extensions.eight_bit) {
        line.extend([b" BODY=", kind].concat());
    }
    if extensions.dsn {
        if let Some(envid) = &envelope.envid {
            line.extend([b" ENVID=", &envid[..]].concat());
        }
        if envelope.flags.contains(EnvelopeFlags::RETURN_GIVEN) {
            let headers = envelope.flags.contains(EnvelopeFlags::NO_BODY_RETURN);
            line.extend_from_slice(if headers { b" RET=HDRS" } else { b" RET=FULL" });
        }
    }
    if let (Some(by), Some(_)) = (envelope.deliver_by, extensions.deliver_by) {
        let left = by.seconds - (attempt.started - envelope.created);
        let mode = if by.flags & 0x02 != 0 { 'R' } else { 'N' };
        let trace = if by.flags & 0x10 != 0 { "T" } else { "" };
        line.extend(format!(" BY={left};{mode}{trace}").into_bytes());
    }
    line
}

/// `RCPT To:<…>` with NOTIFY and ORCPT for servers that report themselves.
fn rcpt_command(recipient: &Recipient, extensions: &Extensions) -> Vec<u8> {
    let user = recipient.address.as_ref().map_or(&b""[..], |address| &address.user);
    let bare = user.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">")).unwrap_or(user);
    let mut line = [b"RCPT To:<", bare, b">"].concat();
    let primary = recipient.flags.contains(RecipientFlags::PRIMARY);
    if !extensions.dsn || !primary {
        return line;
    }
    if recipient.flags.contains(RecipientFlags::HAS_NOTIFY) {
        let words = [
            (RecipientFlags::SUCCESS, "SUCCESS"),
            (RecipientFlags::FAILURE, "FAILURE"),
            (RecipientFlags::DELAY, "DELAY"),
        ];
        let asked: Vec<&str> =
            words.iter().filter(|(flag, _)| recipient.flags.contains(*flag)).map(|(_, word)| *word).collect();
        let list = if asked.is_empty() { String::from("NEVER") } else { asked.join(",") };
        line.extend(format!(" NOTIFY={list}").into_bytes());
    }
    if let Some(orcpt) = &recipient.orcpt {
        line.extend([b" ORCPT=", &orcpt[..]].concat());
    }
    line
}
