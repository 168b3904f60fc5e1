//! Open sockets that a process is started with, and leaves to the program that takes its place: systemd's
//! protocol for socket activation (sd_listen_fds(3)). LISTEN_FDS of them begin at descriptor 3, LISTEN_FDNAMES
//! names them, LISTEN_PID says whom they are for.

use super::ffi;
use std::convert::Infallible;
use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;

/// The first descriptor that is handed over.
const FIRST: RawFd = 3;
/// More of them are a mistake.
const MAX_SOCKETS: usize = 512;

/// A socket with its name; names are the giver's business.
#[derive(Debug)]
pub struct Named<S> {
    /// From LISTEN_FDNAMES; without colons.
    pub name: String,
    /// Open.
    pub socket: S,
}

fn variable<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}

/// Says by the process id that this process has executed itself.
const SUCCESSOR: &str = "CANONIFY_SUCCESSOR";

/// Has this process executed itself, by [`execute`]?
pub fn is_successor() -> bool {
    variable(SUCCESSOR) == Some(std::process::id())
}

/// Takes what this process was started with. To be called once, before anything else is opened: a second time
/// the numbers would be other people's.
pub fn inherited() -> Vec<Named<OwnedFd>> {
    if variable("LISTEN_PID") != Some(std::process::id()) {
        return Vec::new();
    }
    let count = variable("LISTEN_FDS").unwrap_or(0).min(MAX_SOCKETS);
    let names: String = variable("LISTEN_FDNAMES").unwrap_or_default();
    let mut names = names.split(':');
    let mut taken = Vec::new();
    for number in (FIRST..).take(count) {
        let name = names.next().unwrap_or_default().to_owned();
        if let Ok(socket) = ffi::inherit(number) {
            taken.push(Named { name, socket });
        }
    }
    taken
}

/// Executes `argv` in this process, with these sockets. Comes back only with the reason
/// why that was not possible; nothing has changed then. Signals that are held back stay so.
pub fn execute(argv: &[Vec<u8>], sockets: &[Named<BorrowedFd<'_>>]) -> io::Error {
    match try_execute(argv, sockets) {
        Ok(never) => match never {},
        Err(error) => error,
    }
}

fn try_execute(argv: &[Vec<u8>], sockets: &[Named<BorrowedFd<'_>>]) -> io::Result<Infallible> {
    let names: Vec<&str> = sockets.iter().map(|one| one.name.as_str()).collect();
    let told = [
        (SUCCESSOR, std::process::id().to_string()),
        ("LISTEN_PID", std::process::id().to_string()),
        ("LISTEN_FDS", sockets.len().to_string()),
        ("LISTEN_FDNAMES", names.join(":")),
    ];
    let inherited = std::env::vars_os().filter(|(name, _)| told.iter().all(|(told, _)| name != told));
    let inherited = inherited.map(|(name, value)| [name.as_bytes(), b"=", value.as_bytes()].concat());
    let told = told.iter().map(|(name, value)| format!("{name}={value}").into_bytes());
    let environment = inherited.chain(told).map(CString::new).collect::<Result<Vec<_>, _>>()?;
    let words = argv.iter().map(|word| CString::new(word.as_slice())).collect::<Result<Vec<_>, _>>()?;
    let program = words.first().ok_or(io::ErrorKind::InvalidInput)?;
    let placed = place_all(sockets)?;
    // std's own exec would let signals through, and SIGHUP would end what has only just begun
    let done = nix::unistd::execve(program, &words, &environment);
    placed.into_iter().rev().for_each(|(before, number)| ffi::give_back(before, number));
    Ok(done?)
}

type Placed = Vec<(Option<OwnedFd>, RawFd)>;

fn place_all(sockets: &[Named<BorrowedFd<'_>>]) -> io::Result<Placed> {
    use nix::fcntl::{FcntlArg, fcntl};
    let end = FIRST + RawFd::try_from(sockets.len()).map_err(io::Error::other)?;
    // first out of the way of each other
    let mut copies = Vec::new();
    for one in sockets {
        copies.push(ffi::adopt(fcntl(one.socket, FcntlArg::F_DUPFD_CLOEXEC(end))?));
    }
    let mut placed = Placed::new();
    for (copy, number) in copies.iter().zip(FIRST..) {
        match ffi::place(copy.as_fd(), number, end) {
            Ok(before) => placed.push((before, number)),
            Err(error) => {
                placed.into_iter().rev().for_each(|(before, number)| ffi::give_back(before, number));
                return Err(error.into());
            }
        }
    }
    Ok(placed)
}
