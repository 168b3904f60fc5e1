//! Why no mail goes over a connection that was made: what greeting, EHLO, TLS and AUTH have in common.

use super::replies;
use super::result::DeliveryResult;
use crate::smtp::client::{ConnectionError, ServerConnection};

/// Why no mail goes over a connection.
pub(super) struct Refused {
    pub(super) result: DeliveryResult,
    /// It may do without TLS.
    pub(super) handshake_failed: bool,
}

impl From<DeliveryResult> for Refused {
    fn from(result: DeliveryResult) -> Self {
        Self { result, handshake_failed: false }
    }
}

/// A connection that has ended while it was opened.
pub(super) fn connection_failed(server: &mut ServerConnection, error: &ConnectionError) -> DeliveryResult {
    if matches!(error, ConnectionError::Lost | ConnectionError::TimedOut) {
        let line = replies::read_error(&server.host);
        server.note(&line);
    }
    replies::of_connection_error(error, &server.host)
}
