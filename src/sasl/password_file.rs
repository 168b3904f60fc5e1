//! A passwd-style file, as Dovecot has them: `user:{SCHEME}text`, a line for each user.
//!
//! In: the text of the file. Out: the answer to a [`Question`]. A plain password answers all of them, keys of SCRAM
//! their mechanism and passwords, a hash passwords alone. Never here: files, and who may read them.

use super::hash::{Hash, same};
use super::secret::{Answer, Proof, Question, Refusal, ScramKeys, derive};
use argon2::{Argon2, PasswordVerifier};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha_crypt::ShaCrypt;
use yescrypt::Yescrypt;

/// The text of such a file.
#[derive(Clone, Copy, Debug)]
pub struct PasswordFile<'a>(pub &'a [u8]);

/// What a scheme keeps of a password.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Scheme {
    /// All of it.
    Plain,
    /// A hash of crypt(3) or PHP, which says itself which one it is.
    Crypt,
    /// A digest with its salt behind it, in base64 (RFC 2307).
    Salted(Hash),
    /// `iterations,salt,StoredKey,ServerKey`, all but the number in base64.
    Scram(Hash),
}

/// By their names; a text without a name is a hash of crypt(3).
const SCHEMES: &[(&str, Scheme)] = &[
    ("PLAIN", Scheme::Plain),
    ("CLEARTEXT", Scheme::Plain),
    ("CRYPT", Scheme::Crypt),
    ("SHA256-CRYPT", Scheme::Crypt),
    ("SHA512-CRYPT", Scheme::Crypt),
    ("BLF-CRYPT", Scheme::Crypt),
    ("ARGON2I", Scheme::Crypt),
    ("ARGON2ID", Scheme::Crypt),
    ("SSHA", Scheme::Salted(Hash::Sha1)),
    ("SSHA256", Scheme::Salted(Hash::Sha256)),
    ("SCRAM-SHA-1", Scheme::Scram(Hash::Sha1)),
    ("SCRAM-SHA-256", Scheme::Scram(Hash::Sha256)),
];

/// Is a hash that of a password? `None`: it is no hash of this kind.
type Verifier = fn(&[u8], &str) -> Option<bool>;

/// The kinds of hashes by what they begin with.
const HASHES: &[(&str, Verifier)] = &[
    ("$5$", |password, hash| verified(ShaCrypt::SHA256.verify_password(password, hash))),
    ("$6$", |password, hash| verified(ShaCrypt::SHA512.verify_password(password, hash))),
    ("$2", |password, hash| bcrypt::verify(password, hash).ok()),
    ("$argon2", |password, hash| verified(Argon2::default().verify_password(password, hash))),
    ("$y$", |password, hash| verified(Yescrypt::default().verify_password(password, hash))),
];

fn verified(result: Result<(), argon2::password_hash::Error>) -> Option<bool> {
    match result {
        Ok(()) => Some(true),
        Err(argon2::password_hash::Error::PasswordInvalid) => Some(false),
        Err(_) => None,
    }
}

/// One line.
struct Entry<'a> {
    name: &'a [u8],
    kept: &'a [u8],
}

impl<'a> PasswordFile<'a> {
    /// How many users it has.
    pub fn users(&self) -> usize {
        self.entries().count()
    }

    /// Has it this user?
    pub fn has(&self, question: &Question) -> bool {
        self.entries().any(|entry| entry.is_of(question))
    }

    /// What it knows of this user's password; the first line about him counts.
    pub fn answer(&self, question: &Question) -> Answer {
        if let Some(entry) = self.entries().find(|entry| entry.is_of(question)) {
            return entry.answer(&question.proof);
        }
        // whoever does not exist takes as long as somebody who does
        if let (Proof::Password(_), Some(other)) = (&question.proof, self.entries().last()) {
            std::hint::black_box(other.answer(&question.proof));
        }
        Answer::No(Refusal::NoUser)
    }

    /// Lines without a colon, and comments, are about nobody.
    fn entries(&self) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        let lines = self.0.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        lines.filter(|line| !line.starts_with(b"#")).filter_map(|line| {
            let mut fields = line.split(|byte| *byte == b':');
            Some(Entry { name: fields.next().filter(|name| !name.is_empty())?, kept: fields.next()? })
        })
    }
}

impl Entry<'_> {
    /// `alice` is a user of the realm that names none.
    fn is_of(&self, question: &Question) -> bool {
        let (user, realm) = question.account();
        match self.name.iter().rposition(|byte| *byte == b'@') {
            Some(at) => (&self.name[..at], &self.name[at + 1..]) == (user, realm),
            None => self.name == user && realm == question.realm,
        }
    }

    fn answer(&self, proof: &Proof) -> Answer {
        let (scheme, text) = match self.kept.strip_prefix(b"{").and_then(|rest| parted(rest, b'}')) {
            Some((name, text)) => (scheme(name), text),
            None => (Some(Scheme::Crypt), self.kept),
        };
        match (scheme, proof) {
            // nobody can log in: as crypt(3) has it, no password has such a hash
            (_, Proof::Password(_))
                if text.is_empty() || text.starts_with(b"*") || text.starts_with(b"!") =>
            {
                Answer::No(Refusal::Wrong)
            }
            (Some(Scheme::Plain), _) if !text.is_empty() => derive(text, proof),
            (Some(Scheme::Crypt), Proof::Password(said)) => judged(crypt(said, text)),
            (Some(Scheme::Salted(hash)), Proof::Password(said)) => judged(salted(hash, said, text)),
            (Some(Scheme::Scram(hash)), Proof::Password(said)) => {
                judged(scram_keys(text).map(|keys| keys.are_of(hash, said)))
            }
            (Some(Scheme::Scram(kept)), Proof::Scram { hash, .. }) if kept == *hash => {
                scram_keys(text).map_or(Answer::No(Refusal::Unavailable), Answer::Keys)
            }
            (None, _) => Answer::No(Refusal::Unavailable),
            _ => Answer::No(Refusal::NoMethod),
        }
    }
}

fn scheme(name: &[u8]) -> Option<Scheme> {
    let row = SCHEMES.iter().find(|(known, _)| name.eq_ignore_ascii_case(known.as_bytes()));
    row.map(|(_, scheme)| *scheme)
}

fn parted(text: &[u8], mark: u8) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|byte| *byte == mark)?;
    Some((&text[..at], &text[at + 1..]))
}

/// What nobody here can read may be right all the same: the client is to try again.
fn judged(right: Option<bool>) -> Answer {
    match right {
        Some(true) => Answer::Right,
        Some(false) => Answer::No(Refusal::Wrong),
        None => Answer::No(Refusal::Unavailable),
    }
}

fn crypt(said: &[u8], hash: &[u8]) -> Option<bool> {
    let hash = std::str::from_utf8(hash).ok()?;
    let (_, verify) = HASHES.iter().find(|(begin, _)| hash.starts_with(begin))?;
    verify(said, hash)
}

fn salted(hash: Hash, said: &[u8], kept: &[u8]) -> Option<bool> {
    let kept = STANDARD.decode(kept).ok()?;
    let (digest, salt) = kept.split_at_checked(hash.digest(b"").len())?;
    Some(same(&hash.digest(&[said, salt].concat()), digest))
}

fn scram_keys(text: &[u8]) -> Option<ScramKeys> {
    let words: Vec<&[u8]> = text.split(|byte| *byte == b',').collect();
    let [iterations, salt, stored, server] = words.as_slice() else { return None };
    Some(ScramKeys {
        iterations: std::str::from_utf8(iterations).ok()?.parse().ok()?,
        salt: STANDARD.decode(salt).ok()?,
        stored: STANDARD.decode(stored).ok()?,
        server: STANDARD.decode(server).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Passwords are `secret`; testdata/README.md says what made them.
    const FILE: &str = include_str!("../../testdata/sasl/passwd-file");

    fn ask(name: &str, proof: Proof) -> Answer {
        PasswordFile(FILE.as_bytes()).answer(&Question::new(name.as_bytes(), b"site.example", proof))
    }

    fn says(name: &str, password: &str) -> Answer {
        ask(name, Proof::Password(password.into()))
    }

    #[test]
    fn every_scheme_knows_its_password_and_no_other() {
        let names = PasswordFile(FILE.as_bytes()).entries().map(|entry| entry.name.to_vec());
        let names = names.filter(|name| !name.starts_with(b"no-"));
        let names: Vec<String> = names.map(|name| String::from_utf8(name).expect("ASCII")).collect();
        assert!(names.len() > 9, "{names:?}");
        for name in names {
            assert_eq!(says(&name, "secret"), Answer::Right, "{name}");
            assert_eq!(says(&name, "secre"), Answer::No(Refusal::Wrong), "{name}");
            assert_eq!(says(&name, ""), Answer::No(Refusal::Wrong), "{name}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_no_refusal() {
        for (name, refusal) in [
            ("no-scheme", Refusal::Unavailable),
            ("no-hash", Refusal::Unavailable),
            ("no-keys", Refusal::Unavailable),
            ("no-login", Refusal::Wrong),
            ("no-password", Refusal::Wrong),
            ("nobody", Refusal::NoUser),
            ("plain@other.example", Refusal::NoUser),
        ] {
            assert_eq!(says(name, "secret"), Answer::No(refusal), "{name}");
        }
        assert_eq!(says("no-password", ""), Answer::No(Refusal::Wrong));
        assert_eq!(says("plain@site.example", "secret"), Answer::Right);
    }

    #[test]
    fn what_follows_from_what_is_kept() {
        let scram = |hash| Proof::Scram { hash, salt: b"salt".to_vec() };
        let Answer::Keys(kept) = ask("scram256", scram(Hash::Sha256)) else { panic!("keys") };
        assert!(kept.are_of(Hash::Sha256, b"secret"));
        let Answer::Keys(made) = ask("plain", scram(Hash::Sha1)) else { panic!("keys") };
        assert_eq!(made.salt, b"salt");
        assert_eq!(ask("scram256", scram(Hash::Sha1)), Answer::No(Refusal::NoMethod));
        assert_eq!(ask("sha512", scram(Hash::Sha256)), Answer::No(Refusal::NoMethod));
        assert_eq!(ask("sha512", Proof::CramMd5(b"x".to_vec())), Answer::No(Refusal::NoMethod));
        assert!(matches!(ask("plain", Proof::CramMd5(b"x".to_vec())), Answer::Digest(_)));
    }
}
