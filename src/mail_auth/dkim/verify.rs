//! The signatures of a message that has come.

use super::canonical::{self, BodyDigest, Form};
use super::fields::{Field, Fields};
use super::public::PublicKey;
use super::signature::{Kind, Signature, without_signature};
use crate::mail_auth::dns;
use crate::mail_auth::verdict::Verdict;
use crate::net::Resolver;

/// Signatures that are looked at; who adds more wants to keep us busy.
const MAX_SIGNATURES: usize = 8;

/// One signature and what came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    /// What it says of itself, if that can be read.
    pub signature: Option<Signature>,
    /// The result.
    pub verdict: Verdict,
    /// Why it is none better.
    pub reason: &'static str,
}

/// A message while its body comes in.
pub struct Arriving {
    /// Lines ending in CR LF.
    header: Vec<u8>,
    digests: Vec<(How, BodyDigest)>,
    after_line: bool,
}

impl Arriving {
    /// A message with this header.
    pub fn new(header: Vec<u8>) -> Self {
        let fields = Fields::of(&header);
        let dkim = fields.from_above(b"dkim-signature").take(MAX_SIGNATURES);
        let dkim = dkim.filter_map(|field| Signature::read(&field, Kind::Dkim).ok());
        let arc = fields.from_below(b"arc-message-signature");
        let arc = arc.filter_map(|field| Signature::read(&field, Kind::Arc).ok()).take(MAX_SIGNATURES);
        let mut wanted: Vec<_> = dkim.chain(arc).map(|one| (one.body_form, one.limit)).collect();
        wanted.sort_by_key(|(form, limit)| (*form == Form::Simple, *limit));
        wanted.dedup();
        let digests = wanted.into_iter().map(|how| (how, BodyDigest::new(how.0, how.1))).collect();
        Self { header, digests, after_line: true }
    }

    /// The next piece of the body; its lines end in LF.
    pub fn write(&mut self, piece: &[u8]) {
        for line in piece.split_inclusive(|byte| *byte == b'\n') {
            let (text, ended) = match line.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (line, false),
            };
            for (_, digest) in &mut self.digests {
                digest.write(text);
                if ended {
                    digest.write(b"\r\n");
                }
            }
            self.after_line = ended;
        }
    }

    /// The body has ended.
    pub fn end(self) -> Arrived {
        let digests = self.digests.into_iter().map(|(how, digest)| (how, digest.finish())).collect();
        Arrived { header: self.header, digests }
    }
}

/// In which form a body is signed, and how much of it.
type How = (Form, Option<u64>);

/// A message whose body has been seen.
pub struct Arrived {
    header: Vec<u8>,
    /// Digest and length by form and limit.
    digests: Vec<(How, (Vec<u8>, u64))>,
}

impl Arrived {
    /// Its header.
    pub fn fields(&self) -> Fields<'_> {
        Fields::of(&self.header)
    }

    /// Every signature, from the top of the header on.
    pub async fn verify(&self, resolver: &Resolver, now: i64) -> Vec<Verified> {
        let fields = self.fields();
        let mut verified = Vec::new();
        for field in fields.from_above(b"dkim-signature").take(MAX_SIGNATURES) {
            verified.push(match Signature::read(&field, Kind::Dkim) {
                Ok(signature) => {
                    let (verdict, reason) = self.verify_one(resolver, &field, &signature, now).await;
                    Verified { signature: Some(signature), verdict, reason }
                }
                Err(reason) => Verified { signature: None, verdict: Verdict::PermError, reason },
            });
        }
        verified
    }

    /// One of them, or an ARC-Message-Signature.
    pub(crate) async fn verify_one(
        &self,
        resolver: &Resolver,
        field: &Field<'_>,
        signature: &Signature,
        now: i64,
    ) -> (Verdict, &'static str) {
        if signature.expires.is_some_and(|until| i64::try_from(until).is_ok_and(|until| until < now)) {
            return (Verdict::Fail, "signature expired");
        }
        let found = self.digests.iter().find(|(how, _)| *how == (signature.body_form, signature.limit));
        let Some((_, (digest, length))) = found else { return (Verdict::PermError, "too many signatures") };
        if signature.limit.is_some_and(|limit| limit > *length) {
            return (Verdict::PermError, "the body is shorter than it was");
        }
        if *digest != signature.body_hash {
            return (Verdict::Fail, "body hash did not verify");
        }
        let text = self.signed_text(field, signature);
        match key_of(resolver, &signature.key_name()).await {
            Ok(key) if key.strict && !signature.is_of_domain_itself() => {
                (Verdict::PermError, "the key is for the domain itself")
            }
            Ok(key) => match key.verify(signature.algorithm, &text, &signature.signature) {
                Ok(()) => (Verdict::Pass, ""),
                Err(why) => (Verdict::Fail, why),
            },
            Err(failure) => failure,
        }
    }

    /// The fields that are signed, each instance once and the last one first, and the signature's own.
    fn signed_text(&self, own: &Field<'_>, signature: &Signature) -> Vec<u8> {
        let fields = self.fields();
        let mut text = Vec::new();
        for (number, name) in signature.names.iter().enumerate() {
            let before =
                signature.names[..number].iter().filter(|other| other.eq_ignore_ascii_case(name)).count();
            if let Some(field) = fields.from_below(name).nth(before) {
                canonical::field(signature.header_form, &field, &mut text);
            }
        }
        put_unsigned(signature.header_form, own, &mut text);
        text
    }
}

/// A field that holds a signature, as that signs it: without the signature and the end of its line (RFC 6376, 3.7).
pub(crate) fn put_unsigned(form: Form, own: &Field<'_>, text: &mut Vec<u8>) {
    let value = without_signature(own.value);
    let name = &own.raw[..own.raw.len() - own.value.len()];
    let raw = [name, &value].concat();
    canonical::field(form, &Field { name: own.name, value: &value, raw: &raw }, text);
    if text.ends_with(b"\r\n") {
        text.truncate(text.len() - 2);
    }
}

/// The first key of this name that can be used.
pub(crate) async fn key_of(resolver: &Resolver, name: &[u8]) -> Result<PublicKey, (Verdict, &'static str)> {
    let texts = dns::texts(resolver, name).await.map_err(|_| (Verdict::TempError, "no key for now"))?;
    let mut failure = (Verdict::PermError, "no key for signature");
    for text in texts {
        match PublicKey::read(&text) {
            Ok(key) => return Ok(key),
            Err(why) => failure.1 = why,
        }
    }
    Err(failure)
}
