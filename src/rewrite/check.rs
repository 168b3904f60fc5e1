//! Check rulesets: may this go on?

use super::error::error_reply;
use super::syntax::without_quotes;
use super::{Rewriter, Verdict};
use crate::addr::{Table, Token, cataddr, op};
use crate::engine::{ScanMode, scan};
use crate::logging::{Tracer, pass_on};
use crate::schema::Reply;

/// Check rulesets whose argument keeps its comments.
const COMMENTS_KEPT: &[&[u8]] = &[b"check_eoh", b"check_eom", b"check_other"];

impl Rewriter<'_> {
    /// Runs a check ruleset on `first`, or on `first $| second` (sendmail's `rscheck`). A ruleset that does not
    /// exist accepts.
    ///
    /// The reply has no address in front; [`crate::engine::with_address`] puts it there where a peer is
    /// answered about one (MAIL, RCPT).
    pub async fn check(&mut self, ruleset: &[u8], first: &[u8], second: Option<&[u8]>) -> Verdict {
        let keep_comments = COMMENTS_KEPT.contains(&ruleset);
        self.verdict(ruleset, first, second, keep_comments).await
    }

    /// A header's check ruleset (`HName: $>set`; `$>+set` keeps comments). Headers that are not
    /// `structured` hold no addresses, so nothing is said of texts that cannot be scanned.
    pub async fn check_header(
        &mut self,
        ruleset: &[u8],
        value: &[u8],
        keep_comments: bool,
        structured: bool,
    ) -> Verdict {
        let mut hushed = Hushed { tracer: &mut *self.observer, hushed: !structured };
        let mut rewriter = Rewriter::new(self.site, self.scope, &mut hushed);
        rewriter.verdict(ruleset, value, None, keep_comments).await
    }

    async fn verdict(
        &mut self,
        ruleset: &[u8],
        first: &[u8],
        second: Option<&[u8]>,
        keep_comments: bool,
    ) -> Verdict {
        self.trace_call("rscheck", ruleset, first, second);
        let Some(tokens) = self.ask(ruleset, first, second, keep_comments).await else {
            return Verdict::Accept;
        };
        let [net, word, rest @ ..] = &tokens[..] else { return Verdict::Accept };
        match word.as_bytes() {
            b"error" if net.first() == op::CANONICAL_NET => self.error(rest),
            b"discard" if net.first() == op::CANONICAL_NET => {
                if self.observer.level(48) >= 2 {
                    self.observer.line(b"rscheck: discard mailer selected");
                }
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
        let join = |tokens| cataddr(&self.site.program.operators, tokens, Some(b' '), true);
        if code.first().is_some_and(|token| token.as_bytes() == b"quarantine") {
            return Verdict::Quarantine(without_quotes(&join(text)));
        }
        let code = join(code);
        let code = Some(&code).filter(|_| marked).map(Vec::as_slice);
        let reply = error_reply(code, &join(text), self.observer.about());
        self.observer.reply(&reply);
        Verdict::Reject(reply)
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
        self.trace_call("rscap", ruleset, first, second);
        let tokens = self.ask(ruleset, first, second, false).await?;
        tokens.first().is_some_and(|token| token.first() == op::CANONICAL_NET).then_some(tokens)
    }

    fn trace_call(&mut self, function: &str, ruleset: &[u8], first: &[u8], second: Option<&[u8]>) {
        if self.observer.level(48) >= 2 {
            let second = second.unwrap_or(b"(NULL)");
            let text = [function.as_bytes(), b"(", ruleset, b", ", first, b", ", second, b")"].concat();
            self.observer.line(&text);
        }
    }

    /// What a ruleset answers to `first $| second`; `None` if there is nothing to ask or to scan.
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
        let mode = ScanMode { delimiter: 0, table, ignore: keep_comments, silent: true };
        let scan = scan(&self.site.program.operators, &config.names, &text, mode, self.observer);
        if scan.tokens.is_empty() {
            if self.observer.level(48) >= 2 {
                self.observer.line(b"rscheck: cannot prescan input");
            }
            return None;
        }
        Some(self.run(id, scan.tokens).await.0)
    }
}

/// Keeps scanners' complaints to itself.
struct Hushed<'a> {
    tracer: &'a mut dyn Tracer,
    hushed: bool,
}

impl Tracer for Hushed<'_> {
    pass_on!(level, line, message, notice, text, about, test_mode);

    fn reply(&mut self, reply: &Reply) {
        let complaint = reply.code == 553 && reply.text.windows(15).any(|part| part == b"... Unbalanced ");
        if !(self.hushed && complaint) {
            self.tracer.reply(reply);
        }
    }
}
