//! The body of a message: an open df file, or memory where no file is wanted.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

/// A body, with LF line ends and no doubled dots. Cloning shares it.
#[derive(Clone, Debug, Default)]
pub enum Body {
    /// There is none.
    #[default]
    Empty,
    /// Kept in memory.
    Memory(Arc<[u8]>),
    /// A df file.
    File {
        /// Open for reading.
        file: Arc<File>,
        /// Its name, for links and messages.
        path: PathBuf,
        /// Bytes.
        size: u64,
        /// It is on the disk, not just in memory.
        synced: bool,
    },
}

impl Body {
    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File { size, .. } => *size,
        }
    }

    /// A reader from its beginning; readers do not disturb each other.
    pub fn reader(&self) -> BodyReader {
        BodyReader { body: self.clone(), at: 0 }
    }
}

/// Reads a body with its own position.
#[derive(Debug)]
pub struct BodyReader {
    body: Body,
    at: u64,
}

impl Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match &self.body {
            Body::Empty => 0,
            Body::Memory(bytes) => {
                let rest = &bytes[(self.at as usize).min(bytes.len())..];
                let count = rest.len().min(buffer.len());
                buffer[..count].copy_from_slice(&rest[..count]);
                count
            }
            Body::File { file, .. } => file.read_at(buffer, self.at)?,
        };
        self.at += count as u64;
        Ok(count)
    }
}
