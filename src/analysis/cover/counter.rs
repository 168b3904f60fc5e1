//! Counts what it is shown.

use crate::engine::{self, Event, MapEvent, Observer, RuleRef, Watch};
use crate::logging::{Quiet, Tracer};
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

/// What is known of one rule.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Uses {
    pub(super) tried: u64,
    pub(super) matched: u64,
    /// From the attempt to the next event that is another rule's or the ruleset's end: look-ups count, rules of
    /// rulesets that it calls do not.
    pub(super) time: Duration,
}

/// Counts of rules by ruleset and index, and of maps by name.
pub(super) struct Counter {
    pub(super) rules: HashMap<(u16, usize), Uses>,
    /// How often asked, how often answered.
    pub(super) maps: BTreeMap<Vec<u8>, (u64, u64)>,
    /// What each event counts as: a question may have been asked so many times.
    pub(super) weight: u64,
    running: Option<(RuleRef, Instant)>,
    asked: Option<Vec<u8>>,
    quiet: Quiet,
}

impl Default for Counter {
    fn default() -> Self {
        let (rules, maps) = (HashMap::new(), BTreeMap::new());
        Self { rules, maps, weight: 1, running: None, asked: None, quiet: Quiet }
    }
}

impl Counter {
    /// What a program has counted itself.
    pub(super) fn of_uses(uses: &engine::Uses) -> Self {
        let mut counter = Self::default();
        for rule in &uses.rules {
            let known = Uses { tried: rule.tried, matched: rule.matched, time: Duration::ZERO };
            counter.rules.insert((rule.ruleset.0, rule.index), known);
        }
        counter.maps.extend(uses.maps.iter().map(|map| (map.name.clone(), (map.asked, map.hits))));
        counter
    }

    /// Adds another one's counts.
    pub(super) fn absorb(&mut self, other: &Self) {
        for (place, uses) in &other.rules {
            let own = self.rules.entry(*place).or_default();
            own.tried += uses.tried;
            own.matched += uses.matched;
            own.time += uses.time;
        }
        for (map, (asked, hits)) in &other.maps {
            let own = self.maps.entry(map.clone()).or_default();
            *own = (own.0 + asked, own.1 + hits);
        }
    }

    fn uses(&mut self, rule: RuleRef) -> &mut Uses {
        self.rules.entry((rule.ruleset.0, rule.index)).or_default()
    }

    /// The rule that was at work is not any more.
    fn stop(&mut self) {
        if let Some((rule, since)) = self.running.take() {
            let times = u32::try_from(self.weight).unwrap_or(u32::MAX);
            self.uses(rule).time += since.elapsed().saturating_mul(times);
        }
    }

    fn map(&mut self, event: &MapEvent<'_>) {
        match event {
            MapEvent::Lookup { map, .. } => {
                self.maps.entry(map.to_vec()).or_default().0 += self.weight;
                self.asked = Some(map.to_vec());
            }
            MapEvent::Answer { value, .. } => {
                if let (Some(map), true) = (self.asked.take(), value.is_some()) {
                    self.maps.entry(map).or_default().1 += self.weight;
                }
            }
            _ => {}
        }
    }
}

impl Observer for Counter {
    fn watches(&self) -> Watch {
        Watch::Steps
    }

    fn event(&mut self, event: &Event<'_>) {
        match *event {
            Event::Tried { rule, .. } => {
                self.stop();
                let weight = self.weight;
                self.uses(rule).tried += weight;
                self.running = Some((rule, Instant::now()));
            }
            Event::Matched { rule, .. } => {
                let weight = self.weight;
                self.uses(rule).matched += weight;
            }
            Event::Enter { .. } | Event::Leave { .. } => self.stop(),
            Event::Map(event) => self.map(event),
            _ => {}
        }
    }

    fn tracer(&mut self) -> &mut dyn Tracer {
        &mut self.quiet
    }
}
