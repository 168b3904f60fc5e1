//! Which parts of a match the groups take: the whole as long as possible, then each piece from left to
//! right as long as possible.
//!
//! For every node and every place the set of ends is worked out once, so the time is bounded by
//! nodes × length² / 64.

use super::syntax::{Node, Pattern};
use hashbrown::HashMap;
use regex_syntax::hir::Look;
use std::rc::Rc;

type Span = Option<(usize, usize)>;

/// Spans of the whole match and of all groups, for a match that begins at `start`.
pub(super) fn longest(pattern: &Pattern, text: &[u8], start: usize) -> Vec<Span> {
    let mut solver = Solver { text, words: text.len() / 64 + 1, known: HashMap::new() };
    let mut spans = vec![None; pattern.groups + 1];
    if let Some(end) = solver.ends(&pattern.root, start).last() {
        spans[0] = Some((start, end));
        solver.assign(&pattern.root, start, end, &mut spans);
    }
    spans
}

/// Places in the text.
#[derive(Clone, PartialEq, Eq)]
struct Places(Vec<u64>);

impl Places {
    fn insert(&mut self, place: usize) -> bool {
        let word = &mut self.0[place / 64];
        let fresh = *word >> (place % 64) & 1 == 0;
        *word |= 1 << (place % 64);
        fresh
    }

    fn contains(&self, place: usize) -> bool {
        self.0[place / 64] >> (place % 64) & 1 != 0
    }

    fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word |= other);
    }

    fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(word, other)| word & other != 0)
    }

    fn iter(&self) -> impl DoubleEndedIterator<Item = usize> {
        (0..self.0.len() * 64).filter(|place| self.contains(*place))
    }

    fn last(&self) -> Option<usize> {
        self.iter().next_back()
    }
}

struct Solver<'a> {
    text: &'a [u8],
    words: usize,
    /// By node (its address: the tree does not move) and place.
    known: HashMap<(*const Node, usize), Rc<Places>>,
}

impl Solver<'_> {
    fn none(&self) -> Places {
        Places(vec![0; self.words])
    }

    fn only(&self, place: usize) -> Places {
        let mut places = self.none();
        places.insert(place);
        places
    }

    /// Where a match of `node` that begins at `start` may end.
    fn ends(&mut self, node: &Node, start: usize) -> Rc<Places> {
        let name = (std::ptr::from_ref(node), start);
        if let Some(known) = self.known.get(&name) {
            return Rc::clone(known);
        }
        let places = match node {
            Node::Empty => self.only(start),
            Node::Set(set) if self.text.get(start).is_some_and(|byte| set.contains(*byte)) => {
                self.only(start + 1)
            }
            Node::Look(look) if holds(*look, self.text, start) => self.only(start),
            Node::Set(_) | Node::Look(_) => self.none(),
            Node::Group(_, inner) => self.ends(inner, start).as_ref().clone(),
            Node::Alternatives(nodes) => {
                let mut places = self.none();
                for node in nodes {
                    places.add(&self.ends(node, start));
                }
                places
            }
            Node::Concat(nodes) => nodes.iter().fold(self.only(start), |from, node| self.step(node, &from)),
            Node::Star(inner, _) => self.closure(inner, start),
        };
        let places = Rc::new(places);
        self.known.insert(name, Rc::clone(&places));
        places
    }

    fn step(&mut self, node: &Node, from: &Places) -> Places {
        let mut places = self.none();
        for place in from.iter() {
            places.add(&self.ends(node, place));
        }
        places
    }

    fn closure(&mut self, inner: &Node, start: usize) -> Places {
        let mut places = self.only(start);
        let mut waiting = vec![start];
        while let Some(place) = waiting.pop() {
            for end in self.ends(inner, place).iter() {
                if places.insert(end) {
                    waiting.push(end);
                }
            }
        }
        places
    }

    /// Notes the groups of a match of `node` from `start` to `end`.
    fn assign(&mut self, node: &Node, start: usize, end: usize, spans: &mut [Span]) {
        match node {
            Node::Empty | Node::Set(_) | Node::Look(_) => {}
            Node::Group(number, inner) => {
                spans[*number] = Some((start, end));
                self.assign(inner, start, end, spans);
            }
            Node::Alternatives(nodes) => {
                if let Some(node) = nodes.iter().find(|node| self.ends(node, start).contains(end)) {
                    self.assign(node, start, end, spans);
                }
            }
            Node::Concat(nodes) => self.assign_concat(nodes, start, end, spans),
            Node::Star(_, true) if start == end => {}
            Node::Star(inner, _) => self.assign_star(node, inner, start, end, spans),
        }
    }

    fn assign_concat(&mut self, nodes: &[Node], start: usize, end: usize, spans: &mut [Span]) {
        let mut reachable = vec![self.only(start)];
        for node in nodes {
            let from = reachable.last().expect("begins with one");
            let next = self.step(node, &from.clone());
            reachable.push(next);
        }
        // from the right: places from which the rest can still reach the end
        let mut good = vec![self.only(end)];
        for (node, from) in nodes.iter().zip(&reachable).rev() {
            let later = good.last().expect("begins with one").clone();
            let mut places = self.none();
            for place in from.iter() {
                if self.ends(node, place).meets(&later) {
                    places.insert(place);
                }
            }
            good.push(places);
        }
        good.reverse();
        let mut place = start;
        for (node, good) in nodes.iter().zip(&good[1..]) {
            let ends = self.ends(node, place);
            let Some(next) = ends.iter().rev().find(|end| good.contains(*end)) else { return };
            self.assign(node, place, next, spans);
            place = next;
        }
    }

    fn assign_star(&mut self, star: &Node, inner: &Node, start: usize, end: usize, spans: &mut [Span]) {
        let mut place = start;
        if start == end {
            if self.ends(inner, start).contains(start) {
                self.assign(inner, start, start, spans);
            }
            return;
        }
        while place < end {
            let ends = self.ends(inner, place);
            let next = ends.iter().rev().find(|next| *next > place && self.ends(star, *next).contains(end));
            let Some(next) = next else { return };
            self.assign(inner, place, next, spans);
            place = next;
        }
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
