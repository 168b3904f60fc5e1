//! How much memory one session may hold, whatever its client sends.
//!
//! What grows with what a client says is charged before it is kept: recipients and header fields; what AUTH keeps is to
//! be charged here, too. Line buffers have bounds of their own (`proto::line`, `wire`), and so has TLS: 64 KiB of
//! handshake, one record (16 KiB) in, 64 KiB out.

/// Bytes of one session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct MemoryBudget {
    left: u64,
}

/// Enough for the largest message that people send by hand, 20,000 recipients or so; too little to do harm.
const SESSION_MEMORY: u64 = 16 * 1024 * 1024;
/// What a recipient costs beside its text: its place in the envelope, its address, flags.
const RECIPIENT_OVERHEAD: u64 = 512;
/// Texts of a recipient that are kept: as said, as parsed (text, user, host), ORCPT.
const RECIPIENT_COPIES: u64 = 4;

impl Default for MemoryBudget {
    fn default() -> Self {
        Self { left: SESSION_MEMORY }
    }
}

impl MemoryBudget {
    /// Charges; `false`, and nothing is charged, where it is not there.
    pub(super) fn charge(&mut self, bytes: u64) -> bool {
        let left = self.left.checked_sub(bytes);
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }

    /// Charges a recipient as it was said, with its parameters.
    pub(super) fn charge_recipient(&mut self, said: usize) -> bool {
        self.charge(RECIPIENT_OVERHEAD + RECIPIENT_COPIES * said as u64)
    }

    /// What is left for a header.
    pub(super) fn left(&self) -> u64 {
        self.left
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// No order of charges gets more than there is, and one that fails costs nothing.
        #[test]
        fn no_more_than_there_is(charges in proptest::collection::vec(0u64..2 * SESSION_MEMORY, 0..200)) {
            let (mut budget, mut charged) = (MemoryBudget::default(), 0u64);
            for bytes in charges {
                let before = budget;
                match budget.charge(bytes) {
                    true => charged += bytes,
                    false => prop_assert_eq!(before, budget),
                }
                prop_assert_eq!(charged + budget.left(), SESSION_MEMORY);
            }
        }
    }

    #[test]
    fn recipients_have_an_end() {
        let mut budget = MemoryBudget::default();
        let taken = (0..1_000_000).take_while(|_| budget.charge_recipient(30)).count();
        assert!((20_000..40_000).contains(&taken), "{taken}");
    }
}
