//! The partner's mail server: takes every message and keeps it for the report.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// One message as it came in.
#[derive(Clone, Debug, Default)]
pub(super) struct Received {
    /// The argument of MAIL.
    pub sender: String,
    /// The arguments of RCPT.
    pub recipients: Vec<String>,
    /// Header and body, LF line ends, dot-stuffing undone.
    pub text: String,
}

/// A listening server on a loopback port of its own, one thread a connection.
pub(super) struct Sink {
    port: u16,
    inbox: Arc<(Mutex<Vec<Received>>, Condvar)>,
}

impl Sink {
    /// Binds a free port and answers from now on.
    ///
    /// # Errors
    /// When no port can be had.
    pub(super) fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let inbox = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
        let shared = inbox.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let inbox = shared.clone();
                std::thread::spawn(move || drop(converse(&stream, &inbox)));
            }
        });
        Ok(Self { port, inbox })
    }

    /// Where it listens.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The first message whose text holds `mark`; `None` when none came within `limit`.
    pub(super) fn wait_for(&self, mark: &str, limit: Duration) -> Option<Received> {
        let (messages, arrived) = &*self.inbox;
        let guard = messages.lock().ok()?;
        let missing = |messages: &mut Vec<Received>| !messages.iter().any(|one| one.text.contains(mark));
        let (guard, _) = arrived.wait_timeout_while(guard, limit, missing).ok()?;
        guard.iter().find(|one| one.text.contains(mark)).cloned()
    }

    /// Keeps the process, and with it the server, alive.
    pub(super) fn serve_until_interrupted(&self) -> ! {
        loop {
            std::thread::park();
        }
    }
}

/// One SMTP session (RFC 5321, the part a sender needs).
fn converse(stream: &TcpStream, inbox: &(Mutex<Vec<Received>>, Condvar)) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut out = stream;
    let mut message = Received::default();
    out.write_all(b"220 mx.partner.example ESMTP\r\n")?;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 0 {
        let command = line.trim_end().to_owned();
        line.clear();
        let verb = command.get(..4).unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => {
                out.write_all(b"250-mx.partner.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 DSN\r\n")?
            }
            "MAIL" => message.sender = argument(&command),
            "RCPT" => message.recipients.push(argument(&command)),
            "DATA" => {
                out.write_all(b"354 go ahead\r\n")?;
                message.text = read_text(&mut reader)?;
                let (messages, arrived) = inbox;
                if let Ok(mut messages) = messages.lock() {
                    messages.push(std::mem::take(&mut message));
                }
                arrived.notify_all();
            }
            "QUIT" => return out.write_all(b"221 2.0.0 bye\r\n"),
            _ => {}
        }
        if verb != "EHLO" {
            out.write_all(b"250 2.0.0 ok\r\n")?;
        }
    }
    Ok(())
}

fn argument(command: &str) -> String {
    let rest = command.split_once(':').map_or("", |(_, rest)| rest);
    rest.split_whitespace().next().unwrap_or_default().to_owned()
}

fn read_text(reader: &mut impl BufRead) -> std::io::Result<String> {
    let mut text = Vec::new();
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 && line != b".\r\n" {
        let unstuffed = line.strip_prefix(b".").unwrap_or(&line);
        text.extend_from_slice(unstuffed.strip_suffix(b"\r\n").unwrap_or(unstuffed));
        text.push(b'\n');
        line.clear();
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}
