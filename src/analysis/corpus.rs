//! What questions are made of: users, domains, whole addresses, clients; and the shapes that addresses come in.
//!
//! In: names from a site ([`Corpus::add_site`]), from the text of a configuration, from a file of questions. Out: the
//! same, each once and in order, so that whoever asks about them asks the same every time. Never here: an answer.

use super::question::parse_client;
use crate::smtp::server::Client;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// A domain that belongs to nobody here (RFC 2606).
pub const OUTSIDE: &[u8] = b"outside.example";
/// A user whom no table knows.
pub const SOMEBODY: &[u8] = b"somebody";
/// A client that nothing is said of (RFC 5737).
pub const STRANGER: &str = "192.0.2.1=client.example";

/// A way to write an address: `(user, domain, outside)` with a domain that the site may know and one that it does not.
#[derive(Clone, Copy)]
pub struct Shape {
    /// What it is called.
    pub name: &'static str,
    /// The address.
    pub write: WriteAddress,
}

/// Makes an address of user, domain and outside.
pub type WriteAddress = fn(&[u8], &[u8], &[u8]) -> Vec<u8>;

/// Every shape; the first is the plain one.
pub const SHAPES: &[Shape] = &[
    Shape { name: "plain", write: |user, domain, _| [user, b"@", domain].concat() },
    Shape { name: "detail", write: |user, domain, _| [user, b"+detail@", domain].concat() },
    Shape { name: "host in the domain", write: |user, domain, _| [user, b"@host.", domain].concat() },
    Shape { name: "trailing dot", write: |user, domain, _| [user, b"@", domain, b"."].concat() },
    Shape { name: "capitals", write: |user, domain, _| [user, b"@", domain].concat().to_ascii_uppercase() },
    Shape { name: "percent", write: |user, domain, outside| [user, b"%", outside, b"@", domain].concat() },
    Shape { name: "bang", write: |user, domain, _| [domain, b"!", user].concat() },
    Shape {
        name: "bang, mixed",
        write: |user, domain, outside| [outside, b"!", user, b"@", domain].concat(),
    },
    Shape {
        name: "route",
        write: |user, domain, outside| [b"@", domain, b":", user, b"@", outside].concat(),
    },
    Shape { name: "quoted", write: |user, domain, _| [b"\"", user, b"\"@", domain].concat() },
    Shape {
        name: "quoted address",
        write: |user, domain, outside| [b"\"", user, b"@", outside, b"\"@", domain].concat(),
    },
    Shape {
        name: "two domains",
        write: |user, domain, outside| [user, b"@", outside, b"@", domain].concat(),
    },
];

/// Addresses of no domain, and of domains that are none.
const ODD_ADDRESSES: &[&[u8]] = &[
    b"neighbour!somebody",
    b"somebody@neighbour.uucp",
    b"somebody@neighbour.bitnet",
    b"somebody@neighbour.decnet",
    b"somebody@neighbour.fax",
    b"neighbour::somebody",
    b"somebody@unqualified",
    b"somebody@[192.0.2.9]",
    b"\"|program\"",
    b"/a/file",
    b":include:/a/file",
    b"somebody@",
    b"@",
];

/// A client by its address, and its name if it has one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CorpusClient {
    /// Its address.
    pub address: IpAddr,
    /// Its name, verified.
    pub name: Option<String>,
    /// The user as whom it has logged in.
    pub login: Option<String>,
}

impl CorpusClient {
    /// Reads `IP` or `IP=NAME`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        parse_client(text)?;
        let (address, name) = text.split_once('=').map_or((text, None), |(ip, name)| (ip, Some(name)));
        let address = address.parse().map_err(|_| format!("{address} is no IP address"))?;
        let name = name.map(|name| name.trim_end_matches('.').to_owned()).filter(|name| !name.is_empty());
        Ok(Self { address, name, login: None })
    }

    /// As a session is told of it.
    pub fn client(&self) -> Client {
        // what has been read once can be read again
        parse_client(&self.to_string()).unwrap_or_default()
    }
}

impl std::fmt::Display for CorpusClient {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}", self.address)?;
        self.name.as_ref().map_or(Ok(()), |name| write!(out, "={name}"))
    }
}

/// A recipient that somebody asked about, with the client and the sender if those are given too.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Case {
    /// Who connects; [`STRANGER`] unless it is given.
    pub client: CorpusClient,
    /// The sender.
    pub sender: Vec<u8>,
    /// The recipient.
    pub recipient: Vec<u8>,
}

/// Names to ask about, each once.
#[derive(Clone, Default, Debug)]
pub struct Corpus {
    /// Local parts.
    pub users: BTreeSet<Vec<u8>>,
    /// Domains and hosts.
    pub domains: BTreeSet<Vec<u8>>,
    /// Whole addresses.
    pub addresses: BTreeSet<Vec<u8>>,
    /// Who may connect.
    pub clients: BTreeSet<CorpusClient>,
    /// Recipients with client and sender, as a file or a log has them.
    pub cases: BTreeSet<Case>,
}

impl Corpus {
    /// What is asked of every site: a stranger, this machine, a user and a domain that nobody knows.
    pub fn common() -> Self {
        let mut corpus = Self::default();
        corpus.users.extend([SOMEBODY, b"postmaster", b"root"].map(<[u8]>::to_vec));
        corpus.domains.extend([OUTSIDE, b"localhost"].map(<[u8]>::to_vec));
        corpus.addresses.extend(ODD_ADDRESSES.iter().map(|address| address.to_vec()));
        let clients = [STRANGER, "127.0.0.1=localhost", "198.51.100.9", "2001:db8::9"];
        corpus.clients.extend(clients.into_iter().filter_map(|client| CorpusClient::parse(client).ok()));
        corpus
    }

    /// A word of unknown meaning: address, IP address, domain or user.
    pub fn add_word(&mut self, word: &[u8]) {
        let word = word.strip_suffix(b".").unwrap_or(word);
        if word.is_empty() || word.len() > MAX_WORD {
            return;
        }
        if let Some(at) = word.iter().rposition(|byte| *byte == b'@') {
            self.add_address(&word[..at], &word[at + 1..]);
        } else if let Some(address) = client_address(word) {
            self.clients.insert(CorpusClient { address, name: None, login: None });
        } else if word.contains(&b'.') && word.iter().all(is_host_byte) {
            let domain = word.strip_prefix(b".").unwrap_or(word);
            self.domains.insert(domain.to_ascii_lowercase());
        } else if word.iter().all(is_user_byte) {
            self.users.insert(word.to_vec());
        }
    }

    fn add_address(&mut self, user: &[u8], domain: &[u8]) {
        let known = |part: &[u8], fits: fn(&u8) -> bool| !part.is_empty() && part.iter().all(fits);
        if known(domain, is_host_byte) {
            self.domains.insert(domain.to_ascii_lowercase());
        }
        if known(user, is_user_byte) {
            self.users.insert(user.to_vec());
        }
        if known(domain, is_host_byte) && known(user, is_user_byte) {
            self.addresses.insert([user, b"@", domain].concat());
        }
    }

    /// A file of addresses and cases: `ADDRESS [from=ADDRESS] [client=IP[=NAME]]`; `#` begins a comment.
    ///
    /// # Errors
    /// The number of the first line that cannot be read, and what is wrong with it.
    pub fn add_file(&mut self, text: &[u8]) -> Result<(), (usize, String)> {
        for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
            self.add_line(line).map_err(|why| (index + 1, why))?;
        }
        Ok(())
    }

    fn add_line(&mut self, line: &[u8]) -> Result<(), String> {
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let Some(recipient) = words.next().filter(|word| !word.starts_with(b"#")) else { return Ok(()) };
        let (mut sender, mut client) = (None, None);
        for word in words {
            if let Some(address) = word.strip_prefix(b"from=") {
                sender = Some(address.to_vec());
            } else if let Some(ip) = word.strip_prefix(b"client=") {
                client = Some(CorpusClient::parse(&String::from_utf8_lossy(ip))?);
            } else {
                let word = String::from_utf8_lossy(word);
                return Err(format!("{word} is neither from=ADDRESS nor client=IP[=NAME]"));
            }
        }
        if sender.is_none() && client.is_none() {
            self.addresses.insert(recipient.to_vec());
            return Ok(());
        }
        let stranger = || CorpusClient::parse(STRANGER);
        let client = client.map_or_else(stranger, Ok)?;
        let sender = sender.unwrap_or_else(|| [SOMEBODY, b"@", OUTSIDE].concat());
        self.cases.insert(Case { client, sender, recipient: recipient.to_vec() });
        Ok(())
    }

    /// Every address: those that are given, every user in a few domains, every domain in every shape.
    pub fn all_addresses(&self) -> Vec<Vec<u8>> {
        let mut all = self.addresses.clone();
        for user in &self.users {
            all.insert(user.clone());
            all.insert([user, &b"@"[..], OUTSIDE].concat());
        }
        for domain in &self.domains {
            all.extend(SHAPES.iter().map(|shape| (shape.write)(SOMEBODY, domain, OUTSIDE)));
        }
        all.into_iter().collect()
    }
}

/// Longer words are no names.
const MAX_WORD: usize = 128;

fn is_host_byte(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

fn is_user_byte(byte: &u8) -> bool {
    is_host_byte(byte) || *byte == b'+'
}

/// An address, or the first hosts of a network as access tables have it: `192.0.2`, `IPv6:2001:db8:`.
pub(super) fn client_address(word: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(word).ok()?;
    let text = text.trim_start_matches('[').trim_end_matches(']');
    let six = text.strip_prefix("IPv6:").or_else(|| text.strip_prefix("ipv6:"));
    if let Some(six) = six {
        let six = six.strip_suffix(':').unwrap_or(six);
        return six.parse().or_else(|_| format!("{six}::9").parse()).ok();
    }
    let numbers = text.strip_suffix('.').unwrap_or(text);
    if numbers.is_empty() || !numbers.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return text.parse().ok().filter(IpAddr::is_ipv6);
    }
    let missing = 3_usize.checked_sub(numbers.matches('.').count())?;
    // a single number is no network that anybody means
    (missing < 3).then(|| format!("{numbers}{}", ".9".repeat(missing)).parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_find_their_place() {
        let mut corpus = Corpus::default();
        for word in ["joe@virt.example", ".sub.example", "root", "192.0.2", "IPv6:2001:db8", "$=w", "7"] {
            corpus.add_word(word.as_bytes());
        }
        let words = |set: &BTreeSet<Vec<u8>>| {
            set.iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(words(&corpus.domains), ["sub.example", "virt.example"]);
        assert_eq!(words(&corpus.users), ["7", "joe", "root"]);
        assert_eq!(words(&corpus.addresses), ["joe@virt.example"]);
        let clients: Vec<String> = corpus.clients.iter().map(CorpusClient::to_string).collect();
        assert_eq!(clients, ["192.0.2.9", "2001:db8::9"]);
    }

    #[test]
    fn a_file_has_addresses_and_cases() {
        let mut corpus = Corpus::default();
        let text =
            b"# a comment\n\njoe@x.example\na@b.example from=c@d.example client=192.0.2.7=host.example\n";
        assert_eq!(corpus.add_file(text), Ok(()));
        assert_eq!(corpus.addresses.len(), 1);
        let case = corpus.cases.first().expect("a case");
        assert_eq!(
            (case.client.to_string().as_str(), &case.sender[..]),
            ("192.0.2.7=host.example", &b"c@d.example"[..])
        );
        let wrong = corpus.add_file(b"a@b\nb@c to=d\n");
        assert_eq!(wrong, Err((2, "to=d is neither from=ADDRESS nor client=IP[=NAME]".into())));
    }

    #[test]
    fn every_shape_holds_its_user() {
        for shape in SHAPES {
            let written = (shape.write)(b"user", b"site.example", OUTSIDE).to_ascii_lowercase();
            assert!(written.windows(4).any(|part| part == b"user"), "{}", shape.name);
        }
    }
}
