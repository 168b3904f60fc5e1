//! `sendmail -Q`: holds messages that wait, or lets them go.

use super::invocation::Invocation;
use super::messages::{log_always, log_early, log_fault, tell};
use crate::envelope::{MessageKey, QueueLocation};
use crate::logging::Priority;
use crate::queue::{Content, EntryKind, Queue, QueueError, Requarantined, Selection};
use crate::schema::Sysexit;

/// Gives the messages that the command line selects this reason; an empty one takes it away.
///
/// # Errors
/// The exit status, when the queue cannot be worked on; the caller has been told.
pub(super) fn run(
    invocation: &Invocation,
    queue: &Queue,
    selection: &Selection,
    reason: &[u8],
) -> Result<Sysexit, Sysexit> {
    let reason = (!reason.is_empty()).then_some(reason);
    let mut work = Work { invocation, queue, selection, reason, changes: 0 };
    for location in queue.store().locations().into_iter().filter(|one| selection.takes_location(*one)) {
        work.location(location).map_err(|error| tell(error.to_string().as_bytes(), Sysexit::OSFILE))?;
    }
    let changes = match work.changes {
        0 => "No changes".to_owned(),
        1 => "1 change".to_owned(),
        more => format!("{more} changes"),
    };
    work.say(&changes);
    Ok(Sysexit::OK)
}

struct Work<'a> {
    invocation: &'a Invocation,
    queue: &'a Queue,
    selection: &'a Selection,
    reason: Option<&'a [u8]>,
    changes: usize,
}

impl Work<'_> {
    fn location(&mut self, location: QueueLocation) -> Result<(), QueueError> {
        let mut keys = Vec::new();
        let store = self.queue.store();
        let faults = store.visit(location, self.selection, &mut |entry| {
            if entry.content == Content::Read {
                keys.push(entry.key);
            }
        })?;
        for fault in &faults {
            if fault.is_error() {
                tell(fault.to_string().as_bytes(), Sysexit::OK);
            }
            log_fault(self.invocation, self.queue.config(), fault);
        }
        let label = store.label(location);
        match keys.is_empty() {
            true => self.say(&format!("{label}: no matches")),
            false => self.say(&format!("Processing {label}:")),
        }
        keys.iter().try_for_each(|key| self.message(key))
    }

    fn message(&mut self, key: &MessageKey) -> Result<(), QueueError> {
        let kind = self.selection.kind;
        let shown = self.queue.store().shown(key, "");
        match self.queue.store().requarantine(key, kind, self.reason)? {
            Requarantined::Skipped(why) => {
                if let Some(why) = why {
                    self.log(Priority::Alert, format!("{}: {why}", key.id).as_bytes());
                }
                tell(format!("Skipping {shown}").as_bytes(), Sysexit::OK);
            }
            Requarantined::Incomplete { changed, old } => {
                match changed {
                    true => self.changed(key, old),
                    false => self.unchanged(key, old),
                }
                let file = self.queue.store().shown(key, kind.prefix());
                tell(format!("Skipping {shown}: Incomplete file: {file}").as_bytes(), Sysexit::OK);
            }
            Requarantined::Unchanged(old) => self.unchanged(key, old),
            Requarantined::Changed(old) => {
                self.changed(key, old);
                self.changes += 1;
            }
        }
        Ok(())
    }

    fn unchanged(&self, key: &MessageKey, old: Option<Vec<u8>>) {
        let asked = self.selection.kind == EntryKind::Quarantined || self.reason.is_some();
        if let Some(old) = old.filter(|_| asked) {
            self.say(&format!("{}: Already quarantined with \"{}\"", key.id, text(&old)));
        }
    }

    fn changed(&self, key: &MessageKey, old: Option<Vec<u8>>) {
        let old = old.map(|old| text(&old));
        let said = match (self.reason.map(text), old) {
            (Some(new), None) => format!("Quarantined with \"{new}\""),
            (Some(new), Some(old)) => format!("Quarantine changed from \"{old}\" to \"{new}\""),
            (None, old) => format!("Removed quarantine of \"{}\"", old.unwrap_or_default()),
        };
        self.say(&format!("{}: {said}", key.id));
        let line = match self.reason {
            Some(reason) => [key.id.as_bytes(), b": quarantine=", reason].concat(),
            None => [key.id.as_bytes(), b": unquarantine"].concat(),
        };
        log_always(self.invocation, self.queue.config(), Priority::Info, &line);
    }

    fn log(&self, priority: Priority, text: &[u8]) {
        log_early(self.invocation, self.queue.config(), priority, text);
    }

    fn say(&self, text: &str) {
        if self.invocation.verbose {
            tell(text.as_bytes(), Sysexit::OK);
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
