//! One message from its sender to its end: the checks in their order.

use super::arc;
use super::dkim::{Arriving, Verified};
use super::dmarc::{Dmarc, Identifiers, dmarc};
use super::results::Results;
use super::spf::{SpfQuestion, spf};
use super::verdict::Verdict;
use crate::net::Resolver;
use std::net::IpAddr;
use std::time::Duration;

/// All that is asked at the end of a message.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// Who sends a message.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Envelope {
    /// What the client calls itself.
    pub helo: Vec<u8>,
    /// The sender without brackets; empty for `<>`.
    pub sender: Vec<u8>,
}

/// SPF of a sender and of HELO (RFC 7208, 2.3 and 2.4).
pub async fn check_sender(resolver: &Resolver, address: IpAddr, from: &Envelope) -> Results {
    let question = |local: &[u8], domain: &[u8]| SpfQuestion {
        address,
        helo: from.helo.clone(),
        local: local.to_vec(),
        domain: domain.to_vec(),
    };
    let spf_helo = spf(resolver, &question(b"postmaster", &from.helo)).await;
    let at = memchr::memrchr(b'@', &from.sender);
    let verdict = match at {
        Some(at) => {
            let local = if at == 0 { b"postmaster" } else { &from.sender[..at] };
            spf(resolver, &question(local, &from.sender[at + 1..])).await
        }
        None => spf_helo,
    };
    Results {
        spf: verdict,
        spf_helo,
        sender: from.sender.clone(),
        helo: from.helo.clone(),
        ..Results::default()
    }
}

/// The rest, when the whole message is there.
pub async fn check_message(resolver: &Resolver, message: Arriving, of_sender: Results, now: i64) -> Results {
    let message = message.end();
    let fields = message.fields();
    let authors = fields.author_domains();
    let checked = async {
        let dkim = message.verify(resolver, now).await;
        let arc = arc::verify(&message, resolver, now).await;
        let dmarc = dmarc(resolver, &authors, &shown(&of_sender, &dkim)).await;
        (dkim, arc, dmarc)
    };
    match tokio::time::timeout(TIME_LIMIT, checked).await {
        Ok((dkim, arc, dmarc)) => Results { dkim, arc, dmarc, ..of_sender },
        Err(_) => {
            let late = Verified { signature: None, verdict: Verdict::TempError, reason: "no answer in time" };
            let domain = authors.first().cloned().unwrap_or_default();
            let dmarc = Dmarc { domain, verdict: Verdict::TempError, ..Dmarc::default() };
            Results { dkim: vec![late], arc: Verdict::TempError, dmarc, ..of_sender }
        }
    }
}

/// Whom the message has been shown to come from.
fn shown(of_sender: &Results, dkim: &[Verified]) -> Identifiers {
    let good = dkim.iter().filter(|one| one.verdict == Verdict::Pass);
    let domain = match memchr::memrchr(b'@', &of_sender.sender) {
        Some(at) => &of_sender.sender[at + 1..],
        None => &of_sender.helo[..],
    };
    Identifiers {
        dkim: good.filter_map(|one| Some(one.signature.as_ref()?.domain.clone())).collect(),
        spf: (of_sender.spf == Verdict::Pass).then(|| domain.to_ascii_lowercase()),
        uncertain: of_sender.spf == Verdict::TempError
            || dkim.iter().any(|one| one.verdict == Verdict::TempError),
    }
}
