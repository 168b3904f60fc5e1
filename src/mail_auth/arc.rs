//! The chain of those who have handed a message on and said what they had found (RFC 8617).

use super::dkim::{Algorithm, Arrived, Field, Fields, Kind, Signature, key_of, put_field, put_unsigned};
use super::tags::{Tags, base64};
use super::verdict::Verdict;
use crate::net::Resolver;

/// RFC 8617, 4.2.1.
const MAX_SETS: usize = 50;

/// What one of them has added.
struct Set<'a> {
    results: Field<'a>,
    message: Field<'a>,
    seal: Field<'a>,
}

/// What is to be known of a seal.
struct Seal<'a> {
    algorithm: Algorithm,
    domain: &'a [u8],
    selector: &'a [u8],
    chain: &'a [u8],
    signature: Vec<u8>,
}

/// Is the chain whole?
pub(super) async fn verify(message: &Arrived, resolver: &Resolver, now: i64) -> Verdict {
    let fields = message.fields();
    let sets = match sets(&fields) {
        Ok(sets) if sets.is_empty() => return Verdict::None,
        Ok(sets) => sets,
        Err(()) => return Verdict::Fail,
    };
    let seals: Option<Vec<Seal<'_>>> = sets.iter().map(|set| seal(&set.seal)).collect();
    let Some(seals) = seals else { return Verdict::Fail };
    let says = |(at, seal): (usize, &Seal<'_>)| seal.chain == if at == 0 { &b"none"[..] } else { b"pass" };
    if !seals.iter().enumerate().all(says) {
        return Verdict::Fail;
    }
    let Some(last) = sets.last() else { return Verdict::None };
    let Ok(signature) = Signature::read(&last.message, Kind::Arc) else { return Verdict::Fail };
    match message.verify_one(resolver, &last.message, &signature, now).await.0 {
        Verdict::Pass => {}
        Verdict::TempError => return Verdict::TempError,
        _ => return Verdict::Fail,
    }
    for (at, seal) in seals.iter().enumerate().rev() {
        match verify_seal(resolver, &sets[..=at], seal).await {
            Verdict::Pass => {}
            other => return other,
        }
    }
    Verdict::Pass
}

/// The sets in the order of their numbers, each whole; an error where they are not.
fn sets<'a>(fields: &Fields<'a>) -> Result<Vec<Set<'a>>, ()> {
    let numbered = |name: &[u8]| {
        let mut found: Vec<(u64, Field<'a>)> = Vec::new();
        for field in fields.from_above(name) {
            let number = instance(field.value).ok_or(())?;
            found.push((number, field));
        }
        found.sort_by_key(|(number, _)| *number);
        let whole = found.iter().zip(1..).all(|((number, _), wanted)| *number == wanted);
        if whole && found.len() <= MAX_SETS { Ok(found) } else { Err(()) }
    };
    let results = numbered(b"arc-authentication-results")?;
    let messages = numbered(b"arc-message-signature")?;
    let seals = numbered(b"arc-seal")?;
    if results.len() != seals.len() || messages.len() != seals.len() {
        return Err(());
    }
    let all = results.into_iter().zip(messages).zip(seals);
    Ok(all
        .map(|((results, message), seal)| Set { results: results.1, message: message.1, seal: seal.1 })
        .collect())
}

/// `i=`; in the results it is the first tag, what follows is no list of tags.
fn instance(value: &[u8]) -> Option<u64> {
    let parts = value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let number = parts
        .filter_map(|part| part.strip_prefix(b"i"))
        .find_map(|rest| rest.trim_ascii_start().strip_prefix(b"="))?;
    std::str::from_utf8(number.trim_ascii()).ok()?.parse().ok()
}

fn seal<'a>(field: &Field<'a>) -> Option<Seal<'a>> {
    let tags = Tags::read(field.value)?;
    // nothing else is signed by a seal than what it always signs
    if tags.get("h").is_some() {
        return None;
    }
    Some(Seal {
        algorithm: Algorithm::named(tags.get("a")?)?,
        domain: tags.get("d")?,
        selector: tags.get("s")?,
        chain: tags.get("cv")?,
        signature: base64(tags.get("b")?)?,
    })
}

/// A seal signs all sets up to its own.
async fn verify_seal(resolver: &Resolver, sets: &[Set<'_>], seal: &Seal<'_>) -> Verdict {
    let mut text = Vec::new();
    for (at, set) in sets.iter().enumerate() {
        put_field(&set.results, &mut text);
        put_field(&set.message, &mut text);
        match at + 1 == sets.len() {
            true => put_unsigned(super::dkim::Form::Relaxed, &set.seal, &mut text),
            false => put_field(&set.seal, &mut text),
        }
    }
    let name = [seal.selector, b"._domainkey.", seal.domain].concat();
    match key_of(resolver, &name).await {
        Ok(key) if key.verify(seal.algorithm, &text, &seal.signature).is_ok() => Verdict::Pass,
        Err((Verdict::TempError, _)) => Verdict::TempError,
        _ => Verdict::Fail,
    }
}
