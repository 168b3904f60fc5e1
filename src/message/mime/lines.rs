//! A body in pieces: lines, or parts of very long ones.

use std::io::{self, BufRead, BufReader, Read, Seek};

/// Longest piece with its line end; what stands behind in a longer line is a piece of its own.
const LONGEST: usize = 2047;

/// Bytes read at once.
const BUFFER: usize = 32 << 10;

/// The pieces of a body one after another.
#[derive(Debug)]
pub(super) struct Lines<R: Read + Seek> {
    input: BufReader<R>,
    /// The piece that was read last, with its LF; empty at the end.
    pub(super) piece: Vec<u8>,
}

impl<R: Read + Seek> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input: BufReader::with_capacity(BUFFER, input), piece: Vec::new() }
    }

    /// Reads the next piece; false at the end.
    ///
    /// # Errors
    /// Those of the input.
    pub(super) fn advance(&mut self) -> io::Result<bool> {
        self.piece.clear();
        let mut left = (&mut self.input).take(LONGEST as u64);
        left.read_until(b'\n', &mut self.piece)?;
        Ok(!self.piece.is_empty())
    }

    /// Shows the pieces that follow until one is not wanted, and goes back to where it was.
    ///
    /// # Errors
    /// Those of the input.
    pub(super) fn look_ahead(&mut self, mut wanted: impl FnMut(&[u8]) -> bool) -> io::Result<()> {
        let kept = std::mem::take(&mut self.piece);
        let mut seen = 0;
        while self.advance()? {
            seen += self.piece.len() as i64;
            if !wanted(&self.piece) {
                break;
            }
        }
        self.piece = kept;
        // within the buffer nothing is read again: a body of many short sections costs no more than one of few
        self.input.seek_relative(-seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_ahead_takes_nothing() {
        let text = [vec![b'x'; 3000], b"\nlast\n".to_vec()].concat();
        let mut lines = Lines::new(io::Cursor::new(text));
        let mut seen = Vec::new();
        lines
            .look_ahead(|piece| {
                seen.len() < 2 && {
                    seen.push(piece.len());
                    true
                }
            })
            .expect("read");
        assert_eq!(seen, [2047, 954]);
        let mut read = Vec::new();
        while lines.advance().expect("read") {
            read.push(lines.piece.len());
        }
        assert_eq!(read, [2047, 954, 5]);
    }
}
