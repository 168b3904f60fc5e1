//! What somebody wants to be so, as questions.

use super::asker::{Answer, Ask, Form};
use super::corpus::CorpusClient;
use super::side::Side;
use std::sync::Arc;

/// What is to be so.
#[derive(Clone, Debug)]
pub enum Wish {
    /// This recipient is taken from this sender and client.
    Taken {
        /// Who connects.
        client: Arc<CorpusClient>,
        /// The sender.
        sender: Arc<[u8]>,
        /// The recipient; `None`: the sender is what matters.
        recipient: Option<Arc<[u8]>>,
    },
    /// Mail for this recipient stays here: its domain leads back to this host.
    Local(Arc<[u8]>),
    /// A mailer writes this address so.
    Written {
        /// The mailer.
        mailer: Arc<[u8]>,
        /// Where the address stands.
        form: Form,
        /// The address.
        address: Arc<[u8]>,
        /// As it is to be.
        wanted: String,
    },
}

impl Wish {
    /// What is asked for it, in order.
    pub(super) fn asks(&self) -> Vec<Ask> {
        match self {
            Self::Taken { client, sender, recipient } => {
                let mut asks = vec![Ask::Connect(client.clone()), Ask::Mail(client.clone(), sender.clone())];
                if let Some(recipient) = recipient {
                    asks.push(Ask::Rcpt(client.clone(), sender.clone(), recipient.clone()));
                    asks.push(Ask::Resolve(recipient.clone()));
                }
                asks
            }
            Self::Local(recipient) => vec![Ask::Resolve(recipient.clone())],
            Self::Written { mailer, form, address, .. } => {
                vec![Ask::Form(mailer.clone(), *form, address.clone())]
            }
        }
    }

    /// Is an answer as it is wished?
    pub(super) fn is_met(&self, side: &Side, answer: &Answer) -> bool {
        match self {
            Self::Taken { .. } => answer.accepted,
            Self::Local(_) => !leaves(side, &answer.text),
            Self::Written { wanted, .. } => *answer.text == **wanted,
        }
    }

    /// A part of what is known, by its name.
    pub(super) fn part(&self, name: &str) -> Option<String> {
        let domain = |address: &[u8]| {
            let at = address.iter().rposition(|byte| *byte == b'@')?;
            Some(String::from_utf8_lossy(&address[at + 1..]).into_owned())
        };
        let text = |address: &[u8]| String::from_utf8_lossy(address).into_owned();
        match (name, self) {
            ("ip", Self::Taken { client, .. }) => Some(client.address.to_string()),
            ("sender", Self::Taken { sender, .. }) if !sender.is_empty() => Some(text(sender)),
            ("sender domain", Self::Taken { sender: address, .. } | Self::Written { address, .. }) => {
                domain(address)
            }
            ("recipient", Self::Taken { recipient: Some(recipient), .. }) => Some(text(recipient)),
            ("recipient domain", Self::Taken { recipient: Some(recipient), .. } | Self::Local(recipient)) => {
                domain(recipient)
            }
            ("wanted domain", Self::Written { wanted, .. }) => domain(wanted.as_bytes()),
            _ => None,
        }
    }
}

/// Does a destination belong to a mailer that speaks to other hosts?
fn leaves(side: &Side, destination: &str) -> bool {
    let Some(name) = destination.strip_prefix("mailer ") else { return false };
    let name = name.split(',').next().unwrap_or_default();
    let mailer = side.site.config.mailer(name.as_bytes());
    mailer.is_some_and(|mailer| side.site.config.mailers[usize::from(mailer.0)].path == b"[IPC]")
}
