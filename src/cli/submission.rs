//! From a message text and a command line to an envelope in the queue.

use super::caller::Caller;
use super::invocation::Invocation;
use super::start::complain;
use crate::addr::{bare_bytes, one_line};
use crate::config::Config;
use crate::daemon::{Mta, full_name, full_name_of};
use crate::envelope::{
    Body, BodyType, Envelope, EnvelopeFlags, FailureReport, Recipient, RecipientFlags, RecipientState,
    plain_address, receive, set_sender,
};
use crate::logging::{Errors, Priority, Quiet, RecipientLine, SenderLine, say};
use crate::message::{Collector, Header, HeaderKind, set_dates};
use crate::queue::{Lease, QueueError};
use crate::recipients::Expander;
use crate::rewrite::{Address, AddressKind, Rewriter};
use crate::schema::{DeliveryMode, EnhancedStatus, Privacy, Reply, Sysexit};
use crate::smtp::server::Client;
use crate::sys::{clock, startup};
use std::ffi::{OsStr, OsString};
use std::sync::Arc;

/// Whom alerts name where nobody is at the other end of a connection.
const UNKNOWN_CLIENT: &[u8] = b"[UNKNOWN]";

/// A message that has been read: in the queue, or with nobody to go to.
pub(super) struct Submitted {
    pub(super) lease: Option<Lease>,
    pub(super) envelope: Box<Envelope>,
    /// Is it to be delivered now?
    pub(super) now: bool,
}

/// One message being handed in.
pub(super) struct Submission<'a> {
    mta: &'a Arc<Mta>,
    invocation: &'a Invocation,
    caller: Caller,
    client: Client,
    envelope: Envelope,
    /// Can the caller keep what was not sent?
    keeps: bool,
}

impl<'a> Submission<'a> {
    pub(super) fn new(mta: &'a Arc<Mta>, invocation: &'a Invocation, caller: Caller, keeps: bool) -> Self {
        let config = &mta.site.config;
        let mut client = Client::local_user(&caller.name);
        let modifiers = config.options.direct_submission_modifiers.clone();
        client.daemon.modifiers = match invocation.gateway {
            true => b"Cf".to_vec(),
            false => modifiers.unwrap_or_else(|| b"cu".to_vec()),
        };
        let envelope = Envelope { id: mta.queue.next_id(), created: clock::now(), ..Envelope::default() };
        Self { mta, invocation, caller, client, envelope, keeps }
    }

    /// Everything up to the queue.
    ///
    /// # Errors
    /// The exit status, when nothing came of it; the caller has been told.
    pub(super) async fn submit(mut self, message: &[u8]) -> Result<Submitted, Sysexit> {
        self.alert_newlines();
        self.set_macros();
        self.hear_arguments();
        self.set_sender().await;
        self.set_dsn()?;
        self.add_operands().await;
        if self.envelope.attempt.console.release() > 0 {
            self.envelope.attempt.fail_with(Sysexit::USAGE);
        }
        let mut text = self.trimmed(message);
        if self.envelope.body_type == Some(BodyType::SevenBit) {
            text.iter_mut().for_each(|byte| *byte &= 0x7f);
        }
        let save_from_line = self.mta.site.config.options.save_from_line;
        let (mut body, mut collector) = (Vec::new(), Collector::with_from_line(save_from_line));
        collector.push(&text, &mut body);
        let fields = collector.finish(&mut body);
        let only = self.only_operand();
        let given_up = self.add_named_in(&fields).await;
        self.name_recipient(only);
        // a separator line in front counts as well
        let separator = if text.is_empty() { 0 } else { self.separator(message).len() };
        self.envelope.size = (separator + text.len()) as u64;
        self.envelope.flags.set(EnvelopeFlags::EIGHT_BIT, !text.is_ascii());
        receive(&self.mta.site, &mut self.envelope, fields).await;
        self.envelope.hop_count = self.envelope.hop_count.max(self.invocation.hops);
        self.finish(body, given_up).await
    }

    /// `-bv`: what became of each recipient is told; nothing is delivered.
    pub(super) async fn verify(mut self, message: &[u8]) -> Sysexit {
        self.set_macros();
        self.hear_arguments();
        self.envelope.attempt.console.errors = Errors::Said;
        self.envelope.attempt.console.verifies = true;
        self.add_operands().await;
        let mut faulty = self.envelope.attempt.console.release() > 0;
        if self.invocation.from_headers {
            let (mut body, mut collector) = (Vec::new(), Collector::default());
            collector.push(&self.trimmed(message), &mut body);
            if self.add_named_in(&collector.finish(&mut body)).await {
                return self.envelope.attempt.exit;
            }
        }
        faulty |= self.envelope.recipients.is_empty();
        if faulty {
            self.envelope.attempt.fail_with(Sysexit::USAGE);
        }
        for index in self.envelope.send_order() {
            let recipient = &self.envelope.recipients[index];
            if let Some(address) = recipient.address.as_ref().filter(|_| recipient.state.is_pending()) {
                say(&deliverable(&self.mta.site.config, &recipient.text, address));
            }
        }
        self.envelope.attempt.exit
    }

    /// Errors in arguments are told at once and logged.
    fn hear_arguments(&mut self) {
        let options = &self.mta.site.config.options;
        let console = &mut self.envelope.attempt.console;
        console.steps = options.verbose;
        console.errors = if options.error_mode == b'p' { Errors::Said } else { Errors::Unsaid };
        console.logged = true;
    }

    /// Recipients of the command line, in their order.
    async fn add_operands(&mut self) {
        let words = &self.invocation.recipients;
        if words.is_empty() && !self.invocation.from_headers {
            say(b"Recipient names must be specified");
            self.envelope.attempt.fail_with(Sysexit::USAGE);
        }
        for word in words {
            if word.contains(&b'\n') {
                let id = self.envelope.id.as_bytes();
                self.mta.log.alert_newline(Some(id), UNKNOWN_CLIENT, word);
            }
            self.add_list(&one_line(word)).await;
        }
    }

    /// The recipient of the command line, if there is one only.
    fn only_operand(&self) -> Option<Vec<u8>> {
        let mut named = self.envelope.recipients.iter().filter(|one| one.parent.is_none());
        named.next().filter(|_| named.next().is_none()).map(|only| only.text.clone())
    }

    /// `$u`, which the Received field shows: nobody's where there are several, who need not know of each other.
    fn name_recipient(&mut self, only: Option<Vec<u8>>) {
        let config = &self.mta.site.config;
        match (only, config.macro_id("u")) {
            (Some(only), _) => self.envelope.scope.set_named(config, b"u", &only),
            (None, Some(id)) => self.envelope.scope.unset(id),
            (None, None) => {}
        }
    }

    /// With -t, those of the header as well. Errors in it are told when all is read, whatever ErrorMode says, and the
    /// message waits in the queue then: `true`.
    async fn add_named_in(&mut self, fields: &[Header]) -> bool {
        let console = &mut self.envelope.attempt.console;
        (console.errors, console.logged) = (Errors::Held, false);
        if self.invocation.from_headers {
            let kind = |field: &Header| HeaderKind::of(&field.name);
            let resent = fields.iter().any(|field| kind(field).contains(HeaderKind::RESENT));
            let named = |field: &&Header| {
                let kind = kind(field);
                kind.contains(HeaderKind::RECIPIENT) && resent == kind.contains(HeaderKind::RESENT)
            };
            for field in fields.iter().filter(named) {
                self.add_list(&one_line(&field.value)).await;
            }
            if self.envelope.recipients.is_empty() {
                say(b"No recipient addresses found in header");
            }
        }
        let given_up = self.envelope.attempt.console.release() > 0;
        self.envelope.attempt.console.errors = Errors::Unsaid;
        given_up
    }

    /// Into the queue, if there is anybody to go to.
    async fn finish(mut self, body: Vec<u8>, given_up: bool) -> Result<Submitted, Sysexit> {
        let options = &self.mta.site.config.options;
        let mode = if options.verbose { DeliveryMode::Interactive } else { options.delivery_mode };
        let waits = matches!(mode, DeliveryMode::Queue | DeliveryMode::Defer);
        self.envelope.attempt.own_sender = self.invocation.from.is_none();
        self.envelope.attempt.interactive = true;
        self.log_sender();
        let too_large = self.refuse_size();
        let given_up = given_up || too_large;
        self.envelope.attempt.failure = self.failure_report(given_up);
        self.envelope.attempt.unsplit = given_up;
        self.name_body_type();
        if !given_up {
            self.mta.deliverer.fail_mail_loop(&mut self.envelope);
        }
        let held = self.envelope.quarantine.is_some();
        if waits {
            self.defer_lookups();
        }
        let copies = match waits && !given_up && !held {
            true => self.mta.deliverer.split_by_owner(&mut self.envelope).await,
            false => Vec::new(),
        };
        let lease = self.commit(&body, &copies).await.map_err(|error| {
            complain(&error.to_string());
            Sysexit::IOERR
        })?;
        if waits && !given_up && !held {
            std::iter::once(&self.envelope).chain(&copies).for_each(|envelope| self.log_queued(envelope));
        }
        Ok(Submitted { lease, envelope: Box::new(self.envelope), now: !waits && !given_up && !held })
    }

    /// What was not looked up on purpose (DeliveryMode d) is nothing to tell.
    fn defer_lookups(&mut self) {
        let queued = |one: &&mut Recipient| one.state == RecipientState::Queued;
        let mut deferred = false;
        for recipient in self.envelope.recipients.iter_mut().filter(queued) {
            (recipient.message, recipient.control, deferred) = (None, None, true);
        }
        if deferred && self.envelope.attempt.exit.is_ok() {
            self.envelope.message = None;
        }
    }

    /// A body that is said to have 8-bit data and has none has 7-bit data.
    fn name_body_type(&mut self) {
        let eight = self.envelope.flags.contains(EnvelopeFlags::EIGHT_BIT);
        if self.envelope.body_type == Some(BodyType::EightBitMime) && !eight {
            self.envelope.body_type = Some(BodyType::SevenBit);
        }
    }

    /// MaxMessageSize: what is larger goes to nobody, and its header only comes back.
    fn refuse_size(&mut self) -> bool {
        let most = self.mta.site.config.options.max_message_size;
        if most <= 0 || self.envelope.size <= most.unsigned_abs() {
            return false;
        }
        let id = self.envelope.id.clone();
        let log = |priority, text: &[u8]| self.mta.log.log(4, priority, Some(id.as_bytes()), text);
        let text = format!("Message exceeds maximum fixed size ({most})");
        say(text.as_bytes());
        let measured = format!("message size ({}) exceeds maximum ({most})", self.envelope.size);
        log(Priority::Notice, measured.as_bytes());
        let (delay, priority) = (clock::now() - self.envelope.created, self.envelope.priority);
        for index in self.envelope.send_order() {
            let recipient = &mut self.envelope.recipients[index];
            if recipient.state.is_pending() {
                let to = vec![&recipient.text[..]];
                let line =
                    RecipientLine { to, delay, priority, stat: text.as_bytes(), ..RecipientLine::default() };
                log(Priority::Info, &line.to_line());
                recipient.state = RecipientState::Failed;
                recipient.status = Some(EnhancedStatus(5, 0, 0));
            }
        }
        let reply = Reply::new(552, Some(EnhancedStatus(5, 2, 3)), text.clone());
        self.envelope.attempt.transcript.extend([&reply.to_line()[..], b"\n"].concat());
        self.envelope.note(text.as_bytes(), true);
        self.envelope.flags |= EnvelopeFlags::NO_BODY_RETURN;
        true
    }

    /// Who hears of failures, as ErrorMode says. Only one's own mail is kept, not what is sent in another's name;
    /// errors in the header are always told by mail.
    fn failure_report(&self, given_up: bool) -> FailureReport {
        let own = self.invocation.from.as_ref().is_none_or(|from| *from == self.caller.name);
        match self.mta.site.config.options.error_mode {
            b'q' => FailureReport::Nothing,
            b'p' if own && self.keeps && !given_up => FailureReport::DeadLetter,
            _ => FailureReport::Mail,
        }
    }

    /// A `to=` line for everybody who has to wait for a queue run.
    fn log_queued(&self, envelope: &Envelope) {
        let config = &self.mta.site.config;
        for index in envelope.send_order() {
            let recipient = &envelope.recipients[index];
            if !recipient.state.is_pending() {
                continue;
            }
            let mailer =
                recipient.address.as_ref().and_then(|one| config.mailers.get(usize::from(one.mailer.0)));
            let to = log_text(&recipient.text);
            let line = RecipientLine {
                to: vec![&to],
                delay: clock::now() - envelope.created,
                mailer: mailer.map(|mailer| &mailer.name[..]),
                priority: envelope.priority,
                stat: b"queued",
                ..RecipientLine::default()
            };
            self.mta.log.log(4, Priority::Info, Some(envelope.id.as_bytes()), &line.to_line());
        }
    }

    /// Copies first: they must not be lost when the message that they were made of is delivered.
    async fn commit(&mut self, body: &[u8], copies: &[Envelope]) -> Result<Option<Lease>, QueueError> {
        let queue = &self.mta.queue;
        let location = queue.location(0);
        for copy in copies.iter().filter(|copy| copy.pending().next().is_some()) {
            let mut copy = Envelope { location, ..copy.clone() };
            copy.body = self.stored_body(&copy, body).await?;
            queue.commit(&copy).await?;
        }
        self.envelope.location = location;
        if self.envelope.pending().next().is_none() {
            self.envelope.body = Body::from_memory(body);
            return Ok(None);
        }
        self.envelope.body = self.stored_body(&self.envelope, body).await?;
        queue.commit(&self.envelope).await.map(Some)
    }

    async fn stored_body(&self, envelope: &Envelope, body: &[u8]) -> Result<Body, QueueError> {
        let mut sink = self.mta.queue.create_body(&envelope.key())?;
        sink.write(body)?;
        sink.finish().await
    }

    fn alert_newlines(&self) {
        for word in &self.invocation.newlines {
            self.mta.log.alert_newline(Some(b"NOQUEUE"), UNKNOWN_CLIENT, word);
        }
    }

    fn set_macros(&mut self) {
        let config = &self.mta.site.config;
        let scope = &mut self.envelope.scope;
        self.client.set_macros(config, scope);
        set_dates(config, scope, self.envelope.created);
        scope.set_named(config, b"i", self.envelope.id.as_bytes());
        if let Some(protocol) = &self.invocation.protocol {
            let mut parts = protocol.splitn(2, |byte| *byte == b':');
            scope.set_named(config, b"r", parts.next().unwrap_or_default());
            if let Some(host) = parts.next() {
                scope.set_named(config, b"s", host);
            }
        }
        let name = self.invocation.full_name.clone().or_else(|| {
            startup::callers_variable(OsStr::new("NAME"))
                .map(OsString::into_encoded_bytes)
                .filter(|name| !name.is_empty())
        });
        let own = || match &self.caller.account {
            Some(user) if self.invocation.from.is_none() => full_name(user),
            _ => Vec::new(),
        };
        let name = name.unwrap_or_else(own);
        if !name.is_empty() {
            scope.set_named(config, b"x", &one_line(&name));
        }
    }

    async fn set_sender(&mut self) {
        let given = self.invocation.from.clone();
        let text = match &given {
            Some(from) if from.is_empty() => b"<>".to_vec(),
            Some(from) => from.clone(),
            None => self.caller.name.clone(),
        };
        let parsed = set_sender(&self.mta.site, &mut self.envelope, &mut Quiet, &text).await;
        for problem in &parsed.problems {
            self.envelope.attempt.console.error(&about(&text, problem));
        }
        if parsed.address.is_none() {
            return self.fall_back_on_caller(&text, parsed.problems.first()).await;
        }
        self.envelope.auth = self.qualified_sender();
        if let Some(address) = parsed.address.filter(|_| given.is_some()) {
            self.name_sender(&address).await;
        }
        if given.is_some_and(|given| given != self.caller.name) {
            self.warn_about_sender(&text);
        }
    }

    /// The full name of a sender with an account here, unless -F or NAME says another.
    async fn name_sender(&mut self, address: &Address) {
        let config = &self.mta.site.config;
        if self.envelope.scope.get_named(config, b"x").is_none() {
            let name = full_name_of(self.mta, address).await;
            if !name.is_empty() {
                self.envelope.scope.set_named(config, b"x", &one_line(&name));
            }
        }
    }

    /// A sender that is none: the message is the caller's own.
    async fn fall_back_on_caller(&mut self, text: &[u8], problem: Option<&Reply>) {
        let from = [&self.caller.name[..], b"@localhost"].concat();
        let said = [b"setsender: ", text, b": invalid or unparsable, received from ", &from].concat();
        self.mta.log.log(2, Priority::Notice, Some(self.envelope.id.as_bytes()), &said);
        self.envelope.message = problem.map(|problem| about(text, problem));
        self.envelope.attempt.fail_with(problem.map_or(Sysexit::USAGE, status_of));
        let own = self.caller.name.clone();
        set_sender(&self.mta.site, &mut self.envelope, &mut Quiet, &own).await;
        self.envelope.auth = self.qualified_sender();
    }

    /// The sender with a domain, as servers that ask for AUTH= want it; not where it is in doubt whose it is.
    fn qualified_sender(&self) -> Option<Vec<u8>> {
        let sender = &self.envelope.sender.text;
        let own = self.invocation.from.as_ref().is_none_or(|from| *from == self.caller.name);
        if self.envelope.sender.is_null() || !(own || self.is_trusted()) {
            return None;
        }
        // a route is not part of the mailbox (RFC 5321, appendix C)
        let colon = sender.iter().rposition(|byte| *byte == b':').filter(|_| sender.starts_with(b"@"));
        let mailbox = &plain_address(&sender[colon.map_or(0, |colon| colon + 1)..])[..];
        Some(match mailbox.contains(&b'@') {
            true => mailbox.to_vec(),
            false => [mailbox, b"@", &self.mta.site.config.expand(b"\x81j")].concat(),
        })
    }

    /// Root, and class t.
    fn is_trusted(&self) -> bool {
        let config = &self.mta.site.config;
        let trusted = config.macro_id("t").and_then(|id| config.classes.get(id));
        trusted.is_some_and(|class| class.contains(&self.caller.name)) || self.caller.uid == 0
    }

    /// Who says to be somebody else is named, unless trusted (class t).
    fn warn_about_sender(&mut self, text: &[u8]) {
        let config = &self.mta.site.config;
        if self.is_trusted() || !config.options.privacy_options.contains(Privacy::AUTH_WARNINGS) {
            return;
        }
        let host = config.expand(b"\x81j");
        let (caller, flag) = (&self.caller.name[..], [self.invocation.from_letter]);
        let warning = [b" ", &host[..], b": ", caller, b" set sender to ", text, b" using -", &flag].concat();
        self.envelope.headers.0.push(Header::generated(b"X-Authentication-Warning", &warning));
        let logged = [b"Authentication-Warning:", &warning[..]].concat();
        self.mta.log.log(4, Priority::Info, Some(self.envelope.id.as_bytes()), &logged);
    }

    fn set_dsn(&mut self) -> Result<(), Sysexit> {
        let invocation = self.invocation;
        let refused = |text: &str| {
            say(text.as_bytes());
            Sysexit::USAGE
        };
        if let Some(kind) = &invocation.body_type {
            self.envelope.body_type = BodyType::parse(kind);
            if self.envelope.body_type.is_none() {
                say(&[b"Illegal body type ", &kind[..]].concat());
                self.envelope.attempt.fail_with(Sysexit::USAGE);
            }
        }
        if let Some(ret) = &invocation.ret {
            let headers = ret.eq_ignore_ascii_case(b"hdrs");
            if !headers && !ret.eq_ignore_ascii_case(b"full") {
                return Err(refused("Invalid -R value"));
            }
            self.envelope.flags |= EnvelopeFlags::RETURN_GIVEN;
            self.envelope.flags.set(EnvelopeFlags::NO_BODY_RETURN, headers);
        }
        if let Some(envid) = &invocation.envelope_id {
            if !crate::smtp::proto::is_xtext(envid) {
                return Err(refused("Invalid syntax in -V flag"));
            }
            self.envelope.envid = Some(envid.clone());
        }
        self.notify().map(drop).ok_or_else(|| refused("Invalid -N argument"))
    }

    /// -N as flags; `None` for what is none.
    fn notify(&self) -> Option<RecipientFlags> {
        let Some(text) = &self.invocation.notify else { return Some(RecipientFlags::DEFAULT_NOTIFY) };
        let mut flags = RecipientFlags::HAS_NOTIFY;
        if text.eq_ignore_ascii_case(b"never") {
            return Some(flags);
        }
        for word in text.split(|byte| *byte == b',') {
            flags |= match word.to_ascii_lowercase().as_slice() {
                b"success" => RecipientFlags::SUCCESS,
                b"failure" => RecipientFlags::FAILURE,
                b"delay" => RecipientFlags::DELAY,
                _ => return None,
            };
        }
        Some(flags)
    }

    /// The `From ` line before the message, unless option SaveFromLine makes it part of it.
    fn separator<'m>(&self, message: &'m [u8]) -> &'m [u8] {
        if !message.starts_with(b"From ") || self.mta.site.config.options.save_from_line {
            return b"";
        }
        &message[..memchr::memchr(b'\n', message).map_or(message.len(), |end| end + 1)]
    }

    /// The message as it is meant: no `From ` line before it, nothing behind a lone dot.
    fn trimmed(&self, message: &[u8]) -> Vec<u8> {
        let rest = &message[self.separator(message).len()..];
        let dots = self.mta.site.config.options.ignore_dots;
        let mut text = Vec::with_capacity(rest.len() + 1);
        for line in rest.split_inclusive(|byte| *byte == b'\n') {
            let plain = line.strip_suffix(b"\n").unwrap_or(line);
            let plain = plain.strip_suffix(b"\r").unwrap_or(plain);
            if plain == b"." && !dots {
                break;
            }
            // as in SMTP: who may end his message with a dot writes two for one
            let stuffed = !dots && plain.starts_with(b"..");
            text.extend_from_slice(&plain[usize::from(stuffed)..]);
            if line.ends_with(b"\n") {
                text.push(b'\n');
            }
        }
        text
    }

    /// The members of an address list, the last one first, each expanded at once.
    async fn add_list(&mut self, text: &[u8]) {
        let old_style = self.mta.site.config.options.old_style_headers;
        for member in split_list(text, old_style).into_iter().rev() {
            self.add(&member).await;
        }
    }

    async fn add(&mut self, text: &[u8]) {
        let site = self.mta.site.clone();
        let parsed =
            Rewriter::quiet(&site, &mut self.envelope.scope).parse(text, AddressKind::RECIPIENT).await;
        for problem in &parsed.problems {
            self.complain_of(text, problem);
        }
        if parsed.address.is_none() && !parsed.temporary {
            return self.refuse(text, parsed.problems.first());
        }
        let flags = RecipientFlags::PRIMARY | self.notify().unwrap_or(RecipientFlags::DEFAULT_NOTIFY);
        let address = parsed.address.map(|address| Address { text: text.to_vec(), ..address });
        let recipient = Recipient { text: text.to_vec(), address, flags, ..Recipient::default() };
        let first = self.envelope.recipients.len();
        self.envelope.append_recipient(&site.config, recipient);
        let expander = Expander { site: &site, keeper: &self.mta.keeper, logger: &self.mta.log };
        expander.expand_added(&mut self.envelope, &mut Quiet, clock::now(), first).await;
    }

    /// What is wrong with an address.
    fn complain_of(&mut self, text: &[u8], problem: &Reply) {
        let said = about(text, problem);
        self.envelope.attempt.console.error(&said);
        if self.envelope.attempt.console.logged {
            self.mta.log.log(4, Priority::Notice, Some(self.envelope.id.as_bytes()), &said);
        }
    }

    /// A recipient that is none: only the report knows it.
    fn refuse(&mut self, text: &[u8], reply: Option<&Reply>) {
        let recipient = Recipient {
            text: text.to_vec(),
            flags: RecipientFlags::PRIMARY | RecipientFlags::DEFAULT_NOTIFY,
            state: RecipientState::Failed,
            status: reply.and_then(|reply| reply.enhanced),
            message: reply.map(|reply| reply.text.clone()),
            reply: reply.cloned(),
            ..Recipient::default()
        };
        self.envelope.append_recipient(&self.mta.site.config, recipient);
        let exit = reply.map_or(Sysexit::USAGE, status_of);
        self.envelope.attempt.fail_with(exit);
    }

    fn log_sender(&self) {
        let envelope = &self.envelope;
        let line = SenderLine {
            from: &envelope.sender.text,
            size: envelope.size,
            class: envelope.class,
            recipients: envelope.counted_recipients(),
            message_id: envelope.message_id.as_deref(),
            body_type: envelope.body_type.map(BodyType::as_bytes),
            protocol: envelope.scope.get_named(&self.mta.site.config, b"r"),
            daemon: None,
            relay: &self.client.display,
        };
        self.mta.log.log(4, Priority::Info, Some(envelope.id.as_bytes()), &line.to_line());
    }
}

/// `ADDR... deliverable: mailer M, host H, user U`
fn deliverable(config: &Config, text: &[u8], address: &Address) -> Vec<u8> {
    let mailer = config.mailers.get(usize::from(address.mailer.0));
    let mailer = mailer.map_or(&b"?"[..], |mailer| &mailer.name);
    let host = match address.host.as_deref() {
        Some(host) if !host.is_empty() => [b", host ", host].concat(),
        _ => Vec::new(),
    };
    [text, b"... deliverable: mailer ", mailer, &host, b", user ", &address.user].concat()
}

/// An address as the log shows it: backslashes doubled.
fn log_text(address: &[u8]) -> Vec<u8> {
    address.iter().flat_map(|byte| std::iter::repeat_n(*byte, if *byte == b'\\' { 2 } else { 1 })).collect()
}

/// `ADDRESS... text`; the rules' refusal may name the address already.
fn about(address: &[u8], reply: &Reply) -> Vec<u8> {
    let named = reply.text.strip_prefix(address).is_some_and(|rest| rest.starts_with(b"... "));
    if named { reply.text.clone() } else { [address, b"... ", &reply.text].concat() }
}

/// The exit status for a refusal.
fn status_of(reply: &Reply) -> Sysexit {
    match reply.enhanced {
        _ if reply.is_temporary() => Sysexit::TEMPFAIL,
        Some(status) => Sysexit::of_status(status),
        None => Sysexit::UNAVAILABLE,
    }
}

/// Cuts an address list at its commas; what is left of groups is for the rules, and blanks before a comma belong to the
/// address. With OldStyleHeaders blanks are enough where nothing tells that commas are meant.
fn split_list(text: &[u8], old_style: bool) -> Vec<Vec<u8>> {
    let at_blanks = old_style && !text.iter().any(|byte| b",;<(".contains(byte));
    let (mut parts, mut start) = (Vec::new(), 0);
    for (at, _) in bare_bytes(text).filter(|(_, byte)| if at_blanks { *byte == b' ' } else { *byte == b',' })
    {
        parts.push(&text[start..at]);
        start = at + 1;
    }
    parts.push(&text[start..]);
    let parts = parts.into_iter().map(|part| part.trim_ascii_start().to_vec());
    parts.filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::split_list;

    fn split(text: &str) -> Vec<String> {
        let list = split_list(text.as_bytes(), true);
        list.iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect()
    }

    #[test]
    fn lists() {
        assert_eq!(
            split(" a@b, \"x, y\" <c@d>,(a, b) e ,,f\n g"),
            ["a@b", "\"x, y\" <c@d>", "(a, b) e ", "f\n g"]
        );
        assert_eq!(split("friends: a, b;, c"), ["friends: a", "b;", "c"]);
        assert_eq!(split("a b \"c d\""), ["a", "b", "\"c d\""]);
        assert!(split(" , ").is_empty());
    }
}
