//! What TLS a next hop must have, and why: DANE (RFC 7672) and MTA-STS (RFC 8461); and what came of it, for the reports that
//! domains ask for (RFC 8460).
//!
//! In: the domain that mail is for, the hosts that the DNS names for it, what a handshake came to. Out: a
//! [`NextHopPolicy`] before a server is called, and its judgement afterwards. Never here: connections to mail servers,
//! recipients, and a way around: what must be protected and is not waits.
//!
//! - [`Policies`]: who is asked, in which order; what the options turn on, and what the site itself wants of single domains
//! - `requirement`: [`Domain`], [`NextHopPolicy`] and what comes of a connection, [`Judgement`]
//! - `dane`: TLSA records of a host
//! - `sts`: policies of domains: their text, where they are fetched, the file that keeps them
//! - `results`: what is written down of each session; `report`: what a day's lines come to, and who wants to know
//! - `https`: one request to a web server, with the site's CAs and resolver

mod dane;
mod https;
mod policies;
mod report;
mod requirement;
mod results;
mod sts;

pub use policies::{Asked, Policies};
pub use report::{Receiver, Reporter, TlsReport};
pub use requirement::{Domain, Judgement, NextHopPolicy, Unmet};
pub use results::{HANDSHAKE_FAILED, SessionResult, day, days_before};
pub use sts::Mode;
