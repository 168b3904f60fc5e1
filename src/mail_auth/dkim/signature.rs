//! What a signature says of itself (RFC 6376, 3.5; RFC 8617, 4.1.2).

use super::canonical::Form;
use super::fields::Field;
use super::key::Algorithm;
use crate::mail_auth::tags::{Tags, base64};

/// A DKIM-Signature, or an ARC-Message-Signature.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signature {
    pub(super) algorithm: Algorithm,
    /// `d=`, in lower case.
    pub domain: Vec<u8>,
    /// `s=`
    pub selector: Vec<u8>,
    /// `i=`, the domain of it, in lower case.
    pub(super) identity: Vec<u8>,
    pub(super) names: Vec<Vec<u8>>,
    pub(super) body_hash: Vec<u8>,
    /// `b=`
    pub signature: Vec<u8>,
    pub(super) header_form: Form,
    pub(super) body_form: Form,
    /// `l=`
    pub(super) limit: Option<u64>,
    pub(super) expires: Option<u64>,
}

/// Which of the two it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Dkim,
    Arc,
}

impl Signature {
    /// Reads a field.
    ///
    /// # Errors
    /// Why it is none that can be checked.
    pub(crate) fn read(field: &Field<'_>, kind: Kind) -> Result<Self, &'static str> {
        let tags = Tags::read(field.value).ok_or("no list of tags")?;
        if kind == Kind::Dkim && tags.get("v") != Some(b"1") {
            return Err("unknown version");
        }
        let missing = "a tag is missing";
        let algorithm = tags.get("a").ok_or(missing)?;
        let algorithm = Algorithm::named(algorithm).ok_or("algorithm not accepted")?;
        let domain = tags.get("d").ok_or(missing)?.to_ascii_lowercase();
        let selector = tags.get("s").ok_or(missing)?.to_vec();
        if !is_name(&domain) || !is_name(&selector) {
            return Err("no domain");
        }
        let names: Vec<Vec<u8>> = tags.words("h").ok_or(missing)?.into_iter().map(<[u8]>::to_vec).collect();
        if !names.iter().any(|name| name.eq_ignore_ascii_case(b"from")) {
            return Err("From is not signed");
        }
        let (header_form, body_form) = forms(tags.get("c").unwrap_or(b"simple/simple"))?;
        let identity = match (kind, tags.get("i")) {
            // of ARC it is the number of the set
            (Kind::Arc, _) | (_, None) => domain.clone(),
            (Kind::Dkim, Some(identity)) => {
                let at = memchr::memrchr(b'@', identity).ok_or("no identity")?;
                identity[at + 1..].to_ascii_lowercase()
            }
        };
        if !is_below(&identity, &domain) {
            return Err("the identity is not of the domain");
        }
        if tags.get("q").is_some_and(|_| !tags.words("q").unwrap_or_default().contains(&&b"dns/txt"[..])) {
            return Err("unknown way to the key");
        }
        let number = |name| tags.number(name).transpose().map_err(|()| "no number");
        Ok(Self {
            algorithm,
            domain,
            selector,
            identity,
            names,
            body_hash: tags.get("bh").and_then(base64).ok_or(missing)?,
            signature: tags.get("b").and_then(base64).ok_or(missing)?,
            header_form,
            body_form,
            limit: number("l")?,
            expires: number("x")?,
        })
    }

    /// The name of its key.
    pub(super) fn key_name(&self) -> Vec<u8> {
        [&self.selector[..], b"._domainkey.", &self.domain].concat()
    }

    /// May only what belongs to the domain itself sign with the key (flag s)?
    pub(super) fn is_of_domain_itself(&self) -> bool {
        self.identity == self.domain
    }
}

/// Is it this domain, or one below it?
fn is_below(name: &[u8], domain: &[u8]) -> bool {
    name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with(b"."))
}

/// Something that may stand in a question.
fn is_name(name: &[u8]) -> bool {
    let label = |label: &[u8]| {
        !label.is_empty()
            && label.len() < 64
            && label.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte))
    };
    name.len() < 254 && name.split(|byte| *byte == b'.').all(label)
}

fn forms(text: &[u8]) -> Result<(Form, Form), &'static str> {
    let form = |name: &[u8]| match name {
        b"simple" => Ok(Form::Simple),
        b"relaxed" => Ok(Form::Relaxed),
        _ => Err("unknown canonicalization"),
    };
    match memchr::memchr(b'/', text) {
        Some(slash) => Ok((form(&text[..slash])?, form(&text[slash + 1..])?)),
        None => Ok((form(text)?, Form::Simple)),
    }
}

/// A field's value without what its `b=` holds.
pub(crate) fn without_signature(value: &[u8]) -> Vec<u8> {
    let parts = value.split(|byte| *byte == b';').map(|part| match memchr::memchr(b'=', part) {
        Some(equals) if part[..equals].trim_ascii() == b"b" => &part[..=equals],
        _ => part,
    });
    parts.collect::<Vec<_>>().join(&b';')
}
