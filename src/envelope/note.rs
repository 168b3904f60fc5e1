//! A line of a queue file that could not be used, and where it stood among sender and recipients.

use crate::schema::Reply;

/// A line that says nothing which could be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// What is wrong with it.
    pub reply: Reply,
    /// What stood before it.
    pub place: NotePlace,
}

/// Where a line stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum NotePlace {
    /// Nobody knew yet who has sent the message.
    BeforeSender,
    /// So many recipients had been named.
    Behind(usize),
}

impl NotePlace {
    /// Behind everything.
    pub const END: Self = Self::Behind(usize::MAX);
}
