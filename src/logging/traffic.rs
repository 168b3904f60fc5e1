//! `-X FILE`: all that is read and written, line by line, as sendmail writes it.
//!
//! In: bytes of a dialogue as they pass. Out: lines `00042 <<< text`, with the process and the direction.
//! Never here: what the lines mean; nothing is left out, so passwords of AUTH stand there too.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

/// Which way a line goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// Read by this program.
    In,
    /// Written by it.
    Out,
    /// Something that happens between lines.
    Event,
}

/// The file. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Traffic(Arc<File>);

impl Traffic {
    /// Opens the file to write behind what it holds.
    ///
    /// # Errors
    /// It cannot be made or opened with the rights of this process.
    pub fn open(path: &Path) -> io::Result<Self> {
        OpenOptions::new().append(true).create(true).mode(0o644).open(path).map(|file| Self(Arc::new(file)))
    }

    /// Writes one line, with one call: other processes may write there too.
    pub fn line(&self, direction: Direction, text: &[u8]) {
        let mark = match direction {
            Direction::In => "<<<",
            Direction::Out => ">>>",
            Direction::Event => "===",
        };
        let line = [format!("{:05} {mark} ", std::process::id()).as_bytes(), text, b"\n"].concat();
        // a full disk must not hold mail up
        let _ = (&*self.0).write_all(&line);
    }
}

/// One dialogue: lines may come in pieces.
#[derive(Debug, Default)]
pub struct Dialogue {
    traffic: Option<Traffic>,
    received: Vec<u8>,
    sent: Vec<u8>,
}

impl Dialogue {
    /// One that is written there, if anybody wants it.
    pub fn new(traffic: Option<&Traffic>) -> Self {
        Self { traffic: traffic.cloned(), ..Self::default() }
    }

    /// What has been read.
    pub fn received(&mut self, bytes: &[u8]) {
        if let Some(traffic) = &self.traffic {
            lines(&mut self.received, bytes, |line| traffic.line(Direction::In, line));
        }
    }

    /// What is written; sendmail shows it without the CR of its own line ends.
    pub fn sent(&mut self, bytes: &[u8]) {
        if let Some(traffic) = &self.traffic {
            let bare = |line: &[u8]| traffic.line(Direction::Out, line.strip_suffix(b"\r").unwrap_or(line));
            lines(&mut self.sent, bytes, bare);
        }
    }

    /// Something that happens: `CONNECT mx.example.`
    pub fn event(&self, text: &[u8]) {
        if let Some(traffic) = &self.traffic {
            traffic.line(Direction::Event, text);
        }
    }

    /// Nothing more is read: what has no line end is shown all the same.
    pub fn ended(&mut self) {
        if let Some(traffic) = &self.traffic {
            let rest = std::mem::take(&mut self.received);
            if !rest.is_empty() {
                traffic.line(Direction::In, &rest);
            }
            traffic.line(Direction::In, b"[EOF]");
        }
    }
}

/// Cuts whole lines from what is kept and what has come.
fn lines(kept: &mut Vec<u8>, bytes: &[u8], show: impl Fn(&[u8])) {
    kept.extend_from_slice(bytes);
    let mut start = 0;
    while let Some(end) = memchr::memchr(b'\n', &kept[start..]) {
        show(&kept[start..start + end]);
        start += end + 1;
    }
    kept.drain(..start);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_in_pieces_and_go_out_whole() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("traffic");
        std::fs::write(&path, "before\n").expect("a file");
        let traffic = Traffic::open(&path).expect("opened");
        let mut dialogue = Dialogue::new(Some(&traffic));
        dialogue.event(b"CONNECT mx.example.");
        dialogue.received(b"220 re");
        dialogue.sent(b"EHLO a\r\nMAIL");
        dialogue.received(b"ady\r\n250");
        dialogue.sent(b" From:<>\r\n");
        dialogue.ended();
        let text = std::fs::read_to_string(&path).expect("text");
        let own = format!("{:05} ", std::process::id());
        let expected = [
            "=== CONNECT mx.example.",
            ">>> EHLO a",
            "<<< 220 ready\r",
            ">>> MAIL From:<>",
            "<<< 250",
            "<<< [EOF]",
        ];
        let expected: String = expected.iter().map(|line| format!("{own}{line}\n")).collect();
        assert_eq!(text, format!("before\n{expected}"));
    }
}
