//! Signatures of messages (RFC 6376), with RSA and with Ed25519 (RFC 8463).
//!
//! `fields` cuts a header, `canonical` brings header and body into the form that is signed. `key` signs, `sign` makes the field.
//! `signature` reads one, `public` its key, `verify` holds a message against it.

mod canonical;
mod fields;
mod key;
mod public;
mod sign;
mod signature;
#[cfg(test)]
mod tests;
mod verify;

pub(super) use canonical::{Form, put_field};
pub(super) use fields::Field;
pub use fields::Fields;
pub use key::{Algorithm, SigningKey};
pub use sign::Signing;
pub(super) use signature::{Kind, Signature};
pub use verify::{Arrived, Arriving, Verified};
pub(super) use verify::{key_of, put_unsigned};
