//! One SMTP reply: what a peer is told, what a mailer answered, what a bounce quotes.

use super::EnhancedStatus;

/// `code enhanced text`, as in `550 5.1.1 User unknown`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reply {
    /// Three digits (RFC 5321).
    pub code: u16,
    /// The enhanced status (RFC 3463), when there is one.
    pub enhanced: Option<EnhancedStatus>,
    /// The text after both, without line end.
    pub text: Vec<u8>,
}

impl Reply {
    /// A reply of these parts.
    pub fn new(code: u16, enhanced: Option<EnhancedStatus>, text: impl Into<Vec<u8>>) -> Self {
        Self { code, enhanced, text: text.into() }
    }

    /// Reads `550 5.1.1 User unknown`; both numbers may be missing (code 0 then).
    pub fn parse(line: &[u8]) -> Self {
        let (code, rest) = match line {
            [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', rest @ ..] => {
                let digit = |byte: u8| u16::from(byte - b'0');
                (
                    digit(*a) * 100 + digit(*b) * 10 + digit(*c),
                    rest.strip_prefix(b" ").or(rest.strip_prefix(b"-")).unwrap_or(rest),
                )
            }
            _ => (0, line),
        };
        let end = rest.iter().position(|byte| *byte == b' ').unwrap_or(rest.len());
        match EnhancedStatus::parse(&rest[..end]) {
            Some(enhanced) => Self::new(code, Some(enhanced), rest.get(end + 1..).unwrap_or_default()),
            None => Self::new(code, None, rest),
        }
    }

    /// With the codes that a refusal without them has: 550, and the general status of its class.
    pub fn with_codes(mut self) -> Self {
        if self.code == 0 {
            self.code = 550;
        }
        let class = self.code / 100;
        if self.enhanced.is_none() && matches!(class, 4 | 5) {
            self.enhanced = Some(EnhancedStatus(class, 0, 0));
        }
        self
    }

    /// The enhanced status as text (`5.1.1`).
    pub fn enhanced_text(&self) -> Option<String> {
        self.enhanced.map(|status| status.to_string())
    }

    /// The whole line without its end: `550 5.1.1 User unknown`.
    pub fn to_line(&self) -> Vec<u8> {
        if self.code == 0 {
            return self.text.clone();
        }
        let mut line = format!("{:03}", self.code).into_bytes();
        if let Some(enhanced) = self.enhanced_text() {
            line.push(b' ');
            line.extend_from_slice(enhanced.as_bytes());
        }
        if !self.text.is_empty() {
            line.push(b' ');
            line.extend_from_slice(&self.text);
        }
        line
    }

    /// 2yz
    pub fn is_positive(&self) -> bool {
        self.code / 100 == 2
    }

    /// 4yz: to be tried again.
    pub fn is_temporary(&self) -> bool {
        self.code / 100 == 4
    }

    /// 5yz: final.
    pub fn is_permanent(&self) -> bool {
        self.code / 100 == 5
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_survives_the_round_trip() {
        for line in ["550 5.1.1 User unknown", "421 Too busy", "250 2.1.0 ok", "451 4.2.1", "556 5.1.10 x"] {
            assert_eq!(Reply::parse(line.as_bytes()).to_line(), line.as_bytes());
        }
    }

    #[test]
    fn what_only_looks_like_a_status_stays_text() {
        assert_eq!(Reply::parse(b"550 5.1 no").enhanced, None);
        assert_eq!(Reply::parse(b"550 3.1.1 no").enhanced, None);
        assert_eq!(Reply::parse(b"550 5.1.1234 no").text, b"5.1.1234 no");
    }
}
