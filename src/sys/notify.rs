//! What a service tells systemd (sd_notify(3)): a datagram of lines to the socket that NOTIFY_SOCKET names.

use nix::time::{ClockId, clock_gettime};
use std::ffi::OsString;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// The way to whoever started the service; without one nothing is told.
#[derive(Debug, Default)]
pub struct Notifier {
    socket: Option<(UnixDatagram, SocketAddr)>,
    /// How often it wants to hear that all is well.
    watchdog: Option<Duration>,
}

impl Notifier {
    /// As the environment has it.
    pub fn of_environment() -> Self {
        let number = |name| std::env::var(name).ok()?.parse::<u64>().ok();
        let is_ours = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
        let watchdog = number("WATCHDOG_USEC").filter(|_| is_ours).map(Duration::from_micros);
        Self { socket: std::env::var_os("NOTIFY_SOCKET").and_then(socket), watchdog }
    }

    /// How long it may be silent: half of what is waited for.
    pub fn pause(&self) -> Option<Duration> {
        self.watchdog.map(|limit| limit / 2)
    }

    /// Tells something. Nobody waits for a manager that does not listen.
    pub fn tell(&self, text: &str) {
        if let Some((socket, address)) = &self.socket {
            let _ = socket.send_to_addr(text.as_bytes(), address);
        }
    }

    /// The configuration is read anew; `READY=1` ends that.
    pub fn tell_reload(&self) {
        let now = clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(Duration::ZERO, Duration::from);
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={}", now.as_micros()));
    }
}

/// A name that begins with `@` is in the abstract name space.
fn socket(name: OsString) -> Option<(UnixDatagram, SocketAddr)> {
    let address = match name.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name).ok()?,
        None => SocketAddr::from_pathname(&name).ok()?,
    };
    let socket = UnixDatagram::unbound().ok()?;
    socket.set_nonblocking(true).ok()?;
    Some((socket, address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_arrive_by_both_kinds_of_names() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("notify");
        let server = UnixDatagram::bind(&path).expect("a socket");
        let name = format!("canonify-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).expect("a name");
        let abstract_server = UnixDatagram::bind_addr(&address).expect("a socket");
        for (server, name) in [(server, path.into_os_string()), (abstract_server, format!("@{name}").into())]
        {
            Notifier { socket: socket(name), watchdog: None }.tell("READY=1");
            let mut buffer = [0; 20];
            let length = server.recv(&mut buffer).expect("a datagram");
            assert_eq!(&buffer[..length], b"READY=1");
        }
    }
}
