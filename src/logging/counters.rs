//! What this process has done since it began: numbers that only grow.
//!
//! In: events, from any thread. Out: [`Counters::all`], a row each. Never here: files (StatusFile is `statistics`).

use super::statistics::{Connection, Message};
use crate::schema::Disposition;
use std::sync::atomic::{AtomicU64, Ordering};

/// One number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Count {
    /// Clients that have connected.
    Sessions,
    /// Connections to servers.
    Calls,
    /// Clients and commands refused by a rule.
    Refused,
    /// Messages taken.
    Messages,
    /// Their bytes.
    Bytes,
    /// Messages refused by a rule.
    Rejected,
    /// Messages taken and thrown away.
    Discarded,
    /// Messages taken and held.
    Quarantined,
    /// Recipients of messages that were taken.
    Recipients,
    /// Deliveries made: a message to one mailer's host or mailbox.
    Deliveries,
    /// Their bytes.
    DeliveredBytes,
    /// Recipients who have their mail: delivered here, given to another host or to a list.
    Sent,
    /// Times that a recipient was left for later.
    Deferred,
    /// Recipients whose mail failed.
    Failed,
    /// Reports made: bounces, warnings and receipts.
    Reports,
}

/// Each with its name and what it is.
pub const COUNTS: [(Count, &str, &str); 15] = [
    (Count::Sessions, "sessions", "Clients that have connected"),
    (Count::Calls, "connections_out", "Connections to servers"),
    (Count::Refused, "refused", "Clients and commands refused by a rule"),
    (Count::Messages, "messages", "Messages taken"),
    (Count::Bytes, "message_bytes", "Bytes of messages taken"),
    (Count::Rejected, "messages_rejected", "Messages refused by a rule"),
    (Count::Discarded, "messages_discarded", "Messages taken and thrown away"),
    (Count::Quarantined, "messages_quarantined", "Messages taken and held"),
    (Count::Recipients, "recipients", "Recipients of messages taken"),
    (Count::Deliveries, "deliveries", "Messages given to a mailer or a host"),
    (Count::DeliveredBytes, "delivery_bytes", "Bytes of messages given to a mailer or a host"),
    (Count::Sent, "recipients_sent", "Recipients whose mail was delivered or passed on"),
    (Count::Deferred, "recipients_deferred", "Attempts after which a recipient had to wait"),
    (Count::Failed, "recipients_bounced", "Recipients whose mail failed for good"),
    (Count::Reports, "reports", "Bounces, warnings and receipts made"),
];

/// The numbers.
#[derive(Debug, Default)]
pub struct Counters([AtomicU64; COUNTS.len()]);

impl Counters {
    /// So many more.
    pub fn add(&self, count: Count, more: u64) {
        self.0[count as usize].fetch_add(more, Ordering::Relaxed);
    }

    /// Name, meaning and number of each.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        COUNTS
            .iter()
            .map(|(count, name, what)| (*name, *what, self.0[*count as usize].load(Ordering::Relaxed)))
    }

    pub(super) fn connection(&self, kind: Connection) {
        self.add(
            match kind {
                Connection::From => Count::Sessions,
                Connection::To => Count::Calls,
                Connection::Refused => Count::Refused,
            },
            1,
        );
    }

    pub(super) fn message(&self, kind: Message, bytes: u64) {
        let (count, size) = match kind {
            Message::From => (Count::Messages, Some(Count::Bytes)),
            Message::To => (Count::Deliveries, Some(Count::DeliveredBytes)),
            Message::Rejected => (Count::Rejected, None),
            Message::Discarded => (Count::Discarded, None),
            Message::Quarantined => (Count::Quarantined, None),
        };
        self.add(count, 1);
        if let Some(size) = size {
            self.add(size, bytes);
        }
    }

    /// What has come of recipients.
    pub fn recipients(&self, disposition: Disposition, number: usize) {
        let count = match disposition {
            Disposition::Delayed => Count::Deferred,
            Disposition::Failed => Count::Failed,
            Disposition::Delivered | Disposition::Relayed | Disposition::Expanded => Count::Sent,
        };
        self.add(count, number as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_has_its_own_place() {
        let counters = Counters::default();
        for (index, (count, ..)) in COUNTS.iter().enumerate() {
            assert_eq!(*count as usize, index);
            counters.add(*count, index as u64);
        }
        assert!(counters.all().map(|(_, _, number)| number).eq(0..15));
        counters.message(Message::From, 100);
        counters.recipients(Disposition::Failed, 2);
        let of = |wanted: &str| counters.all().find(|(name, ..)| *name == wanted).map(|row| row.2);
        assert_eq!(
            (of("messages"), of("message_bytes"), of("recipients_bounced")),
            (Some(4), Some(104), Some(15))
        );
    }
}
