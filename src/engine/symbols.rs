//! Symbols: tokens as small values that are compared by number.
//!
//! Every token that a rule or a class of the configuration mentions has an id, the same for all
//! its spellings; 0 stands for any other token, which no literal and no class can match. So the bytes of a
//! token are looked at once, when it is made.

use crate::addr::{ByteKind, META_QUOTE, Operators, Token, op};
use crate::config::RulesetId;
use hashbrown::HashMap;

bitflags::bitflags! {
    /// What is known of a token's bytes.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
    pub(super) struct Shape: u8 {
        /// Needs a separator from its like when it is joined.
        const ATOM = 1;
        /// Holds a quote byte, which joining drops.
        const QUOTE_BYTE = 2;
    }
}

/// One token of a workspace. Its bytes lie in the text of the [`Symbols`] or of the machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Symbol {
    /// What its [`Facts`] say of a workspace: it is made for every workspace, so it is kept at hand.
    pub bit: u64,
    pub begins: u64,
    /// Where its bytes begin.
    at: u32,
    /// The number of its case-folded text, or of one that rules cannot tell from it; 0 when the configuration
    /// knows no such token.
    pub id: u32,
    /// The ruleset of this exact name, if the token stands in the configuration itself.
    ruleset: u16,
    length: u16,
    /// The first byte: it tells operators from text.
    pub first: u8,
    pub shape: Shape,
    /// See [`pair_bit`].
    pub left: u8,
    pub right: u8,
}

impl Symbol {
    /// Would a replacement obey it?
    pub fn is_obeyed(&self) -> bool {
        self.bit & OBEYED != 0
    }

    /// The ruleset called by this token, where that was settled beforehand.
    pub fn ruleset(&self) -> Option<RulesetId> {
        (self.ruleset != NO_RULESET).then_some(RulesetId(self.ruleset))
    }
}

const NO_RULESET: u16 = u16::MAX;

/// The bit of what replacements obey, wherever it comes from: `$>`, `$(` and `$[`. No literal has it.
pub(super) const OBEYED: u64 = 1 << 63;

fn obeyed_bit(first: u8) -> u64 {
    if matches!(first, op::CALL_SUBROUTINE | op::LOOKUP_BEGIN | op::HOST_BEGIN) { OBEYED } else { 0 }
}

/// What is known of a token that the configuration mentions.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts {
    /// Its bit in a workspace's summary; tokens share bits.
    pub bit: u64,
    /// Classes that have it as a member.
    pub member: u64,
    /// Classes with a member that begins with it.
    pub begins: u64,
    /// Where longer members begin (see the index of classes); 0: there are none.
    pub node: u32,
    /// The number that stands for it in workspaces: one for all that rules cannot tell apart.
    pub number: u32,
}

/// All tokens that the configuration mentions. Filled while it is compiled.
#[derive(Clone, Debug)]
pub(super) struct Symbols {
    /// The bytes of the configuration's tokens.
    text: Vec<u8>,
    /// By id; the first stands for all unknown tokens.
    pub facts: Vec<Facts>,
    /// The place in `text` of each id's first spelling.
    places: Vec<(u32, u16)>,
    /// Open addressing: hash and id; id 0 is a free slot.
    slots: Vec<(u32, u32)>,
    /// Spellings that have been put into `text`.
    spelled: HashMap<Vec<u8>, u32>,
    /// Ids of tokens of one byte.
    single: [u32; 256],
    /// Bytes that begin atoms.
    atoms: [bool; 256],
}

/// The bytes of symbols: the configuration's and the machine's own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a> {
    fixed: &'a [u8],
    own: &'a [u8],
}

impl<'a> Text<'a> {
    /// The bytes of a token.
    pub fn bytes(self, symbol: Symbol) -> &'a [u8] {
        let (at, length) = (symbol.at as usize, usize::from(symbol.length));
        match at.checked_sub(self.fixed.len()) {
            None => &self.fixed[at..at + length],
            Some(at) => &self.own[at..at + length],
        }
    }

    /// The bytes of a token that the configuration does not have in this spelling.
    pub fn own_bytes(self, symbol: Symbol) -> Option<&'a [u8]> {
        let at = (symbol.at as usize).checked_sub(self.fixed.len())?;
        Some(&self.own[at..at + usize::from(symbol.length)])
    }

    /// Copies for those who keep them.
    pub fn tokens(self, symbols: &[Symbol]) -> Vec<Token> {
        symbols.iter().map(|symbol| Token::new(self.bytes(*symbol))).collect()
    }

    /// Joins tokens as [`crate::addr::cataddr`] does, behind what stands in `out`.
    pub fn join(self, symbols: &[Symbol], space: u8, external: bool, out: &mut Vec<u8>) {
        let mut after_atom = false;
        for symbol in symbols {
            let atom = symbol.shape.contains(Shape::ATOM);
            if after_atom && atom {
                out.push(space);
            }
            after_atom = atom;
            let bytes = self.bytes(*symbol);
            if external && symbol.shape.contains(Shape::QUOTE_BYTE) {
                out.extend(bytes.iter().filter(|byte| **byte != META_QUOTE));
            } else {
                out.extend_from_slice(bytes);
            }
        }
    }
}

impl Symbols {
    pub fn new(operators: &Operators) -> Self {
        Self {
            text: Vec::new(),
            facts: vec![Facts::default()],
            places: vec![(0, 0)],
            slots: vec![(0, 0); 64],
            spelled: HashMap::new(),
            single: [0; 256],
            atoms: std::array::from_fn(|byte| operators.is_atom(byte as u8)),
        }
    }

    /// The bytes of symbols, those of a machine's own text among them.
    pub fn text<'a>(&'a self, own: &'a [u8]) -> Text<'a> {
        Text { fixed: &self.text, own }
    }

    /// The id of a token; 0 if the configuration mentions none like it.
    pub fn id(&self, token: &[u8]) -> u32 {
        if let [byte] = token {
            return self.single[usize::from(byte.to_ascii_lowercase())];
        }
        let hash = hash(token);
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        loop {
            let (known, id) = self.slots[slot];
            if id == 0 {
                return 0;
            }
            if known == hash && self.spelling(id).eq_ignore_ascii_case(token) {
                return id;
            }
            slot = (slot + 1) & mask;
        }
    }

    /// The first spelling of an id.
    pub fn spelling(&self, id: u32) -> &[u8] {
        let (at, length) = self.places[id as usize];
        &self.text[at as usize..at as usize + usize::from(length)]
    }

    /// The id of a token, given one if it has none.
    pub fn intern(&mut self, token: &[u8]) -> u32 {
        let known = self.id(token);
        if known != 0 {
            return known;
        }
        let id = self.facts.len() as u32;
        self.places.push((self.text.len() as u32, token.len() as u16));
        self.text.extend_from_slice(token);
        self.facts.push(Facts { number: id, ..Facts::default() });
        if let [byte] = token {
            self.single[usize::from(byte.to_ascii_lowercase())] = id;
        } else {
            if self.facts.len() * 2 > self.slots.len() {
                self.grow();
            }
            self.put(hash(token), id);
        }
        id
    }

    fn put(&mut self, hash: u32, id: u32) {
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        while self.slots[slot].1 != 0 {
            slot = (slot + 1) & mask;
        }
        self.slots[slot] = (hash, id);
    }

    fn grow(&mut self) {
        let old = std::mem::take(&mut self.slots);
        self.slots = vec![(0, 0); old.len() * 2];
        for (hash, id) in old.into_iter().filter(|(_, id)| *id != 0) {
            self.put(hash, id);
        }
    }

    /// A token of the configuration itself.
    pub fn fixed(&mut self, token: &[u8], ruleset: Option<RulesetId>) -> Symbol {
        let id = self.intern(token);
        let at = if self.spelling(id) == token {
            self.places[id as usize].0
        } else {
            let (spelled, text) = (&mut self.spelled, &mut self.text);
            *spelled.entry_ref(token).or_insert_with(|| {
                text.extend_from_slice(token);
                (text.len() - token.len()) as u32
            })
        };
        let ruleset = ruleset.map_or(NO_RULESET, |ruleset| ruleset.0);
        Symbol { at, ruleset, ..self.symbol(token, 0) }
    }

    /// A token whose bytes begin at `at` of a machine's own text.
    pub fn symbol(&self, token: &[u8], at: usize) -> Symbol {
        let first = token.first().copied().unwrap_or(0);
        let mut shape = Shape::default();
        shape.set(Shape::ATOM, self.atoms[usize::from(first)]);
        shape.set(Shape::QUOTE_BYTE, token.contains(&META_QUOTE));
        let Facts { bit, begins, number: id, .. } = self.facts[self.id(token) as usize];
        let bit = bit | obeyed_bit(first);
        Symbol {
            bit,
            begins,
            at: (self.text.len() + at) as u32,
            id,
            ruleset: NO_RULESET,
            length: token.len() as u16,
            first,
            shape,
            left: left(id),
            right: right(id),
        }
    }

    /// Gives tokens with the same facts one number, but for those that rules name themselves.
    pub fn unite(&mut self, named: impl Iterator<Item = u32>) {
        let mut is_named = vec![false; self.facts.len()];
        named.for_each(|id| is_named[id as usize] = true);
        let mut numbers = HashMap::new();
        for (id, facts) in self.facts.iter_mut().enumerate() {
            facts.number = match (facts.member, facts.begins, facts.node) {
                _ if is_named[id] => id as u32,
                (0, 0, 0) => 0,
                known => *numbers.entry(known).or_insert(id as u32),
            };
        }
    }

    /// Takes what is known of ids now into symbols that were made before.
    pub fn refresh(&self, symbols: &mut [Symbol]) {
        for symbol in symbols {
            let known = self.symbol(self.text(&[]).bytes(*symbol), 0);
            *symbol = Symbol { at: symbol.at, ruleset: symbol.ruleset, ..known };
        }
    }
}

/// The bit of two tokens that stand beside each other, by the [`left`] of one and the [`right`] of the other.
/// Pairs share bits.
pub(super) fn pair_bit(left: u8, right: u8) -> u64 {
    1 << (left ^ right)
}

/// What a token adds to the bit of a pair as its first.
pub(super) fn left(id: u32) -> u8 {
    (id.wrapping_mul(0x9e37_79b1) >> 26) as u8
}

/// What a token adds to the bit of a pair as its second.
pub(super) fn right(id: u32) -> u8 {
    (id.wrapping_mul(0x85eb_ca77) >> 26) as u8
}

/// Is a token, when it is joined and cut again by itself, the same one?
pub(super) fn is_stable(kinds: &[ByteKind; 256], token: &[u8]) -> bool {
    let plain =
        |byte: &u8| kinds[*byte as usize] == ByteKind::Atom && !matches!(*byte, 0 | b'\\' | META_QUOTE);
    match token {
        [b'(' | b')'] => false,
        [byte] if kinds[*byte as usize] == ByteKind::Operator => true,
        _ => token.iter().all(plain),
    }
}

/// A hash that does not tell upper from lower case (nor a few other bytes from each other).
fn hash(token: &[u8]) -> u32 {
    const FOLD: u64 = 0x2020_2020_2020_2020;
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut state = (token.len() as u64).wrapping_mul(FACTOR);
    let mut chunks = token.chunks_exact(8);
    for chunk in &mut chunks {
        let word = u64::from_le_bytes(chunk.try_into().expect("chunks of eight")) | FOLD;
        state = (state ^ word).wrapping_mul(FACTOR).rotate_left(29);
    }
    let rest = chunks.remainder();
    let last = match (rest, rest.len()) {
        (_, 4..) => {
            let half = |part: [u8; 4]| u64::from(u32::from_le_bytes(part));
            let (head, tail) = (rest.first_chunk::<4>(), rest.last_chunk::<4>());
            head.copied().map_or(0, half) << 32 | tail.copied().map_or(0, half) | FOLD
        }
        (_, 0) => 0,
        (rest, length) => {
            let byte = |at: usize| u64::from(rest[at] | 0x20);
            byte(0) << 16 | byte(length / 2) << 8 | byte(length - 1)
        }
    };
    state = (state ^ last).wrapping_mul(FACTOR);
    (state >> 32) as u32
}
