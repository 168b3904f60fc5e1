//! The three ends of any attempt, from a map look-up to a delivery.

/// Done, to be repeated later, or final. A temporary failure can never turn into a bounce by
/// accident, since there is no way to mistake `Later` for `Never`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome<T, L = String, N = String> {
    /// It worked.
    Done(T),
    /// Not now: whoever asked keeps the work and asks again.
    Later(L),
    /// Not ever: report it.
    Never(N),
}

impl<T, L, N> Outcome<T, L, N> {
    /// Applies `f` to the value of `Done`.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Outcome<U, L, N> {
        match self {
            Self::Done(value) => Outcome::Done(f(value)),
            Self::Later(why) => Outcome::Later(why),
            Self::Never(why) => Outcome::Never(why),
        }
    }

    /// The value, when there is one.
    pub fn done(self) -> Option<T> {
        match self {
            Self::Done(value) => Some(value),
            _ => None,
        }
    }
}
