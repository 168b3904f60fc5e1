//! Listening sockets: those that the configuration names, and no others.

use crate::config::Config;
use crate::logging::{Logger, Priority};
use crate::schema::DaemonPort;
use crate::sys::errno_text;
use crate::sys::handover::Named;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

/// The queue of waiting connections where Listen= says nothing. Of more than sendmail's 10 that come at once the kernel
/// forgets some (SYN cookies), and those wait for a greeting in vain.
const DEFAULT_BACKLOG: i32 = 1024;

/// One line of DaemonPortOptions, listened to.
#[derive(Debug)]
pub struct Listening {
    /// The line.
    pub port: DaemonPort,
    /// Its socket, not blocking.
    pub socket: OwnedFd,
}

/// Opens one for each line of DaemonPortOptions, in order. A socket that this process was started with is taken
/// where it has the address of a line: nobody who connects meanwhile is refused.
///
/// # Errors
/// The first one that could not be opened, unless it is optional (modifier O).
pub(super) fn open(
    config: &Config,
    inherited: &mut Vec<Named<OwnedFd>>,
    log: &Logger,
) -> Result<Vec<Listening>, String> {
    let mut listening = Vec::new();
    for port in config.daemon_ports() {
        match listener(&port, inherited) {
            Ok(socket) => listening.push(Listening { port, socket }),
            Err(error) => {
                let name = String::from_utf8_lossy(&port.name);
                let text = format!("opendaemonsocket: daemon {name}: cannot bind: {}", errno_text(&error));
                log.log(0, Priority::Critical, None, format!("NOQUEUE: SYSERR(root): {text}").as_bytes());
                if !port.has(b'O') {
                    return Err(text);
                }
            }
        }
    }
    Ok(listening)
}

fn listener(port: &DaemonPort, inherited: &mut Vec<Named<OwnedFd>>) -> io::Result<OwnedFd> {
    let address = port.socket_address();
    let same = |one: &Named<OwnedFd>| local_address(&one.socket) == Some(address);
    let socket = match inherited.iter().position(same) {
        Some(index) => inherited.swap_remove(index).socket.into(),
        None => bind_patiently(address)?,
    };
    // a socket that listens already only learns how many may wait
    socket
        .listen(i32::try_from(port.backlog).ok().filter(|backlog| *backlog > 0).unwrap_or(DEFAULT_BACKLOG))?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// How long the front of a supervisor that was killed may still hold the address.
const IN_USE_TIMEOUT: Duration = Duration::from_secs(1);

fn bind_patiently(address: SocketAddr) -> io::Result<Socket> {
    let end = Instant::now() + IN_USE_TIMEOUT;
    loop {
        match bind(address) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && Instant::now() < end => {
                std::thread::sleep(Duration::from_millis(20));
            }
            result => return result,
        }
    }
}

fn local_address(socket: &impl AsFd) -> Option<SocketAddr> {
    let socket = SockRef::from(socket);
    let stream = socket.r#type().ok()? == Type::STREAM;
    socket.local_addr().ok().filter(|_| stream)?.as_socket()
}

fn bind(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        // sendmail's INET6 sockets do not take IPv4 connections beside an INET one
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    // two sockets may be bound to one address; only one of them may listen
    socket.listen(DEFAULT_BACKLOG)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};

    #[test]
    fn a_socket_that_is_there_already_is_taken() {
        let there = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port");
        let address = there.local_addr().expect("an address");
        let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port");
        let named = |socket: TcpListener| Named { name: String::new(), socket: socket.into() };
        let mut inherited = vec![named(other), named(there)];
        let port = DaemonPort {
            address: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            port: Some(address.port()),
            ..DaemonPort::default()
        };
        let waiting = TcpStream::connect(address).expect("it listens");
        let taken = TcpListener::from(listener(&port, &mut inherited).expect("it is taken"));
        assert_eq!((taken.local_addr().ok(), inherited.len()), (Some(address), 1));
        let (_, client) = taken.accept().expect("who came before");
        assert_eq!(Some(client), waiting.local_addr().ok());
    }
}
