//! What a connection must be like, and what one has come to.

use super::sts::{Mode, StsPolicy};
use crate::schema::EnhancedStatus;
use crate::tls::{DaneProof, Established, Verify};
use std::sync::Arc;

/// A domain that mail is for: what of the way to its hosts may be believed.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Domain {
    /// Its name, or that of a host that the configuration names.
    pub name: Vec<u8>,
    /// Are its hosts those that it has itself named: its MX records have been validated, or there are none?
    pub secure: bool,
    /// Are they asked for their TLSA records?
    pub(super) tlsa: bool,
    /// Its MTA-STS policy.
    pub(super) sts: Option<Arc<StsPolicy>>,
    /// Why it has announced one, and there is none.
    pub(super) no_policy: Option<NoPolicy>,
    /// What the site itself wants of its hosts.
    pub(super) must: Option<Must>,
}

/// What the site itself wants of a domain's hosts, whatever the domain says; the stricter one counts more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Must {
    /// TLS, with whomever.
    Tls,
    /// TLSA records that prove who they are.
    Dane,
}

impl Domain {
    /// Does the site itself want something of its hosts? Then nobody else gets the mail who does not have it.
    pub fn is_insisted_on(&self) -> bool {
        self.must.is_some()
    }

    /// Why DANE, where the site insists on it, is not to be had; `tlsa`: what a host's records want.
    pub(super) fn lacks_dane(&self, tlsa: Option<&NextHopPolicy>) -> Option<&'static str> {
        if self.must != Some(Must::Dane) {
            return None;
        }
        match tlsa {
            _ if !self.tlsa => Some("DANE is required, and option TLSARecords is not set"),
            _ if !self.secure => Some("DANE is required, and the MX records of the domain are not validated"),
            None => Some("DANE is required, and the host has no TLSA records that are validated"),
            Some(NextHopPolicy::Dane(None)) => {
                Some("DANE is required, and none of the TLSA records is of use")
            }
            Some(_) => None,
        }
    }
}

/// Why the policy that a domain announces cannot be had.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct NoPolicy {
    /// As reports call it (RFC 8460, 4.3.2.2): `sts-policy-fetch-error`, `sts-policy-invalid`, `sts-webpki-invalid`.
    pub(super) result_type: &'static str,
    /// For the log, and for who gets the report.
    pub(super) why: String,
}

/// What TLS a next hop must have, and why.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum NextHopPolicy {
    /// Nobody wants any: what rulesets and options say counts alone.
    #[default]
    None,
    /// The same, but who the host is can be proved: its name is the domain's own word.
    Named,
    /// The site insists on TLS, with whomever; `named`: who the host is can be proved, as in [`Self::Named`].
    Site {
        /// Is its name the domain's own word?
        named: bool,
    },
    /// The domain's MTA-STS policy: a certificate in the host's name, of a CA that the site trusts.
    Sts {
        /// Whose policy it is.
        domain: Vec<u8>,
        /// What it is wanted for.
        mode: Mode,
        /// Does it name the host?
        listed: bool,
    },
    /// The host's TLSA records. `None`: there are some, but none that is of any use: TLS, with whomever (RFC 7672, 2.2).
    Dane(Option<Arc<DaneProof>>),
}

/// Why a policy is not met.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unmet {
    /// In words, without an address.
    pub reason: String,
    /// 4.7.x, or 4.4.3 where the DNS does not answer.
    pub status: EnhancedStatus,
}

/// Security features not supported (RFC 3463, 3.8).
const NO_TLS: EnhancedStatus = EnhancedStatus(4, 7, 4);
/// Cryptographic failure.
const NO_PROOF: EnhancedStatus = EnhancedStatus(4, 7, 5);

impl Unmet {
    pub(super) fn unproven(reason: String) -> Self {
        Self { reason, status: NO_PROOF }
    }
}

/// What a connection has come to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Judgement {
    /// What is missing; it stops the mail only where the policy is mandatory.
    pub unmet: Option<Unmet>,
    /// The server has proved that it is the one that the domain has named.
    pub proven: bool,
}

impl NextHopPolicy {
    /// Does mail wait where it is not met?
    pub fn is_mandatory(&self) -> bool {
        match self {
            Self::None | Self::Named => false,
            Self::Sts { mode, .. } => *mode == Mode::Enforce,
            Self::Dane(_) | Self::Site { .. } => true,
        }
    }

    /// Is the server told which name it is called by (RFC 8461, 4.1; RFC 7672, 8.1)?
    pub fn names_server(&self) -> bool {
        *self != Self::None
    }

    /// What proves who the server is, if that is no CA.
    pub fn proof(&self) -> Option<Arc<DaneProof>> {
        match self {
            Self::Dane(proof) => proof.clone(),
            Self::None | Self::Named | Self::Site { .. } | Self::Sts { .. } => None,
        }
    }

    /// Is it the domain's own, which it may want to hear of?
    pub fn is_the_domains(&self) -> bool {
        !matches!(self, Self::Site { .. })
    }

    /// For the log: `sts, domain=site.example, mode=enforce`.
    pub fn shown(&self) -> Vec<u8> {
        match self {
            Self::None | Self::Named => b"none".to_vec(),
            Self::Sts { domain, mode, .. } => {
                [b"sts, domain=", &domain[..], b", mode=", mode.name().as_bytes()].concat()
            }
            Self::Site { .. } => b"site".to_vec(),
            Self::Dane(_) => b"dane".to_vec(),
        }
    }

    /// As reports show it (RFC 8460, 4.4): its type, its text, the hosts that it names.
    pub(super) fn shown_in_reports(&self, domain: &Domain) -> (&'static str, Vec<String>, Vec<String>) {
        match (self, &domain.sts) {
            (Self::Dane(proof), _) => {
                let records = proof.iter().flat_map(|proof| &proof.records);
                ("tlsa", records.map(ToString::to_string).collect(), Vec::new())
            }
            (Self::Sts { .. } | Self::Site { .. }, Some(policy)) => ("sts", policy.lines(), policy.hosts()),
            _ => ("no-policy-found", Vec::new(), Vec::new()),
        }
    }

    /// What has come of a connection to this host; `established`: its TLS, if it has any.
    pub fn judge(&self, host: &[u8], established: Option<&Established>) -> Judgement {
        let failed = |unmet| Judgement { unmet: Some(unmet), proven: false };
        let Some(established) = established else {
            let unmet = Unmet { reason: "no TLS".into(), status: NO_TLS };
            let wants = !matches!(self, Self::None | Self::Named);
            return Judgement { unmet: wants.then_some(unmet), proven: false };
        };
        match self {
            Self::None | Self::Dane(None) | Self::Site { named: false } => {
                Judgement { unmet: None, proven: false }
            }
            Self::Named | Self::Site { named: true } => {
                Judgement { unmet: None, proven: certified(host, established).is_ok() }
            }
            Self::Dane(Some(_)) if established.verify == Verify::Trusted => {
                Judgement { unmet: None, proven: true }
            }
            Self::Dane(Some(_)) => failed(Unmet::unproven(established.verify.message().into())),
            Self::Sts { listed: false, .. } => failed(Unmet::unproven("the policy does not name it".into())),
            Self::Sts { .. } => match certified(host, established) {
                Ok(()) => Judgement { unmet: None, proven: true },
                Err(why) => failed(Unmet::unproven(why.into())),
            },
        }
    }
}

/// Has a CA that the site trusts certified the host's name?
///
/// # Errors
/// Why not.
pub(super) fn certified(host: &[u8], established: &Established) -> Result<(), &'static str> {
    match established.verify {
        Verify::Ok if established.certificate.bears(host) => Ok(()),
        Verify::Ok => Err("hostname mismatch"),
        Verify::No | Verify::Not => Err("no certificate"),
        verify => Err(verify.message()),
    }
}
