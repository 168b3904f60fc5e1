//! Listening sockets, low ports included: those that the configuration names, and no others.

use crate::config::Config;
use crate::schema::DaemonPort;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::os::fd::OwnedFd;

/// The queue of waiting connections where Listen= says nothing.
const DEFAULT_BACKLOG: i32 = 10;

/// Opens one for each line of DaemonPortOptions, in order.
pub(super) fn listen(config: &Config) -> Vec<io::Result<OwnedFd>> {
    config.daemon_ports().iter().map(listener).collect()
}

/// Already listening, not blocking.
fn listener(port: &DaemonPort) -> io::Result<OwnedFd> {
    let address = port.socket_address();
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        // sendmail's INET6 sockets do not take IPv4 connections beside an INET one
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    socket
        .listen(i32::try_from(port.backlog).ok().filter(|backlog| *backlog > 0).unwrap_or(DEFAULT_BACKLOG))?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}
