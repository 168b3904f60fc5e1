//! The connection to a filter: packets out and in, each within its time.

use super::definition::{Address, Definition};
use super::protocol::{MAX_PACKET, Packet};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpStream, UnixStream};

trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for T {}

/// Why nothing comes, or goes.
#[derive(Debug)]
pub(super) enum Failure {
    /// The filter took too long.
    Late {
        /// Had its head, or what stands behind it, begun?
        begun: bool,
    },
    /// So many bytes were there when the connection ended, of so many.
    Ended(usize, usize),
    /// A packet is longer than anything can be.
    TooLong(usize),
    /// What the system says.
    System(io::Error),
}

/// An open connection. Reads ask for more than an answer has, so that the event loop knows without another call that there is no more.
pub(super) struct Connection(BufReader<Box<dyn Stream>>);

/// The length and the letter of a packet.
const HEAD: usize = 5;
/// Most answers are a few bytes; each session keeps room for so many.
const READ_AHEAD: usize = 256;

/// Waits at most so long; no time at all is no limit.
async fn within<T>(limit: Option<Duration>, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    match limit {
        Some(limit) => {
            tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        }
        None => work.await,
    }
}

impl Connection {
    /// Over a UNIX socket that somebody else has connected.
    pub(super) fn of_socket(socket: std::os::unix::net::UnixStream) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self::over(Box::new(UnixStream::from_std(socket)?)))
    }

    /// To where a filter listens.
    pub(super) async fn open(address: &Address, limit: Option<Duration>) -> io::Result<Self> {
        let stream: Box<dyn Stream> = match address {
            Address::Local(path) => Box::new(within(limit, UnixStream::connect(path)).await?),
            Address::Internet { host, port, six } => {
                let stream = within(limit, connect(host, *port, *six)).await?;
                stream.set_nodelay(true)?;
                Box::new(stream)
            }
        };
        Ok(Self::over(stream))
    }

    fn over(stream: Box<dyn Stream>) -> Self {
        Self(BufReader::with_capacity(READ_AHEAD, stream))
    }

    /// Sends whole packets.
    pub(super) async fn write(&mut self, packets: &[u8], definition: &Definition) -> io::Result<()> {
        within(Some(definition.write_timeout), self.0.write_all(packets)).await
    }

    /// The next packet.
    pub(super) async fn read(&mut self, limit: Duration) -> Result<Packet, Failure> {
        let mut head = [0; HEAD];
        self.fill(&mut head, limit).await?;
        let [a, b, c, d, letter] = head;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        let length = length.saturating_sub(1);
        if length > MAX_PACKET {
            return Err(Failure::TooLong(length));
        }
        let mut data = vec![0; length];
        self.fill(&mut data, limit).await?;
        Ok(Packet { letter, data })
    }

    /// Each read may take so long.
    async fn fill(&mut self, buffer: &mut [u8], limit: Duration) -> Result<(), Failure> {
        let mut filled = 0;
        while filled < buffer.len() {
            match tokio::time::timeout(limit, self.0.read(&mut buffer[filled..])).await {
                Err(_) => return Err(Failure::Late { begun: filled > 0 }),
                Ok(Err(error)) => return Err(Failure::System(error)),
                Ok(Ok(0)) => return Err(Failure::Ended(filled, buffer.len())),
                Ok(Ok(count)) => filled += count,
            }
        }
        Ok(())
    }
}

/// Each address of the host in turn.
async fn connect(host: &str, port: u16, six: bool) -> io::Result<TcpStream> {
    let mut last = io::ErrorKind::NotFound.into();
    for address in tokio::net::lookup_host((host, port)).await?.filter(|address| address.is_ipv6() == six) {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}
