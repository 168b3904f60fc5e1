//! What a session is.

use super::acceptor::Acceptor;
use super::client::Client;
use super::collecting::Collecting;
use super::features::Features;
use super::filter::{Filter, FilterFactory};
use super::greylisting::Greylisting;
use super::mail_authentication::MailAuthentication;
use super::mail_filters::MailFilters;
use super::policy::Policy;
use super::rulesets::Rulesets;
use super::transaction::Transaction;
use super::usage::Usage;
use super::wire::{Stream, Wire};
use crate::engine::Scope;
use crate::greylist::Greylist;
use crate::logging::{Logger, Priority, Steps};
use crate::milter::{Definitions, Milters, Shared};
use crate::rewrite::{Site, expand};
use crate::schema::{EnhancedStatus, Reply, Sysexit};
use crate::tls::{Material, Tls};
use std::path::Path;
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
    /// So many of them judge a message before the log has a line of it: the check rulesets, and what these must know.
    pub(super) judges: usize,
    /// Certificates and keys; without them nothing is protected.
    pub tls: Option<Tls>,
}

impl Server {
    /// With the check rulesets as the only filter.
    pub fn new(site: Arc<Site>, policy: Policy, log: Logger) -> Self {
        Self { site, policy, log, filters: vec![Box::new(Rulesets::boxed)], judges: 1, tls: None }
    }

    /// With SPF, DKIM, DMARC and ARC before the rulesets, if the configuration wants them.
    pub fn with_mail_authentication(mut self) -> Self {
        if self.site.config.options.mail_authentication {
            let log = self.log.clone();
            self.filters.insert(0, Box::new(move |client| MailAuthentication::boxed(&log, client)));
            self.judges += 1;
        }
        self
    }

    /// With greylisting behind the rulesets, if the configuration wants it; `folder`: where what is known of strangers is kept.
    pub fn with_greylist(mut self, folder: &Path) -> Self {
        let options = &self.site.config.options;
        if options.greylist_delay > 0 {
            let path = folder.join("greylist");
            let list = Arc::new(Greylist::new(&path, options.greylist_delay, options.greylist_lifetime));
            let log = self.log.clone();
            self.filters.push(Box::new(move |_| Greylisting::boxed(&list, &log)));
        }
        self
    }

    /// With the mail filters of the configuration behind the rulesets.
    pub fn with_mail_filters(mut self, definitions: Definitions, shared: Shared) -> Self {
        let (definitions, shared) = (Arc::new(definitions), Arc::new(shared));
        self.filters.push(Box::new(move |client| {
            let own = client.daemon.filters.as_deref();
            Box::new(MailFilters::new(Milters::new(definitions.clone(), shared.clone(), own)))
        }));
        self
    }

    /// With STARTTLS.
    pub fn with_tls(self, tls: Tls) -> Self {
        Self { tls: Some(tls), ..self }
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
pub struct Session<A: Acceptor> {
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
    /// A filter wants everything tried again later.
    pub(super) put_off: bool,
    /// A filter wants the connection to end with the reply to this command.
    pub(super) ends: bool,
    /// What TLS is made with, while it is not there yet.
    pub(super) material: Option<Arc<Material>>,
    /// `check_relay` said discard: everything is accepted and thrown away.
    pub(super) discard: bool,
    /// The argument of HELO or EHLO.
    pub(super) helo: Option<Vec<u8>>,
    pub(super) transaction: Transaction,
    /// What the chunks so far have brought of a message.
    pub(super) chunks: Option<Box<Collecting<A::Sink>>>,
    /// Verbose mode: deliver before answering, and tell each step.
    pub(super) steps: Option<Steps>,
    pub(super) usage: Usage,
    /// MAIL, EXPN, VRFY or ETRN was used.
    pub(super) issued_mail_command: bool,
    /// The greeting was given.
    pub(super) served: bool,
    /// Top bits are taken off what comes in: SevenBitInput, or the last MAIL's BODY=7BIT, be it refused, up to and with the next MAIL.
    pub(super) seven_bit: bool,
    /// The command being worked on, for the log.
    pub(super) last_command: Vec<u8>,
    /// Of the first refusal that the rules made.
    pub(super) exit: Sysexit,
}

impl<A: Acceptor> Session<A> {
    /// A session that has not greeted yet.
    pub fn new(server: Arc<Server>, acceptor: A, client: Client, stream: impl Stream + 'static) -> Self {
        let config = server.site.config.clone();
        let mut scope = Scope::default();
        client.set_macros(&config, &mut scope);
        let hostname = expand(&server.site, &scope, b"\x81j");
        let xclient = client.may_name_another(&config);
        let features = Features { xclient, ..Features::new(&server.policy, &client.daemon) };
        let transaction = Transaction::new(acceptor.next_id(), &scope);
        let wire = Wire::new(stream, server.policy.command_timeout).heard_by(server.log.dialogue());
        let seven_bit = client.seven_bit_input(&server.policy);
        let filters = server.filters.iter().map(|make| make(&client)).collect();
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
            put_off: false,
            ends: false,
            material: None,
            discard: false,
            helo: None,
            transaction,
            chunks: None,
            steps: None,
            usage: Usage::default(),
            issued_mail_command: false,
            served: false,
            seven_bit,
            last_command: Vec::new(),
            exit: Sysexit::OK,
        }
    }

    /// The macros of the connection: what is set here, rules see from the first one on.
    pub fn scope_mut(&mut self) -> &mut Scope {
        &mut self.scope
    }

    /// What the rules refuse for good is the exit status of whoever runs a session by hand (-bs).
    pub(super) fn refused_by_rules(&mut self, reply: &Reply, status: Sysexit) {
        if self.exit.is_ok() && reply.is_permanent() {
            self.exit = status;
        }
    }

    pub(super) fn log(&self, level: u8, priority: Priority, text: &[u8]) {
        self.server.log.log(level, priority, Some(self.transaction.envelope.id.as_bytes()), text);
    }
}
