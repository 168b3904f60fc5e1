//! Recipients from outside: one address looked at, an envelope's expanded.

use super::expand::AliasExpansion;
use super::expander::Expander;
use super::local::{LocalResolution, too_deep, user_unknown};
use super::options;
use crate::envelope::{Envelope, Expanded, Recipient, RecipientState, is_file_or_program};
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

    /// The same of programs alone: that nobody will get the message saves only files and lists from it.
    pub fn refuses_program(&self, address: &Address) -> Option<Reply> {
        let config = &self.site.config;
        let is_program = is_file_or_program(config, address)
            && self.mailer(address).is_some_and(|mailer| mailer.name.eq_ignore_ascii_case(b"prog"));
        is_program.then(|| self.refuses_directly(address)).flatten()
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

    /// The same for a client that asks only: it hears of the first error, which ends it, and the log has no line of anybody.
    pub async fn expand_for_client(&self, envelope: &mut Envelope, now: i64) -> Expanded {
        AliasExpansion::new(*self, envelope, &mut Quiet, now).for_client().asks_only().run(0).await
    }

    /// The same for those who are to hear of errors: each that cannot be had is logged.
    pub async fn expand_told(&self, envelope: &mut Envelope, now: i64) -> Expanded {
        AliasExpansion::new(*self, envelope, &mut Quiet, now).asks_only().run(0).await
    }

    /// Adds a recipient whom a client has named and who is resolved, and expands it. The index of whoever stands for it: somebody who is
    /// there already, if he says the same.
    ///
    /// # Errors
    /// The first refusal of it or of somebody it leads to, in words for the client. Nobody is told of those who are refused by mail; whoever
    /// else it leads to stays, as with sendmail.
    pub async fn admit(
        &self,
        envelope: &mut Envelope,
        recipient: Recipient,
        now: i64,
    ) -> Result<usize, Reply> {
        self.expand_earlier(envelope, now).await;
        let (first, before) = (envelope.recipients.len(), envelope.attempt.transcript.len());
        let known = envelope.named_already(&self.site.config, &recipient);
        envelope.append_recipient(&self.site.config, recipient);
        let earlier = envelope.attempt.expanded.take();
        let added = AliasExpansion::new(*self, envelope, &mut Quiet, now).for_client().run(first).await;
        join(envelope, earlier, added);
        // what was said of it the client has heard, and no report knows
        let said = envelope.attempt.transcript.split_off(before);
        let Some(refusal) = said.split(|byte| *byte == b'\n').find(|line| line.starts_with(b"5")) else {
            return Ok(known.unwrap_or(first));
        };
        for (index, one) in envelope.recipients.iter_mut().enumerate().skip(first) {
            if one.state == RecipientState::Failed || index == first {
                one.state = RecipientState::Removed;
            }
        }
        Err(Reply::parse(refusal))
    }

    /// Those whom the client named before it said VERB were only looked up; it is not told where they lead.
    async fn expand_earlier(&self, envelope: &mut Envelope, now: i64) {
        if envelope.attempt.expanded.is_some() || envelope.recipients.is_empty() {
            return;
        }
        let console = std::mem::take(&mut envelope.attempt.console);
        let expanded = self.expand(envelope, &mut Quiet, now).await;
        envelope.attempt.expanded = Some(expanded);
        envelope.attempt.console = console;
    }

    /// The same for recipients that were added to an envelope whose first ones are expanded already.
    pub async fn expand_added(
        &self,
        envelope: &mut Envelope,
        tracer: &mut dyn Tracer,
        now: i64,
        first: usize,
    ) {
        let before = envelope.attempt.expanded.take();
        let added = AliasExpansion::new(*self, envelope, tracer, now).run(first).await;
        join(envelope, before, added);
    }
}

/// What is known of those who were expanded before, and of those who came now.
fn join(envelope: &mut Envelope, before: Option<Expanded>, added: Expanded) {
    let mut all = before.unwrap_or_default();
    all.owners.extend(added.owners.into_iter().skip(all.owners.len()));
    all.looked |= added.looked;
    envelope.attempt.expanded = Some(all);
}
