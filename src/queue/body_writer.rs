//! Writing df files.

use super::QueueError;
use super::directories::Directory;
use super::files::{blocking, create, sync_data};
use crate::envelope::{Body, QueueId};
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

/// Bytes kept in memory before the file is made: a message delivered at once may need none.
const BUFFER: usize = 64 * 1024;

/// A df being written. Dropped before it is finished, it leaves nothing behind.
#[derive(Debug)]
pub struct BodyWriter {
    path: PathBuf,
    mode: u32,
    sync: bool,
    buffer: Vec<u8>,
    file: Option<File>,
    size: u64,
}

impl BodyWriter {
    pub(super) fn new(directory: &Directory, id: &QueueId, mode: u32, sync: bool) -> Self {
        Self { path: directory.file("df", id), mode, sync, buffer: Vec::new(), file: None, size: 0 }
    }

    /// Adds bytes (LF line ends, dots undoubled). Writes to the page cache at most, never syncs.
    pub fn write(&mut self, data: &[u8]) -> Result<(), QueueError> {
        self.size += data.len() as u64;
        self.buffer.extend_from_slice(data);
        match self.buffer.len() < BUFFER {
            true => Ok(()),
            false => self.spill(),
        }
    }

    /// Bytes so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Writes the file and syncs it; the body is ready to be committed.
    pub async fn finish(mut self) -> Result<Body, QueueError> {
        blocking(move || {
            self.spill()?;
            let file = self.file.take().expect("spill has made the file");
            if self.sync {
                sync_data(&file, &self.path)?;
            }
            Ok(self.body(file, self.sync))
        })
        .await
    }

    /// Ends writing without a sync: small bodies stay in memory. For messages that are delivered
    /// before they are answered; `commit` makes them durable if they have to stay after all.
    pub async fn finish_unsynced(mut self) -> Result<Body, QueueError> {
        if self.file.is_none() {
            return Ok(Body::Memory(Arc::from(std::mem::take(&mut self.buffer))));
        }
        blocking(move || {
            self.spill()?;
            let file = self.file.take().expect("spill has made the file");
            Ok(self.body(file, false))
        })
        .await
    }

    fn body(&self, file: File, synced: bool) -> Body {
        Body::File { file: Arc::new(file), path: self.path.clone(), size: self.size, synced }
    }

    fn spill(&mut self) -> Result<(), QueueError> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(create(&self.path, self.mode)?),
        };
        file.write_all(&self.buffer).map_err(|source| QueueError::new("cannot write", &self.path, source))?;
        self.buffer.clear();
        Ok(())
    }
}

impl Drop for BodyWriter {
    fn drop(&mut self) {
        // taken by finish; what is left belongs to a message that was never accepted
        if self.file.is_some() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
