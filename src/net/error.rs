//! Why a name server's answer is none.

use crate::schema::Outcome;

/// Why a question has no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DnsError {
    /// h_errno 1
    #[error("Host unknown")]
    HostNotFound,
    /// h_errno 2
    #[error("Host name lookup failure")]
    TryAgain,
    /// h_errno 3
    #[error("Non-recoverable name server error")]
    NoRecovery,
    /// h_errno 4: the name exists without records of this type.
    #[error("No address associated with name")]
    NoData,
    /// The answer is not what the owner of the zone has signed (RFC 4033, 5: bogus), or cannot be validated; h_errno 2.
    #[error("DNSSEC validation failed")]
    Bogus,
}

impl DnsError {
    /// The number of the C library's h_errno.
    pub fn number(self) -> i32 {
        match self {
            Self::HostNotFound => 1,
            Self::TryAgain | Self::Bogus => 2,
            Self::NoRecovery => 3,
            Self::NoData => 4,
        }
    }
}

/// Answer of the resolver.
pub type Answered<T> = Outcome<T, DnsError, DnsError>;

/// Makes an error the right kind of outcome.
pub(super) fn failed<T>(error: DnsError) -> Answered<T> {
    match error {
        DnsError::TryAgain | DnsError::Bogus => Outcome::Later(error),
        _ => Outcome::Never(error),
    }
}

pub(super) fn answered<T>(result: Result<T, DnsError>) -> Answered<T> {
    match result {
        Ok(value) => Outcome::Done(value),
        Err(error) => failed(error),
    }
}
