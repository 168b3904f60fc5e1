//! What a session needs from the program around it. The daemon implements it over queue and
//! recipients, tests over memory.

use crate::envelope::{Body, Envelope, QueueId, Recipient};
use crate::rewrite::Address;
use crate::sasl;
use crate::schema::Reply;
use std::future::Future;

/// What became of a recipient that the rules have resolved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verified {
    /// It can be delivered to; the address may have been replaced (ruleset 5).
    Good(Address),
    /// Nobody could say now: it is queued.
    Later(Address),
    /// It is refused.
    Refused(Reply),
    /// The same because names lead to ever other names, in words that do not repeat it.
    TooDeep(Reply),
}

/// What came of those whom a list names that are no recipients.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LookedUp {
    /// How many addresses there are.
    pub addresses: usize,
    /// Who of those named cannot be had.
    pub failed: Vec<Recipient>,
    /// Why somebody cannot be had, the last one who cannot.
    pub refusal: Option<Reply>,
    /// The same as the queue would show it.
    pub message: Option<Vec<u8>>,
}

/// Why a session ends although its client has not said so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Closing {
    /// The server ends (RFC 5321, section 3.8).
    ShutDown,
    /// Others want to be served.
    Crowded,
}

/// For which hosts or group ETRN runs the queue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum QueueRun {
    /// Recipients that hold this text.
    Matching(Vec<u8>),
    /// A queue group by name.
    Group(Vec<u8>),
}

/// Takes the body of a message, piece by piece.
pub trait BodySink: Send {
    /// Adds bytes with LF line ends.
    ///
    /// # Errors
    /// What the client is told when they cannot be taken.
    fn write(&mut self, data: &[u8]) -> Result<(), Reply>;
    /// Bytes so far.
    fn size(&self) -> u64;
    /// Reads back what was written, from `offset`; 0 bytes at its end.
    ///
    /// # Errors
    /// As for `write`.
    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize, Reply>;
    /// Throws away what was written: another body takes its place.
    ///
    /// # Errors
    /// As for `write`.
    fn restart(&mut self) -> Result<(), Reply>;
    /// All of it is there: makes it durable.
    ///
    /// # Errors
    /// As for `write`.
    fn finish(self) -> impl Future<Output = Result<Body, Reply>> + Send
    where
        Self: Sized;
}

/// Keeps the body in memory, for those who take nothing that lasts.
#[derive(Default)]
pub struct MemorySink(Vec<u8>);

impl BodySink for MemorySink {
    fn write(&mut self, data: &[u8]) -> Result<(), Reply> {
        self.0.extend_from_slice(data);
        Ok(())
    }

    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize, Reply> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.0.get(offset..)).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn restart(&mut self) -> Result<(), Reply> {
        self.0.clear();
        Ok(())
    }

    async fn finish(self) -> Result<Body, Reply> {
        Ok(Body::from_memory(self.0))
    }
}

/// The program around a session.
pub trait Acceptor: Send + Sync + 'static {
    /// Where bodies go.
    type Sink: BodySink;

    /// An identifier for the next envelope; never waits.
    fn next_id(&self) -> QueueId;

    /// Seconds since the epoch.
    fn now(&self) -> i64;

    /// Opens the body of an envelope.
    ///
    /// # Errors
    /// What the client is told when it cannot be taken.
    fn create_body(&self, envelope: &mut Envelope) -> Result<Self::Sink, Reply>;

    /// Is there room for a message of this many bytes?
    fn has_room(&self, size: u64) -> bool;

    /// Why this recipient is refused even where nobody is looked up, since nobody will get the message.
    fn refuses_program(&self, _address: &Address) -> Option<Reply> {
        None
    }

    /// May this recipient be accepted?
    fn verify(&self, envelope: &mut Envelope, address: Address) -> impl Future<Output = Verified> + Send;

    /// Is whoever is named expanded at once, so that the client hears who of a list is refused? `verbose`: it has said VERB.
    fn expands_at_once(&self, _verbose: bool) -> bool {
        false
    }

    /// Adds such a recipient to the envelope; gives the index of whoever stands for it there.
    ///
    /// # Errors
    /// What the client is told instead. Whoever is not refused of those to whom it leads stays.
    fn admit(
        &self,
        _envelope: &mut Envelope,
        _recipient: Recipient,
    ) -> impl Future<Output = Result<usize, Reply>> + Send {
        std::future::ready(Err(Reply::default()))
    }

    /// What an exchange of AUTH must know of a password.
    fn secret(&self, question: sasl::Question) -> impl Future<Output = sasl::Answer> + Send;

    /// A log-in of the client's is refused: how often that was so lately, in whichever session; 0 where nobody counts.
    fn log_in_refused(&self) -> u32 {
        0
    }

    /// The full name of a sender who has an account here (mailer flag w); empty for anybody else.
    fn full_name(&self, _sender: &Address) -> impl Future<Output = Vec<u8>> + Send {
        std::future::ready(Vec::new())
    }

    /// Takes the message: `Ok` only when it is durable, so that 250 may be answered.
    ///
    /// # Errors
    /// The reply to be given instead.
    fn accept(&self, envelope: Envelope, interactive: bool)
    -> impl Future<Output = Result<(), Reply>> + Send;

    /// Removes what `create_body` may have left of an envelope that is not accepted.
    fn discard(&self, envelope: &Envelope);

    /// VRFY and EXPN: one reply line per final recipient, or the problems, and how many recipients were found by then.
    fn expand(
        &self,
        envelope: &mut Envelope,
        text: &[u8],
        expand: bool,
    ) -> impl Future<Output = (Vec<Reply>, usize)> + Send;

    /// Those whom an Errors-To field names (option UseErrorsTo) are looked up.
    fn look_up(&self, _envelope: &mut Envelope, _list: &[u8]) -> impl Future<Output = LookedUp> + Send {
        std::future::ready(LookedUp::default())
    }

    /// Waits until no further command is to be taken, while the session waits for one; `begun`: it is in the
    /// middle of a transaction.
    fn closing(&self, _begun: bool) -> impl Future<Output = Closing> + Send {
        std::future::pending()
    }

    /// ETRN: starts a queue run. `false`: no such queue group.
    fn run_queue(&self, run: QueueRun) -> bool;
}
