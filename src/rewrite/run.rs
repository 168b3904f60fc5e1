//! Driving the machine: questions to the maps, answers back.

use super::machines::Borrowed;
use super::{Rewriter, Site};
use crate::addr::{Expansion, MAX_TEXT, TOO_DEEP, Token, expand_settled};
use crate::config::RulesetId;
use crate::engine::{Context, Event, Machine, Maps, Observer, Scope, Step, Watch};
use crate::maps::LookupContext;
use crate::schema::{Reply, Sysexit};
use std::borrow::Cow;

/// The category of traces (`-d35`) that shows expansions.
const TRACE_EXPAND: u8 = 35;

impl Rewriter<'_> {
    /// Runs one ruleset on a workspace. The status is 0, 75 (a map failed for now) or an error's.
    pub async fn run(&mut self, ruleset: RulesetId, tokens: Vec<Token>) -> (Vec<Token>, Sysexit) {
        let mut machine = Borrowed::take();
        machine.load(&self.site.program, &tokens);
        let status = self.call(ruleset, &mut machine).await;
        (machine.tokens(&self.site.program), status)
    }

    /// Runs rulesets one after the other, each on what the one before has left. The status is 75 where a map failed for now, else 0.
    pub(super) async fn run_all(
        &mut self,
        rulesets: impl IntoIterator<Item = RulesetId>,
        tokens: &[Token],
    ) -> (Vec<Token>, Sysexit) {
        let mut machine = Borrowed::take();
        machine.load(&self.site.program, tokens);
        let mut postponed = Sysexit::OK;
        for ruleset in rulesets {
            let status = self.call(ruleset, &mut machine).await;
            if status.is_temporary() {
                postponed = status;
            }
        }
        (machine.tokens(&self.site.program), postponed)
    }

    /// Runs one ruleset on the workspace of a machine, for those who keep one.
    pub async fn call(&mut self, ruleset: RulesetId, machine: &mut Machine) -> Sysexit {
        let (site, silent, once) = (self.site, self.silent, self.observer.test_mode());
        let deferred = self.scope.defers(&site.config);
        let (scope, mut observer) = self.watching();
        machine.call(ruleset);
        let status = loop {
            let (config, program, observer) = (&site.config, &site.program, &mut observer);
            let maps = Some(&*site.maps as &dyn Maps);
            let mut context =
                Context { config, program, scope: &mut *scope, deferred, maps, silent, observer };
            match machine.step(&mut context) {
                Step::Done(status) => break status,
                Step::Lookup => {}
            }
            let request = machine.request(program);
            let mut context = LookupContext { deferred, once, observer, aliases: Some(site) };
            let answer = site.maps.lookup(&request, &mut context).await;
            machine.resume(answer);
        };
        self.problems.append(&mut machine.problems);
        self.deferral = self.deferral.take().or_else(|| machine.deferral.take());
        status
    }

    /// Expands the macros of a text in the internal alphabet, watched; complains where macros nest too deeply.
    pub fn expand(&mut self, text: &[u8]) -> Vec<u8> {
        let shown = self.observer.level(TRACE_EXPAND) > 0 || self.watching().1.watches() == Watch::Steps;
        if !shown && let Some(settled) = settled(self.site, self.scope, text) {
            return settled;
        }
        let expansion = expansion(self.site, self.scope, text);
        let mut observer = self.watching().1;
        observer.event(&Event::Expanded { expansion: &expansion });
        if expansion.too_deep {
            observer.event(&Event::Problem { reply: &Reply::new(554, None, TOO_DEEP) });
        }
        expansion.text
    }
}

/// Expands the macros of a text in the internal alphabet (`$x` as 0x81 x, conditionals).
pub fn expand(site: &Site, scope: &Scope, text: &[u8]) -> Vec<u8> {
    settled(site, scope, text).unwrap_or_else(|| expansion(site, scope, text).text)
}

/// The expansion of nearly every text, without the steps on the way.
fn settled(site: &Site, scope: &Scope, text: &[u8]) -> Option<Vec<u8>> {
    expand_settled(text, MAX_TEXT, &|id| scope.get(&site.config, id))
}

fn expansion(site: &Site, scope: &Scope, text: &[u8]) -> Expansion {
    crate::addr::expand(text, MAX_TEXT, &|id| scope.get(&site.config, id).map(Cow::Borrowed))
}
