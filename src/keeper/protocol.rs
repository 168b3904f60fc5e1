//! What front and keeper say to each other.

use crate::message::BodyForm;
use crate::schema::{EnhancedStatus, UserIds};
use crate::sys::accounts::User;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

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
    /// May files and programs in it be used?
    pub safe: bool,
    /// Why they may not: goes behind `is unsafe for mailing to` in the reply.
    pub unsafe_reason: Option<String>,
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
}

/// One recipient of a delivery.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Target {
    /// `$u`
    pub user: Vec<u8>,
    /// `$h`
    pub host: Vec<u8>,
    /// Login name of the controlling user of a file or program, empty for the DefaultUser; `None` for
    /// mailboxes.
    pub named_by: Option<Vec<u8>>,
}

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
    pub header: Vec<u8>,
    /// How the body is written.
    pub form: BodyForm,
    /// The envelope sender, for the mailers that are told it (flags f and r).
    pub sender: Vec<u8>,
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
    /// The value of an alias.
    Alias(Vec<u8>),
    /// `.forward` of a user, with `$h`.
    Forward(Vec<u8>, Vec<u8>),
    /// An `:include:` file, and the login name of whoever named it, whose rights it is read with.
    Include(Vec<u8>, Option<Vec<u8>>),
    /// A delivery; the body comes along as a descriptor.
    Deliver(Box<Delivery>),
}

/// What the keeper answers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum Reply {
    /// The account, or a failing service.
    User(Result<Option<User>, String>),
    /// The alias, or a failing database.
    Alias(Result<Option<Vec<u8>>, String>),
    /// `.forward` or `:include:`.
    Listing(Result<Listing, ListingError>),
    /// One per target.
    Delivered(Vec<MailerResult>),
}

/// One message on the wire: postcard behind its length.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Frame<T> {
    /// Which request this is, or answers.
    pub id: u64,
    /// How many descriptors belong to it.
    pub fds: u8,
    /// The content.
    pub content: T,
}

/// A frame in bytes: headers are limited long before.
const MAX_FRAME: usize = 64 << 20;

impl<T: Serialize> Frame<T> {
    /// The bytes on the wire.
    pub(super) fn encode(&self) -> Vec<u8> {
        // a type made of vectors, options and integers always has a form
        let body = postcard::to_stdvec(self).unwrap_or_default();
        let mut bytes = (body.len() as u32).to_le_bytes().to_vec();
        bytes.extend_from_slice(&body);
        bytes
    }
}

/// A frame and the descriptors that came with it.
pub(super) type Received<T> = (Frame<T>, Vec<OwnedFd>);

/// Takes whole frames out of what has been read.
#[derive(Default)]
pub(super) struct Inbox {
    bytes: Vec<u8>,
    fds: std::collections::VecDeque<OwnedFd>,
}

impl Inbox {
    /// Reads once; `false` when the other end is gone or speaks nonsense.
    pub(super) fn fill(&mut self, socket: &UnixStream) -> bool {
        let (mut buffer, mut fds) = ([0; 64 << 10], Vec::new());
        let count = crate::sys::passing::receive(socket, &mut buffer, &mut fds).unwrap_or(0);
        self.bytes.extend_from_slice(&buffer[..count]);
        self.fds.extend(fds);
        count > 0
    }

    /// The next frame with its descriptors; `Err` when the bytes make no sense.
    pub(super) fn next<T: DeserializeOwned>(&mut self) -> Result<Option<Received<T>>, ()> {
        let Some(head) = self.bytes.first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_le_bytes(*head) as usize;
        if length > MAX_FRAME {
            return Err(());
        }
        let Some(body) = self.bytes.get(4..4 + length) else { return Ok(None) };
        let frame: Frame<T> = postcard::from_bytes(body).map_err(drop)?;
        self.bytes.drain(..4 + length);
        let wanted = usize::from(frame.fds);
        if wanted > self.fds.len() {
            return Err(());
        }
        let fds = self.fds.drain(..wanted).collect();
        Ok(Some((frame, fds)))
    }
}
