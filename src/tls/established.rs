//! What came of a handshake, as macros and log lines show it.

use super::binding::ChannelBindings;
use super::certificate::CertificateNames;
use super::settings::Side;
use crate::config::Config;
use crate::engine::Scope;
use crate::logging::{Logger, Priority};

/// `${verify}` of a session under TLS.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Verify {
    /// The peer's certificate is signed by a CA that the site trusts.
    Ok,
    /// The peer was asked for a certificate and has shown none.
    #[default]
    No,
    /// It was not asked for one.
    Not,
    /// Its certificate is no good, and this is why.
    Fail(&'static str),
    /// A TLSA record names the peer's certificate.
    Trusted,
    /// None does, and this is why.
    DaneFail(&'static str),
}

impl Verify {
    /// As rules see it.
    pub fn as_bytes(self) -> &'static [u8] {
        match self {
            Self::Ok => b"OK",
            Self::No => b"NO",
            Self::Not => b"NOT",
            Self::Fail(_) => b"FAIL",
            Self::Trusted => b"TRUSTED",
            Self::DaneFail(_) => b"DANE_FAIL",
        }
    }

    /// Why, in the words of the log.
    pub fn message(self) -> &'static str {
        match self {
            Self::Fail(why) | Self::DaneFail(why) => why,
            _ => "ok",
        }
    }
}

/// What is known of a protected connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Established {
    pub(super) side: Side,
    /// `${tls_version}`
    pub version: &'static str,
    /// `${cipher}`
    pub cipher: &'static str,
    /// `${cipher_bits}` and `${alg_bits}`
    pub bits: u32,
    /// `${verify}`
    pub verify: Verify,
    /// The peer's certificate; nothing in it where there is none.
    pub certificate: CertificateNames,
    /// Its digest.
    pub(super) fingerprint: Vec<u8>,
    /// Is that `${cert_fp}`, and not `${cert_md5}`?
    pub(super) has_algorithm: bool,
    /// Is class `{cert_altnames}` to be filled?
    pub(super) alternatives: bool,
    /// What binds something to this session, where we are the server.
    pub bindings: ChannelBindings,
}

/// Macros of a session under TLS, but for `{verify}`, which there is without it, too.
const MACROS: &[&[u8]] = &[
    b"tls_version",
    b"cipher",
    b"cipher_bits",
    b"alg_bits",
    b"cert_subject",
    b"cert_issuer",
    b"cn_subject",
    b"cn_issuer",
    b"cert_md5",
    b"cert_fp",
];

/// Without TLS: only `${verify}` says something.
pub fn clear_macros(config: &Config, scope: &mut Scope, verify: &[u8]) {
    for name in MACROS {
        if let Some(id) = config.names.get(name) {
            scope.unset(id);
        }
    }
    scope.set_named(config, b"verify", verify);
}

/// Above this LogLevel the log has a line for every session under TLS.
const SESSION_LEVEL: u8 = 8;
/// Above this LogLevel the log names the certificate of every peer.
const CERTIFICATE_LEVEL: u8 = 11;

impl Established {
    /// Sets them.
    pub fn set_macros(&self, config: &Config, scope: &mut Scope) {
        let bits = self.bits.to_string().into_bytes();
        let Self { certificate: names, fingerprint, has_algorithm, .. } = self;
        let digests: [&[u8]; 2] = if *has_algorithm { [b"", fingerprint] } else { [fingerprint, b""] };
        let values: [&[u8]; 10] = [
            self.version.as_bytes(),
            self.cipher.as_bytes(),
            &bits,
            &bits,
            &names.subject,
            &names.issuer,
            &names.cn_subject,
            &names.cn_issuer,
            digests[0],
            digests[1],
        ];
        for (name, value) in MACROS.iter().zip(values) {
            scope.set_named(config, name, value);
        }
        scope.set_named(config, b"verify", self.verify.as_bytes());
        if self.alternatives {
            scope.set_cert_altnames(config, &names.alternatives);
        }
    }

    /// Tells the log; `relay` is the peer.
    pub fn log(&self, log: &Logger, relay: &[u8]) {
        let side = self.side.name();
        let Self { version, cipher, bits, verify, certificate: names, .. } = self;
        let shown = String::from_utf8_lossy(verify.as_bytes());
        let message = verify.message();
        let failed = matches!(verify, Verify::Fail(_) | Verify::DaneFail(_));
        if failed && log.level() <= SESSION_LEVEL {
            // who refuses such peers is to know why at every LogLevel
            let end = format!(", verify={shown}, verifymsg={message}");
            let text = [format!("STARTTLS={side}, relay=").as_bytes(), relay, end.as_bytes()].concat();
            log.log(0, Priority::Info, None, &text);
            return;
        }
        let text = [
            format!("STARTTLS={side}, relay=").as_bytes(),
            relay,
            format!(", version={version}, verify={shown}, cipher={cipher}, bits={bits}/{bits}").as_bytes(),
        ]
        .concat();
        log.log(SESSION_LEVEL, Priority::Info, None, &text);
        let level = if failed { SESSION_LEVEL } else { CERTIFICATE_LEVEL };
        let text = [
            format!("STARTTLS={side}, cert-subject=").as_bytes(),
            &names.subject,
            b", cert-issuer=",
            &names.issuer,
            format!(", verifymsg={message}").as_bytes(),
        ]
        .concat();
        log.log(level, Priority::Info, None, &text);
    }
}
