//! How much machines have done.

/// What a machine has done since it was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Rules whose pattern was compared with a workspace.
    pub tried: u64,
    /// Rules that were passed over because they could not match.
    pub skipped: u64,
    /// Rules that matched.
    pub matched: u64,
    /// Look-ups in maps, those that the machine answers itself among them.
    pub lookups: u64,
    /// Rulesets run.
    pub rulesets: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.tried += other.tried;
        self.skipped += other.skipped;
        self.matched += other.matched;
        self.lookups += other.lookups;
        self.rulesets += other.rulesets;
    }
}
