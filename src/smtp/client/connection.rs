//! One connection to a server: commands out, replies in (RFC 5321, 4.2).

use super::answer::{self, Answer, ConnectionError};
use super::extensions::{self, Extensions};
use crate::addr::one_line;
use crate::logging::{Console, Dialogue};
use crate::schema::{EnhancedStatus, Reply};
use crate::tls::{Established, HandshakeError, Material, Wish};
use std::fs::File;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// What a dialogue runs over: TCP, a UNIX socket, a test's own pipe.
pub trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for T {}

/// How far a connection is protected.
#[derive(Clone, Debug)]
pub struct Protection {
    /// `${verify}`
    pub verify: &'static [u8],
    /// What the handshake has come to.
    pub established: Option<Arc<Established>>,
    /// The server has proved that it is the one that the domain has named (DANE, MTA-STS).
    pub proven: bool,
}

impl Default for Protection {
    fn default() -> Self {
        Self { verify: b"NONE", established: None, proven: false }
    }
}

/// A server, its extensions, and what of the dialogue is worth telling.
pub struct ServerConnection {
    stream: Box<dyn Stream>,
    input: Vec<u8>,
    /// Name with its trailing dot, as in logs.
    pub host: Vec<u8>,
    /// `[address]`, empty for none.
    pub address: Vec<u8>,
    /// Does its greeting speak of ESMTP?
    pub says_esmtp: bool,
    /// What it offers.
    pub extensions: Extensions,
    /// How far it is protected.
    pub protection: Protection,
    /// The mechanisms of AUTH that it offers, between blanks.
    pub mechanisms: Vec<u8>,
    /// We have logged in.
    pub authenticated: bool,
    /// Nothing more can be said.
    pub dead: bool,
    /// It has ended, or answers nothing.
    lost: bool,
    /// Who hears the dialogue.
    pub console: Console,
    /// The last MAIL was refused: RSET is due before the next one.
    pub sender_refused: bool,
    /// As in sendmail, the log does not show the address to which a message goes after one whose sender was refused.
    unnamed: bool,
    /// QUIT has been said.
    gone: bool,
    /// Messages handed over so far.
    pub messages: u32,
    /// A lock for as long as there is this connection (SingleThreadDelivery).
    pub held: Option<Arc<File>>,
    /// The first line of the last answer that was a complaint, for this message: what a log shows of a server that said nothing later.
    pub last_complaint: Option<Vec<u8>>,
    phase: &'static str,
    /// The part of the dialogue whose answer did not come in time.
    pub timed_out: Option<&'static str>,
    transcript: Vec<u8>,
    introduced: bool,
    last_command: Vec<u8>,
    /// Who reads along.
    dialogue: Dialogue,
}

impl ServerConnection {
    /// A connection that has just been made.
    pub fn new(stream: Box<dyn Stream>, host: &[u8], address: &[u8]) -> Self {
        Self {
            stream,
            input: Vec::new(),
            host: host.to_vec(),
            address: address.to_vec(),
            says_esmtp: false,
            extensions: Extensions::default(),
            protection: Protection::default(),
            mechanisms: Vec::new(),
            authenticated: false,
            dead: false,
            lost: false,
            console: Console::default(),
            sender_refused: false,
            unnamed: false,
            gone: false,
            messages: 0,
            held: None,
            last_complaint: None,
            phase: "greeting",
            timed_out: None,
            transcript: Vec::new(),
            introduced: false,
            last_command: Vec::new(),
            dialogue: Dialogue::default(),
        }
    }

    /// The same, read along by somebody.
    #[must_use]
    pub fn heard_by(self, dialogue: Dialogue) -> Self {
        dialogue.event(&[b"CONNECT ", &self.host[..]].concat());
        Self { dialogue, ..self }
    }

    /// `mx.example. [192.0.2.1]`
    pub fn relay(&self) -> Vec<u8> {
        match self.address.is_empty() || self.unnamed {
            true => self.host.clone(),
            false => [&self.host[..], b" ", &self.address].concat(),
        }
    }

    /// The lines for reports since the last call: who, what was sent last, what was answered.
    pub fn take_transcript(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.transcript)
    }

    /// A new message begins: the next complaint is introduced again.
    pub fn new_message(&mut self) {
        self.unnamed = std::mem::take(&mut self.sender_refused);
        self.introduced = false;
        self.last_command.clear();
        self.last_complaint = None;
    }

    /// Waits for the greeting.
    ///
    /// # Errors
    /// The connection broke, the limit passed, or what came is no answer.
    pub async fn greeting(&mut self, limit: Duration) -> Result<Answer, ConnectionError> {
        let greeting = self.answer(limit).await?;
        let first = greeting.lines.first();
        self.says_esmtp = first.is_some_and(|line| line.windows(5).any(|word| word == b"ESMTP"));
        Ok(greeting)
    }

    /// EHLO (or LHLO) and, if that is not understood and `fallback` allows it, HELO.
    ///
    /// # Errors
    /// As those of [`Self::command`].
    pub async fn hello(
        &mut self,
        verb: &[u8],
        name: &[u8],
        fallback: bool,
        limit: Duration,
    ) -> Result<Answer, ConnectionError> {
        let answer = self.command(&[verb, b" ", name].concat(), limit).await?;
        if answer.is_positive() && verb != b"HELO" {
            self.extensions = Extensions::of(&answer);
            self.mechanisms = extensions::mechanisms(&answer);
        }
        if answer.is_permanent() && fallback {
            // what a server answers to a word it does not know is no complaint
            self.transcript.clear();
            self.introduced = false;
            return self.command(&[b"HELO ", name].concat(), limit).await;
        }
        Ok(answer)
    }

    /// Goes on under TLS; nothing that the server said before counts any more (RFC 3207, section 4.2).
    ///
    /// # Errors
    /// There is no session under TLS, and the connection is of no more use.
    pub async fn start_tls(
        &mut self,
        material: &Material,
        wish: &Wish,
    ) -> Result<Established, HandshakeError> {
        self.input.clear();
        self.extensions = Extensions::default();
        let clear = std::mem::replace(&mut self.stream, Box::new(tokio::io::empty()));
        (self.dead, self.lost) = (true, true);
        let (protected, established) = material.connect(wish, &self.host, clear).await?;
        self.stream = Box::new(protected);
        (self.dead, self.lost) = (false, false);
        Ok(established)
    }

    /// Sends one command and waits for its answer.
    ///
    /// # Errors
    /// The connection broke, the limit passed, or what came is no answer.
    pub async fn command(&mut self, command: &[u8], limit: Duration) -> Result<Answer, ConnectionError> {
        self.send_command(command, limit).await?;
        self.answer(limit).await
    }

    /// Sends commands without waiting; the last one is the one that reports show.
    pub(super) async fn send_command(
        &mut self,
        command: &[u8],
        limit: Duration,
    ) -> Result<(), ConnectionError> {
        self.note_command(command);
        self.write(&command_line(command), limit).await
    }

    pub(super) fn note_command(&mut self, command: &[u8]) {
        self.console.step(&[b">>> ", command]);
        self.begin_phase(command.split(|byte| *byte == b' ').next().unwrap_or_default());
        self.last_command = command.to_vec();
    }

    pub(super) async fn write(&mut self, bytes: &[u8], limit: Duration) -> Result<(), ConnectionError> {
        self.dialogue.sent(bytes);
        let stream = &mut self.stream;
        let written = timeout(limit, async {
            stream.write_all(bytes).await?;
            stream.flush().await
        });
        match written.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(self.ended(ConnectionError::Lost)),
            Err(_) => Err(self.ended(ConnectionError::TimedOut)),
        }
    }

    fn ended(&mut self, error: ConnectionError) -> ConnectionError {
        self.dead = true;
        self.lost = true;
        error
    }

    /// The next answer; complaints are noted for reports.
    pub(super) async fn answer(&mut self, limit: Duration) -> Result<Answer, ConnectionError> {
        let stream = &mut self.stream;
        let (input, dialogue, console) = (&mut self.input, &mut self.dialogue, &self.console);
        let read = timeout(limit, async {
            loop {
                match answer::take(input) {
                    // what a server tells of its own steps (VERB) answers nothing
                    Some(Ok(told)) if told.code < 100 => {
                        told.lines.iter().for_each(|line| console.step(&[line]));
                        continue;
                    }
                    Some(taken) => return taken,
                    None => {}
                }
                match stream.read_buf(input).await {
                    Ok(count @ 1..) => dialogue.received(&input[input.len() - count..]),
                    Ok(0) | Err(_) => return Err(ConnectionError::Lost),
                }
            }
        });
        match read.await {
            Ok(Ok(answer)) => {
                answer.lines.iter().for_each(|line| self.console.step(&[line]));
                self.note_answer(&answer);
                if answer.code == 421 {
                    self.dead = true;
                }
                Ok(answer)
            }
            Ok(Err(error)) => Err(self.ended(error)),
            Err(_) => {
                self.timed_out = Some(self.phase);
                Err(self.ended(ConnectionError::TimedOut))
            }
        }
    }

    /// What the next answer is waited for in, if sendmail has a name for it.
    pub(super) fn begin_phase(&mut self, name: &[u8]) {
        if let Some(phase) = PHASES.iter().find(|phase| phase.as_bytes() == name) {
            self.phase = phase;
        }
    }

    fn note_answer(&mut self, answer: &Answer) {
        // no complaint, or nothing that a server may say
        if !(400..600).contains(&answer.code) {
            return;
        }
        self.last_complaint = Some(answer.first_line().to_vec());
        if !self.introduced {
            self.introduced = true;
            self.transcript.extend([b"... while talking to ", &self.host[..], b":\n"].concat());
        }
        let command = std::mem::take(&mut self.last_command);
        if !command.is_empty() {
            self.transcript.extend([b">>> ", &command[..], b"\n"].concat());
        }
        for line in &answer.lines {
            self.transcript.extend([b"<<< ", &line[..], b"\n"].concat());
        }
    }

    /// Adds a line of our own between those of the dialogue.
    pub fn note(&mut self, line: &[u8]) {
        self.transcript.extend_from_slice(line);
        self.transcript.push(b'\n');
    }

    /// RSET; `false` when the connection is of no more use.
    pub async fn reset(&mut self, limit: Duration) -> bool {
        if self.dead {
            return false;
        }
        let answer = self.command(b"RSET", limit).await;
        self.dead |= !answer.is_ok_and(|answer| answer.is_positive());
        !self.dead
    }

    /// QUIT, whatever the server says to it.
    ///
    /// In a box: whoever may have to say it at any time keeps no room for it.
    pub fn quit(self, limit: Duration) -> impl Future<Output = ()> + Send {
        Box::pin(self.quit_for(b"", limit))
    }

    /// The same for the sake of others, whom the step names: `<x@there.example>... `.
    pub async fn quit_for(mut self, whom: &[u8], limit: Duration) {
        if self.lost {
            return;
        }
        self.console.step(&[whom, b"Closing connection to ", &self.host]);
        if !self.gone {
            let _ = self.command(b"QUIT", limit).await;
        }
        // TLS says goodbye
        let _ = timeout(limit, self.stream.shutdown()).await;
    }

    /// QUIT, and what is answered to it: a server that has said 421 may still be listening. What comes after that answers
    /// commands sent before, and goes to the transcript as it is.
    pub async fn farewell(&mut self, limit: Duration) -> Option<Answer> {
        (self.dead, self.gone) = (true, true);
        if self.lost {
            return None;
        }
        let answer = self.command(b"QUIT", limit).await.ok()?;
        let mut rest = std::mem::take(&mut self.input);
        let mut end = (&mut self.stream).take(MAX_FAREWELL);
        let _ = timeout(limit.min(FAREWELL_WAIT), end.read_to_end(&mut rest)).await;
        self.transcript.extend(rest);
        Some(answer)
    }
}

/// The parts of a dialogue that the log names.
const PHASES: [&str; 9] = ["EHLO", "HELO", "LHLO", "MAIL", "RCPT", "DATA 354", "DATA status", "RSET", "QUIT"];

/// What is read behind the answer to QUIT, in bytes.
const MAX_FAREWELL: u64 = 4096;

/// How long it is waited for: a server closes after its answer (RFC 5321, 4.1.1.10).
const FAREWELL_WAIT: Duration = Duration::from_secs(1);

/// A command as it goes out: one line, wherever the addresses in it come from (RFC 5321, 2.3.8).
pub(super) fn command_line(command: &[u8]) -> Vec<u8> {
    [&one_line(command), &b"\r\n"[..]].concat()
}

/// The reply that stands for a connection that ended (RFC 3463 4.4.1 and 4.4.2).
impl ConnectionError {
    /// `host` as in logs, with its trailing dot.
    pub fn reply(&self, host: &[u8]) -> Reply {
        let text = |what: &[u8]| [what, b" ", host].concat();
        match self {
            Self::Lost => Reply::new(421, Some(EnhancedStatus(4, 4, 1)), text(b"Connection reset by")),
            Self::TimedOut => {
                Reply::new(421, Some(EnhancedStatus(4, 4, 2)), text(b"Connection timed out with"))
            }
            Self::Malformed(_) => Reply::new(554, Some(EnhancedStatus(5, 5, 1)), "Remote protocol error"),
        }
    }
}
