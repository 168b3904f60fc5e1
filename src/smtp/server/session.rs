//! A session: bytes in, commands dispatched, replies out.

use super::acceptor::Acceptor;
use super::features::Features;
use super::peer::Peer;
use super::policy::Policy;
use super::transaction::Transaction;
use super::verbs::{self, Verb, VerbRow};
use crate::engine::Scope;
use crate::logging::{Logger, Priority};
use crate::rewrite::{Site, expand};
use crate::schema::{EnhancedStatus, Reply};
use crate::smtp::proto::{NextLine, next_line, put_reply, split_verb};
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

/// What all sessions of one loaded configuration share.
pub struct Server {
    /// Configuration, rules, maps.
    pub site: Arc<Site>,
    /// The options that matter here.
    pub policy: Policy,
    /// The log.
    pub log: Logger,
}

/// Does the session go on?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Flow {
    /// With the next command.
    Continue,
    /// No: what is still to be sent is sent, then the connection is closed.
    Close,
}

/// What a client sent.
enum Input {
    /// A command line without its end.
    Line(Vec<u8>),
    /// A line longer than any command; its length as far as it is known.
    TooLong(usize),
}

/// Why nothing more comes from the client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Lost {
    /// It closed the connection, or the connection broke.
    Closed,
    /// It said nothing for too long.
    TimedOut,
}

/// What the client is refused before it has begun.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Refusal {
    /// Ruleset `check_relay` said so: its words answer every command that wants something.
    Rule(Reply),
    /// It talked before its turn: a null server from now on.
    Null,
    /// `srv_features` said so: try again later.
    Temporary,
}

impl Refusal {
    pub(super) fn reply(&self) -> Reply {
        match self {
            Self::Rule(reply) => reply.clone(),
            Self::Null => Reply::new(550, Some(EnhancedStatus(5, 0, 0)), "Command rejected"),
            Self::Temporary => Reply::new(450, Some(EnhancedStatus(4, 3, 0)), "Please try again later."),
        }
    }
}

/// One connection.
pub struct Session<S, A> {
    pub(super) server: Arc<Server>,
    pub(super) acceptor: A,
    pub(super) peer: Peer,
    stream: S,
    /// Bytes received; those before `used` are done with.
    input: Vec<u8>,
    used: usize,
    pub(super) out: Vec<u8>,
    /// Macros of the connection; each transaction begins with a copy.
    pub(super) scope: Scope,
    /// `$j`
    pub(super) hostname: Vec<u8>,
    pub(super) features: Features,
    pub(super) refusal: Option<Refusal>,
    /// `check_relay` said discard: everything is accepted and thrown away.
    pub(super) discard: bool,
    /// The argument of HELO or EHLO.
    pub(super) helo: Option<Vec<u8>>,
    pub(super) transaction: Transaction,
    /// Verbose mode: deliver before answering.
    pub(super) verbose: bool,
    /// MAIL, EXPN, VRFY or ETRN was used.
    issued_mail_command: bool,
    /// The greeting was given.
    served: bool,
    commands: u32,
    bad_commands: u32,
    uses: HashMap<&'static str, u32>,
    /// The command being worked on, for the log.
    last_command: Vec<u8>,
}

/// Room made for one read, in bytes.
const READ_SIZE: usize = 12288;
/// Bad commands before the connection is closed.
const MAX_BAD_COMMANDS: u32 = 25;
/// The longest pause before an answer.
const LONGEST_PAUSE: Duration = Duration::from_secs(240);

impl<S, A> Session<S, A>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    A: Acceptor,
{
    /// A session that has not greeted yet.
    pub fn new(server: Arc<Server>, acceptor: A, peer: Peer, stream: S) -> Self {
        let config = server.site.config.clone();
        let mut scope = Scope::default();
        peer.set_macros(&config, &mut scope);
        let hostname = expand(&server.site, &scope, b"\x81j");
        let features = Features::new(&server.policy, &peer.daemon);
        let transaction = Transaction::new(acceptor.next_id(), &scope);
        Self {
            server,
            acceptor,
            peer,
            stream,
            input: Vec::new(),
            used: 0,
            out: Vec::new(),
            scope,
            hostname,
            features,
            refusal: None,
            discard: false,
            helo: None,
            transaction,
            verbose: false,
            issued_mail_command: false,
            served: false,
            commands: 0,
            bad_commands: 0,
            uses: HashMap::new(),
            last_command: Vec::new(),
        }
    }

    /// Serves the client to the end. All that can go wrong with the connection is logged here.
    pub async fn serve(mut self) {
        let mut flow = self.greet().await;
        while flow == Flow::Continue {
            self.served = true;
            flow = match self.read_command().await {
                Ok(Input::Line(line)) => {
                    let flow = self.command(&line).await;
                    self.last_command = line;
                    flow
                }
                Ok(Input::TooLong(length)) => self.too_long(length),
                Err(lost) => self.lost_input(lost, "server cmd read"),
            };
        }
        self.finish();
        // the client may be gone; there is nobody left to tell
        let _ = self.flush().await;
        let _ = self.stream.shutdown().await;
    }

    /// The transaction ends with the session; a client that did nothing is noted.
    fn finish(&mut self) {
        if self.served && !self.issued_mail_command && self.refusal.is_none() {
            let text = [
                &self.peer.display[..],
                b" did not issue MAIL/EXPN/VRFY/ETRN during connection to ",
                &self.peer.daemon.name,
            ]
            .concat();
            self.log(5, Priority::Info, &text);
        }
        self.drop_transaction();
    }

    fn too_long(&mut self, length: usize) -> Flow {
        let text = format!(": SMTP violation, input too long: {length}");
        let text = [&self.peer.display[..], text.as_bytes()].concat();
        self.log(5, Priority::Info, &text);
        let text = [&self.hostname[..], b" Command too long, possible attack ", &self.peer.display];
        let text = text.concat();
        self.say("421", Some("4.7.0"), &text);
        Flow::Close
    }

    async fn command(&mut self, line: &[u8]) -> Flow {
        let (word, argument) = split_verb(line);
        let row = verbs::find(word);
        self.commands += 1;
        self.issued_mail_command |= row.issued_mail_command;
        if let Some(reply) = self.refused(&row) {
            self.error(&reply, None);
            return self.count_bad_command();
        }
        if self.slow_down(&row).await == Flow::Close {
            return Flow::Close;
        }
        match row.verb {
            Verb::Helo => self.helo(argument, word, false).await,
            Verb::Ehlo => self.helo(argument, word, true).await,
            Verb::Mail => self.mail(argument).await,
            Verb::Rcpt => self.rcpt(argument).await,
            Verb::Data => self.data().await,
            Verb::Rset => self.rset().await,
            Verb::Noop => self.noop(line).await,
            Verb::Quit => self.quit(),
            Verb::Help => self.help(argument).await,
            Verb::Vrfy => self.vrfy(argument, false).await,
            Verb::Expn => self.vrfy(argument, true).await,
            Verb::Etrn => self.etrn(argument).await,
            Verb::Verb => self.verb(),
            Verb::StartTls => self.unavailable(503, EnhancedStatus(5, 5, 0), "TLS not available"),
            Verb::Auth => self.unavailable(503, EnhancedStatus(5, 3, 3), "AUTH not available"),
            Verb::Unimplemented => self.unimplemented(line),
            Verb::Bogus => self.bogus(row.word, line),
            Verb::Http => self.http(line).await,
            Verb::Unknown => self.unknown(line).await,
        }
    }

    fn refused(&self, row: &VerbRow) -> Option<Reply> {
        let refusal = self.refusal.as_ref()?;
        (!row.when_refusing).then(|| refusal.reply())
    }

    /// Counts a command that made no sense; too many close the connection.
    pub(super) fn count_bad_command(&mut self) -> Flow {
        self.bad_commands += 1;
        if self.bad_commands > MAX_BAD_COMMANDS { self.too_many("commands") } else { Flow::Continue }
    }

    pub(super) fn is_first_command(&self) -> bool {
        self.commands == 1
    }

    /// Would one more bad command be too many?
    pub(super) fn is_last_bad_command(&self) -> bool {
        self.bad_commands >= MAX_BAD_COMMANDS
    }

    pub(super) fn too_many(&mut self, what: &str) -> Flow {
        let text = [&self.hostname[..], b" Too many bad ", what.as_bytes(), b"; closing connection"].concat();
        self.say("421", Some("4.7.0"), &text);
        Flow::Close
    }

    /// Clients that repeat themselves wait longer and longer.
    async fn slow_down(&mut self, row: &VerbRow) -> Flow {
        let Some(limit) = row.slow_after else { return Flow::Continue };
        let limit = if limit == 0 { self.server.policy.max_noops } else { limit };
        let name = if matches!(row.verb, Verb::Helo | Verb::Ehlo) { "HELO/EHLO" } else { row.word };
        let uses = self.uses.entry(name).or_default();
        *uses += 1;
        let uses = *uses;
        if limit == 0 || uses < limit {
            return Flow::Continue;
        }
        if uses == limit {
            let text = format!(": possible SMTP attack: command={name}, count={uses}");
            let text = [&self.peer.display[..], text.as_bytes()].concat();
            self.log(5, Priority::Info, &text);
        }
        if self.server.policy.max_daemon_children > 0 && uses >= 2 * limit {
            return self.too_many("commands");
        }
        let seconds = 1u64.checked_shl(uses - limit).unwrap_or(u64::MAX);
        if self.flush().await.is_err() {
            return Flow::Close;
        }
        tokio::time::sleep(Duration::from_secs(seconds).min(LONGEST_PAUSE)).await;
        Flow::Continue
    }

    pub(super) fn lost_input(&mut self, lost: Lost, phase: &str) -> Flow {
        if lost == Lost::TimedOut {
            let text =
                [b"timeout waiting for input from ", &self.peer.display[..], b" during ", phase.as_bytes()];
            self.log(1, Priority::Info, &text.concat());
        }
        let above = if self.transaction.active { 1 } else { 19 };
        let command = self.last_command.split(|byte| *byte == b' ').next().unwrap_or_default();
        let command = if command.is_empty() { b"startup" } else { command };
        let text = [
            b"lost input channel from ",
            &self.peer.display[..],
            b" to ",
            &self.peer.daemon.name,
            b" after ",
            &command.to_ascii_lowercase(),
        ];
        self.log(above, Priority::Info, &text.concat());
        let text = [&self.hostname[..], b" Lost input channel from ", &self.peer.display].concat();
        self.say("421", Some("4.4.1"), &text);
        Flow::Close
    }

    // --- replies

    /// Queues a reply. It is sent when the input is used up.
    pub(super) fn say(&mut self, code: &str, enhanced: Option<&str>, text: &[u8]) {
        put_reply(&mut self.out, code.as_bytes(), enhanced.map(str::as_bytes), text, false);
    }

    /// Queues a refusal; `to` is the address that it concerns. Gives what was said after the codes.
    pub(super) fn error(&mut self, reply: &Reply, to: Option<&[u8]>) -> Vec<u8> {
        let reply = self.finished(reply, to);
        let enhanced = reply.enhanced_text();
        let enhanced = enhanced.as_deref().map(str::as_bytes);
        put_reply(&mut self.out, format!("{:03}", reply.code).as_bytes(), enhanced, &reply.text, false);
        reply.text
    }

    /// The reply as it is sent: with an enhanced status, the address before the text where sendmail
    /// puts it, softened by SoftBounce.
    pub(super) fn finished(&self, reply: &Reply, to: Option<&[u8]>) -> Reply {
        let mut reply = reply.clone();
        if reply.code == 0 {
            reply.code = 550;
        }
        let class = reply.code / 100;
        if reply.enhanced.is_none() && matches!(class, 4 | 5) {
            reply.enhanced = Some(EnhancedStatus(class, 0, 0));
        }
        if let Some(to) = to.filter(|_| matches!(reply.code, 50 | 250 | 252 | 450 | 550 | 553)) {
            reply.text = [to, b"... ", &reply.text].concat();
        }
        if self.server.policy.soft_bounce && class == 5 {
            reply.code -= 100;
            reply.enhanced = reply.enhanced.map(|status| status.with_class(4));
        }
        reply
    }

    pub(super) fn log(&self, above: u8, priority: Priority, text: &[u8]) {
        self.server.log.log(above, priority, Some(self.transaction.envelope.id.as_bytes()), text);
    }

    // --- input and output

    /// Sends what is queued.
    pub(super) async fn flush(&mut self) -> Result<(), Lost> {
        if self.out.is_empty() {
            return Ok(());
        }
        let sent = async {
            self.stream.write_all(&self.out).await?;
            self.stream.flush().await
        };
        let sent = tokio::time::timeout(self.server.policy.command_timeout, sent).await;
        self.out.clear();
        match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Lost::Closed),
            Err(_) => Err(Lost::TimedOut),
        }
    }

    /// Received and not yet used.
    pub(super) fn pending(&self) -> &[u8] {
        &self.input[self.used..]
    }

    pub(super) fn consume(&mut self, count: usize) {
        self.used += count;
        if self.used == self.input.len() {
            self.input.clear();
            self.used = 0;
        }
    }

    /// Waits for more input; replies go out first.
    pub(super) async fn fill(&mut self, limit: Duration) -> Result<(), Lost> {
        self.flush().await?;
        self.input.drain(..self.used);
        self.used = 0;
        self.input.reserve(READ_SIZE);
        let read = self.stream.read_buf(&mut self.input);
        match tokio::time::timeout(limit, read).await {
            Ok(Ok(0)) | Ok(Err(_)) => Err(Lost::Closed),
            Ok(Ok(_)) => Ok(()),
            Err(_) => Err(Lost::TimedOut),
        }
    }

    /// Takes in what has arrived already, without waiting: is there unused input?
    pub(super) async fn has_early_input(&mut self) -> bool {
        if !self.pending().is_empty() {
            return true;
        }
        let mut piece = [0u8; 1024];
        let stream = &mut self.stream;
        let arrived = std::future::poll_fn(|context| {
            let mut buffer = ReadBuf::new(&mut piece);
            Poll::Ready(match Pin::new(&mut *stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) => buffer.filled().len(),
                _ => 0,
            })
        })
        .await;
        self.input.extend_from_slice(&piece[..arrived]);
        arrived > 0
    }

    async fn read_command(&mut self) -> Result<Input, Lost> {
        let limit = self.server.policy.command_timeout;
        loop {
            match next_line(self.pending()) {
                NextLine::Line { text, whole } => {
                    let line = self.pending()[..text].to_vec();
                    self.consume(whole);
                    return Ok(Input::Line(line));
                }
                NextLine::Incomplete => self.fill(limit).await?,
                NextLine::TooLong(length) => return Ok(Input::TooLong(length)),
            }
        }
    }
}
