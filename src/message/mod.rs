//! Messages: header fields in, header fields and body out.
//!
//! In: the data of a message as lines ending in LF. Out: [`Headers`], body bytes, and later the
//! bytes a mailer gets, addresses rewritten, lines folded, dots doubled.
//! Never here: envelopes, queue files, sockets.

mod address_list;
mod body_lines;
mod check;
mod collector;
mod dates;
mod edit;
mod facts;
mod field;
mod header;
mod known;
pub mod mime;
mod mime_limits;
mod output;

pub use address_list::{errors_to, has_commas, shows_commas};
pub use body_lines::{BodyForm, BodyLines};
pub use check::{check_for, check_header};
pub use collector::Collector;
pub use dates::{arpa_date, compact_utc, ctime, ctime_date, interval, rfc5322, set_dates};
pub use edit::{Changed, HeaderEdit};
pub use facts::HeaderFacts;
pub use field::put_field;
pub use header::{Header, HeaderKind, Headers};
pub use output::{EncodingField, OutputStyle, put_headers};
