//! What a mechanism is to those who run it: the server's side and the client's.

use super::authinfo::Credentials;
use super::failure::Failure;
use super::secret::{Answer, Question};

/// What TLS knows; nothing without it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ChannelFacts {
    /// Whose certificate the client has shown, if it was found good; as `${cert_subject}`.
    pub subject: Option<Vec<u8>>,
    /// What binds an exchange to this connection, by type (RFC 5056), the best first.
    pub bindings: Vec<(&'static [u8], Vec<u8>)>,
    /// Clients are offered to be bound (a mechanism with -PLUS).
    pub offers_binding: bool,
}

/// What the server knows before an exchange.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerFacts {
    /// `$j`, which challenges name.
    pub host: Vec<u8>,
    /// Whose users those are who name no realm.
    pub realm: Vec<u8>,
    /// Seconds since the epoch.
    pub now: i64,
    /// Fresh from the kernel for this exchange.
    pub random: [u8; 36],
    /// What TLS knows of the client.
    pub channel: ChannelFacts,
}

/// What the server does next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// It says this, and waits for a response.
    Challenge(Vec<u8>),
    /// It must know this first.
    Ask(Question),
    /// It knows who the client is: the name as the client has given it, with its realm if that is not ours.
    Done(Vec<u8>),
    /// It does not believe the client.
    Failed(Failure),
}

/// The server's side of one exchange.
pub trait Exchange: Send {
    /// The client has said something; `None` at the beginning, if it came without a response.
    fn respond(&mut self, response: Option<&[u8]>) -> Step;

    /// What was asked is known; mechanisms that ask nothing are never told.
    fn answered(&mut self, _answer: Answer) -> Step {
        Step::Failed(Failure::protocol("out of order"))
    }
}

/// What a client knows before an exchange.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClientFacts {
    /// Who it is.
    pub credentials: Credentials,
    /// The server, as the log names it.
    pub host: Vec<u8>,
    /// Fresh from the kernel for this exchange.
    pub random: [u8; 36],
    /// What TLS knows.
    pub channel: ChannelFacts,
}

/// The client's side of one exchange.
pub trait ClientExchange: Send {
    /// What goes out with the command.
    fn initial(&mut self) -> Option<Vec<u8>> {
        None
    }

    /// The response to a challenge; `None`: this server is not to be believed, or makes no sense.
    fn respond(&mut self, challenge: &[u8]) -> Option<Vec<u8>>;
}

/// The client's side of a mechanism with one message, which goes out with the command or at the first challenge.
pub(super) struct OneMessage(pub(super) Vec<u8>);

impl ClientExchange for OneMessage {
    fn initial(&mut self) -> Option<Vec<u8>> {
        self.respond(b"")
    }

    fn respond(&mut self, _challenge: &[u8]) -> Option<Vec<u8>> {
        Some(self.0.clone())
    }
}
