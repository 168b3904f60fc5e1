//! What a pattern is once it has been read: pieces, sets of bytes, counted repetitions written out; with the C
//! library's words for what is wrong with one.

use regex_automata::meta;
use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, Hir, Look, Repetition};
use std::collections::BTreeSet;

/// Nodes of a pattern after its counted repetitions have been written out.
pub(super) const MAX_NODES: usize = 20_000;
/// A pattern of so few nodes is never refused.
const SMALL: usize = 200;
/// Copies of a piece that may be left out: each stands within the next.
const MAX_NESTED: u32 = 500;
/// Memory of a compiled pattern.
const MAX_PROGRAM: usize = 16 << 20;

/// Why a pattern cannot be compiled; the texts are the C library's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum Problem {
    #[error("Invalid regular expression")]
    Pattern,
    #[error("Invalid collation character")]
    Collation,
    #[error("Invalid character class name")]
    ClassName,
    #[error("Trailing backslash")]
    Backslash,
    #[error("Invalid back reference")]
    BackReference,
    #[error("Unmatched [, [^, [:, [., or [=")]
    Bracket,
    #[error("Unmatched ( or \\(")]
    Parenthesis,
    #[error("Unmatched \\{{")]
    Brace,
    #[error("Invalid content of \\{{\\}}")]
    BraceContent,
    #[error("Invalid range end")]
    RangeEnd,
    #[error("Invalid preceding regular expression")]
    Repetition,
    #[error("Regular expression too big")]
    TooBig,
}

/// A set of bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Set([u64; 4]);

impl Set {
    pub fn contains(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 != 0
    }

    pub fn insert(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    pub fn only(byte: u8) -> Self {
        let mut set = Self::default();
        set.insert(byte);
        set
    }

    pub fn of(test: impl Fn(u8) -> bool) -> Self {
        let mut set = Self::default();
        (0..=255u8).filter(|byte| test(*byte)).for_each(|byte| set.insert(byte));
        set
    }

    pub fn negated(self) -> Self {
        let mut words = self.0.map(|word| !word);
        // no POSIX pattern ever matches NUL: it ends the text
        words[0] &= !1;
        Self(words)
    }

    /// Letters in both cases: all are bits of the second word, a capital 32 places below its small one.
    pub fn folded(self) -> Self {
        const CAPITALS: u64 = 0x07ff_fffe;
        let Self([low, mut letters, upper, highest]) = self;
        let either = (letters | letters >> 32) & CAPITALS;
        letters |= either | either << 32;
        Self([low, letters, upper, highest])
    }
}

/// A piece of a pattern. Counted repetitions have been written out.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Empty,
    Set(Set),
    Look(Look),
    /// The text of this group once more.
    Back(usize),
    /// With `true` it is repeated and may be left out: an empty match then leaves the groups alone.
    Group(usize, Box<Node>, bool),
    Concat(Vec<Node>),
    Alternatives(Vec<Node>),
    /// Any number.
    Star(Box<Node>),
}

impl Node {
    pub fn size(&self) -> usize {
        match self {
            Self::Empty | Self::Set(_) | Self::Look(_) | Self::Back(_) => 1,
            Self::Group(_, inner, _) | Self::Star(inner) => 1 + inner.size(),
            Self::Concat(nodes) | Self::Alternatives(nodes) => {
                1 + nodes.iter().map(Self::size).sum::<usize>()
            }
        }
    }

    fn hir(&self) -> Hir {
        match self {
            Self::Empty => Hir::empty(),
            Self::Set(set) => {
                let bytes = (0..=255u8).filter(|byte| set.contains(*byte));
                Hir::class(Class::Bytes(ClassBytes::new(bytes.map(|byte| ClassBytesRange::new(byte, byte)))))
            }
            Self::Look(look) => Hir::look(*look),
            // whatever the group's text may be
            Self::Back(_) => Self::Star(Box::new(Self::Set(Set::default().negated()))).hir(),
            Self::Group(_, inner, _) => inner.hir(),
            Self::Concat(nodes) => Hir::concat(nodes.iter().map(Self::hir).collect()),
            Self::Alternatives(nodes) => Hir::alternation(nodes.iter().map(Self::hir).collect()),
            Self::Star(inner) => {
                Hir::repetition(Repetition { min: 0, max: None, greedy: true, sub: Box::new(inner.hir()) })
            }
        }
    }
}

/// A pattern, read.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub root: Node,
    /// Number of parenthesised groups.
    pub groups: usize,
    /// Groups to which something refers back.
    pub referenced: BTreeSet<usize>,
    /// Capitals and small letters are the same.
    pub fold_case: bool,
}

impl Pattern {
    /// Too small to be refused for its size.
    pub fn is_small(&self) -> bool {
        self.root.size() <= SMALL
    }

    /// The matcher that says where a match begins; with back references it says only where one may begin at the
    /// earliest, as if any text stood there. `None` if it would be too large.
    pub fn compile(&self) -> Option<meta::Regex> {
        let config = meta::Config::new().utf8_empty(false).nfa_size_limit(Some(MAX_PROGRAM));
        meta::Builder::new().configure(config).build_from_hir(&self.root.hir()).ok()
    }
}

/// Writes a repetition out as the C library does: `x{1,3}` is `x((x)?x)?`, `x+` is `xx*`. What may be left
/// out stands on the left, and a group that is repeated so is marked.
pub(super) fn repeat(node: &Node, min: u32, max: Option<u32>) -> Result<Node, Problem> {
    let copies = max.unwrap_or(min + 1).max(1) as usize;
    let nested = max.map_or(0, |max| max.saturating_sub(min));
    if node.size().saturating_mul(copies) > MAX_NODES || nested > MAX_NESTED {
        return Err(Problem::TooBig);
    }
    let copy = unmarked(node);
    let mut nodes: Vec<Node> =
        (0..min).map(|number| if number == 0 { node.clone() } else { copy.clone() }).collect();
    let optional = match if min == 0 { node.clone() } else { copy.clone() } {
        Node::Group(number, inner, _) => Node::Group(number, inner, true),
        other => other,
    };
    let maybe = |node: Node| Node::Alternatives(vec![node, Node::Empty]);
    match max {
        None => nodes.push(Node::Star(Box::new(optional))),
        Some(max) if max > min => {
            let mut tail = maybe(optional);
            for _ in min + 1..max {
                tail = maybe(Node::Concat(vec![tail, copy.clone()]));
            }
            nodes.push(tail);
        }
        Some(_) => {}
    }
    Ok(match nodes.len() {
        0 => Node::Empty,
        1 => nodes.swap_remove(0),
        _ => Node::Concat(nodes),
    })
}

/// A copy as the C library makes it: the marks of groups are lost.
fn unmarked(node: &Node) -> Node {
    let all = |nodes: &[Node]| nodes.iter().map(unmarked).collect();
    match node {
        Node::Empty | Node::Set(_) | Node::Look(_) | Node::Back(_) => node.clone(),
        Node::Group(number, inner, _) => Node::Group(*number, Box::new(unmarked(inner)), false),
        Node::Concat(nodes) => Node::Concat(all(nodes)),
        Node::Alternatives(nodes) => Node::Alternatives(all(nodes)),
        Node::Star(inner) => Node::Star(Box::new(unmarked(inner))),
    }
}
