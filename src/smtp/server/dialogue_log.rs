//! The dialogue in the log, beyond LogLevel 14: `<-- ` and what the client says, `--- ` and each line of an answer.
//!
//! In: command lines as they are understood, reply lines as they go out. Out: log lines of the transaction under way. Never here: what a
//! log-in proves itself by, nor message data.

use super::acceptor::Acceptor;
use super::session::Session;
use crate::logging::{Priority, log_text};
use crate::smtp::proto::{put_reply, split_verb};

/// Beyond this level.
const LEVEL: u8 = 14;

/// A command line without what a client proves itself by (RFC 4954, section 4): words behind the mechanism.
fn without_secret(line: &[u8]) -> Vec<u8> {
    let (verb, argument) = split_verb(line);
    let end =
        argument.iter().position(u8::is_ascii_whitespace).filter(|_| verb.eq_ignore_ascii_case(b"AUTH"));
    match end {
        Some(end) => [&line[..line.len() - argument.len() + end], b" ..."].concat(),
        None => line.to_vec(),
    }
}

impl<A: Acceptor> Session<A> {
    pub(super) fn log_command(&self, line: &[u8]) {
        if self.server.log.level() > LEVEL {
            self.log(LEVEL, Priority::Info, &[b"<-- ", &log_text(&without_secret(line))[..]].concat());
        }
    }

    /// Queues a line of a reply; with `more`, another one follows.
    pub(super) fn put_line(&mut self, code: &[u8], enhanced: Option<&[u8]>, text: &[u8], more: bool) {
        if self.server.log.level() > LEVEL {
            let mut line = b"--- ".to_vec();
            put_reply(&mut line, code, enhanced, text, more);
            self.log(LEVEL, Priority::Info, &log_text(line.strip_suffix(b"\r\n").unwrap_or(&line)));
        }
        self.wire.put(code, enhanced, text, more);
    }

    /// Queues a reply of several lines.
    pub(super) fn put_lines(&mut self, code: &[u8], lines: &[Vec<u8>]) {
        for (index, line) in lines.iter().enumerate() {
            self.put_line(code, None, line, index + 1 < lines.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{answers_of, server_with};
    use super::{LEVEL, without_secret};
    use crate::logging::{Logger, Target};
    use std::sync::Arc;

    /// The lines that a session leaves at this LogLevel, without their identifiers.
    async fn logged_at(level: u8, said: &str) -> Vec<String> {
        let log = Logger::open(Target::Memory, b"sendmail", level);
        let server = Arc::new(server_with(|server| server.log = log));
        answers_of(server.clone(), said).await;
        let lines = server.log.lines();
        let text =
            |line: &Vec<u8>| String::from_utf8_lossy(line).split_once(": ").map(|(_, text)| text.to_owned());
        let dialogue = |line: &String| line.starts_with("<-- ") || line.starts_with("--- ");
        lines.iter().filter_map(text).filter(dialogue).collect()
    }

    #[tokio::test]
    async fn both_sides_are_in_the_log_beyond_level_14() {
        let said = "RSET\r\nnoop\ta\\\0b\r\n FOO \x01\r\nQUIT\r\n";
        let expected = [
            "--- 220 mail.site.example ESMTP Sendmail; ready",
            "<-- RSET",
            "--- 250 2.0.0 Reset state",
            "<-- noop\\ta\\\\",
            "--- 250 2.0.0 OK",
            "<--  FOO \\001",
            "--- 500 5.5.1 Command unrecognized: \" FOO \\001\"",
            "<-- QUIT",
            "--- 221 2.0.0 mail.site.example closing connection",
        ];
        assert_eq!(logged_at(LEVEL + 1, said).await, expected);
        assert_eq!(logged_at(LEVEL, said).await, [""; 0]);
    }

    #[test]
    fn the_log_has_the_mechanism_and_no_password() {
        let logged = |line: &str| String::from_utf8(without_secret(line.as_bytes())).expect("ASCII");
        assert_eq!(logged("auth PLAIN AGEAYg=="), "auth PLAIN ...");
        assert_eq!(logged("AUTH\tLOGIN  YQ== x"), "AUTH\tLOGIN ...");
        for whole in ["AUTH", "AUTH PLAIN", " NOOP", "MAIL FROM:<a@b> SIZE=1", ""] {
            assert_eq!(logged(whole), whole);
        }
    }
}
