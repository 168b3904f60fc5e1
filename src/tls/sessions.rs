//! Sessions that a client may resume, by the server they were made with.

use rustls::client::Resumption;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Mutex;

/// Servers whose sessions are kept.
const SERVERS: usize = 256;
/// Names of one server whose sessions are kept: most are called by one.
const NAMES: usize = 4;

/// A resumed session brings along what was said about certificates when it was made. Ports of one host ask for different things
/// (25 for no certificate, another for one) and may well share the keys of their tickets: what was agreed with one is nothing to the other.
#[derive(Default)]
pub(super) struct Sessions(Mutex<HashMap<SocketAddr, Resumption>>);

impl Sessions {
    /// Those with this server; `None`: nothing is resumed, and nothing kept.
    pub(super) fn with(&self, server: Option<SocketAddr>) -> Resumption {
        let Some(server) = server else { return Resumption::disabled() };
        let mut servers = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if servers.len() >= SERVERS && !servers.contains_key(&server) {
            // any of them: what is lost is a shorter handshake
            let other = servers.keys().next().copied();
            other.and_then(|other| servers.remove(&other));
        }
        servers.entry(server).or_insert_with(|| Resumption::in_memory_sessions(NAMES)).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_servers_than_that_are_remembered() {
        let sessions = Sessions::default();
        for port in 1..1000 {
            sessions.with(Some(SocketAddr::from(([192, 0, 2, 1], port))));
        }
        sessions.with(None);
        assert_eq!(sessions.0.lock().expect("nobody panicked").len(), SERVERS);
    }
}
