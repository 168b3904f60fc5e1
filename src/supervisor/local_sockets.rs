//! Sockets for whoever looks after the daemon: ControlSocketName, and where its counters are had (MetricsAddress).
//!
//! In: a configuration. Out: sockets that listen, which the front is given; their names go at the end. Never here: what is
//! said there, and addresses that other hosts reach.

use crate::addr::one_line;
use crate::config::Config;
use crate::logging::{Logger, Priority};
use crate::queue::QueueOptions;
use crate::sys::{accounts, errno_text, identity};
use nix::sys::stat::{Mode, umask};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{FileTypeExt, chown};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

/// A socket that only this host reaches.
#[derive(Debug)]
pub enum LocalListener {
    /// At a loopback address.
    Tcp(TcpListener),
    /// At a path.
    Unix(UnixListener),
}

/// The sockets of a daemon, not blocking.
#[derive(Debug, Default)]
pub struct LocalSockets {
    /// For orders and questions (ControlSocketName).
    pub control: Option<UnixListener>,
    /// For counters.
    pub metrics: Option<LocalListener>,
    /// Names to be removed at the end.
    paths: Vec<PathBuf>,
}

/// Connections that wait.
const BACKLOG: i32 = 16;

impl LocalSockets {
    /// Opens what the configuration names. What cannot be opened is said in the log: mail is served all the same.
    pub(super) fn open(config: &Config, log: &Logger) -> Self {
        let mut sockets = Self::default();
        let complain = |what: &str, name: &[u8], error: &io::Error| {
            let name = String::from_utf8_lossy(name);
            let text = format!("could not open {what} {name}: {}", errno_text(error));
            log.log(0, Priority::Critical, None, &one_line(text.as_bytes()));
        };
        let named = |name: &Option<Vec<u8>>| name.clone().filter(|name| !name.is_empty());
        if let Some(name) = named(&config.options.control_socket_name) {
            let name = config.expand(&name);
            match sockets.at_path(config, &name) {
                Ok(listener) => sockets.control = Some(listener),
                Err(error) => complain("control socket", &name, &error),
            }
        }
        if let Some(name) = named(&config.options.metrics_address) {
            let listener = match name.starts_with(b"/") {
                true => sockets.at_path(config, &name).map(LocalListener::Unix),
                false => at_port(&name).map(LocalListener::Tcp),
            };
            match listener {
                Ok(listener) => sockets.metrics = Some(listener),
                Err(error) => complain("metrics socket", &name, &error),
            }
        }
        sockets
    }

    /// A relative name is below the queue's directory. The socket is root's and its group's, or TrustedUser's.
    fn at_path(&mut self, config: &Config, name: &[u8]) -> io::Result<UnixListener> {
        let path = QueueOptions::from_config(config).base().join(accounts::path(name));
        remove_socket(&path)?;
        let before = umask(Mode::from_bits_truncate(0o117));
        let bound = UnixListener::bind(&path);
        umask(before);
        let listener = bound?;
        if config.options.trusted_user != 0 && identity::is_root() {
            chown(&path, Some(config.options.trusted_user), None)?;
        }
        listener.set_nonblocking(true)?;
        self.paths.push(path);
        Ok(listener)
    }

    /// The end: nobody is to find names behind which there is nobody.
    pub(super) fn remove(self) {
        for path in &self.paths {
            // it may be gone, or somebody else's by now
            let _ = remove_socket(path);
        }
    }
}

/// What a daemon before this one has left; nothing else goes.
fn remove_socket(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(about) if about.file_type().is_socket() => std::fs::remove_file(path),
        Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// At a restart the old front may still listen there for a moment.
fn at_port(name: &[u8]) -> io::Result<TcpListener> {
    let address = std::str::from_utf8(name).ok().and_then(|name| name.trim().parse::<SocketAddr>().ok());
    let loopback = address.filter(|address| address.ip().is_loopback());
    let address =
        loopback.ok_or_else(|| io::Error::other("not a loopback address with a port, nor a path"))?;
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_addresses_are_listened_to() {
        for name in ["0.0.0.0:0", "192.0.2.1:9125", "[::]:0", "localhost:1", "9125", "127.0.0.1", "x"] {
            assert!(at_port(name.as_bytes()).is_err(), "{name}");
        }
        assert!(at_port(b"127.0.0.1:0").is_ok());
    }

    #[test]
    fn only_sockets_are_removed() {
        let directory = tempfile::tempdir().expect("a directory");
        let [file, socket] = ["file", "socket"].map(|name| directory.path().join(name));
        std::fs::write(&file, "text").expect("a file");
        drop(UnixListener::bind(&socket).expect("a socket"));
        assert!(remove_socket(&file).is_err() && file.exists());
        assert!(remove_socket(&socket).is_ok() && !socket.exists());
        assert!(remove_socket(&socket).is_ok());
    }
}
