//! The LMTP server (RFC 2033) on standard input and output.

use super::mailbox::{Mailboxes, NotDelivered};
use super::text;
use crate::addr::one_line;
use crate::schema::Sysexit;
use std::io::{self, BufRead, Read, Write};

/// The longest command, in bytes with its end.
const MAX_COMMAND: u64 = 4096;
/// Most recipients of one message.
const MAX_RECIPIENTS: usize = 10_000;

/// Serves until QUIT or the end of the input.
///
/// # Errors
/// Nobody hears the answers.
pub(super) fn serve(mailboxes: &Mailboxes<'_>, seven_bit: bool) -> Result<(), Sysexit> {
    let session = Session { mailboxes, seven_bit, sender: None, users: Vec::new() };
    session.run(&mut io::stdin().lock(), &mut io::stdout().lock()).map_err(|_| Sysexit::TEMPFAIL)
}

struct Session<'a> {
    mailboxes: &'a Mailboxes<'a>,
    seven_bit: bool,
    sender: Option<Vec<u8>>,
    users: Vec<Vec<u8>>,
}

/// What a command is answered with.
enum Answer {
    Line(&'static str),
    Said(Vec<u8>),
    Message,
    End,
}

const SYNTAX: Answer = Answer::Line("500 5.5.2 Syntax error");
const PARAMETERS: Answer = Answer::Line("501 5.5.4 Syntax error in parameters");

impl Session<'_> {
    fn run(mut self, input: &mut impl BufRead, output: &mut impl Write) -> io::Result<()> {
        let host =
            nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        say(output, format!("220 {host} LMTP ready").as_bytes())?;
        loop {
            let mut line = Vec::new();
            if (&mut *input).take(MAX_COMMAND).read_until(b'\n', &mut line)? == 0 {
                return Ok(());
            }
            if !line.ends_with(b"\n") {
                // too long: the rest of the line is no command
                skip_line(input)?;
                line.clear();
            }
            match self.answer(line.trim_ascii_end(), &host) {
                Answer::Line(text) => say(output, text.as_bytes())?,
                Answer::Said(text) => say(output, &text)?,
                Answer::End => return say(output, b"221 2.0.0 Bye"),
                Answer::Message => {
                    say(output, b"354 Go ahead")?;
                    let Some(message) = read_message(input)? else { return Ok(()) };
                    self.deliver(&message, output)?;
                }
            }
        }
    }

    fn answer(&mut self, line: &[u8], host: &str) -> Answer {
        let (verb, rest) = line.split_at(line.iter().position(|byte| *byte == b' ').unwrap_or(line.len()));
        match (verb.to_ascii_lowercase().as_slice(), rest.is_empty()) {
            (b"lhlo", false) => Answer::Said(self.hello(host)),
            (b"mail", false) => self.mail(rest),
            (b"rcpt", false) => self.rcpt(rest),
            (b"data", true) if self.users.is_empty() => Answer::Line("503 5.5.1 No recipients"),
            (b"data", true) => Answer::Message,
            (b"rset", true) => {
                (self.sender, self.users) = (None, Vec::new());
                Answer::Line("250 2.0.0 Ok")
            }
            (b"noop", _) => Answer::Line("250 2.0.0 Ok"),
            (b"vrfy", false) => Answer::Line("252 2.3.3 Try RCPT to attempt delivery"),
            (b"quit", true) => Answer::End,
            _ => SYNTAX,
        }
    }

    fn hello(&self, host: &str) -> Vec<u8> {
        let eight = if self.seven_bit { "" } else { "250-8BITMIME\r\n" };
        format!("250-{host}\r\n{eight}250-ENHANCEDSTATUSCODES\r\n250 PIPELINING").into_bytes()
    }

    fn mail(&mut self, rest: &[u8]) -> Answer {
        if self.sender.is_some() {
            return Answer::Line("503 5.5.1 Nested MAIL command");
        }
        match path(rest, b" from:") {
            None => PARAMETERS,
            Some(sender) => {
                // a mailbox's first line names somebody
                let sender = if sender.is_empty() { b"MAILER-DAEMON" } else { sender };
                self.sender = Some(one_line(sender).into_owned());
                Answer::Line("250 2.5.0 Ok")
            }
        }
    }

    fn rcpt(&mut self, rest: &[u8]) -> Answer {
        if self.sender.is_none() {
            return Answer::Line("503 5.5.1 Need MAIL command");
        }
        let Some(path) = path(rest, b" to:") else { return PARAMETERS };
        if self.users.len() >= MAX_RECIPIENTS {
            return Answer::Line("452 4.5.3 Too many recipients");
        }
        let user = user_of(path);
        match self.mailboxes.of(user) {
            Ok(_) => {
                self.users.push(user.to_vec());
                Answer::Line("250 2.1.5 Ok")
            }
            Err(why) if why.for_now => Answer::Said([b"451 4.3.0 ", &one_line(&why.text)[..]].concat()),
            Err(_) => Answer::Line("550 5.1.1 User unknown"),
        }
    }

    /// One answer for each recipient.
    fn deliver(&mut self, message: &[u8], output: &mut impl Write) -> io::Result<()> {
        let sender = self.sender.take().unwrap_or_default();
        let text = text::as_mailbox(&sender, message);
        for user in std::mem::take(&mut self.users) {
            match self.mailboxes.deliver(&user, &text) {
                Ok(()) => say(output, &[b"250 2.1.5 ", &user[..], b" Ok"].concat())?,
                Err(why) => say(output, &refusal(&why))?,
            }
        }
        Ok(())
    }
}

fn refusal(why: &NotDelivered) -> Vec<u8> {
    let code: &[u8] = match (why.for_now, why.full) {
        (true, true) => b"452 4.2.2 ",
        (true, false) => b"451 4.3.0 ",
        (false, true) => b"552 5.2.2 ",
        (false, false) => b"550 5.2.0 ",
    };
    [code, &one_line(&why.text)].concat()
}

fn say(output: &mut impl Write, line: &[u8]) -> io::Result<()> {
    output.write_all(&[line, b"\r\n"].concat())?;
    output.flush()
}

/// What stands between the angle brackets of ` FROM:<…>` or ` TO:<…>`.
fn path<'a>(rest: &'a [u8], keyword: &[u8]) -> Option<&'a [u8]> {
    let (head, tail) = rest.split_at_checked(keyword.len())?;
    let tail = tail.strip_prefix(b"<").filter(|_| head.eq_ignore_ascii_case(keyword))?;
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in tail.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            b'>' if !quoted => return Some(&tail[..at]),
            _ => {}
        }
    }
    None
}

/// The account behind an address: without route, domain and detail.
fn user_of(path: &[u8]) -> &[u8] {
    let path = match path.starts_with(b"@") {
        true => path.iter().position(|byte| *byte == b':').map_or(path, |at| &path[at + 1..]),
        false => path,
    };
    let end = path.iter().position(|byte| matches!(byte, b'@' | b'+')).unwrap_or(path.len());
    &path[..end]
}

fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let (used, end) = match input.fill_buf()? {
            [] => return Ok(()),
            bytes => match bytes.iter().position(|byte| *byte == b'\n') {
                Some(at) => (at + 1, true),
                None => (bytes.len(), false),
            },
        };
        input.consume(used);
        if end {
            return Ok(());
        }
    }
}

/// The message up to its dot, with the line ends of a mailbox; `None`: the input ended first.
fn read_message(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let (mut message, mut line) = (Vec::new(), Vec::new());
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 || !line.ends_with(b"\n") {
            return Ok(None);
        }
        let text = line.strip_suffix(b"\r\n").or_else(|| line.strip_suffix(b"\n")).unwrap_or(&line);
        match text {
            b"." => return Ok(Some(message)),
            _ => message.extend_from_slice(text.strip_prefix(b".").unwrap_or(text)),
        }
        message.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(text: &[u8]) -> String {
        let mailboxes = Mailboxes { file: Some(b"/nonexistent/box"), full_is_final: false };
        let session = Session { mailboxes: &mailboxes, seven_bit: false, sender: None, users: Vec::new() };
        let mut output = Vec::new();
        session.run(&mut &text[..], &mut output).expect("a listener");
        let text = String::from_utf8_lossy(&output).into_owned();
        text.lines().skip(1).map(|line| line.get(..9).unwrap_or(line).to_owned() + "\n").collect()
    }

    #[test]
    fn commands_out_of_turn() {
        let said = session(
            b"DATA\r\nRCPT TO:<root>\r\nMAIL FROM:x\r\nMAIL FROM:<>\r\nMAIL FROM:<>\r\nRCPT TO:root\r\nRCPT TO:<no-such-user-here>\r\n\
              RCPT TO:<../root>\r\nRCPT TO:<\"root>\r\nDATA\r\nHELO x\r\nLHLO\r\nQUIT\r\nNOOP\r\n",
        );
        let expected = "503 5.5.1\n503 5.5.1\n501 5.5.4\n250 2.5.0\n503 5.5.1\n501 5.5.4\n550 5.1.1\n550 5.1.1\n501 5.5.4\n\
                        503 5.5.1\n500 5.5.2\n500 5.5.2\n221 2.0.0\n";
        assert_eq!(said, expected);
    }

    #[test]
    fn each_recipient_has_an_answer_and_half_a_message_none() {
        let begin = b"MAIL FROM:<a@b>\r\nRCPT TO:<root@x>\r\nRCPT TO:<@y:root+detail@x>\r\nDATA\r\nX: y\r\n";
        let whole = session(&[&begin[..], b"\r\n..\r\n.\r\n"].concat());
        let accepted = "250 2.5.0\n250 2.1.5\n250 2.1.5\n354 Go ah\n";
        assert_eq!(whole, format!("{accepted}451 4.3.0\n451 4.3.0\n"));
        assert_eq!(session(begin), accepted);
    }

    #[test]
    fn a_command_without_end_is_none() {
        let long = [b"RCPT TO:<", &vec![b'a'; 20_000][..], b">\r\nQUIT\r\n"].concat();
        assert_eq!(session(&long), "500 5.5.2\n221 2.0.0\n");
    }

    #[test]
    fn messages_lose_their_dots() {
        let read = |text: &[u8]| read_message(&mut &text[..]).expect("memory");
        assert_eq!(read(b"a\r\n..b\r\n\r\n.\r\nrest").as_deref(), Some(&b"a\n.b\n\n"[..]));
        assert_eq!(read(b"a\r\n."), None);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_break_it(text in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
            session(&text);
        }
    }
}
