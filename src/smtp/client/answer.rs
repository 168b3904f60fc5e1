//! What a server says (RFC 5321, 4.2).

use crate::schema::Reply;

/// One reply, all its lines.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Answer {
    /// Three digits.
    pub code: u16,
    /// Whole lines, code included, without line ends; at least one.
    pub lines: Vec<Vec<u8>>,
}

impl Answer {
    /// The last line as a reply: what logs and reports quote.
    pub fn reply(&self) -> Reply {
        self.lines.last().map(|line| Reply::parse(line)).unwrap_or_default()
    }

    /// The first line as it came.
    pub fn first_line(&self) -> &[u8] {
        self.lines.first().map_or(b"", Vec::as_slice)
    }

    /// 421: the server closes the connection, whatever the command was (RFC 5321, 3.8).
    pub fn is_closing(&self) -> bool {
        self.code == 421
    }

    /// 2yz
    pub fn is_positive(&self) -> bool {
        self.code / 100 == 2
    }

    /// 4yz
    pub fn is_temporary(&self) -> bool {
        self.code / 100 == 4
    }

    /// 5yz
    pub fn is_permanent(&self) -> bool {
        self.code / 100 == 5
    }
}

/// Why there was no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ConnectionError {
    /// The connection ended.
    #[error("Connection reset by")]
    Lost,
    /// Nothing came in time.
    #[error("Connection timed out with")]
    TimedOut,
    /// What came is no SMTP.
    #[error("Remote protocol error")]
    Malformed(Vec<u8>),
}

/// A reply in bytes, all lines together.
const MAX_REPLY: usize = 256 << 10;

/// Takes one whole reply from the front of `input`; `None` while more must come.
pub(super) fn take(input: &mut Vec<u8>) -> Option<Result<Answer, ConnectionError>> {
    let (mut at, mut lines) = (0, Vec::new());
    while let Some(end) = memchr::memchr(b'\n', &input[at..]) {
        let line = &input[at..at + end];
        let line = line.strip_suffix(b"\r").unwrap_or(line).to_vec();
        at += end + 1;
        let Some((number, more)) = code_of(&line) else {
            input.drain(..at);
            return Some(Err(ConnectionError::Malformed(line)));
        };
        lines.push(line);
        if !more {
            input.drain(..at);
            // RFC 5321 4.2.1: the code must be the same on every line; the last one counts
            return Some(Ok(Answer { code: number, lines }));
        }
    }
    (input.len() > MAX_REPLY).then(|| Err(ConnectionError::Malformed(Vec::new())))
}

fn code_of(line: &[u8]) -> Option<(u16, bool)> {
    let digits = line.get(..3).filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
    let code = digits.iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    match line.get(3) {
        None | Some(b' ') => Some((code, false)),
        Some(b'-') => Some((code, true)),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_taken_whole() {
        let mut input = b"250-a\r\n250-b\r\n250 c\r\n354".to_vec();
        let answer = take(&mut input).expect("whole").expect("a reply");
        assert_eq!((answer.code, answer.lines.len(), answer.first_line()), (250, 3, &b"250-a"[..]));
        assert!(take(&mut input).is_none());
        input.extend(b"\n+OK\r\n");
        assert_eq!(take(&mut input).expect("whole").expect("a reply").code, 354);
        assert_eq!(take(&mut input).expect("a line"), Err(ConnectionError::Malformed(b"+OK".to_vec())));
    }
}
