//! CRAM-MD5 (RFC 2195): the server says something new, the client its HMAC-MD5 under the password.

use super::exchange::{ClientExchange, ClientFacts, Exchange, ServerFacts, Step};
use super::failure::{Code, Failure};
use super::hash::{Hash, hex, same};
use super::name::canonical;
use super::secret::{Answer, Proof, Question, Refusal};

/// The longest response, as Cyrus SASL has it.
const MAX_RESPONSE: usize = 1024;
const TOO_LONG: &str = "CRAM-MD5 input longer than 1024 bytes";

pub(super) fn server(facts: &ServerFacts) -> Box<dyn Exchange> {
    let number = facts.random[..8].iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    let challenge = [format!("<{number}.{}@", facts.now).as_bytes(), &facts.realm, b">"].concat();
    Box::new(Server { challenge, realm: facts.realm.clone(), user: Vec::new(), said: Vec::new() })
}

struct Server {
    challenge: Vec<u8>,
    realm: Vec<u8>,
    user: Vec<u8>,
    said: Vec<u8>,
}

impl Exchange for Server {
    fn respond(&mut self, response: Option<&[u8]>) -> Step {
        let Some(response) = response else { return Step::Challenge(self.challenge.clone()) };
        if response.len() > MAX_RESPONSE {
            return Step::Failed(Failure::protocol(TOO_LONG));
        }
        let blank = response.iter().rposition(|byte| *byte == b' ').unwrap_or(0);
        let Some(user) = canonical(&response[..blank]) else {
            return Step::Failed(Failure::protocol("need authentication name"));
        };
        self.user = user.to_vec();
        self.said = response[blank + 1..].to_vec();
        Step::Ask(Question::new(user, &self.realm, Proof::CramMd5(self.challenge.clone())))
    }

    fn answered(&mut self, answer: Answer) -> Step {
        let detail = match answer {
            Answer::Digest(digest) if same(&hex(&digest), &self.said) => {
                return Step::Done(std::mem::take(&mut self.user));
            }
            Answer::No(Refusal::NoUser) => {
                let asked = Question::new(&self.user, &self.realm, Proof::CramMd5(Vec::new()));
                let property = &b" property: cmusaslsecretCRAM-MD5 not found in sasldb"[..];
                let (user, realm) = asked.account();
                let detail = [b"user: ", user, b"@", realm, property].concat();
                return Step::Failed(Failure::new(Code::NoUser, detail));
            }
            Answer::No(refusal @ (Refusal::Unavailable | Refusal::NoMethod)) => {
                return Step::Failed(Failure::refused(refusal, "Unable to find a callback: 32775"));
            }
            _ => "incorrect digest response",
        };
        Step::Failed(Failure::wrong(detail))
    }
}

pub(super) fn client(facts: ClientFacts) -> Box<dyn ClientExchange> {
    Box::new(Client(facts))
}

struct Client(ClientFacts);

impl ClientExchange for Client {
    fn respond(&mut self, challenge: &[u8]) -> Option<Vec<u8>> {
        let credentials = &self.0.credentials;
        let digest = hex(&Hash::Md5.hmac(&credentials.password, challenge));
        Some([&credentials.id[..], &digest].join(&b' '))
    }
}
