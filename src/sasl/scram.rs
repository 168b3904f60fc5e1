//! SCRAM (RFC 5802, RFC 7677), without channel binding.

use super::exchange::{ClientExchange, ClientFacts, Exchange, ServerFacts, Step};
use super::failure::{Code, Failure};
use super::hash::{Hash, same, xor};
use super::name::canonical;
use super::secret::{Answer, Proof, Question, Refusal, ScramKeys};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A server that makes its clients hash longer than this means harm.
const MAX_ITERATIONS: u32 = 1_000_000;
/// Bytes of the salt.
const SALT: usize = 16;

/// `x=value`, the value.
fn attribute(word: &[u8], name: u8) -> Option<&[u8]> {
    word.strip_prefix(&[name, b'='][..])
}

fn encoded(bytes: &[u8]) -> Vec<u8> {
    STANDARD.encode(bytes).into_bytes()
}

/// `,` and `=` stand for themselves nowhere in a name.
fn escaped(name: &[u8]) -> Vec<u8> {
    let words = name.iter().map(|byte| match byte {
        b',' => b"=2C".to_vec(),
        b'=' => b"=3D".to_vec(),
        byte => vec![*byte],
    });
    words.flatten().collect()
}

fn unescaped(name: &[u8]) -> Option<Vec<u8>> {
    let (mut plain, mut rest) = (Vec::new(), name);
    while let Some((byte, tail)) = rest.split_first() {
        rest = match (byte, tail) {
            (b'=', [b'2', b'C', tail @ ..]) => {
                plain.push(b',');
                tail
            }
            (b'=', [b'3', b'D', tail @ ..]) => {
                plain.push(b'=');
                tail
            }
            (b'=', _) => return None,
            _ => {
                plain.push(*byte);
                tail
            }
        };
    }
    Some(plain)
}

pub(super) fn server_sha1(facts: &ServerFacts) -> Box<dyn Exchange> {
    server(Hash::Sha1, facts)
}

pub(super) fn server_sha256(facts: &ServerFacts) -> Box<dyn Exchange> {
    server(Hash::Sha256, facts)
}

fn server(hash: Hash, facts: &ServerFacts) -> Box<dyn Exchange> {
    Box::new(Server { hash, facts: facts.clone(), stage: Stage::First, user: Vec::new() })
}

enum Stage {
    First,
    /// `bare`: the client's first message without its header.
    Keys {
        header: Vec<u8>,
        bare: Vec<u8>,
        nonce: Vec<u8>,
    },
    Final {
        header: Vec<u8>,
        nonce: Vec<u8>,
        messages: Vec<u8>,
        keys: ScramKeys,
    },
    Known,
}

struct Server {
    hash: Hash,
    facts: ServerFacts,
    stage: Stage,
    user: Vec<u8>,
}

impl Exchange for Server {
    fn respond(&mut self, response: Option<&[u8]>) -> Step {
        let Some(response) = response else { return Step::Challenge(Vec::new()) };
        let step = match std::mem::replace(&mut self.stage, Stage::Known) {
            Stage::First => self.first(response),
            Stage::Final { header, nonce, messages, keys } => {
                self.last(response, &header, &nonce, &messages, &keys)
            }
            Stage::Known => Ok(Step::Done(std::mem::take(&mut self.user))),
            Stage::Keys { .. } => Err(Failure::protocol("out of order")),
        };
        step.unwrap_or_else(Step::Failed)
    }

    fn answered(&mut self, answer: Answer) -> Step {
        let no_user = "unable to canonify user and get auxprops";
        let (header, bare, nonce) = match std::mem::replace(&mut self.stage, Stage::Known) {
            Stage::Keys { header, bare, nonce } => (header, bare, nonce),
            _ => return Step::Failed(Failure::protocol("out of order")),
        };
        let keys = match answer {
            Answer::Keys(keys) => keys,
            Answer::No(Refusal::NoUser) => return Step::Failed(Failure::new(Code::NoUser, no_user)),
            Answer::No(refusal) => return Step::Failed(Failure::refused(refusal, no_user)),
            Answer::Right | Answer::Digest(_) => {
                return Step::Failed(Failure::new(Code::Generic, no_user));
            }
        };
        let challenge =
            [b"r=", &nonce[..], b",s=", &encoded(&keys.salt), format!(",i={}", keys.iterations).as_bytes()]
                .concat();
        let messages = [&bare[..], &challenge].join(&b',');
        self.stage = Stage::Final { header, nonce, messages, keys };
        Step::Challenge(challenge)
    }
}

impl Server {
    /// `n,[a=author],n=user,r=nonce`
    fn first(&mut self, message: &[u8]) -> Result<Step, Failure> {
        let invalid = |what: &str| Failure::protocol(format!("Invalid {what} input"));
        if message.is_empty() {
            return Err(Failure::protocol(format!("{} input expected", self.name())));
        }
        let mut words = message.splitn(3, |byte| *byte == b',');
        let (binding, author) = (words.next().unwrap_or_default(), words.next());
        let bare = words.next().ok_or_else(|| invalid(self.name()))?;
        if !matches!(binding, b"n" | b"y")
            || !author.is_none_or(|word| word.is_empty() || word.starts_with(b"a="))
        {
            return Err(invalid(self.name()));
        }
        let header = message[..message.len() - bare.len()].to_vec();
        let mut words = bare.split(|byte| *byte == b',');
        let name = words.next().and_then(|word| attribute(word, b'n')).and_then(unescaped);
        let user = name.as_deref().and_then(canonical).ok_or_else(|| invalid(self.name()))?.to_vec();
        let nonce = words.next().and_then(|word| attribute(word, b'r')).filter(|nonce| !nonce.is_empty());
        let nonce = nonce.ok_or_else(|| invalid(self.name()))?;
        let (salt, chance) = self.facts.random.split_at(SALT);
        let nonce = [nonce, &encoded(chance)].concat();
        let proof = Proof::Scram { hash: self.hash, salt: salt.to_vec() };
        let asked = Question::new(&user, &self.facts.realm, proof);
        self.stage = Stage::Keys { header, bare: bare.to_vec(), nonce };
        self.user = user;
        Ok(Step::Ask(asked))
    }

    /// `c=header,r=nonce,p=proof`
    fn last(
        &self,
        message: &[u8],
        header: &[u8],
        nonce: &[u8],
        messages: &[u8],
        keys: &ScramKeys,
    ) -> Result<Step, Failure> {
        let invalid = || Failure::protocol(format!("Invalid {} input", self.name()));
        let at = message.iter().rposition(|byte| *byte == b',').ok_or_else(invalid)?;
        let proof = attribute(&message[at + 1..], b'p').and_then(|proof| STANDARD.decode(proof).ok());
        let (proof, mut words) = (proof.ok_or_else(invalid)?, message[..at].split(|byte| *byte == b','));
        if words.next().and_then(|word| attribute(word, b'c')) != Some(&encoded(header)) {
            return Err(Failure::protocol("Channel binding data mismatch"));
        }
        if words.next().and_then(|word| attribute(word, b'r')) != Some(nonce) {
            return Err(Failure::protocol(format!("Nonce mismatch {} input", self.name())));
        }
        let messages = [messages, &message[..at]].join(&b',');
        let key = xor(&proof, &self.hash.hmac(&keys.stored, &messages));
        if !same(&self.hash.digest(&key), &keys.stored) || proof.len() != keys.stored.len() {
            return Err(Failure::wrong("StoredKey mismatch"));
        }
        Ok(Step::Challenge([b"v=", &encoded(&self.hash.hmac(&keys.server, &messages))[..]].concat()))
    }

    fn name(&self) -> &'static str {
        if self.hash == Hash::Sha1 { "SCRAM-SHA-1" } else { "SCRAM-SHA-256" }
    }
}

pub(super) fn client_sha1(facts: ClientFacts) -> Box<dyn ClientExchange> {
    client(Hash::Sha1, facts)
}

pub(super) fn client_sha256(facts: ClientFacts) -> Box<dyn ClientExchange> {
    client(Hash::Sha256, facts)
}

fn client(hash: Hash, facts: ClientFacts) -> Box<dyn ClientExchange> {
    let credentials = &facts.credentials;
    let header = [b"n,a=", &escaped(&credentials.user)[..], b","].concat();
    let bare = [b"n=", &escaped(&credentials.id)[..], b",r=", &encoded(&facts.random)].concat();
    Box::new(Client { hash, facts, header, bare, expected: None })
}

struct Client {
    hash: Hash,
    facts: ClientFacts,
    header: Vec<u8>,
    bare: Vec<u8>,
    /// What proves that the server knows the password.
    expected: Option<Vec<u8>>,
}

impl ClientExchange for Client {
    fn initial(&mut self) -> Option<Vec<u8>> {
        Some([&self.header[..], &self.bare].concat())
    }

    fn respond(&mut self, challenge: &[u8]) -> Option<Vec<u8>> {
        if let Some(expected) = self.expected.take() {
            let said = STANDARD.decode(attribute(challenge, b'v')?).ok()?;
            return same(&said, &expected).then(Vec::new);
        }
        if challenge.is_empty() {
            return self.initial();
        }
        let mut words = challenge.split(|byte| *byte == b',');
        let nonce = attribute(words.next()?, b'r')?;
        let salt = STANDARD.decode(attribute(words.next()?, b's')?).ok()?;
        let iterations = std::str::from_utf8(attribute(words.next()?, b'i')?).ok()?.parse::<u32>().ok()?;
        if !nonce.starts_with(&encoded(&self.facts.random)) || !(1..=MAX_ITERATIONS).contains(&iterations) {
            return None;
        }
        let without = [b"c=", &encoded(&self.header)[..], b",r=", nonce].concat();
        let messages = [&self.bare[..], challenge, &without].join(&b',');
        let salted = self.hash.salted(&self.facts.credentials.password, &salt, iterations);
        let key = self.hash.hmac(&salted, b"Client Key");
        let proof = xor(&key, &self.hash.hmac(&self.hash.digest(&key), &messages));
        self.expected = Some(self.hash.hmac(&self.hash.hmac(&salted, b"Server Key"), &messages));
        Some([&without[..], b",p=", &encoded(&proof)].concat())
    }
}
