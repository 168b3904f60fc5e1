//! From a stream to a protected one.

use super::binding::{ChannelBindings, exporter};
use super::certificate::{CertificateNames, fingerprint};
use super::ciphers;
use super::dane::DaneProof;
use super::established::{Established, Verify};
use super::features::SessionFeatures;
use super::material::Material;
use super::settings::{Digest, Side};
use super::trust::Usage;
use rustls::pki_types::{IpAddr, ServerName, UnixTime};
use rustls::{AlertDescription, CommonState, Error, PeerIncompatible, ProtocolVersion};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

/// What TLS runs over.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// What one session wants to be otherwise than the options have it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Wish {
    /// Is the client asked for its certificate? `None`: as TLSSrvOptions has it.
    pub ask: Option<bool>,
    /// What a ruleset said.
    pub features: SessionFeatures,
    /// Is the server told by which name it is called (SNI, RFC 6066, 3)?
    pub named: bool,
    /// What proves who it is: these records (DANE); `None`: a CA that the site trusts.
    pub proof: Option<Arc<DaneProof>>,
    /// Is a log-in to be bound to the session? What binds it is worked out then only.
    pub bound: bool,
    /// The server that a client has called: it resumes sessions with that one only. `None`: none at all.
    pub server: Option<SocketAddr>,
}

/// Why there is no protected stream.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{reason}")]
pub struct HandshakeError {
    /// In OpenSSL's words where it has any.
    pub reason: String,
}

/// Where Timeout.starttls is 0.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(3600);

impl Material {
    /// Answers a client's handshake.
    ///
    /// # Errors
    /// There is no session; nothing can be read or written any more.
    pub async fn accept<S: Stream>(
        &self,
        wish: &Wish,
        stream: S,
    ) -> Result<(TlsStream<S>, Established), HandshakeError> {
        let ask = wish.ask.unwrap_or(self.settings.ask);
        let protocols = wish.features.applied(self.settings.protocols);
        let config = self.server_config(&protocols, ask).map_err(|error| failed(&error))?;
        let handshake = TlsAcceptor::from(config).accept(stream);
        let stream = limited(self.limit(), handshake).await?;
        let session = stream.get_ref().1;
        let bindings = match wish.bound {
            true => ChannelBindings { exporter: exporter(session), end_point: self.end_point.clone() },
            false => ChannelBindings::default(),
        };
        let established = Established { bindings, ..self.established(session, ask, None) };
        Ok((stream.into(), established))
    }

    /// Begins a handshake with a server of this name.
    ///
    /// # Errors
    /// There is no session; nothing can be read or written any more.
    pub async fn connect<S: Stream>(
        &self,
        wish: &Wish,
        name: &[u8],
        stream: S,
    ) -> Result<(TlsStream<S>, Established), HandshakeError> {
        let protocols = wish.features.applied(self.settings.protocols);
        // the name that the records are about, if the host is an alias (RFC 7672, 8.1)
        let name = wish.proof.as_ref().and_then(|proof| proof.names.first()).map_or(name, |base| base);
        let config =
            self.client_config(&protocols, wish.named, wish.server).map_err(|error| failed(&error))?;
        let handshake = TlsConnector::from(Arc::new(config)).connect(server_name(name), stream);
        let stream = limited(self.limit(), handshake).await?;
        let established = self.established(stream.get_ref().1, true, wish.proof.as_deref());
        Ok((stream.into(), established))
    }

    fn limit(&self) -> Duration {
        if self.settings.timeout.is_zero() { DEFAULT_TIMEOUT } else { self.settings.timeout }
    }

    fn established(&self, state: &CommonState, asked: bool, proof: Option<&DaneProof>) -> Established {
        let settings = &self.settings;
        let suite = state.negotiated_cipher_suite().and_then(|suite| ciphers::find(suite.suite()));
        let chain = state.peer_certificates().unwrap_or_default();
        let usage = if settings.side == Side::Server { Usage::Client } else { Usage::Server };
        let verify = match (chain.is_empty(), asked) {
            (true, true) => Verify::No,
            (true, false) => Verify::Not,
            (false, _) => match proof {
                Some(proof) => match proof.verify(chain, UnixTime::now()) {
                    Ok(()) => Verify::Trusted,
                    Err(why) => Verify::DaneFail(why),
                },
                None => match self.trust.verify(chain, usage, UnixTime::now()) {
                    Ok(()) => Verify::Ok,
                    Err(why) => Verify::Fail(why),
                },
            },
        };
        let digest = settings.fingerprint.unwrap_or(Digest::Md5);
        Established {
            side: settings.side,
            version: match state.protocol_version() {
                Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
                _ => "TLSv1.2",
            },
            cipher: suite.map_or("", |suite| suite.name),
            bits: suite.map_or(0, |suite| suite.bits),
            verify,
            certificate: chain.first().and_then(|first| CertificateNames::of(first)).unwrap_or_default(),
            fingerprint: chain.first().map(|own| fingerprint(own, digest)).unwrap_or_default(),
            has_algorithm: settings.fingerprint.is_some(),
            alternatives: settings.alternatives,
            bindings: ChannelBindings::default(),
        }
    }
}

async fn limited<T>(limit: Duration, work: impl Future<Output = io::Result<T>>) -> Result<T, HandshakeError> {
    match timeout(limit, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(HandshakeError { reason: reason(&error) }),
        Err(_) => Err(HandshakeError { reason: String::from("timeout") }),
    }
}

fn failed(error: &Error) -> HandshakeError {
    HandshakeError { reason: error.to_string() }
}

/// By what name sessions are kept for the next time; a server is told none.
fn server_name(name: &[u8]) -> ServerName<'static> {
    let name = name.strip_suffix(b".").unwrap_or(name);
    let text = String::from_utf8_lossy(name).into_owned();
    ServerName::try_from(text).unwrap_or(ServerName::IpAddress(IpAddr::V4([0, 0, 0, 0].into())))
}

/// Alerts of the peer, as OpenSSL names them.
const ALERTS: &[(AlertDescription, &str)] = &[
    (AlertDescription::UnknownCA, "tlsv1 alert unknown ca"),
    (AlertDescription::ProtocolVersion, "tlsv1 alert protocol version"),
    (AlertDescription::DecryptError, "tlsv1 alert decrypt error"),
    (AlertDescription::InternalError, "tlsv1 alert internal error"),
    (AlertDescription::AccessDenied, "tlsv1 alert access denied"),
    (AlertDescription::UnrecognisedName, "tlsv1 unrecognized name"),
    (AlertDescription::HandshakeFailure, "sslv3 alert handshake failure"),
    (AlertDescription::BadCertificate, "sslv3 alert bad certificate"),
    (AlertDescription::CertificateExpired, "sslv3 alert certificate expired"),
    (AlertDescription::CertificateRevoked, "sslv3 alert certificate revoked"),
    (AlertDescription::CertificateUnknown, "sslv3 alert certificate unknown"),
    (AlertDescription::UnexpectedMessage, "sslv3 alert unexpected message"),
    (AlertDescription::IllegalParameter, "sslv3 alert illegal parameter"),
];

fn reason(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return String::from("unexpected eof while reading");
    }
    let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
        return crate::sys::errno_text(error);
    };
    match inner {
        Error::InvalidMessage(_) => String::from("wrong version number"),
        Error::PeerIncompatible(
            PeerIncompatible::NoCipherSuitesInCommon | PeerIncompatible::NoSignatureSchemesInCommon,
        ) => String::from("no shared cipher"),
        Error::PeerIncompatible(
            PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled
            | PeerIncompatible::Tls13RequiredForQuic
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => String::from("unsupported protocol"),
        Error::AlertReceived(alert) => match ALERTS.iter().find(|(known, _)| known == alert) {
            Some((_, words)) => (*words).into(),
            None => inner.to_string(),
        },
        // none of our certificates has a key that the client can use
        Error::General(text) if text.contains("no server certificate") => String::from("no shared cipher"),
        other => other.to_string(),
    }
}
