//! Who a message is from: DKIM (RFC 6376), SPF (RFC 7208), DMARC (RFC 9989) and ARC (RFC 8617).
//!
//! In: messages as they stand on a wire, keys that the keeper has read, the site's resolver. Out: signatures, and [`Results`]. Never here:
//! SMTP, what follows for a message.
//!
//! `signer` knows the keys of the site (its `table`) and looks whether they have changed; `dkim` is the signature itself. `check` runs the checks of one
//! message: `spf` (by `spf_record`), the signatures, `arc`, `dmarc`; each ends in a `verdict`, and `results` says them to others. `dns` is how they ask,
//! `tags` the lists that keys, signatures and policies are written in. Cryptography is ring's, and nothing outside of this room names it.

mod arc;
mod check;
mod dkim;
mod dmarc;
mod dns;
mod results;
mod signer;
mod spf;
mod spf_record;
mod table;
mod tags;
mod verdict;

pub use check::{Envelope, check_message, check_sender};
pub use dkim::{Arriving, Fields, Signing, SigningKey, Verified};
pub use dmarc::{Dmarc, Policy};
pub use dns::{TryLater, texts};
pub use results::{FIELD, Results, is_forged};
pub use signer::{Keys, Signer};
pub use tags::Tags;
pub use verdict::Verdict;
