//! The TCP connection to a host: how long it may take, and where it comes from.

use super::attempt::Attempt;
use crate::config::Mailer;
use crate::logging::Priority;
use crate::schema::{ClientPort, Family, Options, Outcome, span};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};
use tokio::net::{TcpSocket, TcpStream};

/// Where no option sets one; the kernel's own is of that order.
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(300);

/// A connection to an address, or to that of ConnectOnlyTo. A line that had to be dialed up for it (flag Z) is given
/// DialDelay to come up.
pub(super) async fn dial(
    attempt: &Attempt<'_>,
    mailer: &Mailer,
    address: SocketAddr,
) -> io::Result<TcpStream> {
    let options = &attempt.on.site.config.options;
    let address = match options.connect_only_to {
        Some((port, only)) => SocketAddr::new(only, port.unwrap_or(address.port())),
        None => address,
    };
    let first = tcp_stream(options, address, connect_timeout(attempt)).await;
    if first.is_ok() || options.dial_delay <= 0 || !mailer.has(b'Z') {
        return first;
    }
    tokio::time::sleep(span(options.dial_delay)).await;
    tcp_stream(options, address, connect_timeout(attempt)).await
}

/// With the number of the address family, as C has it.
pub(super) fn log_failure(attempt: &Attempt<'_>, address: SocketAddr, relay: &[u8], why: &[u8]) {
    let place = format!(".{} ({})) failed: ", address.port(), if address.is_ipv4() { 2 } else { 10 });
    let text = [b"makeconnection (", relay, place.as_bytes(), why].concat();
    attempt.on.logger.log(13, Priority::Info, Some(attempt.envelope.id.as_bytes()), &text);
}

/// The name of the interface over which we go out.
pub(super) async fn log_connection(attempt: &Attempt<'_>, stream: &TcpStream) {
    let logger = &attempt.on.logger;
    let Ok(own) = stream.local_addr() else { return };
    if logger.level() <= 11 {
        return; // a name is looked up for those only who want to read it
    }
    let name = match attempt.on.site.resolver.ptr(own.ip()).await {
        Outcome::Done(name) => name,
        _ => format!("[{}]", attempt.on.site.config.ip_text(own.ip())).into_bytes(),
    };
    let text = [b"SMTP outgoing connect on ", &name[..name.len().min(40)]].concat();
    logger.log(11, Priority::Info, Some(attempt.envelope.id.as_bytes()), &text);
}

/// Timeout.iconnect at a message's first attempt, Timeout.connect later; what is left of Timeout.aconnect, if that is less.
fn connect_timeout(attempt: &Attempt<'_>) -> Duration {
    let left = attempt.connects_until.map(|until| until.saturating_duration_since(Instant::now()));
    left.into_iter().chain([own_timeout(attempt)]).min().unwrap_or_default()
}

fn own_timeout(attempt: &Attempt<'_>) -> Duration {
    let times = &attempt.on.site.config.options.timeout;
    let first = attempt.envelope.attempts <= 1 && times.iconnect > 0;
    match span(if first { times.iconnect } else { times.connect }) {
        Duration::ZERO => DEFAULT_CONNECT_TIMEOUT,
        limit => limit,
    }
}

/// The line of ClientPortOptions for the family of an address.
pub(super) fn client_port(options: &Options, six: bool) -> Option<&ClientPort> {
    options.client_port_options.iter().find(|port| (port.family == Family::Inet6) == six)
}

async fn tcp_stream(options: &Options, address: SocketAddr, timeout: Duration) -> io::Result<TcpStream> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    if let Some(port) = client_port(options, address.is_ipv6()) {
        call_from(&socket, port, address.is_ipv6())?;
    }
    let stream = tokio::time::timeout(timeout, socket.connect(address)).await;
    let stream = stream.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))?;
    // commands are written whole; waiting for more would only delay them
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

/// Buffers, address and port of ClientPortOptions. An address that this host does not have delays the mail.
fn call_from(socket: &TcpSocket, port: &ClientPort, six: bool) -> io::Result<()> {
    let size = |bytes: i64| u32::try_from(bytes).ok().filter(|bytes| *bytes > 0);
    if let Some(bytes) = size(port.send_buffer) {
        socket.set_send_buffer_size(bytes)?;
    }
    if let Some(bytes) = size(port.receive_buffer) {
        socket.set_recv_buffer_size(bytes)?;
    }
    if port.address.is_none() && port.port.is_none() {
        return Ok(());
    }
    let any = if six { IpAddr::from(Ipv6Addr::UNSPECIFIED) } else { Ipv4Addr::UNSPECIFIED.into() };
    // the port of a connection that has just ended is free for another host
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::new(port.address.unwrap_or(any), port.port.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    /// Who calls, as the host that is called sees it.
    async fn caller(port: ClientPort) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let options = Options { client_port_options: vec![port], ..Options::default() };
        let address = listener.local_addr().expect("an address");
        let (stream, taken) =
            tokio::join!(tcp_stream(&options, address, Duration::from_secs(60)), listener.accept());
        stream.map(|_| taken.expect("a connection").1)
    }

    #[tokio::test]
    async fn client_port_options_say_where_a_call_comes_from() {
        let from = |address: &str| ClientPort { address: address.parse().ok(), ..ClientPort::default() };
        let seen = caller(from("127.0.0.7")).await.expect("a connection");
        assert_eq!(seen.ip().to_string(), "127.0.0.7");
        let free =
            std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port");
        let port = ClientPort { port: Some(free.port()), ..ClientPort::default() };
        assert_eq!(caller(port).await.expect("a connection").port(), free.port());
        let others = ClientPort { family: Family::Inet6, ..from("127.0.0.7") };
        assert_eq!(caller(others).await.expect("a connection").ip().to_string(), "127.0.0.1");
    }

    #[tokio::test]
    async fn an_address_of_another_host_is_an_error() {
        let options = ClientPort { address: "192.0.2.1".parse().ok(), ..ClientPort::default() };
        let socket = TcpSocket::new_v4().expect("a socket");
        let error = call_from(&socket, &options, false).expect_err("not ours");
        assert_eq!(error.kind(), io::ErrorKind::AddrNotAvailable);
    }
}
