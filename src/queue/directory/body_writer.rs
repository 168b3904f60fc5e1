//! Writing df files.

use super::data_file::DataFile;
use super::files::{blocking, create, sync_data};
use crate::envelope::Body;
use crate::queue::error::QueueError;
use crate::queue::store::{BodySink, Operation};
use std::fs::File;
use std::future::ready;
use std::io::{Seek, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

/// Bytes kept in memory: a body that is no longer is written when the message is committed, which it need not be.
const BUFFER: usize = 128 * 1024;

/// A df being written.
#[derive(Debug)]
pub(super) struct BodyWriter {
    path: PathBuf,
    mode: u32,
    sync: bool,
    buffer: Vec<u8>,
    file: Option<File>,
    size: u64,
}

impl BodyWriter {
    pub(super) fn new(path: PathBuf, mode: u32, sync: bool) -> Self {
        Self { path, mode, sync, buffer: Vec::new(), file: None, size: 0 }
    }

    fn write_buffer(&mut self) -> Result<(), QueueError> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(create(&self.path, self.mode)?),
        };
        file.write_all(&self.buffer).map_err(|source| QueueError::new("cannot write", &self.path, source))?;
        self.buffer.clear();
        Ok(())
    }

    fn end(&mut self) -> Result<Body, QueueError> {
        self.write_buffer()?;
        let file = self.file.take().expect("write_buffer has made the file");
        if self.sync {
            sync_data(&file, &self.path)?;
        }
        Ok(Body::new(DataFile { file: Arc::new(file), path: self.path.clone(), size: self.size }))
    }
}

impl BodySink for BodyWriter {
    fn write(&mut self, data: &[u8]) -> Result<(), QueueError> {
        self.size += data.len() as u64;
        self.buffer.extend_from_slice(data);
        match self.buffer.len() < BUFFER {
            true => Ok(()),
            false => self.write_buffer(),
        }
    }

    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize, QueueError> {
        if self.file.is_some() {
            self.write_buffer()?;
        }
        let Some(file) = &self.file else {
            let rest = usize::try_from(offset).ok().and_then(|offset| self.buffer.get(offset..));
            let rest = rest.unwrap_or_default();
            let count = rest.len().min(buffer.len());
            buffer[..count].copy_from_slice(&rest[..count]);
            return Ok(count);
        };
        file.read_at(buffer, offset).map_err(|source| QueueError::new("cannot read", &self.path, source))
    }

    fn restart(&mut self) -> Result<(), QueueError> {
        self.buffer.clear();
        self.size = 0;
        let Some(file) = &mut self.file else { return Ok(()) };
        let cut = file.set_len(0).and_then(|()| file.rewind());
        cut.map_err(|source| QueueError::new("cannot cut", &self.path, source))
    }

    fn finish(mut self: Box<Self>) -> Operation<'static, Body> {
        match self.file {
            None => Box::pin(ready(Ok(Body::from_memory(std::mem::take(&mut self.buffer))))),
            Some(_) => Box::pin(blocking(move || self.end())),
        }
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
