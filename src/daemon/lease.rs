//! A message under way: its lease is renewed while it is delivered, and written under only while it is held.

use crate::deliver::Checkpoint;
use crate::envelope::Envelope;
use crate::queue::{Lease, Queue, QueueError};
use crate::sys::clock;
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;

/// A leased message as an attempt sees it.
pub(super) struct HeldMessage<'a> {
    queue: &'a Queue,
    lease: Mutex<Lease>,
    /// When the lease ends, seconds since the epoch.
    expiry: AtomicI64,
}

impl<'a> HeldMessage<'a> {
    pub(super) fn new(queue: &'a Queue, lease: Lease) -> Self {
        let expiry = AtomicI64::new(lease.expiry().unwrap_or(i64::MAX));
        Self { queue, lease: Mutex::new(lease), expiry }
    }

    /// The attempt is over.
    pub(super) fn into_lease(self) -> Lease {
        self.lease.into_inner()
    }

    /// Renews the lease for as long as it is polled; returns when it is lost.
    pub(super) async fn keep(&self) -> QueueError {
        loop {
            let Some(expiry) = self.lease.lock().await.expiry() else { return pending().await };
            let left = u64::try_from(expiry - clock::now()).unwrap_or(0);
            tokio::time::sleep(Duration::from_secs((left / 3).max(1))).await;
            // a store that cannot be reached for a moment has taken nothing away
            if let Err(error) = self.renew().await
                && (matches!(error, QueueError::LeaseLost { .. }) || !self.may_deliver())
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

    fn may_deliver(&self) -> bool {
        clock::now() < self.expiry.load(Ordering::Relaxed)
    }
}
