//! Taking a message out of the queue's directory for work.

use super::control_file::{ControlError, ControlFile};
use super::control_reader::UNRECOGNIZED;
use super::data_file::DataFile;
use super::files::{self, LockedFile};
use super::layout::{self, Directory, Group};
use crate::config::Names;
use crate::envelope::{Body, QueueId, StoredEnvelope};
use crate::queue::error::{BOGUS, Distrust, QueueError};
use crate::queue::select::EntryKind;
use crate::sys::{errno_text, identity};
use bstr::ByteSlice;
use std::fs::Metadata;
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
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
    /// What was left of a message that is done; it has been removed.
    Finished(String),
    /// A message that is not whole (yet); what is wrong with it, where it will not become so by itself.
    Incomplete(Vec<String>),
    /// A locked file that must not be believed, and why.
    Bad(LockedFile, Distrust),
}

/// What decides about a control file, apart from its text.
pub(super) struct Rules<'a> {
    pub(super) names: &'a Names,
    /// QueueFileMode.
    pub(super) file_mode: u32,
    /// TrustedUser.
    pub(super) trusted_user: u32,
    /// Seconds since the epoch.
    pub(super) now: i64,
    /// All queue directories.
    pub(super) groups: &'a [Group],
}

/// Locks, checks and reads one message.
pub(super) fn load(
    rules: &Rules<'_>,
    directory: &Directory,
    id: &QueueId,
    kind: EntryKind,
) -> Result<Found, QueueError> {
    let prefix = kind.prefix();
    let path = directory.file(prefix, id);
    let locked = match files::open_locked(directory, prefix, id) {
        Ok(Some(locked)) => locked,
        Ok(None) => return Ok(Found::Busy),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Gone),
        Err(source) => return Err(QueueError::new("cannot open", path, source)),
    };
    let fail = |source| QueueError::new("cannot read", &path, source);
    let meta = locked.file.metadata().map_err(fail)?;
    if !meta.is_file() {
        let shown = directory.shown(prefix, id);
        return Ok(Found::Incomplete(vec![format!("readqf: {shown} is not a regular file")]));
    }
    if let Some(distrust) = rules.distrust(directory, &meta) {
        return Ok(Found::Bad(locked, distrust));
    }
    if meta.len() == 0 {
        return empty(rules, directory, id, &locked, &meta);
    }
    let mut text = Vec::new();
    (&locked.file).read_to_end(&mut text).map_err(fail)?;
    match ControlFile::parse(&text, rules.names) {
        Ok(mut control) => {
            if !control.dated {
                control.envelope.created = rules.now;
            }
            with_body(rules, directory, id, locked, &meta, control)
        }
        Err(error @ (ControlError::Incomplete(_) | ControlError::NoSender)) => {
            let reason = format!("readqf: {}: {error}", directory.shown(prefix, id));
            let notes = if let ControlError::Incomplete(notes) = error { notes } else { Vec::new() };
            let passed_over = notes.iter().map(|note| note.reply.text.to_str_lossy().into_owned());
            Ok(Found::Incomplete(passed_over.chain([reason]).collect()))
        }
        Err(ControlError::Bad(mut distrust)) => {
            if distrust.reason == UNRECOGNIZED {
                distrust.detail = format!("readqf: {}: {}", directory.shown(prefix, id), distrust.detail);
            }
            Ok(Found::Bad(locked, distrust))
        }
    }
}

fn with_body(
    rules: &Rules<'_>,
    directory: &Directory,
    id: &QueueId,
    mut locked: LockedFile,
    meta_of_control: &Metadata,
    control: ControlFile,
) -> Result<Found, QueueError> {
    let ControlFile { mut envelope, data_directory, .. } = control;
    let elsewhere = match data_directory.as_deref().map(|name| layout::named(rules.groups, name)) {
        Some(None) => {
            return Ok(Found::Bad(locked, Distrust::new(String::new(), "bogus queue file directory")));
        }
        named => named.flatten(),
    };
    let there = elsewhere.map(|other| other.file("df", id)).filter(|path| path.exists());
    let path = there.clone().unwrap_or_else(|| directory.file("df", id));
    let file = match files::open(&path) {
        Ok(file) => file,
        // sendmail put it beside the files of another group
        Err(error) if error.kind() == io::ErrorKind::NotFound && data_directory.is_some() => {
            let shown = directory.shown("df", id);
            return Ok(Found::Incomplete(vec![format!(
                "readqf: cannot open {shown}: {}",
                errno_text(&error)
            )]));
        }
        // removed after delivery, and the qf was to follow when the crash came
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            files::unlink(&directory.file(locked.prefix, id))?;
            let shown = directory.shown("df", id);
            return Ok(Found::Finished(format!(
                "{shown} is gone: the message was delivered; its control file is removed"
            )));
        }
        Err(error) if is_no_file(&error) => {
            let detail = format!("bogus data file {}: {}", path.display(), errno_text(&error));
            return Ok(Found::Bad(locked, Distrust::new(detail, BOGUS)));
        }
        Err(source) => return Err(QueueError::new("cannot open", path, source)),
    };
    let meta = file.metadata().map_err(|source| QueueError::new("cannot read", &path, source))?;
    let shared = directory.shared || elsewhere.is_some_and(|other| other.shared);
    if shared && is_foreign(&meta, meta_of_control) {
        return Ok(Found::Bad(locked, bogus("bogus data file", &meta)));
    }
    locked.body = there;
    envelope.body = Body::new(DataFile { file: Arc::new(file), path, size: meta.len() });
    Ok(Found::Whole(locked, Box::new(envelope)))
}

fn bogus(what: &str, meta: &Metadata) -> Distrust {
    let mode = meta.permissions().mode();
    let detail = format!("{what}, uid={}, gid={}, mode={mode:o}", meta.uid(), meta.gid());
    Distrust::new(detail, BOGUS)
}

/// A link, a pipe, a directory.
fn is_no_file(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidData || error.raw_os_error() == Some(nix::libc::ELOOP)
}

/// Is a df neither its message's nor without another name? Whoever may write to the directory could have given a
/// file that he may not read the name of his df.
fn is_foreign(data: &Metadata, control: &Metadata) -> bool {
    // a qf that a runner wrote anew is the runner's, the df still its author's
    let rewritten = control.uid() == identity::effective_uid();
    data.nlink() != 1 || (data.uid() != control.uid() && !rewritten)
}

impl Rules<'_> {
    /// Why a control file must not be believed, since somebody else could have written it. Root does not take orders
    /// on whose programs to run from a directory where others may put files.
    pub(super) fn distrust(&self, directory: &Directory, meta: &Metadata) -> Option<Distrust> {
        let others = if self.file_mode & 0o020 != 0 { 0o002 } else { 0o022 };
        let foreign = identity::is_root() && ![0, self.trusted_user].contains(&meta.uid());
        let shared = directory.shared && (foreign || meta.nlink() != 1);
        let believed = !shared && meta.permissions().mode() & others == 0;
        (!believed).then(|| bogus("bogus queue file", meta))
    }
}

fn empty(
    rules: &Rules<'_>,
    directory: &Directory,
    id: &QueueId,
    locked: &LockedFile,
    meta: &Metadata,
) -> Result<Found, QueueError> {
    // as with sendmail the inode's time counts, which nobody can set; what has been put aside goes with whoever looks at it
    if rules.now - meta.ctime() < MAX_EMPTY_AGE || locked.prefix == EntryKind::Lost.prefix() {
        return Ok(Found::Incomplete(Vec::new()));
    }
    files::unlink(&directory.file("df", id))?;
    files::unlink(&directory.file(locked.prefix, id))?;
    Ok(Found::Gone)
}
