//! Enhanced mail system status codes (RFC 3463).

use serde::{Deserialize, Serialize};
use std::fmt;

/// `class.subject.detail`, as in `5.1.1` (RFC 3463, section 2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct EnhancedStatus(
    /// 2 success, 4 persistent transient failure, 5 permanent failure.
    pub u16,
    /// What it is about: 1 addressing, 2 mailbox, 3 mail system, 4 network, 5 protocol, 6 content, 7 policy.
    pub u16,
    /// The precise condition.
    pub u16,
);

impl EnhancedStatus {
    /// Reads `5.1.10`: a class of 2, 4 or 5 and two numbers of one to three digits. `None` for anything else.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut parts = text.split(|byte| *byte == b'.');
        let mut number = || {
            let part = parts.next()?;
            let fits = (1..=3).contains(&part.len()) && part.iter().all(u8::is_ascii_digit);
            fits.then(|| part.iter().fold(0u16, |sum, digit| sum * 10 + u16::from(digit - b'0')))
        };
        let status = Self(number()?, number()?, number()?);
        (parts.next().is_none() && matches!(status.0, 2 | 4 | 5)).then_some(status)
    }

    /// The first number: the class that a reply code's first digit has to agree with.
    pub fn class(self) -> u16 {
        self.0
    }

    /// The same subject and detail in another class.
    #[must_use]
    pub fn with_class(self, class: u16) -> Self {
        Self(class, self.1, self.2)
    }
}

impl fmt::Display for EnhancedStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.0, self.1, self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_codes_are_read() {
        assert_eq!(EnhancedStatus::parse(b"5.1.10"), Some(EnhancedStatus(5, 1, 10)));
        for text in ["5.1", "3.1.1", "5.1.1234", "5..1", "5.1.1.1", "5.1.x", ""] {
            assert_eq!(EnhancedStatus::parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(EnhancedStatus(4, 2, 0).to_string(), "4.2.0");
    }
}
