//! Many questions, each answered in one line: what [`super::session`] hears from a session, asked of the rules directly.
//!
//! In: [`Ask`]s. Out: [`Answer`]s, which two configurations can be compared by. The macros of a connection and of a
//! transaction are those of a session: they are made once for each client and sender.

use super::corpus::CorpusClient;
use super::destination::destination;
use super::side::Side;
use crate::engine::Scope;
use crate::envelope::{Envelope, set_sender};
use crate::logging::{Logger, Quiet, Target};
use crate::recipients::{Checked, Expander};
use crate::rewrite::{Address, AddressKind, Rewriter, Verdict};
use crate::schema::{EnhancedStatus, Reply};
use std::collections::HashMap;
use std::sync::Arc;

/// One question.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Ask {
    /// May this client connect?
    Connect(Arc<CorpusClient>),
    /// May it send as this sender?
    Mail(Arc<CorpusClient>, Arc<[u8]>),
    /// May it send from that sender to this recipient?
    Rcpt(Arc<CorpusClient>, Arc<[u8]>, Arc<[u8]>),
    /// Where does mail for this recipient go?
    Resolve(Arc<[u8]>),
    /// How does a mailer write this address?
    Form(Arc<[u8]>, Form, Arc<[u8]>),
}

/// Where an address stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Form {
    /// The sender of the envelope.
    EnvelopeSender,
    /// From:.
    HeaderSender,
    /// The recipient of the envelope.
    EnvelopeRecipient,
    /// To:.
    HeaderRecipient,
}

impl Form {
    /// All of them, with the words for them.
    pub const ALL: &[(Self, &str, AddressKind)] = &[
        (Self::EnvelopeSender, "sender", AddressKind::SENDER),
        (Self::HeaderSender, "From:", AddressKind::HEADER_SENDER),
        (Self::EnvelopeRecipient, "recipient", AddressKind::RECIPIENT),
        (Self::HeaderRecipient, "To:", AddressKind::HEADER_RECIPIENT),
    ];

    fn row(self) -> &'static (Self, &'static str, AddressKind) {
        // every form has its row, in this order
        &Self::ALL[self as usize]
    }
}

impl Ask {
    /// What kind of question it is: a word for tables.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Connect(_) => "connect",
            Self::Mail(..) => "mail",
            Self::Rcpt(..) => "rcpt",
            Self::Resolve(_) => "route",
            Self::Form(..) => "header and envelope",
        }
    }
}

/// Client, sender, and what is asked of them.
type Circumstances<'a> = (Option<&'a CorpusClient>, Option<&'a [u8]>, &'a Ask);

impl Ask {
    /// What questions are put in order by, so that those of one client stand together, and of those the ones of one sender.
    pub(super) fn circumstances(&self) -> Circumstances<'_> {
        match self {
            Self::Connect(client) => (Some(client), None, self),
            Self::Mail(client, sender) | Self::Rcpt(client, sender, _) => (Some(client), Some(sender), self),
            Self::Resolve(_) | Self::Form(..) => (None, None, self),
        }
    }
}

impl std::fmt::Display for Ask {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let from = |client: &CorpusClient| {
            let name = client.name.as_ref().map(|name| format!("{name} ")).unwrap_or_default();
            let login = client.login.as_ref().map(|login| format!(", logged in as {login}"));
            format!("{name}[{}]{}", client.address, login.unwrap_or_default())
        };
        match self {
            Self::Connect(client) => write!(out, "connection from {}", from(client)),
            Self::Mail(client, sender) => write!(out, "MAIL FROM:<{}> by {}", text(sender), from(client)),
            Self::Rcpt(client, sender, recipient) => {
                write!(out, "RCPT TO:<{}> from <{}> by {}", text(recipient), text(sender), from(client))
            }
            Self::Resolve(address) => write!(out, "mail for {}", text(address)),
            Self::Form(mailer, form, address) => {
                write!(out, "{} {} through {}", form.row().1, text(address), text(mailer))
            }
        }
    }
}

/// One answer.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Answer {
    /// Is it a yes?
    pub accepted: bool,
    /// A reply, a destination, an address.
    pub text: Box<str>,
}

impl Answer {
    fn yes(text: &[u8]) -> Self {
        Self { accepted: true, text: String::from_utf8_lossy(text).into() }
    }

    fn no(reply: &Reply) -> Self {
        // as a session finishes it
        let line = reply.clone().with_codes().to_line();
        Self { accepted: false, text: String::from_utf8_lossy(&line).into() }
    }

    fn of(verdict: &Verdict, accepted: &[u8]) -> Self {
        match verdict {
            Verdict::Accept => Self::yes(accepted),
            Verdict::Discard => Self::yes(&[accepted, b", thrown away"].concat()),
            Verdict::Quarantine(reason) => Self::yes(&[accepted, b", quarantined: ", reason].concat()),
            Verdict::Reject { reply, .. } => Self::no(reply),
        }
    }
}

/// Connections and transactions whose macros are remembered; when there are more, all are forgotten.
const MAX_REMEMBERED: usize = 4096;

/// A transaction: client and sender.
type Begun = (Arc<CorpusClient>, Arc<[u8]>);

/// Asks one configuration; each thread has its own.
pub struct Asker<'s> {
    side: &'s Side,
    logger: Logger,
    connected: HashMap<Arc<CorpusClient>, (Scope, Answer)>,
    begun: HashMap<Begun, (Scope, Answer)>,
}

impl<'s> Asker<'s> {
    /// Nothing is asked yet.
    pub fn new(side: &'s Side) -> Self {
        let logger = Logger::open(Target::Nothing, b"", 0);
        Self { side, logger, connected: HashMap::new(), begun: HashMap::new() }
    }

    /// Asks.
    pub async fn ask(&mut self, ask: &Ask) -> Answer {
        match ask {
            Ask::Connect(client) => self.connect(client).await.1.clone(),
            Ask::Mail(client, sender) => self.mail(client, sender).await.1.clone(),
            Ask::Rcpt(client, sender, recipient) => self.rcpt(client, sender, recipient).await,
            Ask::Resolve(address) => self.resolve(address).await,
            Ask::Form(mailer, form, address) => self.form(mailer, *form, address).await,
        }
    }

    async fn connect(&mut self, client: &Arc<CorpusClient>) -> &(Scope, Answer) {
        if !self.connected.contains_key(client) {
            let known = self.connect_first(client).await;
            if self.connected.len() >= MAX_REMEMBERED {
                self.connected.clear();
            }
            self.connected.insert(client.clone(), known);
        }
        &self.connected[client]
    }

    async fn connect_first(&self, client: &Arc<CorpusClient>) -> (Scope, Answer) {
        let site = &*self.side.site;
        let (mut scope, who) = (Scope::default(), client.client());
        who.set_macros(&site.config, &mut scope);
        if let Some(login) = &client.login {
            let macros = [("auth_authen", login.as_str()), ("auth_type", "PLAIN"), ("auth_ssf", "0")];
            for (name, value) in macros {
                scope.set_named(&site.config, name.as_bytes(), value.as_bytes());
            }
        }
        let mut rewriter = Rewriter::quiet(site, &mut scope);
        let verdict = rewriter.check(b"check_relay", &who.name, Some(&who.address_text())).await;
        (scope, Answer::of(&verdict, b"accepted"))
    }

    async fn mail(&mut self, client: &Arc<CorpusClient>, sender: &Arc<[u8]>) -> &(Scope, Answer) {
        let key = (client.clone(), sender.clone());
        if !self.begun.contains_key(&key) {
            let known = self.mail_first(client, sender).await;
            if self.begun.len() >= MAX_REMEMBERED {
                self.begun.clear();
            }
            self.begun.insert(key.clone(), known);
        }
        &self.begun[&key]
    }

    async fn mail_first(&mut self, client: &Arc<CorpusClient>, sender: &Arc<[u8]>) -> (Scope, Answer) {
        let site = &*self.side.site;
        let mut envelope = Envelope { scope: self.connect(client).await.0.clone(), ..Envelope::default() };
        let sender = in_brackets(sender);
        let parsed = set_sender(site, &mut envelope, &mut Quiet, &sender).await;
        let mut scope = envelope.scope;
        let answer = match (parsed.problems.first(), &parsed.address) {
            (Some(problem), _) => Answer::no(problem),
            (None, None) => Answer::no(&later()),
            (None, Some(_)) => {
                scope.set_named(&site.config, b"addr_type", AddressKind::SENDER.addr_type());
                let verdict = Rewriter::quiet(site, &mut scope).check(b"check_mail", &sender, None).await;
                Answer::of(&verdict, b"250 2.1.0 Sender ok")
            }
        };
        (scope, answer)
    }

    async fn rcpt(
        &mut self,
        client: &Arc<CorpusClient>,
        sender: &Arc<[u8]>,
        recipient: &Arc<[u8]>,
    ) -> Answer {
        let mut scope = self.mail(client, sender).await.0.clone();
        let (site, recipient) = (&*self.side.site, in_brackets(recipient));
        let address = match parsed(&mut Rewriter::quiet(site, &mut scope), &recipient).await {
            Ok(address) => address,
            Err(reply) => return Answer::no(&reply),
        };
        let mailer =
            site.config.mailers.get(usize::from(address.mailer.0)).map_or(&b""[..], |mailer| &mailer.name);
        let host = address.host.as_deref().unwrap_or_default();
        let rows: [(&[u8], &[u8]); 4] = [
            (b"rcpt_mailer", mailer),
            (b"rcpt_host", host),
            (b"rcpt_addr", &address.user),
            (b"addr_type", AddressKind::RECIPIENT.addr_type()),
        ];
        for (name, value) in rows {
            scope.set_named(&site.config, name, value);
        }
        let verdict = Rewriter::quiet(site, &mut scope).check(b"check_rcpt", &recipient, None).await;
        Answer::of(&verdict, b"250 2.1.5 Recipient ok")
    }

    async fn resolve(&mut self, recipient: &Arc<[u8]>) -> Answer {
        let (site, mut scope) = (&*self.side.site, Scope::default());
        let mut rewriter = Rewriter::quiet(site, &mut scope);
        let address = match parsed(&mut rewriter, &in_brackets(recipient)).await {
            Ok(address) => address,
            Err(reply) => return Answer::no(&reply),
        };
        let expander = Expander { site, keeper: &self.side.keeper, logger: &self.logger };
        match expander.check(&mut rewriter, &address).await {
            Checked::Deliverable(address) => Answer::yes(&destination(
                &site.config,
                address.mailer,
                address.host.as_deref(),
                &address.user,
            )),
            Checked::Alias { value, .. } => Answer::yes(&[b"an alias for ", value.trim_ascii()].concat()),
            Checked::Unknown(reply) | Checked::TooDeep(reply) | Checked::Later(reply) => Answer::no(&reply),
        }
    }

    async fn form(&mut self, mailer: &[u8], form: Form, address: &[u8]) -> Answer {
        let (site, mut scope) = (&*self.side.site, Scope::default());
        let Some(mailer) = site.config.mailer(mailer) else { return Answer::yes(b"there is no such mailer") };
        let kind = form.row().2;
        let mut rewriter = Rewriter::quiet(site, &mut scope);
        Answer::yes(&rewriter.remote_name(address, mailer, kind, false, None).await.0)
    }
}

/// As a client writes an address.
fn in_brackets(address: &[u8]) -> Vec<u8> {
    [b"<", address, b">"].concat()
}

/// What the rules make of a recipient.
///
/// # Errors
/// The reply to it.
async fn parsed(rewriter: &mut Rewriter<'_>, recipient: &[u8]) -> Result<Address, Reply> {
    let parsed = rewriter.parse(recipient, AddressKind::RECIPIENT).await;
    match (parsed.problems.into_iter().next(), parsed.address) {
        (Some(problem), _) => Err(problem),
        (None, Some(address)) => Ok(address),
        (None, None) => Err(later()),
    }
}

fn later() -> Reply {
    Reply::new(451, Some(EnhancedStatus(4, 3, 2)), "Please try again later")
}
