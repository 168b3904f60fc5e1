//! What rulesets `tls_srv_features` and `tls_clt_features` say of one session: `Options=…; CipherList=…`.

use super::words::Protocols;

/// What is to be otherwise in one session.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SessionFeatures {
    options: Vec<u8>,
    list: Option<Vec<u8>>,
    suites: Option<Vec<u8>>,
}

/// Why a ruleset's answer cannot be followed, in the words of the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FeatureError(pub Vec<u8>);

/// One key.
type Setter = fn(&mut SessionFeatures, &[u8]);

/// The keys, without ASCII case. Flags are for DANE and CRLs, which are not asked for by session yet.
const KEYS: &[(&str, Setter)] = &[
    ("Options", |features, value| features.options = value.to_vec()),
    ("CipherList", |features, value| features.list = Some(value.to_vec())),
    ("CipherSuites", |features, value| features.suites = Some(value.to_vec())),
    ("Flags", |_, _| ()),
];
/// Keys of files, which must be named in the configuration itself.
const FILES: [&str; 2] = ["CertFile", "KeyFile"];

impl SessionFeatures {
    /// Reads an answer. `parsed` is told each key and value, for the log.
    ///
    /// # Errors
    /// The session must not begin.
    pub fn parse(answer: &[u8], parsed: &mut dyn FnMut(&[u8])) -> Result<Self, FeatureError> {
        let text = answer.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(answer);
        let (mut features, mut files) = (Self::default(), [false; 2]);
        for item in text.split(|byte| *byte == b';').map(<[u8]>::trim_ascii).filter(|item| !item.is_empty()) {
            let Some(equals) = item.iter().position(|byte| *byte == b'=') else {
                return Err(FeatureError([b"invalid_syntax, opt=", item].concat()));
            };
            parsed(item);
            let (key, value) = (item[..equals].trim_ascii(), item[equals + 1..].trim_ascii());
            let is = |name: &str| name.as_bytes().eq_ignore_ascii_case(key);
            if let Some((_, set)) = KEYS.iter().find(|(name, _)| is(name)) {
                set(&mut features, value);
            } else if let Some(file) = FILES.iter().position(|name| is(name)) {
                files[file] = true;
            } else {
                return Err(FeatureError([b"unknown_option, opt=", key].concat()));
            }
        }
        match files {
            [false, false] => Ok(features),
            [true, true] => Err(FeatureError(b"CertFile/KeyFile_not_supported".to_vec())),
            _ => Err(FeatureError(b"only_one_of_CertFile/KeyFile_specified".to_vec())),
        }
    }

    /// Versions and ciphers of the session.
    pub(super) fn applied(&self, mut protocols: Protocols) -> Protocols {
        protocols.apply_options(&self.options);
        protocols.apply_lists(self.list.as_deref(), self.suites.as_deref());
        protocols
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        let refused = SessionFeatures::parse(text.as_bytes(), &mut |_| ()).expect_err("refused");
        String::from_utf8(refused.0).expect("text")
    }

    #[test]
    fn answers_of_rulesets() {
        let mut seen = Vec::new();
        let text = b"\"options=SSL_OP_NO_TLSv1_3; CipherList=ECDHE-RSA-AES128-GCM-SHA256;\"";
        let features = SessionFeatures::parse(text, &mut |item| seen.push(item.len())).expect("read");
        assert_eq!(seen, [25, 38]);
        let protocols = features.applied(Protocols::default());
        assert_eq!(protocols.ciphers().count(), 1);
        assert_eq!(SessionFeatures::parse(b"\"\"", &mut |_| ()), Ok(SessionFeatures::default()));
    }

    #[test]
    fn what_cannot_be_followed() {
        assert_eq!(error("nonsense"), "invalid_syntax, opt=nonsense");
        assert_eq!(error("Bad=x; Options=y"), "unknown_option, opt=Bad");
        assert_eq!(error("CertFile=/x"), "only_one_of_CertFile/KeyFile_specified");
    }
}
