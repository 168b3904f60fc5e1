//! A pattern as an automaton, and what is noted on the way through it.

use super::pattern::{Node, Pattern, Set};
use regex_syntax::hir::Look;

/// Where a match or a group lies.
pub(super) type Span = Option<(usize, usize)>;

/// A node of the automaton. Nodes are numbered from the leaves to the root, left before right.
pub(super) enum NodeKind {
    Byte(Set),
    Look(Look),
    Open(usize),
    /// The flag: the group itself is repeated and may be left out.
    Close(usize, bool),
    /// Two ways, in the order of preference.
    Fork(usize, usize),
    /// The text of this group once more.
    Back(usize),
    End,
}

/// Nodes, each with the node behind it.
pub(super) struct Automaton {
    pub nodes: Vec<(NodeKind, usize)>,
    pub first: usize,
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
    pub fn of(pattern: &Pattern) -> Self {
        let mut automaton = Self { nodes: Vec::new(), first: 0 };
        let tree = automaton.number(&pattern.root);
        let end = automaton.add(NodeKind::End);
        automaton.first = tree.first().unwrap_or(end);
        automaton.link(&tree, end);
        automaton
    }

    fn add(&mut self, kind: NodeKind) -> usize {
        self.nodes.push((kind, 0));
        self.nodes.len() - 1
    }

    fn number(&mut self, node: &Node) -> Tree {
        match node {
            Node::Empty => Tree::Empty,
            Node::Set(set) => Tree::Leaf(self.add(NodeKind::Byte(*set))),
            Node::Look(look) => Tree::Leaf(self.add(NodeKind::Look(*look))),
            Node::Back(group) => Tree::Leaf(self.add(NodeKind::Back(*group))),
            Node::Group(number, inner, optional) => {
                let open = Tree::Leaf(self.add(NodeKind::Open(*number)));
                let inner = self.number(inner);
                let close = Tree::Leaf(self.add(NodeKind::Close(*number, *optional)));
                Tree::Sequence(vec![open, inner, close])
            }
            Node::Concat(nodes) => Tree::Sequence(nodes.iter().map(|node| self.number(node)).collect()),
            Node::Alternatives(nodes) => {
                let mut nodes = nodes.iter();
                let mut tree = nodes.next().map_or(Tree::Empty, |node| self.number(node));
                for node in nodes {
                    let right = self.number(node);
                    tree = Tree::Either(self.add(NodeKind::Fork(0, 0)), Box::new(tree), Box::new(right));
                }
                tree
            }
            Node::Star(inner) => {
                let inner = self.number(inner);
                Tree::Star(self.add(NodeKind::Fork(0, 0)), Box::new(inner))
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
                self.nodes[*node].0 = NodeKind::Fork(one.min(other), one.max(other));
                self.link(left, next);
                self.link(right, next);
            }
            Tree::Star(node, inner) => {
                let body = inner.first().unwrap_or(next);
                self.nodes[*node].0 = NodeKind::Fork(body.min(next), body.max(next));
                self.link(inner, *node);
            }
        }
    }
}

/// A group's beginning and, once it has been left, its end.
pub(super) type Register = Option<(usize, Option<usize>)>;

#[derive(Clone)]
pub(super) struct Registers {
    pub now: Vec<Register>,
    /// As they were when a group was last left with something in it.
    pub before: Vec<Register>,
}

impl Registers {
    pub fn new(count: usize) -> Self {
        Self { now: vec![None; count], before: vec![None; count] }
    }

    pub fn open(&mut self, group: usize, place: usize) {
        self.now[group] = Some((place, None));
    }

    pub fn close(&mut self, group: usize, optional: bool, place: usize) {
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

    /// Where each group lies; those that were not left lie nowhere.
    pub fn spans(&self) -> Vec<Span> {
        self.now.iter().map(|register| register.and_then(|(start, end)| Some((start, end?)))).collect()
    }
}

/// A set of nodes.
#[derive(Clone, Debug)]
pub(super) struct NodeSet(Vec<u64>);

impl NodeSet {
    /// Nothing, of an automaton with so many nodes.
    pub fn empty(nodes: usize) -> Self {
        Self(vec![0; nodes.div_ceil(64)])
    }

    /// Adds a node; was it new?
    pub fn insert(&mut self, node: usize) -> bool {
        let word = &mut self.0[node / 64];
        let fresh = *word >> (node % 64) & 1 == 0;
        *word |= 1 << (node % 64);
        fresh
    }

    pub fn has(&self, node: usize) -> bool {
        self.0[node / 64] >> (node % 64) & 1 != 0
    }

    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }
}

/// Does an anchor hold here?
pub(super) fn holds(look: Look, text: &[u8], place: usize) -> bool {
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
