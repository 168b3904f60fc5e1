//! What was passed over in the file of a message that was read back is told where it stood among sender and recipients.

use super::note::NotePlace;
use super::state::Envelope;
use crate::logging::{Logger, Priority};
use crate::schema::Sysexit;

impl Envelope {
    /// Tells of lines up to this place: log, transcript, whoever listens. They are faults of this system.
    pub fn tell_notes(&mut self, until: NotePlace, logger: &Logger) {
        while let Some(note) = self.attempt.notes.pop_front_if(|note| note.place <= until) {
            logger.syserr(Priority::Critical, Some(self.id.as_bytes()), &note.reply.text);
            self.attempt.console.error(&note.reply.text);
            self.note_reply(&note.reply);
            self.attempt.fail_with(Sysexit::SOFTWARE);
        }
    }
}
