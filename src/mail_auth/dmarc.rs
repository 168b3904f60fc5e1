//! Is the author's domain who it says (DMARC, RFC 9989)? Its policy is found by walking up the DNS, so no list of public suffixes is needed.

use super::dns::{self, TryLater};
use super::tags::Tags;
use super::verdict::Verdict;
use crate::net::{Resolver, kind};

/// Questions of one walk (RFC 9989, 4.10).
const MAX_QUESTIONS: usize = 8;

/// What the domain wants done with mail that is not its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Policy {
    /// Nothing.
    #[default]
    None,
    /// It is to be looked at.
    Quarantine,
    /// It is to be refused.
    Reject,
}

impl Policy {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Quarantine => "quarantine",
            Self::Reject => "reject",
        }
    }

    fn named(name: &[u8]) -> Option<Self> {
        [Self::None, Self::Quarantine, Self::Reject]
            .into_iter()
            .find(|one| one.word().as_bytes().eq_ignore_ascii_case(name))
    }

    /// One step less: the domain only tries (`t=y`).
    fn milder(self) -> Self {
        match self {
            Self::Reject => Self::Quarantine,
            Self::Quarantine | Self::None => Self::None,
        }
    }
}

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Dmarc {
    /// The author's domain.
    pub domain: Vec<u8>,
    /// The result.
    pub verdict: Verdict,
    /// What the domain asks for.
    pub policy: Policy,
}

/// A record of `_dmarc.`.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Record {
    own: Policy,
    below: Option<Policy>,
    absent: Option<Policy>,
    strict_dkim: bool,
    strict_spf: bool,
    tries: bool,
    /// `psd=`: y, n or u.
    suffix: u8,
}

impl Record {
    fn read(text: &[u8]) -> Option<Self> {
        let tags = Tags::read(text)?;
        if tags.first() != Some((b"v", b"DMARC1")) {
            return None;
        }
        let policy = |name| tags.get(name).and_then(Policy::named);
        let is = |name, word: &[u8]| tags.get(name).is_some_and(|value| value.eq_ignore_ascii_case(word));
        Some(Self {
            own: policy("p").unwrap_or_default(),
            below: policy("sp"),
            absent: policy("np"),
            strict_dkim: is("adkim", b"s"),
            strict_spf: is("aspf", b"s"),
            tries: is("t", b"y"),
            suffix: tags.get("psd").and_then(<[u8]>::first).map_or(b'u', u8::to_ascii_lowercase),
        })
    }
}

/// The records from a name upwards, nearest first.
async fn walk(resolver: &Resolver, domain: &[u8]) -> Result<Vec<(Vec<u8>, Record)>, TryLater> {
    let mut found = Vec::new();
    let mut name = domain.to_vec();
    for _ in 0..MAX_QUESTIONS {
        let asked = [b"_dmarc.", &name[..]].concat();
        let texts = dns::texts(resolver, &asked).await?;
        let mut records = texts.iter().filter_map(|text| Record::read(text));
        // several are as good as none
        if let (Some(record), None) = (records.next(), records.next()) {
            let ends = record.suffix != b'u';
            found.push((name.clone(), record));
            if ends {
                break;
            }
        }
        let labels: Vec<&[u8]> = name.split(|byte| *byte == b'.').collect();
        // of a long name only the last seven labels are asked for
        let skipped = labels.len().saturating_sub(MAX_QUESTIONS - 1).max(1);
        if labels.len() <= skipped {
            break;
        }
        name = labels[skipped..].join(&b'.');
    }
    Ok(found)
}

/// The organizational domain of the name from which was walked (RFC 9989, 4.10.2).
fn organization(domain: &[u8], walked: &[(Vec<u8>, Record)]) -> Vec<u8> {
    let Some((top, record)) = walked.last() else { return domain.to_vec() };
    if record.suffix != b'y' || top == domain {
        return top.clone();
    }
    // one label below a public suffix
    let rest = domain.strip_suffix(&top[..]).and_then(|rest| rest.strip_suffix(b".")).unwrap_or_default();
    let label = rest.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    [label, b".", &top[..]].concat()
}

/// Domains that have been shown to be who they say: those of good signatures, and the sender's, if SPF says so.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Identifiers {
    /// `d=`, in lower case.
    pub dkim: Vec<Vec<u8>>,
    /// Of MAIL or HELO.
    pub spf: Option<Vec<u8>>,
    /// Something could not be found out for now.
    pub uncertain: bool,
}

/// Holds the authors' domains against what has been shown.
pub async fn dmarc(resolver: &Resolver, authors: &[Vec<u8>], shown: &Identifiers) -> Dmarc {
    match authors {
        [] => Dmarc::default(),
        [domain] => {
            let later = Dmarc { domain: domain.clone(), verdict: Verdict::TempError, policy: Policy::None };
            checked(resolver, domain, shown).await.unwrap_or(later)
        }
        // whose policy should count (RFC 9989, 5.3.1)?
        [first, ..] => Dmarc { domain: first.clone(), verdict: Verdict::PermError, policy: Policy::None },
    }
}

async fn checked(resolver: &Resolver, domain: &[u8], shown: &Identifiers) -> Result<Dmarc, TryLater> {
    let walked = walk(resolver, domain).await?;
    let organization = organization(domain, &walked);
    let own = walked.iter().find(|(name, _)| name == domain);
    let above = walked.iter().find(|(name, _)| *name == organization).or(walked.last());
    let mut found = Dmarc { domain: domain.to_vec(), ..Dmarc::default() };
    let Some((name, record)) = own.or(above) else { return Ok(found) };
    let policy = match name == domain {
        true => record.own,
        false => match record.absent {
            Some(absent) if !exists(resolver, domain).await? => absent,
            _ => record.below.unwrap_or(record.own),
        },
    };
    found.policy = if record.tries { policy.milder() } else { policy };
    let dkim = shown.dkim.iter().map(|name| (name, record.strict_dkim));
    let spf = shown.spf.iter().map(|name| (name, record.strict_spf));
    let mut uncertain = shown.uncertain;
    for (name, strict) in dkim.chain(spf) {
        match is_aligned(resolver, name, domain, (!strict).then_some(&organization)).await {
            Ok(true) => {
                found.verdict = Verdict::Pass;
                return Ok(found);
            }
            Ok(false) => {}
            Err(TryLater) => uncertain = true,
        }
    }
    found.verdict = if uncertain { Verdict::TempError } else { Verdict::Fail };
    Ok(found)
}

/// Is it the same domain, or of the same organization where that is enough?
async fn is_aligned(
    resolver: &Resolver,
    name: &[u8],
    domain: &[u8],
    of: Option<&Vec<u8>>,
) -> Result<bool, TryLater> {
    let name = name.to_ascii_lowercase();
    if name == domain {
        return Ok(true);
    }
    let Some(of) = of else { return Ok(false) };
    let below = name.strip_suffix(&of[..]).is_some_and(|rest| rest.is_empty() || rest.ends_with(b"."));
    Ok(below && organization(&name, &walk(resolver, &name).await?) == *of)
}

/// Is there anything at all by this name (RFC 9989, 3.2.14)?
async fn exists(resolver: &Resolver, name: &[u8]) -> Result<bool, TryLater> {
    for kind in [kind::MX, kind::A, kind::AAAA] {
        if !dns::records(resolver, name, kind).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn says(author: &str, dkim: &str, spf: &str) -> String {
        let rows = [
            ("_dmarc.site.example", "v=DMARC1; p=reject; sp=quarantine; np=reject"),
            ("_dmarc.strict.example", "v=DMARC1; p=reject; adkim=s; aspf=s"),
            ("_dmarc.tries.example", "v=DMARC1; p=reject; t=y"),
            ("_dmarc.twice.example", "v=DMARC1; p=reject"),
            ("_dmarc.twice.example", "v=DMARC1; p=none"),
            ("_dmarc.bank", "v=DMARC1; p=reject; psd=y"),
            ("_dmarc.own.bank", "v=DMARC1; p=none; psd=n"),
            ("_dmarc.odd.example", "v=DMARC1 p=reject"),
        ];
        let mut zone: Vec<_> =
            rows.iter().map(|(name, text)| (name.to_string(), "TXT".to_owned(), text.to_string())).collect();
        zone.push(("there.site.example".into(), "A".into(), "192.0.2.1".into()));
        zone.push(("_dmarc.later.example".into(), "TRYAGAIN".into(), String::new()));
        let list =
            |text: &str| text.split_whitespace().map(|name| name.as_bytes().to_vec()).collect::<Vec<_>>();
        let shown = Identifiers { dkim: list(dkim), spf: list(spf).pop(), uncertain: false };
        let found = dmarc(&Resolver::fixed(zone), &list(author), &shown).await;
        format!("{} {}", found.verdict.word(), found.policy.word())
    }

    #[tokio::test]
    async fn policies_and_alignment() {
        for (author, dkim, spf, wanted) in [
            ("site.example", "site.example", "", "pass reject"),
            ("site.example", "", "bounces.site.example", "pass reject"),
            ("site.example", "other.example", "", "fail reject"),
            ("site.example", "evilsite.example", "", "fail reject"),
            ("there.site.example", "", "", "fail quarantine"),
            ("gone.site.example", "", "", "fail reject"),
            ("there.site.example", "x.site.example", "", "pass quarantine"),
            ("strict.example", "x.strict.example", "x.strict.example", "fail reject"),
            ("strict.example", "", "strict.example", "pass reject"),
            ("tries.example", "", "", "fail quarantine"),
            ("twice.example", "", "", "none none"),
            ("a.bank", "b.bank", "", "fail reject"),
            ("x.a.bank", "a.bank", "", "pass reject"),
            ("own.bank", "", "", "fail none"),
            ("odd.example", "", "", "none none"),
            ("none.example", "", "", "none none"),
            ("later.example", "", "", "temperror none"),
            ("site.example other.example", "site.example", "", "permerror none"),
            ("", "", "", "none none"),
            ("a.b.c.d.e.f.g.h.i.site.example", "site.example", "", "pass reject"),
        ] {
            assert_eq!(says(author, dkim, spf).await, wanted, "{author} {dkim} {spf}");
        }
    }
}
