//! How many connections a client has, and how often it comes.

use super::recent::Recent;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Counts connections per address, within a sliding window.
#[derive(Clone, Debug)]
pub struct Rates {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    open: HashMap<IpAddr, u32>,
    recent: Recent<IpAddr>,
}

/// What is known of a client's address when it connects, this connection included.
#[derive(Debug)]
pub struct Counted {
    /// Open connections of the address.
    pub connections: u32,
    /// Connections of the address within the window.
    pub rate: u32,
    /// Connections of all within the window.
    pub total: u32,
    /// Takes the connection off the count when dropped.
    pub guard: Guard,
}

/// One counted connection.
#[derive(Debug)]
pub struct Guard {
    address: IpAddr,
    state: Arc<Mutex<State>>,
}

impl Rates {
    /// Counts within this window (ConnectionRateWindowSize).
    pub fn new(window: Duration) -> Self {
        let (open, recent) = (HashMap::new(), Recent::new(window, usize::MAX));
        Self { state: Arc::new(Mutex::new(State { open, recent })) }
    }

    /// A client connects.
    pub fn connect(&self, address: IpAddr, now: Instant) -> Counted {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let rate = state.recent.count(address, now);
        let total = state.recent.total() as u32;
        let open = state.open.entry(address).or_default();
        *open += 1;
        let connections = *open;
        Counted { connections, rate, total, guard: Guard { address, state: self.state.clone() } }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(open) = state.open.get_mut(&self.address) {
            *open -= 1;
            if *open == 0 {
                state.open.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_connections_are_forgotten() {
        let rates = Rates::new(Duration::from_secs(60));
        let (begin, one) = (Instant::now(), IpAddr::from([192, 0, 2, 1]));
        let first = rates.connect(one, begin);
        let second = rates.connect(one, begin + Duration::from_secs(1));
        assert_eq!((second.connections, second.rate, second.total), (2, 2, 2));
        drop((first, second));
        let third = rates.connect(one, begin + Duration::from_secs(60));
        assert_eq!((third.connections, third.rate, third.total), (1, 2, 2));
    }
}
