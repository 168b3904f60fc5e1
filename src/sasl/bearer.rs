//! OAUTHBEARER (RFC 7628) and XOAUTH2 (Google's, older): a token that somebody else has given the client says who it is.
//!
//! Fields stand between bytes 1; `auth=Bearer TOKEN` is the one that counts. Whoever is asked about the token says whose it is, and a client that names
//! itself must be named so. A refusal is a challenge in JSON first, whose answer says nothing.

use super::exchange::{ClientExchange, ClientFacts, Exchange, ServerFacts, Step};
use super::failure::{Code, Failure};
use super::secret::{Answer, Proof, Question};

/// What stands between fields.
const SEPARATOR: u8 = 1;
/// Bytes of tokens beside letters and digits (RFC 6750, section 2.1).
const MARKS: &[u8] = b"-._~+/=";

/// The user that a first message names, and what follows.
type Begun<'a> = (Vec<u8>, &'a [u8]);

/// What tells the two apart.
struct Dialect {
    /// The message up to the fields, as its reader takes it: who the client says it is, and the rest.
    begin: fn(&[u8]) -> Option<Begun<'_>>,
    /// The same as a client says it.
    beginning: fn(&[u8]) -> Vec<u8>,
    /// What the client is told of a token that is refused.
    refusal: &'static [u8],
    /// What it says to that.
    silence: &'static [u8],
}

/// RFC 7628, sections 3.1 and 3.2.2
static OAUTHBEARER: Dialect = Dialect {
    begin: gs2_header,
    beginning: |user| [b"n,a=", &super::scram::escaped(user)[..], b",", &[SEPARATOR]].concat(),
    refusal: br#"{"status":"invalid_token","schemes":"bearer"}"#,
    silence: &[SEPARATOR],
};

static XOAUTH2: Dialect = Dialect {
    begin: |message| {
        let (user, rest) = parted(message.strip_prefix(b"user=")?)?;
        Some((user.to_vec(), rest))
    },
    beginning: |user| [b"user=", user, &[SEPARATOR]].concat(),
    refusal: br#"{"status":"401","schemes":"bearer"}"#,
    silence: b"",
};

/// `n,a=user,` (RFC 5801, section 4); whoever asks for channel binding asks for what there is not.
fn gs2_header(message: &[u8]) -> Option<Begun<'_>> {
    let rest = message.strip_prefix(b"n,").or_else(|| message.strip_prefix(b"y,"))?;
    let (header, fields) = parted(rest)?;
    let named = header.strip_suffix(b",")?;
    match named.strip_prefix(b"a=") {
        Some(user) => Some((super::scram::unescaped(user)?, fields)),
        None => named.is_empty().then(|| (Vec::new(), fields)),
    }
}

fn parted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|byte| *byte == SEPARATOR)?;
    Some((&text[..at], &text[at + 1..]))
}

/// Who the client says it is, and its token.
fn read(dialect: &Dialect, message: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (user, fields) = (dialect.begin)(message)?;
    let fields = fields.strip_suffix(&[SEPARATOR, SEPARATOR])?;
    let mut values = fields.split(|byte| *byte == SEPARATOR).filter_map(|field| field.strip_prefix(b"auth="));
    let (scheme, token) = values.next()?.split_at_checked(b"Bearer ".len())?;
    let token = token.trim_ascii();
    let legal = token.iter().all(|byte| byte.is_ascii_alphanumeric() || MARKS.contains(byte));
    let bearer = scheme.eq_ignore_ascii_case(b"Bearer ");
    (bearer && legal && !token.is_empty()).then(|| (user, token.to_vec()))
}

/// Who a client says it is, for the log.
pub(super) fn claimed(message: &[u8]) -> Vec<u8> {
    let said = gs2_header(message).or_else(|| (XOAUTH2.begin)(message));
    said.map(|(user, _)| user).unwrap_or_default()
}

pub(super) fn server_oauthbearer(facts: &ServerFacts) -> Box<dyn Exchange> {
    server(&OAUTHBEARER, facts)
}

pub(super) fn server_xoauth2(facts: &ServerFacts) -> Box<dyn Exchange> {
    server(&XOAUTH2, facts)
}

fn server(dialect: &'static Dialect, facts: &ServerFacts) -> Box<dyn Exchange> {
    Box::new(Server { dialect, realm: facts.realm.clone(), claimed: Vec::new(), refused: None })
}

struct Server {
    dialect: &'static Dialect,
    realm: Vec<u8>,
    claimed: Vec<u8>,
    /// The client has been told, and is to say that it has heard.
    refused: Option<Failure>,
}

impl Exchange for Server {
    fn respond(&mut self, response: Option<&[u8]>) -> Step {
        if let Some(failure) = self.refused.take() {
            return Step::Failed(failure);
        }
        let Some(response) = response else { return Step::Challenge(Vec::new()) };
        match read(self.dialect, response) {
            Some((claimed, token)) => {
                self.claimed = claimed;
                Step::Ask(Question::new(&self.claimed, &self.realm, Proof::Token(token)))
            }
            None => Step::Failed(Failure::protocol("no bearer token")),
        }
    }

    fn answered(&mut self, answer: Answer) -> Step {
        let failure = match answer {
            Answer::User(user) if self.is(&user) => return Step::Done(user),
            Answer::User(_) => Failure::wrong("token of another user"),
            Answer::No(refusal) => Failure::refused(refusal, "token refused"),
            _ => Failure::new(Code::Generic, "token refused"),
        };
        if failure.temporary {
            return Step::Failed(failure);
        }
        self.refused = Some(failure);
        Step::Challenge(self.dialect.refusal.to_vec())
    }
}

impl Server {
    /// Is the owner of the token whom the client says it is? It need not say.
    fn is(&self, owner: &[u8]) -> bool {
        let question = |name| Question::new(name, &self.realm, Proof::Token(Vec::new()));
        self.claimed.is_empty() || question(&self.claimed).account() == question(owner).account()
    }
}

pub(super) fn client_oauthbearer(facts: ClientFacts) -> Box<dyn ClientExchange> {
    Box::new(Client { dialect: &OAUTHBEARER, facts, said: false })
}

pub(super) fn client_xoauth2(facts: ClientFacts) -> Box<dyn ClientExchange> {
    Box::new(Client { dialect: &XOAUTH2, facts, said: false })
}

/// Its password is the token.
struct Client {
    dialect: &'static Dialect,
    facts: ClientFacts,
    said: bool,
}

impl ClientExchange for Client {
    fn initial(&mut self) -> Option<Vec<u8>> {
        self.said = true;
        let credentials = &self.facts.credentials;
        let begin = (self.dialect.beginning)(&credentials.id);
        Some([&begin[..], b"auth=Bearer ", &credentials.password, &[SEPARATOR, SEPARATOR]].concat())
    }

    fn respond(&mut self, _challenge: &[u8]) -> Option<Vec<u8>> {
        if self.said { Some(self.dialect.silence.to_vec()) } else { self.initial() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::exchange::ChannelFacts;
    use super::super::secret::Refusal;
    use super::*;

    fn server(dialect: &'static Dialect) -> Box<dyn Exchange> {
        let (host, realm) = (b"mail.site.example".to_vec(), b"site.example".to_vec());
        let facts = ServerFacts { host, realm, now: 17, random: [0; 36], channel: ChannelFacts::default() };
        super::server(dialect, &facts)
    }

    fn question(dialect: &'static Dialect, message: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
        match server(dialect).respond(Some(message)) {
            Step::Ask(Question { name, proof: Proof::Token(token), .. }) => Some((name, token)),
            Step::Failed(failure) if !failure.temporary => None,
            step => panic!("{step:?}"),
        }
    }

    /// The messages of RFC 7628, section 4.1, and of Google's description.
    #[test]
    fn tokens_are_read_as_they_are_described() {
        let token = b"vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==".to_vec();
        let auth = [b"auth=Bearer ", &token[..], b"\x01\x01"].concat();
        let said = [b"n,a=user@example.com,\x01host=server.example.com\x01port=143\x01", &auth[..]].concat();
        let read = Some((b"user@example.com".to_vec(), token.clone()));
        assert_eq!(question(&OAUTHBEARER, &said), read);
        let said = [b"user=user@example.com\x01", &auth[..]].concat();
        assert_eq!(question(&XOAUTH2, &said), read);
        assert_eq!(question(&OAUTHBEARER, &said), None);
        let nobody = [b"y,,\x01", &auth[..]].concat();
        assert_eq!(question(&OAUTHBEARER, &nobody), Some((Vec::new(), token)));
    }

    #[test]
    fn what_is_no_token_is_asked_of_nobody() {
        for said in [
            "",
            "n,,",
            "n,,\x01\x01",
            "n,,\x01auth=Basic YTpi\x01\x01",
            "n,,\x01auth=Bearer \x01\x01",
            "n,,\x01auth=Bearer a b\x01\x01",
            "n,,\x01auth=Bearer a\nb\x01\x01",
            "n,,\x01auth=Bearer a",
            "p=tls-exporter,,\x01auth=Bearer a\x01\x01",
            "n,b=x,\x01auth=Bearer a\x01\x01",
            "n,a==,\x01auth=Bearer a\x01\x01",
        ] {
            assert_eq!(question(&OAUTHBEARER, said.as_bytes()), None, "{said:?}");
        }
    }

    #[test]
    fn a_token_is_good_for_its_owner_alone() {
        for (claimed, owner, good) in [
            ("alice", "alice", true),
            ("alice", "alice@site.example", true),
            ("", "alice", true),
            ("alice", "bob", false),
            ("alice@other.example", "alice", false),
        ] {
            let mut server = server(&XOAUTH2);
            server.respond(Some(format!("user={claimed}\x01auth=Bearer t\x01\x01").as_bytes()));
            let step = server.answered(Answer::User(owner.into()));
            assert_eq!(step == Step::Done(owner.into()), good, "{claimed} {owner}: {step:?}");
        }
    }

    #[test]
    fn a_refusal_is_told_in_json_and_heard() {
        let message =
            |dialect: &Dialect| [&(dialect.beginning)(b"alice"), &b"auth=Bearer t\x01\x01"[..]].concat();
        for dialect in [&OAUTHBEARER, &XOAUTH2] {
            let mut refused = server(dialect);
            refused.respond(Some(&message(dialect)));
            let told = refused.answered(Answer::No(Refusal::Wrong));
            assert_eq!(told, Step::Challenge(dialect.refusal.to_vec()));
            let Step::Failed(failure) = refused.respond(Some(dialect.silence)) else { panic!("an end") };
            assert_eq!((failure.code, failure.temporary), (Code::Authentication, false));
            let mut later = server(dialect);
            later.respond(Some(&message(dialect)));
            let Step::Failed(failure) = later.answered(Answer::No(Refusal::Unavailable)) else {
                panic!("an end")
            };
            assert!(failure.temporary);
        }
    }
}
