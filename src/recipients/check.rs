//! Recipients from outside: one address looked at, an envelope's expanded.

use super::expand::AliasExpansion;
use super::expander::Expander;
use super::local::{LocalResolution, too_deep, user_unknown};
use super::options;
use crate::envelope::{Envelope, Expanded, is_file_or_program};
use crate::logging::{Quiet, Tracer};
use crate::rewrite::{Address, Rewriter};
use crate::schema::{EnhancedStatus, Reply};

/// What a single address is, for RCPT, VRFY and `-bv`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Checked {
    /// A mailbox or another host: it can be delivered as it stands.
    Deliverable(Address),
    /// An alias; nothing was expanded.
    Alias {
        /// Its name, as ruleset 5 has left it.
        address: Address,
        /// Whom it names.
        value: Vec<u8>,
    },
    /// Refused for good.
    Unknown(Reply),
    /// Ruleset 5 goes on naming others, beyond MaxAliasRecursion.
    TooDeep(Reply),
    /// Cannot be said now: accept and queue.
    Later(Reply),
}

impl Expander<'_> {
    /// Is there such a recipient? Aliases are looked up, not followed.
    pub async fn check(&self, rewriter: &mut Rewriter<'_>, address: &Address) -> Checked {
        if let Some(reply) = self.refuses_directly(address) {
            return Checked::Unknown(reply);
        }
        let mut address = address.clone();
        let (mut level, max) = (0, options::max_recursion(&self.site.config));
        match self.resolve_local(rewriter, &mut address, true, &mut level).await {
            LocalResolution::TooDeep(level) => Checked::TooDeep(too_deep(level, max)),
            LocalResolution::Alias(value) => Checked::Alias { address, value },
            LocalResolution::User(_) | LocalResolution::Final => Checked::Deliverable(address),
            LocalResolution::Unknown(problems) => {
                Checked::Unknown(problems.into_iter().next().unwrap_or_else(user_unknown))
            }
            LocalResolution::Later(reply) => Checked::Later(reply),
        }
    }

    /// Why an address that only a list may name is refused to those outside.
    pub fn refuses_directly(&self, address: &Address) -> Option<Reply> {
        let named =
            |name: &[u8]| self.mailer(address).is_some_and(|mailer| mailer.name.eq_ignore_ascii_case(name));
        let kind = match is_file_or_program(&self.site.config, address) {
            true if named(b"prog") => "programs",
            true => "files",
            false if named(b"*include*") => ":include:s",
            false => return None,
        };
        let text = format!("Cannot mail directly to {kind}");
        Some(Reply::new(550, Some(EnhancedStatus(5, 7, 1)), text))
    }

    /// Is it looked up among aliases, by ruleset 5, or among accounts?
    pub fn looks_up(&self, address: &Address) -> bool {
        self.mailer(address).is_some_and(|mailer| [b'A', b'5', b'w'].iter().any(|flag| mailer.has(*flag)))
    }

    /// Expands every recipient that is still to be delivered. Afterwards each has a state: `New` ones
    /// are final addresses for their mailers. `now`: seconds since the epoch.
    pub async fn expand(&self, envelope: &mut Envelope, tracer: &mut dyn Tracer, now: i64) -> Expanded {
        AliasExpansion::new(*self, envelope, tracer, now).run(0).await
    }

    /// The same, but that the `.forward` of a message's only recipient may be left to whoever delivers (`attempt.forward_unread` says so).
    pub async fn expand_leaving_forward(&self, envelope: &mut Envelope, now: i64) -> Expanded {
        AliasExpansion::new(*self, envelope, &mut Quiet, now).leaving_forward().run(0).await
    }

    /// The same for recipients that were added to an envelope whose first ones are expanded already.
    pub async fn expand_added(
        &self,
        envelope: &mut Envelope,
        tracer: &mut dyn Tracer,
        now: i64,
        first: usize,
    ) {
        let mut before = envelope.attempt.expanded.take().unwrap_or_default();
        let added = AliasExpansion::new(*self, envelope, tracer, now).run(first).await;
        before.owners.extend(added.owners.into_iter().skip(before.owners.len()));
        before.looked |= added.looked;
        envelope.attempt.expanded = Some(before);
    }
}
