//! Check rulesets: may this go on?

use super::build::cut;
use super::error::{error_reply, error_status};
use super::{Rewriter, Verdict};
use crate::addr::{Table, Token, cataddr, op, quote_internal, without_quotes};
use crate::engine::{AddressEvent, ScanMode};

/// Bytes of the text (and of the code) that a check ruleset answers with, quotes counted; longer ones are cut.
const MAX_ANSWER: usize = 255;

/// Check rulesets whose argument keeps its comments.
const COMMENTS_KEPT: &[&[u8]] = &[b"check_eoh", b"check_eom", b"check_other"];

impl Rewriter<'_> {
    /// Runs a check ruleset on `first`, or on `first $| second` (sendmail's `rscheck`). A ruleset that does not
    /// exist accepts. Both texts come from outside. (VRFY, EXPN and ETRN let a client call rulesets of sendmail.)
    ///
    /// The reply has no address in front; [`crate::engine::with_address`] puts it there where a peer is
    /// answered about one (MAIL, RCPT).
    pub async fn check(&mut self, ruleset: &[u8], first: &[u8], second: Option<&[u8]>) -> Verdict {
        let keep_comments = COMMENTS_KEPT.contains(&ruleset);
        let (first, second) = (quote_internal(first), second.map(quote_internal));
        self.verdict(ruleset, &first, second.as_deref(), keep_comments).await
    }

    /// A header's check ruleset (`HName: $>set`; `$>+set` keeps comments). `value` is the field's value with its
    /// bytes quoted ([`quote_internal`]). Headers that are not `structured` hold no addresses, so nothing is said of
    /// texts in them that do not balance.
    pub async fn check_header(
        &mut self,
        ruleset: &[u8],
        value: &[u8],
        keep_comments: bool,
        structured: bool,
    ) -> Verdict {
        let before = std::mem::replace(&mut self.silent, !structured);
        let verdict = self.verdict(ruleset, value, None, keep_comments).await;
        self.silent = before;
        verdict
    }

    async fn verdict(
        &mut self,
        ruleset: &[u8],
        first: &[u8],
        second: Option<&[u8]>,
        keep_comments: bool,
    ) -> Verdict {
        self.show(AddressEvent::Check { function: "rscheck", ruleset, first, second });
        let Some(tokens) = self.ask(ruleset, first, second, keep_comments).await else {
            return Verdict::Accept;
        };
        let [net, word, rest @ ..] = &tokens[..] else { return Verdict::Accept };
        match word.as_bytes() {
            b"error" if net.first() == op::CANONICAL_NET => self.error(rest),
            b"discard" if net.first() == op::CANONICAL_NET => {
                self.show(AddressEvent::CheckDiscards);
                Verdict::Discard
            }
            _ => Verdict::Accept,
        }
    }

    /// `$@ code $: text`, or `$@ quarantine $: reason`
    fn error(&mut self, rest: &[Token]) -> Verdict {
        let marked = rest.first().is_some_and(|token| token.first() == op::CANONICAL_HOST);
        let rest = if marked { &rest[1..] } else { rest };
        let colon = rest.iter().position(|token| token.first() == op::CANONICAL_USER);
        let (code, text) = match colon {
            Some(at) => (&rest[..at], &rest[at + 1..]),
            None => (rest, &rest[rest.len()..]),
        };
        let operators = &self.site.program.operators;
        let join = |tokens| cut(cataddr(operators, tokens, Some(b' '), true), MAX_ANSWER);
        if code.first().is_some_and(|token| token.as_bytes() == b"quarantine") {
            return Verdict::Quarantine(without_quotes(&join(text)).collect());
        }
        let code = join(code);
        let code = Some(&code).filter(|_| marked).map(Vec::as_slice);
        let reply = error_reply(code, &join(text), self.observer.about());
        self.complain(reply.clone());
        Verdict::Reject { reply, status: error_status(code) }
    }

    /// Runs a ruleset that answers with tokens after `$#` (srv_features, greet_pause, queuegroup …): all
    /// tokens of the answer, `$#` first (sendmail's `rscap`). `None`: no such ruleset, a text that cannot be
    /// scanned, or an answer without `$#`.
    pub async fn answer(
        &mut self,
        ruleset: &[u8],
        first: &[u8],
        second: Option<&[u8]>,
    ) -> Option<Vec<Token>> {
        self.show(AddressEvent::Check { function: "rscap", ruleset, first, second });
        let (first, second) = (quote_internal(first), second.map(quote_internal));
        let tokens = self.ask(ruleset, &first, second.as_deref(), false).await?;
        tokens.first().is_some_and(|token| token.first() == op::CANONICAL_NET).then_some(tokens)
    }

    /// Runs a ruleset that answers with a text (tls_srv_features, tls_clt_features): its tokens without anything
    /// between them. `None`: no such ruleset, or a text that cannot be scanned.
    pub async fn text(&mut self, ruleset: &[u8], first: &[u8], second: Option<&[u8]>) -> Option<Vec<u8>> {
        let (first, second) = (quote_internal(first), second.map(quote_internal));
        let tokens = self.ask(ruleset, &first, second.as_deref(), false).await?;
        Some(cataddr(&self.site.program.operators, &tokens, None, true))
    }

    /// What a ruleset answers to `first $| second`, both quoted; `None` if there is nothing to ask or to scan.
    async fn ask(
        &mut self,
        ruleset: &[u8],
        first: &[u8],
        second: Option<&[u8]>,
        keep_comments: bool,
    ) -> Option<Vec<Token>> {
        let config = &self.site.config;
        let id = config.rulesets.find(ruleset)?;
        let mut text = first.to_vec();
        if let Some(second) = second {
            text.push(op::COND_ELSE);
            text.extend_from_slice(second);
        }
        let table = if keep_comments { Table::NoComment } else { Table::Internal };
        let mode = ScanMode { ignore: keep_comments, silent: true, ..ScanMode::whole(table) };
        let scan = self.scan(&text, mode);
        if scan.tokens.is_empty() {
            self.show(AddressEvent::CheckUnscanned);
            return None;
        }
        Some(self.run(id, scan.tokens).await.0)
    }
}
