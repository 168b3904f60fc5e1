//! The form of an address that another host sees.

use super::build::cut;
use super::{AddressKind, Rewriter};
use crate::addr::{
    CrackRules, ScanProblem, Table, Token, cataddr, crackaddr, dequote_internal, op, quote_internal,
};
use crate::config::{MailerId, RulesetId};
use crate::engine::{AddressEvent, ScanMode, macset};
use crate::schema::Sysexit;
use std::borrow::Cow;

/// Bytes of a rewritten address proper.
const MAX_ADDRESS: usize = 254;
/// The same with display name and comments.
const MAX_NAME: usize = 256;

/// Of two statuses the one that has to wait, the later one of two.
fn later(before: Sysexit, status: Sysexit) -> Sysexit {
    if status.is_temporary() { status } else { before }
}

impl Rewriter<'_> {
    /// Rewrites an address for a mailer: 3, 1 or 2, S= or R=, 4; display name and comments stay
    /// (unless the mailer has flag c). `canonical` leaves them out. A status other than 0 (75 above all)
    /// means that rules or maps failed; the text is usable all the same. `sender_domain` (from `@` on) is
    /// put after addresses without one; give it where the sender's mailer has flag C.
    pub async fn remote_name(
        &mut self,
        text: &[u8],
        mailer: MailerId,
        kind: AddressKind,
        canonical: bool,
        sender_domain: Option<&[u8]>,
    ) -> (Vec<u8>, Sysexit) {
        let site = self.site;
        self.show(AddressEvent::Remote { text });
        self.define_named(b"addr_type", kind.addr_type());
        let plain = canonical || site.config.mailers[mailer.0 as usize].has(b'c');
        let pattern = if plain { vec![op::MACRO_EXPAND, b'g'] } else { self.crack(&self.quoted(text)) };
        let scan = self.scan(text, self.given(Table::External));
        let tokens = scan.tokens;
        if tokens.is_empty() {
            // a text that does not fit is cut where it stands
            let most =
                if scan.problems.contains(&ScanProblem::AddressTooLong) { MAX_NAME } else { text.len() };
            return (cut(text.to_vec(), most), Sysexit::OK);
        }
        let (tokens, status) = self.passes(tokens, mailer, kind, sender_domain).await;
        let address = cataddr(&site.program.operators, &tokens, Some(site.program.blank_sub), false);
        let name = self.put_address(&pattern, plain, cut(address, MAX_ADDRESS));
        let name = if self.observer.test_mode() { name } else { dequote_internal(name) };
        let name = cut(name, MAX_NAME);
        self.show(AddressEvent::RemoteName { name: &name, status });
        (name, status)
    }

    /// An envelope's sender as `$f` holds it: rulesets 3, 1 and 4. What `mailer` has to say: without flag d a
    /// route gets angle brackets; with flag C the domain is looked for by the same rulesets again.
    pub async fn sender_name(&mut self, text: &[u8], mailer: Option<MailerId>) -> Vec<u8> {
        let site = self.site;
        let has = |flag| mailer.is_some_and(|mailer| site.config.mailers[usize::from(mailer.0)].has(flag));
        // it is cut once more, this time as text of our own
        let mut tokens = self.scan(text, self.given(Table::Internal)).tokens;
        if tokens.is_empty() {
            return text.to_vec();
        }
        tokens = self.sender_passes(&tokens).await;
        let name = cataddr(&site.program.operators, &tokens, Some(site.program.blank_sub), true);
        if has(b'C') {
            self.define_named(b"addr_type", AddressKind::SENDER.addr_type());
            self.sender_passes(&tokens).await;
        }
        match name.starts_with(b"@") && mailer.is_some() && !has(b'd') {
            true => [b"<", &name[..], b">"].concat(),
            false => name,
        }
    }

    async fn sender_passes(&mut self, tokens: &[Token]) -> Vec<Token> {
        self.run_all([3, 1, 4].map(RulesetId), tokens).await.0
    }

    /// The pattern of a text (sendmail's `crackaddr`).
    pub fn crack(&mut self, text: &[u8]) -> Vec<u8> {
        let options = &self.site.config.options;
        let rules = CrackRules { must_quote: &options.must_quote_chars, colon_ok: options.colon_ok_in_addr };
        self.show(AddressEvent::Crack { text });
        let pattern = crackaddr(text, rules);
        if pattern.given_up {
            self.alerts.push(b"Dropped invalid comments from header address".to_vec());
        }
        let pattern = pattern.text;
        self.show(AddressEvent::Cracked { pattern: &pattern });
        pattern
    }

    async fn passes(
        &mut self,
        mut tokens: Vec<Token>,
        mailer: MailerId,
        kind: AddressKind,
        sender_domain: Option<&[u8]>,
    ) -> (Vec<Token>, Sysexit) {
        let declared = &self.site.config.mailers[mailer.0 as usize];
        let (first, set) = match kind.sender {
            true => (RulesetId(1), declared.sender),
            false => (RulesetId(2), declared.recipient),
        };
        let own = if kind.header { set.header } else { set.envelope };
        let behind =
            [Some(first), own.filter(|ruleset| ruleset.0 > 0), Some(RulesetId(4))].into_iter().flatten();
        let Some(domain) = sender_domain else {
            return self.run_all([RulesetId(3)].into_iter().chain(behind), &tokens).await;
        };
        let (canonical, status) = self.run_all([RulesetId(3)], &tokens).await;
        tokens = canonical;
        let mut before = status;
        if !tokens.iter().any(|token| token.as_bytes() == b"@") {
            tokens.extend(self.scan(domain, self.given(Table::External)).tokens);
            let (again, status) = self.run_all([RulesetId(3)], &tokens).await;
            tokens = again;
            before = later(before, status);
        }
        let (tokens, status) = self.run_all(behind, &tokens).await;
        (tokens, later(before, status))
    }

    /// How an address is scanned: it comes from outside, but what is typed in test mode is the site's own, and
    /// operators in it are that.
    fn given(&self, table: Table) -> ScanMode {
        ScanMode { outside: !self.observer.test_mode(), ..ScanMode::whole(table) }
    }

    fn quoted<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        if self.observer.test_mode() { Cow::Borrowed(text) } else { quote_internal(text) }
    }

    /// The address in the place of `$g`.
    fn put_address(&mut self, pattern: &[u8], plain: bool, address: Vec<u8>) -> Vec<u8> {
        let site = self.site;
        let Some(id) = site.config.names.get(b"g") else { return address };
        let before = self.scope.get(&site.config, id).map(<[u8]>::to_vec);
        let route = plain && address.first() == Some(&b'@');
        // sendmail expands the value again, macros and conditionals in it included
        let mut value = Vec::with_capacity(address.len() + 2);
        value.extend(route.then_some(b'<'));
        value.extend(address);
        value.extend(route.then_some(b'>'));
        let (scope, mut observer) = self.watching();
        macset(scope, &mut observer, id, Some(&value));
        let name = self.expand(pattern);
        let (scope, mut observer) = self.watching();
        macset(scope, &mut observer, id, before.as_deref());
        name
    }
}
