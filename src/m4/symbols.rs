//! Names and their definitions; `pushdef` stacks them.

use std::hash::BuildHasher;
use std::rc::Rc;

use hashbrown::{DefaultHashBuilder, HashTable};
use memchr::memchr;

use super::builtins::Builtin;
use super::input::Position;

/// What a name stands for.
#[derive(Clone)]
pub(super) enum Body {
    /// Text; `dollar` tells whether it holds a `$` at all.
    Text { text: Rc<[u8]>, dollar: bool },
    /// A builtin.
    Builtin(&'static Builtin),
}

impl Body {
    pub(super) fn text(text: &[u8]) -> Self {
        Self::Text { text: text.into(), dollar: memchr(b'$', text).is_some() }
    }
}

/// One definition of a name.
#[derive(Clone)]
pub(super) struct Definition {
    pub(super) body: Body,
    /// The site's line that defined it, where one did.
    pub(super) site: Option<Position>,
}

impl Definition {
    /// Bytes it needs, about.
    fn size(&self) -> usize {
        let text = match &self.body {
            Body::Text { text, .. } => text.len(),
            Body::Builtin(_) => 0,
        };
        size_of::<Self>() + text
    }
}

/// A name.
pub(super) struct Symbol {
    pub(super) name: Rc<[u8]>,
    /// The definition in force.
    current: Option<Definition>,
    /// Those that `pushdef` put away, the last one last.
    below: Vec<Definition>,
    /// `traceon` outlives definitions.
    pub(super) traced: bool,
}

impl Symbol {
    /// All definitions, the one in force last.
    pub(super) fn definitions(&self) -> impl Iterator<Item = &Definition> {
        self.below.iter().chain(&self.current)
    }

    /// The definition in force.
    pub(super) fn current(&self) -> Option<&Definition> {
        self.current.as_ref()
    }
}

/// Words that may be names: a quick no for nearly all that are none.
///
/// Bits are only ever set, by the ends and the length of each name.
pub(super) struct Likely([u64; 64]);

impl Likely {
    fn bit(word: &[u8]) -> (usize, u64) {
        let end = |byte: Option<&u8>| usize::from(byte.copied().unwrap_or(0) & 31);
        let bit = end(word.first()) | end(word.last()) << 5 | (word.len() & 3) << 10;
        (bit >> 6, 1 << (bit & 63))
    }

    /// False if this is no name.
    pub(super) fn has(&self, word: &[u8]) -> bool {
        let (at, bit) = Self::bit(word);
        self.0[at] & bit != 0
    }

    fn insert(&mut self, word: &[u8]) {
        let (at, bit) = Self::bit(word);
        self.0[at] |= bit;
    }
}

/// All names.
pub(super) struct Symbols {
    table: HashTable<Symbol>,
    hasher: DefaultHashBuilder,
    /// What may be one of them.
    pub(super) likely: Likely,
    /// Bytes of names and definitions, about.
    pub(super) held: usize,
}

/// As many names as a cf needs find room without moving.
const USUAL: usize = 400;

impl Default for Symbols {
    fn default() -> Self {
        Self {
            table: HashTable::with_capacity(USUAL),
            hasher: DefaultHashBuilder::default(),
            likely: Likely([0; 64]),
            held: 0,
        }
    }
}

impl Symbols {
    /// The name, if it is defined.
    pub(super) fn get(&self, name: &[u8]) -> Option<&Symbol> {
        let found = self.table.find(self.hasher.hash_one(name), |symbol| *symbol.name == *name);
        found.filter(|symbol| symbol.current.is_some())
    }

    fn known(&mut self, name: &[u8]) -> Option<&mut Symbol> {
        self.table.find_mut(self.hasher.hash_one(name), |symbol| *symbol.name == *name)
    }

    fn entry(&mut self, name: &[u8]) -> &mut Symbol {
        self.held += name.len();
        self.likely.insert(name);
        let hasher = &self.hasher;
        let entry = self.table.entry(
            hasher.hash_one(name),
            |symbol| *symbol.name == *name,
            |symbol| hasher.hash_one(&*symbol.name),
        );
        let new = || Symbol { name: name.into(), current: None, below: Vec::new(), traced: false };
        entry.or_insert_with(new).into_mut()
    }

    pub(super) fn define(&mut self, name: &[u8], definition: Definition) {
        self.held += definition.size();
        let old = self.entry(name).current.replace(definition);
        self.forget(old);
    }

    pub(super) fn push(&mut self, name: &[u8], definition: Definition) {
        self.held += definition.size();
        let symbol = self.entry(name);
        symbol.below.extend(symbol.current.replace(definition));
    }

    fn forget(&mut self, definitions: impl IntoIterator<Item = Definition>) -> bool {
        let before = self.held;
        for definition in definitions {
            self.held = self.held.saturating_sub(definition.size());
        }
        self.held < before
    }

    /// Forgets the definition in force. False if there is none.
    pub(super) fn pop(&mut self, name: &[u8]) -> bool {
        let old = self.known(name).and_then(|symbol| {
            let below = symbol.below.pop();
            std::mem::replace(&mut symbol.current, below)
        });
        self.forget(old)
    }

    /// Forgets all definitions. False if there are none.
    pub(super) fn undefine(&mut self, name: &[u8]) -> bool {
        let Some(symbol) = self.known(name) else { return false };
        let old = (symbol.current.take(), std::mem::take(&mut symbol.below));
        self.forget(old.0.into_iter().chain(old.1))
    }

    pub(super) fn trace(&mut self, name: &[u8], on: bool) {
        self.entry(name).traced = on;
    }

    pub(super) fn trace_all(&mut self, on: bool) {
        self.table.iter_mut().for_each(|symbol| symbol.traced = on);
    }

    /// Defined names, in no order.
    pub(super) fn defined(&self) -> impl Iterator<Item = &Symbol> {
        self.table.iter().filter(|symbol| symbol.current.is_some())
    }

    /// Defined names in order.
    pub(super) fn names(&self) -> Vec<Rc<[u8]>> {
        let mut names: Vec<_> = self.defined().map(|symbol| symbol.name.clone()).collect();
        names.sort();
        names
    }
}
