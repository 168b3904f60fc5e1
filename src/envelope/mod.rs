//! The envelope: who sent it, who gets it, what came of each so far.
//!
//! In: what SMTP, the command line or a queue file said. Out: the one type in which smtp, queue,
//! recipients, deliver and bounce meet. Never here: I/O but reading the body, decisions.

mod body;
mod id;
mod intake;
mod note;
mod output;
mod parameters;
mod receive;
mod recipient;
mod same;
mod scratch;
mod sender;
mod state;
mod stored;
mod tell_notes;

pub use body::{Body, BodyReader, BodySource};
pub use id::{MAX_FILE_NAME, MessageKey, QueueId, QueueLocation};
pub use intake::{final_recipient, plain_address};
pub use note::{Note, NotePlace};
pub use output::put_headers;
pub use parameters::{BodyType, DeliverBy, EnvelopeFlags};
pub use receive::receive;
pub use recipient::{ControllingUser, Recipient, RecipientFlags, RecipientState};
pub use same::{is_file_or_program, is_named_already, is_same_address, is_same_recipient, plain_user};
pub use scratch::Scratch;
pub use sender::{SHOWN_OF_SENDER, set_sender, set_sender_until};
pub use state::{
    AttemptState, CommandDefaults, Envelope, Expanded, FailureReport, Owned, RefusedRecipient, Sender,
    SessionState,
};
pub use stored::StoredEnvelope;

#[cfg(test)]
mod tests;
