//! RCPT (RFC 5321, section 4.1.1.3): one more recipient.

use super::acceptor::{Acceptor, Verified};
use super::filter::FilterCall;
use super::mail::syntax_error;
use super::parameters::{ParameterContext, RCPT_PARAMETERS, read};
use super::session::{Flow, Session};
use super::verb_row::VerbRow;
use crate::envelope::{Recipient, RecipientFlags, RecipientState, RefusedRecipient};
use crate::logging::{Console, Priority, log_text};
use crate::rewrite::{Address, AddressKind, Rewriter};
use crate::schema::{EnhancedStatus, Reply};
use crate::smtp::proto::{split_address, split_path};
use bstr::ByteSlice;

/// A refused recipient: the reply, the address before its text, whether it must still be logged
/// (a ruleset's verdict has been), and whether a filter has refused somebody who had been accepted.
pub(super) struct Refused {
    pub(super) reply: Reply,
    pub(super) to: Option<Vec<u8>>,
    log: bool,
    by_filter: bool,
}

/// A recipient who may be written to; `later`: nobody could say now whether there is one.
struct Known {
    recipient: Recipient,
    later: bool,
}

impl Refused {
    fn bare(reply: Reply) -> Self {
        Self { reply, to: None, log: true, by_filter: false }
    }
}

/// So much of a refusal is in the log.
const MAX_LOGGED: usize = 900;

pub(super) const fn row<A: Acceptor>() -> VerbRow<A> {
    VerbRow::new("RCPT", |session, command| Box::pin(session.rcpt(command.argument))).delayed_as("RCPT")
}

/// The text of a 250.
fn accepted(text: &[u8], later: bool) -> Vec<u8> {
    let queued: &[u8] = if later { b" (will queue)" } else { b"" };
    [text, b"... Recipient ok", queued].concat()
}

impl<A: Acceptor> Session<A> {
    async fn rcpt(&mut self, argument: &[u8]) -> Flow {
        let Some(count) = self.transaction.rcpt_count() else {
            self.error(&Reply::new(503, None, "Need MAIL before RCPT"), None);
            return Flow::Continue;
        };
        let refused = count.refused;
        if self.throttle(refused).await == Flow::Close {
            return Flow::Close;
        }
        match self.recipient(argument).await {
            Ok(text) => {
                if let Some(count) = self.transaction.rcpt_count() {
                    count.accepted += 1;
                }
                self.say("250", Some("2.1.5"), &text);
            }
            Err(mut refused) => {
                self.count_refused();
                self.log_refused_recipient(&mut refused);
                self.error(&refused.reply, refused.to.as_deref());
                // whom a filter refuses the macros count until the next one is named
                if refused.by_filter {
                    return Flow::Continue;
                }
            }
        }
        self.count_recipients(false);
        Flow::Continue
    }

    /// Clients that guess names wait, or are sent away.
    async fn throttle(&mut self, bad: u32) -> Flow {
        let policy = &self.server.policy;
        let (shutdown, share) = (policy.bad_rcpt_shutdown, policy.bad_rcpt_shutdown_good);
        // whoever is named again is one more
        let good = self.transaction.rcpt_count().map_or(0, |count| count.accepted);
        let many_are_bad = u64::from(bad) * 100 >= u64::from(share) * u64::from(good + bad);
        if shutdown > 0 && bad >= shutdown && many_are_bad {
            self.log_flood(b"shutting down connection.");
            return self.too_many("recipients");
        }
        let throttle = policy.bad_rcpt_throttle;
        if throttle == 0 || bad < throttle {
            return Flow::Continue;
        }
        // the log hears of it when that many have been refused, however many are accepted behind them
        let told =
            self.transaction.rcpt_count().is_some_and(|count| std::mem::replace(&mut count.throttled, true));
        if bad == throttle && !told {
            self.log_flood(b"throttling.");
        }
        if self.wire.flush().await.is_err() {
            return Flow::Close;
        }
        tokio::time::sleep(self.server.policy.bad_rcpt_delay).await;
        Flow::Continue
    }

    fn log_flood(&self, what: &[u8]) {
        let text = [&self.client.display[..], b": Possible SMTP RCPT flood, ", what].concat();
        self.log(5, Priority::Info, &text);
    }

    /// The whole way of one recipient; gives the text of the 250.
    async fn recipient(&mut self, argument: &[u8]) -> Result<Vec<u8>, Refused> {
        let limit = self.server.policy.max_recipients as usize;
        // somebody who is named again is one more
        let accepted = self.transaction.rcpt_count().map_or(0, |count| count.accepted as usize);
        let too_many = limit > 0 && accepted >= limit;
        if too_many || !self.transaction.budget.charge_recipient(argument.len()) {
            return Err(Refused::bare(Reply::new(452, Some(EnhancedStatus(4, 5, 3)), "Too many recipients")));
        }
        let path = split_path(argument, b"TO").map_err(|word| Refused::bare(syntax_error(word)))?;
        let (text, words) = split_address(path);
        self.may_be_utf8(text)
            .map_err(|reply| Refused { to: Some(text.to_vec()), ..Refused::bare(reply) })?;
        let (recipient, address) = self.may_be_named(path).await?;
        let before = self.transaction.recipients();
        let mut named = self.enter(recipient, address).await;
        let is_new = self.transaction.recipients() > before;
        if let Err(refused) = &mut named {
            self.log_refused_recipient(refused);
        }
        self.count_recipients(named.is_err());
        let refused = named.as_ref().err().map(|refused| &refused.reply);
        match self.ask(FilterCall::LookedUp(text, words, refused), Some(text)).await {
            Some(reply) if named.is_ok() => {
                // whoever ends the connection has no use for the list
                if is_new && reply.code != 421 {
                    self.remove(text);
                }
                let to = Some(text.to_vec());
                Err(Refused { to, log: false, by_filter: true, ..Refused::bare(reply) })
            }
            _ => named,
        }
    }

    /// May the client write to it, as far as its address says?
    async fn may_be_named(&mut self, path: &[u8]) -> Result<(Recipient, Address), Refused> {
        let (text, words) = split_address(path);
        let mut recipient = Self::recipient_of(text);
        let address = self.resolve(path, &mut recipient).await?;
        self.rcpt_parameters(words, &mut recipient).map_err(Refused::bare)?;
        self.set_recipient_macros(&address);
        if let Some(reply) = self.ask(FilterCall::Rcpt(text, words), Some(text)).await {
            return Err(Refused { to: Some(text.to_vec()), log: false, ..Refused::bare(reply) });
        }
        if let Some(count) = self.transaction.rcpt_count() {
            count.looked_up += 1;
        }
        Ok((recipient, address))
    }

    /// A filter does not want the recipient that has just come.
    fn remove(&mut self, text: &[u8]) {
        let envelope = &mut self.transaction.envelope;
        let at = envelope.recipients.iter().position(|one| one.parent.is_none() && one.text == text);
        if let Some(at) = at {
            envelope.withdraw(at);
        }
    }

    /// Once.
    fn log_refused_recipient(&self, refused: &mut Refused) {
        if std::mem::take(&mut refused.log) {
            let reply = self.finished(&refused.reply, refused.to.as_deref());
            let shown = &reply.text[..reply.text.len().min(MAX_LOGGED)];
            self.log(3, Priority::Notice, &log_text(shown));
        }
    }

    /// Named by the client, or by a filter.
    pub(super) fn recipient_of(text: &[u8]) -> Recipient {
        Recipient {
            text: text.to_vec(),
            flags: RecipientFlags::PRIMARY | RecipientFlags::DEFAULT_NOTIFY,
            ..Recipient::default()
        }
    }

    /// The address before the first blank outside quotes; a complaint shows the whole text. What maps could not say for now
    /// is asked again by a run of the queue.
    pub(super) async fn resolve(
        &mut self,
        text: &[u8],
        recipient: &mut Recipient,
    ) -> Result<Address, Refused> {
        let site = self.server.site.clone();
        let scope = &mut self.transaction.envelope.scope;
        let parsed = Rewriter::quiet(&site, scope).parse_until(text, b' ', AddressKind::RECIPIENT).await;
        if parsed.temporary && parsed.address.is_some() {
            recipient.state = RecipientState::Queued;
            recipient.status = Some(EnhancedStatus(4, 4, 3));
            // what is put off on purpose (DeliveryMode d) has no reason
            if let Some(why) = &parsed.deferral {
                self.transaction.envelope.note(why, false);
            }
        }
        // what is wrong with the text itself is no word of the rules
        if let ([problem], true) = (&parsed.problems[..], parsed.triple.is_some()) {
            self.refused_by_rules(problem, parsed.status);
        }
        match (parsed.address, parsed.problems.into_iter().next()) {
            // the rules' refusal names the address already
            (_, Some(reply)) => Err(Refused::bare(reply)),
            (Some(address), None) => Ok(address),
            (None, None) => {
                let reply = Reply::new(451, Some(EnhancedStatus(4, 3, 2)), "Please try again later");
                Err(Refused { to: Some(text.to_vec()), ..Refused::bare(reply) })
            }
        }
    }

    fn rcpt_parameters(&mut self, words: &[u8], recipient: &mut Recipient) -> Result<(), Reply> {
        let mut context = ParameterContext {
            features: &self.features,
            policy: &self.server.policy,
            envelope: &mut self.transaction.envelope,
            recipient: Some(recipient),
            require_tls: false,
            size: &mut 0,
            seven_bit: None,
        };
        read(RCPT_PARAMETERS, words, &mut context)
    }

    fn set_recipient_macros(&mut self, address: &Address) {
        let config = self.server.site.config.clone();
        let mailer = config.mailers.get(usize::from(address.mailer.0)).map_or(&[][..], |mailer| &mailer.name);
        let rows: &[(&[u8], &[u8])] = &[
            (b"rcpt_mailer", mailer),
            (b"rcpt_host", address.host.as_deref().unwrap_or_default()),
            (b"rcpt_addr", &address.user),
            (b"addr_type", b"e r"),
        ];
        for (name, value) in rows {
            self.transaction.envelope.scope.set_named(&config, name, value);
        }
    }

    /// Into the envelope, if there is such a recipient; gives the text of the 250.
    async fn enter(&mut self, mut recipient: Recipient, address: Address) -> Result<Vec<u8>, Refused> {
        let at_once = self.acceptor.expands_at_once(self.steps.is_some());
        if !at_once || self.transaction.envelope.session.discard {
            return self.verify(recipient, address).await.map(|known| self.insert(known));
        }
        recipient.address = Some(address);
        let envelope = &mut self.transaction.envelope;
        if envelope.attempt.expanded.is_none() {
            self.transaction.before_verb = envelope.recipients.len();
        }
        if let Some(steps) = &self.steps {
            envelope.attempt.console = Console::of_client(steps.clone());
        }
        let admitted = self.acceptor.admit(envelope, recipient).await;
        self.tell_steps();
        let envelope = &mut self.transaction.envelope;
        match admitted {
            Ok(index) => {
                let recipient = &envelope.recipients[index];
                let later = recipient.state == RecipientState::Queued;
                Ok(accepted(&recipient.text, later))
            }
            Err(reply) => Err(Refused::bare(reply)),
        }
    }

    async fn verify(&mut self, mut recipient: Recipient, address: Address) -> Result<Known, Refused> {
        let envelope = &mut self.transaction.envelope;
        if envelope.session.discard {
            if let Some(reply) = self.acceptor.refuses_program(&address) {
                return Err(Refused { to: Some(recipient.text), ..Refused::bare(reply) });
            }
            // nobody will get it: it does not matter whether there is such a user, now or later
            recipient.address = Some(address);
            recipient.state = RecipientState::New;
            return Ok(Known { recipient, later: false });
        }
        let before = address.replaced;
        recipient.address = Some(address.clone());
        recipient.set_final_recipient(&self.server.site.config);
        let verified = match recipient.state {
            RecipientState::Queued => Verified::Later(address),
            _ => self.acceptor.verify(envelope, address).await,
        };
        let (address, later) = match verified {
            Verified::Good(address) => (address, false),
            Verified::Later(address) => (address, true),
            Verified::Refused(reply) => {
                if reply.is_permanent() {
                    let unknown = reply.enhanced.is_some_and(|status| status.1 == 1);
                    let (text, behind) = (recipient.text.clone(), envelope.recipients.len());
                    let hosts = envelope.recipients.iter().chain([&recipient]).map(Recipient::host);
                    let host = hosts.max().unwrap_or_default().to_vec();
                    envelope.attempt.refused.push(RefusedRecipient { text, host, unknown, behind });
                }
                return Err(Refused { to: Some(recipient.text), ..Refused::bare(reply) });
            }
            Verified::TooDeep(reply) => return Err(Refused::bare(reply)),
        };
        recipient.flags.set(RecipientFlags::REPLACED, address.replaced != before);
        recipient.address = Some(address);
        Ok(Known { recipient, later })
    }

    /// Into the envelope; gives the text of the 250.
    fn insert(&mut self, known: Known) -> Vec<u8> {
        let Known { recipient, later } = known;
        let envelope = &mut self.transaction.envelope;
        let before = envelope.recipients.len();
        let named = envelope.add_recipient(&self.server.site.config, recipient);
        let (text, waits) = (named.text.clone(), named.state == RecipientState::Queued);
        // of somebody who is there already it is known since then
        let is_new = envelope.recipients.len() > before;
        accepted(&text, waits || later && is_new)
    }

    /// One more, whom a filter names: whether there is such a user is seen at delivery.
    pub(super) async fn add(&mut self, recipient: Recipient, address: Address) {
        let before = self.transaction.envelope.recipients.len();
        self.take_in(recipient, address).await;
        if self.transaction.envelope.recipients.len() > before {
            self.count_one_more();
        }
    }

    async fn take_in(&mut self, recipient: Recipient, address: Address) {
        if self.transaction.envelope.attempt.expanded.is_some() {
            if let Err(mut refused) = self.enter(recipient, address).await {
                self.log_refused_recipient(&mut refused);
            }
            return;
        }
        self.insert(Known { recipient: Recipient { address: Some(address), ..recipient }, later: false });
    }

    /// For the filters behind: `{nrcpts}` grows with who is added, and does not fall with who is struck out.
    fn count_one_more(&mut self) {
        let config = self.server.site.config.clone();
        let scope = &mut self.transaction.envelope.scope;
        let count =
            scope.get_named(&config, b"nrcpts").and_then(|count| count.to_str().ok()?.parse::<usize>().ok());
        let count = count.unwrap_or(0).saturating_add(1).to_string();
        scope.set_named(&config, b"nrcpts", count.as_bytes());
    }

    fn count_refused(&mut self) {
        if let Some(count) = self.transaction.rcpt_count() {
            count.refused += 1;
        }
    }

    /// `another`: one more is refused than has been counted.
    pub(super) fn count_recipients(&mut self, another: bool) {
        let config = self.server.site.config.clone();
        let good = self.transaction.counted().to_string();
        let bad = self.transaction.rcpt_count().map_or(0, |count| count.refused);
        let bad = (bad + u32::from(another)).to_string();
        let scope = &mut self.transaction.envelope.scope;
        scope.set_named(&config, b"nrcpts", good.as_bytes());
        scope.set_named(&config, b"nbadrcpts", bad.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{answers_of, server_with};
    use std::sync::Arc;

    /// Whoever is accepted behind the limit waits as well, and is no second flood.
    #[tokio::test(start_paused = true)]
    async fn the_log_hears_of_a_flood_once() {
        let server = Arc::new(server_with(|server| server.policy.bad_rcpt_throttle = 1));
        let begun = tokio::time::Instant::now();
        let named = ["nobody", "alice", "bob", "nobody"]
            .map(|name| format!("RCPT TO:<{name}@site.example>\r\n"))
            .concat();
        answers_of(server.clone(), &format!("MAIL FROM:<a@b.example>\r\n{named}QUIT\r\n")).await;
        assert_eq!(begun.elapsed(), 3 * server.policy.bad_rcpt_delay);
        let floods =
            server.log.lines().iter().filter(|line| line.ends_with(b"RCPT flood, throttling.")).count();
        assert_eq!(floods, 1);
    }
}
