//! The body of a message: bytes at positions, wherever they are kept.

use crate::sys::memory;
use std::any::Any;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

/// Where the bytes of a body come from: LF line ends, no doubled dots.
///
/// A store gives out sources of its own and knows them again by [`Body::source`]. Reading may block
/// as a read of a file does; a store on another machine has fetched the bytes before.
pub trait BodySource: Any + fmt::Debug + Send + Sync {
    /// Bytes in all.
    fn size(&self) -> u64;

    /// Bytes from `offset` on, as many as fit; 0 at the end.
    ///
    /// # Errors
    /// The bytes cannot be read.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// All bytes, where they are in memory.
    fn bytes(&self) -> Option<&[u8]> {
        None
    }

    /// The whole as an open file, to be handed to another process; its position means nothing.
    ///
    /// # Errors
    /// No such file can be had.
    fn as_file(&self) -> io::Result<Arc<File>>;

    /// An empty file without a name where this body is kept: for what is made of it.
    ///
    /// # Errors
    /// No file can be had there.
    fn scratch_file(&self) -> io::Result<File>;
}

/// A body. Cloning shares its source; the default one is empty.
#[derive(Clone, Debug)]
pub struct Body(Arc<dyn BodySource>);

impl Body {
    /// A body with these bytes behind it.
    pub fn new(source: impl BodySource) -> Self {
        Self(Arc::new(source))
    }

    /// A body that needs no file.
    pub fn from_memory(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(MemoryBody(bytes.into()))
    }

    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        self.0.size()
    }

    /// All bytes, where they are in memory.
    pub fn bytes(&self) -> Option<&[u8]> {
        self.0.bytes()
    }

    /// The whole as an open file.
    ///
    /// # Errors
    /// As [`BodySource::as_file`].
    pub fn as_file(&self) -> io::Result<Arc<File>> {
        self.0.as_file()
    }

    /// An empty file without a name where it is kept.
    ///
    /// # Errors
    /// As [`BodySource::scratch_file`].
    pub fn scratch_file(&self) -> io::Result<File> {
        self.0.scratch_file()
    }

    /// A reader from its beginning; readers do not disturb each other.
    pub fn reader(&self) -> BodyReader {
        BodyReader { body: self.clone(), offset: 0 }
    }

    /// Its source, if it is of this kind: how a store finds its own bodies.
    pub fn source<T: BodySource>(&self) -> Option<&T> {
        let source: &dyn Any = &*self.0;
        source.downcast_ref()
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::from_memory(&[][..])
    }
}

#[derive(Debug)]
struct MemoryBody(Vec<u8>);

impl BodySource for MemoryBody {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.0.len());
        let count = buffer.len().min(self.0.len() - start);
        buffer[..count].copy_from_slice(&self.0[start..start + count]);
        Ok(count)
    }

    fn bytes(&self) -> Option<&[u8]> {
        Some(&self.0)
    }

    fn as_file(&self) -> io::Result<Arc<File>> {
        memory::file(&self.0).map(Arc::new)
    }

    fn scratch_file(&self) -> io::Result<File> {
        memory::file(b"")
    }
}

/// Reads a body with its own position.
#[derive(Debug)]
pub struct BodyReader {
    body: Body,
    offset: u64,
}

impl Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.body.0.read_at(buffer, self.offset)?;
        self.offset += count as u64;
        Ok(count)
    }
}

impl Seek for BodyReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (from, by) = match to {
            SeekFrom::Start(offset) => (offset, 0),
            SeekFrom::End(by) => (self.body.size(), by),
            SeekFrom::Current(by) => (self.offset, by),
        };
        self.offset = from.checked_add_signed(by).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.offset)
    }
}
