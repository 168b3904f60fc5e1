//! What is known of one host: the lines of a host status file, both ways, and the tree of such files.
//!
//! `mx.good.example` is the file `example./good./mx`. A file holds lines of a letter and a value, as sendmail's do, so that
//! both programs may use the same directory.

use super::host_names::in_brackets;
use crate::config::Config;
use crate::schema::Sysexit;
use crate::sys::{accounts, errno_text, ownership};
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What is known of one host.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct HostStatus {
    /// E: errno of the last attempt to connect.
    pub errno: i32,
    /// H: of the look-up of its name; 1 says that nobody knows it.
    pub h_errno: i32,
    /// S: sysexits code.
    pub exit: i32,
    /// D: the status that was told.
    pub status: Option<Vec<u8>>,
    /// R: the last reply.
    pub reply: Option<Vec<u8>>,
    /// U: when, seconds since the epoch.
    pub updated: i64,
}

/// A file that is none of this program's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unreadable {
    /// Of a version to come, which the line says; with what is understood.
    Version(i64, usize, HostStatus),
    /// It does not end as such a file does.
    Cut(usize),
}

/// Bytes of a result that a listing shows.
const MAX_RESULT: usize = 25;
/// The letters V of files that are understood go up to this.
const VERSION: i64 = 0;

impl HostStatus {
    /// Reads a file's text; lines that say nothing known are passed over.
    ///
    /// # Errors
    /// It is of another version, or not whole.
    pub fn parse(text: &[u8]) -> Result<Self, Unreadable> {
        let (mut found, mut lines, mut newer) = (Self::default(), 0, None);
        for line in text.split(|byte| *byte == b'\n') {
            let Some((letter, value)) = line.split_first() else { continue };
            lines += 1;
            let number = || {
                let value =
                    std::str::from_utf8(value).ok().and_then(|value| value.trim().parse::<i64>().ok());
                value.unwrap_or(0)
            };
            let small = || i32::try_from(number()).unwrap_or(0);
            match letter {
                b'V' if number() > VERSION => newer = Some((number(), lines)),
                b'E' => found.errno = small(),
                b'H' => found.h_errno = small(),
                b'S' => found.exit = small(),
                b'D' => found.status = Some(value.to_vec()),
                b'R' => found.reply = Some(value.to_vec()),
                b'U' => found.updated = number(),
                b'.' if newer.is_none() => return Ok(found),
                _ => {}
            }
        }
        Err(newer.map_or(Unreadable::Cut(lines), |(version, line)| Unreadable::Version(version, line, found)))
    }

    /// The text of its file.
    pub fn text(&self) -> Vec<u8> {
        let Self { errno, h_errno, exit, .. } = self;
        let mut text = format!("V{VERSION}\nE{errno}\nH{h_errno}\nS{exit}\n").into_bytes();
        for (letter, value) in [(b'D', &self.status), (b'R', &self.reply)] {
            if let Some(value) = value {
                text.push(letter);
                text.extend_from_slice(&crate::addr::one_line(value));
                text.push(b'\n');
            }
        }
        let mut end = String::new();
        // a string takes everything
        let _ = write!(end, "U{}\n.\n", self.updated);
        text.extend_from_slice(end.as_bytes());
        text
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
        let exit = Sysexit(self.exit);
        match super::result::sysexit(exit) {
            Some((_, _, status)) if exit == Sysexit::TEMPFAIL => format!("{status} Deferred").into_bytes(),
            Some((text, _, status)) => format!("{status} {text}").into_bytes(),
            None => exit.text().unwrap_or("Unknown").as_bytes().to_vec(),
        }
    }
}

/// HostStatusDirectory as it is meant: a relative one is below that of the queue. `None`: nothing is kept; without
/// connections that are kept (ConnectionCacheSize=0) sendmail keeps no statuses either.
pub fn directory(config: &Config, queue: &Path) -> Option<PathBuf> {
    let options = &config.options;
    let name = options.host_status_directory.as_deref().filter(|_| options.connection_cache_size > 0)?;
    Some(queue.join(accounts::path(name)))
}

/// The file of a host below the directory, whatever the case of its name. `None`: no file can have its name.
pub(super) fn path_of(host: &[u8]) -> Option<PathBuf> {
    let host = host.strip_suffix(b".").unwrap_or(host).to_ascii_lowercase();
    let inside = in_brackets(&host);
    let tagged = inside.map(|inside| match inside.contains(&b':') && !inside.starts_with(b"ipv6:") {
        true => [b"ipv6:", inside].concat(),
        false => inside.to_vec(),
    });
    let host = tagged.as_deref().unwrap_or(&host);
    let labels: Vec<&[u8]> = match host.contains(&b':') {
        // a literal of version 6, which sendmail names by its tag
        true => vec![host],
        false => host.split(|byte| *byte == b'.').collect(),
    };
    let bad = |label: &[u8]| label.is_empty() || label.iter().any(|byte| *byte == b'/' || *byte < b' ');
    if labels.iter().any(|label| bad(label)) {
        return None;
    }
    let (first, rest) = labels.split_first()?;
    let above = rest.iter().rev().map(|label| [label, &b"."[..]].concat());
    let mut path: PathBuf = above.map(|label| PathBuf::from(OsStr::from_bytes(&label))).collect();
    path.push(OsStr::from_bytes(first));
    Some(path)
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

/// Gives what root has in the directory to a user, with the directory; how much that was. One that holds anything else
/// than host status files is nobody else's: a slip in HostStatusDirectory must not give /etc away.
///
/// # Errors
/// It holds something else, or root may not do this.
pub fn give(directory: &Path, uid: u32) -> io::Result<usize> {
    let top = ownership::open_directory(directory)?;
    let is_roots = top.metadata()?.uid() == 0;
    let looked = |name: &OsStr| is_roots && !belongs(&directory.join(name));
    if let Some(name) = ownership::names(&top)?.iter().find(|name| looked(name)) {
        let text = format!("{} is no host status file", directory.join(name).display());
        return Err(io::Error::other(text));
    }
    give_below(&top, uid)
}

/// Whatever is there is looked at by the directory that is open, so no name leads elsewhere meanwhile.
fn give_below(folder: &File, uid: u32) -> io::Result<usize> {
    let mut given = 0;
    for name in ownership::names(folder)? {
        if name.as_bytes().ends_with(b".") {
            given += match ownership::open_directory_in(folder, &name) {
                Ok(below) => give_below(&below, uid)?,
                Err(_) => 0, // a link, or gone
            };
        } else {
            let is_roots = |about: &Metadata| about.is_file() && about.uid() == 0 && about.nlink() == 1;
            given += usize::from(ownership::give_entry(folder, &name, uid, is_roots).unwrap_or(false));
        }
    }
    Ok(given + usize::from(ownership::give(folder, uid, |about| about.uid() == 0)?))
}

/// A directory of hosts, or a file that begins as theirs do.
fn belongs(path: &Path) -> bool {
    let Ok(about) = std::fs::symlink_metadata(path) else { return true };
    let mut begin = [0; 2];
    let begins = |begin: &mut [u8; 2]| File::open(path).and_then(|mut file| file.read_exact(begin)).is_ok();
    match about.is_dir() {
        true => path.as_os_str().as_bytes().ends_with(b"."),
        false => about.is_file() && (about.len() == 0 || (begins(&mut begin) && begin == *b"V0")),
    }
}

/// Is shown a file: its path and the host. After them a directory, with an empty host.
pub type Visitor<'a> = dyn FnMut(&Path, &[u8]) -> io::Result<()> + 'a;

/// Shows every file below the directory, in the order in which they stand there, and each directory of hosts after its files.
///
/// # Errors
/// A directory cannot be read, or what the visitor says.
pub fn visit(directory: &Path, visitor: &mut Visitor<'_>) -> io::Result<()> {
    visit_below(directory, directory, visitor)
}

fn visit_below(top: &Path, folder: &Path, visitor: &mut Visitor<'_>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        let host = path.strip_prefix(top).ok().and_then(host_of);
        if kind.is_dir() && path.as_os_str().as_bytes().ends_with(b".") {
            visit_below(top, &path, visitor)?;
            visitor(&path, b"")?;
        } else if let Some(host) = host.filter(|_| kind.is_file()) {
            visitor(&path, &host)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_their_hosts() {
        let rows: &[(&str, &str)] = &[
            ("mx.good.example", "example./good./mx"),
            ("MX.Good.Example.", "example./good./mx"),
            ("[192.0.2.1]", "1./2./0./192"),
            ("[2001:db8::1]", "ipv6:2001:db8::1"),
            ("host", "host"),
        ];
        for (host, path) in rows {
            assert_eq!(path_of(host.as_bytes()).as_deref(), Some(Path::new(path)), "{host}");
        }
        for host in ["", ".", "a..b", "../etc", "a/b", "a\nb"] {
            assert_eq!(path_of(host.as_bytes()), None, "{host}");
        }
        assert_eq!(host_of(Path::new("example./good./mx")).as_deref(), Some(&b"mx.good.example"[..]));
        assert_eq!(host_of(Path::new("example/mx")), None);
    }

    #[test]
    fn texts_are_read_as_they_are_written() {
        let refused =
            HostStatus { errno: 111, exit: 75, status: Some(b"4.4.1".to_vec()), ..HostStatus::default() };
        let said = HostStatus {
            exit: 69,
            reply: Some(b"554 no".to_vec()),
            updated: 1_796_000_000,
            ..refused.clone()
        };
        for status in [HostStatus::default(), refused.clone(), said] {
            assert_eq!(HostStatus::parse(&status.text()), Ok(status));
        }
        assert_eq!(refused.text(), b"V0\nE111\nH0\nS75\nD4.4.1\nU0\n.\n");
        let newer = HostStatus { updated: 1, ..HostStatus::default() };
        assert_eq!(HostStatus::parse(b"V7\nU1\n.\n"), Err(Unreadable::Version(7, 1, newer)));
        assert_eq!(HostStatus::parse(b"V0\nS75\n"), Err(Unreadable::Cut(2)));
    }

    #[test]
    fn what_a_listing_says() {
        let rows: &[(&[u8], &str)] = &[
            (b"E111\nS75\nD4.4.1\n.\n", "Deferred: Connection refu"),
            (b"S0\nR250 2.0.0 took it\n.\n", "250 2.0.0 took it"),
            (b"S75\n.\n", "4.0.0 Deferred"),
            (b"S68\nD5.1.2\n.\n", "5.1.2 Host unknown"),
            (b"S0\n.\n", "OK"),
        ];
        for (text, result) in rows {
            let status = HostStatus::parse(text).expect("a status");
            assert_eq!(String::from_utf8_lossy(&status.result()), *result);
        }
    }
}
