//! SMTP: the wire format, our side as a server, our side as a client.
//!
//! In: bytes from a peer. Out: envelopes accepted (server) or handed over (client).
//! Never here: sockets of its own, queue files, delivery.

pub mod client;
pub mod proto;
pub mod server;
