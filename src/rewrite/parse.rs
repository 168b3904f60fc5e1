//! From an address text to mailer, host and user.

use super::rewriter::view;
use super::syntax::{invalid_text, invalid_user, shown};
use super::{Address, AddressKind, Parsed, Rewriter};
use crate::addr::{Table, Token};
use crate::config::RulesetId;
use crate::engine::{AddressEvent, MAX_SHOWN, ScanMode, shorten, with_address};
use crate::schema::Sysexit;

impl Rewriter<'_> {
    /// Resolves an address: rulesets 3 and 0, then 2, R= and 4 on the user (sendmail's `parseaddr`).
    pub async fn parse(&mut self, text: &[u8], kind: AddressKind) -> Parsed {
        self.parse_until(text, 0, kind).await
    }

    /// [`Rewriter::parse`] of the first address of a list; `Parsed::rest` tells where it ends.
    pub async fn parse_until(&mut self, text: &[u8], delimiter: u8, kind: AddressKind) -> Parsed {
        self.show(AddressEvent::Parse { text });
        // test mode has its own word for it
        if !self.observer.test_mode() {
            self.scope.set_named(&self.site.config, b"addr_type", kind.addr_type());
        }
        let before = std::mem::take(&mut self.problems);
        self.deferral = None;
        let mut parsed = self.parse_address(text, delimiter, kind).await;
        parsed.deferral = self.deferral.take();
        // what is bad has been told
        if let Some(address) = parsed.address.as_ref().filter(|_| !parsed.bad) {
            self.show(AddressEvent::Parsed { address: view(address), temporary: parsed.temporary });
        }
        parsed.problems = std::mem::replace(&mut self.problems, before);
        if parsed.bad {
            parsed.address = None;
        }
        parsed
    }

    async fn parse_address(&mut self, text: &[u8], delimiter: u8, kind: AddressKind) -> Parsed {
        let scan = self.scan(text, ScanMode { delimiter, ..ScanMode::whole(Table::External) });
        let given = text[..scan.rest.min(text.len())].trim_ascii().to_vec();
        if scan.tokens.is_empty() {
            self.show(AddressEvent::NotParsed { why: "NULL" });
            return Parsed { rest: scan.rest, ..Parsed::default() };
        }
        if let Err(reply) = invalid_text(&given, kind, self.site.config.options.utf8_addresses) {
            // the address itself is cut and changed where it stands
            self.complain(with_address(&shown(&given), reply));
            self.show(AddressEvent::NotParsed { why: "bad address" });
            return Parsed { rest: scan.rest, ..Parsed::default() };
        }
        let (tokens, status) = self.run_all([3, 0].map(RulesetId), &scan.tokens).await;
        let temporary = status.is_temporary();
        let mut parsed = self.resolved(&tokens, given.clone(), kind).await;
        parsed.rest = scan.rest;
        if let Some(address) =
            parsed.address.as_mut().filter(|_| kind == AddressKind::RECIPIENT && !parsed.bad)
        {
            let group = self.answer(b"queuegroup", &address.user, None).await;
            address.queue_group = group.and_then(|tokens| Some(tokens.get(1)?.to_vec()));
        }
        if temporary {
            self.postpone(&mut parsed, &given);
        }
        parsed
    }

    /// Rules or maps failed for now: unless the address is refused all the same, it is kept and tried again.
    fn postpone(&mut self, parsed: &mut Parsed, given: &[u8]) {
        parsed.temporary = true;
        if parsed.bad {
            return; // with its own status
        }
        self.show(AddressEvent::Postponed);
        let text = match self.scope.defers(&self.site.config) {
            true => "Deferring message until queue run",
            false => "Transient parse error -- message queued for future delivery",
        };
        self.observer.notice(&[&shorten(given, MAX_SHOWN)[..], b"... ", text.as_bytes()].concat());
        if parsed.status.is_ok() {
            parsed.status = Sysexit::TEMPFAIL;
        }
    }

    /// What rulesets 0 and 5 have answered becomes an address.
    async fn resolved(&mut self, tokens: &[Token], given: Vec<u8>, kind: AddressKind) -> Parsed {
        let utf8 = self.site.config.options.utf8_addresses;
        let mut parsed = self.build_address(tokens, &given, kind).await;
        if let Some(address) = &mut parsed.address {
            address.text = given;
            if !parsed.bad {
                self.show(AddressEvent::Built { address: view(address) });
            }
            if let Err(reply) = invalid_user(&mut address.user, kind, utf8) {
                self.complain(reply);
                self.show(AddressEvent::NotParsed { why: "bad q_user" });
                parsed.bad = true;
            }
            self.show(AddressEvent::Allocated { flags: kind.bits(), text: &address.text });
            parsed.bad |= address.host.as_ref().is_some_and(|host| host.len() > 255);
            if let Some(triple) = &mut parsed.triple {
                triple.user = address.user.clone();
            }
        } else if let Some(triple) = &mut parsed.triple
            && let Err(reply) = invalid_user(&mut triple.user, kind, utf8)
        {
            // what is wrong with the text of an error makes it final
            self.complain(reply);
            (parsed.bad, parsed.temporary) = (true, false);
        }
        parsed
    }

    /// Ruleset 5 for a local user without alias (sendmail's `maplocaluser`): `None` when it changes nothing.
    pub async fn local_address(&mut self, address: &Address) -> Option<Parsed> {
        if address.skip_ruleset5 {
            return None;
        }
        let before = std::mem::take(&mut self.problems);
        let parsed = self.map_local_user(address).await;
        let problems = std::mem::replace(&mut self.problems, before);
        parsed.map(|parsed| Parsed { problems, ..parsed })
    }

    async fn map_local_user(&mut self, address: &Address) -> Option<Parsed> {
        self.show(AddressEvent::LocalUser { text: &address.text });
        let config = &self.site.config;
        let scan = self.scan(&address.user, ScanMode::whole(Table::External));
        if scan.tokens.is_empty() {
            return None;
        }
        self.scope.set_named(config, b"u", &address.user);
        self.scope.set_named(config, b"h", address.host.as_deref().unwrap_or_default());
        let (tokens, status) = self.run(RulesetId(5), scan.tokens).await;
        let resolves = tokens.first().is_some_and(|token| token.first() == crate::addr::op::CANONICAL_NET);
        if !status.is_ok() || !resolves {
            let temporary = status.is_temporary();
            return temporary.then(|| Parsed { temporary, status, ..Parsed::default() });
        }
        let mut parsed = self.resolved(&tokens, address.text.clone(), AddressKind::RECIPIENT).await;
        let same = parsed.address.as_ref().is_some_and(|new| {
            (&new.mailer, &new.host, &new.user) == (&address.mailer, &address.host, &address.user)
        });
        if parsed.bad {
            parsed.address = None;
        }
        (!same).then_some(parsed)
    }
}
