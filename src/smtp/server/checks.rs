//! Check rulesets and what follows from their verdicts.

use super::acceptor::Acceptor;
use super::session::Session;
use crate::logging::Priority;
use crate::rewrite::{Rewriter, Verdict};
use crate::schema::Reply;

/// What a check ruleset is asked about.
pub(super) struct Question<'a> {
    pub(super) ruleset: &'a str,
    pub(super) first: &'a [u8],
    pub(super) second: Option<&'a [u8]>,
    /// The address in question: it stands before the text of a refusal.
    pub(super) to: Option<&'a [u8]>,
}

impl<'a> Question<'a> {
    pub(super) fn new(ruleset: &'a str, first: &'a [u8]) -> Self {
        Self { ruleset, first, second: None, to: None }
    }

    pub(super) fn to(mut self, address: &'a [u8]) -> Self {
        self.to = Some(address);
        self
    }
}

impl<A: Acceptor> Session<A> {
    /// Asks a ruleset with the envelope's macros. A refusal is returned for the caller to send; discard
    /// and quarantine are noted in the envelope. All three are logged.
    pub(super) async fn check(&mut self, question: Question<'_>) -> Option<Reply> {
        let Question { ruleset, first, second, to } = question;
        let site = &self.server.site;
        let scope = &mut self.transaction.envelope.scope;
        let verdict = Rewriter::quiet(site, scope).check(ruleset.as_bytes(), first, second).await;
        let outcome = match &verdict {
            Verdict::Accept => return None,
            Verdict::Reject(reply) => [b"reject=", &self.finished(reply, to).to_line()[..]].concat(),
            Verdict::Discard => b"discard".to_vec(),
            Verdict::Quarantine(reason) => [b"quarantine=", &reason[..]].concat(),
        };
        self.log_verdict(&question_line(ruleset, first, second), &outcome, true);
        self.note(verdict)
    }

    fn note(&mut self, verdict: Verdict) -> Option<Reply> {
        let envelope = &mut self.transaction.envelope;
        match verdict {
            Verdict::Accept => None,
            Verdict::Reject(reply) => Some(reply),
            Verdict::Discard => {
                envelope.session.discard = true;
                None
            }
            Verdict::Quarantine(reason) => {
                envelope.quarantine = Some(reason);
                None
            }
        }
    }

    /// `ruleset=check_rcpt, arg1=…, relay=…, reject=…`
    pub(super) fn log_verdict(&self, question: &[u8], outcome: &[u8], with_id: bool) {
        let text = [question, b", relay=", &self.client.display, b", ", outcome].concat();
        let id = with_id.then(|| self.transaction.envelope.id.as_bytes());
        self.server.log.log(3, Priority::Notice, id, &text);
    }
}

pub(super) fn question_line(ruleset: &str, first: &[u8], second: Option<&[u8]>) -> Vec<u8> {
    let mut line = [b"ruleset=", ruleset.as_bytes(), b", arg1=", first].concat();
    if let Some(second) = second {
        line.extend_from_slice(b", arg2=");
        line.extend_from_slice(second);
    }
    line
}
