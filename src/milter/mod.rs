//! Mail filters: the MTA's side of the milter protocol, versions 2 to 6.
//!
//! In: what an SMTP session hears, stage by stage, and a [`Message`] at its end. Out: an [`Outcome`] each time, and requests
//! that the message be changed. Never here: replies, SMTP, what a change does to an envelope.
//!
//! - `protocol`: packets and what they say; `negotiation`: the first words
//! - `definition`: X lines, InputMailFilters; `moment`: macros; `log`: Milter.LogLevel
//! - `connection`: packets within their time; `socket`: who else may open one
//! - `filter`: one filter of a session; `session`: all of them; `message`: the end of a message

mod connection;
mod definition;
mod filter;
mod log;
mod message;
mod moment;
mod negotiation;
mod protocol;
mod session;
mod socket;

pub use definition::{Address, Definition, Definitions, OnFailure, missing_sockets};
pub use filter::{Milter, Outcome, Shared, State};
pub use log::FilterLog;
pub use message::{Asking, Message, Working};
pub use moment::Moment;
pub use negotiation::Wishes;
pub use protocol::{Answer, Packet, Request};
pub use session::Milters;
pub use socket::{Opening, SocketOpener};
