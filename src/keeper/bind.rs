//! Listening sockets, low ports included.

use super::protocol::Bind;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};

/// Opens one, already listening, not blocking.
pub(super) fn bind(wanted: &Bind) -> io::Result<OwnedFd> {
    let socket = match wanted {
        Bind::Inet { address, backlog } => {
            let socket = Socket::new(Domain::for_address(*address), Type::STREAM, Some(Protocol::TCP))?;
            socket.set_reuse_address(true)?;
            if address.is_ipv6() {
                // sendmail's INET6 sockets do not take IPv4 connections beside an INET one
                socket.set_only_v6(true)?;
            }
            socket.bind(&(*address).into())?;
            socket.listen(i32::try_from(*backlog).unwrap_or(i32::MAX))?;
            socket
        }
        Bind::Unix { path, mode } => {
            if std::fs::symlink_metadata(path).is_ok_and(|about| about.file_type().is_socket()) {
                std::fs::remove_file(path)?;
            }
            let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
            socket.bind(&socket2::SockAddr::unix(path)?)?;
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(*mode))?;
            socket.listen(16)?;
            socket
        }
    };
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}
