//! What a check has come to, in the words of RFC 8601 (2.7).

/// A result.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Verdict {
    /// There is nothing to check.
    #[default]
    None,
    /// It is as it says.
    Pass,
    /// It is not.
    Fail,
    /// The domain thinks that it is not.
    SoftFail,
    /// The domain says nothing of it.
    Neutral,
    /// What must be known cannot be had for now.
    TempError,
    /// What was to be checked is no good itself.
    PermError,
}

impl Verdict {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::SoftFail => "softfail",
            Self::Neutral => "neutral",
            Self::TempError => "temperror",
            Self::PermError => "permerror",
        }
    }
}
