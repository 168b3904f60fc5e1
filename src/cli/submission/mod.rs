//! From a message text and a command line to an envelope in the queue.
//!
//! In: flags, words and the text of a message. Out: an envelope that is in the queue ([`Submitted`]), or an exit status.
//! Never here: delivery. `recipients`, `sender` and `text` read what was given; `store` commits it.

mod recipients;
mod sender;
mod store;
mod text;

use super::caller::Caller;
use super::invocation::Invocation;
use super::modes::Mode;
use super::start::complain;
use crate::config::Config;
use crate::daemon::Mta;
use crate::envelope::{BodyType, CommandDefaults, Envelope, EnvelopeFlags, FailureReport, receive};
use crate::logging::statistics::Message;
use crate::logging::{Errors, Priority, say};
use crate::message::Collector;
use crate::queue::Lease;
use crate::rewrite::Address;
use crate::schema::{DeliveryMode, Reply, SuperSafe, Sysexit, UserIds};
use crate::smtp::server::Client;
use crate::sys::accounts::User;
use crate::sys::{clock, identity};
use std::io;
use std::sync::Arc;

/// What whoever names no recipients hears.
const NOBODY_NAMED: &[u8] = b"Recipient names must be specified";

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
    /// Do blanks part addresses (OldStyleHeaders)? No more once a list has shown that commas do.
    old_style: bool,
    /// Something is wrong with the command line that keeps nothing back; the exit status tells, unless an address is worse.
    misused: bool,
    /// How many mailboxes Errors-To names, where they count (UseErrorsTo).
    told: usize,
}

impl<'a> Submission<'a> {
    pub(super) fn new(mta: &'a Arc<Mta>, invocation: &'a Invocation, caller: Caller, keeps: bool) -> Self {
        let config = &mta.site.config;
        let mut client = Client::local_user(&caller.name);
        // what the site says counts more than the mode and -G
        let modifiers = config.options.direct_submission_modifiers.clone();
        client.daemon.modifiers = modifiers.unwrap_or_else(|| match invocation.gateway {
            true => b"Cf".to_vec(),
            // mail that another host hands in is none of its user's
            false if is_from_arpanet(invocation) => Vec::new(),
            false => b"cu".to_vec(),
        });
        let envelope = Envelope { id: mta.queue.next_id(), created: clock::now(), ..Envelope::default() };
        let old_style = config.options.old_style_headers;
        let (misused, told) = (false, 0);
        let mut submission =
            Self { mta, invocation, caller, client, envelope, keeps, old_style, misused, told };
        submission.envelope.attempt.no_alias = invocation.no_alias;
        let caller = &submission.caller;
        // who has no account has a number at least, where he says whose mail it is
        let number = invocation.from.as_ref().map(|_| UserIds { uid: caller.uid, gid: identity::real_gid() });
        let ids = caller.account.as_ref().map(User::ids).or(number);
        submission.envelope.attempt.submitter = ids.filter(|_| !is_from_arpanet(invocation));
        submission
    }

    /// A time of the command line is in units that nobody knows, or -B names no body type.
    pub(super) fn misused(self, misused: bool) -> Self {
        Self { misused, ..self }
    }

    /// Everything up to the queue. The message is read when the caller has heard what is wrong with the command line.
    ///
    /// # Errors
    /// The exit status, when nothing came of it; the caller has been told.
    pub(super) async fn submit(
        mut self,
        message: impl FnOnce() -> io::Result<Vec<u8>>,
    ) -> Result<Submitted, Sysexit> {
        self.log_connection();
        self.set_macros();
        self.hear_arguments();
        self.set_dsn();
        self.set_sender().await;
        if self.invocation.names_nobody() {
            say(&self.invocation.spoken(NOBODY_NAMED));
        }
        self.add_operands().await;
        if self.misused {
            self.envelope.attempt.fail_with(Sysexit::USAGE);
        }
        let message = &message().map_err(|error| {
            // where whoever reads for this one was ended from outside, nobody listens
            if error.kind() != io::ErrorKind::UnexpectedEof {
                complain(&format!("collect: I/O error: {error}"));
            }
            Sysexit::IOERR
        })?[..];
        if self.envelope.attempt.console.release() > 0 && self.envelope.attempt.exit.is_ok() {
            self.envelope.attempt.fail_with(Sysexit::USAGE);
        }
        self.show_message(message);
        let mut text = self.trimmed(message);
        let seven_bit = match self.envelope.body_type {
            Some(declared) => declared == BodyType::SEVEN_BIT,
            None => self.mta.site.config.options.seven_bit_input,
        };
        if seven_bit {
            text.iter_mut().for_each(|byte| *byte &= 0x7f);
        }
        let (fields, body) = self.collect(&text);
        let only = self.only_operand();
        self.look_up_errors_to(&fields).await;
        let refused = self.envelope.attempt.console.has_errors();
        let only = only.filter(|_| self.told == 0);
        let given_up = self.add_named_in(&fields).await;
        self.name_recipient(only);
        self.envelope.size = self.size_of(message, &text);
        self.envelope.flags.set(EnvelopeFlags::EIGHT_BIT, !text.is_ascii());
        receive(&self.mta.site, &mut self.envelope, fields).await;
        if is_from_arpanet(self.invocation) {
            self.take_author().await;
        }
        let told = i64::try_from(self.told).unwrap_or(0);
        self.envelope.priority += told * self.mta.site.config.options.recipient_factor;
        self.envelope.hop_count = self.envelope.hop_count.max(self.invocation.hops);
        self.finish(body, refused, given_up).await
    }

    /// `-bv`: what became of each recipient is told; nothing is delivered.
    pub(super) async fn verify(mut self, message: &[u8]) -> Sysexit {
        self.log_connection();
        self.set_macros();
        self.hear_arguments();
        self.envelope.attempt.console.errors = Errors::Said;
        self.envelope.attempt.console.verifies = true;
        if self.invocation.names_nobody() {
            say(&self.invocation.spoken(NOBODY_NAMED));
        }
        self.add_operands().await;
        let mut faulty = self.envelope.attempt.console.release() > 0;
        if self.invocation.from_headers {
            let (mut body, mut collector) = (Vec::new(), Collector::default());
            collector.push(&self.trimmed(message), &mut body);
            if self.add_named_in(&collector.finish(&mut body)).await {
                return self.envelope.attempt.exit;
            }
        }
        faulty |= self.envelope.recipients.is_empty() && self.invocation.recipients.is_empty();
        if faulty {
            self.envelope.attempt.fail_with(Sysexit::USAGE);
        }
        for index in self.envelope.send_order() {
            let recipient = &self.envelope.recipients[index];
            if let Some(address) = recipient.address.as_ref().filter(|_| recipient.state.is_pending()) {
                let console = &self.envelope.attempt.console;
                console.say(&deliverable(&self.mta.site.config, &recipient.text, address));
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
        console.utf8 = options.utf8_addresses;
    }

    /// Nobody says SMTPUTF8 here: the addresses do (RFC 6531 leaves this to whoever takes a message from its author).
    fn note_utf8(&mut self) {
        let mut recipients = self.envelope.recipients.iter();
        let plain = self.envelope.sender.text.is_ascii() && recipients.all(|one| one.text.is_ascii());
        let utf8 = self.mta.site.config.options.utf8_addresses && !plain;
        self.envelope.flags.set(EnvelopeFlags::SMTPUTF8, utf8);
    }

    /// Into the queue, if there is anybody to go to.
    async fn finish(mut self, body: Vec<u8>, refused: bool, given_up: bool) -> Result<Submitted, Sysexit> {
        let mode = self.mta.site.config.options.delivery_mode;
        let waits = matches!(mode, DeliveryMode::Queue | DeliveryMode::Defer);
        let arpanet = is_from_arpanet(self.invocation);
        self.envelope.attempt.own_sender |= self.invocation.from.is_none() && !arpanet;
        self.envelope.attempt.interactive = true;
        self.envelope.leave_out_sender(&self.mta.site.config);
        self.log_sender();
        let anybody = !self.envelope.recipients.is_empty();
        let mut refused = refused;
        if anybody && self.is_oversized() {
            self.envelope.flags |= EnvelopeFlags::NO_BODY_RETURN;
            match given_up {
                // it is refused as a whole already: its header is too large, or whoever is to hear of errors cannot be had
                _ if refused => {}
                false => {
                    self.refuse_size();
                    refused = true;
                }
                // nobody gets it once what is wrong with its header has been told
                true => self.forget_pending(),
            }
        }
        if refused {
            self.fail_all();
        }
        let given_up = given_up || refused;
        self.envelope.attempt.failure = self.failure_report(given_up);
        self.envelope.attempt.unsplit = given_up;
        self.envelope.check_body_type();
        self.note_utf8();
        if !given_up && !waits {
            self.mta.deliverer.fail_mail_loop(&mut self.envelope);
        }
        let held = self.envelope.quarantine.is_some();
        if waits {
            self.defer_lookups();
        }
        self.envelope.location = self.mta.queue.location(self.mta.deliverer.queue_group(&self.envelope));
        let circles = !given_up && self.mta.deliverer.has_come_round(&self.envelope);
        let mut copies = match waits && !given_up && !held && !circles {
            true => self.mta.cut_handed_in(&mut self.envelope).await,
            false => Vec::new(),
        };
        // what waits is said to wait, whatever becomes of it
        if waits && circles {
            self.mta.log_waiting(&self.envelope);
            self.mta.deliverer.fail_mail_loop(&mut self.envelope);
        }
        let lease = self.commit(&body, &mut copies).await.map_err(|error| {
            complain(&error.to_string());
            Sysexit::IOERR
        })?;
        let mailer = self.envelope.sender.mailer(&self.mta.site.config);
        self.mta.log.count_message(Message::From, mailer, self.envelope.size);
        Ok(Submitted { lease, envelope: Box::new(self.envelope), now: !waits && !given_up && !held })
    }

    /// Who hears of failures, as ErrorMode says. Only one's own mail is kept, not what is sent in another's name;
    /// errors in the header are always told by mail, but with SuperSafe=interactive
    /// and SoftBounce.
    fn failure_report(&self, given_up: bool) -> FailureReport {
        let options = &self.mta.site.config.options;
        let at_once = options.super_safe == SuperSafe::Interactive || options.soft_bounce;
        let named = self.invocation.from.as_ref().filter(|from| **from != self.caller.name);
        let own = named.is_none() || self.envelope.attempt.own_sender;
        match options.error_mode {
            b'q' => FailureReport::Nothing,
            _ if is_from_arpanet(self.invocation) => FailureReport::Mail,
            b'p' if own && self.keeps && (!given_up || at_once) => FailureReport::DeadLetter,
            _ => FailureReport::Mail,
        }
    }

    /// Whoever calls is a client like any other.
    fn log_connection(&self) {
        let text = [b"connect from ", &self.client.display[..]].concat();
        self.mta.log.log(9, Priority::Info, Some(b"NOQUEUE"), &text);
    }

    fn set_dsn(&mut self) {
        let invocation = self.invocation;
        if let Some(kind) = &invocation.body_type {
            self.envelope.body_type = BodyType::parse(kind);
        }
        if let Some(ret) = &invocation.ret {
            let headers = ret.eq_ignore_ascii_case(b"hdrs");
            self.envelope.flags |= EnvelopeFlags::RETURN_GIVEN;
            self.envelope.flags.set(EnvelopeFlags::NO_BODY_RETURN, headers);
        }
        self.envelope.envid.clone_from(&invocation.envelope_id);
        self.envelope.attempt.defaults = Some(CommandDefaults {
            envid: self.envelope.envid.clone(),
            flags: self.envelope.flags & (EnvelopeFlags::RETURN_GIVEN | EnvelopeFlags::NO_BODY_RETURN),
            body_type: self.envelope.body_type,
            notifies: invocation.notify.is_some(),
        });
    }
}

/// `-ba`: the message came by the ARPANET's FTP, and its author is its sender.
fn is_from_arpanet(invocation: &Invocation) -> bool {
    invocation.mode == Mode::Arpanet
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

/// `ADDRESS... text`; the rules' refusal may name the address already, and 551 names the one to write to (RFC 5321, 4.2.2).
fn about(address: &[u8], reply: &Reply) -> Vec<u8> {
    if reply.code == 551 {
        return reply.text.clone();
    }
    // blanks behind it are none of the rules'
    let named = reply.text.strip_prefix(address.trim_ascii_end()).and_then(|rest| rest.strip_prefix(b"... "));
    [address, b"... ", named.unwrap_or(&reply.text)].concat()
}

/// The exit status for a refusal.
fn status_of(reply: &Reply) -> Sysexit {
    match reply.enhanced {
        _ if reply.is_temporary() => Sysexit::TEMPFAIL,
        Some(status) => Sysexit::of_status(status),
        None => Sysexit::UNAVAILABLE,
    }
}
