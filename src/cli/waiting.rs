//! Who hands a message in: gives it when it is asked for, and is told how it went.
//!
//! In DeliveryMode background the process that works is another one than the caller waits for, and has left the terminal; the one
//! he waits for ([`attend`]) reads standard input for it, and ends with the status that it names.

use crate::schema::Sysexit;
use crate::sys::process;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;

/// The working process asks for the message.
const ASKS: u8 = b'?';
/// The working process names an exit status, the next byte.
const ENDS: u8 = b'.';

/// Whoever waits for the process that works on his message.
pub(super) struct Waiting {
    /// Another process, where this one delivers behind its back.
    pub(super) stream: Option<UnixStream>,
}

impl Waiting {
    /// The message, to the end of standard input.
    ///
    /// # Errors
    /// It could not be read, or whoever reads it for this process is gone.
    pub(super) fn message(&mut self) -> io::Result<Vec<u8>> {
        let mut message = Vec::new();
        let Some(stream) = &mut self.stream else {
            io::stdin().lock().read_to_end(&mut message)?;
            return Ok(message);
        };
        stream.write_all(&[ASKS])?;
        let mut length = [0u8; 8];
        stream.read_exact(&mut length)?;
        let length = u64::from_be_bytes(length);
        Read::by_ref(stream).take(length).read_to_end(&mut message)?;
        // half a message is none
        if message.len() as u64 == length { Ok(message) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    /// Is told how it went; its terminal is let go of.
    pub(super) fn hear(self, status: Sysexit) -> Sysexit {
        // the message is safe in the queue, so a temporary failure is nothing to worry about
        let status = if status.is_temporary() { Sysexit::OK } else { status };
        if let Some(mut stream) = self.stream {
            let _ = io::stdout().flush();
            let _ = process::close_standard_streams();
            let _ = stream.write_all(&[ENDS, u8::try_from(status.0).unwrap_or(70)]);
        }
        status
    }
}

/// Serves the process that works until it names the exit status.
pub(super) fn attend(mut working: UnixStream) -> Sysexit {
    loop {
        let mut word = [0u8; 1];
        match working.read_exact(&mut word).map(|()| word[0]) {
            Ok(ASKS) => {
                // a message that cannot be read is not handed on: the other process says so
                if hand_over(&mut working).is_err() {
                    let _ = working.shutdown(std::net::Shutdown::Write);
                }
            }
            Ok(_) if working.read_exact(&mut word).is_ok() => return Sysexit(i32::from(word[0])),
            // without an answer the other process has died: an internal error
            _ => return Sysexit::SOFTWARE,
        }
    }
}

fn hand_over(working: &mut UnixStream) -> io::Result<()> {
    let mut message = Vec::new();
    io::stdin().lock().read_to_end(&mut message)?;
    working.write_all(&(message.len() as u64).to_be_bytes())?;
    working.write_all(&message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_message_is_none() {
        let (mut reader, working) = UnixStream::pair().expect("a pair");
        let mut waiting = Waiting { stream: Some(working) };
        reader.write_all(&4u64.to_be_bytes()).expect("its length");
        reader.write_all(b"ab").expect("a part of it");
        reader.shutdown(std::net::Shutdown::Write).expect("no more");
        assert_eq!(waiting.message().expect_err("half of it").kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn whole_messages_come_through() {
        let (mut reader, working) = UnixStream::pair().expect("a pair");
        let mut waiting = Waiting { stream: Some(working) };
        reader.write_all(&4u64.to_be_bytes()).expect("its length");
        reader.write_all(b"ab\n.").expect("all of it");
        assert_eq!(waiting.message().expect("a message"), b"ab\n.");
    }
}
