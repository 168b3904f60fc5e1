//! Counts what it is shown.

use crate::engine::{Event, MapEvent, Observer, RuleRef, Watch};
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
#[derive(Default)]
pub(super) struct Counter {
    pub(super) rules: HashMap<(u16, usize), Uses>,
    /// How often asked, how often answered.
    pub(super) maps: BTreeMap<Vec<u8>, (u64, u64)>,
    running: Option<(RuleRef, Instant)>,
    asked: Option<Vec<u8>>,
    quiet: Quiet,
}

impl Counter {
    fn uses(&mut self, rule: RuleRef) -> &mut Uses {
        self.rules.entry((rule.ruleset.0, rule.index)).or_default()
    }

    /// The rule that was at work is not any more.
    fn stop(&mut self) {
        if let Some((rule, since)) = self.running.take() {
            self.uses(rule).time += since.elapsed();
        }
    }

    fn map(&mut self, event: &MapEvent<'_>) {
        match event {
            MapEvent::Lookup { map, .. } => {
                self.maps.entry(map.to_vec()).or_default().0 += 1;
                self.asked = Some(map.to_vec());
            }
            MapEvent::Answer { value, .. } => {
                if let (Some(map), true) = (self.asked.take(), value.is_some()) {
                    self.maps.entry(map).or_default().1 += 1;
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
                self.uses(rule).tried += 1;
                self.running = Some((rule, Instant::now()));
            }
            Event::Matched { rule, .. } => self.uses(rule).matched += 1,
            Event::Enter { .. } | Event::Leave { .. } => self.stop(),
            Event::Map(event) => self.map(event),
            _ => {}
        }
    }

    fn tracer(&mut self) -> &mut dyn Tracer {
        &mut self.quiet
    }
}
