//! Counts beside the lines that were written.

use super::counter::{Counter, Uses};
use crate::analysis::sources::{Place, Sources};
use crate::config::{Config, RulesetId};
use serde::Serialize;

/// What a corpus has used of a configuration.
#[derive(Clone, Debug, Serialize)]
pub struct Coverage {
    /// How many questions were asked.
    pub questions: u64,
    /// Every rule, in the order of rulesets and rules.
    pub rules: Vec<RuleCount>,
    /// Every map.
    pub maps: Vec<MapCount>,
}

/// One rule.
#[derive(Clone, Debug, Serialize)]
pub struct RuleCount {
    /// Its ruleset.
    pub ruleset: String,
    /// As it is written.
    pub rule: String,
    /// Its line of the cf.
    pub cf: u32,
    /// The line of the .mc that made it, or of the library.
    pub mc: Option<Place>,
    /// How often it was held against a workspace.
    pub tried: u64,
    /// How often it matched.
    pub count: u64,
    /// How long it took, all in all.
    pub nanoseconds: u64,
}

/// One map.
#[derive(Clone, Debug, Serialize)]
pub struct MapCount {
    /// Its name.
    pub map: String,
    /// How often it was asked.
    pub asked: u64,
    /// How often it had an answer.
    pub hits: u64,
}

impl Coverage {
    pub(super) fn new(config: &Config, mut sources: Sources, counter: &Counter, questions: u64) -> Self {
        let mut rules = Vec::new();
        for (number, ruleset) in (0..).zip(&config.rulesets.by_number) {
            let Some(ruleset) = ruleset else { continue };
            let name = config.rulesets.display_name(RulesetId(number));
            for (index, rule) in ruleset.rules().iter().enumerate() {
                let Uses { tried, matched, time } =
                    counter.rules.get(&(number, index)).copied().unwrap_or_default();
                rules.push(RuleCount {
                    ruleset: String::from_utf8_lossy(&name).into_owned(),
                    rule: sources.rule_text(rule.line),
                    cf: rule.line,
                    mc: sources.place(rule.line).origin.map(|origin| *origin),
                    tried,
                    count: matched,
                    nanoseconds: u64::try_from(time.as_nanos()).unwrap_or(u64::MAX),
                });
            }
        }
        rules.sort_by_key(|rule| rule.cf);
        let maps = config.maps.iter().filter(|map| map.line > 0).map(|map| {
            let (asked, hits) = counter.maps.get(&map.name).copied().unwrap_or_default();
            MapCount { map: String::from_utf8_lossy(&map.name).into_owned(), asked, hits }
        });
        Self { questions, rules, maps: maps.collect() }
    }

    /// Rules that never matched.
    pub fn unused(&self) -> impl Iterator<Item = &RuleCount> {
        self.rules.iter().filter(|rule| rule.count == 0)
    }
}
