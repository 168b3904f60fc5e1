//! The connection of a session: bytes in, lines cut from them, replies out, time-outs (RFC 5321,
//! section 4.5.3.2.7; sendmail's options Timeout.command and Timeout.datablock).
//!
//! In: any byte stream. Out: command lines and message data as they arrive. Never here: what a
//! command means, what a reply says.

use crate::addr::seven_bits;
use crate::logging::Dialogue;
use crate::smtp::proto::{MAX_AUTH_LINE, NextLine, next_command, next_line, put_reply};
use std::borrow::Cow;
use std::future::{Future, poll_fn};
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::time::Instant;

/// What a session may run over: a socket, a pair of pipes, memory, and each of them under TLS.
pub use crate::tls::Stream;

/// What a client sent.
#[derive(PartialEq, Eq, Debug)]
pub enum Input {
    /// A command line without its end.
    Line(Vec<u8>),
    /// A line longer than any command; its length as far as it is known.
    TooLong(usize),
}

/// Why nothing more comes from the client, or goes to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lost {
    /// It closed the connection, or the connection broke.
    Closed,
    /// It said nothing for too long.
    TimedOut,
}

/// A stream with what was read from it and not used, and what is still to be written.
pub struct Wire {
    stream: Box<dyn Stream>,
    /// Bytes received; those before `used` are done with.
    input: Vec<u8>,
    used: usize,
    out: Vec<u8>,
    /// Who reads along.
    dialogue: Dialogue,
    /// Does the client understand replies in UTF-8?
    utf8: bool,
    /// How long the client may take to accept what is written.
    write_timeout: Duration,
}

/// Replies to one group of commands that are kept until all are answered, in bytes.
const MAX_REPLIES: usize = 65536;
/// Most bytes of one read; while nothing comes there is no room for them.
const READ_SIZE: usize = 12288;
/// A buffer that is empty keeps this much.
const KEPT: usize = 256;

/// Gives the room of an empty buffer back.
fn release(buffer: &mut Vec<u8>) {
    if buffer.capacity() > KEPT {
        *buffer = Vec::new();
    }
}

/// Replies are of seven bits (RFC 5321, section 4.2) unless the client has asked for SMTPUTF8; what is no UTF-8 is of seven bits
/// even then.
fn sayable(text: &[u8], utf8: bool) -> Cow<'_, [u8]> {
    match utf8 && std::str::from_utf8(text).is_ok() {
        true => text.into(),
        false => seven_bits(text),
    }
}

/// Adds what can be read to `input`.
fn poll_receive(
    stream: &mut Box<dyn Stream>,
    input: &mut Vec<u8>,
    context: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    let mut room = [const { MaybeUninit::uninit() }; READ_SIZE];
    let mut read = ReadBuf::uninit(&mut room);
    ready!(Pin::new(stream).poll_read(context, &mut read))?;
    input.extend_from_slice(read.filled());
    Poll::Ready(Ok(read.filled().len()))
}

impl Wire {
    /// Over this stream.
    pub fn new(stream: impl Stream + 'static, write_timeout: Duration) -> Self {
        let (input, out, dialogue, utf8) = Default::default();
        Self { stream: Box::new(stream), input, used: 0, out, dialogue, utf8, write_timeout }
    }

    /// The same, read along by somebody.
    #[must_use]
    pub fn heard_by(self, dialogue: Dialogue) -> Self {
        Self { dialogue, ..self }
    }

    /// Queues a reply line; it is sent when the input is used up. With `more`, another one follows.
    pub fn put(&mut self, code: &[u8], enhanced: Option<&[u8]>, text: &[u8], more: bool) {
        let text = sayable(text, self.utf8);
        put_reply(&mut self.out, code, enhanced, &text, more);
    }

    /// May replies be UTF-8 from now on?
    pub fn allow_utf8(&mut self, allowed: bool) {
        self.utf8 = allowed;
    }

    /// May replies be UTF-8?
    pub fn speaks_utf8(&self) -> bool {
        self.utf8
    }

    /// Sends what is queued.
    ///
    /// # Errors
    /// When the client is gone or does not read.
    pub async fn flush(&mut self) -> Result<(), Lost> {
        if self.out.is_empty() {
            return Ok(());
        }
        self.dialogue.sent(&self.out);
        let sent = async {
            self.stream.write_all(&self.out).await?;
            self.stream.flush().await
        };
        let sent = tokio::time::timeout(self.write_timeout, sent).await;
        self.out.clear();
        release(&mut self.out);
        match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Lost::Closed),
            Err(_) => Err(Lost::TimedOut),
        }
    }

    /// Received and not yet used.
    pub fn pending(&self) -> &[u8] {
        &self.input[self.used..]
    }

    /// The first `count` bytes of what is pending are done with.
    pub fn consume(&mut self, count: usize) {
        self.used += count;
        if self.used == self.input.len() {
            self.input.clear();
            self.used = 0;
        }
    }

    /// Waits for more input; replies go out first.
    ///
    /// # Errors
    /// When none comes.
    pub async fn fill(&mut self, limit: Duration) -> Result<(), Lost> {
        self.flush().await?;
        self.input.drain(..self.used);
        self.used = 0;
        if self.input.is_empty() {
            // who says nothing for a while needs no room
            release(&mut self.input);
        }
        let before = self.input.len();
        let (stream, input) = (&mut self.stream, &mut self.input);
        let read = poll_fn(|context| poll_receive(stream, input, context));
        let read = tokio::time::timeout(limit, read).await;
        self.dialogue.received(&self.input[before..]);
        match read {
            Ok(Ok(0)) => {
                self.dialogue.ended();
                Err(Lost::Closed)
            }
            Ok(Err(_)) => Err(Lost::Closed),
            Ok(Ok(_)) => Ok(()),
            Err(_) => Err(Lost::TimedOut),
        }
    }

    /// Reads so many bytes and throws them away.
    ///
    /// # Errors
    /// When they do not come.
    pub async fn skip(&mut self, mut count: u64, limit: Duration) -> Result<(), Lost> {
        loop {
            let here = usize::try_from(count).unwrap_or(usize::MAX).min(self.pending().len());
            self.consume(here);
            count -= here as u64;
            if count == 0 {
                return Ok(());
            }
            self.fill(limit).await?;
        }
    }

    /// Takes in what has arrived already, without waiting: is there unused input?
    pub async fn has_input(&mut self) -> bool {
        if self.pending().is_empty() {
            let before = self.input.len();
            let (stream, input) = (&mut self.stream, &mut self.input);
            // what cannot be read is told by the next read
            poll_fn(|context| Poll::Ready(poll_receive(stream, input, context).is_ready())).await;
            self.dialogue.received(&self.input[before..]);
        }
        !self.pending().is_empty()
    }

    /// Are so many replies waiting that they are to be sent before more is done?
    pub fn is_full(&self) -> bool {
        self.out.len() >= MAX_REPLIES
    }

    /// Is a command line there, so that reading one would not wait?
    pub fn has_line(&self) -> bool {
        !matches!(next_command(self.pending()), NextLine::Incomplete)
    }

    /// The next command line. Whoever gives up waiting for it has lost nothing, once replies are flushed.
    ///
    /// # Errors
    /// When it does not come.
    pub async fn read_line(&mut self, limit: Duration) -> Result<Input, Lost> {
        self.read(limit, next_command).await
    }

    /// The next line of an AUTH dialogue.
    ///
    /// # Errors
    /// When it does not come.
    pub async fn read_response(&mut self, limit: Duration) -> Result<Input, Lost> {
        self.read(limit, |input| next_line(input, MAX_AUTH_LINE)).await
    }

    /// The limit is that of the whole line. (sendmail begins to count again with each byte, so that a client may sit there for days.)
    async fn read(&mut self, limit: Duration, next: fn(&[u8]) -> NextLine) -> Result<Input, Lost> {
        let begun = Instant::now();
        loop {
            match next(self.pending()) {
                NextLine::Line { text, whole } => {
                    let line = self.pending()[..text].to_vec();
                    self.consume(whole);
                    return Ok(Input::Line(line));
                }
                NextLine::Incomplete => self.fill(limit.saturating_sub(begun.elapsed())).await?,
                NextLine::TooLong(length) => return Ok(Input::TooLong(length)),
            }
        }
    }

    /// Goes on over a stream that is made from this one, as STARTTLS does. Replies go out before; what
    /// was received and not used is thrown away: nothing that came in the clear may be taken for
    /// something said under protection (RFC 3207, section 4.2; CVE-2011-0411).
    ///
    /// # Errors
    /// When there is no new stream. Nothing can be read or written then.
    pub async fn replace_stream<F, R>(&mut self, handshake: F) -> Result<(), Lost>
    where
        F: FnOnce(Box<dyn Stream>) -> R,
        R: Future<Output = io::Result<Box<dyn Stream>>> + Send,
    {
        self.flush().await?;
        self.input.clear();
        self.used = 0;
        let old = std::mem::replace(&mut self.stream, Box::new(tokio::io::empty()));
        self.stream = handshake(old).await.map_err(|_| Lost::Closed)?;
        Ok(())
    }

    /// What is queued is not to be sent any more.
    pub fn forget(&mut self) {
        self.out.clear();
    }

    /// Sends what is queued and says that nothing follows.
    pub async fn close(&mut self) {
        // the client may be gone; there is nobody left to tell
        let _ = self.flush().await;
        // TLS says goodbye, which a client that reads nothing may hold up
        let _ = tokio::time::timeout(self.write_timeout, self.stream.shutdown()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    const LIMIT: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn what_came_in_the_clear_is_not_read_under_protection() {
        let (mut clear, ours) = tokio::io::duplex(1024);
        let (mut protected, new) = tokio::io::duplex(1024);
        let mut wire = Wire::new(ours, LIMIT);
        clear.write_all(b"STARTTLS\r\nMAIL FROM:<injected@visitors.example>\r\n").await.expect("memory");
        assert_eq!(wire.read_line(LIMIT).await, Ok(Input::Line(b"STARTTLS".to_vec())));
        assert!(!wire.pending().is_empty());
        wire.put(b"220", Some(b"2.0.0"), b"Ready to start TLS", false);
        let replaced = wire.replace_stream(|_| async { Ok(Box::new(new) as Box<dyn Stream>) }).await;
        assert_eq!(replaced, Ok(()));
        let mut reply = Vec::new();
        clear.read_buf(&mut reply).await.expect("memory");
        assert_eq!(reply, b"220 2.0.0 Ready to start TLS\r\n");
        protected.write_all(b"EHLO client.visitors.example\r\n").await.expect("memory");
        let line = wire.read_line(LIMIT).await;
        assert_eq!(line, Ok(Input::Line(b"EHLO client.visitors.example".to_vec())));
    }

    #[tokio::test]
    async fn after_a_failed_handshake_there_is_no_connection() {
        let (mut clear, ours) = tokio::io::duplex(1024);
        let mut wire = Wire::new(ours, LIMIT);
        clear.write_all(b"QUIT\r\n").await.expect("memory");
        assert!(wire.has_input().await);
        let replaced = wire.replace_stream(|_| async { Err(io::ErrorKind::InvalidData.into()) }).await;
        assert_eq!(replaced, Err(Lost::Closed));
        assert_eq!(wire.read_line(LIMIT).await, Err(Lost::Closed));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_says_a_byte_now_and_then_is_given_up() {
        for response in [false, true] {
            let (mut clear, ours) = tokio::io::duplex(1024);
            let drip = tokio::spawn(async move {
                while clear.write_all(b"x").await.is_ok() {
                    tokio::time::sleep(LIMIT / 3).await;
                }
            });
            let (mut wire, begun) = (Wire::new(ours, LIMIT), Instant::now());
            let read = if response { wire.read_response(LIMIT).await } else { wire.read_line(LIMIT).await };
            assert_eq!((read, begun.elapsed() < LIMIT * 2), (Err(Lost::TimedOut), true));
            drop(wire);
            drip.await.expect("no panic");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_client_is_given_up() {
        let (_clear, ours) = tokio::io::duplex(1024);
        assert_eq!(Wire::new(ours, LIMIT).read_line(LIMIT).await, Err(Lost::TimedOut));
    }
}
