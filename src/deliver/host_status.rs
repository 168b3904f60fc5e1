//! HostStatusDirectory: what was last heard of other hosts, a file for each.
//!
//! `mx.good.example` is the file `example./good./mx`. A file holds lines of a letter and a value, as sendmail's do, so that
//! both programs may use the same directory.

use crate::schema::Sysexit;
use crate::sys::errno_text;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What is known of one host.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct HostStatus {
    /// E: errno of the last attempt to connect.
    pub errno: i32,
    /// S: sysexits code.
    pub exit: i32,
    /// D: the status that was told.
    pub status: Option<Vec<u8>>,
    /// R: the last reply.
    pub reply: Option<Vec<u8>>,
    /// U: when, seconds since the epoch.
    pub updated: i64,
}

/// Longest result that a listing shows.
const MAX_RESULT: usize = 27;

impl HostStatus {
    /// Reads a file's text; lines that say nothing known are passed over.
    pub fn parse(text: &[u8]) -> Self {
        let mut found = Self::default();
        for line in text.split(|byte| *byte == b'\n') {
            let Some((letter, value)) = line.split_first() else { continue };
            let number =
                || std::str::from_utf8(value).ok().and_then(|value| value.trim().parse::<i64>().ok());
            match letter {
                b'E' => found.errno = number().and_then(|value| value.try_into().ok()).unwrap_or(0),
                b'S' => found.exit = number().and_then(|value| value.try_into().ok()).unwrap_or(0),
                b'D' => found.status = Some(value.to_vec()),
                b'R' => found.reply = Some(value.to_vec()),
                b'U' => found.updated = number().unwrap_or(0),
                b'.' => break,
                _ => {}
            }
        }
        found
    }

    /// What a listing says of the host.
    pub fn result(&self) -> Vec<u8> {
        let mut text = match &self.reply {
            Some(reply) => reply.clone(),
            None if self.errno != 0 => {
                [b"Deferred: ", errno_text(&io::Error::from_raw_os_error(self.errno)).as_bytes()].concat()
            }
            None if self.exit != 0 => self.words(),
            None => b"OK".to_vec(),
        };
        text.truncate(MAX_RESULT);
        text
    }

    fn words(&self) -> Vec<u8> {
        let text = Sysexit(self.exit).text().unwrap_or("Unknown");
        match super::result::sysexit(Sysexit(self.exit)) {
            Some((text, _, status)) => format!("{status} {text}").into_bytes(),
            None => text.as_bytes().to_vec(),
        }
    }
}

/// The host of a file below the directory; `None` for what is no name of one.
fn host_of(below: &Path) -> Option<Vec<u8>> {
    let labels: Vec<&[u8]> = below.iter().map(OsStr::as_bytes).collect();
    let (last, before) = labels.split_last()?;
    let mut host = last.to_vec();
    for label in before.iter().rev() {
        host.push(b'.');
        host.extend_from_slice(label.strip_suffix(b".")?);
    }
    Some(host)
}

/// Is shown a file: its path, the host, the text.
pub type Visitor<'a> = dyn FnMut(&Path, &[u8], &[u8]) + 'a;

/// Shows every file below the directory.
///
/// # Errors
/// A directory cannot be read.
pub fn visit(directory: &Path, visitor: &mut Visitor<'_>) -> io::Result<()> {
    let mut open: Vec<PathBuf> = vec![directory.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            if kind.is_dir() {
                open.push(path);
                continue;
            }
            let host = path.strip_prefix(directory).ok().and_then(host_of);
            if let Some(host) = host.filter(|_| kind.is_file()) {
                visitor(&path, &host, &std::fs::read(&path)?);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_their_hosts() {
        assert_eq!(host_of(Path::new("example./good./mx")).as_deref(), Some(&b"mx.good.example"[..]));
        assert_eq!(host_of(Path::new("[127.0.0.1]")).as_deref(), Some(&b"[127.0.0.1]"[..]));
        assert_eq!(host_of(Path::new("example/mx")), None);
        let status = HostStatus::parse(b"V0\nE111\nH0\nS75\nD4.4.1\nU1796000000\n.\n");
        assert_eq!((status.errno, status.exit, status.updated), (111, 75, 1_796_000_000));
        assert_eq!(status.result(), b"Deferred: Connection refuse");
        assert_eq!(HostStatus::parse(b"S0\nR250 2.0.0 took it\n").result(), b"250 2.0.0 took it");
        assert_eq!(HostStatus::parse(b"S0\n").result(), b"OK");
    }
}
