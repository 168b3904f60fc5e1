//! Who a message is from: DKIM (RFC 6376).
//!
//! In: messages as they stand on a wire, keys that the keeper has read. Out: signatures. Never here: envelopes, SMTP, what follows
//! for a message.
//!
//! `signer` knows the keys of the site (its `table`) and looks whether they have changed; `dkim` is the signature itself.
//! Cryptography is ring's, and nothing outside of this room names it.

mod dkim;
mod signer;
mod table;

pub use dkim::{Fields, Signing};
pub use signer::{Keys, Signer};
