//! SPF, DKIM, DMARC and ARC as a filter before the check rulesets, so that these know the results (option MailAuthentication).
//!
//! In: what the client says. Out: macros, the field Authentication-Results, a line for the log, and what ruleset `mail_auth` makes of it.
//! Without that ruleset nothing is refused.

use super::client::Client;
use super::filter::{Arrived, Context, Deciding, Decision, Extent, Filter, Working, decided};
use crate::config::Config;
use crate::logging::{Logger, Priority};
use crate::mail_auth::{
    Arriving, Envelope, FIELD, Results, Verdict as Found, check_message, check_sender, is_forged,
};
use crate::message::{Header, HeaderEdit, HeaderKind};
use crate::rewrite::{Rewriter, Verdict, ruleset_source};
use crate::sys::clock;

/// The ruleset that decides.
const RULESET: &[u8] = b"mail_auth";

/// The checks of one session.
pub(super) struct MailAuthentication {
    log: Logger,
    helo: Vec<u8>,
    /// What is known before the message comes.
    of_sender: Option<Results>,
    arriving: Option<Arriving>,
}

impl MailAuthentication {
    /// As every session makes it.
    pub(super) fn boxed(log: &Logger, _client: &Client) -> Box<dyn Filter> {
        Box::new(Self { log: log.clone(), helo: Vec::new(), of_sender: None, arriving: None })
    }

    /// Looks at the sender, once for each message.
    async fn look_at_sender(&mut self, context: &mut Context<'_>) {
        let Some(address) = context.client.address.filter(|_| self.of_sender.is_none() && !is_ours(context))
        else {
            return;
        };
        let text = &context.sender.text;
        let sender =
            text.strip_prefix(b"<").and_then(|text| text.strip_suffix(b">")).unwrap_or(text).to_vec();
        let from = Envelope { helo: self.helo.clone(), sender };
        let results = check_sender(&context.site.resolver, address.ip(), &from).await;
        set_macros(context, &results);
        self.of_sender = Some(results);
    }

    async fn judge(&mut self, message: &mut dyn Arrived) -> Decision {
        let config = message.context().site.config.clone();
        let name = authserv_id(&config);
        remove_forged(message, &name);
        let (Some(arriving), Some(of_sender)) = (self.arriving.take(), self.of_sender.take()) else {
            return Decision::accept();
        };
        let resolver = message.context().site.resolver.clone();
        let results = check_message(&resolver, arriving, of_sender, clock::now()).await;
        let mut context = message.context();
        set_macros(&mut context, &results);
        self.log.log(8, Priority::Info, Some(context.id), &results.log_line());
        let decision = ask(&mut context, &results).await;
        let field = results.field(&name);
        let grown = i64::try_from(FIELD.len() + field.len() + 2).unwrap_or(0);
        message.change_header(grown).insert(0, FIELD, field);
        decision
    }
}

impl Filter for MailAuthentication {
    fn helo<'a>(&'a mut self, _context: &'a mut Context<'_>, name: &'a [u8]) -> Deciding<'a> {
        self.helo = name.to_vec();
        decided(Decision::accept())
    }

    fn mail<'a>(
        &'a mut self,
        _context: &'a mut Context<'_>,
        _address: &'a [u8],
        _parameters: &'a [u8],
    ) -> Deciding<'a> {
        (self.of_sender, self.arriving) = (None, None);
        decided(Decision::accept())
    }

    /// Whoever is refused before has cost no question.
    fn rcpt<'a>(
        &'a mut self,
        context: &'a mut Context<'_>,
        _address: &'a [u8],
        _parameters: &'a [u8],
    ) -> Deciding<'a> {
        Box::pin(async move {
            self.look_at_sender(context).await;
            Decision::accept()
        })
    }

    fn eoh<'a>(&'a mut self, _context: &'a mut Context<'_>, fields: &'a [Header]) -> Deciding<'a> {
        if self.of_sender.is_some() {
            self.arriving = Some(Arriving::new(as_received(fields)));
        }
        decided(Decision::accept())
    }

    fn wants_body(&self) -> bool {
        self.arriving.is_some()
    }

    fn body<'a>(&'a mut self, _context: &'a mut Context<'_>, piece: &'a [u8]) -> Deciding<'a> {
        if let Some(arriving) = &mut self.arriving {
            arriving.write(piece);
        }
        decided(Decision::accept())
    }

    fn end<'a>(&'a mut self, message: &'a mut dyn Arrived) -> Deciding<'a> {
        Box::pin(self.judge(message))
    }

    fn abort<'a>(&'a mut self, _context: &'a mut Context<'_>) -> Working<'a, ()> {
        (self.of_sender, self.arriving) = (None, None);
        Box::pin(std::future::ready(()))
    }
}

/// Mail that begins its way here has nobody to vouch for it yet.
fn is_ours(context: &Context<'_>) -> bool {
    let Client { address, security, .. } = context.client;
    security.identity.is_authenticated()
        || address.is_none_or(|address| context.site.config.relays_for(address.ip()))
}

/// AuthservID, else `$j`.
fn authserv_id(config: &Config) -> Vec<u8> {
    match &config.options.authserv_id {
        Some(name) if !name.is_empty() => name.clone(),
        _ => config.expand(config.macro_value("j").unwrap_or_default()),
    }
}

fn set_macros(context: &mut Context<'_>, results: &Results) {
    for (name, value) in results.macros() {
        context.scope.set_named(&context.site.config, name.as_bytes(), value);
    }
}

/// A header as it stood on the wire.
fn as_received(fields: &[Header]) -> Vec<u8> {
    let mut header = Vec::new();
    for field in fields {
        header.extend([&field.name[..], b":"].concat());
        for (number, line) in field.value.split(|byte| *byte == b'\n').enumerate() {
            header.extend_from_slice(if number > 0 { b"\r\n" } else { b"" });
            header.extend_from_slice(line);
        }
        header.extend_from_slice(b"\r\n");
    }
    header
}

/// Nobody else speaks under our name.
fn remove_forged(message: &mut dyn Arrived, name: &[u8]) {
    let came = |header: &HeaderEdit| {
        let fields = header.fields().filter(|field| field.kind.contains(HeaderKind::USER));
        let fields = fields.filter(|field| field.name.eq_ignore_ascii_case(FIELD));
        let sizes =
            fields.map(|field| (is_forged(&field.value, name), field.name.len() + field.value.len() + 2));
        sizes.collect::<Vec<_>>()
    };
    let fields = came(message.header());
    for ((forged, size), number) in fields.into_iter().zip(1..).collect::<Vec<_>>().into_iter().rev() {
        if forged {
            let shrunk = i64::try_from(size).unwrap_or(0);
            message.change_header(-shrunk).change(number, FIELD, None);
        }
    }
}

/// Asks the ruleset about each result, DMARC's first: `DMARC:reject $| site.example`. One that says no ends it.
async fn ask(context: &mut Context<'_>, results: &Results) -> Decision {
    let dmarc = match results.dmarc.verdict {
        Found::Fail => results.dmarc.policy.word(),
        other => other.word(),
    };
    let at = memchr::memrchr(b'@', &results.sender).map_or(0, |at| at + 1);
    let sender = if results.sender.is_empty() { &results.helo[..] } else { &results.sender[at..] };
    let questions: [(&str, &str, &[u8]); 4] = [
        ("DMARC", dmarc, &results.dmarc.domain),
        ("SPF", results.spf.word(), sender),
        ("DKIM", results.dkim_verdict().word(), results.dkim_domain()),
        ("ARC", results.arc.word(), b""),
    ];
    let site = context.site;
    for (tag, word, domain) in questions {
        let first = format!("{tag}:{word}").into_bytes();
        let verdict = Rewriter::quiet(site, context.scope).check(RULESET, &first, Some(domain)).await;
        if verdict != Verdict::Accept {
            let source = ruleset_source(RULESET, &first, Some(domain));
            return Decision { verdict, source, extent: Extent::Command };
        }
    }
    Decision::accept()
}
