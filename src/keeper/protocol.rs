//! What front and keeper say to each other.

use super::settings::NamedFile;
use crate::message::BodyForm;
use crate::sasl;
use crate::schema::{EnhancedStatus, Sysexit, UserIds};
use crate::sys::accounts::User;
use serde::{Deserialize, Serialize};

/// What tells one state of a file from another: device, inode, seconds and nanoseconds of the last change, size.
pub type Signature = (u64, u64, i64, i64, u64);

/// Is there such a user? A failing service is `Later`, never "no".
pub type UserAnswer = crate::schema::Outcome<Option<User>>;

/// Whose list it is: the controlling user of what is named in it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct ListOwner {
    /// Login name; empty for the DefaultUser.
    pub user: Vec<u8>,
    /// Its ids.
    pub ids: UserIds,
}

/// The text of a `.forward` or `:include:` file that has passed the safety checks.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Listing {
    /// Which file it was.
    pub path: Vec<u8>,
    /// Its content.
    pub text: Vec<u8>,
    /// May files and programs in it be used? Not where others could have written them.
    pub safe: bool,
    /// Files and programs in it run as this user.
    pub owner: ListOwner,
    /// Has the owner a shell of /etc/shells? Without one: no files, no programs.
    pub shell: bool,
}

/// Why a list was not read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ListingError {
    /// There is none (for `.forward`: nothing is forwarded).
    Absent,
    /// It is there, but must not be used; the text says why.
    Refused(String),
    /// Try again later.
    Later(String),
    /// It could not be opened in the time that Timeout.fileopen gives.
    TimedOut,
}

/// What came of looking for a list, and what the log is to say of the files on the way.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ListingAnswer {
    /// The list.
    pub result: Result<Listing, ListingError>,
    /// Lines for the log, in order.
    pub notes: Vec<ListingNote>,
}

/// The level of notes on what is unsafe around a list.
pub(super) const UNSAFE_LEVEL: u8 = 12;

/// One line for the log about a file of a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ListingNote {
    /// From which LogLevel on.
    pub level: u8,
    /// Is it a warning, and not mere information?
    pub warning: bool,
    /// The line.
    pub text: Vec<u8>,
}

impl From<ListingError> for ListingAnswer {
    fn from(error: ListingError) -> Self {
        Self { result: Err(error), notes: Vec::new() }
    }
}

/// On whose behalf a file, program or list is named. The front says so; the keeper looks for itself.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct NamedBy {
    /// Login name of the controlling user; empty for the DefaultUser.
    pub user: Vec<u8>,
    /// The alias whose value names it, where the front knows it: the keeper looks there first.
    pub alias: Vec<u8>,
}

/// One recipient of a delivery.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Target {
    /// `$u`
    pub user: Vec<u8>,
    /// `$h`
    pub host: Vec<u8>,
    /// Who names a file or program; `None` for mailboxes.
    pub named_by: Option<NamedBy>,
    /// Of a mailbox: nobody has looked for the user's `.forward` yet. Where there is one nothing is delivered.
    pub unread_forward: bool,
}

/// The mailer of what nobody could be told: the file of option DeadLetterDrop.
pub const DEAD_LETTERS: &[u8] = b"*dead letters*";

/// One hand-over: a message for one or more recipients of one mailer.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Delivery {
    /// The mailer by name: the keeper has read the configuration itself.
    pub mailer: Vec<u8>,
    /// The recipients; more than one only where the mailer has flag m.
    pub targets: Vec<Target>,
    /// Macros for A= and D= beside `$u $h $z`: id and value (`$f`, `$g`, `$i`, …).
    pub macros: Vec<(u8, Vec<u8>)>,
    /// The finished header with its `From ` line, if any, and the blank line after it; lines end in LF.
    #[serde(with = "serde_bytes")]
    pub header: Vec<u8>,
    /// The body, unless it comes along as an open file.
    #[serde(with = "serde_bytes")]
    pub body: Option<Vec<u8>>,
    /// How the body is written.
    pub form: BodyForm,
    /// The envelope sender, for the mailers that are told it (flags f and r); empty where nobody is to be told.
    pub sender: Vec<u8>,
    /// Nobody waits, and the message is on the disk elsewhere: a mailbox's syncs may be shared with what comes later.
    pub unhurried: bool,
}

/// What a mailer made of it: one per target.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct MailerResult {
    /// `<sysexits.h>`; 0 delivered, 75 to be tried again.
    pub exit: i32,
    /// `5.1.1`-like status when better known than by the exit code.
    pub status: Option<EnhancedStatus>,
    /// What to say in place of the exit code's own text.
    pub text: Option<Vec<u8>>,
    /// The last lines the program wrote, for the transcript.
    pub output: Vec<u8>,
    /// Nothing was tried: there is a `.forward`, or something to be said about it, which is to be asked for first.
    pub has_forward: bool,
}

impl MailerResult {
    /// To be tried again.
    pub fn later(why: &str) -> Self {
        Self { exit: 75, text: Some(why.into()), ..Self::default() }
    }

    /// Final, with the text of the reply.
    pub fn never(exit: crate::schema::Sysexit, status: EnhancedStatus, why: &str) -> Self {
        Self { exit: exit.0, status: Some(status), text: Some(why.into()), ..Self::default() }
    }
}

/// What the front asks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum Ask {
    /// An account.
    User(Vec<u8>),
    /// An account by its full name.
    FullName(Vec<u8>),
    /// The value of an alias, from the sources of option AliasFile behind the given one on (0: all).
    Alias(Vec<u8>, u32),
    /// `.forward` of a user, with `$h`.
    Forward(Vec<u8>, Vec<u8>),
    /// An `:include:` file, and who names it, with whose rights it is read.
    Include(Vec<u8>, NamedBy),
    /// A file that an option of TLS names, unless it is as it was seen last.
    TlsFile(NamedFile, Option<Signature>),
    /// What the program of a map answers: the map's name and the key, which is its last argument.
    Program(Vec<u8>, Vec<u8>),
    /// What follows from a password.
    Secret(sasl::Question),
    /// A connection to the UNIX socket of a mail filter, by the filter's name.
    Filter(Vec<u8>),
    /// A dialogue with the program of a mailer that is told its recipients over SMTP: no targets but one with `$h`.
    Dialogue(Box<Delivery>),
    /// A delivery; a body that it does not hold comes along as a descriptor.
    Deliver(Box<Delivery>),
}

impl Ask {
    /// How many descriptors belong to it.
    pub(super) fn descriptors(&self) -> usize {
        usize::from(matches!(self, Self::Deliver(delivery) if delivery.body.is_none()))
    }

    /// What the answer looks like when there is none.
    pub(super) fn kind(&self) -> AskKind {
        match self {
            Self::User(_) | Self::FullName(_) => AskKind::User,
            Self::Alias(..) => AskKind::Alias,
            Self::Forward(..) | Self::Include(..) => AskKind::Listing,
            Self::TlsFile(..) => AskKind::TlsFile,
            Self::Program(..) => AskKind::Program,
            Self::Secret(_) => AskKind::Secret,
            Self::Filter(_) => AskKind::Filter,
            Self::Dialogue(_) => AskKind::Dialogue,
            Self::Deliver(delivery) => AskKind::Delivery(delivery.targets.len()),
        }
    }
}

/// The kinds of requests, for those that cannot be answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum AskKind {
    User,
    Alias,
    Listing,
    TlsFile,
    Program,
    Secret,
    Filter,
    Dialogue,
    /// With so many targets.
    Delivery(usize),
}

impl AskKind {
    /// To be tried again, for this reason.
    pub(super) fn later(self, why: &str) -> Reply {
        match self {
            Self::User => Reply::User(Err(why.into())),
            Self::Alias => Reply::Alias(Err(why.into())),
            Self::Listing => Reply::Listing(ListingError::Later(why.into()).into()),
            Self::TlsFile => Reply::TlsFile(TlsFileAnswer::Refused(why.into())),
            Self::Program => Reply::Program(Sysexit::TEMPFAIL.0, Vec::new()),
            Self::Secret => Reply::Secret((sasl::Answer::No(sasl::Refusal::Unavailable), vec![why.into()])),
            Self::Filter => Reply::Filter(Err(why.into())),
            Self::Dialogue => Reply::Dialogue(Err(MailerResult::later(why))),
            Self::Delivery(count) => Reply::Delivered(vec![MailerResult::later(why); count]),
        }
    }
}

/// What the files of option AliasFile say of a name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum AliasAnswer {
    /// The value.
    Value(Vec<u8>),
    /// No source has it.
    Absent,
    /// None has it up to this source (counted from 0), which the keeper does not read.
    NotRead(u32),
}

/// What came of asking for a file of TLS.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum TlsFileAnswer {
    /// It is as it was.
    Unchanged,
    /// What is in it, and which state of it that is.
    Content(Vec<u8>, Signature),
    /// It cannot be read, or must not be used; the text says why.
    Refused(String),
}

/// What the keeper answers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum Reply {
    /// The account, or a failing service.
    User(Result<Option<User>, String>),
    /// The alias, or a failing database.
    Alias(Result<AliasAnswer, String>),
    /// `.forward` or `:include:`.
    Listing(ListingAnswer),
    /// A file of TLS.
    TlsFile(TlsFileAnswer),
    /// Exit status and first line.
    Program(i32, Vec<u8>),
    /// What follows from a password, or why nothing does; and why somebody who was asked has not answered.
    Secret((sasl::Answer, Vec<String>)),
    /// The descriptor that comes along is the connection; or why there is none.
    Filter(Result<(), String>),
    /// The descriptors that come along are the dialogue, and where the program's end will be told of; or why there is none.
    Dialogue(Result<(), MailerResult>),
    /// One per target.
    Delivered(Vec<MailerResult>),
}
