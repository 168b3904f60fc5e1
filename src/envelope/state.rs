//! [`Envelope`] and its parts.

use super::body::Body;
use super::id::{MessageKey, QueueId, QueueLocation};
use super::note::Note;
use super::parameters::{BodyType, DeliverBy, EnvelopeFlags};
use super::recipient::{Recipient, RecipientState};
use crate::config::Config;
use crate::engine::Scope;
use crate::logging::Console;
use crate::message::{HeaderKind, Headers};
use crate::rewrite::Address;
use crate::schema::{Reply, Sysexit, TimeoutClass, UserIds};
use std::collections::VecDeque;

/// The envelope sender.
#[derive(Clone, Debug, Default)]
pub struct Sender {
    /// As given, brackets included where typed so; `<>` is the null sender.
    pub text: Vec<u8>,
    /// Parsed; `None` before, and for senders that cannot be parsed.
    pub address: Option<Address>,
}

impl Sender {
    /// The mailer of its address, as its place in the configuration. The null sender is a mailbox here, as for sendmail.
    pub fn mailer(&self, config: &Config) -> Option<u16> {
        let mailer = self.address.as_ref().map(|address| address.mailer);
        mailer.or_else(|| config.mailer(b"local").filter(|_| self.is_null())).map(|mailer| mailer.0)
    }

    /// `<>` or nothing at all? Such mail must cause no report (RFC 5321, 4.5.5).
    pub fn is_null(&self) -> bool {
        matches!(self.text.as_slice(), b"" | b"<>")
    }
}

/// One message on its way, as everybody who handles it sees it. What of it outlives the process is a
/// [`StoredEnvelope`](super::StoredEnvelope).
#[derive(Clone, Debug, Default)]
pub struct Envelope {
    /// Queue identifier.
    pub id: QueueId,
    /// Where the queue keeps it.
    pub location: QueueLocation,
    /// Who sent it.
    pub sender: Sender,
    /// Everyone it is for, expanded and duplicate entries included.
    pub recipients: Vec<Recipient>,
    /// Header fields, default ones included.
    pub headers: Headers,
    /// The body.
    pub body: Body,
    /// Creation, seconds since the epoch.
    pub created: i64,
    /// Last attempt, seconds since the epoch; 0 before the first.
    pub last_attempt: i64,
    /// Attempts so far.
    pub attempts: i32,
    /// Lower is sooner.
    pub priority: i64,
    /// Flags.
    pub flags: EnvelopeFlags,
    /// BODY=
    pub body_type: Option<BodyType>,
    /// ENVID=, xtext as received (RFC 3461, 4.4).
    pub envid: Option<Vec<u8>>,
    /// AUTH=, xtext as received (RFC 4954, 5).
    pub auth: Option<Vec<u8>>,
    /// BY=
    pub deliver_by: Option<DeliverBy>,
    /// Why it is still here (the envelope's M line).
    pub message: Option<Vec<u8>>,
    /// Why it is held.
    pub quarantine: Option<Vec<u8>>,
    /// Bytes of header and body, lines ending in LF: what M= and SIZE= are about. The header counts as it was
    /// received; once an attempt has begun, or the queue gave the message back, as it is stored.
    pub size: u64,
    /// From Precedence.
    pub class: i64,
    /// From Priority.
    pub timeout_class: TimeoutClass,
    /// Hops counted from trace fields (RFC 5321, 6.3).
    pub hop_count: u32,
    /// Message-Id without blanks, for the log.
    pub message_id: Option<Vec<u8>>,
    /// Macro values of this message.
    pub scope: Scope,
    /// What only the session that receives it needs.
    pub session: SessionState,
    /// What only the attempt under way, and the reports about it, need.
    pub attempt: AttemptState,
}

/// Somebody whom a session refused: none of the recipients.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefusedRecipient {
    /// As the client named him.
    pub text: Vec<u8>,
    /// The last of the hosts of the recipients before him, and his own: he stands behind them all.
    pub host: Vec<u8>,
    /// Has nobody that name (status X.1.X of RFC 3463)? Else nobody may use it.
    pub unknown: bool,
    /// How many recipients came before him.
    pub behind: usize,
}

/// What a session notes about the message it receives.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SessionState {
    /// Some recipient was looked up here: his mail begins its way with the queue's copy.
    pub looked_up: bool,
    /// The same, once a filter has named others, of those whom the client has named: only they count.
    pub looked_up_before: Option<bool>,
    /// VRFY or EXPN has shown that the rules know an address: the recipient is not known to be the only one then.
    pub verified: bool,
    /// A ruleset said discard: it is accepted and goes nowhere.
    pub discard: bool,
    /// A list that the client asked for has shown that addresses stand between commas.
    pub commas: bool,
}

/// Who is told that somebody cannot get a message (option ErrorMode).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum FailureReport {
    /// The sender, by mail.
    #[default]
    Mail,
    /// The caller has heard it; the message is saved for him.
    DeadLetter,
    /// Nobody.
    Nothing,
}

/// What a recipient has of a list with an owner.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Owned {
    /// The list: index of a recipient.
    pub list: usize,
    /// Who gets its errors.
    pub owner: Vec<u8>,
}

/// What the expansion of the recipients came to. Who gets the errors of a list: recipient by recipient, `None` where
/// it is the sender.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Expanded {
    /// Parallel to the envelope's recipients.
    pub owners: Vec<Option<Owned>>,
    /// Was any local address looked up (sendmail then counts size and priority anew)?
    pub looked: bool,
}

/// What the command line said of every envelope (`-R`, `-V`): reports that the same process makes have it as well.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CommandDefaults {
    /// ENVID=, xtext.
    pub envid: Option<Vec<u8>>,
    /// What RET= says.
    pub flags: EnvelopeFlags,
    /// Does it say who is told of what (`-N`)? That is then said of the members of lists as well.
    pub notifies: bool,
    /// -B.
    pub body_type: Option<BodyType>,
}

/// What one attempt at delivery has come to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AttemptState {
    /// What was said, for reports (sendmail's xf file).
    pub transcript: Vec<u8>,
    /// What was passed over when it was read back and has not been told yet.
    pub notes: VecDeque<Note>,
    /// Timeout.queuewarn is over: the sender is to hear of the delay.
    pub warning_due: bool,
    /// Somebody cannot get it, or whoever is to be told of a delay has several mailboxes: to sendmail the report on it is no
    /// mere warning then.
    pub more_than_delayed: bool,
    /// Whoever is told has several mailboxes: sendmail leaves ErrorHeader out of a warning to him.
    pub told_to_several: bool,
    /// It came round too often, and nobody was tried.
    pub stopped: bool,
    /// BY= is over, and it goes back without another attempt.
    pub overdue: bool,
    /// It is over before it is tried, for this reason or another: recipients are looked up, and nobody is delivered to.
    pub given_up: bool,
    /// When it was tried before this attempt, and how often.
    pub before: (i64, i32),
    /// Everybody's mailer is for later (HoldExpensive, flag %): nobody was tried, and it waits for a run as if it had not begun.
    pub held_back: bool,
    /// It was made here and never read back, so size and priority are not computed anew.
    pub generated: bool,
    /// It begins with the queue's copy, header and body.
    pub from_queue: bool,
    /// It is a report of ours, just made or read back.
    pub report: bool,
    /// Its queue file says that it is from whoever sends reports (`$n`).
    pub of_daemon: bool,
    /// FastSplit=0: recipients are sorted before it is known how often it was tried.
    pub sorted: bool,
    /// It tells of a report that was just made: if it comes back as well nobody is left to tell.
    pub of_report: bool,
    /// A report has been made in this attempt, about it or about what it was copied from.
    pub reported: bool,
    /// A run of the queue read it back: of the client that brought it no more is known than `$_`.
    pub read_back: bool,
    /// A run of the queue took it for what it is (`-qR` and the like, ETRN).
    pub selected: bool,
    /// It has waited for its turn on disk, so now there is a place for it.
    pub recalled: bool,
    /// It is delivered by the session that received it, which does not read it back either.
    pub interactive: bool,
    /// The queue's journal has it and nobody waits for its delivery.
    pub unhurried: bool,
    /// What the caller of a command hears of it.
    pub console: Console,
    /// What the command that handed it in said of all envelopes.
    pub defaults: Option<CommandDefaults>,
    /// Who is told that somebody cannot get it.
    pub failure: FailureReport,
    /// Whom it is for, where that was found out before the attempt.
    pub expanded: Option<Expanded>,
    /// What cannot be read of the addresses in its header, once somebody has looked.
    pub unreadable: Vec<Reply>,
    /// Parts of it were looked at as it was written: to sendmail a report on it has no eighth bits of its own then.
    pub parts_read: bool,
    /// Those whom a session refused though the rules know their addresses, in order.
    pub refused: Vec<RefusedRecipient>,
    /// Whom Errors-To names and who cannot be had, which was found out when the message came in.
    pub unreachable: Vec<Recipient>,
    /// Everybody was handed over to copies for owners of lists: no attempt is made for it.
    pub handed_over: bool,
    /// What the log has been told of odd header fields: each is worth one line, however many mailers they are written for.
    pub alerts: Vec<Vec<u8>>,
    /// Why it cannot be delivered to somebody: the exit status of whoever hands it in.
    pub exit: Sysexit,
    /// Its only recipient has a mailbox, and nobody has looked for his `.forward` yet: whoever delivers looks first.
    pub forward_unread: bool,
    /// The sender is whoever runs the program: mailers with flag f or r are not told him.
    pub own_sender: bool,
    /// Who runs the program: a sender without an account here acts with these rights.
    pub submitter: Option<UserIds>,
    /// Aliases are not followed (sendmail -n).
    pub no_alias: bool,
    /// It is a copy for the owner of a list, just made: Return-Receipt-To is not passed on.
    pub unreceipted: bool,
    /// It was cut off from another one before anybody was tried.
    pub part: bool,
    /// It is queued before anybody looked where it has to go.
    pub unsplit: bool,
    /// Nobody was tried.
    pub untried: bool,
    /// Postmaster hears of it beside whoever PostmasterCopy names, whatever NOTIFY= says: it goes round in circles.
    pub tells_postmaster: bool,
    /// Of a report: the client whose message it is about, as Received-From-MTA shows it.
    pub received_from: Option<Vec<u8>>,
}

impl AttemptState {
    /// Did a command say who is told of what?
    pub fn notifies(&self) -> bool {
        self.defaults.as_ref().is_some_and(|said| said.notifies)
    }

    /// Is it a report that this process has made? One that a run reads back is a message as any other in this.
    pub fn is_own_report(&self) -> bool {
        self.report && !self.read_back
    }

    /// A failure, or an error of the system that makes it wait; the first one counts, and a mere delay is none.
    pub fn fail_with(&mut self, status: Sysexit) {
        if self.exit.is_ok() || self.exit.is_temporary() {
            self.exit = status;
        }
    }
}

impl Envelope {
    /// Does its header put arriving above TLS: `TLS-Required: No` (RFC 8689, 3)? REQUIRETLS counts more.
    pub fn waives_tls(&self) -> bool {
        let mut fields =
            self.headers.0.iter().filter(|field| field.name.eq_ignore_ascii_case(b"TLS-Required"));
        let no = fields.any(|field| field.value.trim_ascii().eq_ignore_ascii_case(b"No"));
        no && !self.flags.contains(EnvelopeFlags::REQUIRE_TLS)
    }

    /// What a delivery that begins with the queue's copy knows: header and size as they are stored, and nothing of
    /// what was said while the message came in.
    pub fn reread(&mut self, config: &Config) {
        self.headers = std::mem::take(&mut self.headers).stored(config);
        // what a client has asked for tells nothing of them any more
        self.headers.0.iter_mut().for_each(|field| field.kind -= HeaderKind::COMMAS);
        self.headers.0.retain(|field| !field.said_nothing());
        self.size = self.headers.size(&config.names) + self.body.size();
        self.declare_eight_bits();
        self.message = None;
        for recipient in self.recipients.iter_mut().filter(|one| one.state == RecipientState::Queued) {
            recipient.address = None; // what maps could not say they are asked again
        }
        self.attempt.from_queue = true;
        self.attempt.exit = Sysexit::OK;
        self.attempt.refused.clear();
    }

    /// A MIME message that the queue gives back with eighth bits is as good as one with BODY=8BITMIME.
    pub(super) fn declare_eight_bits(&mut self) {
        if self.flags.contains(EnvelopeFlags::EIGHT_BIT) && self.headers.is_mime() {
            self.body_type = Some(BodyType::EIGHT_BIT_MIME);
        }
    }

    /// A message that is said to have 8-bit data and has none has 7-bit data.
    pub fn check_body_type(&mut self) {
        let eight = self.flags.contains(EnvelopeFlags::EIGHT_BIT);
        if self.body_type == Some(BodyType::EIGHT_BIT_MIME) && !eight {
            self.body_type = Some(BodyType::SEVEN_BIT);
        }
    }

    /// What was said of it at earlier attempts is for listings: this one finds words of its own.
    pub fn forget_delays(&mut self) {
        self.message = None;
        self.recipients.iter_mut().for_each(|recipient| recipient.message = None);
    }

    /// How the queue finds it.
    pub fn key(&self) -> MessageKey {
        MessageKey { id: self.id.clone(), location: self.location }
    }

    /// Keeps what was said about the message for its M line and for the log of reports: a refusal outweighs what
    /// was said before, a delay counts while there is nothing else.
    pub fn note(&mut self, text: &[u8], permanent: bool) {
        if permanent || self.message.is_none() {
            self.message = Some(text.to_vec());
        }
    }

    /// Adds a line to what reports quote.
    pub fn transcribe(&mut self, line: &[u8]) {
        self.attempt.transcript.extend_from_slice(line);
        self.attempt.transcript.push(b'\n');
    }

    /// A reply that is final: reports quote it, and it is why somebody did not get the message.
    pub fn note_reply(&mut self, reply: &Reply) {
        self.transcribe(&reply.to_line());
        self.note(&reply.text, true);
    }

    /// The client's name out of `$_` (`name [address]`); `None` for local submission.
    pub fn client(&self) -> Option<&[u8]> {
        let peer = self.scope.value(b'_')?;
        if peer.starts_with(b"[") {
            return peer.split(|byte| *byte == b' ').next();
        }
        let end = peer.windows(2).position(|pair| pair == b" [")?;
        // an ident answer stands before the name
        peer[..end].rsplit(|byte| *byte == b'@').next()
    }

    /// Recipients that still need an attempt.
    pub fn pending(&self) -> impl Iterator<Item = &Recipient> {
        self.recipients.iter().filter(|recipient| recipient.state.is_pending())
    }

    /// Is it a report or from the null sender?
    pub fn is_response(&self) -> bool {
        self.flags.contains(EnvelopeFlags::RESPONSE)
    }
}
