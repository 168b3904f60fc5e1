//! A message under way: its lease is renewed while it is delivered, and written under only while it is held.

use super::mta::Phase;
use crate::deliver::Checkpoint;
use crate::envelope::Envelope;
use crate::queue::{Lease, Queue, QueueError};
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, OwnedSemaphorePermit, watch};

/// A leased message as an attempt sees it.
pub(super) struct HeldMessage<'a> {
    queue: &'a Queue,
    lease: Mutex<Lease>,
    /// When the lease ends, seconds since the epoch.
    expiry: AtomicI64,
    phase: watch::Receiver<Phase>,
    /// Given back when it is known whom the message is for.
    preparing: std::sync::Mutex<Option<OwnedSemaphorePermit>>,
    /// Of what was cut from the message.
    cut: Mutex<Result<Vec<Lease>, QueueError>>,
}

impl<'a> HeldMessage<'a> {
    pub(super) fn new(queue: &'a Queue, lease: Lease, phase: watch::Receiver<Phase>) -> Self {
        let expiry = AtomicI64::new(lease.expiry().unwrap_or(i64::MAX));
        let (preparing, cut) = (std::sync::Mutex::default(), Mutex::new(Ok(Vec::new())));
        Self { queue, lease: Mutex::new(lease), expiry, phase, preparing, cut }
    }

    /// Gives this back when it is known whom the message is for.
    pub(super) fn preparing(mut self, permit: Option<OwnedSemaphorePermit>) -> Self {
        self.preparing = std::sync::Mutex::new(permit);
        self
    }

    fn now(&self) -> i64 {
        self.queue.options().clock.now()
    }

    fn is_ours(&self) -> bool {
        self.now() < self.expiry.load(Ordering::Relaxed)
    }

    /// The attempt is over: the message's own lease, and those of what was cut from it, or why that could not be kept.
    pub(super) fn into_leases(self) -> (Lease, Result<Vec<Lease>, QueueError>) {
        (self.lease.into_inner(), self.cut.into_inner())
    }

    /// Renews the lease for as long as it is polled; returns when it is lost.
    pub(super) async fn keep_lease(&self) -> QueueError {
        loop {
            let Some(expiry) = self.lease.lock().await.expiry() else { return pending().await };
            let left = u64::try_from(expiry - self.now()).unwrap_or(0);
            tokio::time::sleep(Duration::from_secs((left / 3).max(1))).await;
            // a store that cannot be reached for a moment has taken nothing away
            if let Err(error) = self.renew().await
                && (matches!(error, QueueError::LeaseLost { .. }) || !self.is_ours())
            {
                return error;
            }
        }
    }

    async fn renew(&self) -> Result<(), QueueError> {
        let mut lease = self.lease.lock().await;
        self.queue.renew(&mut lease).await?;
        self.expiry.store(lease.expiry().unwrap_or(i64::MAX), Ordering::Relaxed);
        Ok(())
    }
}

impl Checkpoint for HeldMessage<'_> {
    fn write<'a>(&'a self, envelope: &'a Envelope) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            let mut lease = self.lease.lock().await;
            // a failed checkpoint costs at worst a second copy after a crash
            let _ = self.queue.update(&mut lease, envelope).await;
        })
    }

    fn keep<'a>(&'a self, cut: Vec<&'a mut Envelope>) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>> {
        Box::pin(async move {
            let place = self.lease.lock().await.key().location;
            let kept = self.queue.commit_all(place, cut).await;
            let is_kept = kept.is_ok();
            *self.cut.lock().await = kept;
            is_kept
        })
    }

    fn may_deliver(&self) -> bool {
        self.is_ours() && *self.phase.borrow() < Phase::Stopping
    }

    fn expanded(&self) {
        drop(self.preparing.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::queue::{EntryKind, Loaded, MemoryStore, QueueOptions};
    use crate::sys::clock::Clock;
    use std::sync::Arc;

    #[tokio::test(start_paused = true)]
    async fn a_lease_is_renewed_until_it_is_lost() {
        let clock = Arc::new(AtomicI64::new(1_795_368_603));
        let options = QueueOptions { clock: Clock::Fixed(clock.clone()), ..QueueOptions::default() };
        let store = MemoryStore::new(options.clone(), Some(Duration::from_secs(60)));
        let config = Arc::new(Config::default());
        let other = Queue::over(config.clone(), options.clone(), Arc::new(store.seen_by("other")));
        let queue = Queue::over(config, options, Arc::new(store));
        let sent = Envelope { id: queue.next_id(), ..Envelope::default() };
        let phase = watch::channel(Phase::Serving).1;
        let held = HeldMessage::new(&queue, queue.commit(&sent).await.expect("committed"), phase);
        let delivery = async {
            for _ in 0..10 {
                tokio::time::sleep(Duration::from_secs(20)).await;
                clock.fetch_add(20, Ordering::Relaxed);
                assert!(
                    matches!(other.load(&sent.key(), EntryKind::Normal).await, Ok(Loaded::Busy))
                        && held.may_deliver()
                );
            }
            // the machine was suspended meanwhile
            clock.fetch_add(1000, Ordering::Relaxed);
            other.load(&sent.key(), EntryKind::Normal).await
        };
        let taken = tokio::select! {
            taken = delivery => taken,
            error = held.keep_lease() => panic!("{error}"),
        };
        assert!(matches!(taken, Ok(Loaded::Ready(..))));
        assert!(!held.may_deliver());
        assert!(matches!(held.keep_lease().await, QueueError::LeaseLost { .. }));
        let (mut lease, _) = held.into_leases();
        assert!(matches!(queue.update(&mut lease, &sent).await, Err(QueueError::LeaseLost { .. })));
    }
}
