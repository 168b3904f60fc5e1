//! Who opens the sockets of filters that this process may not reach.

use std::future::Future;
use std::io;
use std::os::unix::net::UnixStream;
use std::pin::Pin;

/// A connection that is being made.
pub type Opening<'a> = Pin<Box<dyn Future<Output = io::Result<UnixStream>> + Send + 'a>>;

/// Connects to the UNIX socket of a filter of the configuration, by the filter's name.
pub trait SocketOpener: Send + Sync {
    /// An open connection.
    fn open<'a>(&'a self, filter: &'a [u8]) -> Opening<'a>;
}
