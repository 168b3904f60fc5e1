//! Is there a way by which a stranger's mail from outside reaches outside?
//!
//! In: a loaded site. Out: how much was asked, and the first client, sender and recipient that are all strangers' and
//! whose mail would be taken and sent on, with the explanation of it. The rules are asked directly, with the macros of a
//! session; what they let pass is asked again of a real session before it is believed. Never here: a question to a
//! name server. Of DNS only this much is supposed: the stranger's own domains name this host as their MX.

use super::corpus::Corpus;
use super::explain::{Explanation, explain};
use super::question::{Question, parse_client};
use super::relay_shapes::{Strangers, USER, recipients};
use super::sources::Sources;
use crate::config::Config;
use crate::engine::Scope;
use crate::keeper::Keeper;
use crate::net::Resolver;
use crate::rewrite::{AddressKind, Parsed, Rewriter, Site, Verdict};
use crate::smtp::server::Client;
use std::io;
use std::sync::Arc;

/// What came of a search.
#[derive(Debug)]
pub struct Search {
    /// Clients, senders and recipients that were asked together.
    pub asked: u64,
    /// One that is let through.
    pub hole: Option<Hole>,
}

/// A stranger's mail for a stranger, taken.
#[derive(Debug)]
pub struct Hole {
    /// `IP` or `IP=NAME`
    pub client: String,
    /// The sender.
    pub sender: String,
    /// The recipient.
    pub recipient: String,
    /// What a session says and does.
    pub explanation: Explanation,
}

/// What the program says at EHLO: nothing about it is to be believed.
const HELO: &str = "mail.outside.example";

/// The site with the stranger's DNS: his domains name this host as their mail exchanger.
pub fn strangers_site(config: Arc<Config>) -> Site {
    let host = String::from_utf8_lossy(&config.expand(b"\x81j")).into_owned();
    let strangers = Strangers::of(&config, &Corpus::common());
    let mut zone = vec![(host.clone(), "A".to_owned(), "192.0.2.254".to_owned())];
    zone.extend(
        strangers.domains.iter().map(|domain| (domain.clone(), "MX".to_owned(), format!("10 {host}"))),
    );
    Site::new(config, Arc::new(Resolver::fixed(zone)))
}

/// Searches. `progress` is told how much of how much has been asked.
///
/// # Errors
/// When a session breaks down.
pub async fn search(
    site: &Arc<Site>,
    keeper: &Keeper,
    sources: &Sources,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> io::Result<Search> {
    let mut corpus = Corpus::default();
    corpus.add_site(site);
    let strangers = Strangers::of(&site.config, &corpus);
    let recipients = recipients(&strangers);
    let total = (strangers.clients.len() * strangers.senders.len() * recipients.len()) as u64;
    let mut asked = 0;
    for name in &strangers.clients {
        // the names are made here, and well-formed
        let Ok(client) = parse_client(name) else { continue };
        for sender in &strangers.senders {
            progress(asked, total);
            let mut transaction = Transaction::new(site, &strangers, &client, sender);
            let open = transaction.is_open().await;
            for recipient in &recipients {
                asked += 1;
                if !open || !transaction.lets_out(&recipient.text, recipient.domain.as_deref()).await {
                    continue;
                }
                if let Some(explanation) =
                    confirmed(site, keeper, sources, name, sender, &recipient.text).await?
                {
                    let [sender, recipient] = [sender, &recipient.text].map(|text| shown(text));
                    let hole = Hole { client: name.clone(), sender, recipient, explanation };
                    return Ok(Search { asked, hole: Some(hole) });
                }
            }
        }
    }
    progress(total, total);
    Ok(Search { asked, hole: None })
}

fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

/// One client and one sender.
struct Transaction<'a> {
    site: &'a Site,
    strangers: &'a Strangers,
    client: &'a Client,
    sender: &'a [u8],
    scope: Scope,
}

impl<'a> Transaction<'a> {
    fn new(site: &'a Site, strangers: &'a Strangers, client: &'a Client, sender: &'a [u8]) -> Self {
        let mut scope = Scope::default();
        client.set_macros(&site.config, &mut scope);
        let rows: &[(&[u8], &[u8])] = &[
            (b"s", HELO.as_bytes()),
            (b"r", b"ESMTP"),
            (b"f", sender),
            (b"nrcpts", b"0"),
            (b"nbadrcpts", b"0"),
        ];
        for (name, value) in rows {
            scope.set_named(&site.config, name, value);
        }
        Self { site, strangers, client, sender, scope }
    }

    async fn check(&mut self, ruleset: &[u8], first: &[u8], second: Option<&[u8]>) -> bool {
        let mut rewriter = Rewriter::quiet(self.site, &mut self.scope);
        matches!(rewriter.check(ruleset, first, second).await, Verdict::Accept)
    }

    async fn parse(&mut self, address: &[u8], kind: AddressKind) -> Parsed {
        Rewriter::quiet(self.site, &mut self.scope).parse(address, kind).await
    }

    /// May this client send as this sender? Sets what the rules then know of the sender.
    async fn is_open(&mut self) -> bool {
        let address = self.client.address_text();
        if !self.check(b"check_relay", &self.client.name, Some(&address)).await {
            return false;
        }
        if !self.sender.is_empty() {
            let parsed = self.parse(self.sender, AddressKind::SENDER).await;
            let Some(triple) = parsed.triple.filter(|_| !parsed.bad) else { return false };
            let host = triple.host.unwrap_or_default();
            let rows: &[(&[u8], &[u8])] =
                &[(b"mail_mailer", &triple.mailer), (b"mail_host", &host), (b"mail_addr", &triple.user)];
            for (name, value) in rows {
                self.scope.set_named(&self.site.config, name, value);
            }
        }
        let argument = [b"<", self.sender, b">"].concat();
        self.check(b"check_mail", &argument, None).await
    }

    /// Is mail for this recipient taken, and does it go to the stranger's domain, or (`None`) to one that the site has not
    /// named otherwise?
    async fn lets_out(&mut self, recipient: &[u8], domain: Option<&[u8]>) -> bool {
        let argument = [b"<", recipient, b">"].concat();
        if !self.check(b"check_rcpt", &argument, None).await {
            return false;
        }
        let parsed = self.parse(&argument, AddressKind::RECIPIENT).await;
        let Some(address) = parsed.address.as_ref().filter(|_| !parsed.bad && !parsed.temporary) else {
            return false;
        };
        let mailer = self.site.config.mailers.get(usize::from(address.mailer.0));
        let elsewhere = mailer.is_some_and(|mailer| {
            mailer.path.eq_ignore_ascii_case(b"[IPC]") || mailer.path.eq_ignore_ascii_case(b"[TCP]")
        }) || mailer
            .is_some_and(|mailer| mailer.name.starts_with(b"uucp") || mailer.name.starts_with(b"suucp"));
        let host = address.host.as_deref().unwrap_or_default();
        elsewhere
            && match domain {
                Some(domain) => {
                    same(end_of(&address.user), domain)
                        || same(host, domain)
                        || carries(&address.user, domain)
                }
                None => address.user.starts_with(USER) && self.is_foreign(end_of(&address.user), recipient),
            }
    }

    /// Is a domain neither the one that was asked about nor one that the site has named as a friend's?
    fn is_foreign(&self, domain: &[u8], asked: &[u8]) -> bool {
        !domain.is_empty() && !same(domain, end_of(asked)) && !self.strangers.is_friend(domain)
    }
}

fn same(one: &[u8], other: &[u8]) -> bool {
    let bare = |host: &[u8]| host.strip_suffix(b".").unwrap_or(host).to_ascii_lowercase();
    bare(one) == bare(other)
}

/// The domain behind the last @.
fn end_of(address: &[u8]) -> &[u8] {
    let at = address.iter().rposition(|byte| *byte == b'@').map_or(&b""[..], |at| &address[at + 1..]);
    at.strip_suffix(b">").unwrap_or(at)
}

/// Is there another address within the local part, so that the next host may send it on?
fn carries(address: &[u8], domain: &[u8]) -> bool {
    let local = &address[..address.iter().rposition(|byte| *byte == b'@').unwrap_or(0)];
    local.to_ascii_lowercase().windows(domain.len()).any(|part| part == domain)
}

async fn confirmed(
    site: &Arc<Site>,
    keeper: &Keeper,
    sources: &Sources,
    client: &str,
    sender: &[u8],
    recipient: &[u8],
) -> io::Result<Option<Explanation>> {
    let question = Question {
        client: parse_client(client).unwrap_or_default(),
        helo: HELO.as_bytes().to_vec(),
        from: sender.to_vec(),
        recipients: vec![recipient.to_vec()],
        ..Question::default()
    };
    let explanation = explain(site, keeper, sources.clone(), &question, false).await?;
    let accepted = explanation.answers.iter().all(|answer| answer.accepted);
    Ok(accepted.then_some(explanation))
}
