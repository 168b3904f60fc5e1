//! What is asked for: a report of which kind, about whom, to whom, and the site's share in it.

use crate::addr::without_route;
use crate::envelope::{Envelope, QueueId, Recipient};
use crate::message;
use crate::rewrite::Site;
use crate::schema::{NOW, Privacy, SuperSafe, span};
use jiff::tz::TimeZone;
use std::borrow::Cow;
use std::time::Duration;

/// What a report is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DsnKind {
    /// Somebody cannot get it.
    Failure,
    /// It takes longer.
    Delay,
    /// Somebody cannot get it, and to others it takes longer: one report tells of both.
    FailureAndDelay,
    /// It arrived.
    Success,
}

impl DsnKind {
    /// Does it tell of somebody who cannot get it?
    pub fn tells_failures(self) -> bool {
        matches!(self, Self::Failure | Self::FailureAndDelay)
    }

    /// Does it tell of a delay?
    pub fn warns(self) -> bool {
        matches!(self, Self::Delay | Self::FailureAndDelay)
    }
}

/// The site's share in a report, read from its options by the caller.
#[derive(Clone, Debug)]
pub struct DsnSettings {
    /// `$j`, the reporting host.
    pub host: Vec<u8>,
    /// `$n`, who reports come from (`MAILER-DAEMON`).
    pub daemon: Vec<u8>,
    /// The zone of the dates.
    pub zone: TimeZone,
    /// Timeout.queuewarn of the message's class.
    pub warn_after: Duration,
    /// Timeout.queuereturn of the message's class.
    pub return_after: Duration,
    /// That is `now`.
    pub return_at_once: bool,
    /// SendMimeErrors.
    pub mime: bool,
    /// PrivacyOptions nobodyreturn.
    pub no_body_return: bool,
    /// PrivacyOptions noactualrecipient.
    pub no_actual_recipient: bool,
    /// ErrorHeader as text, macros expanded; may be empty.
    pub error_header: Vec<u8>,
    /// Option SoftBounce: what this host says itself is never for good.
    pub soft_bounce: bool,
    /// DontPruneRoutes.
    pub keep_routes: bool,
    /// SuperSafe: a report is queued before anybody gets it.
    pub queued: bool,
    /// Of each mailer, by its index: is it told the sender, and does it want `From ` lines escaped (flags P and E)?
    pub mailbox: Vec<[bool; 2]>,
    /// Of each mailer, by its index: does it take quotes and backslashes off users (flag s)?
    pub strips: Vec<bool>,
    /// The diagnostic type of mailer prog.
    pub program_type: Vec<u8>,
    /// T= of each mailer, by its index: MTA, address and diagnostic types.
    pub types: Vec<[Vec<u8>; 3]>,
}

impl DsnSettings {
    /// Reads the site's share for reports about `original`. `error_header`: option ErrorHeader, or the
    /// content of the file that it names.
    pub fn of(site: &Site, original: &Envelope, error_header: &[u8]) -> Self {
        let (config, options) = (&*site.config, &site.config.options);
        let class = original.timeout_class;
        let program = config.mailers.iter().find(|mailer| mailer.name.eq_ignore_ascii_case(b"prog"));
        Self {
            host: config.expand(config.macro_value("j").unwrap_or(b"localhost")),
            daemon: config.expand(config.macro_value("n").unwrap_or(b"MAILER-DAEMON")),
            zone: config.zone().clone(),
            warn_after: span(options.timeout.queuewarn.of(class)),
            return_after: span(options.timeout.queuereturn.of(class)),
            return_at_once: options.timeout.queuereturn.of(class) == NOW,
            mime: options.send_mime_errors,
            no_body_return: options.privacy_options.contains(Privacy::NO_BODY_RETURN),
            no_actual_recipient: options.privacy_options.contains(Privacy::NO_ACTUAL_RECIPIENT),
            error_header: config.expand(error_header),
            keep_routes: options.dont_prune_routes,
            soft_bounce: options.soft_bounce,
            queued: matches!(options.super_safe, SuperSafe::Yes | SuperSafe::PostMilter),
            mailbox: config.mailers.iter().map(|mailer| [mailer.has(b'P'), mailer.has(b'E')]).collect(),
            strips: config.mailers.iter().map(|mailer| mailer.has(b's')).collect(),
            program_type: program.map(|mailer| mailer.types[2].clone()).unwrap_or_default(),
            types: config.mailers.iter().map(|mailer| mailer.types.clone()).collect(),
        }
    }

    /// What a delay is called: in the report's subject, the log and the queue file.
    pub fn warning(&self, deliver_by: Option<i64>) -> String {
        match deliver_by {
            Some(seconds) => format!("Warning: Delivery time ({seconds}s) exceeded"),
            None => {
                format!("Warning: could not send message for past {}", message::interval(self.warn_after))
            }
        }
    }

    /// What the end of Timeout.queuereturn, or of BY=, is called.
    pub fn expiry(&self, deliver_by: Option<i64>) -> String {
        match deliver_by {
            Some(seconds) => format!("delivery time expired {seconds}s"),
            None => format!("Cannot send message for {}", self.limit()),
        }
    }

    fn limit(&self) -> String {
        if self.return_at_once { "too long".to_owned() } else { message::interval(self.return_after) }
    }

    /// What the transcript of a message says whose time is over, be anybody told of it or not: `given_up` for good, or
    /// so far. `deliver_by` as in [`DsnRequest`].
    pub fn time_is_over(&self, given_up: bool, deliver_by: Option<i64>) -> String {
        let (waited, limit) = (message::interval(self.warn_after), self.limit());
        let what = match (given_up, deliver_by) {
            (true, Some(seconds)) => format!("Delivery time ({seconds}s) expired"),
            (true, None) => format!("Message could not be delivered for {limit}"),
            (false, Some(_)) => self.warning(deliver_by),
            (false, None) => format!("Warning: message still undelivered after {waited}"),
        };
        match given_up {
            true => format!("{what}\nMessage will be deleted from queue"),
            false => format!("{what}\nWill keep trying until message is {limit} old"),
        }
    }

    /// An address as fields of a report show it: without a source route, but for DontPruneRoutes.
    pub fn without_route<'a>(&self, address: &'a [u8]) -> Cow<'a, [u8]> {
        if self.keep_routes { address.into() } else { without_route(address) }
    }

    /// The type words of a recipient's mailer, sendmail's defaults without one.
    pub(super) fn types_of(&self, recipient: &Recipient) -> [&[u8]; 3] {
        let known = recipient.address.as_ref().and_then(|address| self.types.get(address.mailer.0 as usize));
        let word = |index: usize, default: &'static [u8]| {
            known.map(|types| types[index].as_slice()).filter(|word| !word.is_empty()).unwrap_or(default)
        };
        [word(0, b"dns"), word(1, b"rfc822"), word(2, b"smtp")]
    }
}

/// What the caller supplies.
#[derive(Debug)]
pub struct DsnRequest<'a> {
    /// The site's share.
    pub facts: &'a DsnSettings,
    /// What it is about.
    pub kind: DsnKind,
    /// Identifier of the new envelope.
    pub id: QueueId,
    /// Now, seconds since the epoch.
    pub now: i64,
    /// A failure only because Timeout.queuereturn is over.
    pub expired: bool,
    /// The seconds of BY=, if it is these that are over (RFC 2852), not Timeout.queuereturn or .queuewarn.
    pub deliver_by: Option<i64>,
    /// A delay, and nothing that is worse: it begins with the box that says so.
    pub only_warns: bool,
    /// Who gets it, expanded.
    pub receivers: Vec<Recipient>,
    /// It goes to DoubleBounceAddress or PostmasterCopy, not to the sender.
    pub to_postmaster: bool,
    /// The body of the original is left out.
    pub header_only: bool,
    /// The fields of the original as a file's mailer writes them, lines ending in LF.
    pub header: &'a [u8],
}

impl DsnRequest<'_> {
    /// What the original looks like in it: with its sender, with `From ` lines escaped. One that is queued is made as for a
    /// file of messages, any other as its first mailer wants it.
    pub(super) fn form(&self) -> [bool; 2] {
        let mut mailers = self.receivers.iter().filter(|one| one.state.is_pending());
        let first = mailers.find_map(|one| one.address.as_ref());
        let wanted = first.and_then(|address| self.facts.mailbox.get(usize::from(address.mailer.0)));
        wanted.copied().filter(|_| !self.facts.queued).unwrap_or([true, true])
    }
}
