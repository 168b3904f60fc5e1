//! How often the log-ins of a client were refused lately, in whichever session.
//!
//! In: networks whose clients were refused. Out: how often within the window. Never here: what follows from it.

use super::clients::Network;
use super::recent::Recent;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many are remembered; of more, those that came first are forgotten before their time.
const KEPT: usize = 10_000;

/// Those of all clients. Cloning shares it.
#[derive(Clone, Debug)]
pub(super) struct RefusedLogIns {
    recent: Arc<Mutex<Recent<Network>>>,
}

impl RefusedLogIns {
    /// Counts within this window (ConnectionRateWindowSize).
    pub(super) fn new(window: Duration) -> Self {
        Self { recent: Arc::new(Mutex::new(Recent::new(window, KEPT))) }
    }

    /// One more: how many there have been of this network.
    pub(super) fn count(&self, network: Network, now: Instant) -> u32 {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner).count(network, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_counted_within_the_window() {
        let refused = RefusedLogIns::new(Duration::from_secs(60));
        let network = |text: &str| Network::of(text.parse().expect("an address"));
        let begun = Instant::now();
        let count = |text, seconds| refused.count(network(text), begun + Duration::from_secs(seconds));
        let counts = [("192.0.2.1", 0), ("192.0.2.2", 10), ("192.0.3.1", 20), ("192.0.2.1", 60)];
        assert_eq!(counts.map(|(text, seconds)| count(text, seconds)), [1, 2, 1, 2]);
        assert_eq!(refused.recent.lock().expect("free").total(), 3);
    }

    #[test]
    fn no_more_than_that_are_remembered() {
        let refused = RefusedLogIns::new(Duration::from_secs(60));
        let (one, now) = (Network::of([192, 0, 2, 1].into()), Instant::now());
        for _ in 0..KEPT + 5 {
            refused.count(one, now);
        }
        assert_eq!(refused.recent.lock().expect("free").total(), KEPT);
    }
}
