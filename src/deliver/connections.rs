//! Connections kept open between messages (ConnectionCacheSize).

use super::next_hop::NextHop;
use crate::config::{Config, MailerId};
use crate::schema::span;
use crate::smtp::client::{CommandTimeouts, ServerConnection};
use std::time::{Duration, Instant};

/// What a connection was made for and with: mail may go over it only where all of this is the same.
/// (A connection that can be made in more ways than one, with AUTH, gets a field here. What decides over TLS is the hop.)
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct ConnectionKey {
    /// Its flags say how the dialogue was opened.
    pub(super) mailer: MailerId,
    /// Host and port.
    pub(super) hop: NextHop,
}

/// The open connections of one message and its reports, or of one run of the queue.
pub struct Connections {
    /// Each open one has its place until it ends.
    open: Vec<Option<Open>>,
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
            idle_limit: span(options.connection_cache_timeout),
            timeouts: CommandTimeouts::of(&options.timeout),
        }
    }

    /// A connection of this key that still answers (RSET), if there is one.
    pub(super) async fn take(&mut self, key: &ConnectionKey, max_messages: u32) -> Option<ServerConnection> {
        let same = |open: &Option<Open>| open.as_ref().is_some_and(|open| open.key == *key);
        let found = self.open.iter().position(same)?;
        let Open { mut server, since, .. } = self.open[found].take()?;
        let spent = max_messages > 0 && server.messages >= max_messages;
        if spent || since.elapsed() > self.idle_limit || !server.reset(self.timeouts.rset).await {
            server.quit(self.timeouts.quit).await;
            return None;
        }
        Some(server)
    }

    /// Keeps a connection; the one that was used the longest ago has to go when there are too many. Of those that were
    /// used in the same second it is the last, as with sendmail.
    pub(super) async fn keep(&mut self, key: ConnectionKey, server: ServerConnection) {
        if server.dead || self.limit == 0 {
            return server.quit(self.timeouts.quit).await;
        }
        let place = match self.open.iter().position(Option::is_none) {
            Some(free) => free,
            None if self.open.len() < self.limit => {
                self.open.push(None);
                self.open.len() - 1
            }
            None => self.least_used(),
        };
        let open = Open { key, server, since: Instant::now() };
        if let Some(old) = self.open[place].replace(open) {
            old.server.quit(self.timeouts.quit).await;
        }
    }

    fn least_used(&self) -> usize {
        let idle = |open: &Option<Open>| open.as_ref().map(|open| open.since.elapsed().as_secs());
        let places = self.open.iter().enumerate();
        places.max_by_key(|(_, open)| idle(open)).map_or(0, |(place, _)| place)
    }

    /// Says QUIT to all.
    pub async fn close(&mut self) {
        for open in std::mem::take(&mut self.open).into_iter().flatten() {
            open.server.quit(self.timeouts.quit).await;
        }
    }
}
