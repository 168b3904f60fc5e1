//! DIGEST-MD5 (RFC 2831), without its layers, which are broken: TLS protects better.

use super::exchange::{ClientExchange, ClientFacts, Exchange, ServerFacts, Step};
use super::failure::{Code, Failure, NO_AUTHOR, NO_USER};
use super::hash::{Hash, hex, same};
use super::name::{MAX_NAME, before_nul, canonical};
use super::secret::{Answer, Proof, Question, Refusal, latin1};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// How often a client has used a nonce: once.
const COUNT: u32 = 1;
/// The largest buffer of a protected message, which nobody asks for; sendmail names this one.
const MAX_BUFFER: &str = "8192";
/// What a client may say of its own buffer (RFC 2831, section 2.1.2).
const BUFFER: std::ops::RangeInclusive<u32> = 17..=0x00ff_ffff;
/// The longest response, as Cyrus SASL has it.
const MAX_RESPONSE: usize = 4096;
/// What a digest-uri begins with.
const SERVICE: &[u8] = b"smtp/";

/// `name=value` and `name="value"`, between commas, up to the first NUL.
struct Directives<'a>(&'a [u8]);

/// Name and value.
type Directive = (Vec<u8>, Vec<u8>);

/// The text is no list of directives.
struct ParseError;

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// May this byte be part of a token (RFC 2616, section 2.2), as Cyrus SASL has it?
fn is_token(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"()<>@,;:\\'\"/[]?={}".contains(&byte)
}

/// What is left of a text behind its first bytes of a kind.
fn skip(text: &[u8], kind: impl Fn(u8) -> bool) -> &[u8] {
    let end = text.iter().position(|byte| !kind(*byte)).unwrap_or(text.len());
    &text[end..]
}

impl<'a> Directives<'a> {
    fn of(text: &'a [u8]) -> Self {
        Self(before_nul(text))
    }

    fn read_next(&mut self) -> Result<Option<Directive>, ParseError> {
        let text = skip(self.0, |byte| is_blank(byte) || byte == b',');
        if text.is_empty() {
            return Ok(None);
        }
        let rest = skip(text, |byte| is_token(byte) || !byte.is_ascii());
        let name = text[..text.len() - rest.len()].to_ascii_lowercase();
        let rest = skip(rest, is_blank).strip_prefix(b"=").ok_or(ParseError)?;
        let (value, rest) = value(skip(rest, is_blank)).ok_or(ParseError)?;
        self.0 = skip(rest, is_blank);
        match self.0.first() {
            None | Some(b',') => Ok(Some((name, value))),
            Some(_) => Err(ParseError),
        }
    }
}

impl Iterator for Directives<'_> {
    type Item = Result<Directive, ParseError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read_next().transpose()
    }
}

/// What a server says.
struct Challenge(Vec<Directive>);

impl Challenge {
    /// `None`: the text is nothing of the kind.
    fn read(text: &[u8]) -> Option<Self> {
        Directives::of(text).collect::<Result<_, _>>().ok().map(Self)
    }

    /// The first of this name.
    fn get(&self, name: &str) -> Option<&[u8]> {
        let found = self.0.iter().find(|(own, _)| own == name.as_bytes());
        found.map(|(_, value)| &value[..])
    }
}

/// A value, quoted or not, and what follows it; `None`: its quotes are not closed.
fn value(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let rest = skip(text, is_token);
        return Some((text[..text.len() - rest.len()].to_vec(), rest));
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

/// Who a response says he is, for the log: as it is written, and only where it begins with that.
pub(super) fn username(response: &[u8]) -> Option<&[u8]> {
    let name = response.strip_prefix(b"username=\"")?;
    let mut escaped = false;
    let end = name.iter().position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    });
    Some(&name[..end.unwrap_or(name.len())])
}

/// A client's response, as it is read: a later word takes an earlier one's place unless there may be one only.
#[derive(Default)]
struct Response {
    username: Option<Vec<u8>>,
    realm: Option<Vec<u8>>,
    nonce: Option<Vec<u8>>,
    client_nonce: Option<Vec<u8>>,
    count: u32,
    qop: Option<Vec<u8>>,
    uri: Option<Vec<u8>>,
    response: Option<Vec<u8>>,
    author: Option<Vec<u8>>,
    buffer: Option<Vec<u8>>,
    utf8: bool,
}

impl Response {
    fn read(text: &[u8]) -> Result<Self, Failure> {
        let mut read = Self::default();
        for directive in Directives::of(text) {
            let (name, value) = directive.map_err(|ParseError| Failure::wrong("Parse error"))?;
            read.take(&name, value)?;
        }
        read.complete()?;
        Ok(read)
    }

    fn take(&mut self, name: &[u8], value: Vec<u8>) -> Result<(), Failure> {
        match name {
            b"username" => self.username = Some(value),
            b"nonce" => self.nonce = Some(value),
            b"cnonce" => self.client_nonce = Some(value),
            b"response" => self.response = Some(value),
            b"authzid" => self.author = Some(value),
            b"nc" => self.count = count(&value)?,
            b"realm" => once(&mut self.realm, value, Code::Generic, "realm")?,
            b"qop" => once(&mut self.qop, value, Code::Generic, "qop")?,
            b"digest-uri" => {
                let is_ours =
                    value.get(..SERVICE.len()).is_some_and(|start| start.eq_ignore_ascii_case(SERVICE));
                once(&mut self.uri, value, Code::Generic, "digest-uri")?;
                if !is_ours {
                    return Err(Failure::wrong("bad digest-uri: doesn't match service"));
                }
            }
            b"maxbuf" => {
                let problem = buffer_problem(&value);
                once(&mut self.buffer, value, Code::Authentication, "maxbuf")?;
                problem.map_or(Ok(()), |problem| Err(Failure::wrong(problem)))?;
            }
            b"charset" if value.eq_ignore_ascii_case(b"utf-8") => self.utf8 = true,
            b"charset" => return Err(Failure::new(Code::Generic, "client doesn't support UTF-8")),
            _ => {}
        }
        Ok(())
    }

    /// Is all there that must be said?
    fn complete(&self) -> Result<(), Failure> {
        let needed = [
            ("username", self.username.is_some()),
            ("nonce", self.nonce.is_some()),
            ("noncecount", self.count != 0),
            ("cnonce", self.client_nonce.is_some()),
            ("digesturi", self.uri.is_some()),
            ("response", self.response.is_some()),
        ];
        match needed.iter().find(|(_, said)| !said) {
            Some((name, _)) => Err(Failure::wrong(&format!("required parameters missing: {name}"))),
            None => Ok(()),
        }
    }
}

/// For what may be said once.
fn once(place: &mut Option<Vec<u8>>, value: Vec<u8>, code: Code, name: &str) -> Result<(), Failure> {
    match place.replace(value) {
        Some(_) => Err(Failure::new(code, format!("duplicate {name}: authentication aborted"))),
        None => Ok(()),
    }
}

/// Hexadecimal, of 32 bits: digits before them count for nothing.
fn count(text: &[u8]) -> Result<u32, Failure> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let number = text.iter().try_fold(0u32, |number, byte| Some(number << 4 | digit(*byte)?));
    number.ok_or_else(|| Failure::wrong("error converting hex to int"))
}

fn buffer_problem(text: &[u8]) -> Option<&'static str> {
    let digits = std::str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    match digits.and_then(|digits| digits.parse::<u32>().ok()) {
        None => Some("invalid maxbuf parameter"),
        Some(size) if size < *BUFFER.start() => Some("maxbuf parameter too small"),
        Some(size) if size > *BUFFER.end() => Some("maxbuf parameter too big"),
        Some(_) => None,
    }
}

/// What goes into both proofs (RFC 2831, section 2.1.2.1).
#[derive(Clone, Default)]
struct Said {
    nonce: Vec<u8>,
    client_nonce: Vec<u8>,
    count: u32,
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
        let count = format!("{:08x}", self.count).into_bytes();
        let all = [&first[..], &self.nonce, &count, &self.client_nonce, b"auth", &second].join(&b':');
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
            Answer::Digest(_) if self.said.author.as_ref().is_some_and(|author| author.len() > MAX_NAME) => {
                return Step::Failed(Failure::new(Code::Overflow, NO_AUTHOR));
            }
            Answer::Digest(secret) if same(&self.said.proof(&secret, b"AUTHENTICATE"), &self.response) => {
                self.known = true;
                return Step::Challenge([b"rspauth=", &self.said.proof(&secret, b"")[..]].concat());
            }
            Answer::No(Refusal::NoUser) => {
                return Step::Failed(Failure::new(Code::NoUser, NO_USER));
            }
            Answer::No(refusal @ (Refusal::Unavailable | Refusal::NoMethod)) => {
                return Step::Failed(Failure::refused(refusal, NO_USER));
            }
            _ => "client response doesn't match what we generated (tried bogus)",
        };
        Step::Failed(Failure::wrong(detail))
    }
}

impl Server {
    fn read(&mut self, response: &[u8]) -> Result<Step, Failure> {
        if response.is_empty() {
            return Err(Failure::wrong("input expected in DIGEST-MD5, step 2"));
        }
        if response.len() > MAX_RESPONSE {
            return Err(Failure::protocol(""));
        }
        let read = Response::read(response)?;
        if read.nonce.as_ref() != Some(&self.said.nonce) {
            return Err(Failure::wrong("nonce changed: authentication aborted"));
        }
        if read.qop.is_some_and(|qop| qop != b"auth") {
            return Err(Failure::new(Code::Generic, "protocol violation: client requested invalid qop"));
        }
        self.said.client_nonce = read.client_nonce.unwrap_or_default();
        self.said.count = read.count;
        self.said.uri = read.uri.unwrap_or_default();
        // one that is empty is part of the proof all the same: Perl's Authen::SASL says it, and Cyrus SASL reckons with it
        self.said.author = read.author;
        self.response = read.response.unwrap_or_default();
        let (name, realm) = (read.username.unwrap_or_default(), read.realm.unwrap_or_default());
        let code = if name.is_empty() { Code::Generic } else { Code::NoUser };
        let user = canonical(&name).ok_or_else(|| Failure::new(code, NO_USER))?;
        self.user = match realm.is_empty() || realm == self.facts.realm {
            true => user.to_vec(),
            false => [user, b"@", &realm].concat(),
        };
        if self.user.len() > MAX_NAME {
            return Err(Failure::new(Code::Overflow, NO_USER));
        }
        let before = [&name, &realm].map(|text| if read.utf8 { latin1(text) } else { text.clone() });
        // a realm that is not ours is part of the name, whatever the name says of a realm: who is asked about is who is known then
        let proof = Proof::DigestMd5 { before: before.join(&b':'), utf8: read.utf8 };
        Ok(Step::Ask(Question::new(&self.user, &self.facts.realm, proof)))
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
        let said = Challenge::read(challenge)?;
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
            count: COUNT,
            uri: [SERVICE, &self.facts.host[..]].concat(),
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
            format!("nc={COUNT:08x}").into_bytes(),
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
    fn realm(&self, said: &Challenge) -> Vec<u8> {
        let offered: Vec<&[u8]> =
            said.0.iter().filter(|(name, _)| name == b"realm").map(|(_, value)| &value[..]).collect();
        let wanted = self.facts.credentials.realm.as_deref();
        let found = wanted.filter(|wanted| offered.contains(wanted) || offered.is_empty());
        found.or(offered.first().copied()).unwrap_or_default().to_vec()
    }
}
