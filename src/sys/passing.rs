//! Bytes and open descriptors over a UNIX stream socket (SCM_RIGHTS).

use super::ffi;
use nix::cmsg_space;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, Shutdown, recvmsg, sendmsg, shutdown};
use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;

/// Most descriptors in one message; the kernel's own limit is 253.
pub const MAX_DESCRIPTORS: usize = 64;

/// Two connected ends.
///
/// # Errors
/// When the system has no descriptors left.
pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
    UnixStream::pair()
}

/// Sends all bytes, however long that takes; the descriptors travel with the first of them.
///
/// # Errors
/// When the other end is gone.
pub fn send(socket: &UnixStream, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut sent = 0;
    while sent < bytes.len() {
        let fds = if sent == 0 { fds } else { &[] };
        match send_part(socket, &bytes[sent..], fds, MsgFlags::empty()) {
            Ok(count) => sent += count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => wait_for_room(socket)?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Of a socket that does not wait by itself; one with a time-out has waited long enough.
fn wait_for_room(socket: &UnixStream) -> io::Result<()> {
    if socket.write_timeout()?.is_some() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    let mut sockets = [PollFd::new(socket.as_fd(), PollFlags::POLLOUT)];
    match poll(&mut sockets, PollTimeout::NONE) {
        Ok(_) | Err(nix::Error::EINTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Sends as many bytes as the socket takes at once; the descriptors have gone if any byte has.
///
/// # Errors
/// `WouldBlock` when it takes none, others when the other end is gone.
pub fn send_now(socket: &UnixStream, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
    send_part(socket, bytes, fds, MsgFlags::MSG_DONTWAIT)
}

fn send_part(
    socket: &UnixStream,
    bytes: &[u8],
    fds: &[BorrowedFd<'_>],
    flags: MsgFlags,
) -> io::Result<usize> {
    let raw: Vec<RawFd> = fds.iter().map(AsRawFd::as_raw_fd).collect();
    let rights = [ControlMessage::ScmRights(&raw)];
    let control: &[ControlMessage<'_>] = if raw.is_empty() { &[] } else { &rights };
    let part = [IoSlice::new(bytes)];
    loop {
        match sendmsg::<()>(socket.as_raw_fd(), &part, control, flags | MsgFlags::MSG_NOSIGNAL, None) {
            Err(nix::Error::EINTR) => {}
            other => return other.map_err(io::Error::from),
        }
    }
}

/// Waits for bytes; 0 means that the other end is gone. Descriptors are appended to `fds` in order.
///
/// # Errors
/// When the socket fails.
pub fn receive(socket: &UnixStream, buffer: &mut [u8], fds: &mut Vec<OwnedFd>) -> io::Result<usize> {
    receive_part(socket, buffer, fds, MsgFlags::empty())
}

/// The same without waiting.
///
/// # Errors
/// `WouldBlock` when nothing has come, others when the socket fails.
pub fn receive_now(socket: &UnixStream, buffer: &mut [u8], fds: &mut Vec<OwnedFd>) -> io::Result<usize> {
    receive_part(socket, buffer, fds, MsgFlags::MSG_DONTWAIT)
}

fn receive_part(
    socket: &UnixStream,
    buffer: &mut [u8],
    fds: &mut Vec<OwnedFd>,
    flags: MsgFlags,
) -> io::Result<usize> {
    let mut control = cmsg_space!([RawFd; MAX_DESCRIPTORS]);
    loop {
        let mut parts = [IoSliceMut::new(buffer)];
        let flags = flags | MsgFlags::MSG_CMSG_CLOEXEC;
        let message = match recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(&mut control), flags) {
            Ok(message) => message,
            Err(nix::Error::EINTR) => continue,
            Err(error) => return Err(error.into()),
        };
        for rights in message.cmsgs()? {
            if let ControlMessageOwned::ScmRights(raw) = rights {
                fds.extend(raw.into_iter().map(ffi::adopt));
            }
        }
        return Ok(message.bytes);
    }
}

/// Ends both directions: whoever waits on either end wakes up.
pub fn close(socket: &UnixStream) {
    let _ = shutdown(socket.as_raw_fd(), Shutdown::Both);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::{Read, Seek, Write};
    use std::os::fd::AsFd;

    #[test]
    fn a_file_arrives_open() {
        let (here, there) = pair().expect("a pair");
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(b"body").expect("room");
        send(&here, b"frame", &[file.as_fd()]).expect("sent");
        let (mut buffer, mut fds) = ([0; 64], Vec::new());
        assert_eq!(receive(&there, &mut buffer, &mut fds).expect("received"), 5);
        assert_eq!(&buffer[..5], b"frame");
        let mut file = File::from(fds.pop().expect("one descriptor"));
        file.rewind().expect("a file");
        let mut text = String::new();
        file.read_to_string(&mut text).expect("a file");
        assert_eq!(text, "body");
    }

    #[test]
    fn without_waiting_there_is_nothing_or_what_has_come() {
        let (here, there) = pair().expect("a pair");
        let mut buffer = [0; 64];
        let nothing = receive_now(&there, &mut buffer, &mut Vec::new()).expect_err("nothing");
        assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
        assert_eq!(send_now(&here, b"frame", &[]).expect("room"), 5);
        assert_eq!(receive_now(&there, &mut buffer, &mut Vec::new()).expect("a frame"), 5);
        let full = loop {
            if let Err(error) = send_now(&here, &[0; 65536], &[]) {
                break error;
            }
        };
        assert_eq!(full.kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn the_other_end_gone_is_zero_bytes() {
        let (here, there) = pair().expect("a pair");
        drop(here);
        assert_eq!(receive(&there, &mut [0; 8], &mut Vec::new()).expect("an end"), 0);
    }
}
