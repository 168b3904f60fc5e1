//! Cipher lists and the words of SSL options, as far as they mean something here.
//!
//! What is on offer is safe by itself: TLS 1.2 and 1.3, ciphers with forward secrecy. An option can make that less,
//! never more. A list that leaves nothing is ignored, as sendmail ignores one that OpenSSL does not take.

use super::ciphers::{CIPHERS, Cipher};

/// Versions and ciphers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Protocols {
    pub(super) tls12: bool,
    pub(super) tls13: bool,
    /// A bit for each row of [`CIPHERS`].
    ciphers: u32,
}

impl Default for Protocols {
    fn default() -> Self {
        Self { tls12: true, tls13: true, ciphers: u32::MAX }
    }
}

/// A word of an OpenSSL cipher list, and the ciphers that it stands for here.
struct Word {
    word: &'static str,
    holds: fn(&Cipher) -> bool,
}

const fn word(word: &'static str, holds: fn(&Cipher) -> bool) -> Word {
    Word { word, holds }
}

/// Words that stand for sets; other words are names of ciphers.
const WORDS: &[Word] = &[
    word("ALL", |_| true),
    word("DEFAULT", |_| true),
    word("COMPLEMENTOFDEFAULT", |_| false),
    word("HIGH", |_| true),
    word("MEDIUM", |_| false),
    word("LOW", |_| false),
    word("kEECDH", |_| true),
    word("kECDHE", |_| true),
    word("ECDHE", |_| true),
    word("EECDH", |_| true),
    word("ECDH", |_| true),
    word("aECDSA", |cipher| cipher.name.contains("ECDSA")),
    word("ECDSA", |cipher| cipher.name.contains("ECDSA")),
    word("aRSA", |cipher| cipher.name.contains("-RSA-")),
    word("RSA", |_| false),
    word("AES", |cipher| cipher.name.contains("AES")),
    word("AES128", |cipher| cipher.name.contains("AES128")),
    word("AES256", |cipher| cipher.name.contains("AES256")),
    word("AESGCM", |cipher| cipher.name.contains("GCM")),
    word("CHACHA20", |cipher| cipher.name.contains("CHACHA20")),
    word("SHA256", |cipher| cipher.name.ends_with("SHA256")),
    word("SHA384", |cipher| cipher.name.ends_with("SHA384")),
    word("TLSv1.2", |_| true),
];

/// The rows of a version.
fn version(tls13: bool) -> u32 {
    let rows = CIPHERS.iter().enumerate().filter(|(_, cipher)| cipher.is_tls13() == tls13);
    rows.fold(0, |bits, (row, _)| bits | 1 << row)
}

fn rows(holds: impl Fn(&Cipher) -> bool) -> u32 {
    CIPHERS.iter().enumerate().filter(|(_, cipher)| holds(cipher)).fold(0, |bits, (row, _)| bits | 1 << row)
}

/// `ECDHE+AESGCM`: what all of these words hold.
fn element(text: &str) -> u32 {
    let of_word = |part: &str| match WORDS.iter().find(|word| word.word == part) {
        Some(word) => rows(word.holds),
        None => rows(|cipher| cipher.name == part),
    };
    text.split('+').map(of_word).fold(u32::MAX, |bits, more| bits & more)
}

/// What an OpenSSL cipher list leaves of the ciphers of TLS 1.2; the order is ours.
fn cipher_list(text: &str) -> u32 {
    let (mut bits, mut killed) = (0, 0);
    for part in text.split([':', ',', ' ']).filter(|part| !part.is_empty()) {
        match (part.as_bytes()[0], &part[1..]) {
            (b'!', rest) => killed |= element(rest),
            (b'-', rest) => bits &= !element(rest),
            // order and security level: ours
            (b'+' | b'@', _) => {}
            _ => bits |= element(part),
        }
    }
    bits & !killed & version(false)
}

fn cipher_suites(text: &str) -> u32 {
    text.split(':').fold(0, |bits, name| bits | rows(|cipher| cipher.name == name)) & version(true)
}

/// A list that was ignored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ignored {
    /// CipherList
    List,
    /// CipherSuites
    Suites,
}

impl Ignored {
    /// What is said of it, by the name of the function of OpenSSL that sendmail's log names.
    pub(super) fn complaint(self, lists: [Option<&[u8]>; 2]) -> Vec<u8> {
        let (function, text, end) = match self {
            Self::List => ("SSL_CTX_set_cipher_list", lists[0], ") failed, list ignored"),
            Self::Suites => ("SSL_CTX_set_ciphersuites", lists[1], ") failed, suites ignored"),
        };
        [function.as_bytes(), b"(", text.unwrap_or_default(), end.as_bytes()].concat()
    }
}

impl Protocols {
    /// ServerSSLOptions and ClientSSLOptions: versions are switched off, and on again by `-`.
    pub(super) fn apply_options(&mut self, words: &[u8]) {
        for word in words.split(|byte| matches!(byte, b' ' | b'\t' | b',')) {
            let (on, bare) = match word {
                [b'-', bare @ ..] => (true, bare),
                [b'+', bare @ ..] => (false, bare),
                bare => (false, bare),
            };
            match bare.to_ascii_lowercase().as_slice() {
                b"ssl_op_no_tlsv1_2" => self.tls12 = on,
                b"ssl_op_no_tlsv1_3" => self.tls13 = on,
                _ => {}
            }
        }
    }

    /// CipherList and CipherSuites. What leaves nothing changes nothing.
    pub(super) fn apply_lists(&mut self, list: Option<&[u8]>, suites: Option<&[u8]>) -> Vec<Ignored> {
        let ignored = [
            self.choose(list, cipher_list, version(false)).then_some(Ignored::List),
            self.choose(suites, cipher_suites, version(true)).then_some(Ignored::Suites),
        ];
        ignored.into_iter().flatten().collect()
    }

    /// Of the ciphers `of` one version, those of a list; `true`: there are none, and the list is ignored.
    fn choose(&mut self, list: Option<&[u8]>, read: fn(&str) -> u32, of: u32) -> bool {
        let left = list.map(|text| read(&String::from_utf8_lossy(text)));
        if let Some(left @ 1..) = left {
            self.ciphers = self.ciphers & !of | left;
        }
        left == Some(0)
    }

    /// The ciphers that are left, of the versions that are left.
    pub(super) fn ciphers(&self) -> impl Iterator<Item = &'static Cipher> {
        let Self { tls12, tls13, ciphers } = *self;
        let chosen = move |(row, cipher): &(usize, &'static Cipher)| {
            ciphers & 1 << row != 0 && if cipher.is_tls13() { tls13 } else { tls12 }
        };
        CIPHERS.iter().enumerate().filter(chosen).map(|(_, cipher)| cipher)
    }

    /// Is nothing left to speak?
    pub(super) fn is_empty(&self) -> bool {
        self.ciphers().next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: Option<&str>, suites: Option<&str>) -> Vec<&'static str> {
        let mut protocols = Protocols::default();
        protocols.apply_lists(list.map(str::as_bytes), suites.map(str::as_bytes));
        protocols.ciphers().map(|cipher| cipher.name).collect()
    }

    #[test]
    fn lists_make_less_and_never_nothing() {
        assert_eq!(names(None, None).len(), CIPHERS.len());
        assert_eq!(names(Some("HIGH:!aNULL:!MD5"), None).len(), CIPHERS.len());
        assert_eq!(names(Some("RC4-SHA:DES-CBC3-SHA"), None).len(), CIPHERS.len());
        let few = names(Some("ECDHE+AESGCM:!AES128:!aRSA"), Some("TLS_AES_128_GCM_SHA256:nonsense"));
        assert_eq!(few, ["TLS_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"]);
        assert_eq!(
            names(Some("ALL:-ECDSA:+HIGH:@STRENGTH:!CHACHA20:!AES256"), None)[3..],
            ["ECDHE-RSA-AES128-GCM-SHA256"]
        );
    }

    #[test]
    fn options_switch_versions() {
        let mut protocols = Protocols::default();
        protocols.apply_options(b"SSL_OP_ALL +SSL_OP_NO_TLSv1_3, SSL_OP_NO_SSLv3");
        assert!(protocols.tls12 && !protocols.tls13);
        protocols.apply_options(b"-ssl_op_no_tlsv1_3 SSL_OP_NO_TLSv1_2");
        assert!(!protocols.tls12 && protocols.tls13 && !protocols.is_empty());
        protocols.apply_options(b"SSL_OP_NO_TLSv1_3");
        assert!(protocols.is_empty());
    }
}
