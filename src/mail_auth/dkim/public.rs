//! Public keys, as they stand in the DNS (RFC 6376, 3.6.1).

use super::key::Algorithm;
use crate::mail_auth::tags::{Tags, base64};
use ring::signature::{
    ED25519, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, UnparsedPublicKey, VerificationAlgorithm,
};
use x509_parser::prelude::FromDer;
use x509_parser::x509::SubjectPublicKeyInfo;

/// A key's record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PublicKey {
    algorithm: Algorithm,
    bytes: Vec<u8>,
    /// Flag s: nothing below the domain signs with it.
    pub(super) strict: bool,
}

impl PublicKey {
    /// Reads a record.
    ///
    /// # Errors
    /// Why it verifies nothing.
    pub(crate) fn read(text: &[u8]) -> Result<Self, &'static str> {
        let tags = Tags::read(text).ok_or("the key's record is no list of tags")?;
        if tags
            .get("v")
            .is_some_and(|version| version != b"DKIM1" || tags.first().is_none_or(|tag| tag.0 != b"v"))
        {
            return Err("the key's record is of an unknown version");
        }
        let lists = |name, word: &[u8]| {
            tags.words(name).is_none_or(|words| words.contains(&word) || words.contains(&&b"*"[..]))
        };
        if !lists("h", b"sha256") || !lists("s", b"email") {
            return Err("the key is not for this");
        }
        let bytes = tags.get("p").ok_or("there is no key in its record")?;
        if bytes.is_empty() {
            return Err("the key is revoked");
        }
        let bytes = base64(bytes).ok_or("the key is no base64")?;
        let algorithm = match tags.get("k").unwrap_or(b"rsa") {
            b"rsa" => Algorithm::RsaSha256,
            b"ed25519" => Algorithm::Ed25519Sha256,
            _ => return Err("the key is of an unknown kind"),
        };
        let bytes = match (algorithm, SubjectPublicKeyInfo::from_der(&bytes)) {
            // within its wrapping; some stand there without
            (Algorithm::RsaSha256, Ok((_, wrapped))) => wrapped.subject_public_key.data.to_vec(),
            _ => bytes,
        };
        let strict = tags.words("t").is_some_and(|flags| flags.contains(&&b"s"[..]));
        Ok(Self { algorithm, bytes, strict })
    }

    /// Is it the signature of this text?
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn verify(
        &self,
        algorithm: Algorithm,
        text: &[u8],
        signature: &[u8],
    ) -> Result<(), &'static str> {
        if algorithm != self.algorithm {
            return Err("the key is of another kind");
        }
        let digest = ring::digest::digest(&ring::digest::SHA256, text);
        let (how, signed): (&'static dyn VerificationAlgorithm, &[u8]) = match algorithm {
            Algorithm::RsaSha256 => (&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, text),
            Algorithm::Ed25519Sha256 => (&ED25519, digest.as_ref()),
        };
        UnparsedPublicKey::new(how, &self.bytes)
            .verify(signed, signature)
            .map_err(|_| "signature did not verify")
    }
}
