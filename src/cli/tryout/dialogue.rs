//! The client's side of one SMTP session, kept word by word for the report.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// A message to be sent.
pub(super) struct Letter<'a> {
    /// Envelope sender.
    pub from: &'a str,
    /// Envelope recipient.
    pub to: &'a str,
    /// Header and body, LF line ends.
    pub text: &'a str,
}

/// What was said, and the last reply.
pub(super) struct Dialogue {
    /// `C:` and `S:` lines.
    pub transcript: String,
    /// The reply to the final dot or to the refused RCPT.
    pub last: String,
}

/// Sends one letter from `source`, an address of the loopback net, to `port`.
///
/// # Errors
/// Only those of the connection; a refusal is a reply like any other.
pub(super) fn send(source: Ipv4Addr, port: u16, letter: &Letter) -> std::io::Result<Dialogue> {
    let mut client = Client::connect(source, port)?;
    client.reply()?;
    client.ask("EHLO client.visitors.example")?;
    client.ask(&format!("MAIL FROM:<{}>", letter.from))?;
    let mut last = client.ask(&format!("RCPT TO:<{}>", letter.to))?;
    if last.starts_with('2') {
        client.ask("DATA")?;
        for line in letter.text.lines() {
            let stuffing = if line.starts_with('.') { "." } else { "" };
            client.say(&format!("{stuffing}{line}"))?;
        }
        last = client.ask(".")?;
    }
    client.ask("QUIT")?;
    Ok(Dialogue { transcript: client.transcript, last })
}

struct Client {
    reader: BufReader<TcpStream>,
    transcript: String,
}

impl Client {
    fn connect(source: Ipv4Addr, port: u16) -> std::io::Result<Self> {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
        socket.bind(&SocketAddr::from((source, 0)).into())?;
        socket.connect(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
        let stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Self { reader: BufReader::new(stream), transcript: String::new() })
    }

    fn say(&mut self, line: &str) -> std::io::Result<()> {
        self.transcript.push_str(&format!("C: {line}\n"));
        self.reader.get_mut().write_all(format!("{line}\r\n").as_bytes())
    }

    fn ask(&mut self, line: &str) -> std::io::Result<String> {
        self.say(line)?;
        self.reply()
    }

    fn reply(&mut self) -> std::io::Result<String> {
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            let line = line.trim_end();
            self.transcript.push_str(&format!("S: {line}\n"));
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(line.to_owned());
            }
        }
    }
}
