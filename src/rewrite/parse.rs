//! From an address text to mailer, host and user.

use super::build::buildaddr;
use super::check::rscap;
use super::syntax::MAX_ADDRESS;
use super::syntax::{invalid_text, invalid_user};
use super::{Address, AddressKind, Parsed, Site, run, show};
use crate::addr::{Table, Token};
use crate::config::RulesetId;
use crate::engine::{MAX_SHOWN, ScanMode, Scope, scan, shorten, with_address};
use crate::logging::{Tracer, pass_on};
use crate::schema::{DeliveryMode, Reply, Sysexit};

/// Resolves an address: rulesets 3 and 0, then 2, R= and 4 on the user.
pub async fn parseaddr(
    site: &Site,
    scope: &mut Scope,
    tracer: &mut dyn Tracer,
    text: &[u8],
    kind: AddressKind,
) -> Parsed {
    parseaddr_until(site, scope, tracer, text, 0, kind).await
}

/// [`parseaddr`] of the first address of a list; `Parsed::rest` tells where it ends.
pub async fn parseaddr_until(
    site: &Site,
    scope: &mut Scope,
    tracer: &mut dyn Tracer,
    text: &[u8],
    delimiter: u8,
    kind: AddressKind,
) -> Parsed {
    if tracer.level(20) >= 1 {
        tracer.text(&[b"\n--parseaddr(", text, b")\n"].concat());
    }
    let mut tracer = Collector { tracer, replies: Vec::new() };
    // test mode has its own word for it
    if !tracer.test_mode() {
        scope.set_named(&site.config, b"addr_type", kind.addr_type());
    }
    let mut parsed = parse(site, scope, &mut tracer, text, delimiter, kind).await;
    if tracer.level(20) >= 1 {
        show::parsed(site, &parsed, &mut tracer);
    }
    parsed.problems = tracer.replies;
    if parsed.bad {
        parsed.address = None;
    }
    parsed
}

async fn parse(
    site: &Site,
    scope: &mut Scope,
    tracer: &mut Collector<'_>,
    text: &[u8],
    delimiter: u8,
    kind: AddressKind,
) -> Parsed {
    let mode = ScanMode { delimiter, ..ScanMode::whole(Table::External) };
    let scan = scan(&site.program.operators, &site.config.names, text, mode, tracer);
    let given = text[..scan.rest.min(text.len())].trim_ascii().to_vec();
    if scan.tokens.is_empty() {
        if tracer.level(20) >= 1 {
            tracer.line(b"parseaddr-->NULL");
        }
        return Parsed { rest: scan.rest, ..Parsed::default() };
    }
    if let Err(reply) = invalid_text(&given, kind) {
        // an address that is too long is cut where it stands
        tracer.reply(&with_address(&given[..given.len().min(MAX_ADDRESS)], reply));
        if tracer.level(20) >= 1 {
            tracer.line(b"parseaddr-->bad address");
        }
        return Parsed { rest: scan.rest, ..Parsed::default() };
    }
    let (tokens, canonify) = run(site, scope, tracer, RulesetId(3), scan.tokens).await;
    let (tokens, resolve) = run(site, scope, tracer, RulesetId(0), tokens).await;
    let temporary = canonify.is_temporary() || resolve.is_temporary();
    let mut parsed = resolved(site, scope, tracer, &tokens, given.clone(), kind).await;
    parsed.rest = scan.rest;
    if let Some(address) = parsed.address.as_mut().filter(|_| kind == AddressKind::RECIPIENT && !parsed.bad) {
        let user = address.user.clone();
        let group = rscap(site, scope, tracer, b"queuegroup", &user, None).await;
        address.queue_group = group.and_then(|tokens| Some(tokens.get(1)?.to_vec()));
    }
    if temporary {
        parsed.temporary = true;
        if parsed.bad {
            return parsed; // with its own status
        }
        if tracer.level(20) >= 1 {
            tracer.line(b"parseaddr: queueing message");
        }
        let deferred = site.config.options.delivery_mode == DeliveryMode::Defer;
        let text = match deferred {
            true => "Deferring message until queue run",
            false => "Transient parse error -- message queued for future delivery",
        };
        tracer.notice(&[&shorten(&given, MAX_SHOWN)[..], b"... ", text.as_bytes()].concat());
        if parsed.status.is_ok() {
            parsed.status = Sysexit::TEMPFAIL;
        }
    }
    parsed
}

/// What rulesets 0 and 5 have answered becomes an address.
async fn resolved(
    site: &Site,
    scope: &mut Scope,
    tracer: &mut Collector<'_>,
    tokens: &[Token],
    given: Vec<u8>,
    kind: AddressKind,
) -> Parsed {
    let mut parsed = buildaddr(site, scope, tracer, tokens, &given, kind).await;
    let replies_before = tracer.replies.len();
    if let Some(address) = &mut parsed.address {
        address.text = given;
        if !parsed.bad {
            show::built(site, address, tracer);
        }
        if let Err(reply) = invalid_user(&mut address.user, kind) {
            tracer.reply(&reply);
            if tracer.level(20) >= 1 {
                tracer.line(b"parseaddr-->bad q_user");
            }
        }
        if !parsed.bad {
            show::allocated(address, kind.bits(), tracer);
        }
        let too_long = address.host.as_ref().is_some_and(|host| host.len() > 255);
        parsed.bad |= tracer.replies.len() > replies_before || too_long;
        if let Some(triple) = &mut parsed.triple {
            triple.user = address.user.clone();
        }
    } else if let Some(triple) = &mut parsed.triple
        && let Err(reply) = invalid_user(&mut triple.user, kind)
    {
        // what is wrong with the text of an error makes it final
        tracer.reply(&reply);
        (parsed.bad, parsed.temporary) = (true, false);
    }
    parsed
}

/// Ruleset 5 for a local user without alias: `None` when it changes nothing.
pub async fn localaddr(
    site: &Site,
    scope: &mut Scope,
    tracer: &mut dyn Tracer,
    address: &Address,
) -> Option<Parsed> {
    if address.skip_ruleset5 {
        return None;
    }
    let mut tracer = Collector { tracer, replies: Vec::new() };
    if tracer.level(29) >= 1 {
        tracer.line(&[b"maplocaluser: ", &address.text[..]].concat());
    }
    let mode = ScanMode::whole(Table::External);
    let scan = scan(&site.program.operators, &site.config.names, &address.user, mode, &mut tracer);
    if scan.tokens.is_empty() {
        return None;
    }
    scope.set_named(&site.config, b"u", &address.user);
    scope.set_named(&site.config, b"h", address.host.as_deref().unwrap_or_default());
    let (tokens, status) = run(site, scope, &mut tracer, RulesetId(5), scan.tokens).await;
    let resolves = tokens.first().is_some_and(|token| token.first() == crate::addr::op::CANONICAL_NET);
    if !status.is_ok() || !resolves {
        let temporary = status.is_temporary();
        return temporary.then(|| Parsed { temporary, status, ..Parsed::default() });
    }
    let given = address.text.clone();
    let mut parsed = resolved(site, scope, &mut tracer, &tokens, given, AddressKind::RECIPIENT).await;
    parsed.problems = tracer.replies;
    let same = parsed.address.as_ref().is_some_and(|new| {
        (&new.mailer, &new.host, &new.user) == (&address.mailer, &address.host, &address.user)
    });
    if parsed.bad {
        parsed.address = None;
    }
    (!same).then_some(parsed)
}

/// Passes everything on and keeps the replies.
pub(super) struct Collector<'a> {
    tracer: &'a mut dyn Tracer,
    pub replies: Vec<Reply>,
}

impl Tracer for Collector<'_> {
    pass_on!(level, line, message, notice, text, about, test_mode);

    fn reply(&mut self, reply: &Reply) {
        self.replies.push(reply.clone());
        self.tracer.reply(reply);
    }
}
