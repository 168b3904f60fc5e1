//! Messages on the wire between front and keeper: postcard behind a length.
//!
//! Whatever bytes come, a reader of frames holds at most one frame and a few descriptors, and says so when they
//! make no sense.

use crate::sys::passing::{self, MAX_DESCRIPTORS};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

/// Longest request in bytes. The longest ones are deliveries: a header of MaxHeadersLength (32 KiB where the site
/// says nothing) and as many recipients as r= of their mailer allows (100).
pub(super) const MAX_REQUEST: usize = 8 << 20;
/// Longest answer in bytes: the longest ones are lists.
pub(super) const MAX_ANSWER: usize = 64 << 20;

/// Bytes that each read has room for at least.
const READ_SIZE: usize = 64 << 10;

/// One message.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Frame<T> {
    /// Which request this is, or answers.
    pub id: u64,
    /// How many descriptors belong to it.
    pub fds: u8,
    /// The content.
    pub content: T,
}

impl<T: Serialize> Frame<T> {
    /// The bytes on the wire.
    pub(super) fn encode(&self) -> Vec<u8> {
        // a type made of vectors, options and integers always has a form
        let mut bytes = postcard::to_extend(self, vec![0; 4]).unwrap_or_else(|_| vec![0; 4]);
        let length = (bytes.len() - 4) as u32;
        bytes[..4].copy_from_slice(&length.to_le_bytes());
        bytes
    }
}

/// A frame and the descriptors that came with it.
pub(super) type Received<T> = (Frame<T>, Vec<OwnedFd>);

/// The other end does not speak this protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Nonsense;

/// Takes whole frames out of what has been read.
pub(super) struct Inbox {
    max_frame: usize,
    /// What has been read, and room for one read behind it.
    bytes: Vec<u8>,
    /// How far frames have been taken.
    taken: usize,
    /// How far it has been filled.
    filled: usize,
    fds: VecDeque<OwnedFd>,
}

impl Inbox {
    /// For frames up to a length.
    pub(super) fn new(max_frame: usize) -> Self {
        Self { max_frame, bytes: Vec::new(), taken: 0, filled: 0, fds: VecDeque::new() }
    }

    /// Reads once; `false` when the other end is gone, or sends more descriptors than frames that it began can
    /// have use for.
    pub(super) fn fill(&mut self, socket: &UnixStream) -> bool {
        self.fill_by(|buffer, fds| passing::receive(socket, buffer, fds)).unwrap_or(false)
    }

    /// Takes in what `read` has put into the buffer, as [`Self::fill`] does.
    pub(super) fn fill_by(
        &mut self,
        read: impl FnOnce(&mut [u8], &mut Vec<OwnedFd>) -> std::io::Result<usize>,
    ) -> std::io::Result<bool> {
        // what has been taken goes; frames are decoded where they have been read
        if self.taken > 0 {
            self.bytes.copy_within(self.taken..self.filled, 0);
        }
        self.filled -= std::mem::take(&mut self.taken);
        self.bytes.resize(self.bytes.len().max(self.filled + READ_SIZE), 0);
        let mut fds = Vec::new();
        let count = read(&mut self.bytes[self.filled..], &mut fds)?;
        self.filled += count;
        self.fds.extend(fds);
        Ok(count > 0 && self.fds.len() <= MAX_DESCRIPTORS)
    }

    /// The next frame with its descriptors.
    ///
    /// # Errors
    /// When the bytes make no sense.
    pub(super) fn next<T: DeserializeOwned>(&mut self) -> Result<Option<Received<T>>, Nonsense> {
        let rest = &self.bytes[self.taken..self.filled];
        let Some((head, rest)) = rest.split_first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_le_bytes(*head) as usize;
        if length > self.max_frame {
            return Err(Nonsense);
        }
        let Some(body) = rest.get(..length) else { return Ok(None) };
        let (frame, behind) = postcard::take_from_bytes::<Frame<T>>(body).map_err(|_| Nonsense)?;
        let wanted = usize::from(frame.fds);
        if !behind.is_empty() || wanted > self.fds.len() {
            return Err(Nonsense);
        }
        self.taken += 4 + length;
        let fds = self.fds.drain(..wanted).collect();
        Ok(Some((frame, fds)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn taken(bytes: &[u8]) -> Result<Vec<Vec<u8>>, Nonsense> {
        let (here, there) = passing::pair().expect("a pair");
        let mut inbox = Inbox::new(1000);
        let mut frames = Vec::new();
        for piece in bytes.chunks(7) {
            passing::send(&here, piece, &[]).expect("sent");
            assert!(inbox.fill(&there));
            while let Some((frame, _)) = inbox.next::<Vec<u8>>()? {
                frames.push(frame.content);
            }
        }
        Ok(frames)
    }

    fn frame(content: &[u8], fds: u8) -> Vec<u8> {
        Frame { id: 7, fds, content: content.to_vec() }.encode()
    }

    #[test]
    fn frames_come_out_as_they_went_in() {
        let bytes = [frame(b"one", 0), frame(b"", 0), frame(&[1; 200], 0)].concat();
        assert_eq!(taken(&bytes), Ok(vec![b"one".to_vec(), Vec::new(), vec![1; 200]]));
    }

    #[test]
    fn nonsense_is_nonsense() {
        let mut longer = frame(b"one", 0);
        longer[0] += 1;
        longer.push(0);
        for bytes in [&b"\xff\xff\xff\xff"[..], b"\0\0\0\0", &frame(b"", 1), &longer, &frame(&[0; 1000], 0)] {
            assert_eq!(taken(bytes), Err(Nonsense), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(bytes in proptest::collection::vec(any::<u8>(), 1..300)) {
            let _ = taken(&bytes);
        }
    }
}
