//! Connections that whoever delivers next to the same host takes over.
//!
//! In: a connection that is ready for another message, while others deliver to its host or wait for their turn. Out:
//! the same one, to the next of them; QUIT to those that nobody has taken for a second, and to all at the end. A
//! host that nobody else has mail for hears QUIT at once, as from sendmail.
//! Never here: dialogues but RSET and QUIT, and who may deliver.

use super::next_hop::NextHop;
use super::permits::Destination;
use super::pools::Pools;
use crate::config::{Config, MailerId};
use crate::schema::span;
use crate::smtp::client::{CommandTimeouts, ServerConnection};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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

/// An open connection that nobody uses now.
pub(super) struct Open {
    pub(super) key: ConnectionKey,
    pub(super) server: ServerConnection,
    pub(super) since: Instant,
}

/// How long connections may be kept, and how long a server may take to answer.
#[derive(Clone)]
pub(super) struct Limits {
    /// ConnectionCacheSize.
    pub(super) most: usize,
    /// ConnectionCacheTimeout.
    pub(super) idle: Duration,
    pub(super) timeouts: CommandTimeouts,
}

impl Limits {
    pub(super) fn of(config: &Config) -> Self {
        let options = &config.options;
        Self {
            most: usize::try_from(options.connection_cache_size).unwrap_or(0),
            idle: span(options.connection_cache_timeout),
            timeouts: CommandTimeouts::of(&options.timeout),
        }
    }
}

impl Open {
    /// The connection, if it may be used for one more message and still answers (RSET, which one that refused a sender hears from whoever
    /// takes it).
    pub(super) async fn for_next(mut self, max_messages: u32, limits: &Limits) -> Option<ServerConnection> {
        let spent = max_messages > 0 && self.server.messages >= max_messages;
        let old = spent || self.since.elapsed() > limits.idle;
        if !old && (self.server.sender_refused || self.server.reset(limits.timeouts.rset).await) {
            return Some(self.server);
        }
        self.server.quit(limits.timeouts.quit).await;
        None
    }
}

/// How long one waits for the next message.
const PARKED: Duration = Duration::from_secs(1);
/// Most that wait at the same time, for whatever host.
const MOST: usize = 64;

/// The parked connections of a site. Cloning shares them.
#[derive(Clone)]
pub(super) struct Parked(Arc<Shared>);

struct Shared {
    pools: Pools,
    limits: Limits,
    /// Whoever is next to the host has to take it: there is no other way there (SingleThreadDelivery).
    single: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The one that was used last stands at the end.
    open: Vec<Open>,
    /// Does a task end those that nobody takes?
    watched: bool,
}

impl Parked {
    pub(super) fn new(config: &Config, pools: Pools) -> Self {
        let single = config.options.single_thread_delivery;
        Self(Arc::new(Shared { pools, limits: Limits::of(config), single, state: Mutex::default() }))
    }

    /// The one of this key that was used last and still answers.
    pub(super) async fn take(&self, key: &ConnectionKey, max_messages: u32) -> Option<ServerConnection> {
        while let Some(open) = self.0.remove(key) {
            if let Some(server) = open.for_next(max_messages, &self.0.limits).await {
                return Some(server);
            }
        }
        None
    }

    /// Keeps a connection for others. It comes back where nobody else delivers to its host, and where it is of a
    /// dialogue that somebody reads. To be called by whoever still has the permit for that host.
    pub(super) fn keep(&self, open: Open) -> Option<Open> {
        // the caller is one of them
        let others =
            self.0.single || self.0.pools.deliveries_to(&Destination::Hop(open.key.hop.of_anybody())) > 1;
        let mut state = self.0.lock();
        if !others || self.0.limits.most == 0 || open.server.console.steps || state.open.len() >= MOST {
            return Some(open);
        }
        state.open.push(open);
        if !std::mem::replace(&mut state.watched, true) {
            tokio::spawn(watch(self.0.clone()));
        }
        None
    }

    /// Says QUIT to those of a host.
    pub(super) async fn leave(&self, hop: &NextHop) {
        let open: Vec<Open> = self.0.lock().open.extract_if(.., |open| open.key.hop == *hop).collect();
        self.0.end(open).await;
    }

    /// Says QUIT to all.
    pub(super) async fn close(&self) {
        let open = std::mem::take(&mut self.0.lock().open);
        self.0.end(open).await;
    }
}

/// Ends what nobody takes, until nothing is left.
async fn watch(shared: Arc<Shared>) {
    loop {
        tokio::time::sleep(PARKED).await;
        let (old, last) = {
            let mut state = shared.lock();
            let young = state.open.partition_point(|open| open.since.elapsed() > PARKED);
            let old: Vec<Open> = state.open.drain(..young).collect();
            state.watched = !state.open.is_empty();
            (old, !state.watched)
        };
        shared.end(old).await;
        if last {
            return;
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remove(&self, key: &ConnectionKey) -> Option<Open> {
        let mut state = self.lock();
        let found = state.open.iter().rposition(|open| open.key == *key)?;
        Some(state.open.remove(found))
    }

    /// QUIT, side by side: a server that does not answer holds up nobody else's.
    async fn end(&self, open: Vec<Open>) {
        let limit = self.limits.timeouts.quit;
        let quits: Vec<_> = open.into_iter().map(|open| tokio::spawn(open.server.quit(limit))).collect();
        for quit in quits {
            // one that broke has ended as well
            let _ = quit.await;
        }
    }
}
