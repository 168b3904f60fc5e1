//! Patterns with back references, which no automaton can match: all ways through the nodes are tried, one after
//! another, as the C library orders them.
//!
//! The match is the leftmost and there the longest; the groups are those of the first way that gets so far. A
//! place that has been reached with the same texts in the groups that matter is not tried again, and there is
//! a limit to the steps: a pattern that needs more than that has no answer now.

use super::automaton::{Automaton, NodeKind, NodeSet, Registers, Span, holds};
use super::pattern::Pattern;
use hashbrown::HashSet;

/// Steps of one look-up.
const MAX_STEPS: usize = 1_000_000;

/// The limit of steps was reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct TooHard;

/// Spans of the whole match and of all groups of the first match that begins at `from` or later.
///
/// # Errors
/// When finding that out takes too long.
pub(super) fn find(pattern: &Pattern, text: &[u8], from: usize) -> Result<Option<Vec<Span>>, TooHard> {
    let automaton = Automaton::of(pattern);
    let mut steps = MAX_STEPS;
    for start in from..=text.len() {
        let mut search = Search { pattern, automaton: &automaton, text, best: None, tried: HashSet::new() };
        search.run(start, &mut steps)?;
        if let Some((end, registers)) = search.best {
            let mut spans = registers.spans();
            spans[0] = Some((start, end));
            return Ok(Some(spans));
        }
    }
    Ok(None)
}

/// How far one way has come.
#[derive(Clone)]
struct Way {
    node: usize,
    place: usize,
    registers: Registers,
    /// Nodes passed since the last byte: a loop that was gone through without one is left.
    passed: NodeSet,
}

/// What the rest of a way depends on: node, place, and where the groups lie to which something refers back.
type Reached = (usize, usize, Vec<Option<(usize, Option<usize>)>>);

struct Search<'a> {
    pattern: &'a Pattern,
    automaton: &'a Automaton,
    text: &'a [u8],
    /// The longest match so far.
    best: Option<(usize, Registers)>,
    tried: HashSet<Reached>,
}

impl Search<'_> {
    fn run(&mut self, start: usize, steps: &mut usize) -> Result<(), TooHard> {
        let passed = NodeSet::empty(self.automaton.nodes.len());
        let registers = Registers::new(self.pattern.groups + 1);
        let mut waiting = vec![Way { node: self.automaton.first, place: start, registers, passed }];
        while let Some(mut way) = waiting.pop() {
            loop {
                *steps = steps.checked_sub(1).ok_or(TooHard)?;
                if !self.step(&mut way, &mut waiting) {
                    break;
                }
            }
            if self.best.as_ref().is_some_and(|(end, _)| *end == self.text.len()) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// One node further; `false` where the way ends.
    fn step(&mut self, way: &mut Way, waiting: &mut Vec<Way>) -> bool {
        let (kind, next) = &self.automaton.nodes[way.node];
        let next = *next;
        match kind {
            NodeKind::End => {
                if self.best.as_ref().is_none_or(|(end, _)| *end < way.place) {
                    self.best = Some((way.place, way.registers.clone()));
                }
                return false;
            }
            NodeKind::Fork(one, other) => return self.fork(way, *one, *other, waiting),
            NodeKind::Byte(set) => match self.text.get(way.place) {
                Some(byte) if set.contains(*byte) => way.place += 1,
                _ => return false,
            },
            NodeKind::Back(group) => match self.repeated(way, *group) {
                Some(0) => return way.pass(next),
                Some(length) => way.place += length,
                None => return false,
            },
            NodeKind::Look(look) if !holds(*look, self.text, way.place) => return false,
            NodeKind::Look(_) => return way.pass(next),
            NodeKind::Open(group) => {
                way.registers.open(*group, way.place);
                return way.pass(next);
            }
            NodeKind::Close(group, optional) => {
                way.registers.close(*group, *optional, way.place);
                return way.pass(next);
            }
        }
        way.passed = NodeSet::empty(self.automaton.nodes.len());
        way.node = next;
        true
    }

    /// Takes the first way and leaves the other for later.
    fn fork(&mut self, way: &mut Way, one: usize, other: usize, waiting: &mut Vec<Way>) -> bool {
        let groups = self.pattern.referenced.iter();
        let registers = groups.flat_map(|group| [way.registers.now[*group], way.registers.before[*group]]);
        if !self.tried.insert((way.node, way.place, registers.collect())) {
            return false;
        }
        if way.passed.has(one) {
            return way.pass(other);
        }
        let mut later = way.clone();
        later.pass(other);
        waiting.push(later);
        way.pass(one)
    }

    /// How long the text of the group is, if it stands here once more.
    fn repeated(&self, way: &Way, group: usize) -> Option<usize> {
        let (start, end) = way.registers.now[group]?;
        let before = &self.text[start..end?];
        let here = self.text.get(way.place..way.place + before.len())?;
        let same = if self.pattern.fold_case { here.eq_ignore_ascii_case(before) } else { here == before };
        same.then_some(before.len())
    }
}

impl Way {
    /// Goes on without a byte.
    fn pass(&mut self, next: usize) -> bool {
        self.passed.insert(self.node);
        self.node = next;
        true
    }
}
