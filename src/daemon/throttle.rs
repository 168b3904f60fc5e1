//! ConnectionRateThrottle: how many connections a listener takes within a second.

use std::time::Duration;
use tokio::time::Instant;

/// One listener's count.
#[derive(Debug)]
pub(super) struct Throttle {
    limit: u64,
    begun: Instant,
    second: u64,
    count: u64,
}

impl Throttle {
    /// None for a limit of 0.
    pub(super) fn new(limit: i64) -> Option<Self> {
        let limit = u64::try_from(limit).ok().filter(|limit| *limit > 0)?;
        Some(Self { limit, begun: Instant::now(), second: u64::MAX, count: 0 })
    }

    /// Is one more connection to wait for a second? As sendmail counts, the first of a second is free, and
    /// who has waited is not counted again.
    pub(super) fn defers(&mut self) -> bool {
        let second = self.begun.elapsed().as_secs();
        if second != self.second {
            self.second = second;
            self.count = 0;
            return false;
        }
        self.count += 1;
        self.count > self.limit
    }

    /// What the log says of it.
    pub(super) fn complaint(&self, daemon: &[u8]) -> Vec<u8> {
        let rate = format!(": {} per second", self.limit);
        [b"deferring connections on daemon ", daemon, rate.as_bytes()].concat()
    }
}

/// How long a connection is put off.
pub(super) const DEFERRAL: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    /// When each of many connections that come at once is taken, as sendmail takes them.
    #[tokio::test(start_paused = true)]
    async fn connections_wait_for_their_second() {
        for (limit, expected) in [(1, [0, 0, 1, 1, 1, 2, 2, 2, 3]), (2, [0, 0, 0, 1, 1, 1, 1, 2, 2])] {
            let begun = Instant::now();
            tokio::time::advance(Duration::from_millis(1)).await;
            let mut throttle = Throttle::new(limit).expect("a limit");
            let mut taken = Vec::new();
            for _ in 0..9 {
                if throttle.defers() {
                    tokio::time::sleep(DEFERRAL).await;
                }
                taken.push(begun.elapsed().as_secs());
            }
            assert_eq!(taken, expected, "{limit}");
        }
        assert!(Throttle::new(0).is_none());
    }
}
