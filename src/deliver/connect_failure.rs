//! Why mail did not get through to a host.

use super::result::DeliveryResult;

/// Why mail did not get through to a host: what that means for it, and what the log shows as relay.
#[derive(Clone, Debug)]
pub(super) struct ConnectFailure {
    pub(super) result: DeliveryResult,
    pub(super) relay: Vec<u8>,
    /// The host that could not be had, as reports name it.
    pub(super) remote_mta: Option<Vec<u8>>,
    /// Has the host been told of recipients? Reports name it.
    pub(super) of_recipients: bool,
    /// Does the log know of it already?
    pub(super) recorded: bool,
    /// No other host is to be asked.
    pub(super) is_last: bool,
}

impl ConnectFailure {
    /// One that the log does not know of yet, and behind which the next host is asked.
    pub(super) fn new(result: DeliveryResult, relay: Vec<u8>, remote_mta: Option<Vec<u8>>) -> Self {
        Self { result, relay, remote_mta, of_recipients: false, recorded: false, is_last: false }
    }
}
