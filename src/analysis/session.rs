//! A client that asks a question, and the program around its session: a real one, in memory, of which nothing is left.

use super::passwords::Passwords;
use super::question::Question;
use super::recorder::Recorder;
use super::step::Exchange;
use crate::engine::Watcher;
use crate::envelope::{Envelope, QueueId};
use crate::keeper::Keeper;
use crate::logging::{Logger, Target};
use crate::recipients::{Checked, Expander};
use crate::rewrite::{Address, Rewriter, Site};
use crate::sasl;
use crate::schema::{EnhancedStatus, Reply};
use crate::smtp::server::{Acceptor, Client, MemorySink, Policy, QueueRun, Server, Session, Verified};
use crate::sys::clock;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream};

/// Room for what one side says while the other is not listening.
const PIPE: usize = 1 << 20;

/// Holds the whole conversation; `about` gets what happened before each reply.
pub(super) async fn hold(
    site: &Arc<Site>,
    keeper: &Keeper,
    question: &Question,
    recorder: &Arc<Mutex<Recorder>>,
) -> io::Result<Vec<Exchange>> {
    let log = Logger::open(Target::Nothing, b"", 0);
    let policy = Policy::from_config(&site.config);
    let acceptor = Asked { site: site.clone(), keeper: keeper.clone(), log, passwords: None };
    let (mut session, ours) = begin(policy, acceptor, question.client.clone());
    session.scope_mut().watch(Watcher::new(recorder.clone()));
    for (name, value) in &question.macros {
        session.scope_mut().set_named(&site.config, name.as_bytes(), value);
    }
    let session = tokio::spawn(session.serve());
    let mut talk = Talk { stream: BufReader::new(ours), recorder };
    let exchanges = talk.run(question).await?;
    drop(talk);
    session.await.map_err(io::Error::other)?;
    Ok(exchanges)
}

/// A session in memory, and the client's end of it.
pub(super) fn begin(policy: Policy, acceptor: Asked, client: Client) -> (Session<Asked>, DuplexStream) {
    let server = Server::new(acceptor.site.clone(), patient(policy), acceptor.log.clone());
    let (ours, theirs) = tokio::io::duplex(PIPE);
    (Session::new(Arc::new(server), acceptor, client, theirs), ours)
}

/// Nobody is slowed down: the answer is what counts.
fn patient(policy: Policy) -> Policy {
    Policy {
        max_greet_pause: Duration::ZERO,
        bad_rcpt_throttle: 0,
        bad_rcpt_shutdown: 0,
        delay_la: 0,
        ..policy
    }
}

struct Talk<'a> {
    stream: BufReader<DuplexStream>,
    recorder: &'a Arc<Mutex<Recorder>>,
}

impl Talk<'_> {
    async fn run(&mut self, question: &Question) -> io::Result<Vec<Exchange>> {
        let text = |bytes: &[u8]| {
            bytes.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n' | 0)).collect::<Vec<u8>>()
        };
        let mut done = vec![self.heard(Vec::new()).await?];
        for command in [
            [b"EHLO ", &text(&question.helo)[..]].concat(),
            [b"MAIL FROM:<", &text(&question.from)[..], b">"].concat(),
        ] {
            done.push(self.say(command).await?);
        }
        for recipient in &question.recipients {
            done.push(self.say([b"RCPT TO:<", &text(recipient)[..], b">"].concat()).await?);
        }
        if !question.headers.is_empty() {
            done.extend(self.message(&question.headers, text).await?);
        }
        self.put(b"QUIT").await?;
        Ok(done)
    }

    async fn message(
        &mut self,
        headers: &[Vec<u8>],
        text: impl Fn(&[u8]) -> Vec<u8>,
    ) -> io::Result<Vec<Exchange>> {
        let data = self.say(b"DATA".to_vec()).await?;
        if !data.reply.starts_with('3') {
            return Ok(vec![data]);
        }
        for field in headers {
            self.put(&text(field)).await?;
        }
        self.put(b"").await?;
        let mut end = self.say(b".".to_vec()).await?;
        end.command = "the message".into();
        Ok(vec![data, end])
    }

    async fn put(&mut self, line: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(&[line, b"\r\n"].concat()).await
    }

    async fn say(&mut self, command: Vec<u8>) -> io::Result<Exchange> {
        self.put(&command).await?;
        self.heard(command).await
    }

    /// The last line of the next reply; empty when the connection is closed.
    async fn heard(&mut self, command: Vec<u8>) -> io::Result<Exchange> {
        let mut reply = String::new();
        loop {
            reply.clear();
            if self.stream.read_line(&mut reply).await? == 0 || reply.as_bytes().get(3) != Some(&b'-') {
                break;
            }
        }
        let stages = self.recorder.lock().unwrap_or_else(PoisonError::into_inner).take();
        let command = String::from_utf8_lossy(&command).into_owned();
        Ok(Exchange { command, reply: reply.trim_end().to_owned(), stages })
    }
}

/// Knows who there is, and takes nothing.
pub(super) struct Asked {
    pub site: Arc<Site>,
    pub keeper: Keeper,
    pub log: Logger,
    /// Who is asked for passwords; `None`: nobody, who a client is, is given.
    pub passwords: Option<Arc<Passwords>>,
}

impl Acceptor for Asked {
    type Sink = MemorySink;

    fn next_id(&self) -> QueueId {
        QueueId::default()
    }

    fn now(&self) -> i64 {
        clock::now()
    }

    fn create_body(&self, _envelope: &mut Envelope) -> Result<MemorySink, Reply> {
        Ok(MemorySink::default())
    }

    fn has_room(&self, _size: u64) -> bool {
        true
    }

    async fn secret(&self, question: sasl::Question) -> sasl::Answer {
        match &self.passwords {
            Some(passwords) => Passwords::answer(passwords.clone(), question).await,
            None => sasl::Answer::No(sasl::Refusal::NoMethod),
        }
    }

    async fn verify(&self, envelope: &mut Envelope, address: Address) -> Verified {
        let mut rewriter = Rewriter::quiet(&self.site, &mut envelope.scope);
        let expander = Expander { site: &self.site, keeper: &self.keeper, logger: &self.log };
        match expander.check(&mut rewriter, &address).await {
            Checked::Deliverable(address) | Checked::Alias { address, .. } => Verified::Good(address),
            Checked::Unknown(reply) => Verified::Refused(reply),
            Checked::TooDeep(reply) => Verified::TooDeep(reply),
            Checked::Later(_) => Verified::Later(address),
        }
    }

    async fn accept(&self, _envelope: Envelope, _interactive: bool) -> Result<(), Reply> {
        Ok(())
    }

    fn discard(&self, _envelope: &Envelope) {}

    async fn expand(&self, _envelope: &mut Envelope, _text: &[u8], _expand: bool) -> (Vec<Reply>, usize) {
        let text = "Sorry, we do not allow this operation";
        (vec![Reply::new(502, Some(EnhancedStatus(5, 7, 0)), text)], 0)
    }

    fn run_queue(&self, _run: QueueRun) -> bool {
        false
    }
}
