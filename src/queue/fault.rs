//! What a look through a location comes upon beside messages, as listings and runs tell of it.

use crate::envelope::MAX_FILE_NAME;
use crate::logging::Priority;
use std::fmt;

/// Something in a location that is no message, or more of them than anybody is to see.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// What has the name of a message is no file.
    NoFile {
        /// How listings call the location.
        label: String,
        /// Its name.
        name: String,
    },
    /// No message has a name of this length.
    TooLong(String),
    /// There are more than MaxQueueRunSize.
    Full {
        /// How listings call the location.
        label: String,
        /// MaxQueueRunSize.
        most: usize,
        /// How many have not been looked at.
        unseen: usize,
    },
}

impl Fault {
    /// Is something wrong with the system, so that whoever waits for the command is told as well?
    pub fn is_error(&self) -> bool {
        matches!(self, Self::NoFile { .. })
    }

    /// Is it told to whoever watches (`-v`)?
    pub fn is_step(&self) -> bool {
        matches!(self, Self::TooLong(_))
    }

    /// As what the log has it.
    pub fn priority(&self) -> Priority {
        match self {
            Self::NoFile { .. } => Priority::Critical,
            Self::TooLong(_) => Priority::Alert,
            Self::Full { .. } => Priority::Warning,
        }
    }

    /// How many messages nobody has looked at.
    pub fn unseen(&self) -> usize {
        match self {
            Self::Full { unseen, .. } => *unseen,
            _ => 0,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFile { label, name } => write!(f, "gatherq: {label}/{name} is not a regular file"),
            // sendmail counts the byte that ends a string
            Self::TooLong(name) => {
                write!(f, "gatherq: {name} too long, {} max characters", MAX_FILE_NAME + 1)
            }
            Self::Full { label, most, .. } => write!(f, "WorkList for {label} maxed out at {most}"),
        }
    }
}
