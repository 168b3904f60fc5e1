//! A message on its way in: what was decoded of it, and why it cannot be taken.

use super::acceptor::BodySink;
use crate::message::{Collector, Header};
use crate::schema::{EnhancedStatus, Reply};
use crate::smtp::proto::{DataDecoder, DataEvent};

/// Why a message is not taken.
pub(super) enum Failure {
    /// More than MaxHeadersLength, which is this many bytes.
    HeadersTooLarge(u64),
    /// More than MaxMessageSize, which is this many bytes.
    MessageTooLarge(u64),
    /// A NUL byte, and RejectNUL.
    Nul,
    /// Eighth bits that nothing tells of, and EightBitMode strict.
    EightBit,
    /// A filter or the queue says so.
    Refused(Reply),
}

impl Failure {
    pub(super) fn into_reply(self) -> Reply {
        let reply = |code, (subject, detail), text: String| {
            Reply::new(code, Some(EnhancedStatus(5, subject, detail)), text)
        };
        match self {
            Self::HeadersTooLarge(limit) => reply(552, (6, 0), format!("Headers too large ({limit} max)")),
            Self::MessageTooLarge(limit) => {
                reply(552, (2, 3), format!("Message exceeds maximum fixed size ({limit})"))
            }
            Self::EightBit => reply(554, (6, 1), "Eight bit data not allowed".into()),
            Self::Nul => reply(554, (6, 1), "NUL byte not allowed".into()),
            Self::Refused(reply) => reply,
        }
    }
}

/// A message on its way in.
pub(super) struct Collecting<B> {
    pub(super) decoder: DataDecoder,
    pub(super) collector: Collector,
    pub(super) sink: Option<B>,
    /// The first failure; the rest of the data is read and dropped.
    pub(super) failed: Option<Failure>,
    /// Have the filters heard the header?
    pub(super) header_heard: bool,
    /// Bytes with LF line ends.
    pub(super) size: u64,
    /// SevenBitInput: top bits are taken off.
    pub(super) seven_bit: bool,
    pub(super) limits: Limits,
    /// Reused from read to read.
    text: Vec<u8>,
    pub(super) body: Vec<u8>,
}

/// How much may come, in bytes.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// Of the header; 0 means no limit.
    pub(super) header: u64,
    /// Of all of it; 0 means no limit.
    pub(super) message: u64,
}

impl<B: BodySink> Collecting<B> {
    pub(super) fn new(
        decoder: DataDecoder,
        collector: Collector,
        sink: Result<B, Reply>,
        limits: Limits,
    ) -> Self {
        let (sink, failed) = match sink {
            Ok(sink) => (Some(sink), None),
            Err(reply) => (None, Some(Failure::Refused(reply))),
        };
        Self {
            decoder,
            collector,
            sink,
            failed,
            header_heard: false,
            size: 0,
            seven_bit: false,
            limits,
            text: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Takes what has arrived; gives the number of bytes used.
    pub(super) fn take(&mut self, input: &[u8]) -> (usize, DataEvent) {
        self.text.clear();
        let (used, event) = self.decoder.push(input, &mut self.text);
        self.keep();
        (used, event)
    }

    /// The data end where they stand, as the last chunk says (RFC 3030, section 2).
    pub(super) fn finish_data(&mut self) -> DataEvent {
        self.text.clear();
        let event = self.decoder.finish(&mut self.text);
        self.keep();
        event
    }

    /// What was decoded last becomes header and body.
    fn keep(&mut self) {
        if self.seven_bit {
            self.text.iter_mut().for_each(|byte| *byte &= 0x7f);
        }
        self.size += self.text.len() as u64;
        if self.failed.is_none() {
            self.body.clear();
            self.collector.push(&self.text, &mut self.body);
            self.judge();
            return;
        }
        self.judge_size();
        if let Some(Failure::MessageTooLarge(_)) = self.failed
            && !self.collector.in_body()
            && !self.header_is_too_large()
        {
            // the log tells of such a header, too
            self.body.clear();
            self.collector.push(&self.text, &mut self.body);
        }
    }

    /// Is the header longer than MaxHeadersLength allows?
    pub(super) fn header_is_too_large(&self) -> bool {
        self.limits.header > 0 && self.collector.header_size() > self.limits.header
    }

    fn judge(&mut self) {
        if self.header_is_too_large() {
            self.failed = Some(Failure::HeadersTooLarge(self.limits.header));
        }
        self.judge_size();
        if self.failed.is_none() {
            self.write();
        }
    }

    /// Of a message that is too large as a whole nothing is said about its header.
    fn judge_size(&mut self) {
        let limit = self.limits.message;
        let passable = matches!(self.failed, None | Some(Failure::HeadersTooLarge(_)));
        if limit > 0 && self.size > limit && passable {
            self.failed = Some(Failure::MessageTooLarge(limit));
        }
    }

    /// What was read of the body last goes where the body is kept.
    fn write(&mut self) {
        if let Some(sink) = &mut self.sink
            && let Err(reply) = sink.write(&self.body)
        {
            self.failed = Some(Failure::Refused(reply));
        }
    }

    /// The end of the data: the fields of the header.
    pub(super) fn finish_header(&mut self) -> Vec<Header> {
        self.body.clear();
        let too_large = self.header_is_too_large();
        let mut fields = std::mem::take(&mut self.collector).finish(&mut self.body);
        if too_large {
            fields.truncate(self.fitting(&fields));
        }
        if self.failed.is_none() {
            self.write();
        }
        fields
    }

    /// How many fields MaxHeadersLength leaves: nothing is known of the one that is too much, nor of those behind it.
    fn fitting(&self, fields: &[Header]) -> usize {
        let mut length = 0;
        let fits = |field: &&Header| {
            // the colon and the line end count as well
            length += field.name.len() as u64 + field.value.len() as u64 + 2;
            length <= self.limits.header
        };
        fields.iter().take_while(fits).count()
    }
}
