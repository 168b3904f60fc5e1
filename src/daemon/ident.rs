//! Who runs the client's end of a connection, as its host says (ident, RFC 1413; option Timeout.ident).
//!
//! In: both ends of a connection. Out: a name for `$_`. Never here: belief in it. The host may say what it likes.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpSocket;

/// Where the question is put.
const PORT: u16 = 113;
/// Bytes of an answer (RFC 1413, section 4).
const MAX_ANSWER: u64 = 1000;
/// Bytes of a name.
const MAX_NAME: usize = 100;
/// What a name may hold beside letters and digits.
const NAME_CHARACTERS: &[u8] = b"!#$%&'*+-./^_`{|}~";

/// The name; `None`: there is no answer in time, or none with a name. A limit of zero asks nothing.
pub(super) async fn name_of(client: SocketAddr, local: SocketAddr, limit: Duration) -> Option<Vec<u8>> {
    if limit.is_zero() {
        return None;
    }
    let answer = tokio::time::timeout(limit, ask(client, local)).await.ok()?.ok()?;
    parse(&answer)
}

async fn ask(client: SocketAddr, local: SocketAddr) -> std::io::Result<Vec<u8>> {
    let socket = if client.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // from the address that the client has called: its host knows the connection by that. A front that may bind no port leaves
    // the choice to the kernel, which differs only where this host has several
    match socket.bind(SocketAddr::new(local.ip(), 0)) {
        Err(error) if error.kind() != ErrorKind::PermissionDenied => return Err(error),
        _ => {}
    }
    let mut stream = socket.connect(SocketAddr::new(client.ip(), PORT)).await?;
    stream.write_all(format!("{},{}\r\n", client.port(), local.port()).as_bytes()).await?;
    let mut answer = Vec::new();
    BufReader::new(stream.take(MAX_ANSWER)).read_until(b'\n', &mut answer).await?;
    Ok(answer)
}

/// `6193, 23 : USERID : UNIX : stjohns`; what is no name of an account there (`OTHER`) is marked.
fn parse(answer: &[u8]) -> Option<Vec<u8>> {
    let mut fields = answer.splitn(4, |byte| *byte == b':').map(<[u8]>::trim_ascii);
    let (_ports, kind, system, name) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    if !kind.eq_ignore_ascii_case(b"USERID") {
        return None;
    }
    let is_other = system.get(..5).is_some_and(|word| word.eq_ignore_ascii_case(b"OTHER"))
        && !system.get(5).is_some_and(u8::is_ascii_alphanumeric);
    let known = |byte: &u8| byte.is_ascii_alphanumeric() || NAME_CHARACTERS.contains(byte);
    let mark: &[u8] = if is_other { b"IDENT:" } else { b"" };
    Some(mark.iter().copied().chain(name.iter().copied().filter(known).take(MAX_NAME)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_hosts() {
        let rows: [(&str, Option<&str>); 9] = [
            ("6193, 23 : USERID : UNIX : joe\r\n", Some("joe")),
            ("6193,23:userid:unix:joe", Some("joe")),
            ("1 , 2 : USERID : OTHER : xyz\r\n", Some("IDENT:xyz")),
            ("1 , 2 : USERID : others : xyz\r\n", Some("xyz")),
            ("1 , 2 : USERID : UNIX , US-ASCII : joe@x (y) <z>:a\u{1}\"\\b\n", Some("joexyzab")),
            ("1 , 2 : USERID : UNIX : \r\n", Some("")),
            ("1 , 2 : ERROR : NO-USER\r\n", None),
            ("1 , 2 : USERID", None),
            ("", None),
        ];
        for (answer, name) in rows {
            assert_eq!(parse(answer.as_bytes()).as_deref(), name.map(str::as_bytes), "{answer:?}");
        }
        let long = [b"1,2:USERID:UNIX:", &[b'x'; 600][..]].concat();
        assert_eq!(parse(&long).map(|name| name.len()), Some(MAX_NAME));
    }

    #[tokio::test]
    async fn a_limit_of_zero_asks_nobody() {
        let end = SocketAddr::from(([127, 0, 0, 1], 9));
        assert_eq!(name_of(end, end, Duration::ZERO).await, None);
    }
}
