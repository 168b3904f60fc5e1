//! Class membership by symbols: one test for a token, a walk through a tree for a phrase.

use super::symbols::{Facts, Symbol, Symbols};
use crate::addr::{ByteKind, MacroId, Operators, Table};
use crate::config::Classes;
use hashbrown::HashMap;

/// Most classes that can be indexed; members of others are joined and looked up as text.
const MAX_INDEXED: usize = 64;

/// A class as the rules use it: its bit, or none if its members must be compared as text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct ClassUse {
    pub id: MacroId,
    /// The class's bit for single tokens; 0 if it is not indexed.
    pub bit: u64,
    /// The class's bit for phrases; 0 if phrases must be compared as text.
    pub phrase_bit: u64,
}

/// Members of all classes that the rules mention.
#[derive(Clone, Debug, Default)]
pub(super) struct ClassIndex {
    uses: Vec<ClassUse>,
    /// Members of one token, by id.
    single: Vec<(u32, u64)>,
    /// The first nodes of longer members, by id.
    roots: HashMap<u32, u32>,
    nodes: Vec<Node>,
    edges: HashMap<(u32, u32), u32>,
}

/// A beginning of members.
#[derive(Clone, Copy, Debug, Default)]
struct Node {
    /// Classes that have exactly this phrase.
    ends: u64,
    /// Classes that have a longer one.
    goes_on: u64,
}

impl ClassIndex {
    /// The members of these classes. Phrases must be cut in one way only, so a class with an odd
    /// member is left to comparison as text; so is `never`, whose members come and go.
    pub fn new(
        used: &[MacroId],
        never: Option<MacroId>,
        classes: &Classes,
        operators: &Operators,
        blank_sub: u8,
        symbols: &mut Symbols,
    ) -> Self {
        let mut index = Self { nodes: vec![Node::default()], ..Self::default() };
        for (number, id) in used.iter().enumerate() {
            let bit = if number < MAX_INDEXED && never != Some(*id) { 1 << number } else { 0 };
            let mut odd = bit == 0;
            if let Some(class) = classes.get(*id).filter(|_| bit != 0) {
                for member in class.folded() {
                    index.single.push((symbols.intern(member), bit));
                    match is_plain(member, blank_sub, operators) {
                        true => index.add_phrase(member, bit, blank_sub, operators, symbols),
                        false => odd = true,
                    }
                }
            }
            index.uses.push(ClassUse { id: *id, bit, phrase_bit: if odd { 0 } else { bit } });
        }
        index.merge_nodes();
        index
    }

    /// Beginnings that go on in the same way become one: what `virt1` and `virt2` of `virt1.example.net` and
    /// `virt2.example.net` may be followed by is told from a workspace once.
    fn merge_nodes(&mut self) {
        let mut edges: Vec<Vec<(u32, u32)>> = vec![Vec::new(); self.nodes.len()];
        for ((node, id), next) in self.edges.drain() {
            edges[node as usize].push((id, next));
        }
        let mut same: Vec<u32> = (0..self.nodes.len() as u32).collect();
        let mut known = HashMap::new();
        // what a node leads to was made after it
        for at in (1..self.nodes.len()).rev() {
            let mut leads: Vec<_> = edges[at].iter().map(|(id, next)| (*id, same[*next as usize])).collect();
            leads.sort_unstable();
            let Node { ends, goes_on } = self.nodes[at];
            same[at] = *known.entry((ends, goes_on, leads)).or_insert(at as u32);
        }
        self.edges = known
            .into_iter()
            .flat_map(|((.., leads), node)| leads.into_iter().map(move |(id, next)| ((node, id), next)))
            .collect();
        self.roots.values_mut().for_each(|node| *node = same[*node as usize]);
    }

    /// Tokens that longer members go on with.
    pub fn followers(&self) -> impl Iterator<Item = u32> {
        self.edges.keys().map(|(_, id)| *id)
    }

    fn add_phrase(
        &mut self,
        member: &[u8],
        bit: u64,
        blank_sub: u8,
        operators: &Operators,
        symbols: &mut Symbols,
    ) {
        let kinds = operators.kinds(Table::Internal);
        let is_atom = |byte: &u8| kinds[*byte as usize] == ByteKind::Atom;
        let words: Vec<&[u8]> = member.chunk_by(|one, other| is_atom(one) && is_atom(other)).collect();
        let [first, rest @ ..] = &words[..] else { return };
        if rest.is_empty() {
            return;
        }
        let mut node = *self.roots.entry(symbols.intern(first)).or_insert_with(|| new_node(&mut self.nodes));
        self.nodes[node as usize].goes_on |= bit;
        // the node before a separator that may as well stand for no token, between two atoms
        let mut before_space = None;
        for (at, word) in rest.iter().enumerate() {
            let id = symbols.intern(word);
            let edge = self.edges.entry((node, id));
            let next = *edge.or_insert_with(|| new_node(&mut self.nodes));
            let atom = is_atom(&word[0]);
            if let Some(before) = before_space.take().filter(|_| atom) {
                self.edges.entry((before, id)).or_insert(next);
            }
            if *word == [blank_sub] && is_atom(&words[at][0]) {
                before_space = Some(node);
            }
            node = next;
            if at + 1 < rest.len() {
                self.nodes[node as usize].goes_on |= bit;
            }
        }
        self.nodes[node as usize].ends |= bit;
    }

    /// How many classes the rules mention.
    pub fn count(&self) -> u16 {
        self.uses.len() as u16
    }

    /// How a class is used, by its number in the list given to [`Self::new`].
    pub fn class(&self, number: u16) -> ClassUse {
        self.uses[usize::from(number)]
    }

    /// Writes down what each id has to do with classes; what was written there before goes.
    pub fn enter_facts(&self, facts: &mut [Facts]) {
        for facts in &mut *facts {
            (facts.member, facts.begins, facts.node) = (0, 0, 0);
        }
        for (id, bit) in &self.single {
            let facts = &mut facts[*id as usize];
            facts.member |= bit;
            facts.begins |= bit;
        }
        for (id, node) in &self.roots {
            let facts = &mut facts[*id as usize];
            facts.node = *node;
            facts.begins |= self.nodes[*node as usize].goes_on;
        }
    }

    /// The length of the shortest member, longer than `from` tokens, that `words` begin with.
    pub fn shortest(&self, bit: u64, words: &[Symbol], from: usize, facts: &[Facts]) -> Option<usize> {
        let first = &facts[words.first()?.id as usize];
        if from == 0 && first.member & bit != 0 {
            return Some(1);
        }
        let mut node = first.node;
        for (at, word) in words.iter().enumerate().skip(1) {
            if self.nodes[node as usize].goes_on & bit == 0 {
                return None;
            }
            node = *self.edges.get(&(node, word.id))?;
            if at >= from && self.nodes[node as usize].ends & bit != 0 {
                return Some(at + 1);
            }
        }
        None
    }
}

fn new_node(nodes: &mut Vec<Node>) -> u32 {
    nodes.push(Node::default());
    nodes.len() as u32 - 1
}

/// Is there one way only to cut this text, whatever table is used? (But for atoms that BlankSub's character
/// parts, if that is an operator: it may be a token there, or have been put between two.)
fn is_plain(member: &[u8], blank_sub: u8, operators: &Operators) -> bool {
    let space_is_atom = operators.kinds(Table::Internal)[usize::from(blank_sub)] == ByteKind::Atom;
    let odd = |byte: &u8| {
        matches!(*byte, 0 | b'\t'..=b'\r' | b' ' | b'"' | b'(' | b')' | b'\\' | 0x7f..=0x9f | 0xff)
            || (*byte == blank_sub && space_is_atom)
    };
    !member.iter().any(odd)
}
