//! Signatures of messages (RFC 6376), with RSA and with Ed25519 (RFC 8463).
//!
//! `fields` cuts a header, `canonical` brings header and body into the form that is signed, `key` signs, `sign` makes the field.

mod canonical;
mod fields;
mod key;
mod sign;

pub use fields::Fields;
pub use key::{Algorithm, SigningKey};
pub use sign::Signing;
