//! `dead.letter` in the caller's home: written by a process of its own, which keeps the caller's rights when the
//! one that reads the message gives them up.
//!
//! It writes once, to that file alone, and ends with the process that started it.

use super::caller::Caller;
use crate::logging::say;
use crate::sys::safe;
use crate::sys::{errno_text, identity, process};
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

/// The process that waits for a message to keep.
#[derive(Debug)]
pub(super) struct DeadLetter {
    /// Where it is kept.
    pub(super) path: PathBuf,
    writer: UnixStream,
}

impl DeadLetter {
    /// Starts it, with the mode of a new file; to be called before any thread is started, and before rights are given up.
    ///
    /// # Errors
    /// The caller has no home where it could be kept, or no process can be made.
    pub(super) fn prepare(mode: u32) -> io::Result<Self> {
        let account = Caller::of_process().account.ok_or(io::ErrorKind::NotFound)?;
        let path = account.home.join("dead.letter");
        let (mut writer, mut order) = UnixStream::pair()?;
        if process::fork()?.is_some() {
            drop(order);
            // a process that ends without a word has no place for it
            writer.read_exact(&mut [0])?;
            return Ok(Self { path, writer });
        }
        drop(writer);
        // the terminal and the pipes are the caller's
        let _ = process::close_standard_streams();
        let saved = identity::drop_borrowed().and_then(|()| match safe::may_open_own(&path) {
            true => order.write_all(&[0]).and_then(|()| write(&path, mode, &mut order)),
            false => process::exit_now(0),
        });
        if let Err(error) = saved {
            // whoever has gone needs no answer
            let _ = order.write_all(errno_text(&error).as_bytes());
        }
        process::exit_now(0)
    }

    /// Hands the text over, waits until it is written, and says so; as sendmail, without a word where there is no
    /// writing.
    pub(super) fn save(self, text: &[u8]) {
        let path = self.path.display().to_string();
        if self.write(text).is_ok_and(|answer| answer.is_empty()) {
            say(format!("{path}... Saved message in {path}").as_bytes());
        }
    }

    /// The system's words for why it was not written, if it was not.
    fn write(mut self, text: &[u8]) -> io::Result<String> {
        let mut answer = String::new();
        self.writer.write_all(text)?;
        self.writer.shutdown(Shutdown::Write)?;
        self.writer.read_to_string(&mut answer)?;
        Ok(answer)
    }
}

/// Nothing comes where nothing is to be kept.
fn write(path: &Path, mode: u32, order: &mut UnixStream) -> io::Result<()> {
    let mut text = Vec::new();
    order.read_to_end(&mut text)?;
    if text.is_empty() {
        return Ok(());
    }
    let mut file = safe::open_own(path, mode).map_err(io::Error::other)?;
    file.write_all(&text)
}
