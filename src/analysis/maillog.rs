//! What a mail log tells of connections and recipients: sendmail's, ours, Postfix's.
//!
//! In: lines, in order. Out: each recipient once, with the client and the sender that earlier lines told of, and
//! whether it was taken. What is remembered of messages under way is bounded.

use super::corpus::{Case, Corpus, CorpusClient};
use super::log_line::{field, identified, message};
use crate::addr::{split_list, without_brackets};
use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::sync::Arc;

/// Something that the log tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LogEvent {
    /// A client has connected, or was refused at once.
    Connection {
        /// Who.
        client: Arc<CorpusClient>,
        /// Was it let in?
        taken: bool,
    },
    /// Somebody has named a recipient.
    Recipient(LoggedRecipient),
}

/// A recipient, as the log has it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct LoggedRecipient {
    /// Who brought the message; `None`: a program of the same host.
    pub client: Option<Arc<CorpusClient>>,
    /// The sender.
    pub sender: Arc<[u8]>,
    /// The recipient.
    pub recipient: Arc<[u8]>,
    /// Was it taken?
    pub taken: bool,
}

/// A message that later lines may tell more of.
#[derive(Clone, Default)]
struct Message {
    client: Option<Arc<CorpusClient>>,
    sender: Option<Arc<[u8]>>,
    login: Option<String>,
    /// Recipients told of, by their hashes.
    told: HashSet<u64>,
}

/// Messages that are remembered; then the oldest are forgotten.
const MAX_MESSAGES: usize = 50_000;

/// Reads a log line by line.
#[derive(Default)]
pub struct MailLog {
    messages: HashMap<Box<[u8]>, Message>,
    order: VecDeque<Box<[u8]>>,
    /// The same texts again and again: kept once.
    texts: HashSet<Arc<[u8]>>,
    clients: HashMap<CorpusClient, Arc<CorpusClient>>,
}

impl MailLog {
    /// What a line tells.
    pub fn line(&mut self, line: &[u8], tell: &mut dyn FnMut(LogEvent)) {
        let Some(text) = message(line) else { return };
        let Some((id, rest)) = identified(&text) else {
            if let Some(client) = text.strip_prefix(b"connect from ").and_then(client_of) {
                let client = self.client(client);
                tell(LogEvent::Connection { client, taken: true });
            } else if text.starts_with(b"ruleset=") {
                self.ruleset(b"", &text, tell);
            }
            return;
        };
        if let Some(client) = rest.strip_prefix(b"connect from ").and_then(client_of) {
            let client = self.client(client);
            tell(LogEvent::Connection { client, taken: true });
        } else if let Some(reject) = rest.strip_prefix(b"reject: RCPT from ") {
            self.postfix_reject(reject, tell);
        } else if rest.starts_with(b"ruleset=") {
            self.ruleset(id, rest, tell);
        } else if rest.starts_with(b"from=") {
            self.from(id, rest);
        } else if rest.starts_with(b"client=") {
            self.postfix_client(id, rest);
        } else if rest.starts_with(b"AUTH=server") {
            let login = field(rest, "authid").map(|id| String::from_utf8_lossy(id).into_owned());
            self.message(id).login = login;
        } else if rest.starts_with(b"to=") {
            self.to(id, rest, tell);
        } else if let Some(end) =
            rest.windows(4).position(|part| part == b"... ").filter(|_| rest.starts_with(b"<"))
        {
            self.recipient(id, &rest[..end], false, tell);
        }
    }

    /// sendmail: sender and client. Postfix: the sender.
    fn from(&mut self, id: &[u8], rest: &[u8]) {
        let sender = field(rest, "from").map(bare).unwrap_or_default();
        let sender = self.text(sender);
        let client = field(rest, "relay").and_then(client_of);
        let login = field(rest, "authid").map(|login| String::from_utf8_lossy(login).into_owned());
        let known = self.message(id);
        let login = login.or(known.login.take());
        known.sender = Some(sender);
        if let Some(client) = client {
            let client = self.client(CorpusClient { login, ..client });
            self.message(id).client = Some(client);
        }
    }

    fn postfix_client(&mut self, id: &[u8], rest: &[u8]) {
        let login = field(rest, "sasl_username").map(|login| String::from_utf8_lossy(login).into_owned());
        if let Some(client) = field(rest, "client").and_then(client_of) {
            let client = self.client(CorpusClient { login, ..client });
            self.message(id).client = Some(client);
        }
    }

    fn to(&mut self, id: &[u8], rest: &[u8], tell: &mut dyn FnMut(LogEvent)) {
        // of what an alias or a list has led to, the alias is what was asked for
        let given = field(rest, "orig_to").or_else(|| field(rest, "ctladdr").map(without_ids));
        match given {
            Some(given) => self.recipient(id, given, true, tell),
            None => {
                let list = field(rest, "to").unwrap_or_default();
                for one in split_list(list, b",") {
                    self.recipient(id, one, true, tell);
                }
            }
        }
    }

    /// A check ruleset has refused something.
    fn ruleset(&mut self, id: &[u8], rest: &[u8], tell: &mut dyn FnMut(LogEvent)) {
        if field(rest, "reject").is_none() {
            return;
        }
        let client = field(rest, "relay").and_then(client_of).map(|client| self.client(client));
        match (field(rest, "ruleset"), client) {
            (Some(b"check_relay"), Some(client)) => tell(LogEvent::Connection { client, taken: false }),
            (Some(b"check_rcpt"), client) => {
                let known = self.message(id);
                known.client = known.client.take().or(client);
                let recipient = field(rest, "arg1").unwrap_or_default().to_vec();
                self.recipient(id, &recipient, false, tell);
            }
            _ => {}
        }
    }

    /// `NAME[IP]: 554 5.7.1 <c@d>: text; from=<a@b> to=<c@d> proto=ESMTP helo=<x>`
    fn postfix_reject(&mut self, rest: &[u8], tell: &mut dyn FnMut(LogEvent)) {
        let word = |name: &[u8]| {
            let at = memchr::memmem::find(rest, name)? + name.len();
            let end = rest[at..].iter().position(|byte| *byte == b'>')?;
            Some(&rest[at..at + end])
        };
        let client = client_of(rest).map(|client| self.client(client));
        let (Some(sender), Some(recipient)) = (word(b" from=<"), word(b" to=<")) else { return };
        let (sender, recipient) = (self.text(sender), self.text(recipient));
        tell(LogEvent::Recipient(LoggedRecipient { client, sender, recipient, taken: false }));
    }

    fn recipient(&mut self, id: &[u8], given: &[u8], taken: bool, tell: &mut dyn FnMut(LogEvent)) {
        let recipient = self.text(bare(given));
        if recipient.is_empty() {
            return;
        }
        let mut hasher = DefaultHasher::new();
        recipient.hash(&mut hasher);
        let nobody: Arc<[u8]> = Arc::from(&b""[..]);
        let known = self.message(id);
        if known.told.insert(hasher.finish()) {
            let sender = known.sender.clone().unwrap_or(nobody);
            let client = known.client.clone();
            tell(LogEvent::Recipient(LoggedRecipient { client, sender, recipient, taken }));
        }
    }

    fn message(&mut self, id: &[u8]) -> &mut Message {
        if !self.messages.contains_key(id) {
            if self.messages.len() >= MAX_MESSAGES
                && let Some(oldest) = self.order.pop_front()
            {
                self.messages.remove(&oldest);
            }
            self.order.push_back(id.into());
        }
        self.messages.entry(id.into()).or_default()
    }

    fn text(&mut self, text: &[u8]) -> Arc<[u8]> {
        if let Some(known) = self.texts.get(text) {
            return known.clone();
        }
        if self.texts.len() >= MAX_MESSAGES {
            self.texts.clear();
        }
        let text: Arc<[u8]> = Arc::from(text);
        self.texts.insert(text.clone());
        text
    }

    fn client(&mut self, client: CorpusClient) -> Arc<CorpusClient> {
        if self.clients.len() >= MAX_MESSAGES {
            self.clients.clear();
        }
        self.clients.entry(client.clone()).or_insert_with(|| Arc::new(client)).clone()
    }
}

impl Corpus {
    /// A recipient that a log tells of; one whose client it does not tell is an address.
    pub fn add_logged(&mut self, logged: &LoggedRecipient) {
        let (sender, recipient) = (logged.sender.to_vec(), logged.recipient.to_vec());
        match &logged.client {
            Some(client) => {
                self.cases.insert(Case { client: (**client).clone(), sender, recipient });
            }
            None => {
                self.addresses.insert(recipient);
            }
        }
    }
}

/// Without angle brackets and blanks.
pub fn bare(address: &[u8]) -> &[u8] {
    without_brackets(address.trim_ascii())
}

/// Without the numbers of user and group that sendmail writes behind a controlling address.
fn without_ids(address: &[u8]) -> &[u8] {
    let end = address.windows(2).position(|pair| pair == b" (").unwrap_or(address.len());
    &address[..end]
}

/// `name [192.0.2.1]`, `name[192.0.2.1]`, `[IPv6:2001:db8::1]`, with anything behind.
pub(super) fn client_of(text: &[u8]) -> Option<CorpusClient> {
    let open = text.iter().position(|byte| *byte == b'[')?;
    let end = open + text[open..].iter().position(|byte| *byte == b']')?;
    let address = std::str::from_utf8(&text[open + 1..end]).ok()?;
    let address: IpAddr = address.strip_prefix("IPv6:").unwrap_or(address).parse().ok()?;
    let forged = text[end..].starts_with(b"] (may be forged)");
    let name = std::str::from_utf8(text[..open].trim_ascii()).ok()?;
    let known = !name.is_empty() && name != "unknown" && !forged;
    Some(CorpusClient { address, name: known.then(|| name.to_owned()), login: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(log: &str) -> Vec<String> {
        let mut reader = MailLog::default();
        let mut told = Vec::new();
        for line in log.lines() {
            reader.line(line.as_bytes(), &mut |event| {
                told.push(match event {
                    LogEvent::Connection { client, taken } => format!("{client} {taken}"),
                    LogEvent::Recipient(one) => format!(
                        "{} {} -> {} {}",
                        one.client.map_or("here".into(), |client| client.to_string()),
                        String::from_utf8_lossy(&one.sender),
                        String::from_utf8_lossy(&one.recipient),
                        one.taken
                    ),
                });
            });
        }
        told
    }

    #[test]
    fn sendmails_log() {
        let log = "\
Dec  1 07:00:00 host sendmail[1]: NOQUEUE: connect from mx.example [192.0.2.7]
Dec  1 07:00:00 host sendmail[1]: 6B1700AB000001: from=<a@b.example>, size=5, class=0, nrcpts=2, proto=ESMTP, daemon=MTA, relay=mx.example [192.0.2.7]
Dec  1 07:00:01 host sendmail[2]: 6B1700AB000001: to=<c@d.example>,<e@d.example>, delay=00:00:01, mailer=esmtp, pri=1, relay=mx.d.example. [192.0.2.9], dsn=2.0.0, stat=Sent (ok, to=x)
Dec  1 07:00:02 host sendmail[2]: 6B1700AB000001: to=<c@d.example>, delay=00:00:02, mailer=esmtp, stat=Deferred
Dec  1 07:00:03 host sendmail[3]: 6B1700AB000002: ruleset=check_rcpt, arg1=<x@y.example>, relay=[198.51.100.2], reject=550 5.7.1 <x@y.example>... Relaying denied
Dec  1 07:00:04 host sendmail[4]: 6B1700AB000003: from=root, size=5, class=0, nrcpts=1, relay=root@localhost
Dec  1 07:00:04 host sendmail[4]: 6B1700AB000003: to=ann@z.example, ctladdr=staff@host.example (8/0), delay=00:00:00, mailer=relay, stat=Sent
Dec  1 07:00:04 host sendmail[4]: 6B1700AB000001[1]: to=<f@d.example>, delay=00:00:03, mailer=esmtp, pri=1, relay=mx.d.example. ...
Dec  1 07:00:04 host sendmail[4]: 6B1700AB000001[2]: [192.0.2.9], dsn=2.0.0, stat=Sent
Dec  1 07:00:05 host sendmail[5]: ruleset=check_relay, arg1=[198.51.100.3], arg2=198.51.100.3, relay=[198.51.100.3], reject=550 5.7.1 Access denied
";
        assert_eq!(
            told(log),
            [
                "192.0.2.7=mx.example true",
                "192.0.2.7=mx.example a@b.example -> c@d.example true",
                "192.0.2.7=mx.example a@b.example -> e@d.example true",
                "198.51.100.2  -> x@y.example false",
                "here root -> staff@host.example true",
                "192.0.2.7=mx.example a@b.example -> f@d.example true",
                "198.51.100.3 false",
            ]
        );
    }

    #[test]
    fn postfix_log() {
        let log = "\
2026-12-01T07:00:00+00:00 host postfix/smtpd[1]: connect from unknown[192.0.2.7]
2026-12-01T07:00:00+00:00 host postfix/smtpd[1]: 4ABCDEF012: client=mx.example[192.0.2.7], sasl_method=PLAIN, sasl_username=joe
2026-12-01T07:00:00+00:00 host postfix/qmgr[2]: 4ABCDEF012: from=<a@b.example>, size=300, nrcpt=1 (queue active)
2026-12-01T07:00:00+00:00 host postfix/smtp[3]: 4ABCDEF012: to=<c@d.example>, orig_to=<info@e.example>, relay=mx[192.0.2.9]:25, delay=1, dsn=2.0.0, status=sent (250 ok)
2026-12-01T07:00:00+00:00 host postfix/smtpd[1]: NOQUEUE: reject: RCPT from mx.example[192.0.2.8]: 554 5.7.1 <c@d>: Relay access denied; from=<q@r.example> to=<s@t.example> proto=ESMTP helo=<x>
";
        assert_eq!(
            told(log),
            [
                "192.0.2.7 true",
                "192.0.2.7=mx.example a@b.example -> info@e.example true",
                "192.0.2.8=mx.example q@r.example -> s@t.example false",
            ]
        );
    }
}
