//! Driving the machine: questions to the maps, answers back.

use super::{Rewriter, Site};
use crate::addr::{MAX_TEXT, TOO_DEEP, Token};
use crate::config::{RulesetId, printable};
use crate::engine::{Both, Context, Machine, Maps, Observer, Printer, Scope, Step};
use crate::logging::Tracer;
use crate::maps::LookupContext;
use crate::schema::{DeliveryMode, Reply, Sysexit};
use std::borrow::Cow;

impl Rewriter<'_> {
    /// Runs one ruleset on a workspace. The status is 0, 75 (a map failed for now) or an error's.
    pub async fn run(&mut self, ruleset: RulesetId, tokens: Vec<Token>) -> (Vec<Token>, Sysexit) {
        let mut machine = Machine::new();
        machine.load(&self.site.program, &tokens);
        let status = self.call(ruleset, &mut machine).await;
        (machine.tokens(&self.site.program), status)
    }

    /// Runs one ruleset on the workspace of a machine, for those who keep one.
    pub async fn call(&mut self, ruleset: RulesetId, machine: &mut Machine) -> Sysexit {
        let Self { site, scope, observer, silent, watcher, problems } = self;
        let (site, silent) = (*site, *silent);
        let deferred = site.config.options.delivery_mode == DeliveryMode::Defer;
        let traced = [9, 38, 39, 60].iter().any(|category| observer.level(*category) > 0);
        let maps: Option<&dyn Maps> = if traced { None } else { Some(&*site.maps) };
        let mut printer = Printer::new(&site.config, &mut **observer);
        let mut both;
        let observer: &mut dyn Observer = match watcher {
            Some(watcher) => {
                both = Both { first: &mut **watcher, second: &mut printer };
                &mut both
            }
            None => &mut printer,
        };
        machine.call(ruleset);
        loop {
            let (config, program) = (&site.config, &site.program);
            let mut context =
                Context { config, program, scope, deferred, maps, silent, observer: &mut *observer };
            let answer = match machine.step(&mut context) {
                Step::Done(status) => {
                    problems.append(&mut machine.problems);
                    return status;
                }
                Step::Lookup => {
                    let request = machine.request(&site.program);
                    let mut context =
                        LookupContext { deferred, tracer: observer.tracer(), aliases: Some(site) };
                    site.maps.lookup(&request, &mut context).await
                }
            };
            machine.resume(answer);
        }
    }

    /// Expands the macros of a text in the internal alphabet, watched (-d35.24); complains where macros nest too
    /// deeply.
    pub fn expand(&mut self, text: &[u8]) -> Vec<u8> {
        expand_traced(self.site, self.scope, text, self.observer)
    }
}

/// Expands the macros of a text in the internal alphabet (`$x` as 0x81 x, conditionals).
pub fn expand(site: &Site, scope: &Scope, text: &[u8]) -> Vec<u8> {
    expand_traced(site, scope, text, &mut crate::logging::Quiet)
}

fn expand_traced(site: &Site, scope: &Scope, text: &[u8], tracer: &mut dyn Tracer) -> Vec<u8> {
    let value = |id| scope.get(&site.config, id).map(Cow::Borrowed);
    let expansion = crate::addr::expand(text, MAX_TEXT, &value);
    if tracer.level(35) >= 24 {
        let results = expansion.steps.iter().skip(1).chain([&expansion.text]);
        for (level, (step, result)) in expansion.steps.iter().zip(results).enumerate() {
            let shown = printable(step, &site.config.names);
            tracer.line(&[b"expand(", &shown[..], b")"].concat());
            if tracer.level(35) >= 28 {
                let shown = printable(result, &site.config.names);
                tracer.line(&[format!("expand({level}) ==> ").as_bytes(), &shown[..]].concat());
            }
        }
        let shown = printable(&expansion.text, &site.config.names);
        tracer.line(&[b"expand ==> ", &shown[..]].concat());
    }
    if expansion.too_deep {
        tracer.reply(&Reply::new(554, None, TOO_DEEP));
    }
    expansion.text
}
