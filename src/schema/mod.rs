//! The vocabulary of sendmail as data: exit codes, outcomes, options, flags.
//!
//! In: nothing. Out: tables and small enums that every other module reads.
//! Never here: parsing, I/O, behaviour.

mod disposition;
mod enhanced_status;
mod ip_text;
mod mailer_flags;
mod option_names;
mod option_types;
mod options;
mod outcome;
mod reply;
mod sysexits;
mod timeouts;
mod user_ids;

pub use disposition::Disposition;
pub use enhanced_status::EnhancedStatus;
pub use ip_text::ip_text;
pub use mailer_flags::{MAILER_FLAGS, MailerFlag};
pub use option_names::{FoundOption, find_option};
pub use option_types::*;
pub use options::{Form, MaySet, OPTIONS, OptionRow, Options, Slot, Status};
pub use outcome::Outcome;
pub use reply::Reply;
pub use sysexits::Sysexit;
pub use timeouts::{NOW, TIMEOUTS, TimeoutRow, Timeouts, span};
pub use user_ids::UserIds;
