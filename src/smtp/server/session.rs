//! A session: command lines in, commands dispatched.

use super::acceptor::Acceptor;
use super::client::Client;
use super::features::Features;
use super::filter::{Filter, FilterFactory};
use super::policy::Policy;
use super::rulesets::Rulesets;
use super::transaction::Transaction;
use super::usage::Usage;
use super::verbs::{Command, VerbRow};
use super::wire::{Input, Lost, Stream, Wire};
use crate::engine::Scope;
use crate::logging::{Logger, Priority};
use crate::rewrite::{Site, expand};
use crate::schema::{EnhancedStatus, Reply};
use crate::smtp::proto::{BareCharacter, split_verb};
use std::borrow::Cow;
use std::sync::Arc;

/// What all sessions of one loaded configuration share.
pub struct Server {
    /// Configuration, rules, maps.
    pub site: Arc<Site>,
    /// The options that matter here.
    pub policy: Policy,
    /// The log.
    pub log: Logger,
    /// Who may refuse or change a message, in this order; each session has filters of its own.
    pub filters: Vec<FilterFactory>,
}

impl Server {
    /// With the check rulesets as the only filter.
    pub fn new(site: Arc<Site>, policy: Policy, log: Logger) -> Self {
        Self { site, policy, log, filters: vec![Box::new(Rulesets::boxed)] }
    }
}

/// Does the session go on?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Flow {
    /// With the next command.
    Continue,
    /// No: what is still to be sent is sent, then the connection is closed.
    Close,
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
pub struct Session<A> {
    pub(super) server: Arc<Server>,
    pub(super) acceptor: A,
    pub(super) client: Client,
    pub(super) wire: Wire,
    pub(super) filters: Vec<Box<dyn Filter>>,
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
    pub(super) usage: Usage,
    /// MAIL, EXPN, VRFY or ETRN was used.
    issued_mail_command: bool,
    /// The greeting was given.
    served: bool,
    /// The command being worked on, for the log.
    last_command: Vec<u8>,
}

impl<A: Acceptor> Session<A> {
    /// A session that has not greeted yet.
    pub fn new(server: Arc<Server>, acceptor: A, client: Client, stream: impl Stream + 'static) -> Self {
        let config = server.site.config.clone();
        let mut scope = Scope::default();
        client.set_macros(&config, &mut scope);
        let hostname = expand(&server.site, &scope, b"\x81j");
        let features = Features::new(&server.policy, &client.daemon);
        let transaction = Transaction::new(acceptor.next_id(), &scope);
        let wire = Wire::new(stream, server.policy.command_timeout);
        let filters = server.filters.iter().map(|make| make()).collect();
        Self {
            server,
            acceptor,
            client,
            wire,
            filters,
            scope,
            hostname,
            features,
            refusal: None,
            discard: false,
            helo: None,
            transaction,
            verbose: false,
            usage: Usage::default(),
            issued_mail_command: false,
            served: false,
            last_command: Vec::new(),
        }
    }

    /// Serves the client to the end. All that can go wrong with the connection is logged here.
    pub async fn serve(mut self) {
        let limit = self.server.policy.command_timeout;
        let mut flow = self.greet().await;
        while flow == Flow::Continue {
            self.served = true;
            flow = match self.wire.read_line(limit).await {
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
        self.wire.close().await;
    }

    /// The transaction ends with the session; a client that did nothing is noted.
    fn finish(&mut self) {
        if self.served && !self.issued_mail_command && self.refusal.is_none() {
            let text = [
                &self.client.display[..],
                b" did not issue MAIL/EXPN/VRFY/ETRN during connection to ",
                &self.client.daemon.name,
            ]
            .concat();
            self.log(5, Priority::Info, &text);
        }
        self.drop_transaction();
    }

    fn too_long(&mut self, length: usize) -> Flow {
        let text = format!(": SMTP violation, input too long: {length}");
        let text = [&self.client.display[..], text.as_bytes()].concat();
        self.log(5, Priority::Info, &text);
        let text = [&self.hostname[..], b" Command too long, possible attack ", &self.client.display];
        let text = text.concat();
        self.say("421", Some("4.7.0"), &text);
        Flow::Close
    }

    async fn command(&mut self, line: &[u8]) -> Flow {
        self.usage.commands += 1;
        let Some(line) = self.without_carriage_returns(line) else { return self.refuse_carriage_return() };
        let (word, argument) = split_verb(&line);
        let row = VerbRow::find(word);
        self.issued_mail_command |= row.issued_mail_command;
        if let Some(reply) = self.refused(row) {
            self.error(&reply, None);
            return self.count_bad_command();
        }
        if self.slow_down(row).await == Flow::Close {
            return Flow::Close;
        }
        (row.run)(self, Command { word, argument, line: &line }).await
    }

    /// A carriage return in the middle of a line is the end of a line for some servers and none for others
    /// (RFC 5321, section 2.3.8): it is refused as in message data, or becomes a blank where `srv_features`
    /// is lax for this client; it is never passed on.
    fn without_carriage_returns<'a>(&self, line: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        if !line.contains(&b'\r') {
            return Some(Cow::Borrowed(line));
        }
        let blank = |byte: &u8| if *byte == b'\r' { b' ' } else { *byte };
        let strict = self.features.strictness.carriage_return == BareCharacter::Refuse;
        (!strict).then(|| line.iter().map(blank).collect())
    }

    fn refuse_carriage_return(&mut self) -> Flow {
        let text = [&self.client.display[..], b": SMTP violation, bare carriage return in command"].concat();
        self.log(5, Priority::Info, &text);
        let text = "Bare carriage return (CR) not allowed";
        self.error(&Reply::new(501, Some(EnhancedStatus(5, 5, 2)), text), None);
        self.count_bad_command()
    }

    fn refused(&self, row: &VerbRow<A>) -> Option<Reply> {
        let refusal = self.refusal.as_ref()?;
        (!row.when_refusing).then(|| refusal.reply())
    }

    pub(super) fn lost_input(&mut self, lost: Lost, phase: &str) -> Flow {
        if lost == Lost::TimedOut {
            let text =
                [b"timeout waiting for input from ", &self.client.display[..], b" during ", phase.as_bytes()];
            self.log(1, Priority::Info, &text.concat());
        }
        let level = if self.transaction.has_begun() { 1 } else { 19 };
        let command = self.last_command.split(|byte| *byte == b' ').next().unwrap_or_default();
        let command = if command.is_empty() { b"startup" } else { command };
        let text = [
            b"lost input channel from ",
            &self.client.display[..],
            b" to ",
            &self.client.daemon.name,
            b" after ",
            &command.to_ascii_lowercase(),
        ];
        self.log(level, Priority::Info, &text.concat());
        let text = [&self.hostname[..], b" Lost input channel from ", &self.client.display].concat();
        self.say("421", Some("4.4.1"), &text);
        Flow::Close
    }

    pub(super) fn log(&self, level: u8, priority: Priority, text: &[u8]) {
        self.server.log.log(level, priority, Some(self.transaction.envelope.id.as_bytes()), text);
    }
}
