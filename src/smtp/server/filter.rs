//! What may refuse or change a message before anybody else sees it: the check rulesets first, others
//! after them.
//!
//! A filter hears what the client says, stage by stage, and decides. At the end it is shown the message
//! as it then is, with what the filters before it have changed, and may change more. In: the words of
//! the client. Out: a [`Decision`] each time, and [`Modifications`]. Never here: replies, logging,
//! anything that lasts: what a filter changes takes effect before the message goes into the queue.

use super::acceptor::BodySink;
use super::client::Client;
use crate::config::Config;
use crate::engine::Scope;
use crate::envelope::{Recipient, Sender};
use crate::message::{Header, HeaderEdit};
use crate::rewrite::{Site, Verdict};
use crate::schema::Reply;
use std::future::Future;
use std::pin::Pin;

/// How far a refusal reaches.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Extent {
    /// What was asked for is refused.
    #[default]
    Command,
    /// What is asked for from now on is refused.
    Session,
    /// Transactions that are asked for from now on are to be tried again later.
    LaterInSession,
    /// The connection ends with these words.
    Connection,
}

/// What a filter has decided.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// Go on, or not.
    pub verdict: Verdict,
    /// Who decided, as the log names it: `ruleset=check_rcpt, arg1=…`; nothing: it has told the log itself.
    pub source: Vec<u8>,
    /// How far it reaches.
    pub extent: Extent,
}

impl Decision {
    /// Nothing is wrong, nobody need be named.
    pub fn accept() -> Self {
        Self { verdict: Verdict::Accept, source: Vec::new(), extent: Extent::Command }
    }
}

/// A decision that may take its time.
pub type Deciding<'a> = Pin<Box<dyn Future<Output = Decision> + Send + 'a>>;

/// A decision that is there at once.
pub fn decided<'a>(decision: Decision) -> Deciding<'a> {
    Box::pin(std::future::ready(decision))
}

/// What is known when a filter is asked.
pub struct Context<'a> {
    /// Configuration, rules, maps.
    pub site: &'a Site,
    /// The message's queue identifier.
    pub id: &'a [u8],
    /// Somebody has decided that the message is taken and thrown away.
    pub discard: bool,
    /// The other end, and how far it is to be trusted.
    pub client: &'a Client,
    /// Macro values; what a filter sets here is there for those that are asked later.
    pub scope: &'a mut Scope,
    /// Of the transaction, so far.
    pub sender: &'a Sender,
    /// Of the transaction, so far.
    pub recipients: &'a [Recipient],
}

/// Something about a message that takes its time.
pub type Working<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A message that has arrived, as the filters before have left it.
pub trait Arrived: Send {
    /// What is known of it.
    fn context(&mut self) -> Context<'_>;
    /// Its queue identifier, and the macros.
    fn moment(&self) -> (&[u8], &Site, &Scope);
    /// Bytes, header and body, with LF line ends.
    fn size(&self) -> u64;
    /// Its header, fields that were made here among them.
    fn header(&self) -> &HeaderEdit;
    /// The same, to be changed; `grown`: so many bytes more than before.
    fn change_header(&mut self, grown: i64) -> &mut HeaderEdit;
    /// The body: may be read, and written anew after [`BodySink::restart`].
    fn body(&mut self) -> &mut dyn BodySink;
    /// It is held, for this reason.
    fn quarantine(&mut self, reason: &[u8]);
    /// Another sender, with parameters of MAIL.
    fn change_sender<'a>(&'a mut self, text: &'a [u8], parameters: &'a [u8]) -> Working<'a, ()>;
    /// More recipients: a list of addresses; or one, with parameters of RCPT.
    fn add_recipients<'a>(&'a mut self, list: &'a [u8], parameters: Option<&'a [u8]>) -> Working<'a, ()>;
    /// A recipient goes; how many there were of it.
    fn delete_recipient<'a>(&'a mut self, text: &'a [u8]) -> Working<'a, usize>;
}

/// What a filter may be told of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// A connection.
    Connect,
    /// HELO or EHLO.
    Helo,
    /// MAIL.
    Mail,
    /// RCPT.
    Rcpt,
    /// What became of a RCPT.
    LookedUp,
    /// DATA.
    Data,
    /// One field.
    Header,
    /// The end of the header.
    EndOfHeader,
    /// A piece of the body.
    Body,
    /// The final dot.
    End,
    /// VRFY, EXPN or ETRN.
    Request,
    /// A command that does nothing or is unknown.
    Unknown,
}

/// One filter of one session. What it does not care about is accepted.
pub trait Filter: Send {
    /// Has it anything to say at this stage? One that has not is not asked, and nothing is made ready for it.
    fn hears(&self, _config: &Config, _stage: Stage) -> bool {
        true
    }

    /// A client has connected.
    fn connect<'a>(&'a mut self, _context: &'a mut Context<'_>) -> Deciding<'a> {
        decided(Decision::accept())
    }

    /// HELO or EHLO, with the client's name for itself.
    fn helo<'a>(&'a mut self, _context: &'a mut Context<'_>, _name: &'a [u8]) -> Deciding<'a> {
        decided(Decision::accept())
    }

    /// MAIL: the sender's address as typed, and the parameters behind it.
    fn mail<'a>(
        &'a mut self,
        _context: &'a mut Context<'_>,
        _address: &'a [u8],
        _parameters: &'a [u8],
    ) -> Deciding<'a> {
        decided(Decision::accept())
    }

    /// RCPT: one recipient's address as typed, and the parameters behind it.
    fn rcpt<'a>(
        &'a mut self,
        _context: &'a mut Context<'_>,
        _address: &'a [u8],
        _parameters: &'a [u8],
    ) -> Deciding<'a> {
        decided(Decision::accept())
    }

    /// The recipient of a RCPT has been looked up, or `refused` by somebody before.
    fn looked_up<'a>(
        &'a mut self,
        _context: &'a mut Context<'_>,
        _address: &'a [u8],
        _parameters: &'a [u8],
        _refused: Option<&'a Reply>,
    ) -> Deciding<'a> {
        decided(Decision::accept())
    }

    /// DATA, for this many recipients.
    fn data<'a>(&'a mut self, _context: &'a mut Context<'_>, _recipients: usize) -> Deciding<'a> {
        decided(Decision::accept())
    }

    /// One field of the message, as received.
    fn header<'a>(&'a mut self, _context: &'a mut Context<'_>, _field: &'a Header) -> Deciding<'a> {
        decided(Decision::accept())
    }

    /// That was the last field.
    fn eoh<'a>(&'a mut self, _context: &'a mut Context<'_>, _fields: &'a [Header]) -> Deciding<'a> {
        decided(Decision::accept())
    }

    /// Does it want to hear the body while that arrives?
    fn wants_body(&self) -> bool {
        false
    }

    /// A piece of the body, with LF line ends.
    fn body<'a>(&'a mut self, _context: &'a mut Context<'_>, _piece: &'a [u8]) -> Deciding<'a> {
        decided(Decision::accept())
    }

    /// The final dot: the last word, and the only one at which the message may be changed.
    fn end<'a>(&'a mut self, _message: &'a mut dyn Arrived) -> Deciding<'a> {
        decided(Decision::accept())
    }

    /// The message is given up, refused or thrown away: nothing more comes of it.
    fn abort<'a>(&'a mut self, _context: &'a mut Context<'_>) -> Working<'a, ()> {
        Box::pin(std::future::ready(()))
    }

    /// The session is over.
    fn quit<'a>(&'a mut self, _context: &'a mut Context<'_>) -> Working<'a, ()> {
        Box::pin(std::future::ready(()))
    }

    /// VRFY, EXPN or ETRN: a request that begins no message.
    fn request<'a>(
        &'a mut self,
        _context: &'a mut Context<'_>,
        _verb: &'static str,
        _argument: &'a [u8],
    ) -> Deciding<'a> {
        decided(Decision::accept())
    }

    /// A command that does nothing or is unknown, and the first digit of the reply to come.
    fn unknown<'a>(
        &'a mut self,
        _context: &'a mut Context<'_>,
        _line: &'a [u8],
        _digit: &'static [u8],
    ) -> Deciding<'a> {
        decided(Decision::accept())
    }
}

/// Makes the filter of a session that begins.
pub type FilterFactory = Box<dyn Fn(&Client) -> Box<dyn Filter> + Send + Sync>;

/// A call of one of the methods above but `end`.
#[derive(Clone, Copy)]
pub(super) enum FilterCall<'a> {
    Connect,
    Helo(&'a [u8]),
    Mail(&'a [u8], &'a [u8]),
    Rcpt(&'a [u8], &'a [u8]),
    LookedUp(&'a [u8], &'a [u8], Option<&'a Reply>),
    Data(usize),
    Header(&'a Header),
    EndOfHeader(&'a [Header]),
    Body(&'a [u8]),
    Request(&'static str, &'a [u8]),
    Unknown(&'a [u8], &'static [u8]),
}

impl<'a> FilterCall<'a> {
    pub(super) fn stage(self) -> Stage {
        match self {
            Self::Connect => Stage::Connect,
            Self::Helo(_) => Stage::Helo,
            Self::Mail(..) => Stage::Mail,
            Self::Rcpt(..) => Stage::Rcpt,
            Self::LookedUp(..) => Stage::LookedUp,
            Self::Data(_) => Stage::Data,
            Self::Header(_) => Stage::Header,
            Self::EndOfHeader(_) => Stage::EndOfHeader,
            Self::Body(_) => Stage::Body,
            Self::Request(..) => Stage::Request,
            Self::Unknown(..) => Stage::Unknown,
        }
    }

    pub(super) fn make(self, filter: &'a mut dyn Filter, context: &'a mut Context<'_>) -> Deciding<'a> {
        match self {
            Self::Connect => filter.connect(context),
            Self::Helo(name) => filter.helo(context, name),
            Self::Mail(address, parameters) => filter.mail(context, address, parameters),
            Self::Rcpt(address, parameters) => filter.rcpt(context, address, parameters),
            Self::LookedUp(address, parameters, refused) => {
                filter.looked_up(context, address, parameters, refused)
            }
            Self::Data(recipients) => filter.data(context, recipients),
            Self::Header(field) => filter.header(context, field),
            Self::EndOfHeader(fields) => filter.eoh(context, fields),
            Self::Body(piece) => filter.body(context, piece),
            Self::Request(verb, argument) => filter.request(context, verb, argument),
            Self::Unknown(line, digit) => filter.unknown(context, line, digit),
        }
    }
}
