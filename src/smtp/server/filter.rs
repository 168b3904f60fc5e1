//! What may refuse or change a message before anybody else sees it: the check rulesets first, others
//! after them.
//!
//! A filter hears what the client says, stage by stage, and decides. At the end it is shown the message
//! as it then is, with what the filters before it have changed, and may change more. In: the words of
//! the client. Out: a [`Decision`] each time, and [`Modifications`]. Never here: replies, logging,
//! anything that lasts: what a filter changes takes effect once, before the message goes into the queue.

use super::acceptor::BodySink;
use super::client::Client;
use crate::engine::Scope;
use crate::envelope::{Recipient, Sender};
use crate::message::{Header, HeaderKind, Headers};
use crate::rewrite::{Site, Verdict};
use std::future::Future;
use std::pin::Pin;

/// What a filter has decided.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// Go on, or not.
    pub verdict: Verdict,
    /// Who decided, as the log names it: `ruleset=check_rcpt, arg1=…`.
    pub source: Vec<u8>,
}

impl Decision {
    /// Nothing is wrong, nobody need be named.
    pub fn accept() -> Self {
        Self { verdict: Verdict::Accept, source: Vec::new() }
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
    /// The other end, and how far it is to be trusted.
    pub client: &'a Client,
    /// Macro values; what a filter sets here is there for those that are asked later.
    pub scope: &'a mut Scope,
    /// Of the transaction, so far.
    pub sender: &'a Sender,
    /// Of the transaction, so far.
    pub recipients: &'a [Recipient],
}

/// A message that has arrived, as the filters before have left it.
pub struct Arrived<'a> {
    pub(super) headers: &'a Headers,
    pub(super) changes: &'a Modifications,
    /// Bytes, header and body, with LF line ends.
    pub size: u64,
    /// The body: may be read, and written anew after [`BodySink::restart`].
    pub body: &'a mut dyn BodySink,
}

impl Arrived<'_> {
    /// The fields that came with it or were added by filters; those that are made here are not among them.
    pub fn fields(&self) -> Vec<Header> {
        let mut headers = self.headers.clone();
        self.changes.apply_to(&mut headers);
        headers.0.retain(|field| field.kind.contains(HeaderKind::USER));
        headers.0
    }
}

/// One filter of one session. What it does not care about is accepted.
pub trait Filter: Send {
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
    fn end<'a>(
        &'a mut self,
        _context: &'a mut Context<'_>,
        _message: Arrived<'a>,
        _changes: &'a mut Modifications,
    ) -> Deciding<'a> {
        decided(Decision::accept())
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
pub type FilterFactory = Box<dyn Fn() -> Box<dyn Filter> + Send + Sync>;

/// A call of one of the methods above but `end`.
#[derive(Clone, Copy)]
pub(super) enum FilterCall<'a> {
    Connect,
    Helo(&'a [u8]),
    Mail(&'a [u8], &'a [u8]),
    Rcpt(&'a [u8], &'a [u8]),
    Data(usize),
    Header(&'a Header),
    EndOfHeader(&'a [Header]),
    Body(&'a [u8]),
    Request(&'static str, &'a [u8]),
    Unknown(&'a [u8], &'static [u8]),
}

impl<'a> FilterCall<'a> {
    pub(super) fn make(self, filter: &'a mut dyn Filter, context: &'a mut Context<'_>) -> Deciding<'a> {
        match self {
            Self::Connect => filter.connect(context),
            Self::Helo(name) => filter.helo(context, name),
            Self::Mail(address, parameters) => filter.mail(context, address, parameters),
            Self::Rcpt(address, parameters) => filter.rcpt(context, address, parameters),
            Self::Data(recipients) => filter.data(context, recipients),
            Self::Header(field) => filter.header(context, field),
            Self::EndOfHeader(fields) => filter.eoh(context, fields),
            Self::Body(piece) => filter.body(context, piece),
            Self::Request(verb, argument) => filter.request(context, verb, argument),
            Self::Unknown(line, digit) => filter.unknown(context, line, digit),
        }
    }
}

/// One change of the header.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HeaderChange {
    /// A field after all others.
    Add {
        /// The name.
        name: Vec<u8>,
        /// All after the colon, its blank included.
        value: Vec<u8>,
    },
    /// A field with so many others before it.
    Insert {
        /// 0: before all others.
        index: usize,
        /// The name.
        name: Vec<u8>,
        /// All after the colon, its blank included.
        value: Vec<u8>,
    },
    /// Another value for a field that came with the message; where there is none it is added.
    Change {
        /// The name.
        name: Vec<u8>,
        /// Which of several, from 1.
        occurrence: usize,
        /// All after the colon; an empty value takes the field away.
        value: Vec<u8>,
    },
}

/// What is to be changed, in the order in which filters said so. The body is written where it lies.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Modifications {
    /// Another envelope sender.
    pub sender: Option<Vec<u8>>,
    /// More recipients.
    pub added: Vec<Vec<u8>>,
    /// Recipients that go.
    pub deleted: Vec<Vec<u8>>,
    /// The header.
    pub headers: Vec<HeaderChange>,
}

impl Modifications {
    /// More of them; what is said later counts.
    pub(super) fn append(&mut self, later: Self) {
        self.sender = later.sender.or(self.sender.take());
        self.added.extend(later.added);
        self.deleted.extend(later.deleted);
        self.headers.extend(later.headers);
    }

    /// The header as it is with all changes.
    pub fn apply_to(&self, headers: &mut Headers) {
        for change in &self.headers {
            match change {
                HeaderChange::Add { name, value } => headers.0.push(field(name, value)),
                HeaderChange::Insert { index, name, value } => {
                    headers.0.insert((*index).min(headers.0.len()), field(name, value));
                }
                HeaderChange::Change { name, occurrence, value } => {
                    change_field(headers, name, *occurrence, value);
                }
            }
        }
    }
}

fn field(name: &[u8], value: &[u8]) -> Header {
    let made = Header::generated(name, value);
    Header { kind: HeaderKind::of(name) | HeaderKind::USER, ..made }
}

fn change_field(headers: &mut Headers, name: &[u8], occurrence: usize, value: &[u8]) {
    let own =
        |header: &Header| header.kind.contains(HeaderKind::USER) && header.name.eq_ignore_ascii_case(name);
    let mut places = headers.0.iter().enumerate().filter(|(_, header)| own(header)).map(|(place, _)| place);
    let found = places.nth(occurrence.saturating_sub(1));
    match found {
        Some(place) if value.is_empty() => drop(headers.0.remove(place)),
        Some(place) => headers.0[place].value = value.to_vec(),
        None if value.is_empty() => {}
        None => headers.0.push(field(name, value)),
    }
}
