//! The queue as sendmail keeps it: qf and df files in directories.
//!
//! In: stored envelopes and bodies. Out: the same after any crash; files that sendmail reads and writes as well.
//! Never here: the order of a run, what an envelope is in memory.
//!
//! The directory is the only truth: there is no index, other programs may add and remove files. A message
//! exists from the moment its qf is whole and synced; it ends when its df and then its qf are unlinked. A lease
//! is flock(2) on the qf, which the kernel gives back with the process: it has no expiry. Its fencing number is the
//! inode: a qf that was replaced or removed under a lease is somebody else's. What a crash leaves, and
//! who cleans it up, is in ARCHITECTURE.md.
//!
//! `layout` finds the directories, `adopt` gives them to the user that works on them, `control_*` is the text of a qf, `body_writer` and `data_file` the df, `files` puts them there
//! and takes them away in an order that survives a crash, `load` and `list` read them, `sync` shares syncs; `beside` is for a
//! journal before them.

mod adopt;
mod beside;
mod body_writer;
mod control_file;
mod control_lines;
mod control_reader;
mod control_writer;
mod data_file;
mod files;
mod layout;
mod lengths;
mod list;
mod load;
mod quarantine;
mod sync;

#[cfg(test)]
mod tests;

pub use adopt::{Adoption, JOURNAL, QueueDirectories, STATUS_SOCKET};
pub use control_file::{ControlError, ControlFile};
pub(super) use files::{blocking, is_still, open as open_file};
pub use lengths::lengths;

use super::entry::Entry;
use super::error::QueueError;
use super::fault::Fault;
use super::options::QueueOptions;
use super::order::{Due, FirstFew, RunProgress};
use super::select::{EntryKind, Selection};
use super::store::{BodySink, Lease, Loaded, Operation, QueueStore, Requarantined};
use crate::config::Config;
use crate::envelope::{Body, MessageKey, QueueLocation, StoredEnvelope};
use body_writer::BodyWriter;
use control_writer::control_text;
use data_file::DataFile;
use files::LockedFile;
use layout::{Directory, Group};
use load::{Found, Rules};
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use sync::DirectorySync;

/// The queue directories of one site. Cloning shares them.
#[derive(Clone)]
pub struct DirectoryStore(Arc<Inner>);

struct Inner {
    config: Arc<Config>,
    options: QueueOptions,
    groups: Vec<Group>,
    owner: Arc<str>,
}

impl DirectoryStore {
    /// Looks at the directories. Starts no thread.
    ///
    /// # Errors
    /// A directory is missing or cannot be read.
    pub fn open(config: Arc<Config>, options: QueueOptions) -> Result<Self, QueueError> {
        let base = options.base();
        let groups =
            options.groups.iter().map(|group| Group::open(group, &base)).collect::<Result<Vec<_>, _>>()?;
        let owner = Arc::from(format!("process {}", std::process::id()));
        Ok(Self(Arc::new(Inner { config, options, groups, owner })))
    }
}

impl Inner {
    fn directory(&self, location: QueueLocation) -> Result<&Directory, QueueError> {
        let missing =
            || QueueError::new("cannot find", "queue directory", std::io::ErrorKind::NotFound.into());
        layout::at(&self.groups, location).ok_or_else(missing)
    }

    fn file(&self, prefix: &str, key: &MessageKey) -> Result<PathBuf, QueueError> {
        Ok(self.directory(key.location)?.file(prefix, &key.id))
    }

    /// The text of a qf; device and inode of the df once a run has had the message, as sendmail writes them.
    fn control_text(&self, key: &MessageKey, envelope: &StoredEnvelope) -> Vec<u8> {
        // the body of a report has been in memory until it was committed
        let at_path = || Some(data_file::place(&std::fs::metadata(self.file("df", key).ok()?).ok()?));
        let data_file = match envelope.body.source::<DataFile>() {
            _ if envelope.last_attempt == 0 || !envelope.body_placed => None,
            Some(file) => file.device_and_inode(),
            None => at_path(),
        };
        control_text(envelope, self.data_directory(key, envelope), data_file, &self.config.names)
    }

    /// For the d line of a qf: the queue directory that has the df, where that is not the one of the qf.
    fn data_directory(&self, key: &MessageKey, envelope: &StoredEnvelope) -> Option<&[u8]> {
        let path = &envelope.body.source::<DataFile>()?.path;
        if self.file("df", key).ok()? == *path {
            return None; // as nearly always
        }
        let mut directories = self.groups.iter().flat_map(|group| &group.directories);
        let there = directories.find(|directory| directory.file("df", &key.id) == *path)?;
        Some(there.name().as_bytes())
    }

    fn lease(&self, key: MessageKey, hold: LockedFile) -> Result<Lease, QueueError> {
        let fencing = inode(&hold.file)?;
        Ok(Lease { key, owner: self.owner.clone(), fencing, expiry: None, hold: Box::new(Arc::new(hold)) })
    }

    /// The name of a control file, if that is still what the name stands for.
    fn held(&self, key: &MessageKey, hold: &LockedFile) -> Result<PathBuf, QueueError> {
        let path = self.file(hold.prefix, key)?;
        match files::is_still(&hold.file, &path) {
            Ok(true) => Ok(path),
            Ok(false) => Err(QueueError::LeaseLost { id: key.id.clone() }),
            Err(source) => Err(QueueError::new("cannot read", path, source)),
        }
    }

    /// Body and control file of a new message, the body first: a qf must never name one that a crash can take away.
    /// All of it on the calling thread.
    fn write_new(
        &self,
        key: &MessageKey,
        prefix: &'static str,
        body: &Body,
        text: &[u8],
    ) -> Result<LockedFile, QueueError> {
        let directory = self.directory(key.location)?;
        let (mode, sync) = (self.options.file_mode, self.options.sync);
        files::settle_body(directory, &key.id, body, mode, sync)?;
        let file = files::write_new(directory, prefix, &key.id, text, mode)?;
        if sync {
            let directories = self.options.sync_directories;
            files::settle_entry(directory, &file, &directory.file(prefix, &key.id), directories)?;
        }
        Ok(LockedFile { prefix, file, body: None })
    }

    /// Nothing is left of a message that could not be committed.
    fn withdraw(&self, key: &MessageKey, prefix: &str) {
        for path in [self.file(prefix, key), self.file("df", key)].into_iter().flatten() {
            // it was never acknowledged: what stays is a leftover like that of a crash
            let _ = files::unlink(&path);
        }
    }

    /// Under the name of a message that waits, or of one that is held.
    fn replace(
        &self,
        key: &MessageKey,
        hold: &LockedFile,
        prefix: &'static str,
        text: &[u8],
    ) -> Result<LockedFile, QueueError> {
        self.held(key, hold)?;
        let directory = self.directory(key.location)?;
        let (mode, sync) = (self.options.file_mode, self.options.sync);
        let file = files::replace(directory, hold.prefix, &key.id, text, mode, sync)?;
        if hold.prefix != prefix {
            let (from, to) = (directory.file(hold.prefix, &key.id), directory.file(prefix, &key.id));
            std::fs::rename(&from, &to).map_err(|source| QueueError::new("cannot rename", &from, source))?;
        }
        if sync && self.options.sync_directories {
            let fail = |source| QueueError::new("cannot sync", &directory.qf, source);
            directory.qf_sync.sync().map_err(fail)?;
        }
        Ok(LockedFile { prefix, file, body: hold.body.clone() })
    }

    /// The df first: a df alone is none of a message's, a qf without one is skipped.
    fn remove(&self, key: &MessageKey, hold: &LockedFile) -> Result<(), QueueError> {
        let path = self.held(key, hold)?;
        let body = hold.body.clone().map_or_else(|| self.file("df", key), Ok)?;
        files::unlink(&body)?;
        files::unlink(&path)?;
        files::unlink(&self.file("xf", key)?)
    }

    fn sync_removals(&self, key: &MessageKey) {
        if let Ok(directory) = self.directory(key.location)
            && self.options.sync
            && self.options.sync_directories
        {
            directory.syncs().for_each(DirectorySync::soon);
        }
    }

    fn set_aside(&self, key: &MessageKey, path: PathBuf) -> Result<String, QueueError> {
        let aside = self.file(EntryKind::Lost.prefix(), key)?;
        std::fs::rename(&path, &aside).map_err(|source| QueueError::new("cannot rename", &path, source))?;
        let shown = path.file_name().and_then(|name| name.to_str()).map_or("", |name| &name[..2]);
        Ok(self.directory(key.location)?.shown(shown, &key.id))
    }

    fn rules(&self) -> Rules<'_> {
        let options = &self.options;
        Rules {
            names: &self.config.names,
            file_mode: options.file_mode,
            trusted_user: options.trusted_user,
            now: options.clock.now(),
            groups: &self.groups,
        }
    }

    fn load(&self, key: &MessageKey, kind: EntryKind) -> Result<Loaded<StoredEnvelope>, QueueError> {
        Ok(match load::load(&self.rules(), self.directory(key.location)?, &key.id, kind)? {
            Found::Whole(hold, envelope) => Loaded::Ready(self.lease(key.clone(), hold)?, envelope),
            Found::Busy => Loaded::Busy,
            Found::Gone => Loaded::Gone,
            Found::Finished(what) => Loaded::Finished(what),
            Found::Incomplete(faults) => Loaded::Incomplete(faults),
            Found::Bad(hold, distrust) => {
                let name = self.set_aside(key, self.file(hold.prefix, key)?)?;
                Loaded::SetAside { name, distrust }
            }
        })
    }

    fn visit(
        &self,
        location: QueueLocation,
        selection: &Selection,
        shown: &mut usize,
        visitor: &mut dyn FnMut(Entry) -> bool,
    ) -> Result<Vec<Fault>, QueueError> {
        list::visit(&self.options, &self.groups, location, selection, shown, visitor)
    }

    fn locations(&self) -> impl Iterator<Item = QueueLocation> + '_ {
        self.groups.iter().enumerate().flat_map(|(group, found)| {
            let location =
                move |directory| QueueLocation { group: group as u16, directory: directory as u16 };
            (0..found.directories.len()).map(location)
        })
    }
}

/// Of the control file of a message that is to wait or to be held.
fn prefix(envelope: &StoredEnvelope) -> &'static str {
    let kind = if envelope.quarantine.is_some() { EntryKind::Quarantined } else { EntryKind::Normal };
    kind.prefix()
}

/// What tells a file from every other of its file system.
fn inode(file: &File) -> Result<u64, QueueError> {
    file.metadata()
        .map(|meta| meta.ino())
        .map_err(|source| QueueError::new("cannot read", "queue file", source))
}

impl QueueStore for DirectoryStore {
    fn locations(&self) -> Vec<QueueLocation> {
        self.0.locations().collect()
    }

    fn label(&self, location: QueueLocation) -> String {
        let directory = layout::at(&self.0.groups, location);
        directory.map(Directory::label).unwrap_or_default()
    }

    fn shown(&self, key: &MessageKey, prefix: &str) -> String {
        let directory = layout::at(&self.0.groups, key.location);
        directory.map(|directory| directory.shown(prefix, &key.id)).unwrap_or_default()
    }

    fn create_body(&self, key: &MessageKey) -> Result<Box<dyn BodySink>, QueueError> {
        let (mode, sync) = (self.0.options.file_mode, self.0.options.sync);
        Ok(Box::new(BodyWriter::new(self.0.file("df", key)?, mode, sync)))
    }

    fn discard(&self, key: &MessageKey) -> Result<(), QueueError> {
        files::unlink(&self.0.file("df", key)?)
    }

    fn commit<'a>(&'a self, key: &'a MessageKey, envelope: &'a StoredEnvelope) -> Operation<'a, Lease> {
        Box::pin(async move {
            let prefix = prefix(envelope);
            let (store, own, body) = (self.clone(), key.clone(), envelope.body.clone());
            let text = self.0.control_text(key, envelope);
            blocking(move || store.put(&own, prefix, &body, &text)).await
        })
    }

    fn load<'a>(&'a self, key: &'a MessageKey, kind: EntryKind) -> Operation<'a, Loaded<StoredEnvelope>> {
        let (inner, key) = (self.0.clone(), key.clone());
        Box::pin(blocking(move || inner.load(&key, kind)))
    }

    fn update<'a>(&'a self, lease: &'a mut Lease, envelope: &'a StoredEnvelope) -> Operation<'a, ()> {
        Box::pin(async move {
            let inner = self.0.clone();
            let text = self.0.control_text(&lease.key, envelope);
            let (key, hold) = (lease.key.clone(), lease.hold::<Arc<LockedFile>>()?.clone());
            let prefix = match hold.prefix == EntryKind::Normal.prefix() {
                true => prefix(envelope),
                false => hold.prefix, // a run of those that are held leaves them so
            };
            let hold = blocking(move || inner.replace(&key, &hold, prefix, &text)).await?;
            lease.fencing = inode(&hold.file)?;
            lease.hold = Box::new(Arc::new(hold));
            Ok(())
        })
    }

    fn remove(&self, lease: Lease) -> Operation<'_, ()> {
        let (inner, key) = (self.0.clone(), lease.key.clone());
        Box::pin(async move {
            let remover = inner.clone();
            blocking(move || remover.remove(&lease.key, lease.hold::<Arc<LockedFile>>()?)).await?;
            inner.sync_removals(&key);
            Ok(())
        })
    }

    fn set_aside(&self, lease: Lease) -> Operation<'_, String> {
        let inner = self.0.clone();
        Box::pin(blocking(move || {
            let path = inner.held(&lease.key, lease.hold::<Arc<LockedFile>>()?)?;
            inner.set_aside(&lease.key, path)
        }))
    }

    fn requarantine(
        &self,
        key: &MessageKey,
        kind: EntryKind,
        reason: Option<&[u8]>,
    ) -> Result<Requarantined, QueueError> {
        let directory = self.0.directory(key.location)?;
        quarantine::requarantine(&self.0.rules(), directory, &key.id, kind, reason)
    }

    fn renew<'a>(&'a self, lease: &'a mut Lease) -> Operation<'a, ()> {
        Box::pin(async move {
            let (inner, key) = (self.0.clone(), lease.key.clone());
            let hold = lease.hold::<Arc<LockedFile>>()?.clone();
            blocking(move || inner.held(&key, &hold).map(drop)).await
        })
    }

    fn due<'a>(
        &'a self,
        selection: &'a Selection,
        now: i64,
        limit: usize,
        progress: &'a RunProgress,
    ) -> Operation<'a, Due> {
        let (inner, selection, progress) = (self.0.clone(), selection.clone(), progress.clone());
        Box::pin(blocking(move || {
            let mut few = FirstFew::new(&inner.options, now, limit, &progress);
            let (mut faults, mut shown) = (Vec::new(), 0);
            // MaxQueueRunSize: the first ones of a group, directory by directory
            for location in inner.locations().filter(|one| selection.takes_location(*one)) {
                if inner.options.max_run_size > 0 && shown >= inner.options.max_run_size {
                    break;
                }
                let mut offer = |entry| few.offer(&entry);
                faults.extend(inner.visit(location, &selection, &mut shown, &mut offer)?);
            }
            Ok(Due { messages: few.into_sorted(), faults })
        }))
    }

    fn visit(
        &self,
        location: QueueLocation,
        selection: &Selection,
        visitor: &mut dyn FnMut(Entry),
    ) -> Result<Vec<Fault>, QueueError> {
        self.0.visit(location, selection, &mut 0, &mut |entry| {
            visitor(entry);
            true
        })
    }
}
