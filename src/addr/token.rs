//! One token of an address or a rule.

use smallvec::SmallVec;

/// A token: a run of atoms, one operator character, a quoted string, or an operator byte with
/// its argument. Never empty. Short tokens live inline, so copying one allocates nothing.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Token(pub SmallVec<[u8; 22]>);

impl Token {
    /// A token of these bytes.
    pub fn new(bytes: &[u8]) -> Self {
        Self(SmallVec::from_slice(bytes))
    }

    /// The bytes, quotes and backslashes included.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The first byte: it tells operators from text.
    pub fn first(&self) -> u8 {
        self.0.first().copied().unwrap_or(0)
    }
}

impl std::ops::Deref for Token {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}
