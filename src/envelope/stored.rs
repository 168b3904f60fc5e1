//! What of an envelope outlives the process, whatever kind of queue keeps it.
//!
//! It has many fields of [`Envelope`] and is no part of it: what is alike by name is stored differently. Recipients that
//! are done are left out and addresses are text, macros have names in place of numbers, default header fields are
//! marked, the sender has its brackets. A listing reads it without rules or a scope, and a reader of queue files cannot
//! set by mistake what only a session or an attempt may. [`StoredEnvelope::of`] and [`StoredEnvelope::restore`] are the
//! two ways between them, and name each field once.

use super::body::Body;
use super::id::MessageKey;
use super::intake::final_recipient_of;
use super::note::Note;
use super::parameters::{BodyType, DeliverBy, EnvelopeFlags};
use super::recipient::{ControllingUser, Recipient, RecipientFlags, RecipientState};
use super::state::{AttemptState, Envelope, Sender};
use crate::config::Config;
use crate::engine::Scope;
use crate::message::{HeaderFacts, Headers, set_dates};

/// Macros that are kept whatever class persistentMacros says, as sendmail keeps them.
const PERSISTENT: [&[u8]; 4] = [b"_", b"r", b"s", b"daemon_flags"];

/// A message as a queue stores it. Recipients that are done are left out; addresses are text.
#[derive(Clone, Debug, Default)]
pub struct StoredEnvelope {
    /// Creation, seconds since the epoch.
    pub created: i64,
    /// Last attempt, seconds since the epoch; 0 before the first.
    pub last_attempt: i64,
    /// Attempts so far.
    pub attempts: i32,
    /// Lower is sooner; `None`: its queue file does not say.
    pub priority: Option<i64>,
    /// Flags.
    pub flags: EnvelopeFlags,
    /// BODY=
    pub body_type: Option<BodyType>,
    /// ENVID=, xtext as received.
    pub envid: Option<Vec<u8>>,
    /// AUTH=, xtext as received.
    pub auth: Option<Vec<u8>>,
    /// BY=
    pub deliver_by: Option<DeliverBy>,
    /// Why it is still here.
    pub message: Option<Vec<u8>>,
    /// Why it is held.
    pub quarantine: Option<Vec<u8>>,
    /// Macros: names without dollar or braces, values raw.
    pub macros: Vec<(Vec<u8>, Vec<u8>)>,
    /// The sender, brackets included where typed so.
    pub sender: Vec<u8>,
    /// Who is still to get it.
    pub recipients: Vec<Recipient>,
    /// Header fields.
    pub headers: Headers,
    /// The body.
    pub body: Body,
    /// The body's place is written down: it was found there, or put there for a report. (sendmail keeps to this.)
    pub body_placed: bool,
    /// By how many bytes sendmail counts the header as longer than it is; never stored.
    pub uncounted: i64,
    /// What was passed over when it was read: for the log and for reports; never stored.
    pub notes: Vec<Note>,
}

impl StoredEnvelope {
    /// What is kept of an envelope.
    pub fn of(config: &Config, envelope: &Envelope) -> Self {
        Self {
            created: envelope.created,
            last_attempt: envelope.last_attempt,
            attempts: envelope.attempts,
            priority: Some(envelope.priority),
            flags: stored_flags(envelope),
            body_type: envelope.body_type,
            envid: envelope.envid.clone(),
            auth: envelope.auth.clone(),
            deliver_by: envelope.deliver_by,
            message: envelope.message.clone(),
            quarantine: envelope.quarantine.clone(),
            macros: persistent_macros(config, &envelope.scope),
            sender: stored_sender(config, envelope),
            recipients: stored_recipients(config, envelope),
            headers: envelope.headers.clone().stored(config),
            body: envelope.body.clone(),
            body_placed: envelope.attempt.from_queue || envelope.attempt.generated,
            uncounted: 0,
            notes: Vec::new(),
        }
    }

    /// The envelope that was stored. Addresses are not parsed, the sender's macros not set.
    pub fn restore(self, config: &Config, key: &MessageKey, now: i64) -> Envelope {
        let facts = HeaderFacts::of(config, &self.headers.0);
        let scope = self.scope(config, &facts, key, now);
        let mut flags = self.flags;
        // whatever name a report has there: it is one
        let report = flags.contains(EnvelopeFlags::RESPONSE);
        let own = report && self.sender == daemon_name(config);
        let sender = Sender { text: if own { b"<>".to_vec() } else { self.sender }, address: None };
        // a file without a sender is no report
        if sender.text == b"<>" {
            flags |= EnvelopeFlags::RESPONSE;
        }
        let (default_uid, host) = (config.default_user().uid, config.expand(b"\x81j"));
        if facts.class < 0 {
            flags |= EnvelopeFlags::NO_BODY_RETURN;
        }
        let size = self.headers.size(&config.names) + self.body.size();
        let notes = self.notes.into();
        let attempt =
            AttemptState { from_queue: true, report, of_daemon: own, notes, ..AttemptState::default() };
        Envelope {
            id: key.id.clone(),
            location: key.location,
            sender,
            recipients: self
                .recipients
                .into_iter()
                .map(|recipient| restored(recipient, default_uid, &host))
                .collect(),
            size: size.saturating_add_signed(self.uncounted),
            headers: self.headers,
            body: self.body,
            created: self.created,
            last_attempt: self.last_attempt,
            attempts: self.attempts,
            priority: self.priority.unwrap_or_default(),
            flags,
            body_type: self.body_type,
            envid: self.envid,
            auth: self.auth,
            deliver_by: self.deliver_by,
            message: self.message,
            quarantine: self.quarantine,
            class: facts.class,
            timeout_class: facts.timeout_class(report),
            hop_count: facts.hop_count,
            message_id: facts.message_id,
            scope,
            attempt,
            ..Envelope::default()
        }
    }

    fn scope(&self, config: &Config, facts: &HeaderFacts, key: &MessageKey, now: i64) -> Scope {
        let mut scope = Scope::default();
        set_dates(config, &mut scope, now);
        scope.set_named(config, b"i", key.id.as_bytes());
        let rows: [(&[u8], &Option<Vec<u8>>); 3] =
            [(b"a", &facts.date), (b"msg_id", &facts.message_id), (b"x", &facts.full_name)];
        for (name, value) in rows {
            if let Some(value) = value {
                scope.set_named(config, name, value);
            }
        }
        for (name, value) in &self.macros {
            scope.set_named(config, name, value);
        }
        scope
    }
}

/// Reports made here have the name that they show: `$n`. One that another program has queued keeps its own.
fn stored_sender(config: &Config, envelope: &Envelope) -> Vec<u8> {
    let attempt = &envelope.attempt;
    match attempt.report && (attempt.of_daemon || !attempt.from_queue) && envelope.sender.is_null() {
        true => daemon_name(config),
        false => envelope.sender.text.clone(),
    }
}

fn daemon_name(config: &Config) -> Vec<u8> {
    config.expand(config.macro_value("n").unwrap_or(b"MAILER-DAEMON"))
}

/// Who is still to get it, in the order of the send queue, each with the one on whose behalf it is tried again.
fn stored_recipients(config: &Config, envelope: &Envelope) -> Vec<Recipient> {
    let pending = |index: &usize| envelope.recipients[*index].state.is_pending();
    let untried = envelope.attempts == 0 || envelope.attempt.part;
    let stored = |index: usize| {
        let mut recipient = envelope.recipients[index].clone();
        let primary = recipient.parent.is_none();
        let is_own = |control: &ControllingUser| control.alias == recipient.text && !control.is_nobody();
        let own = recipient.control.as_ref().is_some_and(is_own);
        // with DeliveryMode d nobody asks where a domain is
        let deferred = envelope.scope.defers(config) && recipient.text.contains(&b'@');
        // who waits without an attempt could not be looked up when he was named
        let unknown = recipient.state == RecipientState::Queued && recipient.tried == 0;
        let resolved = recipient.address.is_some() && !deferred && !unknown;
        // whom ruleset 5 put in the place of an address stands for it as a member does for a list
        let replaced = recipient.flags.contains(RecipientFlags::REPLACED);
        if config.options.use_msp && primary && resolved && recipient.control.is_none() {
            // nobody has an account where mail is only handed on
            let alias = recipient.text.clone();
            recipient.control = Some(ControllingUser { alias, ..ControllingUser::default() });
        } else if primary && own && untried && !replaced {
            recipient.control = None;
        } else if let Some(mut control) = envelope.control(index) {
            let parent = recipient.parent.and_then(|parent| envelope.recipients.get(parent));
            if let Some(parent) = parent.filter(|_| untried && own) {
                // who was found in a list is named by it as long as nothing was delivered
                control.alias.clone_from(&parent.text);
                let by_alias = parent.control.as_ref().is_some_and(|above| above.user.is_empty());
                recipient.flags.set(RecipientFlags::CONTROL_IS_ALIAS, by_alias);
            }
            let alias = recipient.parent.is_some() && control.user.is_empty();
            recipient.flags |= if alias { RecipientFlags::CONTROL_IS_ALIAS } else { RecipientFlags::empty() };
            recipient.control = Some(control);
        }
        recipient
    };
    envelope.send_order().into_iter().filter(pending).map(stored).collect()
}

/// A recipient to be parsed anew. Whoever acts as the DefaultUser has no account of his own: what stands in the
/// place of a login name is the alias that led here. Whoever acts is also who is reported on, where the file does not say it.
fn restored(mut recipient: Recipient, default_uid: u32, host: &[u8]) -> Recipient {
    recipient.address = None;
    let alias = recipient.control.as_ref().map(|control| control.alias.clone());
    recipient.named_by = alias.filter(|alias| !alias.is_empty() && *alias != recipient.text);
    if let Some(control) = recipient.control.as_mut().filter(|control| !control.is_nobody()) {
        let known = || final_recipient_of(&control.user, &control.alias, host);
        recipient.final_recipient = recipient.final_recipient.or_else(|| Some(known()));
        if control.ids.uid == default_uid {
            control.user.clear();
        }
    }
    recipient
}

/// Recipients of several groups never share an envelope here, so it counts as split; one that is held has not come so far where
/// somebody was looked up for it, for then sendmail ends with the copy that it queued first.
/// What somebody else sent as `<>` is known by its S line; flag r says that we made it.
fn stored_flags(envelope: &Envelope) -> EnvelopeFlags {
    let mut flags = envelope.flags;
    let stopped = envelope.quarantine.is_some() && envelope.session.looked_up;
    if !stopped && !envelope.attempt.unsplit {
        flags |= EnvelopeFlags::SPLIT;
    }
    if !envelope.attempt.report {
        flags -= EnvelopeFlags::RESPONSE;
    }
    // nobody wants bulk mail back; a host that gets it in the process that has received it is asked for what its sender wants, and
    // what was just cut off is written as it came
    if envelope.class < 0 {
        flags.set(EnvelopeFlags::NO_BODY_RETURN, !envelope.attempt.part);
    }
    flags
}

fn persistent_macros(config: &Config, scope: &Scope) -> Vec<(Vec<u8>, Vec<u8>)> {
    let class = config.names.get(b"persistentMacros").and_then(|id| config.classes.get(id));
    let listed = class.map(|class| class.words()).unwrap_or_default();
    let unbraced = |name: &[u8]| {
        let inner = name.strip_prefix(b"{").and_then(|name| name.strip_suffix(b"}"));
        inner.unwrap_or(name).to_vec()
    };
    let mut ids: Vec<_> = (PERSISTENT.iter().copied().chain(listed))
        .filter_map(|name| config.names.get(&unbraced(name)))
        .collect();
    ids.sort();
    ids.dedup();
    let value =
        |id| Some((config.names.long_name(id).unwrap_or(&[id.0]).to_vec(), scope.get(config, id)?.to_vec()));
    ids.into_iter().filter_map(value).collect()
}
