//! One recipient, and what came of it so far.

use crate::config::{Config, Mailer};
use crate::rewrite::{Address, Triple};
use crate::schema::{EnhancedStatus, Reply, UserIds};
use std::borrow::Cow;

bitflags::bitflags! {
    /// What was asked for this recipient, and what is to be reported of it.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
    pub struct RecipientFlags: u32 {
        /// `P`: from the envelope, not from an alias.
        const PRIMARY = 1;
        /// `N`: NOTIFY= was given (RFC 3461, 4.1).
        const HAS_NOTIFY = 2;
        /// `S`: report success.
        const SUCCESS = 4;
        /// `F`: report failure.
        const FAILURE = 8;
        /// `D`: report delay.
        const DELAY = 0x10;
        /// `B`: the internal blind copy.
        const BCC = 0x20;
        /// `A`: the controlling address is an alias.
        const CONTROL_IS_ALIAS = 0x80;
        /// To report: delivered to a mailbox.
        const DELIVERED = 0x100;
        /// To report: expanded to several.
        const EXPANDED = 0x200;
        /// To report: handed to a server without DSN.
        const RELAYED = 0x400;
        /// To report: delivered to a mailing list.
        const DELIVERED_LIST = 0x1000;
        /// Its errors go to the owner of a list (`owner-NAME`).
        const OWNED = 0x10_0000;
        /// Deliver-By notify mode: relayed.
        const BY_NOTIFY_RELAYED = 0x2000;
        /// Deliver-By trace mode: relayed.
        const BY_TRACE_RELAYED = 0x4000;
        /// Not to be aliased again (`\user`).
        const NO_ALIAS = 0x2_0000;
        /// Refused before it was counted among the recipients.
        const UNCOUNTED = 0x8_0000;
        /// Ruleset 5 put another address in its place.
        const REPLACED = 0x4_0000;
        /// Its mailer was told of it, in this attempt.
        const MAILED = 0x20_0000;
        /// The sender, taken out of a list (MeToo), who counts among the recipients.
        const IS_SENDER = 0x40_0000;
    }
}

impl RecipientFlags {
    /// A recipient without NOTIFY=: failures and delays are reported (RFC 3461, 5.2.1 leaves delays to the site).
    pub const DEFAULT_NOTIFY: Self = Self::FAILURE.union(Self::DELAY);
    /// To report of a list, whatever became of its members.
    pub const LISTS: Self = Self::DELIVERED_LIST.union(Self::EXPANDED);

    /// What NOTIFY= says (RFC 3461, section 4.1), in any case.
    ///
    /// # Errors
    /// The first word that is none.
    pub fn of_notify(value: &[u8]) -> Result<Self, &[u8]> {
        let mut flags = Self::HAS_NOTIFY;
        if value.eq_ignore_ascii_case(b"NEVER") {
            return Ok(flags);
        }
        for word in value.split(|byte| *byte == b',') {
            flags |= match word.to_ascii_uppercase().as_slice() {
                b"SUCCESS" => Self::SUCCESS,
                b"FAILURE" => Self::FAILURE,
                b"DELAY" => Self::DELAY,
                _ => return Err(word),
            };
        }
        Ok(flags)
    }
}

/// Where a recipient stands.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum RecipientState {
    /// Nothing done yet.
    #[default]
    New,
    /// To be tried again.
    Queued,
    /// Delivered.
    Sent,
    /// Failed for good.
    Failed,
    /// Replaced by what its alias, list or .forward named.
    Expanded,
    /// The same as another one.
    Duplicate,
    /// Taken out (self reference, deleted by a milter, discarded).
    Removed,
}

impl RecipientState {
    /// Does the queue still have to keep it?
    pub fn is_pending(&self) -> bool {
        matches!(self, Self::New | Self::Queued)
    }

    /// Is it none of those who were tried or are to be: an alias replaced it, it was named twice, or it was taken out?
    pub fn is_left_out(&self) -> bool {
        matches!(self, Self::Expanded | Self::Duplicate | Self::Removed)
    }
}

/// Whose rights a program or file recipient gets.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ControllingUser {
    /// Login name; empty for a controlling address without account.
    pub user: Vec<u8>,
    /// Under which ids it acts.
    pub ids: UserIds,
    /// The address whose expansion led here.
    pub alias: Vec<u8>,
}

impl ControllingUser {
    /// Does nobody act for whom it names? In a client's queue he is only handed on.
    pub fn is_nobody(&self) -> bool {
        self.user.is_empty() && self.ids == UserIds::default()
    }
}

impl Recipient {
    /// The mailer of its address; `None` where the rules have made nothing of it.
    pub fn mailer<'c>(&self, config: &'c Config) -> Option<&'c Mailer> {
        self.address.as_ref().and_then(|address| config.mailers.get(usize::from(address.mailer.0)))
    }

    /// `$h` of its address, or what stands in its place where the rules refuse it (`$#error $@ 5.1.3`); empty without one.
    pub fn host(&self) -> &[u8] {
        let known = self.address.as_ref().map(|address| &address.host);
        let host = known.or(self.refusal.as_ref().map(|refusal| &refusal.host));
        host.and_then(Option::as_deref).unwrap_or_default()
    }

    /// `$u` of its address as queue runs compare it: a program's has its quotation marks.
    pub fn sort_user(&self) -> Cow<'_, [u8]> {
        match self.address.as_ref().map(|address| &address.user[..]).unwrap_or_default() {
            command @ [b'|', ..] => [b"\"", command].concat().into(),
            user => user.into(),
        }
    }
}

/// One recipient.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Recipient {
    /// As given, brackets included where typed so.
    pub text: Vec<u8>,
    /// Parsed; `None` for one just read from a queue file.
    pub address: Option<Address>,
    /// The user that it was before ruleset 5 put another in his place.
    pub user_before: Option<Vec<u8>>,
    /// Flags.
    pub flags: RecipientFlags,
    /// ORCPT=, xtext as received (RFC 3461, 4.2).
    pub orcpt: Option<Vec<u8>>,
    /// Final-Recipient with its type: `RFC822; user@host`.
    pub final_recipient: Option<Vec<u8>>,
    /// Controlling user.
    pub control: Option<ControllingUser>,
    /// Of one that the queue gave back: the address whose expansion led to it (its C line).
    pub named_by: Option<Vec<u8>>,
    /// Where it stands.
    pub state: RecipientState,
    /// The last answer about it, from a server or a mailer.
    pub reply: Option<Reply>,
    /// Enhanced status; 4.x.x while it is deferred.
    pub status: Option<EnhancedStatus>,
    /// What stands in the place of an address that the rules refuse: their words, and the status for a host.
    pub refusal: Option<Triple>,
    /// Why it is still here or failed, as `mailq` shows it (its M line).
    pub message: Option<Vec<u8>>,
    /// The server that gave `reply`, without trailing dot.
    pub remote_mta: Option<Vec<u8>>,
    /// When it was last tried, seconds since the epoch; 0 for never.
    pub tried: i64,
    /// The recipient that was expanded into this one.
    pub parent: Option<usize>,
    /// Its number in the order of the last expansion; 0 before it.
    pub entered: usize,
    /// Its best next hop (`localhost`: a mailer of this host), once that is known.
    pub signature: Option<Vec<u8>>,
}
