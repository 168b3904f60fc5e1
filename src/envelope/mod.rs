//! The envelope: who sent it, who gets it, what came of each so far.
//!
//! In: what SMTP, the command line or a queue file said. Out: the one type in which smtp, queue,
//! recipients, deliver and bounce meet. Never here: I/O but reading the body, decisions.

mod body;
mod id;
mod intake;
mod output;
mod receive;
mod recipient;
mod same;
mod sender;

pub use body::{Body, BodyReader};
pub use id::{QueueId, QueueLocation};
pub use output::put_headers;
pub use receive::receive;
pub use recipient::{ControllingUser, Recipient, RecipientFlags, RecipientState};
pub use same::{is_file_or_program, is_named_already, is_same_address, is_same_recipient, plain_user};
pub use sender::set_sender;

use crate::engine::Scope;
use crate::message::Headers;
use crate::rewrite::Address;
use crate::schema::TimeoutClass;

bitflags::bitflags! {
    /// What is known of a whole message.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
    pub struct EnvelopeFlags: u32 {
        /// `w`: the sender was told that it takes longer.
        const WARNED = 1;
        /// `r`: it is itself an error report or has the null sender.
        const RESPONSE = 2;
        /// `8`: the body has 8-bit data.
        const EIGHT_BIT = 4;
        /// `b`: the Bcc field is to be deleted on output.
        const DELETE_BCC = 8;
        /// `d`: RET= was given.
        const RETURN_GIVEN = 0x10;
        /// `n`: RET=HDRS.
        const NO_BODY_RETURN = 0x20;
        /// `s`: it went through splitting.
        const SPLIT = 0x40;
        /// `e`: SMTPUTF8.
        const SMTPUTF8 = 0x80;
        /// No receipts wanted (PrivacyOptions noreceipts).
        const NO_RECEIPTS = 0x100;
        /// Some recipient failed for good in this pass: an error report is due.
        const FATAL_ERRORS = 0x200;
        /// Sender notification of a delay is due.
        const SEND_WARNING = 0x400;
        /// Success report is due.
        const SEND_RECEIPT = 0x800;
        /// Nothing of it may be delivered (discard).
        const DISCARD = 0x1000;
        /// The qf exists on disk.
        const IN_QUEUE = 0x2000;
        /// The from= line is still to be logged.
        const LOG_SENDER = 0x4000;
        /// Postmaster is to be told too (configuration errors).
        const TELL_POSTMASTER = 0x8000;
        /// A Resent- field was seen.
        const RESENT = 0x1_0000;
        /// The original has MIME headers.
        const IS_MIME = 0x2_0000;
        /// Made here and not yet read back from the queue.
        const GENERATED = 0x4_0000;
    }
}

/// BODY= of MAIL.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BodyType {
    /// `7BIT`
    SevenBit,
    /// `8BITMIME`
    EightBitMime,
}

impl BodyType {
    /// As in MAIL and in queue files.
    pub fn as_bytes(self) -> &'static [u8] {
        match self {
            Self::SevenBit => b"7BIT",
            Self::EightBitMime => b"8BITMIME",
        }
    }

    /// Without ASCII case; `None` for anything else.
    pub fn parse(text: &[u8]) -> Option<Self> {
        [Self::SevenBit, Self::EightBitMime]
            .into_iter()
            .find(|kind| kind.as_bytes().eq_ignore_ascii_case(text))
    }
}

/// BY= of MAIL (RFC 2852).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DeliverBy {
    /// Seconds from arrival.
    pub seconds: i64,
    /// 0x01 notify, 0x02 return, 0x10 trace.
    pub flags: u8,
}

/// The envelope sender.
#[derive(Clone, Debug, Default)]
pub struct Sender {
    /// As given, brackets included where typed so; `<>` is the null sender.
    pub text: Vec<u8>,
    /// Parsed; `None` before, and for senders that cannot be parsed.
    pub address: Option<Address>,
}

impl Sender {
    /// `<>` or nothing at all?
    pub fn is_null(&self) -> bool {
        matches!(self.text.as_slice(), b"" | b"<>")
    }
}

/// One message on its way.
#[derive(Clone, Debug, Default)]
pub struct Envelope {
    /// Queue identifier.
    pub id: QueueId,
    /// Where its files are.
    pub place: QueueLocation,
    /// Who sent it.
    pub sender: Sender,
    /// Everyone it is for, expanded and duplicate entries included.
    pub recipients: Vec<Recipient>,
    /// Header fields, default ones included.
    pub headers: Headers,
    /// The body.
    pub body: Body,
    /// Creation, seconds since the epoch.
    pub created: i64,
    /// Last attempt, seconds since the epoch; 0 before the first.
    pub last_attempt: i64,
    /// Attempts so far.
    pub attempts: u32,
    /// Lower is sooner.
    pub priority: i64,
    /// From Precedence.
    pub class: i64,
    /// From Priority.
    pub timeout_class: TimeoutClass,
    /// Bytes received: header and body, lines ending in LF.
    pub size: u64,
    /// Hops counted from trace fields.
    pub hop_count: u32,
    /// Flags.
    pub flags: EnvelopeFlags,
    /// BODY=
    pub body_type: Option<BodyType>,
    /// ENVID=, xtext as received.
    pub envid: Option<Vec<u8>>,
    /// AUTH=, xtext as received.
    pub auth: Option<Vec<u8>>,
    /// BY=
    pub deliver_by: Option<DeliverBy>,
    /// Why it is still here (the envelope's M line).
    pub message: Option<Vec<u8>>,
    /// Why it is held.
    pub quarantine: Option<Vec<u8>>,
    /// Message-Id without blanks, for the log.
    pub message_id: Option<Vec<u8>>,
    /// What happened in this session or attempt, for reports (the xf file's content).
    pub transcript: Vec<u8>,
    /// Macro values of this message.
    pub scope: Scope,
}

impl Envelope {
    /// Recipients that still need an attempt.
    pub fn pending(&self) -> impl Iterator<Item = &Recipient> {
        self.recipients.iter().filter(|recipient| recipient.state.is_pending())
    }

    /// Is it a report or from the null sender?
    pub fn is_response(&self) -> bool {
        self.flags.contains(EnvelopeFlags::RESPONSE)
    }
}

#[cfg(test)]
mod tests;
