//! Why an exchange failed, for the log.

use super::secret::Refusal;

/// Nobody knows whom the client names.
pub(super) const NO_USER: &str = "unable to canonify user and get auxprops";
/// Nobody is called as the client says it acts.
pub(super) const NO_AUTHOR: &str = "unable to canonify authorization ID";

/// The error codes of Cyrus SASL that can come of an exchange.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Code {
    /// Something is not as it should be, and nobody knows better.
    Generic,
    /// What was said is too long.
    Overflow,
    /// Nobody could look at the password.
    NoMechanism,
    /// What was said makes no sense.
    BadProtocol,
    /// The password is wrong.
    Authentication,
    /// There is no such user.
    NoUser,
}

impl Code {
    /// Number and text.
    fn row(self) -> (i32, &'static str) {
        match self {
            Self::Generic => (-1, "generic failure"),
            Self::Overflow => (-3, "overflowed buffer"),
            Self::NoMechanism => (-4, "no mechanism available"),
            Self::BadProtocol => (-5, "bad protocol / cancel"),
            Self::Authentication => (-13, "authentication failure"),
            Self::NoUser => (-20, "user not found"),
        }
    }
}

/// One failed exchange.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// What kind of failure.
    pub code: Code,
    /// What the mechanism says of it.
    pub detail: Vec<u8>,
    /// Another day it may go well: the client is to try again.
    pub temporary: bool,
}

impl Failure {
    /// For good.
    pub fn new(code: Code, detail: impl Into<Vec<u8>>) -> Self {
        Self { code, detail: detail.into(), temporary: false }
    }

    /// What the client said makes no sense.
    pub(super) fn protocol(detail: impl Into<Vec<u8>>) -> Self {
        Self::new(Code::BadProtocol, detail)
    }

    /// Nobody is called so.
    pub(super) fn name_too_long() -> Self {
        Self::new(Code::Overflow, "Unable to find a callback: 32775")
    }

    /// A client has said something before it was its turn.
    pub fn spoke_first() -> Self {
        Self::protocol("Remote sent first but mech does not allow it.")
    }

    /// The password is not right.
    pub(super) fn wrong(detail: &str) -> Self {
        Self::new(Code::Authentication, detail)
    }

    /// Nothing is known of the password.
    pub(super) fn refused(refusal: Refusal, detail: impl Into<Vec<u8>>) -> Self {
        let code = match refusal {
            Refusal::Wrong => Code::Authentication,
            Refusal::NoUser => Code::NoUser,
            Refusal::Unavailable => Code::Generic,
            Refusal::NoMethod => Code::NoMechanism,
        };
        let temporary = matches!(refusal, Refusal::Unavailable | Refusal::NoMethod);
        Self { code, detail: detail.into(), temporary }
    }

    /// `authentication failure (-13) SASL(-13): authentication failure: …`: strangers do not learn from the second
    /// number whether there is a user, but the log tells by the first.
    pub fn log_text(&self) -> Vec<u8> {
        let (number, text) = self.code.row();
        let shown = if self.code == Code::NoUser { Code::Authentication.row().0 } else { number };
        [format!("{text} ({number}) SASL({shown}): {text}: ").as_bytes(), &self.detail].concat()
    }
}
