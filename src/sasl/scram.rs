//! SCRAM (RFC 5802, RFC 7677); with -PLUS bound to TLS, so that nobody in between can pass it on.

use super::exchange::{ClientExchange, ClientFacts, Exchange, ServerFacts, Step};
use super::failure::{Code, Failure, NO_AUTHOR, NO_USER};
use super::hash::{Hash, same, xor};
use super::name::{MAX_NAME, canonical};
use super::secret::{Answer, Proof, Question, Refusal, ScramKeys};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A server that makes its clients hash longer than this means harm.
const MAX_ITERATIONS: u32 = 1_000_000;
/// Bytes of `n,,n=a,r=x`: no first message is shorter.
const SHORTEST: usize = 10;
/// The longest message of a client, as Cyrus SASL has it.
const MAX_MESSAGE: usize = 2048;
/// Bytes of the salt.
const SALT: usize = 16;

/// `x=value`, the value.
fn attribute(word: &[u8], name: u8) -> Option<&[u8]> {
    word.strip_prefix(&[name, b'='][..])
}

/// What stands before the first comma, and behind it.
fn parted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|byte| *byte == b',')?;
    Some((&text[..at], &text[at + 1..]))
}

/// As whom a client acts that has said this before its name (`n,a=author,`).
fn author(header: &[u8]) -> Vec<u8> {
    let found = parted(header).and_then(|(_, rest)| attribute(parted(rest)?.0, b'a'));
    found.and_then(unescaped).unwrap_or_default()
}

fn encoded(bytes: &[u8]) -> Vec<u8> {
    STANDARD.encode(bytes).into_bytes()
}

/// `,` and `=` stand for themselves nowhere in a name.
pub(super) fn escaped(name: &[u8]) -> Vec<u8> {
    let words = name.iter().map(|byte| match byte {
        b',' => b"=2C".to_vec(),
        b'=' => b"=3D".to_vec(),
        byte => vec![*byte],
    });
    words.flatten().collect()
}

pub(super) fn unescaped(name: &[u8]) -> Option<Vec<u8>> {
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
    server(Hash::Sha1, false, facts)
}

pub(super) fn server_sha256(facts: &ServerFacts) -> Box<dyn Exchange> {
    server(Hash::Sha256, false, facts)
}

pub(super) fn server_sha1_plus(facts: &ServerFacts) -> Box<dyn Exchange> {
    server(Hash::Sha1, true, facts)
}

pub(super) fn server_sha256_plus(facts: &ServerFacts) -> Box<dyn Exchange> {
    server(Hash::Sha256, true, facts)
}

fn server(hash: Hash, plus: bool, facts: &ServerFacts) -> Box<dyn Exchange> {
    Box::new(Server { hash, plus, facts: facts.clone(), stage: Stage::Begin, user: Vec::new() })
}

enum Stage {
    Begin,
    /// The client has been told that it speaks first.
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
    /// Is it bound to TLS?
    plus: bool,
    facts: ServerFacts,
    stage: Stage,
    user: Vec<u8>,
}

impl Exchange for Server {
    fn respond(&mut self, response: Option<&[u8]>) -> Step {
        let response = response.unwrap_or_default();
        if response.len() > MAX_MESSAGE {
            let what = "input longer than (MAX_CLIENTIN_LEN) bytes";
            return Step::Failed(Failure::protocol(format!("{} {what}", self.name())));
        }
        let step = match std::mem::replace(&mut self.stage, Stage::Known) {
            // nothing is no first message
            Stage::Begin if response.is_empty() => {
                self.stage = Stage::First;
                Ok(Step::Challenge(Vec::new()))
            }
            Stage::Begin | Stage::First => self.first(response),
            Stage::Final { header, nonce, messages, keys } => {
                self.last(response, &header, &nonce, &messages, &keys)
            }
            Stage::Known => Ok(Step::Done(std::mem::take(&mut self.user))),
            Stage::Keys { .. } => Err(Failure::protocol("out of order")),
        };
        step.unwrap_or_else(Step::Failed)
    }

    fn answered(&mut self, answer: Answer) -> Step {
        let (header, bare, nonce) = match std::mem::replace(&mut self.stage, Stage::Known) {
            Stage::Keys { header, bare, nonce } => (header, bare, nonce),
            _ => return Step::Failed(Failure::protocol("out of order")),
        };
        let keys = match answer {
            Answer::Keys(_) if author(&header).len() > MAX_NAME => {
                return Step::Failed(Failure::new(Code::Overflow, NO_AUTHOR));
            }
            Answer::Keys(keys) => keys,
            Answer::No(Refusal::NoUser) => return Step::Failed(Failure::new(Code::NoUser, NO_USER)),
            Answer::No(refusal) => return Step::Failed(Failure::refused(refusal, NO_USER)),
            Answer::Right | Answer::Digest(_) | Answer::User(_) => {
                return Step::Failed(Failure::new(Code::Generic, NO_USER));
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
        let bare = self.behind_header(message)?;
        let header = message[..message.len() - bare.len()].to_vec();
        if bare.starts_with(b"m=") {
            return Err(Failure::protocol(format!("Unsupported mandatory extension to {}", self.name())));
        }
        let named = bare.strip_prefix(b"n=").ok_or_else(|| self.wrong("Username (n=) expected in"))?;
        let missing = || self.wrong("Nonce expected after the username in");
        let (name, rest) = parted(named).ok_or_else(missing)?;
        let nonce = attribute(parted(rest).map_or(rest, |(nonce, _)| nonce), b'r').ok_or_else(missing)?;
        let name = unescaped(name).ok_or_else(|| self.wrong("Invalid username encoding in"))?;
        let unknown = || Failure::new(Code::NoUser, NO_USER);
        let user = canonical(&name).ok_or_else(unknown)?.to_vec();
        if user.len() > MAX_NAME {
            return Err(Failure::new(Code::Overflow, NO_USER));
        }
        let (salt, chance) = self.facts.random.split_at(SALT);
        let nonce = [nonce, &encoded(chance)].concat();
        let proof = Proof::Scram { hash: self.hash, salt: salt.to_vec() };
        let asked = Question::new(&user, &self.facts.realm, proof);
        self.stage = Stage::Keys { header, bare: bare.to_vec(), nonce };
        self.user = user;
        Ok(Step::Ask(asked))
    }

    /// What follows `n,[a=author],`. A client that asks for channel binding (`p=type`) without -PLUS is challenged, and refused at the end.
    fn behind_header<'a>(&self, message: &'a [u8]) -> Result<&'a [u8], Failure> {
        let comma = || self.wrong("',' expected in");
        match message {
            [] => return Err(Failure::protocol(format!("{} input expected", self.name()))),
            short if short.len() < SHORTEST => return Err(self.wrong("Invalid")),
            [b'p', b'=', ..] | [b'n' | b'y', ..] => {}
            [b'p', ..] => return Err(self.wrong("The initial 'p' needs to be followed by '=' in")),
            _ => {
                let needs = "client response needs to start with 'y', 'n' or 'p'";
                return Err(Failure::protocol(format!("The initial {} {needs}", self.name())));
            }
        }
        let flag = if message[0] == b'p' { message.iter().position(|byte| *byte == b',') } else { Some(1) };
        let rest = flag.and_then(|end| message[end..].strip_prefix(b",")).ok_or_else(comma)?;
        let (author, bare) = parted(rest).ok_or_else(comma)?;
        self.may_bind(message)?;
        match attribute(author, b'a') {
            Some(author) if unescaped(author).is_none() => {
                Err(self.wrong("Invalid authorization identity encoding in"))
            }
            None if !author.is_empty() => Err(comma()),
            _ => Ok(bare),
        }
    }

    /// A client that binds says to what. One that could, and says that we could not (`y`), was offered less than we have: somebody stands between us
    /// (RFC 5802, section 6).
    fn may_bind(&self, message: &[u8]) -> Result<(), Failure> {
        match message {
            [b'y', ..] if self.facts.channel.offers_binding => {
                let what = "Channel binding is offered, and the client has not been told of it:";
                Err(Failure::new(Code::Authentication, format!("{what} {}", self.name())))
            }
            _ if self.plus && self.binding(message).is_none() => Err(Failure::protocol(format!(
                "No channel binding that is known here in {} input",
                self.name()
            ))),
            _ => Ok(()),
        }
    }

    /// What the channel binding is that `p=type,` names.
    fn binding(&self, header: &[u8]) -> Option<&[u8]> {
        let (wanted, _) = parted(attribute(header, b'p')?)?;
        let found = self.facts.channel.bindings.iter().find(|(kind, _)| *kind == wanted)?;
        Some(&found.1)
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
        if message.is_empty() {
            return Err(Failure::protocol(format!("{} input expected", self.name())));
        }
        let other = if message.contains(&b',') { "Channel binding expected in" } else { "Invalid" };
        let bound = message.strip_prefix(b"c=").ok_or_else(|| self.wrong(other))?;
        let (bound, rest) = parted(bound).ok_or_else(|| self.wrong("At least nonce is expected in"))?;
        self.bound(bound, header)?;
        let said = rest.strip_prefix(b"r=").ok_or_else(|| self.wrong("Nonce expected in"))?;
        let (said, _) = parted(said).ok_or_else(|| self.wrong("At least proof is expected in"))?;
        if said != nonce {
            return Err(self.wrong("Nonce mismatch"));
        }
        let at = message.iter().rposition(|byte| *byte == b',').unwrap_or_default();
        let proof = attribute(&message[at + 1..], b'p').and_then(|proof| STANDARD.decode(proof).ok());
        let proof = proof.ok_or_else(|| self.wrong("Invalid"))?;
        let messages = [messages, &message[..at]].join(&b',');
        let key = xor(&proof, &self.hash.hmac(&keys.stored, &messages));
        if !same(&self.hash.digest(&key), &keys.stored) || proof.len() != keys.stored.len() {
            return Err(Failure::wrong("StoredKey mismatch"));
        }
        Ok(Step::Challenge([b"v=", &encoded(&self.hash.hmac(&keys.server, &messages))[..]].concat()))
    }

    /// The client repeats what it has said of channel binding, and adds what binds. One that binds without -PLUS is refused (RFC 5802,
    /// section 6).
    fn bound(&self, said: &[u8], header: &[u8]) -> Result<(), Failure> {
        let name = self.name();
        let bound = self.binding(header).filter(|_| self.plus).map(|binding| [header, binding].concat());
        match STANDARD.decode(said) {
            Ok(plain) if self.plus => match bound.is_some_and(|bound| same(&plain, &bound)) {
                true => Ok(()),
                false => Err(Failure::wrong("channel bindings do not match")),
            },
            Ok(plain) if plain == header && header[0] != b'p' => Ok(()),
            Ok(plain) if plain.starts_with(header) && header[0] == b'p' => Err(self.wrong("Invalid")),
            Ok(_) => {
                let place = format!("prefix doesn't match the one received in the GS2 header of {name}.");
                let expected = header.escape_ascii();
                Err(Failure::protocol(format!("Channel bindings {place} Expected \"{expected}\"")))
            }
            Err(_) => {
                let what = "Invalid base64 encoding of the channel bindings in";
                Err(Failure::protocol(format!("{what} {name}")))
            }
        }
    }

    /// `what SCRAM-SHA-1 input`
    fn wrong(&self, what: &str) -> Failure {
        Failure::protocol(format!("{what} {} input", self.name()))
    }

    fn name(&self) -> &'static str {
        match (self.hash, self.plus) {
            (Hash::Sha1, false) => "SCRAM-SHA-1",
            (Hash::Sha1, true) => "SCRAM-SHA-1-PLUS",
            (_, false) => "SCRAM-SHA-256",
            (_, true) => "SCRAM-SHA-256-PLUS",
        }
    }
}

pub(super) fn client_sha1(facts: ClientFacts) -> Box<dyn ClientExchange> {
    client(Hash::Sha1, None, facts)
}

pub(super) fn client_sha256(facts: ClientFacts) -> Box<dyn ClientExchange> {
    client(Hash::Sha256, None, facts)
}

pub(super) fn client_sha1_plus(facts: ClientFacts) -> Box<dyn ClientExchange> {
    client(Hash::Sha1, facts.channel.bindings.first().cloned(), facts)
}

pub(super) fn client_sha256_plus(facts: ClientFacts) -> Box<dyn ClientExchange> {
    client(Hash::Sha256, facts.channel.bindings.first().cloned(), facts)
}

fn client(hash: Hash, bound: Option<(&[u8], Vec<u8>)>, facts: ClientFacts) -> Box<dyn ClientExchange> {
    let credentials = &facts.credentials;
    let flag = bound.as_ref().map_or(b"n".to_vec(), |(kind, _)| [b"p=", *kind].concat());
    let header = [&flag[..], b",a=", &escaped(&credentials.user)[..], b","].concat();
    let binding = bound.map(|(_, binding)| binding).unwrap_or_default();
    let bare = [b"n=", &escaped(&credentials.id)[..], b",r=", &encoded(&facts.random)].concat();
    Box::new(Client { hash, facts, header, binding, bare, expected: None })
}

struct Client {
    hash: Hash,
    facts: ClientFacts,
    header: Vec<u8>,
    binding: Vec<u8>,
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
        let without =
            [b"c=", &encoded(&[&self.header[..], &self.binding].concat())[..], b",r=", nonce].concat();
        let messages = [&self.bare[..], challenge, &without].join(&b',');
        let salted = self.hash.salted(&self.facts.credentials.password, &salt, iterations);
        let key = self.hash.hmac(&salted, b"Client Key");
        let proof = xor(&key, &self.hash.hmac(&self.hash.digest(&key), &messages));
        self.expected = Some(self.hash.hmac(&self.hash.hmac(&salted, b"Server Key"), &messages));
        Some([&without[..], b",p=", &encoded(&proof)].concat())
    }
}
