//! From names to questions: each address as sender, as recipient, on its way; each client, with what it may do.

use super::asker::{Ask, Form};
use super::corpus::{Case, Corpus, CorpusClient, OUTSIDE, SOMEBODY, STRANGER};
use crate::config::Config;
use std::collections::BTreeSet;
use std::sync::Arc;

type Text = Arc<[u8]>;

/// All questions of a corpus, in order.
pub struct Questions {
    /// Each once.
    pub asks: Vec<Ask>,
    /// How many there would be without the limit.
    pub of: usize,
}

/// Mailers that write addresses as no other one does: of those with the same rulesets, the first.
pub fn distinct_mailers(configs: &[&Config]) -> Vec<Vec<u8>> {
    let mut names: Vec<Vec<u8>> = Vec::new();
    for config in configs {
        let mut seen = Vec::new();
        for mailer in &config.mailers {
            let internal = mailer.name.starts_with(b"*") || matches!(&mailer.name[..], b"prog" | b"error");
            let way = (mailer.sender, mailer.recipient, mailer.has(b'c'));
            if !internal && !seen.contains(&way) {
                seen.push(way);
                if !names.contains(&mailer.name) {
                    names.push(mailer.name.clone());
                }
            }
        }
    }
    names
}

impl Questions {
    /// Those of two corpora together; of the second, no more than the limit leaves room for.
    pub fn with(self, other: &Corpus, mailers: &[Vec<u8>], limit: usize) -> Self {
        let room = limit.saturating_sub(self.asks.len());
        let Self { asks, of } = other.questions(mailers, room);
        let left_out = of - asks.len();
        let all: BTreeSet<Ask> = self.asks.into_iter().chain(asks).collect();
        Self { of: all.len() + left_out, asks: all.into_iter().collect() }
    }
}

impl Corpus {
    /// Every question, at most `limit`: of more, every second, third … address is asked about.
    pub fn questions(&self, mailers: &[Vec<u8>], limit: usize) -> Questions {
        let mailers: Vec<Text> = mailers.iter().map(|name| Arc::from(&name[..])).collect();
        let addresses: Vec<Text> = self.all_addresses().into_iter().map(Arc::from).collect();
        let mut asks = BTreeSet::new();
        self.put_clients(&mut asks);
        self.cases.iter().for_each(|case| put_case(case, &mut asks));
        let each = 3 + mailers.len() * Form::ALL.len();
        let all = asks.len() + addresses.len() * each;
        let room = limit.saturating_sub(asks.len()) / each;
        let step = addresses.len().div_ceil(room.max(1)).max(1);
        let stranger = CorpusClient::parse(STRANGER).ok().map(Arc::new);
        for address in addresses.iter().step_by(step) {
            put_address(address, stranger.as_ref(), &mailers, &mut asks);
        }
        // some are asked for two reasons
        let of = if step > 1 || asks.len() > limit { all } else { asks.len() };
        Questions { asks: asks.into_iter().take(limit).collect(), of }
    }

    /// What each client may do, and each domain as that of a sender.
    fn put_clients(&self, asks: &mut BTreeSet<Ask>) {
        let outside: Text = Arc::from([SOMEBODY, b"@", OUTSIDE].concat());
        let clients = self.clients.iter().cloned().chain(self.named_clients());
        let mut clients: Vec<Arc<CorpusClient>> = clients.map(Arc::new).collect();
        let mut known = CorpusClient::parse(STRANGER).into_iter().collect::<Vec<_>>();
        for client in &mut known {
            client.login = Some("somebody".into());
        }
        clients.extend(known.into_iter().map(Arc::new));
        let unqualified: Text = Arc::from(SOMEBODY);
        for client in clients {
            asks.insert(Ask::Connect(client.clone()));
            for sender in [&outside, &unqualified] {
                asks.insert(Ask::Mail(client.clone(), sender.clone()));
                asks.insert(Ask::Rcpt(client.clone(), sender.clone(), outside.clone()));
            }
        }
        let Ok(stranger) = CorpusClient::parse(STRANGER).map(Arc::new) else { return };
        for domain in &self.domains {
            let sender: Text = Arc::from([SOMEBODY, b"@", domain].concat());
            asks.insert(Ask::Rcpt(stranger.clone(), sender, outside.clone()));
        }
    }
}

/// One recipient with its client and sender, as a session has them.
fn put_case(case: &Case, asks: &mut BTreeSet<Ask>) {
    let (client, sender): (_, Text) = (Arc::new(case.client.clone()), Arc::from(&case.sender[..]));
    let recipient: Text = Arc::from(&case.recipient[..]);
    asks.insert(Ask::Connect(client.clone()));
    asks.insert(Ask::Mail(client.clone(), sender.clone()));
    asks.insert(Ask::Rcpt(client, sender, recipient.clone()));
    asks.insert(Ask::Resolve(recipient));
}

fn put_address(
    address: &Text,
    stranger: Option<&Arc<CorpusClient>>,
    mailers: &[Text],
    asks: &mut BTreeSet<Ask>,
) {
    asks.insert(Ask::Resolve(address.clone()));
    if let Some(stranger) = stranger {
        let outside: Text = Arc::from([SOMEBODY, b"@", OUTSIDE].concat());
        asks.insert(Ask::Mail(stranger.clone(), address.clone()));
        asks.insert(Ask::Rcpt(stranger.clone(), outside, address.clone()));
    }
    for mailer in mailers {
        let forms = Form::ALL.iter().map(|(form, _, _)| *form);
        asks.extend(forms.map(|form| Ask::Form(mailer.clone(), form, address.clone())));
    }
}
