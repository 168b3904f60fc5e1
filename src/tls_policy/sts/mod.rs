//! MTA-STS (RFC 8461): a domain's policy, published by its web server, announced in the DNS.
//!
//! `record`: the announcement; `policy`: the text; `cache`: what is known of domains, in memory and in a file.

mod cache;
mod policy;
mod record;

pub(super) use cache::{Cache, Known};
pub use policy::Mode;
pub(super) use policy::{MAX_POLICY, StsPolicy};
pub(super) use record::announced;
