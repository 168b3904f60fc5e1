//! Who may deliver where, at the same time: one set of permits for mailboxes of this host, one for other hosts,
//! one for reports, one for look-ups of hosts.
//!
//! A permit is held for one delivery and never while another one is waited for. No number of messages for one
//! destination keeps those for others from theirs, nor does one set keep another.

use super::permits::{Destination, Limits, Permit, Permits, Recalled};
use crate::config::Config;
use crate::envelope::MessageKey;
use crate::sys::limits;
use std::sync::Arc;

/// Which permits a delivery needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pool {
    /// ConcurrentLocalDeliveries: mailers of this host.
    Local,
    /// ConcurrentRemoteDeliveries: other hosts.
    Remote,
    /// ConcurrentReportDeliveries: reports, wherever they go.
    Report,
    /// Name servers: as many as of `Remote`.
    LookUp,
}

/// Where a message found no room.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Full {
    pool: Pool,
    destination: Destination,
}

/// All permits of a site. Cloning shares them.
#[derive(Clone)]
pub struct Pools {
    local: Permits,
    remote: Permits,
    reports: Permits,
    look_ups: Permits,
}

/// Most who wait for a permit of one set, each with its message open.
const MAX_WAITING: usize = 4096;
/// A set has at most this part of the descriptors for its deliveries, and again for those who wait.
const DESCRIPTOR_SHARE: u64 = 32;

impl Pool {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Local, Self::Remote, Self::Report, Self::LookUp];

    /// For the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Local => "local deliveries",
            Self::Remote => "remote deliveries",
            Self::Report => "deliveries of reports",
            Self::LookUp => "look-ups of hosts",
        }
    }
}

impl Pools {
    /// As the options say, and as many as there are descriptors for.
    pub(super) fn new(config: &Config) -> Self {
        let options = &config.options;
        let most = usize::try_from(limits::open_files() / DESCRIPTOR_SHARE).unwrap_or(usize::MAX).max(1);
        // no number at all would be no delivery at all
        let number = |option: i64| usize::try_from(option).unwrap_or(0).clamp(1, most);
        let each = options.concurrent_deliveries_per_destination;
        let each_host = if options.single_thread_delivery { 1 } else { each };
        let set = |total: i64, each: i64| {
            let total = number(total);
            Permits::new(Limits { total, each: number(each).min(total), waiting: most.min(MAX_WAITING) })
        };
        let remote = set(options.concurrent_remote_deliveries, each_host);
        // a report, too, waits for the one connection that there may be to a host
        let reports = match options.single_thread_delivery {
            true => remote.clone(),
            false => set(options.concurrent_report_deliveries, each_host),
        };
        Self {
            local: set(options.concurrent_local_deliveries, each),
            remote,
            reports,
            look_ups: set(options.concurrent_remote_deliveries, each),
        }
    }

    fn set(&self, pool: Pool) -> &Permits {
        match pool {
            Pool::Local => &self.local,
            Pool::Remote => &self.remote,
            Pool::Report => &self.reports,
            Pool::LookUp => &self.look_ups,
        }
    }

    fn sets(&self) -> [&Permits; 4] {
        Pool::ALL.map(|pool| self.set(pool))
    }

    /// A permit, or a place in the line for one.
    ///
    /// # Errors
    /// Too many wait: the message is to let go of everything and come back when it is recalled.
    pub(super) fn enter(&self, pool: Pool, destination: Destination, recalled: bool) -> Result<Permit, Full> {
        let entered = self.set(pool).enter(destination.clone(), recalled);
        entered.ok_or(Full { pool, destination })
    }

    /// A message that nobody has open is recalled when there is room.
    pub fn recall_later(&self, full: &Full, key: MessageKey) {
        self.set(full.pool).leave_note(&full.destination, key);
    }

    /// The end is near: nobody waits any more.
    pub fn close(&self) {
        self.sets().iter().for_each(|set| set.close());
    }

    /// Is a message to be recalled?
    pub fn will_recall(&self, key: &MessageKey) -> bool {
        self.sets().iter().any(|set| set.has_note(key))
    }

    /// What is done with a message that is recalled.
    pub fn on_recall(&self, recall: impl Fn(MessageKey, Recalled) + Send + Sync + 'static) {
        let recall = Arc::new(recall);
        for set in self.sets() {
            let recall = recall.clone();
            set.on_recall(Box::new(move |key, recalled| recall(key, recalled)));
        }
    }

    /// Deliveries to a destination, under way or waiting.
    pub(super) fn deliveries_to(&self, destination: &Destination) -> usize {
        [&self.local, &self.remote, &self.reports].map(|set| set.deliveries_to(destination)).iter().sum()
    }

    /// How many deliveries are under way, wait for a permit, wait to be recalled.
    pub fn counts(&self, pool: Pool) -> (usize, usize, usize) {
        self.set(pool).counts()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// May a report go to a host while mail does?
    fn side_by_side(single: bool) -> bool {
        let mut config = Config::default();
        config.options.single_thread_delivery = single;
        let pools = Pools::new(&config);
        let host = Destination::Name(b"mx.good.example".to_vec());
        let _mail = pools.enter(Pool::Remote, host.clone(), false).unwrap_or_else(|_| panic!("room"));
        let _report = pools.enter(Pool::Report, host, false).unwrap_or_else(|_| panic!("room"));
        Pool::ALL.iter().all(|pool| pools.counts(*pool).1 == 0)
    }

    #[test]
    fn a_report_waits_for_mail_to_its_host_where_there_may_be_one_connection() {
        assert!(side_by_side(false));
        assert!(!side_by_side(true));
    }
}
