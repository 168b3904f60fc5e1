//! What a journal before the directories asks of them: messages as bytes, without what an envelope is.

use super::DirectoryStore;
use super::control_file::ControlFile;
use super::{files, layout, list, prefix};
use crate::envelope::{Body, MessageKey, QueueLocation, StoredEnvelope};
use crate::queue::entry::Entry;
use crate::queue::error::QueueError;
use crate::queue::select::{EntryKind, Selection};
use crate::queue::store::Lease;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

impl DirectoryStore {
    /// The first directory.
    pub(in crate::queue) fn first(&self) -> &Path {
        let first = layout::at(&self.0.groups, QueueLocation::default());
        first.map_or(Path::new("."), |directory| &directory.path)
    }

    /// May nobody but its owner put files into the first directory?
    pub(in crate::queue) fn is_private(&self) -> bool {
        layout::at(&self.0.groups, QueueLocation::default()).is_some_and(|directory| !directory.shared)
    }

    /// QueueFileMode.
    pub(in crate::queue) fn file_mode(&self) -> u32 {
        self.0.options.file_mode
    }

    /// Where the messages of a location are.
    ///
    /// # Errors
    /// There is no such location.
    pub(in crate::queue) fn path_of(&self, location: QueueLocation) -> Result<&Path, QueueError> {
        self.0.directory(location).map(|directory| &*directory.path)
    }

    /// The location of this path, or the first one: the configuration may have changed.
    pub(in crate::queue) fn location_of(&self, path: &[u8]) -> QueueLocation {
        let is_it = |location: &QueueLocation| {
            self.0.directory(*location).is_ok_and(|directory| directory.path.as_os_str().as_bytes() == path)
        };
        self.0.locations().find(is_it).unwrap_or_default()
    }

    /// The control file that a message would have: its prefix and text.
    pub(in crate::queue) fn control_file(
        &self,
        key: &MessageKey,
        envelope: &StoredEnvelope,
    ) -> (&'static str, Vec<u8>) {
        (prefix(envelope), self.0.control_text(key, envelope))
    }

    /// Writes and syncs the files of a message; they are leased to the caller. Blocks.
    ///
    /// # Errors
    /// Nothing of it is left, unless the identifier is somebody else's.
    pub(in crate::queue) fn put(
        &self,
        key: &MessageKey,
        prefix: &'static str,
        body: &Body,
        control: &[u8],
    ) -> Result<Lease, QueueError> {
        match self.0.write_new(key, prefix, body, control) {
            Ok(hold) => self.0.lease(key.clone(), hold),
            // an identifier in use belongs to another message, whose files must stay
            Err(error @ QueueError::Exists { .. }) => Err(error),
            Err(error) => {
                self.0.withdraw(key, prefix);
                Err(error)
            }
        }
    }

    /// Is a message whole here, with a body of so many bytes, or put aside? What a crash has left of one that is not is removed.
    ///
    /// # Errors
    /// Nobody can say, or it cannot be removed.
    pub(in crate::queue) fn has_whole(&self, key: &MessageKey, size: u64) -> Result<bool, QueueError> {
        let body = self.0.file("df", key)?;
        // synced before there is a control file
        let has_body = std::fs::symlink_metadata(&body).is_ok_and(|about| about.len() == size);
        for kind in [EntryKind::Normal, EntryKind::Quarantined, EntryKind::Lost] {
            let path = self.0.file(kind.prefix(), key)?;
            match std::fs::read(&path) {
                Ok(_) if kind == EntryKind::Lost => return Ok(true),
                Ok(text) if has_body && ControlFile::parse(&text, &self.0.config.names).is_ok() => {
                    return Ok(true);
                }
                Ok(_) => files::unlink(&path)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(QueueError::new("cannot read", path, source)),
            }
        }
        files::unlink(&body)?;
        Ok(false)
    }

    /// A message with this control file, as a listing sees it; `None` where the selection does not take it.
    pub(in crate::queue) fn describe(
        &self,
        key: MessageKey,
        selection: &Selection,
        control: &[u8],
        size: u64,
        locked: bool,
    ) -> Option<Entry> {
        let modified = self.0.options.clock.now();
        let entry = list::described(key, selection.kind, control, Some(size));
        list::selected(Entry { locked, modified, ..entry }, self.0.options.sort_order, selection)
    }
}
