//! DIGEST-MD5 (RFC 2831), without its layers, which are broken: TLS protects better.

use super::exchange::{ClientExchange, ClientFacts, Exchange, ServerFacts, Step};
use super::failure::{Code, Failure};
use super::hash::{Hash, hex, same};
use super::name::canonical;
use super::secret::{Answer, Proof, Question, Refusal, latin1};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// How often a nonce has been used: once.
const COUNT: &[u8] = b"00000001";
/// The largest buffer of a protected message, which nobody asks for; sendmail names this one.
const MAX_BUFFER: &str = "8192";

/// `name=value` and `name="value"`, between commas.
struct Directives(Vec<(Vec<u8>, Vec<u8>)>);

impl Directives {
    /// `None`: the text is nothing of the kind.
    fn read(text: &[u8]) -> Option<Self> {
        let (mut found, mut rest) = (Vec::new(), text);
        loop {
            let start = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b','));
            let Some(start) = start else { return Some(Self(found)) };
            rest = &rest[start..];
            let equals = rest.iter().position(|byte| *byte == b'=')?;
            let name = rest[..equals].trim_ascii().to_ascii_lowercase();
            let (value, behind) = value(&rest[equals + 1..])?;
            found.push((name, value));
            rest = behind;
        }
    }

    /// The first of this name.
    fn get(&self, name: &str) -> Option<&[u8]> {
        let found = self.0.iter().find(|(own, _)| own == name.as_bytes());
        found.map(|(_, value)| &value[..])
    }

    fn count(&self, name: &str) -> usize {
        self.0.iter().filter(|(own, _)| own == name.as_bytes()).count()
    }
}

/// A value, quoted or not, and what follows it.
fn value(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let text = text.trim_ascii_start();
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let end = text.iter().position(|byte| *byte == b',').unwrap_or(text.len());
        return Some((text[..end].trim_ascii().to_vec(), &text[end..]));
    };
    let (mut value, mut at) = (Vec::new(), 0);
    loop {
        match quoted.get(at)? {
            b'"' => return Some((value, &quoted[at + 1..])),
            b'\\' => {
                value.push(*quoted.get(at + 1)?);
                at += 2;
            }
            byte => {
                value.push(*byte);
                at += 1;
            }
        }
    }
}

fn quoted(text: &[u8]) -> Vec<u8> {
    let escaped = text.iter().flat_map(|byte| match byte {
        b'"' | b'\\' => vec![b'\\', *byte],
        _ => vec![*byte],
    });
    std::iter::once(b'"').chain(escaped).chain(std::iter::once(b'"')).collect()
}

/// Who a response says he is, for the log.
pub(super) fn username(response: &[u8]) -> Option<Vec<u8>> {
    Directives::read(response)?.get("username").map(<[u8]>::to_vec)
}

/// What goes into both proofs (RFC 2831, section 2.1.2.1).
#[derive(Clone, Default)]
struct Said {
    nonce: Vec<u8>,
    client_nonce: Vec<u8>,
    uri: Vec<u8>,
    author: Option<Vec<u8>>,
}

impl Said {
    /// `before` is `AUTHENTICATE` in the client's proof, nothing in the server's.
    fn proof(&self, secret: &[u8], before: &[u8]) -> Vec<u8> {
        let mut first = [secret, &self.nonce, &self.client_nonce].join(&b':');
        if let Some(author) = &self.author {
            first.extend([b":", &author[..]].concat());
        }
        let (first, second) = (hex(&Hash::Md5.digest(&first)), [before, &self.uri].join(&b':'));
        let second = hex(&Hash::Md5.digest(&second));
        let all = [&first[..], &self.nonce, COUNT, &self.client_nonce, b"auth", &second].join(&b':');
        hex(&Hash::Md5.digest(&all))
    }
}

pub(super) fn server(facts: &ServerFacts) -> Box<dyn Exchange> {
    Box::new(Server {
        facts: facts.clone(),
        said: Said { nonce: STANDARD.encode(facts.random).into_bytes(), ..Said::default() },
        user: Vec::new(),
        response: Vec::new(),
        asked: false,
        known: false,
    })
}

struct Server {
    facts: ServerFacts,
    said: Said,
    user: Vec<u8>,
    response: Vec<u8>,
    /// The client has been challenged.
    asked: bool,
    /// The client has proved who it is, and is shown that so have we.
    known: bool,
}

impl Exchange for Server {
    fn respond(&mut self, response: Option<&[u8]>) -> Step {
        if self.known {
            // an empty response says that the client has seen our proof
            return Step::Done(std::mem::take(&mut self.user));
        }
        let response = response.filter(|_| self.asked);
        self.asked = true;
        let Some(response) = response else {
            let (nonce, realm) = (quoted(&self.said.nonce), quoted(&self.facts.realm));
            let rest = format!(",qop=\"auth\",maxbuf={MAX_BUFFER},charset=utf-8,algorithm=md5-sess");
            return Step::Challenge([b"nonce=", &nonce[..], b",realm=", &realm, rest.as_bytes()].concat());
        };
        match self.read(response) {
            Ok(step) => step,
            Err(failure) => Step::Failed(failure),
        }
    }

    fn answered(&mut self, answer: Answer) -> Step {
        let detail = match answer {
            Answer::Digest(secret) if same(&self.said.proof(&secret, b"AUTHENTICATE"), &self.response) => {
                self.known = true;
                return Step::Challenge([b"rspauth=", &self.said.proof(&secret, b"")[..]].concat());
            }
            Answer::No(Refusal::NoUser) => {
                return Step::Failed(Failure::new(Code::NoUser, "unable to canonify user and get auxprops"));
            }
            Answer::No(refusal @ (Refusal::Unavailable | Refusal::NoMethod)) => {
                return Step::Failed(Failure::refused(refusal, "unable to canonify user and get auxprops"));
            }
            _ => "client response doesn't match what we generated (tried bogus)",
        };
        Step::Failed(Failure::wrong(detail))
    }
}

impl Server {
    fn read(&mut self, response: &[u8]) -> Result<Step, Failure> {
        let parse_error = || Failure::wrong("Parse error");
        let said = Directives::read(response).ok_or_else(parse_error)?;
        for name in ["username", "realm", "nonce", "cnonce", "nc", "qop", "digest-uri", "response", "authzid"]
        {
            if said.count(name) > 1 {
                return Err(Failure::protocol(format!("{name} appears more than once")));
            }
        }
        let needed = |name| said.get(name).ok_or_else(|| Failure::protocol("required parameters missing"));
        let (name, nonce) = (needed("username")?, needed("nonce")?);
        let (client_nonce, count) = (needed("cnonce")?, needed("nc")?);
        let (uri, response) = (needed("digest-uri")?, needed("response")?);
        if nonce != self.said.nonce {
            return Err(Failure::protocol("nonce changed: authentication aborted"));
        }
        if count != COUNT {
            return Err(Failure::protocol("incorrect nonce-count: authentication aborted"));
        }
        if said.get("qop").is_some_and(|qop| qop != b"auth") {
            return Err(Failure::protocol("client requested invalid layer"));
        }
        self.said.client_nonce = client_nonce.to_vec();
        self.said.uri = uri.to_vec();
        // one that is empty is part of the proof all the same: Perl's Authen::SASL says it, and Cyrus SASL reckons with it
        self.said.author = said.get("authzid").map(<[u8]>::to_vec);
        self.response = response.to_vec();
        let realm = said.get("realm").unwrap_or_default();
        let user = canonical(name).ok_or_else(|| Failure::protocol("required parameters missing"))?;
        self.user = match realm.is_empty() || realm == self.facts.realm {
            true => user.to_vec(),
            false => [user, b"@", realm].concat(),
        };
        let utf8 = said.get("charset").is_some();
        let before = [name, realm].map(|text| if utf8 { latin1(text) } else { text.to_vec() }).join(&b':');
        // a realm that is not ours is part of the name, whatever the name says of a realm: who is asked about is who is known then
        Ok(Step::Ask(Question::new(&self.user, &self.facts.realm, Proof::DigestMd5 { before, utf8 })))
    }
}

pub(super) fn client(facts: ClientFacts) -> Box<dyn ClientExchange> {
    Box::new(Client { facts, expected: None })
}

struct Client {
    facts: ClientFacts,
    /// What proves that the server knows the password.
    expected: Option<Vec<u8>>,
}

impl ClientExchange for Client {
    fn respond(&mut self, challenge: &[u8]) -> Option<Vec<u8>> {
        let said = Directives::read(challenge)?;
        if let Some(expected) = self.expected.take() {
            return same(said.get("rspauth")?, &expected).then(Vec::new);
        }
        if said.get("qop").is_some_and(|qop| !qop.split(|byte| *byte == b',').any(|word| word == b"auth")) {
            return None;
        }
        let (credentials, realm) = (&self.facts.credentials, self.realm(&said));
        let texts = [&credentials.id, &realm, &credentials.password];
        // what is ASCII is the same in any case, and nothing is said of it
        let utf8 = said.get("charset").is_some() && !texts.iter().all(|text| text.is_ascii());
        let ours = Said {
            nonce: said.get("nonce")?.to_vec(),
            client_nonce: STANDARD.encode(self.facts.random).into_bytes(),
            uri: [b"smtp/", &self.facts.host[..]].concat(),
            author: Some(credentials.user.clone()).filter(|user| *user != credentials.id),
        };
        let secret = texts.map(|text| if utf8 { latin1(text) } else { text.clone() }).join(&b':');
        let secret = Hash::Md5.digest(&secret);
        self.expected = Some(ours.proof(&secret, b""));
        let mut words = vec![
            [b"username=", &quoted(&credentials.id)[..]].concat(),
            [b"realm=", &quoted(&realm)[..]].concat(),
        ];
        words.extend(ours.author.as_ref().map(|author| [b"authzid=", &quoted(author)[..]].concat()));
        words.extend([
            [b"nonce=", &quoted(&ours.nonce)[..]].concat(),
            [b"cnonce=", &quoted(&ours.client_nonce)[..]].concat(),
            [b"nc=", COUNT].concat(),
            b"qop=auth".to_vec(),
            format!("maxbuf={MAX_BUFFER}").into_bytes(),
            [b"digest-uri=", &quoted(&ours.uri)[..]].concat(),
            [b"response=", &ours.proof(&secret, b"AUTHENTICATE")[..]].concat(),
        ]);
        if utf8 {
            words.push(b"charset=utf-8".to_vec());
        }
        Some(words.join(&b','))
    }
}

impl Client {
    /// The realm that is wanted if the server has it, else its first.
    fn realm(&self, said: &Directives) -> Vec<u8> {
        let offered: Vec<&[u8]> =
            said.0.iter().filter(|(name, _)| name == b"realm").map(|(_, value)| &value[..]).collect();
        let wanted = self.facts.credentials.realm.as_deref();
        let found = wanted.filter(|wanted| offered.contains(wanted) || offered.is_empty());
        found.or(offered.first().copied()).unwrap_or_default().to_vec()
    }
}
