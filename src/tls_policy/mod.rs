//! What TLS a next hop must have, and why: DANE (RFC 7672) and MTA-STS (RFC 8461).
//!
//! In: the domain that mail is for, the hosts that the DNS names for it, what a handshake came to. Out: a
//! [`NextHopPolicy`] before a server is called, and its judgement afterwards. Never here: connections to mail servers,
//! recipients, and a way around: what must be protected and is not waits.
//!
//! - [`Policies`]: who is asked, in which order; what the options turn on
//! - `requirement`: [`Domain`], [`NextHopPolicy`] and what comes of a connection, [`Judgement`]
//! - `dane`: TLSA records of a host
//! - `sts`: policies of domains: their text, where they are fetched, the file that keeps them
//! - `https`: one request to a web server, with the site's CAs and resolver

mod dane;
mod https;
mod policies;
mod requirement;
mod sts;

pub use policies::{Asked, Policies};
pub use requirement::{Domain, Judgement, NextHopPolicy, Unmet};
pub use sts::Mode;
