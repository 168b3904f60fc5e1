//! Connections kept open between messages (ConnectionCacheSize).

use super::next_hop::NextHop;
use super::parked::{Limits, Open, Parked};
use crate::config::Config;
use crate::smtp::client::ServerConnection;
use std::time::Instant;

pub(super) use super::parked::ConnectionKey;

/// The open connections of one message and its reports.
pub struct Connections {
    /// Each open one has its place until it ends.
    open: Vec<Option<Open>>,
    limits: Limits,
    /// Those that others have left, and may take.
    shared: Option<Parked>,
}

impl Connections {
    /// None yet; limits from the options.
    pub fn new(config: &Config) -> Self {
        Self { open: Vec::new(), limits: Limits::of(config), shared: None }
    }

    /// The same, with those that others have left.
    pub(super) fn sharing(config: &Config, shared: Parked) -> Self {
        Self { shared: Some(shared), ..Self::new(config) }
    }

    /// Is there one of this key among our own?
    pub(super) fn has(&self, key: &ConnectionKey) -> bool {
        self.open.iter().flatten().any(|open| open.key == *key)
    }

    /// A connection of this key that still answers (RSET), if there is one.
    pub(super) async fn take(&mut self, key: &ConnectionKey, max_messages: u32) -> Option<ServerConnection> {
        let same = |open: &Option<Open>| open.as_ref().is_some_and(|open| open.key == *key);
        if let Some(found) = self.open.iter().position(same) {
            let open = self.open[found].take()?;
            return open.for_next(max_messages, &self.limits).await;
        }
        self.shared.as_ref()?.take(key, max_messages).await
    }

    /// May a connection outlive its message (ConnectionCacheSize)?
    pub(super) fn keeps_any(&self) -> bool {
        self.limits.most > 0
    }

    /// Keeps a connection: for others who have mail for its host, else for ourselves. The one that was used the longest
    /// ago has to go when there are too many. Of those that were used in the same second it is the last, as with sendmail.
    pub(super) async fn keep(&mut self, key: ConnectionKey, server: ServerConnection) {
        if server.dead || self.limits.most == 0 {
            return server.quit(self.limits.timeouts.quit).await;
        }
        let open = Open { key, server, since: Instant::now() };
        let open = match &self.shared {
            Some(shared) => shared.keep(open),
            None => Some(open),
        };
        let Some(open) = open else { return };
        let place = match self.open.iter().position(Option::is_none) {
            Some(free) => free,
            None if self.open.len() < self.limits.most => {
                self.open.push(None);
                self.open.len() - 1
            }
            None => self.least_used(),
        };
        if let Some(old) = self.open[place].replace(open) {
            old.server.quit(self.limits.timeouts.quit).await;
        }
    }

    /// Whoever hears of each step is told which connection has to go before the next one is made, and for whose sake.
    pub(super) async fn make_room(&mut self, whom: &[u8]) {
        if self.limits.most > 0 && self.open.iter().flatten().count() >= self.limits.most {
            let place = self.least_used();
            if let Some(old) = self.open[place].take() {
                old.server.quit_for(whom, self.limits.timeouts.quit).await;
            }
        }
    }

    /// Says QUIT to a host, over whichever mailer.
    pub(super) async fn leave(&mut self, hop: &NextHop) {
        for place in &mut self.open {
            if let Some(open) = place.take_if(|open| open.key.hop == *hop) {
                open.server.quit(self.limits.timeouts.quit).await;
            }
        }
        if let Some(shared) = &self.shared {
            shared.leave(hop).await;
        }
    }

    fn least_used(&self) -> usize {
        let idle = |open: &Option<Open>| open.as_ref().map(|open| open.since.elapsed().as_secs());
        let places = self.open.iter().enumerate();
        places.max_by_key(|(_, open)| idle(open)).map_or(0, |(place, _)| place)
    }

    /// Says QUIT to all, the last one first: sendmail fills its places from behind.
    pub async fn close(&mut self) {
        for mut open in std::mem::take(&mut self.open).into_iter().rev().flatten() {
            open.server.console.leave_client();
            open.server.quit(self.limits.timeouts.quit).await;
        }
    }
}
