//! Greylisting as a filter behind the check rulesets (option GreylistDelay): a recipient whom nobody has refused, from a stranger, is to be
//! asked for again.
//!
//! In: client, sender, recipient. Out: 451, in the words of ruleset `greylist` where there is one; if that does not refuse, nobody waits.

use super::client::Client;
use super::filter::{Context, Deciding, Decision, Extent, Filter, decided};
use crate::greylist::{Greylist, key};
use crate::logging::{Logger, Priority};
use crate::rewrite::{Rewriter, Verdict, ruleset_source};
use crate::schema::{EnhancedStatus, Reply, Sysexit};
use crate::sys::clock;
use std::sync::Arc;

/// Is asked with the client's name and address; what it refuses waits.
const RULESET: &[u8] = b"greylist";

/// The filter of one session.
pub(super) struct Greylisting {
    list: Arc<Greylist>,
    log: Logger,
}

impl Greylisting {
    /// As every session makes it.
    pub(super) fn boxed(list: &Arc<Greylist>, log: &Logger) -> Box<dyn Filter> {
        Box::new(Self { list: list.clone(), log: log.clone() })
    }

    async fn judge(&self, context: &mut Context<'_>, recipient: &[u8]) -> Decision {
        let Client { address, security, name, .. } = context.client;
        let Some(client) = address.map(|address| address.ip()) else { return Decision::accept() };
        if security.identity.is_authenticated() || context.site.config.relays_for(client) {
            return Decision::accept();
        }
        let key = key(client, &context.sender.text, recipient);
        let now = clock::now();
        match self.list.is_known(key, now) {
            Ok(true) => return Decision::accept(),
            Ok(false) => {}
            Err(error) => return self.without_list(&error),
        }
        let (name, shown) = (name.clone(), context.client.address_text());
        let site = context.site;
        let verdict = match site.config.rulesets.find(RULESET).is_some() {
            true => Rewriter::quiet(site, context.scope).check(RULESET, &name, Some(&shown)).await,
            false => Verdict::Reject { reply: later(), status: Sysexit::TEMPFAIL },
        };
        if verdict == Verdict::Accept {
            return Decision::accept();
        }
        if let Err(error) = self.list.note(key, now) {
            return self.without_list(&error);
        }
        Decision { verdict, source: ruleset_source(RULESET, &name, Some(&shown)), extent: Extent::Command }
    }

    /// Who cannot be remembered would wait for ever.
    fn without_list(&self, error: &std::io::Error) -> Decision {
        self.log.log(0, Priority::Error, None, format!("greylist: {error}: nobody waits").as_bytes());
        Decision::accept()
    }
}

fn later() -> Reply {
    Reply::new(451, Some(EnhancedStatus(4, 7, 1)), "Greylisted, please try again later")
}

impl Filter for Greylisting {
    fn looked_up<'a>(
        &'a mut self,
        context: &'a mut Context<'_>,
        address: &'a [u8],
        _parameters: &'a [u8],
        refused: Option<&'a Reply>,
    ) -> Deciding<'a> {
        match refused {
            Some(_) => decided(Decision::accept()),
            None => Box::pin(self.judge(context, address)),
        }
    }
}
