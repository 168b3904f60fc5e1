//! Recipients, from words of the command line and fields of the header.

use super::super::messages::UNKNOWN_CLIENT;
use super::{Submission, about, status_of};
use crate::addr::{MAX_SHOWN, bare_bytes, one_line, shorten};
use crate::daemon::look_up;
use crate::envelope::{Recipient, RecipientFlags, RecipientState};
use crate::logging::{Errors, Priority, Quiet};
use crate::message::{Header, HeaderKind, has_commas, shows_commas};
use crate::recipients::{Expander, lookup_timeout};
use crate::rewrite::{Address, AddressKind, Parsed, Rewriter, Triple};
use crate::schema::{EnhancedStatus, Reply, Sysexit};
use crate::sys::clock;

impl Submission<'_> {
    /// Recipients of the command line, in their order.
    pub(super) async fn add_operands(&mut self) {
        if self.invocation.names_nobody() {
            self.envelope.attempt.exit = Sysexit::USAGE;
        }
        for word in &self.invocation.recipients {
            if word.contains(&b'\n') {
                let id = self.envelope.id.as_bytes();
                self.mta.log.alert_newline(Priority::Alert, Some(id), UNKNOWN_CLIENT, word);
            }
            self.add_list(&one_line(word)).await;
        }
    }

    /// The recipient of the command line, if there is one only.
    pub(super) fn only_operand(&self) -> Option<Vec<u8>> {
        let mut named = self.envelope.recipients.iter().filter(|one| one.parent.is_none());
        named.next().filter(|_| named.next().is_none()).map(|only| only.text.clone())
    }

    /// `$u`, which the Received field shows: nobody's where there are several, who need not know of each other.
    pub(super) fn name_recipient(&mut self, only: Option<Vec<u8>>) {
        let config = &self.mta.site.config;
        match (only, config.macro_id("u")) {
            (Some(only), _) => self.envelope.scope.set_named(config, b"u", &only),
            (None, Some(id)) => self.envelope.scope.unset(id),
            (None, None) => {}
        }
    }

    /// UseErrorsTo: whom the message names for errors. To sendmail they are recipients, and one who cannot be had keeps the
    /// message from everybody.
    pub(super) async fn look_up_errors_to(&mut self, fields: &[Header]) {
        if !self.mta.site.config.options.use_errors_to {
            return;
        }
        let console = &mut self.envelope.attempt.console;
        (console.errors, console.logged) = (Errors::Held, false);
        self.envelope.session.commas |= has_commas(fields);
        let named = |field: &&Header| HeaderKind::of(&field.name).contains(HeaderKind::ERRORS_TO);
        for field in fields.iter().filter(named) {
            let found = look_up(self.mta, &mut self.envelope, field.value.trim_ascii()).await;
            self.told += found.addresses;
            self.envelope.attempt.unreachable.extend(found.failed);
            if let Some(refusal) = found.refusal {
                self.envelope.note_reply(&refusal);
                self.envelope.message = found.message;
                self.envelope.attempt.fail_with(status_of(&refusal));
                self.envelope.attempt.console.hold(&refusal.text);
            }
        }
    }

    /// With -t, those of the header as well. Errors in it are told when all is read, whatever ErrorMode says, and the
    /// message waits in the queue then: `true`.
    pub(super) async fn add_named_in(&mut self, fields: &[Header]) -> bool {
        let console = &mut self.envelope.attempt.console;
        (console.errors, console.logged) = (Errors::Held, false);
        self.old_style &= !has_commas(fields);
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
                self.envelope.attempt.console.instead(b"No recipient addresses found in header");
            }
        }
        let errors = self.envelope.attempt.console.release();
        let given_up = errors > 0;
        // whoever's header is wrong hears it as well if he himself cannot be told
        self.envelope.attempt.console.errors = if given_up { Errors::Said } else { Errors::Unsaid };
        given_up
    }

    /// The members of an address list: all are read, then they are added, the last one first, each expanded at once.
    pub(super) async fn add_list(&mut self, text: &[u8]) {
        self.old_style &= !shows_commas(text);
        let mut members = Vec::new();
        for member in split_list(text, self.old_style) {
            let parsed = self.read(&member).await;
            members.push((member, parsed));
        }
        for (text, parsed) in members.into_iter().rev() {
            self.add(&text, parsed).await;
        }
    }

    /// What the rules make of an address; what is wrong with it is told.
    async fn read(&mut self, text: &[u8]) -> Parsed {
        let mut rewriter = Rewriter::quiet(&self.mta.site, &mut self.envelope.scope);
        let parsed = rewriter.parse(text, AddressKind::RECIPIENT).await;
        for problem in &parsed.problems {
            self.complain_of(text, problem);
        }
        if let Some(problem) = parsed.problems.first().filter(|_| parsed.address.is_none() && !waits(&parsed))
        {
            self.envelope.note_reply(problem);
            // what is no address at all counts as an error of the command line
            let by_rules = parsed.triple.is_some();
            self.envelope.attempt.fail_with(if by_rules { parsed.status } else { Sysexit::USAGE });
        }
        parsed
    }

    async fn add(&mut self, text: &[u8], parsed: Parsed) {
        let site = self.mta.site.clone();
        let waits = waits(&parsed);
        if parsed.address.is_none() && !waits {
            // nothing but a comment is nobody
            let Some(problem) = parsed.problems.into_iter().next() else { return };
            return self.refuse(text, problem, parsed.triple);
        }
        let refused = parsed.problems.into_iter().next().filter(|_| parsed.address.is_none());
        let flags = RecipientFlags::PRIMARY
            | self.invocation.notify_flags().unwrap_or(RecipientFlags::DEFAULT_NOTIFY);
        let address = parsed.address.map(|address| Address { text: text.to_vec(), ..address });
        let mut recipient = Recipient { text: text.to_vec(), address, flags, ..Recipient::default() };
        if waits {
            recipient.state = RecipientState::Queued;
            match refused {
                Some(reply) => {
                    recipient.refusal = parsed.triple;
                    // the rules refuse it, but not for good
                    self.envelope.note_reply(&reply);
                    self.envelope.attempt.fail_with(Sysexit::TEMPFAIL);
                }
                None => {
                    recipient.status = Some(EnhancedStatus(4, 4, 3));
                    self.put_off(text, parsed.deferral);
                }
            }
        }
        let first = self.envelope.recipients.len();
        self.envelope.append_recipient(&site.config, recipient);
        let expander = Expander { site: &site, keeper: &self.mta.keeper, logger: &self.mta.log };
        expander.expand_added(&mut self.envelope, &mut Quiet, clock::now(), first).await;
    }

    /// An address that could not be looked up now: why, where that was not on purpose (DeliveryMode d).
    fn put_off(&mut self, text: &[u8], why: Option<Vec<u8>>) {
        let console = &self.envelope.attempt.console;
        let Some(why) = why else {
            return console.step(&[text, b"... Deferring message until queue run"]);
        };
        let timeout = lookup_timeout(&why);
        console.step(&[timeout.as_deref().unwrap_or(&why)]);
        console.step(&[text, b"... Transient parse error -- message queued for future delivery"]);
        if let Some(timeout) = timeout {
            self.envelope.transcribe(&Reply::new(451, None, timeout).to_line());
        }
        self.envelope.note(&why, false);
    }

    /// What is wrong with an address.
    fn complain_of(&mut self, text: &[u8], problem: &Reply) {
        let said = about(&shorten(text, MAX_SHOWN), problem);
        self.envelope.attempt.console.error(&said);
        if self.envelope.attempt.console.logged {
            self.mta.log.log(3, Priority::Notice, Some(self.envelope.id.as_bytes()), &said);
        }
    }

    /// Where the next one stands in the order in which they were met.
    fn next_place(&self) -> usize {
        self.envelope.recipients.iter().map(|one| one.entered).max().unwrap_or(0) + 1
    }

    /// A recipient that is none: only the report knows it, and shows the words of the rules in its place.
    fn refuse(&mut self, text: &[u8], reply: Reply, refusal: Option<Triple>) {
        // rules that give no status leave it at the general one
        let status = match &refusal {
            Some(triple) => triple.host.as_deref().and_then(EnhancedStatus::parse),
            None => reply.enhanced,
        };
        let entered = self.next_place();
        let notify = self.invocation.notify_flags().unwrap_or(RecipientFlags::DEFAULT_NOTIFY);
        let recipient = Recipient {
            entered,
            text: text.to_vec(),
            flags: RecipientFlags::PRIMARY | RecipientFlags::UNCOUNTED | notify,
            state: RecipientState::Failed,
            status: status.or(Some(EnhancedStatus(5, 0, 0))),
            message: Some(reply.text),
            refusal,
            ..Recipient::default()
        };
        self.envelope.append_recipient(&self.mta.site.config, recipient);
    }
}

/// Could an address not be looked up now? What the rules refuse for good they refuse all the same.
fn waits(parsed: &Parsed) -> bool {
    let by_rules = parsed.address.is_none() && !parsed.problems.is_empty();
    parsed.temporary && (!by_rules || parsed.status.is_temporary())
}

/// Cuts an address list at its commas; what is left of groups is for the rules, and blanks before a comma belong to the
/// address. `at_blanks`: blanks are enough.
fn split_list(text: &[u8], at_blanks: bool) -> Vec<Vec<u8>> {
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
        let list = split_list(text.as_bytes(), !text.contains(','));
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
