//! A body that is being made from another: in memory while it is small, then in a file without a name beside the other.

use super::body::{Body, BodySource};
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// Bytes that are kept in memory.
const IN_MEMORY: usize = 256 << 10;

/// What has been made so far.
#[derive(Debug)]
pub struct Scratch<'a> {
    beside: &'a Body,
    memory: Vec<u8>,
    file: Option<File>,
    size: u64,
}

impl<'a> Scratch<'a> {
    /// Nothing made yet of this body.
    pub fn beside(body: &'a Body) -> Self {
        Self { beside: body, memory: Vec::new(), file: None, size: 0 }
    }

    /// Adds bytes.
    ///
    /// # Errors
    /// There is no room for them.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.size += bytes.len() as u64;
        self.memory.extend_from_slice(bytes);
        if self.memory.len() < IN_MEMORY {
            return Ok(());
        }
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(self.beside.scratch_file()?),
        };
        file.write_all(&self.memory)?;
        self.memory.clear();
        Ok(())
    }

    /// The whole.
    ///
    /// # Errors
    /// There is no room for its end.
    pub fn finish(mut self) -> io::Result<Body> {
        let Some(mut file) = self.file.take() else { return Ok(Body::from_memory(self.memory)) };
        file.write_all(&self.memory)?;
        Ok(Body::new(ScratchBody { file: Arc::new(file), size: self.size }))
    }
}

#[derive(Debug)]
struct ScratchBody {
    file: Arc<File>,
    size: u64,
}

impl BodySource for ScratchBody {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }

    fn as_file(&self) -> io::Result<Arc<File>> {
        Ok(self.file.clone())
    }

    fn scratch_file(&self) -> io::Result<File> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn small_or_large_it_is_the_same_body() {
        for pieces in [1, 9000] {
            let empty = Body::default();
            let mut scratch = Scratch::beside(&empty);
            (0..pieces)
                .for_each(|_| scratch.write(b"forty characters are in this line, or so").expect("room"));
            let (body, mut read) = (scratch.finish().expect("room"), Vec::new());
            body.reader().read_to_end(&mut read).expect("read");
            assert_eq!((read.len() as u64, body.size()), (pieces * 40, pieces * 40));
        }
    }
}
