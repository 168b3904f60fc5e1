//! Who is connected: how many there may be, and who has to go when there are too many.
//!
//! In: the address of a client. Out: a [`Connected`] for its session, or nothing: there is no room for it. Never
//! here: sockets, SMTP. A client that waits for nothing in particular makes room for one that comes: whoever has
//! been silent for the longest time before MAIL first, then whoever is silent between two commands.

use crate::config::Config;
use crate::sys::{clock, limits};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// A session has a socket, a data file and at times a queue file: it gets this part of the descriptors. The rest is
/// for deliveries, maps, and the talk with the keeper.
const DESCRIPTOR_SHARE: u64 = 4;
/// More than this at a time would only use up memory.
const MAX_SESSIONS: usize = 10_000;

/// Shorter than any time that a session waits for at most.
const NEAR: Duration = Duration::from_secs(1);

/// Addresses that count as one client: /24 of version 4, /64 of version 6 (its other half is the client's own).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Network(IpAddr);

impl Network {
    pub(super) fn of(address: IpAddr) -> Self {
        Self(match address {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                IpAddr::from([a, b, c, 0])
            }
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        })
    }
}

/// Everybody who is connected. Cloning shares it.
#[derive(Clone, Debug)]
pub(super) struct Clients(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    most: usize,
    most_of_network: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last: u64,
    sessions: HashMap<u64, Arc<Presence>>,
    /// Only of those that are limited.
    networks: HashMap<Network, usize>,
    /// Does [`Clients::keep_timer_near`] go on?
    timer: bool,
}

/// What is known of a session from outside.
#[derive(Debug)]
pub(super) struct Presence {
    address: IpAddr,
    /// Of those that are limited.
    pub(super) network: Option<Network>,
    /// Since when it has waited for the client, in milliseconds; 0 while it works.
    idle_since: AtomicU64,
    /// Has MAIL been accepted?
    begun: AtomicBool,
    dismissed: Notify,
}

/// One client among them, until dropped.
#[derive(Debug)]
pub(super) struct Connected {
    shared: Arc<Shared>,
    number: u64,
    /// For the session.
    pub(super) presence: Arc<Presence>,
}

/// The session waits for its client, until dropped.
pub(super) struct Idle<'a>(&'a Presence);

impl Presence {
    /// The session begins to wait; `begun`: in the middle of a transaction.
    pub(super) fn idle(&self, begun: bool) -> Idle<'_> {
        self.begun.store(begun, Ordering::Relaxed);
        self.idle_since.store(clock::coarse_millis().max(1), Ordering::Relaxed);
        Idle(self)
    }

    /// Returns when the session is to end.
    pub(super) async fn dismissed(&self) {
        self.dismissed.notified().await;
    }

    /// Who goes first: whoever has no transaction, then whoever has waited for longer. `None`: it works.
    fn rank(&self) -> Option<(bool, u64)> {
        let since = self.idle_since.load(Ordering::Relaxed);
        (since > 0).then(|| (self.begun.load(Ordering::Relaxed), since))
    }
}

impl Drop for Idle<'_> {
    fn drop(&mut self) {
        self.0.idle_since.store(0, Ordering::Relaxed);
    }
}

impl Clients {
    /// As many as the option ConnectionsPerNetwork and the descriptors allow.
    pub(super) fn new(config: &Config) -> Self {
        let share = usize::try_from(limits::open_files() / DESCRIPTOR_SHARE).unwrap_or(MAX_SESSIONS);
        Self::with_limits(share.clamp(1, MAX_SESSIONS), config.options.connections_per_network)
    }

    fn with_limits(most: usize, most_of_network: i64) -> Self {
        let most_of_network = usize::try_from(most_of_network).unwrap_or(0);
        Self(Arc::new(Shared { most, most_of_network, state: Mutex::default() }))
    }

    /// Keeps a timer near while anybody is connected. tokio wakes its event loop for each timer that would end before all others; those of
    /// sessions are longer than this one, and begin and end with each command. To be called in a runtime.
    pub(super) fn keep_timer_near(&self) {
        if std::mem::replace(&mut self.0.lock().timer, true) {
            return;
        }
        let clients = self.clone();
        tokio::spawn(async move {
            while clients.0.lock().keeps_timer() {
                tokio::time::sleep(NEAR).await;
            }
        });
    }

    /// How many sessions there are.
    pub(super) fn count(&self) -> usize {
        self.0.lock().sessions.len()
    }

    /// Their addresses, who came first in front.
    pub(super) fn addresses(&self) -> Vec<IpAddr> {
        let state = self.0.lock();
        let mut clients: Vec<_> = state.sessions.iter().map(|(number, one)| (*number, one.address)).collect();
        drop(state);
        clients.sort_unstable();
        clients.into_iter().map(|(_, address)| address).collect()
    }

    /// How many sessions there may be in all.
    pub(super) fn most(&self) -> usize {
        self.0.most
    }

    /// A client comes. Somebody else may have to go for it; `None`: everybody works, and there is no room.
    pub(super) fn connect(&self, address: IpAddr, trusted: bool) -> Option<Connected> {
        let limited = self.0.most_of_network > 0 && !trusted;
        let network = limited.then(|| Network::of(address));
        let mut state = self.0.lock();
        if let Some(network) = network
            && state.networks.get(&network).is_some_and(|count| *count >= self.0.most_of_network)
            && !state.dismiss(|other| other.network == Some(network))
        {
            return None;
        }
        if state.sessions.len() >= self.0.most && !state.dismiss(|_| true) {
            return None;
        }
        if let Some(network) = network {
            *state.networks.entry(network).or_default() += 1;
        }
        state.last += 1;
        let number = state.last;
        let presence = Arc::new(Presence {
            address,
            network,
            idle_since: AtomicU64::new(0),
            begun: AtomicBool::new(false),
            dismissed: Notify::new(),
        });
        state.sessions.insert(number, presence.clone());
        drop(state);
        Some(Connected { shared: self.0.clone(), number, presence })
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn keeps_timer(&mut self) -> bool {
        self.timer = !self.sessions.is_empty();
        self.timer
    }

    /// Tells the first of those in question who waits for nothing to go; `false`: there is none.
    fn dismiss(&mut self, in_question: impl Fn(&Presence) -> bool) -> bool {
        let waiting = self.sessions.iter().filter(|(_, presence)| in_question(presence));
        let ranked = waiting.filter_map(|(number, presence)| Some((presence.rank()?, *number)));
        let Some((_, number)) = ranked.min() else { return false };
        if let Some(presence) = self.remove(number) {
            presence.dismissed.notify_one();
        }
        true
    }

    fn remove(&mut self, number: u64) -> Option<Arc<Presence>> {
        let presence = self.sessions.remove(&number)?;
        if let Some(network) = presence.network
            && let Some(count) = self.networks.get_mut(&network)
        {
            *count -= 1;
            if *count == 0 {
                self.networks.remove(&network);
            }
        }
        Some(presence)
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.shared.lock().remove(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    async fn is_dismissed(one: &Connected) -> bool {
        tokio::time::timeout(std::time::Duration::from_millis(1), one.presence.dismissed()).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn a_network_has_its_share() {
        let clients = Clients::with_limits(100, 2);
        let held = ["192.0.2.1", "192.0.2.200"].map(|one| clients.connect(address(one), false));
        assert!(held.iter().all(Option::is_some));
        assert!(clients.connect(address("192.0.2.7"), false).is_none(), "both work");
        assert!(clients.connect(address("192.0.2.7"), true).is_some());
        assert!(clients.connect(address("192.0.3.7"), false).is_some());
        let [first, second] = held.map(|one| one.expect("connected"));
        let waits = second.presence.idle(false);
        let third = clients.connect(address("192.0.2.7"), false);
        assert!(third.is_some() && is_dismissed(&second).await && !is_dismissed(&first).await);
        drop(waits);
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_begun_a_message_goes_last() {
        let clients = Clients::with_limits(3, 0);
        let connect = || clients.connect(address("2001:db8::1"), false);
        let [writing, between, fresh] = [(); 3].map(|()| connect().expect("room"));
        let _waits = (between.presence.idle(true), fresh.presence.idle(false));
        let fourth = connect().expect("room is made");
        assert!(is_dismissed(&fresh).await);
        let fifth = connect().expect("room is made");
        assert!(is_dismissed(&between).await && !is_dismissed(&writing).await);
        assert!(connect().is_none());
        drop((fourth, fifth));
        assert!(connect().is_some());
    }

    #[test]
    fn addresses_of_one_client() {
        let network = |text: &str| Network::of(address(text));
        assert_eq!(network("2001:db8:0:1::1"), network("2001:db8:0:1:ffff::2"));
        assert_ne!(network("2001:db8:0:1::1"), network("2001:db8:0:2::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.3.1"));
    }

    #[test]
    fn nothing_is_remembered_of_those_who_went() {
        let clients = Clients::with_limits(10, 10);
        let held: Vec<_> = (0..5).map(|_| clients.connect(address("192.0.2.1"), false)).collect();
        drop(held);
        let state = clients.0.lock();
        assert!(state.sessions.is_empty() && state.networks.is_empty());
    }
}
