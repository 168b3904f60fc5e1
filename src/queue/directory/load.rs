//! Taking a message out of the queue's directory for work.

use super::control_file::{ControlError, ControlFile};
use super::data_file::DataFile;
use super::files::{self, LockedFile};
use super::layout::Directory;
use crate::config::Names;
use crate::envelope::{Body, QueueId, StoredEnvelope};
use crate::queue::error::QueueError;
use crate::sys::identity;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

/// An empty qf older than this is a leftover: its writer died before the first byte (seconds).
const MAX_EMPTY_AGE: i64 = 600;

/// What was found under an identifier.
pub(super) enum Found {
    /// A whole message, locked.
    Whole(LockedFile, Box<StoredEnvelope>),
    /// Somebody else works on it.
    Busy,
    /// Nothing.
    Gone,
    /// A message that is not whole (yet).
    Incomplete,
    /// A locked file that must not be believed, and why.
    Bad(LockedFile, String),
}

/// What decides about a control file, apart from its text.
pub(super) struct Rules<'a> {
    pub(super) names: &'a Names,
    /// QueueFileMode.
    pub(super) file_mode: u32,
    /// Seconds since the epoch.
    pub(super) now: i64,
}

/// Locks, checks and reads one message.
pub(super) fn load(rules: &Rules<'_>, directory: &Directory, id: &QueueId) -> Result<Found, QueueError> {
    let path = directory.file("qf", id);
    let locked = match files::open_locked(directory, "qf", id) {
        Ok(Some(locked)) => locked,
        Ok(None) => return Ok(Found::Busy),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Gone),
        Err(source) => return Err(QueueError::new("cannot open", path, source)),
    };
    let fail = |source| QueueError::new("cannot read", &path, source);
    let meta = locked.file.metadata().map_err(fail)?;
    if !meta.is_file() {
        return Ok(Found::Incomplete);
    }
    if let Some(reason) = bogus(&meta, rules.file_mode) {
        return Ok(Found::Bad(locked, reason));
    }
    if meta.len() == 0 {
        return empty(rules, directory, id, &meta);
    }
    let mut text = Vec::new();
    (&locked.file).read_to_end(&mut text).map_err(fail)?;
    match ControlFile::parse(&text, rules.names) {
        Ok(control) => with_body(&directory.file("df", id), locked, control.envelope),
        Err(ControlError::Incomplete) => Ok(Found::Incomplete),
        Err(ControlError::Bad(reason)) => Ok(Found::Bad(locked, reason)),
    }
}

fn with_body(path: &Path, locked: LockedFile, mut envelope: StoredEnvelope) -> Result<Found, QueueError> {
    let file = match File::open(path) {
        Ok(file) => file,
        // removed after delivery, and the qf was to follow when the crash came; or moved by hand
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Incomplete),
        Err(source) => return Err(QueueError::new("cannot open", path, source)),
    };
    let size = file.metadata().map_err(|source| QueueError::new("cannot read", path, source))?.len();
    envelope.body = Body::new(DataFile { file: Arc::new(file), path: path.to_owned(), size });
    Ok(Found::Whole(locked, Box::new(envelope)))
}

/// Why a qf may not be believed: somebody else could have written it.
fn bogus(meta: &Metadata, file_mode: u32) -> Option<String> {
    let mode = meta.permissions().mode();
    let allowed = if file_mode & 0o020 != 0 { 0o002 } else { 0o022 };
    let owner = identity::effective_uid();
    let foreign = identity::is_root() && meta.uid() != owner;
    (foreign || mode & allowed != 0)
        .then(|| format!("bogus queue file, uid={}, gid={}, mode={:o}", meta.uid(), meta.gid(), mode))
}

fn empty(
    rules: &Rules<'_>,
    directory: &Directory,
    id: &QueueId,
    meta: &Metadata,
) -> Result<Found, QueueError> {
    if rules.now - meta.mtime() < MAX_EMPTY_AGE {
        return Ok(Found::Incomplete);
    }
    files::unlink(&directory.file("df", id))?;
    files::unlink(&directory.file("qf", id))?;
    Ok(Found::Gone)
}
