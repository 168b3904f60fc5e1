//! The check rulesets as a filter: the first of every session.

use super::client::Client;
use super::filter::{Arrived, Context, Deciding, Decision, Extent, Filter, Stage, decided};
use super::security::Channel;
use crate::config::{Config, HeaderCheck};
use crate::message::{Header, check_for, check_header};
use crate::rewrite::{Rewriter, Verdict, ruleset_source};

/// Asks `check_relay`, `check_mail`, `check_rcpt`, `check_data`, the rulesets of H lines, `check_eoh`,
/// `check_eom`, `check_vrfy`, `check_expn`, `check_etrn` and `check_other`. (There is none for HELO.)
pub(super) struct Rulesets;

impl Rulesets {
    /// As every session makes it.
    pub(super) fn boxed(_client: &Client) -> Box<dyn Filter> {
        Box::new(Self)
    }
}

impl Filter for Rulesets {
    fn hears(&self, config: &Config, stage: Stage) -> bool {
        let is_defined = |ruleset: &[u8]| config.rulesets.find(ruleset).is_some();
        match stage {
            Stage::Data => is_defined(b"check_data"),
            Stage::Header => !config.header_checks.is_empty(),
            Stage::EndOfHeader => is_defined(b"check_eoh"),
            Stage::End => is_defined(b"check_eom"),
            Stage::Connect | Stage::Mail | Stage::Rcpt | Stage::Request | Stage::Unknown => true,
            Stage::Helo | Stage::LookedUp | Stage::Body => false,
        }
    }

    /// On standard input there is no client to check.
    fn connect<'a>(&'a mut self, context: &'a mut Context<'_>) -> Deciding<'a> {
        let Client { name, security, .. } = context.client;
        match security.channel {
            Channel::Pipe => decided(Decision::accept()),
            Channel::Clear | Channel::Protected => {
                let (name, address) = (name.clone(), context.client.address_text());
                Box::pin(async move { ask(context, b"check_relay", &name, Some(&address)).await })
            }
        }
    }

    fn mail<'a>(
        &'a mut self,
        context: &'a mut Context<'_>,
        address: &'a [u8],
        _parameters: &'a [u8],
    ) -> Deciding<'a> {
        set(context, b"addr_type", b"e s");
        Box::pin(ask(context, b"check_mail", address, None))
    }

    fn rcpt<'a>(
        &'a mut self,
        context: &'a mut Context<'_>,
        address: &'a [u8],
        _parameters: &'a [u8],
    ) -> Deciding<'a> {
        Box::pin(ask(context, b"check_rcpt", address, None))
    }

    fn data<'a>(&'a mut self, context: &'a mut Context<'_>, recipients: usize) -> Deciding<'a> {
        Box::pin(async move { ask(context, b"check_data", recipients.to_string().as_bytes(), None).await })
    }

    /// The check of the field's own H line, or else of `H*`.
    fn header<'a>(&'a mut self, context: &'a mut Context<'_>, field: &'a Header) -> Deciding<'a> {
        match check_for(&context.site.config, &field.name).cloned() {
            Some(check) => Box::pin(async move { check_field(context, &check, field).await }),
            None => decided(Decision::accept()),
        }
    }

    fn eoh<'a>(&'a mut self, context: &'a mut Context<'_>, fields: &'a [Header]) -> Deciding<'a> {
        let bytes: usize = fields.iter().map(|field| field.name.len() + field.value.len() + 2).sum();
        let (count, bytes) = (fields.len().to_string(), bytes.to_string());
        Box::pin(async move { ask(context, b"check_eoh", count.as_bytes(), Some(bytes.as_bytes())).await })
    }

    fn end<'a>(&'a mut self, message: &'a mut dyn Arrived) -> Deciding<'a> {
        let size = message.size().to_string();
        Box::pin(async move { ask(&mut message.context(), b"check_eom", size.as_bytes(), None).await })
    }

    fn request<'a>(
        &'a mut self,
        context: &'a mut Context<'_>,
        verb: &'static str,
        argument: &'a [u8],
    ) -> Deciding<'a> {
        let ruleset = format!("check_{}", verb.to_ascii_lowercase()).into_bytes();
        Box::pin(async move { ask(context, &ruleset, argument, None).await })
    }

    fn unknown<'a>(
        &'a mut self,
        context: &'a mut Context<'_>,
        line: &'a [u8],
        digit: &'static [u8],
    ) -> Deciding<'a> {
        Box::pin(ask(context, b"check_other", line, Some(digit)))
    }
}

/// Asks a ruleset with the macros of the envelope.
async fn ask(context: &mut Context<'_>, ruleset: &[u8], first: &[u8], second: Option<&[u8]>) -> Decision {
    let site = context.site;
    let verdict = Rewriter::quiet(site, context.scope).check(ruleset, first, second).await;
    decision(verdict, ruleset, first, second)
}

fn decision(verdict: Verdict, ruleset: &[u8], first: &[u8], second: Option<&[u8]>) -> Decision {
    if verdict == Verdict::Accept {
        return Decision::accept();
    }
    Decision { verdict, source: ruleset_source(ruleset, first, second), extent: Extent::Command }
}

fn set(context: &mut Context<'_>, name: &[u8], value: &[u8]) {
    context.scope.set_named(&context.site.config, name, value);
}

async fn check_field(context: &mut Context<'_>, check: &HeaderCheck, field: &Header) -> Decision {
    let site = context.site;
    let verdict = check_header(&mut Rewriter::quiet(site, context.scope), check, field).await;
    decision(verdict, &site.config.rulesets.display_name(check.ruleset), &unfolded(&field.value), None)
}

/// A value as the log shows it.
fn unfolded(value: &[u8]) -> Vec<u8> {
    let value = value.trim_ascii();
    value
        .iter()
        .filter(|byte| **byte != b'\n')
        .map(|byte| if *byte == b'\t' { b' ' } else { *byte })
        .collect()
}
