//! What all checks of a message have come to, as a field for those who read it (RFC 8601) and as words for rules and log.

use super::dkim::Verified;
use super::dmarc::Dmarc;
use super::verdict::Verdict;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Of one message.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Results {
    /// SPF of the sender; of HELO where there is no sender.
    pub spf: Verdict,
    /// SPF of HELO.
    pub spf_helo: Verdict,
    /// The sender, without brackets; empty for `<>`.
    pub sender: Vec<u8>,
    /// What the client calls itself.
    pub helo: Vec<u8>,
    /// Each signature.
    pub dkim: Vec<Verified>,
    /// The author.
    pub dmarc: Dmarc,
    /// The chain.
    pub arc: Verdict,
}

/// The name of the field.
pub const FIELD: &[u8] = b"Authentication-Results";

impl Results {
    /// One word for all signatures: the best that is there.
    pub fn dkim_verdict(&self) -> Verdict {
        let order = [Verdict::Pass, Verdict::TempError, Verdict::Fail, Verdict::PermError];
        let has = |wanted: &Verdict| self.dkim.iter().any(|one| one.verdict == *wanted);
        order.into_iter().find(has).unwrap_or_default()
    }

    /// Whose signature that is (`d=`); the author's first.
    pub fn dkim_domain(&self) -> &[u8] {
        let verdict = self.dkim_verdict();
        let of = |one: &Verified| one.verdict == verdict;
        let domains = self.dkim.iter().filter(|one| of(one)).filter_map(|one| one.signature.as_ref());
        let mut domains: Vec<&[u8]> = domains.map(|signature| &signature.domain[..]).collect();
        domains.sort_by_key(|domain| *domain != self.dmarc.domain);
        domains.first().copied().unwrap_or_default()
    }

    /// Macros for rules: `${spf}`, `${spf_helo}`, `${dkim}`, `${dkim_domain}`, `${dmarc}`, `${dmarc_domain}`, `${dmarc_policy}`, `${arc}`.
    pub fn macros(&self) -> [(&'static str, &[u8]); 8] {
        let word = |verdict: Verdict| verdict.word().as_bytes();
        [
            ("spf", word(self.spf)),
            ("spf_helo", word(self.spf_helo)),
            ("dkim", word(self.dkim_verdict())),
            ("dkim_domain", self.dkim_domain()),
            ("dmarc", word(self.dmarc.verdict)),
            ("dmarc_domain", &self.dmarc.domain),
            ("dmarc_policy", self.dmarc.policy.word().as_bytes()),
            ("arc", word(self.arc)),
        ]
    }

    /// The value of the field, in lines ending in LF but the last.
    pub fn field(&self, authserv_id: &[u8]) -> Vec<u8> {
        let mut parts = vec![[b" ", authserv_id].concat()];
        let mut sender = format!("spf={}", self.spf.word()).into_bytes();
        match self.sender.is_empty() {
            true => put(&mut sender, "smtp.helo", &self.helo),
            false => put(&mut sender, "smtp.mailfrom", &self.sender),
        }
        parts.push(sender);
        parts.extend(self.dkim.iter().map(signature));
        if self.dkim.is_empty() {
            parts.push(b"dkim=none".to_vec());
        }
        let mut author = format!("dmarc={}", self.dmarc.verdict.word()).into_bytes();
        if self.dmarc.verdict != Verdict::None {
            author.extend_from_slice(format!(" (p={})", self.dmarc.policy.word()).as_bytes());
        }
        put(&mut author, "header.from", &self.dmarc.domain);
        parts.push(author);
        parts.push(format!("arc={}", self.arc.word()).into_bytes());
        parts.join(&b";\n\t"[..])
    }

    /// The same for the log.
    pub fn log_line(&self) -> Vec<u8> {
        let words = self.macros().map(|(name, value)| [name.as_bytes(), b"=", value].concat());
        [b"mail_auth: ", &words.join(&b", "[..])[..]].concat()
    }
}

fn signature(one: &Verified) -> Vec<u8> {
    let mut text = format!("dkim={}", one.verdict.word()).into_bytes();
    if !one.reason.is_empty() {
        text.extend_from_slice(format!(" ({})", one.reason).as_bytes());
    }
    if let Some(signature) = &one.signature {
        put(&mut text, "header.d", &signature.domain);
        put(&mut text, "header.s", &signature.selector);
        // tells signatures of one domain apart (RFC 6008)
        let shown: String = STANDARD.encode(&signature.signature).chars().take(8).collect();
        text.extend_from_slice(format!(" header.b=\"{shown}\"").as_bytes());
    }
    text
}

/// ` name=value`, if the value is one that may stand there.
fn put(text: &mut Vec<u8>, name: &str, value: &[u8]) {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"@._-+=[]:".contains(byte);
    if !value.is_empty() && value.iter().all(fits) {
        let quote: &[u8] = if value.iter().any(|byte| b"=[]:".contains(byte)) { b"\"" } else { b"" };
        text.extend([b" ", name.as_bytes(), b"=", quote, value, quote].concat());
    }
}

/// Does a field of this name bear our name? Nobody but us may speak under it (RFC 8601, 5).
pub fn is_forged(value: &[u8], authserv_id: &[u8]) -> bool {
    let mut rest = value.trim_ascii();
    while let Some(comment) = rest.strip_prefix(b"(") {
        let end = memchr::memchr(b')', comment).map_or(comment.len(), |at| at + 1);
        rest = comment[end..].trim_ascii_start();
    }
    let end = rest
        .iter()
        .position(|byte| byte.is_ascii_whitespace() || b";(/".contains(byte))
        .unwrap_or(rest.len());
    let name = rest[..end].strip_prefix(b"\"").unwrap_or(&rest[..end]);
    name.strip_suffix(b"\"").unwrap_or(name).eq_ignore_ascii_case(authserv_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field() {
        let results = Results {
            spf: Verdict::Fail,
            sender: b"ann@site.example".to_vec(),
            dkim: vec![Verified { signature: None, verdict: Verdict::PermError, reason: "unknown version" }],
            dmarc: Dmarc {
                domain: b"site.example".to_vec(),
                verdict: Verdict::Fail,
                policy: super::super::dmarc::Policy::Reject,
            },
            ..Results::default()
        };
        let field = String::from_utf8(results.field(b"mail.example")).expect("text");
        let wanted = " mail.example;\n\tspf=fail smtp.mailfrom=ann@site.example;\n\tdkim=permerror (unknown version);\n\tdmarc=fail (p=reject) header.from=site.example;\n\tarc=none";
        assert_eq!(field, wanted);
        let odd = Results { sender: b"\"a;b\"@x".to_vec(), helo: b"x; y".to_vec(), ..Results::default() };
        assert!(odd.field(b"m").starts_with(b" m;\n\tspf=none;\n\tdkim=none;"));
    }

    #[test]
    fn our_name() {
        for ours in [
            " mail.example; x",
            "\n\t(a comment) Mail.Example 1; x",
            "mail.example",
            "mail.example/1; x",
            "\"mail.example\"; x",
        ] {
            assert!(is_forged(ours.as_bytes(), b"mail.example"), "{ours}");
        }
        for other in ["", "other.example; mail.example", "xmail.example; x", "(mail.example) other"] {
            assert!(!is_forged(other.as_bytes(), b"mail.example"), "{other}");
        }
    }
}
