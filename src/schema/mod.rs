//! The vocabulary of sendmail as data: exit codes, outcomes, options, flags.
//!
//! In: nothing. Out: tables and small enums that every other module reads.
//! Never here: parsing, I/O, behaviour.

mod outcome;
mod reply;
mod sysexits;

pub use outcome::Outcome;
pub use reply::{Reply, parse_enhanced};
pub use sysexits::Sysexit;
