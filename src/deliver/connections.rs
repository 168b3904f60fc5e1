//! Connections kept open between messages (ConnectionCacheSize).

use super::next_hop::NextHop;
use crate::config::{Config, MailerId};
use crate::smtp::client::{CommandTimeouts, ServerConnection};
use std::time::{Duration, Instant};

/// What a connection was made for and with: mail may go over it only where all of this is the same.
/// (A connection that can be made in more ways than one, with TLS or AUTH, gets a field here.)
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct ConnectionKey {
    /// Its flags say how the dialogue was opened.
    pub(super) mailer: MailerId,
    /// Host and port.
    pub(super) hop: NextHop,
}

/// The open connections of one message and its reports, or of one run of the queue.
pub struct Connections {
    open: Vec<Open>,
    limit: usize,
    idle_limit: Duration,
    timeouts: CommandTimeouts,
}

struct Open {
    key: ConnectionKey,
    server: ServerConnection,
    since: Instant,
}

impl Connections {
    /// None yet; limits from the options.
    pub fn new(config: &Config) -> Self {
        let options = &config.options;
        Self {
            open: Vec::new(),
            limit: usize::try_from(options.connection_cache_size).unwrap_or(0),
            idle_limit: Duration::from_secs(u64::try_from(options.connection_cache_timeout).unwrap_or(0)),
            timeouts: CommandTimeouts::of(&options.timeout),
        }
    }

    /// A connection of this key that still answers (RSET), if there is one.
    pub(super) async fn take(&mut self, key: &ConnectionKey, max_messages: u32) -> Option<ServerConnection> {
        let found = self.open.iter().position(|open| open.key == *key)?;
        let Open { mut server, since, .. } = self.open.remove(found);
        let spent = max_messages > 0 && server.messages >= max_messages;
        if spent || since.elapsed() > self.idle_limit || !server.reset(self.timeouts.rset).await {
            server.quit(self.timeouts.quit).await;
            return None;
        }
        Some(server)
    }

    /// Keeps a connection; the oldest has to go when there are too many.
    pub(super) async fn keep(&mut self, key: ConnectionKey, server: ServerConnection) {
        if server.dead || self.limit == 0 {
            return server.quit(self.timeouts.quit).await;
        }
        if self.open.len() >= self.limit {
            self.open.remove(0).server.quit(self.timeouts.quit).await;
        }
        self.open.push(Open { key, server, since: Instant::now() });
    }

    /// Says QUIT to all.
    pub async fn close(&mut self) {
        for open in std::mem::take(&mut self.open) {
            open.server.quit(self.timeouts.quit).await;
        }
    }
}
