//! qf files as bytes: one envelope ↔ one text. Pure; knows no directories.
//!
//! Lines are written in sendmail's order (`control_writer`); the reader (`control_reader`) takes any order,
//! joins continued lines and refuses whatever would be dangerous to half believe.

use crate::envelope::{EnvelopeFlags, Note, RecipientFlags, StoredEnvelope};
use crate::queue::error::Distrust;

/// The format that is written, and the newest that is read: sendmail's.
pub(super) const VERSION: i64 = 8;
/// Of a message that must only go under TLS (REQUIRETLS): sendmail, which would not know that, leaves a file with
/// such a number alone.
pub(super) const REQUIRE_TLS_VERSION: i64 = 9;

/// What a qf says.
#[derive(Clone, Debug, Default)]
pub struct ControlFile {
    /// V
    pub version: i64,
    /// T: does it say when it was created?
    pub dated: bool,
    /// d: where the df is, when not beside the qf.
    pub data_directory: Option<Vec<u8>>,
    /// I: device and inode of the df, for those who look; never relied on.
    pub data_file: Option<(u64, u64, u64)>,
    /// All that any store keeps.
    pub envelope: StoredEnvelope,
}

/// Why a qf cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ControlError {
    /// It has no end (yet): it stays as it is and is looked at again later. What was passed over before that.
    #[error("incomplete queue file read")]
    Incomplete(Vec<Note>),
    /// Nobody has sent it: it stays as it is.
    #[error("no sender")]
    NoSender,
    /// It is wrong: nothing of it may be believed, a human must look at it.
    #[error("{0}")]
    Bad(Distrust),
}

/// Envelope flags and their letters, in the order of writing.
pub(super) const ENVELOPE_FLAGS: [(u8, EnvelopeFlags); 9] = [
    (b'w', EnvelopeFlags::WARNED),
    (b'r', EnvelopeFlags::RESPONSE),
    (b'8', EnvelopeFlags::EIGHT_BIT),
    (b'b', EnvelopeFlags::DELETE_BCC),
    (b'd', EnvelopeFlags::RETURN_GIVEN),
    (b'n', EnvelopeFlags::NO_BODY_RETURN),
    (b's', EnvelopeFlags::SPLIT),
    (b'e', EnvelopeFlags::SMTPUTF8),
    (b'T', EnvelopeFlags::REQUIRE_TLS),
];

/// Recipient flags and their letters, in the order of writing.
pub(super) const RECIPIENT_FLAGS: [(u8, RecipientFlags); 7] = [
    (b'P', RecipientFlags::PRIMARY),
    (b'N', RecipientFlags::HAS_NOTIFY),
    (b'S', RecipientFlags::SUCCESS),
    (b'F', RecipientFlags::FAILURE),
    (b'D', RecipientFlags::DELAY),
    (b'B', RecipientFlags::BCC),
    (b'A', RecipientFlags::CONTROL_IS_ALIAS),
];
