//! Writing past the page cache (open(2), O_DIRECT): a sync then waits for the disk alone, not for pages on their way to it.
//!
//! In: a file that is written in whole blocks. Out: the same writes, from memory at block boundaries, as the kernel wants them.
//! Never here: durability, which is the sync's business in both cases.

use super::format::BLOCK;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use std::fs::File;

/// Writes of this file are direct from now on, where its file system can do that.
pub(super) fn begin(file: &File) {
    // where it cannot, pages serve
    if let Ok(flags) = fcntl(file, FcntlArg::F_GETFL) {
        let _ = fcntl(file, FcntlArg::F_SETFL(OFlag::from_bits_retain(flags) | OFlag::O_DIRECT));
    }
}

/// Memory for blocks, used again for each write.
#[derive(Debug, Default)]
pub(super) struct Blocks(Vec<u8>);

impl Blocks {
    /// So many bytes as `put` adds them.
    pub(super) fn filled(&mut self, length: usize, put: impl FnOnce(&mut Vec<u8>)) -> &[u8] {
        let bytes = &mut self.0;
        bytes.clear();
        bytes.reserve(length + BLOCK);
        let start = bytes.as_ptr().align_offset(BLOCK);
        bytes.resize(start, 0);
        put(bytes);
        debug_assert_eq!(bytes.len(), start + length);
        &bytes[start..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_begin_at_a_boundary_however_long_they_are() {
        let mut blocks = Blocks::default();
        for length in [BLOCK, 64 * BLOCK, 2 * BLOCK] {
            let bytes = blocks.filled(length, |bytes| bytes.resize(bytes.len() + length, 7));
            assert_eq!((bytes.as_ptr().align_offset(BLOCK), bytes.len()), (0, length));
            assert!(bytes.iter().all(|byte| *byte == 7));
        }
    }
}
