//! Private keys.

use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;

/// `a=`. SHA-1 is no part of DKIM any more (RFC 8301).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Algorithm {
    /// RSA with PKCS #1 1.5.
    RsaSha256,
    /// Ed25519 over the digest.
    Ed25519Sha256,
}

impl Algorithm {
    /// As `a=` has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::RsaSha256 => "rsa-sha256",
            Self::Ed25519Sha256 => "ed25519-sha256",
        }
    }

    /// By its name.
    pub fn named(name: &[u8]) -> Option<Self> {
        [Self::RsaSha256, Self::Ed25519Sha256]
            .into_iter()
            .find(|one| one.name().as_bytes().eq_ignore_ascii_case(name))
    }
}

/// A private key.
pub enum SigningKey {
    /// RSA.
    Rsa(Box<RsaKeyPair>),
    /// Ed25519.
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// Out of a file's text (PEM, PKCS #8; RSA also PKCS #1).
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn from_pem(text: &[u8]) -> Result<Self, String> {
        let der = PrivateKeyDer::from_pem_slice(text).map_err(|_| "there is no private key in it")?;
        let rsa = |pair: Result<RsaKeyPair, ring::error::KeyRejected>| {
            pair.map(|pair| Self::Rsa(Box::new(pair))).map_err(|error| match error.to_string() {
                why if why == "TooSmall" => "RSA keys must have 2048 bits or more".into(),
                why => format!("the key is of no use ({why})"),
            })
        };
        match &der {
            PrivateKeyDer::Pkcs1(der) => rsa(RsaKeyPair::from_der(der.secret_pkcs1_der())),
            PrivateKeyDer::Pkcs8(der) => {
                let der = der.secret_pkcs8_der();
                match Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
                    Ok(pair) => Ok(Self::Ed25519(pair)),
                    Err(_) => rsa(RsaKeyPair::from_pkcs8(der)),
                }
            }
            _ => Err("only RSA and Ed25519 keys sign mail".into()),
        }
    }

    /// What it signs with.
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa(_) => Algorithm::RsaSha256,
            Self::Ed25519(_) => Algorithm::Ed25519Sha256,
        }
    }

    /// Signs a header in its form.
    ///
    /// # Errors
    /// When the key cannot.
    pub(super) fn sign(&self, text: &[u8]) -> Result<Vec<u8>, String> {
        match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                let signed = pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature);
                signed.map_err(|_| "the key does not sign")?;
                Ok(signature)
            }
            // RFC 8463, 3: what is signed is the digest
            Self::Ed25519(pair) => {
                let digest = ring::digest::digest(&ring::digest::SHA256, text);
                Ok(pair.sign(digest.as_ref()).as_ref().to_vec())
            }
        }
    }
}
