//! Counts beside the lines that were written.

use super::counter::{Counter, Uses};
use crate::analysis::sources::{Place, Sources};
use crate::config::{Config, RulesetId};
use crate::engine;
use serde::Serialize;

/// What was counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// So many questions.
    Questions(u64),
    /// All that a daemon has done since then: seconds since the epoch.
    Since(i64),
}

/// What was used of a configuration.
#[derive(Clone, Debug, Serialize)]
pub struct Coverage {
    /// By what.
    #[serde(flatten)]
    pub origin: Origin,
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
    /// How long it took, all in all; a daemon does not measure it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nanoseconds: Option<u64>,
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
    /// What a daemon has counted; `None` if its rules are not those of this configuration.
    pub fn of_daemon(config: &Config, sources: Sources, uses: &engine::Uses, since: i64) -> Option<Self> {
        let counted = uses.rules.iter().map(|rule| (rule.ruleset.0, rule.index, rule.line));
        let rulesets = (0..).zip(&config.rulesets.by_number);
        let rulesets = rulesets.filter_map(|(number, ruleset)| Some((number, ruleset.as_ref()?)));
        let here = rulesets.flat_map(|(number, ruleset)| {
            ruleset.rules().iter().enumerate().map(move |(index, rule)| (number, index, rule.line))
        });
        counted.eq(here).then(|| Self::new(config, sources, &Counter::of_uses(uses), Origin::Since(since)))
    }

    pub(super) fn new(config: &Config, mut sources: Sources, counter: &Counter, origin: Origin) -> Self {
        let timed = matches!(origin, Origin::Questions(_));
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
                    nanoseconds: timed.then(|| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)),
                });
            }
        }
        rules.sort_by_key(|rule| rule.cf);
        let maps = config.maps.iter().filter(|map| map.line > 0).map(|map| {
            let (asked, hits) = counter.maps.get(&map.name).copied().unwrap_or_default();
            MapCount { map: String::from_utf8_lossy(&map.name).into_owned(), asked, hits }
        });
        Self { origin, rules, maps: maps.collect() }
    }

    /// Rules that never matched.
    pub fn unused(&self) -> impl Iterator<Item = &RuleCount> {
        self.rules.iter().filter(|rule| rule.count == 0)
    }
}
