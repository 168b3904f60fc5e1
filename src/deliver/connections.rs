//! Connections kept open between messages (ConnectionCacheSize).

use crate::config::Config;
use crate::smtp::client::Peer;
use std::time::{Duration, Instant};

/// The open connections of one message and its reports, or of one run of the queue.
pub struct Connections {
    open: Vec<Open>,
    most: usize,
    patience: Duration,
    rset_time: i64,
    quit_time: i64,
}

struct Open {
    host: Vec<u8>,
    mailer: Vec<u8>,
    peer: Peer,
    since: Instant,
}

impl Connections {
    /// None yet; limits from the options.
    pub fn new(config: &Config) -> Self {
        let options = &config.options;
        Self {
            open: Vec::new(),
            most: usize::try_from(options.connection_cache_size).unwrap_or(0),
            patience: Duration::from_secs(u64::try_from(options.connection_cache_timeout).unwrap_or(0)),
            rset_time: options.timeout.rset,
            quit_time: options.timeout.quit,
        }
    }

    /// A connection to this host that still answers (RSET), if there is one.
    pub(super) async fn take(&mut self, mailer: &[u8], host: &[u8], most_messages: u32) -> Option<Peer> {
        let found = self.open.iter().position(|open| open.host == host && open.mailer == mailer)?;
        let Open { mut peer, since, .. } = self.open.remove(found);
        let spent = most_messages > 0 && peer.messages >= most_messages;
        if spent || since.elapsed() > self.patience || !peer.reset(self.rset_time).await {
            peer.quit(self.quit_time).await;
            return None;
        }
        Some(peer)
    }

    /// Keeps a connection; the oldest has to go when there are too many.
    pub(super) async fn keep(&mut self, mailer: &[u8], host: &[u8], peer: Peer) {
        if peer.dead || self.most == 0 {
            return peer.quit(self.quit_time).await;
        }
        if self.open.len() >= self.most {
            self.open.remove(0).peer.quit(self.quit_time).await;
        }
        self.open.push(Open { host: host.to_vec(), mailer: mailer.to_vec(), peer, since: Instant::now() });
    }

    /// Says QUIT to all.
    pub async fn close(&mut self) {
        for open in std::mem::take(&mut self.open) {
            open.peer.quit(self.quit_time).await;
        }
    }
}
