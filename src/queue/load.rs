//! Taking a message out of the queue's directory for work.

use super::control_file::{ControlError, ControlFile};
use super::directories::Directory;
use super::{Inner, Loaded, Locked, QueueError, convert, files};
use crate::envelope::{Body, QueueId, QueueLocation};
use crate::logging::Priority;
use crate::sys::identity;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::sync::Arc;

/// An empty qf older than this is a leftover: its writer died before the first byte (seconds).
const EMPTY_AGE: i64 = 600;

/// Locks, checks and reads one message.
pub(super) fn load(
    inner: &Inner,
    directory: &Directory,
    place: QueueLocation,
    id: &QueueId,
) -> Result<Loaded, QueueError> {
    let path = directory.file("qf", id);
    let locked = match files::open_locked(directory, "qf", id, place) {
        Ok(Some(locked)) => locked,
        Ok(None) => return Ok(Loaded::Busy),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Loaded::Gone),
        Err(source) => return Err(QueueError::new("cannot open", path, source)),
    };
    let fail = |source| QueueError::new("cannot read", &path, source);
    let meta = locked.file.metadata().map_err(fail)?;
    if !meta.is_file() {
        return Ok(Loaded::Incomplete);
    }
    if let Some(reason) = bogus(&meta, inner.options.file_mode) {
        return lose(inner, directory, &locked, reason);
    }
    if meta.len() == 0 {
        return empty(inner, directory, id, &meta);
    }
    let mut text = Vec::new();
    (&*locked.file).read_to_end(&mut text).map_err(fail)?;
    match ControlFile::parse(&text, &inner.config.names) {
        Ok(control) => with_body(inner, directory, locked, control),
        Err(ControlError::Incomplete) => Ok(Loaded::Incomplete),
        Err(ControlError::Bad(reason)) => lose(inner, directory, &locked, reason),
    }
}

fn with_body(
    inner: &Inner,
    directory: &Directory,
    locked: Locked,
    mut control: ControlFile,
) -> Result<Loaded, QueueError> {
    let path = directory.file("df", &locked.id);
    let file = match File::open(&path) {
        Ok(file) => file,
        // removed after delivery, and the qf was to follow when the crash came; or moved by hand
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Loaded::Incomplete),
        Err(source) => return Err(QueueError::new("cannot open", path, source)),
    };
    let size = file.metadata().map_err(|source| QueueError::new("cannot read", &path, source))?.len();
    let body = Body::File { file: Arc::new(file), path, size, synced: true };
    control.priority += inner.options.retry_factor;
    let now = inner.options.clock.now();
    let envelope = convert::to_envelope(&inner.config, control, &locked.id, locked.place, body, now);
    Ok(Loaded::Ready(locked, Box::new(envelope)))
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

fn empty(inner: &Inner, directory: &Directory, id: &QueueId, meta: &Metadata) -> Result<Loaded, QueueError> {
    if inner.options.clock.now() - meta.mtime() < EMPTY_AGE {
        return Ok(Loaded::Incomplete);
    }
    files::unlink(&directory.file("df", id))?;
    files::unlink(&directory.file("qf", id))?;
    Ok(Loaded::Gone)
}

/// Puts a message aside as Qf.
pub(super) fn lose(
    inner: &Inner,
    directory: &Directory,
    locked: &Locked,
    reason: String,
) -> Result<Loaded, QueueError> {
    let (path, aside) = (directory.file(locked.prefix, &locked.id), directory.file("Qf", &locked.id));
    std::fs::rename(&path, &aside).map_err(|source| QueueError::new("cannot rename", &path, source))?;
    if let Some(logger) = inner.logger.get() {
        let text = format!("Losing {}: {reason}", path.display());
        logger.always(Priority::Alert, Some(locked.id.as_bytes()), text.as_bytes());
    }
    Ok(Loaded::Lost(reason))
}
