//! Transport Layer Security: STARTTLS on both sides (RFC 3207), SMTP over TLS from the first byte (RFC 8314).
//!
//! In: what the options name (files come through the keeper, which alone may read keys), and a stream. Out: a stream
//! that is protected, and an [`Established`]: version, cipher, what was found about the peer's certificate, its names,
//! all of it in the form of sendmail's macros and log lines. Never here: decisions. A certificate that is no good
//! ends no handshake: it is written down, and rulesets judge.
//!
//! - `settings`: the options, read once; `words`: cipher lists and SSL_OP words; `ciphers`: names of ciphers;
//!   [`warnings()`]: what of them does not come true
//! - [`Tls`] (`store`): certificates and keys as they are on disk now; `material`: made ready for use
//! - `trust`: which CAs are trusted, and is a chain good; `hashed`: directories of CAs and lists; `accept`: verifiers that let every certificate pass
//! - `dane`: does a TLSA record name a certificate?
//! - `handshake`: from a stream to a protected one; [`Established`]: what came of it; `certificate`: names in it; `binding`: what
//!   binds an exchange of SASL to it
//! - `sessions`: those that a client may resume
//! - `features`: what rulesets say of one session (`tls_srv_features`, `tls_clt_features`)

mod accept;
mod binding;
mod certificate;
mod ciphers;
mod dane;
mod established;
mod features;
mod handshake;
mod hashed;
mod material;
mod sessions;
mod settings;
mod store;
#[cfg(test)]
mod tests;
mod trust;
mod warnings;
mod words;

pub use binding::ChannelBindings;
pub use certificate::CertificateNames;
pub use dane::{DaneProof, TlsaRecord};
pub use established::{Established, Verify, clear_macros};
pub use features::{FeatureError, SessionFeatures};
pub use handshake::{HandshakeError, Stream, Wish};
pub use material::{KeyFault, Material, key_fault};
pub use store::Tls;
pub use warnings::warnings;
