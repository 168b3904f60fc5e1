//! Reports: delivery failures, delays and receipts as multipart/report (RFC 3461, 3462, 3464).
//!
//! In: an envelope whose recipients know their fate. Out: a new envelope with the null sender.
//! Pure: no files, no look-ups, no clock; the caller gives identifier and time, and queues the result.

use crate::envelope::{Envelope, QueueId};
use crate::rewrite::Site;

/// What a report is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Somebody cannot get it.
    Failure,
    /// It takes longer.
    Delay,
    /// It arrived.
    Success,
}

/// What the caller supplies.
pub struct Report<'a> {
    /// The site.
    pub site: &'a Site,
    /// What it is about.
    pub kind: Kind,
    /// Identifier of the new envelope.
    pub id: QueueId,
    /// Now, seconds since the epoch.
    pub now: i64,
}

/// The reports that are due for `envelope` at the end of a pass, in the order of their sending.
/// Empty when nobody is to be told.
pub fn due(_site: &Site, _envelope: &Envelope, _now: i64) -> Vec<Kind> {
    todo!()
}

/// Builds one report. `None` when there is nobody to get it (a failing double bounce without
/// DoubleBounceAddress): the caller then saves or drops the message.
pub fn build(_report: &Report<'_>, _envelope: &Envelope) -> Option<Envelope> {
    todo!()
}
