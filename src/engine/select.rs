//! Which rules are worth a try: what a pattern needs, against what a workspace has.

use super::class_index::ClassIndex;
use super::rule::Match;
use super::symbols::{OBEYED, Shape, Symbol, Symbols, left, pair_bit, right};

/// What a workspace must have for a rule to match. Cheap to compare, and never wrong about a match.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct RuleFilter {
    /// Bits of the literals.
    bits: u64,
    /// Bits of neighbouring literals.
    pairs: u64,
    /// Classes of which a member must begin somewhere.
    begins: u64,
    /// The first and the last token; 0 for any.
    first: u32,
    last: u32,
    /// The fewest and the most tokens.
    fewest: u16,
    most: u16,
    /// It matches nearly everything: a summary is not worth its price.
    pub is_free: bool,
    /// It compares bytes: the numbers of tokens do not say whether it matches.
    pub reads_text: bool,
}

/// What a workspace has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct WorkspaceSummary {
    bits: u64,
    pairs: u64,
    begins: u64,
    first: u32,
    last: u32,
    tokens: u16,
    /// A token holds a quote byte: phrases are not what they look like.
    pub has_quote_bytes: bool,
}

impl RuleFilter {
    pub fn of(pattern: &[Match], classes: &ClassIndex, symbols: &Symbols) -> Self {
        let is_free = pattern.iter().all(|step| matches!(step, Match::ZeroOrMore | Match::OneOrMore));
        let reads_text = pattern.iter().any(|step| match step {
            Match::Class(class) => classes.class(*class).phrase_bit == 0,
            Match::NotClass(class) => classes.class(*class).bit == 0,
            Match::Macro(_) => true,
            _ => false,
        });
        let mut filter =
            Self { bits: 0, pairs: 0, begins: 0, first: 0, last: 0, fewest: 0, most: 0, is_free, reads_text };
        let mut bounded = true;
        for step in pattern {
            match step {
                Match::Literal(id) => filter.bits |= symbols.facts[*id as usize].bit,
                Match::Class(class) => filter.begins |= classes.class(*class).phrase_bit,
                _ => {}
            }
            let takes = !matches!(step, Match::ZeroOrMore | Match::Nothing | Match::Macro(_));
            filter.fewest = filter.fewest.saturating_add(takes.into());
            bounded &= matches!(step, Match::Literal(_) | Match::One | Match::NotClass(_) | Match::Nothing);
        }
        for pair in pattern.windows(2) {
            if let [Match::Literal(one), Match::Literal(other)] = pair {
                filter.pairs |= pair_bit(left(*one), right(*other));
            }
        }
        filter.most = if bounded { filter.fewest } else { u16::MAX };
        let end = |step: Option<&Match>| match step {
            Some(Match::Literal(id)) => *id,
            _ => 0,
        };
        let taking = || pattern.iter().filter(|step| **step != Match::Nothing);
        (filter.first, filter.last) = (end(taking().next()), end(taking().next_back()));
        filter
    }

    /// May the rule match a workspace like this?
    pub fn admits(&self, summary: &WorkspaceSummary) -> bool {
        self.bits & !summary.bits == 0
            && self.pairs & !summary.pairs == 0
            && self.begins & !summary.begins == 0
            && self.fewest <= summary.tokens
            && self.most >= summary.tokens
            && (self.first == 0 || self.first == summary.first)
            && (self.last == 0 || self.last == summary.last)
    }
}

impl WorkspaceSummary {
    pub fn of(workspace: &[Symbol]) -> Self {
        let mut summary = Self {
            first: workspace.first().map_or(0, |symbol| symbol.id),
            last: workspace.last().map_or(0, |symbol| symbol.id),
            tokens: workspace.len().min(usize::from(u16::MAX - 1)) as u16,
            ..Self::default()
        };
        let mut shapes = Shape::default();
        let mut before = left(0);
        for symbol in workspace {
            summary.bits |= symbol.bit;
            summary.begins |= symbol.begins;
            summary.pairs |= pair_bit(before, symbol.right);
            before = symbol.left;
            shapes |= symbol.shape;
        }
        summary.has_quote_bytes = shapes.contains(Shape::QUOTE_BYTE);
        if summary.has_quote_bytes {
            // a phrase may begin with what is another token without them
            summary.begins = u64::MAX;
        }
        summary
    }
}

/// How many literals have a bit to themselves.
const OWN_BITS: u32 = 48;

/// Gives every literal of the patterns a bit: the most frequent ones have one each, the others share.
pub(super) fn share_bits(symbols: &mut Symbols, steps: &[Match]) {
    let mut counts = vec![0u32; symbols.facts.len()];
    for step in steps {
        if let Match::Literal(id) = step {
            counts[*id as usize] += 1;
        }
    }
    let mut literals: Vec<u32> = (1..counts.len() as u32).filter(|id| counts[*id as usize] > 0).collect();
    literals.sort_by_key(|id| std::cmp::Reverse(counts[*id as usize]));
    for (rank, id) in literals.into_iter().enumerate() {
        let rank = rank as u32;
        let bit = if rank < OWN_BITS { rank } else { OWN_BITS + rank % (OBEYED.trailing_zeros() - OWN_BITS) };
        symbols.facts[id as usize].bit = 1 << bit;
    }
}
