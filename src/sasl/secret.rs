//! What follows from a password. Whoever has passwords answers these questions and gives none away: what an exchange
//! is told proves one client's words, or, for SCRAM and DIGEST-MD5, is good for this mechanism alone.

use super::hash::{Hash, same};
use serde::{Deserialize, Serialize};

/// What a server must know to go on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Question {
    /// Whose password: `alice`, or `alice@realm`, as the client says it.
    pub name: Vec<u8>,
    /// Where somebody is a user who names no realm.
    pub realm: Vec<u8>,
    /// What of it.
    pub proof: Proof,
}

impl Question {
    pub(super) fn new(name: &[u8], realm: &[u8], proof: Proof) -> Self {
        Self { name: name.to_vec(), realm: realm.to_vec(), proof }
    }

    /// User and realm.
    pub fn account(&self) -> (&[u8], &[u8]) {
        match self.name.iter().rposition(|byte| *byte == b'@') {
            Some(at) => (&self.name[..at], &self.name[at + 1..]),
            None => (&self.name, &self.realm),
        }
    }
}

/// What of a password.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Proof {
    /// Is it this?
    Password(Vec<u8>),
    /// HMAC-MD5 of this challenge (RFC 2195).
    CramMd5(Vec<u8>),
    /// H(user:realm:password) of RFC 2831, section 2.1.2.1, with user and realm as the client says them.
    DigestMd5 {
        /// `user:realm`
        before: Vec<u8>,
        /// The client means UTF-8, of which ISO 8859-1 is made where it can.
        utf8: bool,
    },
    /// The keys of RFC 5802, with this salt unless the password is kept under one.
    Scram {
        /// Of the mechanism.
        hash: Hash,
        /// Bytes of chance.
        salt: Vec<u8>,
    },
    /// Whose token is this (RFC 6750)? No password answers that.
    Token(Vec<u8>),
}

/// What a server keeps of a password for SCRAM (RFC 5802, section 3).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ScramKeys {
    /// The salt.
    pub salt: Vec<u8>,
    /// How often it was hashed.
    pub iterations: u32,
    /// StoredKey
    pub stored: Vec<u8>,
    /// ServerKey
    pub server: Vec<u8>,
}

/// Why nothing is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Refusal {
    /// That is not the password.
    Wrong,
    /// Nobody knows this user.
    NoUser,
    /// Whoever knows does not answer.
    Unavailable,
    /// Nobody is asked, or none that could answer this.
    NoMethod,
}

/// What is known.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Answer {
    /// It is the password.
    Right,
    /// A digest.
    Digest(Vec<u8>),
    /// For SCRAM.
    Keys(ScramKeys),
    /// The owner of a token.
    User(Vec<u8>),
    /// Nothing.
    No(Refusal),
}

impl Answer {
    /// What two say together who were asked one after the other: the later counts, but who did not answer may be the one who knows, and who
    /// cannot answer says nothing.
    #[must_use]
    pub fn followed_by(self, later: Self) -> Self {
        match (&self, &later) {
            (Self::No(Refusal::Unavailable), Self::No(_)) | (Self::No(_), Self::No(Refusal::NoMethod)) => {
                self
            }
            _ => later,
        }
    }
}

/// How often SCRAM hashes a password that is kept as it is (RFC 7677, section 4).
const ITERATIONS: u32 = 4096;

/// What follows from a password.
pub fn derive(password: &[u8], proof: &Proof) -> Answer {
    match proof {
        Proof::Password(said) if same(said, password) => Answer::Right,
        Proof::Password(_) => Answer::No(Refusal::Wrong),
        Proof::CramMd5(challenge) => Answer::Digest(Hash::Md5.hmac(password, challenge)),
        Proof::DigestMd5 { before, utf8 } => {
            let password = if *utf8 { latin1(password) } else { password.to_vec() };
            Answer::Digest(Hash::Md5.digest(&[before, &b":"[..], &password].concat()))
        }
        Proof::Token(_) => Answer::No(Refusal::NoMethod),
        Proof::Scram { hash, salt } => Answer::Keys(ScramKeys::of(*hash, password, salt, ITERATIONS)),
    }
}

impl ScramKeys {
    /// Those of a password.
    pub fn of(hash: Hash, password: &[u8], salt: &[u8], iterations: u32) -> Self {
        let salted = hash.salted(password, salt, iterations);
        let stored = hash.digest(&hash.hmac(&salted, b"Client Key"));
        let server = hash.hmac(&salted, b"Server Key");
        Self { salt: salt.to_vec(), iterations, stored, server }
    }

    /// Are they those of this password?
    pub(super) fn are_of(&self, hash: Hash, password: &[u8]) -> bool {
        same(&Self::of(hash, password, &self.salt, self.iterations).stored, &self.stored)
    }
}

/// UTF-8 as ISO 8859-1 if all of it can be written so, else as it is (RFC 2831, section 2.1.2.1).
pub(super) fn latin1(text: &[u8]) -> Vec<u8> {
    let single = std::str::from_utf8(text).ok().and_then(|text| {
        text.chars().map(|letter| u8::try_from(u32::from(letter)).ok()).collect::<Option<Vec<u8>>>()
    });
    single.unwrap_or_else(|| text.to_vec())
}
