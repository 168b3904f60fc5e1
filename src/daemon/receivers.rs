//! Who is told of a message: names and what they come to.
//!
//! In: the message that is to be reported on. Out: recipients, expanded; what is said of them is said of that message. Nothing is queued here.

use super::mta::Mta;
use crate::addr::{split_list, without_route};
use crate::bounce::DsnKind;
use crate::envelope::{AttemptState, Envelope, Expanded, Recipient, RecipientFlags, RecipientState, Sender};
use crate::logging::Quiet;
use crate::message::{errors_to, shows_commas};
use crate::recipients::Expander;
use crate::sys::clock;

impl Mta {
    /// Where the sender hears of it: at his address, and at those of Errors-To where UseErrorsTo says so and the message has
    /// just come in (sendmail does not look at the fields of one that it reads from the queue).
    pub(super) fn sender_names(&self, envelope: &Envelope, kind: DsnKind) -> Vec<Vec<u8>> {
        let asked = self.site.config.options.use_errors_to && !envelope.attempt.from_queue;
        let mut names = match asked && kind.tells_failures() {
            true => errors_to(&envelope.headers.0),
            false => Vec::new(),
        };
        // sendmail takes the way to him off for a warning only
        let sender = match kind == DsnKind::Delay && !self.site.config.options.dont_prune_routes {
            true => without_route(&envelope.sender.text),
            false => (&envelope.sender.text[..]).into(),
        };
        match envelope.headers.is_old_style(&self.site.config) && !shows_commas(&sender) {
            // several, for sendmail, which reads it as any list
            true => names.extend(split_list(&sender, b" ").into_iter().rev().map(<[u8]>::to_vec)),
            false => names.push(sender.into_owned()),
        }
        names
    }

    /// With `-n` whoever has an account of that name hears of it, even where an alias sends his mail on; where nobody has, the alias is
    /// followed, or nobody would hear of it.
    pub(super) async fn expand_sender(
        &self,
        envelope: &mut Envelope,
        names: &[Vec<u8>],
    ) -> (Vec<Recipient>, Expanded) {
        if envelope.attempt.no_alias {
            let (list, expanded) = self.expand_all(envelope, self.named(envelope, names), true).await;
            if anybody(&list) {
                return (list, expanded);
            }
        }
        self.expand(envelope, names).await
    }

    /// Of a report sendmail looks for whoever it says that it is from; what is wrong with him is in the log and in the report on it.
    pub(super) async fn look_for_reporter(&self, envelope: &mut Envelope) {
        let config = &self.site.config;
        let named = match envelope.attempt.from_queue && !envelope.attempt.of_daemon {
            true => envelope.sender.text.clone(),
            false => config.expand(config.macro_value("n").unwrap_or(b"MAILER-DAEMON")),
        };
        if envelope.attempt.report && named != b"<>" {
            self.expand(envelope, &[named]).await;
        }
    }

    /// sendmail follows the sender's aliases even if nothing goes to him: the log and whoever reads steps (-v) hear of it.
    pub(super) async fn look_for_sender(&self, envelope: &mut Envelope) {
        if envelope.is_response() || envelope.sender.is_null() {
            return;
        }
        let text = envelope.sender.text.clone();
        let named = Recipient { address: envelope.sender.address.clone(), text, ..Recipient::default() };
        let no_alias = envelope.attempt.no_alias;
        self.expand_all(envelope, vec![named], no_alias).await;
    }

    /// These names as recipients, expanded. What is said of them is said of the message that is reported on.
    pub(super) async fn expand(
        &self,
        envelope: &mut Envelope,
        names: &[Vec<u8>],
    ) -> (Vec<Recipient>, Expanded) {
        self.expand_all(envelope, self.named(envelope, names), false).await
    }

    /// Who was found to be nobody when the message came in is not looked up again.
    fn named(&self, envelope: &Envelope, names: &[Vec<u8>]) -> Vec<Recipient> {
        let named = |name: &Vec<u8>| {
            let named = Recipient::named(&self.site.config, name);
            let known = envelope.attempt.unreachable.iter().find(|one| one.text == *name).cloned();
            known.map(|one| Recipient { flags: named.flags, ..one }).unwrap_or(named)
        };
        names.iter().map(named).collect()
    }

    async fn expand_all(
        &self,
        envelope: &mut Envelope,
        recipients: Vec<Recipient>,
        no_alias: bool,
    ) -> (Vec<Recipient>, Expanded) {
        let mut console = envelope.attempt.console.clone();
        console.logged = false;
        let named = recipients.len();
        let mut trial = Envelope {
            id: envelope.id.clone(),
            created: envelope.created,
            priority: envelope.priority,
            sender: Sender { text: b"<>".to_vec(), address: None },
            recipients,
            scope: envelope.scope.clone(),
            message: envelope.message.take(),
            attempt: AttemptState { console, no_alias, ..AttemptState::default() },
            ..Envelope::default()
        };
        let expander = Expander { site: &self.site, keeper: &self.keeper, logger: &self.log };
        let expanded = expander.expand(&mut trial, &mut Quiet, clock::now()).await;
        envelope.attempt.transcript.extend_from_slice(&trial.attempt.transcript);
        envelope.message = trial.message.take();
        let to_several = trial.pending().count() > named;
        envelope.attempt.told_to_several |= to_several;
        envelope.attempt.more_than_delayed |=
            to_several || trial.recipients.iter().any(|one| one.state == RecipientState::Failed);
        // the report itself has nothing to say of them yet, and is for those who can be had
        for one in &mut trial.recipients {
            one.message = None;
            if one.parent.is_none() && one.address.is_some() {
                // a name with blanks is one address, as the rules have made it
                one.final_recipient = None;
                one.set_final_recipient(&self.site.config);
            }
            one.flags.set(RecipientFlags::UNCOUNTED, one.state == RecipientState::Failed);
        }
        (trial.recipients, expanded)
    }
}

/// Would mail to one of them arrive?
pub(super) fn anybody(recipients: &[Recipient]) -> bool {
    recipients.iter().any(|one| one.state.is_pending())
}
