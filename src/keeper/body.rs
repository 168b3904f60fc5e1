//! A body as a mailer wants it.

use crate::message::{BodyForm, BodyLines};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;

/// What came with a delivery: bytes, or an open file. Such a file is shared with the front, so its position means nothing and
/// its size is what it was at first: a file that grows is not read without end, one that shrinks is an error.
#[derive(Debug)]
pub(super) struct Body {
    content: Content,
    /// In bytes.
    pub(super) size: u64,
}

#[derive(Debug)]
enum Content {
    Bytes(Vec<u8>),
    File(File),
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self { size: bytes.len() as u64, content: Content::Bytes(bytes) }
    }
}

impl Body {
    /// Takes a regular file only: a pipe, a socket or a device could keep a reader waiting for ever.
    ///
    /// # Errors
    /// What else it is.
    pub(super) fn of(descriptor: OwnedFd) -> io::Result<Self> {
        let file = File::from(descriptor);
        let about = file.metadata()?;
        let flags = OFlag::from_bits_retain(fcntl(&file, FcntlArg::F_GETFL)?);
        let readable = flags & OFlag::O_ACCMODE != OFlag::O_WRONLY && !flags.contains(OFlag::O_PATH);
        match about.is_file() && readable {
            true => Ok(Self { size: about.len(), content: Content::File(file) }),
            false => Err(io::Error::new(io::ErrorKind::InvalidInput, "the body is no file that can be read")),
        }
    }

    /// Writes the whole body.
    ///
    /// # Errors
    /// Those of `out`, and when the file became shorter.
    pub(super) fn write(&self, form: &BodyForm, out: &mut dyn Write) -> io::Result<()> {
        let mut lines = BodyLines::new(form);
        match &self.content {
            Content::Bytes(bytes) => lines.write(bytes, out)?,
            Content::File(file) => self.read(file, &mut |piece| lines.write(piece, out))?,
        }
        lines.finish(out)
    }

    fn read(&self, file: &File, take: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let (mut buffer, mut at) = (vec![0; 64 << 10], 0);
        while at < self.size {
            let most = usize::try_from(self.size - at).unwrap_or(usize::MAX).min(buffer.len());
            match file.read_at(&mut buffer[..most], at)? {
                0 => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the body became shorter")),
                count => {
                    at += count as u64;
                    take(&buffer[..count])?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
impl Body {
    /// A body with this text.
    pub(super) fn with(text: &[u8]) -> Self {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(text).expect("room");
        Self::of(file.into()).expect("a regular file")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_that_can_be_read_are_bodies() {
        let (pipe, _end) = nix::unistd::pipe().expect("a pipe");
        assert!(Body::of(pipe).is_err());
        let (socket, _other) = std::os::unix::net::UnixStream::pair().expect("a pair");
        assert!(Body::of(socket.into()).is_err());
        for path in ["/dev/zero", "/"] {
            assert!(Body::of(File::open(path).expect("it is there").into()).is_err(), "{path}");
        }
        let dir = tempfile::tempdir().expect("a directory");
        let only_written = File::create(dir.path().join("file")).expect("a file");
        assert!(Body::of(only_written.into()).is_err());
    }

    #[test]
    fn what_changes_meanwhile_is_an_error_or_not_read() {
        let body = Body::with(b"line\n");
        let Content::File(file) = &body.content else { panic!("{body:?}") };
        let other = file.try_clone().expect("a descriptor");
        other.write_all_at(b"more\n", 5).expect("room");
        let mut out = Vec::new();
        body.write(&BodyForm::default(), &mut out).expect("written");
        assert_eq!(out, b"line\n");
        other.set_len(2).expect("shorter");
        let error = body.write(&BodyForm::default(), &mut Vec::new()).expect_err("shorter");
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
