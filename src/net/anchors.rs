//! Keys from which answers are validated: those of the DNS root, or of a file (option DNSSECTrustAnchor).

use crate::config::{Config, Unsupported};
use crate::sys::{accounts, errno_text};
use hickory_proto::dnssec::{TrustAnchors, Verifier};
use hickory_proto::rr::Name;
use hickory_proto::serialize::txt::trust_anchor::{Entry, Parser};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// The value of the option for the keys that IANA has published for the root (RFC 7958), as they are built in.
const ROOT: &[u8] = b"root";
/// What to write instead.
pub const ANCHOR_HELP: &str = "write root for the keys of the DNS root, or name a file with a DNSKEY record on each line, such as \
     /usr/share/dns/root.key; until then no answer counts as validated, and mail that wants DANE waits";

/// Keys that are trusted without anybody's word, and of which zones they are.
#[derive(Clone)]
pub struct Anchors {
    keys: Arc<TrustAnchors>,
    zones: Vec<Name>,
}

/// Why there are no keys.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AnchorFault {
    /// The file that the option names.
    pub file: PathBuf,
    /// Its line, from 1, and the text of that; `None`: the file as a whole.
    pub line: Option<(u32, String)>,
    /// What is wrong with it.
    pub why: String,
}

impl fmt::Display for AnchorFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, why } = self;
        match line {
            Some((number, _)) => write!(out, "{}: line {number}: {why}", file.display()),
            None => write!(out, "{}: {why}", file.display()),
        }
    }
}

impl fmt::Debug for Anchors {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Anchors").field("zones", &self.zones).finish_non_exhaustive()
    }
}

impl Anchors {
    /// As the options say; none where nobody asks what has been validated. Of keys that cannot be read nothing is left with
    /// which anything below the root could be validated.
    pub fn of(config: &Config) -> Option<Self> {
        let value = config.options.dnssec_trust_anchor.as_deref()?;
        config.options.tlsa_records.then(|| Self::named(value).unwrap_or_else(|_| Self::none()))
    }

    fn named(value: &[u8]) -> Result<Self, AnchorFault> {
        if value.eq_ignore_ascii_case(ROOT) {
            return Ok(Self { keys: Arc::default(), zones: vec![Name::root()] });
        }
        let file = accounts::path(value);
        let fault = |line, why| AnchorFault { file: file.clone(), line, why };
        let text = std::fs::read_to_string(&file).map_err(|error| fault(None, errno_text(&error)))?;
        Self::parse(&text).map_err(|(line, why)| {
            let line = line.map(|number| (number, text.lines().nth(number as usize - 1)));
            fault(line.map(|(number, text)| (number, text.unwrap_or_default().to_owned())), why)
        })
    }

    fn none() -> Self {
        Self { keys: Arc::new(TrustAnchors::empty()), zones: vec![Name::root()] }
    }

    /// A DNSKEY record on each line, as `dnssec-keygen` and unbound-anchor write them; behind `;` are comments.
    ///
    /// # Errors
    /// Which line is none, and why; or that there is no key at all.
    pub(super) fn parse(text: &str) -> Result<Self, (Option<u32>, String)> {
        let (mut keys, mut zones) = (TrustAnchors::empty(), Vec::new());
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.split(';').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            let wrong = |why: String| (Some(number), why);
            for entry in Parser::new(line).parse().map_err(|error| wrong(error.to_string()))? {
                let Entry::DNSKEY(record) = entry else { continue };
                let key = record.data().key().map_err(|error| wrong(error.to_string()))?;
                keys.insert_with_name(&*key, record.name().into());
                zones.push(record.name().clone());
            }
        }
        if zones.is_empty() {
            return Err((None, "there is no DNSKEY record in it".into()));
        }
        Ok(Self { keys: Arc::new(keys), zones })
    }

    /// The keys themselves.
    pub(super) fn keys(&self) -> Arc<TrustAnchors> {
        self.keys.clone()
    }

    /// Can anything be known of this name? Of others nobody says whether they are signed (RFC 4035, 4.3: indeterminate).
    pub(super) fn cover(&self, name: &Name) -> bool {
        self.zones.iter().any(|zone| zone.zone_of(name))
    }
}

/// What is wrong with option DNSSECTrustAnchor.
pub fn anchor_fault(config: &Config) -> Option<AnchorFault> {
    Anchors::named(config.options.dnssec_trust_anchor.as_deref()?).err()
}

/// The same for a daemon, which it does not stop.
pub fn warning(config: &Config) -> Option<Unsupported> {
    let why = anchor_fault(config)?;
    let cf_line = b"O DNSSECTrustAnchor=".to_vec();
    Some(Unsupported { message: format!("DNSSECTrustAnchor: {why}"), help: ANCHOR_HELP, cf_line, nth: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "example. IN DNSKEY 257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==";

    #[test]
    fn keys_of_a_file() {
        let name = |text: &str| Name::from_ascii(text).expect("a name");
        let anchors = Anchors::parse(&format!("; of 2026\n\n{KEY} ; key id = 2371\n")).expect("a key");
        assert!(anchors.cover(&name("mx.Example.")) && !anchors.cover(&name("org.")));
        let wrong = |text: &str| Anchors::parse(text).expect_err("no keys");
        assert_eq!(wrong("; none\n"), (None, "there is no DNSKEY record in it".into()));
        let second = wrong(&format!("{KEY}\nexample. IN DS 1 13 2 00\n"));
        assert_eq!(second.0, Some(2), "{second:?}");
        assert_eq!(wrong("example. IN DNSKEY 257 3 13 @@@@\n").0, Some(1));
    }

    #[test]
    fn the_option_names_them() {
        let mut config = Config::default();
        assert!(Anchors::of(&config).is_none() && warning(&config).is_none());
        config.options.dnssec_trust_anchor = Some(b"root".to_vec());
        assert!(Anchors::of(&config).is_none(), "nobody asks for DANE");
        config.options.tlsa_records = true;
        assert!(Anchors::of(&config).is_some_and(|anchors| !anchors.keys.is_empty()));
        assert!(warning(&config).is_none());
        config.options.dnssec_trust_anchor = Some(b"/nowhere/root.key".to_vec());
        let anchors = Anchors::of(&config).expect("validation");
        assert!(
            anchors.keys.is_empty() && anchors.cover(&Name::root()),
            "nothing is validated, nothing believed"
        );
        assert!(warning(&config).is_some_and(|found| found.message.contains("/nowhere/root.key")));
    }
}
