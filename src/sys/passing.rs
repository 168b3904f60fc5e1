//! Bytes and open descriptors over a UNIX stream socket (SCM_RIGHTS).

use super::ffi;
use nix::cmsg_space;
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, Shutdown, recvmsg, sendmsg, shutdown};
use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
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

/// Sends all bytes; the descriptors travel with the first of them.
///
/// # Errors
/// When the other end is gone.
pub fn send(socket: &UnixStream, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    let raw: Vec<RawFd> = fds.iter().map(AsRawFd::as_raw_fd).collect();
    let mut sent = 0;
    while sent < bytes.len() {
        let rights = [ControlMessage::ScmRights(&raw)];
        let control: &[ControlMessage<'_>] = if sent == 0 && !raw.is_empty() { &rights } else { &[] };
        let part = [IoSlice::new(&bytes[sent..])];
        match sendmsg::<()>(socket.as_raw_fd(), &part, control, MsgFlags::MSG_NOSIGNAL, None) {
            Ok(count) => sent += count,
            Err(nix::Error::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Waits for bytes; 0 means that the other end is gone. Descriptors are appended to `fds` in order.
///
/// # Errors
/// When the socket fails.
pub fn receive(socket: &UnixStream, buffer: &mut [u8], fds: &mut Vec<OwnedFd>) -> io::Result<usize> {
    let mut control = cmsg_space!([RawFd; MAX_DESCRIPTORS]);
    loop {
        let mut parts = [IoSliceMut::new(buffer)];
        let flags = MsgFlags::MSG_CMSG_CLOEXEC;
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
    fn the_other_end_gone_is_zero_bytes() {
        let (here, there) = pair().expect("a pair");
        drop(here);
        assert_eq!(receive(&there, &mut [0; 8], &mut Vec::new()).expect("an end"), 0);
    }
}
