//! Which parts of a match the groups take, as the C library says.
//!
//! The match is the leftmost and there the longest, as POSIX wants it. For the groups the library walks once
//! through its automaton and keeps to nodes that can still reach the end; where two ways are open, it takes
//! the one whose node it numbered first: the earlier alternative, and one more repetition rather than none.
//! So the first alternative that fits wins, not the longest piece. Time: nodes × length.

use super::syntax::{Node, Pattern, Set};
use regex_syntax::hir::Look;

type Span = Option<(usize, usize)>;

/// Spans of the whole match and of all groups, for a match that begins at `start`.
pub(super) fn longest(pattern: &Pattern, text: &[u8], start: usize) -> Vec<Span> {
    let automaton = Automaton::of(pattern);
    let mut spans = vec![None; pattern.groups + 1];
    let Some((places, end)) = automaton.viable(text, start) else { return spans };
    spans[0] = Some((start, end));
    automaton.walk(&places, start, end, &mut spans);
    spans
}

/// A node of the automaton. Nodes are numbered from the leaves to the root, left before right.
#[derive(Debug)]
enum Kind {
    Byte(Set),
    Look(Look),
    Open(usize),
    /// The flag: the group itself is repeated and may be left out.
    Close(usize, bool),
    /// Two ways, in the order of preference.
    Fork(usize, usize),
    End,
}

/// Nodes, each with the node behind it.
#[derive(Debug)]
struct Automaton {
    nodes: Vec<(Kind, usize)>,
    first: usize,
}

/// The pattern as a tree whose leaves and forks have numbers; sequences have none.
enum Tree {
    Empty,
    Leaf(usize),
    Sequence(Vec<Tree>),
    Either(usize, Box<Tree>, Box<Tree>),
    Star(usize, Box<Tree>),
}

impl Tree {
    fn first(&self) -> Option<usize> {
        match self {
            Self::Empty => None,
            Self::Leaf(node) | Self::Either(node, ..) | Self::Star(node, _) => Some(*node),
            Self::Sequence(parts) => parts.iter().find_map(Self::first),
        }
    }
}

impl Automaton {
    fn of(pattern: &Pattern) -> Self {
        let mut automaton = Self { nodes: Vec::new(), first: 0 };
        let tree = automaton.number(&pattern.root);
        let end = automaton.add(Kind::End);
        automaton.first = tree.first().unwrap_or(end);
        automaton.link(&tree, end);
        automaton
    }

    fn add(&mut self, kind: Kind) -> usize {
        self.nodes.push((kind, 0));
        self.nodes.len() - 1
    }

    fn number(&mut self, node: &Node) -> Tree {
        match node {
            Node::Empty => Tree::Empty,
            Node::Set(set) => Tree::Leaf(self.add(Kind::Byte(*set))),
            Node::Look(look) => Tree::Leaf(self.add(Kind::Look(*look))),
            Node::Group(number, inner, optional) => {
                let open = Tree::Leaf(self.add(Kind::Open(*number)));
                let inner = self.number(inner);
                let close = Tree::Leaf(self.add(Kind::Close(*number, *optional)));
                Tree::Sequence(vec![open, inner, close])
            }
            Node::Concat(nodes) => Tree::Sequence(nodes.iter().map(|node| self.number(node)).collect()),
            Node::Alternatives(nodes) => {
                let mut nodes = nodes.iter();
                let mut tree = nodes.next().map_or(Tree::Empty, |node| self.number(node));
                for node in nodes {
                    let right = self.number(node);
                    tree = Tree::Either(self.add(Kind::Fork(0, 0)), Box::new(tree), Box::new(right));
                }
                tree
            }
            Node::Star(inner) => {
                let inner = self.number(inner);
                Tree::Star(self.add(Kind::Fork(0, 0)), Box::new(inner))
            }
        }
    }

    /// Says what follows each node.
    fn link(&mut self, tree: &Tree, next: usize) {
        match tree {
            Tree::Empty => {}
            Tree::Leaf(node) => self.nodes[*node].1 = next,
            Tree::Sequence(parts) => {
                let mut next = next;
                for part in parts.iter().rev() {
                    self.link(part, next);
                    next = part.first().unwrap_or(next);
                }
            }
            Tree::Either(node, left, right) => {
                let (one, other) = (left.first().unwrap_or(next), right.first().unwrap_or(next));
                self.nodes[*node].0 = Kind::Fork(one.min(other), one.max(other));
                self.link(left, next);
                self.link(right, next);
            }
            Tree::Star(node, inner) => {
                let body = inner.first().unwrap_or(next);
                self.nodes[*node].0 = Kind::Fork(body.min(next), body.max(next));
                self.link(inner, *node);
            }
        }
    }

    /// The nodes at each place (from `start` on) that lie on a way from the beginning to the end of the
    /// longest match, and that end.
    fn viable(&self, text: &[u8], start: usize) -> Option<(Vec<Places>, usize)> {
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
                if matches!(kind, Kind::Byte(set) if here.has(node) && set.contains(*byte)) {
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
    fn ends_plainly(&self, places: &[Places], text: &[u8], start: usize, end: usize) -> bool {
        let mut waiting = vec![];
        match end.checked_sub(1).filter(|last| *last >= start) {
            None => waiting.push(self.first),
            Some(last) => {
                let before = &places[last - start];
                let bytes = self.nodes.iter().enumerate().filter(|(node, _)| before.has(*node));
                let taken = |kind: &Kind| matches!(kind, Kind::Byte(set) if set.contains(text[last]));
                waiting.extend(bytes.filter(|(_, (kind, _))| taken(kind)).map(|(_, (_, next))| *next));
            }
        }
        let mut seen = self.none();
        while let Some(node) = waiting.pop() {
            if !seen.insert(node) {
                continue;
            }
            match &self.nodes[node] {
                (Kind::End, _) => return true,
                (Kind::Fork(one, other), _) => waiting.extend([*one, *other]),
                (Kind::Open(_) | Kind::Close(..), next) => waiting.push(*next),
                (Kind::Look(_) | Kind::Byte(_), _) => {}
            }
        }
        false
    }

    fn none(&self) -> Places {
        Places(vec![0; self.nodes.len().div_ceil(64)])
    }

    /// Adds a node and what can be reached from it without a byte.
    fn reach(&self, node: usize, places: &mut Places, text: &[u8], place: usize) {
        let mut waiting = vec![node];
        while let Some(node) = waiting.pop() {
            if !places.insert(node) {
                continue;
            }
            match &self.nodes[node] {
                (Kind::Look(look), next) if holds(*look, text, place) => waiting.push(*next),
                (Kind::Look(_) | Kind::Byte(_) | Kind::End, _) => {}
                (Kind::Open(_) | Kind::Close(..), next) => waiting.push(*next),
                (Kind::Fork(one, other), _) => waiting.extend([*one, *other]),
            }
        }
    }

    /// Takes away what does not lead to the end.
    fn prune(&self, places: &mut [Places], text: &[u8], start: usize, plain: bool) {
        let mut later: Option<Places> = None;
        for (place, here) in places.iter_mut().enumerate().rev() {
            let mut kept = self.none();
            for (node, (kind, next)) in self.nodes.iter().enumerate().filter(|(node, _)| here.has(*node)) {
                let good = match (kind, &later) {
                    (Kind::Byte(set), Some(later)) => set.contains(text[start + place]) && later.has(*next),
                    (Kind::End, None) => true,
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
    fn prune_silent(&self, here: &Places, kept: &mut Places, anchors: bool) {
        loop {
            let mut more = false;
            // what follows mostly has a higher number
            for (node, (kind, next)) in self.nodes.iter().enumerate().rev() {
                let good = match kind {
                    Kind::Byte(_) | Kind::End => false,
                    Kind::Fork(one, other) => kept.has(*one) || kept.has(*other),
                    Kind::Look(_) => anchors && kept.has(*next),
                    Kind::Open(_) | Kind::Close(..) => kept.has(*next),
                };
                more |= good && here.has(node) && kept.insert(node);
            }
            if !more {
                return;
            }
        }
    }

    /// Walks from the first node to the end and notes where groups begin and end.
    fn walk(&self, places: &[Places], start: usize, end: usize, spans: &mut [Span]) {
        let mut registers = Registers::new(spans.len());
        let (mut node, mut place) = (self.first, start);
        let mut passed = self.none();
        // no way through the automaton is longer
        for _ in 0..(end - start + 1) * (2 * self.nodes.len() + 1) {
            let (kind, next) = &self.nodes[node];
            match kind {
                Kind::Open(group) => registers.open(*group, place),
                Kind::Close(group, optional) => registers.close(*group, *optional, place),
                _ => {}
            }
            let silent = !matches!(kind, Kind::Byte(_));
            if silent {
                passed.insert(node);
            }
            node = match kind {
                Kind::End => break,
                Kind::Fork(one, other) => {
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
        for (span, register) in spans.iter_mut().zip(&registers.now).skip(1) {
            *span = register.and_then(|(start, end)| Some((start, end?)));
        }
    }
}

/// A group's beginning and, once it has been left, its end.
type Register = Option<(usize, Option<usize>)>;

struct Registers {
    now: Vec<Register>,
    /// As they were when a group was last left with something in it.
    before: Vec<Register>,
}

impl Registers {
    fn new(count: usize) -> Self {
        Self { now: vec![None; count], before: vec![None; count] }
    }

    fn open(&mut self, group: usize, place: usize) {
        self.now[group] = Some((place, None));
    }

    fn close(&mut self, group: usize, optional: bool, place: usize) {
        let Some((start, _)) = self.now[group] else { return };
        let empty = start >= place;
        if empty && optional && self.before[group].is_some() {
            // one empty repetition more undoes what it did to the groups inside
            self.now.clone_from(&self.before);
            return;
        }
        self.now[group] = Some((start, Some(place)));
        if !empty {
            self.before.clone_from(&self.now);
        }
    }
}

/// A set of nodes.
#[derive(Clone, Debug)]
struct Places(Vec<u64>);

impl Places {
    fn insert(&mut self, node: usize) -> bool {
        let word = &mut self.0[node / 64];
        let fresh = *word >> (node % 64) & 1 == 0;
        *word |= 1 << (node % 64);
        fresh
    }

    fn has(&self, node: usize) -> bool {
        self.0[node / 64] >> (node % 64) & 1 != 0
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }
}

fn holds(look: Look, text: &[u8], place: usize) -> bool {
    let word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let before = place > 0 && word(text.get(place - 1));
    let after = word(text.get(place));
    match look {
        Look::Start => place == 0,
        Look::End => place == text.len(),
        Look::WordAscii => before != after,
        Look::WordAsciiNegate => before == after,
        Look::WordStartAscii => !before && after,
        Look::WordEndAscii => before && !after,
        _ => false,
    }
}
