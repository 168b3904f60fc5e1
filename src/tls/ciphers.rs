//! Ciphers by the names that OpenSSL, and so sendmail, gives them.

use rustls::crypto::ring::cipher_suite as suite;
use rustls::{CipherSuite, SupportedCipherSuite};

/// One cipher.
pub(super) struct Cipher {
    pub(super) suite: &'static SupportedCipherSuite,
    pub(super) name: &'static str,
    /// Bits of the key.
    pub(super) bits: u32,
}

const fn cipher(suite: &'static SupportedCipherSuite, name: &'static str, bits: u32) -> Cipher {
    Cipher { suite, name, bits }
}

/// All that there are, in the order of preference. Each has forward secrecy and authenticates what it encrypts.
pub(super) const CIPHERS: &[Cipher] = &[
    cipher(&suite::TLS13_AES_256_GCM_SHA384, "TLS_AES_256_GCM_SHA384", 256),
    cipher(&suite::TLS13_CHACHA20_POLY1305_SHA256, "TLS_CHACHA20_POLY1305_SHA256", 256),
    cipher(&suite::TLS13_AES_128_GCM_SHA256, "TLS_AES_128_GCM_SHA256", 128),
    cipher(&suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "ECDHE-ECDSA-AES256-GCM-SHA384", 256),
    cipher(&suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "ECDHE-RSA-AES256-GCM-SHA384", 256),
    cipher(&suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-ECDSA-CHACHA20-POLY1305", 256),
    cipher(&suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-RSA-CHACHA20-POLY1305", 256),
    cipher(&suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "ECDHE-ECDSA-AES128-GCM-SHA256", 128),
    cipher(&suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "ECDHE-RSA-AES128-GCM-SHA256", 128),
];

impl Cipher {
    /// Is it one of TLS 1.3?
    pub(super) fn is_tls13(&self) -> bool {
        self.suite.tls13().is_some()
    }
}

/// The cipher of a connection.
pub(super) fn find(suite: CipherSuite) -> Option<&'static Cipher> {
    CIPHERS.iter().find(|cipher| cipher.suite.suite() == suite)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_can_be_negotiated_have_a_name() {
        for suite in rustls::crypto::ring::ALL_CIPHER_SUITES {
            assert!(find(suite.suite()).is_some(), "{suite:?}");
        }
    }
}
