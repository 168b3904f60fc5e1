//! A cf from a file, block by block: memory for the whole text would be new memory, and costs more than reading.

use std::io::{self, Read};

/// Bytes read at a time.
const BLOCK: usize = 1 << 15;

/// Gives a text in blocks that end between two logical lines.
pub struct Blocks<R> {
    source: R,
    /// What was read: first the block given last, then what comes after it.
    room: Vec<u8>,
    given: usize,
    over: bool,
}

impl<R: Read> Blocks<R> {
    /// Of what can be read from here.
    pub fn new(source: R) -> Self {
        Self { source, room: Vec::new(), given: 0, over: false }
    }

    /// The next block: at least one logical line, for [`logical_lines`](super::logical_lines).
    ///
    /// # Errors
    /// What reading says; nothing can be read after it.
    pub fn following(&mut self) -> io::Result<Option<&[u8]>> {
        self.room.drain(..std::mem::take(&mut self.given));
        while self.given == 0 && !self.over {
            self.room.reserve(BLOCK + 64); // room to see the end without growing
            let count = self.source.by_ref().take(BLOCK as u64).read_to_end(&mut self.room)?;
            self.over = count < BLOCK;
            self.given = if self.over { self.room.len() } else { last_line(&self.room) };
        }
        Ok((self.given > 0).then(|| &self.room[..self.given]))
    }
}

/// Where the last logical line begins of which the end may not be here yet.
fn last_line(text: &[u8]) -> usize {
    let begins = |end: &usize| text.get(end + 1).is_some_and(|byte| !matches!(byte, b' ' | b'\t'));
    memchr::memrchr_iter(b'\n', text).find(begins).map_or(0, |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::super::logical_lines;
    use super::*;

    /// A text of numbered lines, continued and empty ones among them, with the given length of each.
    fn lines(count: usize, length: usize) -> Vec<u8> {
        let line = |number: usize| {
            let start = ["D", "\n", " ", "\t", "#"][number * number % 5];
            format!("{start}{number}{}\n", "x".repeat(length))
        };
        (0..count).map(line).collect::<String>().into_bytes()
    }

    #[track_caller]
    fn same_lines(text: &[u8]) {
        let whole: Vec<Vec<u8>> = logical_lines(text).map(|line| line.text.into_owned()).collect();
        let mut blocks = Blocks::new(text);
        let mut pieces = Vec::new();
        while let Some(block) = blocks.following().expect("memory can be read") {
            pieces.extend(logical_lines(block).map(|line| line.text.into_owned()));
        }
        assert!(whole == pieces, "{} and {} lines", whole.len(), pieces.len());
    }

    #[test]
    fn blocks_end_between_logical_lines() {
        same_lines(b"");
        same_lines(b"DXa\n b");
        for (count, length) in [(10, 3), (5000, 7), (300, 1000), (40, BLOCK - 2), (9, 3 * BLOCK)] {
            same_lines(&lines(count, length));
        }
        same_lines(&[b"DX", &vec![b'x'; BLOCK - 3][..], b"\n", b" y\nDZ\n"].concat());
        same_lines(&[b"DX", &vec![b'x'; BLOCK - 3][..], b"\n"].concat());
    }
}
