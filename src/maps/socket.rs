//! socket: a socketmap server, asked in netstrings over a UNIX or TCP connection that is kept.

use super::class::{FoundFuture, LookupContext, MapClass, OpenFuture, OpenMap, Opening, Query, opened};
use super::files;
use super::flags::Declaring;
use super::map::{Found, Map, NOT_FOUND, later, missing};
use crate::engine::{Event, MapEvent, Observer};
use crate::schema::Sysexit;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::Mutex;

/// Without -d.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// Longer answers are a protocol error.
const MAX_ANSWER: usize = 10_000_000;

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Where the server listens.
#[derive(Clone, Debug)]
enum ServerAddress {
    Local(Vec<u8>),
    Internet { host: String, port: u16, six: bool },
}

/// The one connection of a map; look-ups take turns.
struct Connection {
    server: ServerAddress,
    stream: Mutex<Option<Box<dyn Stream>>>,
}

struct Socket;

pub(super) fn read(map: &mut Map, args: &[u8], declaring: &mut Declaring<'_>) -> Option<Arc<dyn MapClass>> {
    map.read_with_file(args, declaring).then(|| Arc::new(Socket) as Arc<dyn MapClass>)
}

impl MapClass for Socket {
    fn open<'a>(self: Arc<Self>, map: &'a Map, opening: &'a mut Opening<'_>) -> OpenFuture<'a> {
        opened(Connection::open(map, opening))
    }
}

impl OpenMap for Connection {
    fn lookup<'a>(&'a self, query: Query<'a>, context: &'a mut LookupContext<'_>) -> FoundFuture<'a> {
        Box::pin(self.find(query.map, query.key, query.args, context.observer))
    }
}

impl Connection {
    /// Reads the address. The connection is made by the first look-up, and again when it breaks.
    fn open(map: &Map, opening: &mut Opening<'_>) -> Option<Self> {
        let spec = map.file.as_deref().unwrap_or_default();
        opening.begins("socket", map);
        opening.show(MapEvent::Connecting);
        match server_address(spec, opening) {
            Ok(server) => Some(Self { server, stream: Mutex::new(None) }),
            Err(text) => {
                opening.say(&[b"socket map \"", &map.name, b"\": ", &text]);
                None
            }
        }
    }

    async fn find(&self, map: &Map, key: &[u8], args: &[Vec<u8>], observer: &mut dyn Observer) -> Found {
        let (name, file) = (map.name.as_slice(), map.file.as_deref().unwrap_or_default());
        let search = MapEvent::SearchAt { function: "socket_map_lookup", map: name, key, file };
        observer.event(&Event::Map(&search));
        let timeout = map
            .timeout
            .filter(|seconds| *seconds > 0)
            .map_or(ANSWER_TIMEOUT, |seconds| Duration::from_secs(seconds.into()));
        let key = &map.fold(key)[..];
        let question = [map.name.as_slice(), b" ", key].concat();
        let mut stream = self.stream.lock().await;
        // a kept connection may have been closed by the server: one fresh one is tried
        for fresh in [false, true] {
            if fresh {
                *stream = None;
            }
            let asked = tokio::time::timeout(timeout, ask(&self.server, &mut stream, &question)).await;
            match asked {
                Ok(Ok(answer)) => return meaning(map, key, &answer, args, observer),
                Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidData => {
                    let text = error.to_string();
                    let head = [b"socket_map_lookup(", map.name.as_slice(), b"): "].concat();
                    observer.tracer().message(&[&head, text.as_bytes()].concat());
                    break;
                }
                Ok(Err(_)) => {}
                Err(_) => break,
            }
        }
        *stream = None;
        later()
    }
}

fn server_address(spec: &[u8], opening: &Opening<'_>) -> Result<ServerAddress, Vec<u8>> {
    let (kind, address) = match spec.iter().position(|byte| *byte == b':') {
        Some(colon) => (&spec[..colon], &spec[colon + 1..]),
        None => (b"local".as_slice(), spec),
    };
    if kind.eq_ignore_ascii_case(b"unix") || kind.eq_ignore_ascii_case(b"local") {
        return match opening.settings.check_socket(files::path(address)) {
            Ok(()) => Ok(ServerAddress::Local(address.to_vec())),
            Err(why) => Err([b"local socket name ", address, b" unsafe: ", &why.text].concat()),
        };
    }
    let six = kind.eq_ignore_ascii_case(b"inet6");
    if !six && !kind.eq_ignore_ascii_case(b"inet") {
        return Err([b"unknown socket type ", kind, b": Protocol not supported"].concat());
    }
    let text = String::from_utf8_lossy(address);
    let Some((port, host)) = text.split_once('@') else {
        return Err([b"bad address ", address, b" (expected port@host)"].concat());
    };
    let Ok(port) = port.parse() else {
        return Err(format!("invalid port number {port}").into_bytes());
    };
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Ok(ServerAddress::Internet { host, port, six })
}

async fn connect(server: &ServerAddress) -> io::Result<Box<dyn Stream>> {
    match server {
        ServerAddress::Local(path) => Ok(Box::new(UnixStream::connect(files::path(path)).await?)),
        ServerAddress::Internet { host, port, six } => {
            let mut addresses = tokio::net::lookup_host((host.as_str(), *port)).await?;
            let address =
                addresses.find(|address| address.is_ipv6() == *six).ok_or(io::ErrorKind::NotFound)?;
            Ok(Box::new(TcpStream::connect(address).await?))
        }
    }
}

async fn ask(
    server: &ServerAddress,
    stream: &mut Option<Box<dyn Stream>>,
    question: &[u8],
) -> io::Result<Vec<u8>> {
    let stream = match stream {
        Some(stream) => stream,
        None => stream.insert(connect(server).await?),
    };
    let head = format!("{}:", question.len());
    stream.write_all(&[head.as_bytes(), question, b","].concat()).await?;
    let length = read_length(stream).await?;
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer).await?;
    match stream.read_u8().await? {
        b',' => Ok(answer),
        _ => Err(nonsense("missing comma after the reply".to_owned())),
    }
}

fn nonsense(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

async fn read_length(stream: &mut Box<dyn Stream>) -> io::Result<usize> {
    let mut length = None;
    loop {
        match (stream.read_u8().await?, length) {
            (digit @ b'0'..=b'9', before) if before.unwrap_or(0) <= usize::MAX / 100 => {
                length = Some(before.unwrap_or(0) * 10 + usize::from(digit - b'0'));
            }
            (b':', Some(length)) if length > MAX_ANSWER => {
                return Err(nonsense(format!("reply too long: {length}")));
            }
            (b':', Some(length)) => return Ok(length),
            _ => return Err(nonsense("failed to read length parameter of reply 0".to_owned())),
        }
    }
}

fn meaning(map: &Map, key: &[u8], answer: &[u8], args: &[Vec<u8>], observer: &mut dyn Observer) -> Found {
    let end = answer.iter().position(|byte| *byte == b' ').unwrap_or(answer.len());
    let value = answer.get(end + 1..).unwrap_or_default();
    match &answer[..end] {
        b"OK" => map.found(key, value, args, observer),
        b"NOTFOUND" => missing(NOT_FOUND),
        b"PERM" => missing(Sysexit::UNAVAILABLE),
        b"TEMP" | b"TIMEOUT" => later(),
        _ => missing(Sysexit::PROTOCOL),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn questions_and_answers_are_netstrings() {
        let dir = tempfile::tempdir().expect("a scratch directory");
        let path = dir.path().join("socket");
        let listener = tokio::net::UnixListener::bind(&path).expect("a socket");
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a caller");
            let mut question = [0; 10];
            stream.read_exact(&mut question).await.expect("a question");
            assert_eq!(&question, b"7:map key,");
            stream.write_all(b"8:OK value,").await.expect("an open connection");
        });
        let server = ServerAddress::Local(path.to_string_lossy().into_owned().into_bytes());
        let mut stream = None;
        assert_eq!(ask(&server, &mut stream, b"map key").await.expect("an answer"), b"OK value");
        assert!(ask(&server, &mut stream, b"map key").await.is_err());
    }

    /// A server that takes the question and never answers: a temporary failure after -d.
    #[tokio::test(start_paused = true)]
    async fn a_silent_server_is_a_temporary_failure() {
        let dir = tempfile::tempdir().expect("a scratch directory");
        let path = dir.path().join("socket");
        let listener = tokio::net::UnixListener::bind(&path).expect("a socket");
        tokio::spawn(async move {
            let mut kept = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                kept.push(stream);
            }
        });
        let map = Map { timeout: Some(7), ..Map::new(b"silent", "socket") };
        let server = ServerAddress::Local(path.to_string_lossy().into_owned().into_bytes());
        let connection = Connection { server, stream: Mutex::new(None) };
        let start = tokio::time::Instant::now();
        let found = connection.find(&map, b"key", &[], &mut crate::logging::Quiet).await;
        assert_eq!(found, later());
        assert_eq!(start.elapsed().as_secs(), 7);
    }
}
