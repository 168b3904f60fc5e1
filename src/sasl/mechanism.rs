//! The mechanisms, strongest first.

use super::exchange::{ClientExchange, ClientFacts, Exchange, ServerFacts};
use super::{bearer, cram_md5, digest_md5, external, login, plain, scram};

/// What mechanisms may need of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Conditions {
    /// It is under TLS.
    pub protected: bool,
    /// The client has shown a certificate that was found good.
    pub certificate: bool,
    /// There is somebody who knows tokens.
    pub tokens: bool,
    /// Something binds to it, and that is asked for.
    pub binding: bool,
}

fn nothing(_: &Conditions) -> Option<&'static str> {
    None
}

fn certificate(conditions: &Conditions) -> Option<&'static str> {
    (!conditions.certificate).then_some("a certificate of the client's that is found good")
}

fn binding(conditions: &Conditions) -> Option<&'static str> {
    (!conditions.binding).then_some("TLS that it can be bound to")
}

/// RFC 7628, section 4: whoever hears a token has it.
fn tokens(conditions: &Conditions) -> Option<&'static str> {
    match conditions {
        Conditions { tokens: false, .. } => {
            Some("a program that knows tokens (oauth_program of Sendmail.conf)")
        }
        Conditions { protected: false, .. } => Some("TLS (--tls)"),
        _ => None,
    }
}

/// One mechanism.
pub struct Mechanism {
    /// As SMTP names it.
    pub name: &'static str,
    /// Letters of option AuthOptions that it satisfies. None satisfies f (forward secrecy), and those with passwords do not satisfy d (no
    /// dictionary of passwords helps whoever has listened).
    satisfies: &'static [u8],
    /// What it cannot do without, and is not there.
    pub lacks: fn(&Conditions) -> Option<&'static str>,
    /// May a response come with the command? (DIGEST-MD5 takes no notice of it.)
    pub takes_initial: bool,
    /// The server's side.
    pub server: fn(&ServerFacts) -> Box<dyn Exchange>,
    /// The client's side.
    pub client: fn(ClientFacts) -> Box<dyn ClientExchange>,
}

/// All of them; a client takes the first that the server has.
pub const MECHANISMS: &[Mechanism] = &[
    Mechanism {
        name: "EXTERNAL",
        satisfies: b"pyd",
        lacks: certificate,
        takes_initial: true,
        server: external::server,
        client: external::client,
    },
    Mechanism {
        name: "SCRAM-SHA-256-PLUS",
        satisfies: b"paym",
        lacks: binding,
        takes_initial: true,
        server: scram::server_sha256_plus,
        client: scram::client_sha256_plus,
    },
    Mechanism {
        name: "SCRAM-SHA-1-PLUS",
        satisfies: b"paym",
        lacks: binding,
        takes_initial: true,
        server: scram::server_sha1_plus,
        client: scram::client_sha1_plus,
    },
    Mechanism {
        name: "SCRAM-SHA-256",
        satisfies: b"paym",
        lacks: nothing,
        takes_initial: true,
        server: scram::server_sha256,
        client: scram::client_sha256,
    },
    Mechanism {
        name: "SCRAM-SHA-1",
        satisfies: b"paym",
        lacks: nothing,
        takes_initial: true,
        server: scram::server_sha1,
        client: scram::client_sha1,
    },
    Mechanism {
        name: "DIGEST-MD5",
        satisfies: b"pym",
        lacks: nothing,
        takes_initial: true,
        server: digest_md5::server,
        client: digest_md5::client,
    },
    Mechanism {
        name: "CRAM-MD5",
        satisfies: b"py",
        lacks: nothing,
        takes_initial: false,
        server: cram_md5::server,
        client: cram_md5::client,
    },
    Mechanism {
        name: "PLAIN",
        satisfies: b"yc",
        lacks: nothing,
        takes_initial: true,
        server: plain::server,
        client: plain::client,
    },
    Mechanism {
        name: "LOGIN",
        satisfies: b"yc",
        lacks: nothing,
        takes_initial: true,
        server: login::server,
        client: login::client,
    },
    Mechanism {
        name: "OAUTHBEARER",
        satisfies: b"ycd",
        lacks: tokens,
        takes_initial: true,
        server: bearer::server_oauthbearer,
        client: bearer::client_oauthbearer,
    },
    Mechanism {
        name: "XOAUTH2",
        satisfies: b"ycd",
        lacks: tokens,
        takes_initial: true,
        server: bearer::server_xoauth2,
        client: bearer::client_xoauth2,
    },
];

/// The letters of AuthOptions that ask something of a mechanism.
const PROPERTIES: &[u8] = b"acdfmpy";

impl Mechanism {
    /// Is it all that these letters of AuthOptions ask for?
    pub fn satisfies(&self, options: &[u8]) -> bool {
        let mut asked = options.iter().filter(|letter| PROPERTIES.contains(letter));
        asked.all(|letter| self.satisfies.contains(letter))
    }

    /// Has this connection what it needs?
    pub fn is_possible(&self, conditions: &Conditions) -> bool {
        (self.lacks)(conditions).is_none()
    }

    /// Is it a token that the client shows?
    pub fn takes_token(&self) -> bool {
        self.name.contains("OAUTH")
    }

    /// Does the client say its password as it is?
    pub fn says_password(&self) -> bool {
        !self.satisfies(b"p")
    }
}

/// The mechanism of this name.
pub fn find(name: &[u8]) -> Option<&'static Mechanism> {
    MECHANISMS.iter().find(|row| name.eq_ignore_ascii_case(row.name.as_bytes()))
}

/// AuthOptions as they count for a connection: what TLS protects needs no more protection (p).
pub fn under_tls(options: &[u8], protected: bool) -> Vec<u8> {
    options.iter().copied().filter(|letter| !(protected && *letter == b'p')).collect()
}

/// Does a list name a mechanism that binds to TLS? Only then it is offered, and counted.
pub fn asks_binding(list: &[u8]) -> bool {
    words(list).any(|word| word.to_ascii_uppercase().ends_with(b"-PLUS"))
}

/// What a client may use.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Offered {
    /// How many there would be if AuthMechanisms named all.
    pub available: usize,
    /// Those of AuthMechanisms among them, in its order and spelling.
    pub names: Vec<Vec<u8>>,
}

/// The mechanisms that `wanted` (option AuthMechanisms) names, the site has (`mech_list`; `None`: all), `options`
/// allow, and whose needs are met.
pub fn offered(wanted: &[u8], site: Option<&[u8]>, options: &[u8], conditions: &Conditions) -> Offered {
    let available = |row: &&Mechanism| {
        row.is_possible(conditions) && row.satisfies(options) && site.is_none_or(|list| names(list, row))
    };
    let names = words(wanted).filter(|word| find(word).as_ref().is_some_and(available)).map(<[u8]>::to_vec);
    Offered { available: MECHANISMS.iter().filter(available).count(), names: names.collect() }
}

fn words(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|byte| byte.is_ascii_whitespace()).filter(|word| !word.is_empty())
}

fn names(list: &[u8], row: &Mechanism) -> bool {
    words(list).any(|word| word.eq_ignore_ascii_case(row.name.as_bytes()))
}
