//! Files of maps that only root may read: opened in the keeper, read in the front.
//!
//! In: a path, over a socket of its own, since a look-up in the midst of a rule waits for the answer. Out: the open file if
//! it is one that the maps of the configuration name, else the system's error. Never here: what is in it.

use super::frame::{Frame, Inbox};
use crate::sys::accounts;
use crate::sys::identity::Identity;
use crate::sys::opener::{FileOpener, OwnRights};
use crate::sys::passing;
use nix::errno::Errno;
use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Longest request in bytes.
const MAX_REQUEST: usize = 8 << 10;
/// Longest answer in bytes.
const MAX_ANSWER: usize = 64;
/// How long a look-up waits for a file: the disk may be another machine's.
const OPEN_TIMEOUT: Duration = Duration::from_secs(30);

/// Answers requests until the front is gone or speaks nonsense.
pub(super) fn serve(socket: &UnixStream, files: &HashSet<PathBuf>) {
    let mut inbox = Inbox::new(MAX_REQUEST);
    while inbox.fill(socket) && answer_all(socket, files, &mut inbox) {}
    passing::close(socket);
}

fn answer_all(socket: &UnixStream, files: &HashSet<PathBuf>, inbox: &mut Inbox) -> bool {
    loop {
        let (frame, fds) = match inbox.next::<Vec<u8>>() {
            Ok(None) => return true,
            Ok(Some(received)) => received,
            Err(_) => return false,
        };
        if !fds.is_empty() || answer(socket, frame.id, open(&accounts::path(&frame.content), files)).is_err()
        {
            return false;
        }
    }
}

fn open(path: &Path, files: &HashSet<PathBuf>) -> io::Result<File> {
    if !files.contains(path) {
        return Err(Errno::EACCES.into());
    }
    let file = OwnRights.open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(Errno::EACCES.into()),
    }
}

/// The error's number, or 0 with the file.
fn answer(socket: &UnixStream, id: u64, opened: io::Result<File>) -> io::Result<()> {
    let content = match &opened {
        Ok(_) => 0,
        Err(error) => error.raw_os_error().unwrap_or(Errno::EIO as i32),
    };
    let fds: Vec<BorrowedFd<'_>> = opened.iter().map(AsFd::as_fd).collect();
    passing::send(socket, &Frame { id, fds: fds.len() as u8, content }.encode(), &fds)
}

/// Opens what this process may read itself, and has the keeper open what it may not. Files count as read by who this process
/// was when the keeper began.
#[derive(Debug)]
pub struct MapFiles {
    asking: Mutex<Asking>,
    reader: Identity,
}

#[derive(Debug)]
struct Asking {
    /// `None`: there is no keeper that may read more.
    socket: Option<UnixStream>,
    last: u64,
}

impl MapFiles {
    pub(super) fn on(socket: Option<UnixStream>) -> Self {
        if let Some(socket) = &socket {
            // without a limit a look-up would only wait longer
            let _ =
                socket.set_read_timeout(Some(OPEN_TIMEOUT)).and(socket.set_write_timeout(Some(OPEN_TIMEOUT)));
        }
        Self { asking: Mutex::new(Asking { socket, last: 0 }), reader: Identity::current() }
    }
}

impl FileOpener for MapFiles {
    fn open(&self, path: &Path) -> io::Result<File> {
        match OwnRights.open(path) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                let mut asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
                asking.ask(path).unwrap_or(Err(error))
            }
            opened => opened,
        }
    }

    fn reader(&self) -> Identity {
        self.reader.clone()
    }
}

impl Asking {
    /// What the keeper says; `None` if it does not answer, and then it is not asked again.
    fn ask(&mut self, path: &Path) -> Option<io::Result<File>> {
        self.last += 1;
        let socket = self.socket.take()?;
        let request = Frame { id: self.last, fds: 0, content: path.as_os_str().as_bytes().to_vec() };
        passing::send(&socket, &request.encode(), &[]).ok()?;
        let mut inbox = Inbox::new(MAX_ANSWER);
        let (frame, fds) = loop {
            match inbox.next::<i32>() {
                Ok(Some(received)) => break received,
                Ok(None) if inbox.fill(&socket) => {}
                _ => return None,
            }
        };
        self.socket = Some(socket).filter(|_| frame.id == self.last);
        let error = || Err(io::Error::from_raw_os_error(frame.content));
        Some(fds.into_iter().next().map_or_else(error, |fd| Ok(File::from(fd))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    /// A keeper that knows one file, and the front's end.
    fn scene(known: &Path) -> MapFiles {
        let (here, there) = passing::pair().expect("a pair");
        let files = HashSet::from([known.to_owned()]);
        std::thread::spawn(move || serve(&there, &files));
        MapFiles::on(Some(here))
    }

    fn asked(files: &MapFiles, path: &Path) -> io::Result<File> {
        files.asking.lock().expect("one thread").ask(path).expect("an answer")
    }

    #[test]
    fn what_maps_name_is_opened() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("access.db");
        let files = scene(&path);
        let missing = asked(&files, &path).expect_err("nothing is there");
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
        std::fs::write(&path, "content").expect("a file");
        for _ in 0..3 {
            let mut text = String::new();
            asked(&files, &path).expect("a file").read_to_string(&mut text).expect("text");
            assert_eq!(text, "content");
        }
    }

    #[test]
    fn nothing_else_is_opened() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("access.db");
        std::fs::write(dir.path().join("other"), "secret").expect("a file");
        std::fs::create_dir(&path).expect("a directory");
        let files = scene(&path);
        for name in ["other", "access.db", "../passwd", ""] {
            let refused = asked(&files, &dir.path().join(name)).expect_err(name);
            assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied, "{name}");
        }
    }

    #[test]
    fn nonsense_ends_the_connection() {
        for nonsense in [&b"\xff\xff\xff\xff"[..], b"\0\0\0\0", &Frame { id: 1, fds: 1, content: 0 }.encode()]
        {
            let (here, there) = passing::pair().expect("a pair");
            let thread = std::thread::spawn(move || serve(&there, &HashSet::new()));
            passing::send(&here, nonsense, &[]).expect("sent");
            thread.join().expect("it ends");
            let files = MapFiles::on(Some(here));
            assert!(files.asking.lock().expect("one thread").ask(Path::new("/x")).is_none());
        }
    }
}
