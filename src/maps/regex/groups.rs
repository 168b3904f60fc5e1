//! Which parts of a match the groups take, as the C library says.
//!
//! The match is the leftmost and there the longest, as POSIX wants it. For the groups the library walks once
//! through its automaton and keeps to nodes that can still reach the end; where two ways are open, it takes
//! the one whose node it numbered first: the earlier alternative, and one more repetition rather than none.
//! So the first alternative that fits wins, not the longest piece. Time: nodes × length.

use super::automaton::{Automaton, NodeKind, NodeSet, Registers, Span, holds};
use super::pattern::Pattern;

/// Spans of the whole match and of all groups, for a match that begins at `start`.
pub(super) fn longest(pattern: &Pattern, text: &[u8], start: usize) -> Vec<Span> {
    let automaton = Automaton::of(pattern);
    let mut spans = vec![None; pattern.groups + 1];
    let Some((places, end)) = automaton.viable(text, start) else { return spans };
    spans[0] = Some((start, end));
    automaton.walk(&places, start, end, &mut spans);
    spans
}

impl Automaton {
    /// The nodes at each place (from `start` on) that lie on a way from the beginning to the end of the
    /// longest match, and that end.
    fn viable(&self, text: &[u8], start: usize) -> Option<(Vec<NodeSet>, usize)> {
        let mut places = vec![self.none()];
        let mut end = None;
        self.reach(self.first, &mut places[0], text, start);
        for place in start.. {
            let here = &places[place - start];
            if here.has(self.nodes.len() - 1) {
                end = Some(place);
            }
            let Some(byte) = text.get(place) else { break };
            let mut after = self.none();
            for (node, (kind, next)) in self.nodes.iter().enumerate() {
                if matches!(kind, NodeKind::Byte(set) if here.has(node) && set.contains(*byte)) {
                    self.reach(*next, &mut after, text, place + 1);
                }
            }
            if after.is_empty() {
                break;
            }
            places.push(after);
        }
        let end = end?;
        places.truncate(end - start + 1);
        let plain = self.ends_plainly(&places, text, start, end);
        self.prune(&mut places, text, start, plain);
        Some((places, end))
    }

    /// Can the end be reached without an anchor behind the last byte? The library then takes no other way.
    fn ends_plainly(&self, places: &[NodeSet], text: &[u8], start: usize, end: usize) -> bool {
        let mut waiting = vec![];
        match end.checked_sub(1).filter(|last| *last >= start) {
            None => waiting.push(self.first),
            Some(last) => {
                let before = &places[last - start];
                let bytes = self.nodes.iter().enumerate().filter(|(node, _)| before.has(*node));
                let taken = |kind: &NodeKind| matches!(kind, NodeKind::Byte(set) if set.contains(text[last]));
                waiting.extend(bytes.filter(|(_, (kind, _))| taken(kind)).map(|(_, (_, next))| *next));
            }
        }
        let mut seen = self.none();
        while let Some(node) = waiting.pop() {
            if !seen.insert(node) {
                continue;
            }
            match &self.nodes[node] {
                (NodeKind::End, _) => return true,
                (NodeKind::Fork(one, other), _) => waiting.extend([*one, *other]),
                (NodeKind::Open(_) | NodeKind::Close(..), next) => waiting.push(*next),
                (NodeKind::Look(_) | NodeKind::Byte(_) | NodeKind::Back(_), _) => {}
            }
        }
        false
    }

    fn none(&self) -> NodeSet {
        NodeSet::empty(self.nodes.len())
    }

    /// Adds a node and what can be reached from it without a byte.
    fn reach(&self, node: usize, places: &mut NodeSet, text: &[u8], place: usize) {
        let mut waiting = vec![node];
        while let Some(node) = waiting.pop() {
            if !places.insert(node) {
                continue;
            }
            match &self.nodes[node] {
                (NodeKind::Look(look), next) if holds(*look, text, place) => waiting.push(*next),
                (NodeKind::Look(_) | NodeKind::Byte(_) | NodeKind::Back(_) | NodeKind::End, _) => {}
                (NodeKind::Open(_) | NodeKind::Close(..), next) => waiting.push(*next),
                (NodeKind::Fork(one, other), _) => waiting.extend([*one, *other]),
            }
        }
    }

    /// Takes away what does not lead to the end.
    fn prune(&self, places: &mut [NodeSet], text: &[u8], start: usize, plain: bool) {
        let mut later: Option<NodeSet> = None;
        for (place, here) in places.iter_mut().enumerate().rev() {
            let mut kept = self.none();
            for (node, (kind, next)) in self.nodes.iter().enumerate().filter(|(node, _)| here.has(*node)) {
                let good = match (kind, &later) {
                    (NodeKind::Byte(set), Some(later)) => {
                        set.contains(text[start + place]) && later.has(*next)
                    }
                    (NodeKind::End, None) => true,
                    _ => false,
                };
                if good {
                    kept.insert(node);
                }
            }
            let anchors = later.is_some() || !plain;
            self.prune_silent(here, &mut kept, anchors);
            later = Some(kept.clone());
            *here = kept;
        }
    }

    /// Nodes without a byte are good where one of their ways is; loops make this take a few rounds.
    fn prune_silent(&self, here: &NodeSet, kept: &mut NodeSet, anchors: bool) {
        loop {
            let mut more = false;
            // what follows mostly has a higher number
            for (node, (kind, next)) in self.nodes.iter().enumerate().rev() {
                let good = match kind {
                    NodeKind::Byte(_) | NodeKind::Back(_) | NodeKind::End => false,
                    NodeKind::Fork(one, other) => kept.has(*one) || kept.has(*other),
                    NodeKind::Look(_) => anchors && kept.has(*next),
                    NodeKind::Open(_) | NodeKind::Close(..) => kept.has(*next),
                };
                more |= good && here.has(node) && kept.insert(node);
            }
            if !more {
                return;
            }
        }
    }

    /// Walks from the first node to the end and notes where groups begin and end.
    fn walk(&self, places: &[NodeSet], start: usize, end: usize, spans: &mut [Span]) {
        let mut registers = Registers::new(spans.len());
        let (mut node, mut place) = (self.first, start);
        let mut passed = self.none();
        // no way through the automaton is longer
        for _ in 0..(end - start + 1) * (2 * self.nodes.len() + 1) {
            let (kind, next) = &self.nodes[node];
            match kind {
                NodeKind::Open(group) => registers.open(*group, place),
                NodeKind::Close(group, optional) => registers.close(*group, *optional, place),
                _ => {}
            }
            let silent = !matches!(kind, NodeKind::Byte(_));
            if silent {
                passed.insert(node);
            }
            node = match kind {
                NodeKind::End => break,
                NodeKind::Fork(one, other) => {
                    let here = &places[place - start];
                    match (here.has(*one), here.has(*other)) {
                        // a loop that was gone through without a byte is left
                        (true, true) if passed.has(*one) => *other,
                        (true, _) => *one,
                        _ => *other,
                    }
                }
                _ => *next,
            };
            if silent {
                continue;
            }
            place += 1;
            passed = self.none();
            if place > end {
                break;
            }
        }
        for (span, group) in spans.iter_mut().zip(registers.spans()).skip(1) {
            *span = group;
        }
    }
}
