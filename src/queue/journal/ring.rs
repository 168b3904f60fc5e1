//! Which place of a journal is written next, and which segments are still needed. Pure.
//!
//! Segments are used in turn, the oldest is written over, and only when none of its messages is needed any more. So the record that
//! says that a message is done is never gone before the one that says that it was accepted.

use super::format::{Place, SEGMENT_BLOCKS, SEGMENTS, segment_of};

/// Where the next frame goes.
#[derive(Debug)]
pub(super) struct Ring {
    next: Place,
    /// Messages of each segment that are needed.
    needed: [u32; SEGMENTS as usize],
}

impl Ring {
    /// Of a new journal.
    pub(super) fn new() -> Self {
        // behind the last block of turn 0, which there is none of
        Self { next: Place { turn: 0, block: SEGMENT_BLOCKS }, needed: [0; SEGMENTS as usize] }
    }

    /// A place for a frame of so many blocks; `None` while there is none. The first block of a segment is kept
    /// for the frame that begins its turn ([`Place::block`] 1 comes first).
    pub(super) fn place(&mut self, blocks: u32) -> Option<Place> {
        if blocks >= SEGMENT_BLOCKS {
            return None;
        }
        if self.left() < blocks {
            let turn = self.next.turn + 1;
            if *self.needed_of(turn) > 0 {
                return None;
            }
            self.next = Place { turn, block: 1 };
        }
        Some(self.next)
    }

    /// The frame at the next place has so many blocks.
    pub(super) fn advance(&mut self, blocks: u32) {
        self.next.block += blocks;
    }

    /// Blocks behind the next place in its segment.
    pub(super) fn left(&self) -> u32 {
        SEGMENT_BLOCKS.saturating_sub(self.next.block)
    }

    /// A message of this turn is needed.
    pub(super) fn keep(&mut self, turn: u64) {
        *self.needed_of(turn) += 1;
    }

    /// It is not any more.
    pub(super) fn release(&mut self, turn: u64) {
        let needed = self.needed_of(turn);
        *needed = needed.saturating_sub(1);
    }

    fn needed_of(&mut self, turn: u64) -> &mut u32 {
        &mut self.needed[segment_of(turn)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(ring: &mut Ring, blocks: u32) -> Option<Place> {
        let place = ring.place(blocks)?;
        ring.advance(blocks);
        Some(place)
    }

    #[test]
    fn segments_are_used_in_turn() {
        let mut ring = Ring::new();
        assert_eq!(take(&mut ring, 1), Some(Place { turn: 1, block: 1 }));
        assert_eq!(take(&mut ring, 100), Some(Place { turn: 1, block: 2 }));
        assert_eq!(take(&mut ring, SEGMENT_BLOCKS - 102), Some(Place { turn: 1, block: 102 }));
        assert_eq!(take(&mut ring, 1), Some(Place { turn: 2, block: 1 }));
        assert_eq!(take(&mut ring, SEGMENT_BLOCKS), None);
    }

    #[test]
    fn what_is_needed_is_not_written_over() {
        let mut ring = Ring::new();
        let whole = SEGMENT_BLOCKS - 1;
        let first = take(&mut ring, whole).expect("an empty journal");
        ring.keep(first.turn);
        let turns = std::iter::from_fn(|| take(&mut ring, whole)).count();
        assert_eq!(turns, SEGMENTS as usize - 1);
        ring.release(first.turn);
        assert_eq!(take(&mut ring, whole), Some(Place { turn: 9, block: 1 }));
    }
}
