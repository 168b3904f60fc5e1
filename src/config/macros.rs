//! Macros, classes and the table of their names.

use crate::addr::MacroId;
use hashbrown::HashMap;

/// Long names and their ids. Macros and classes share one table.
#[derive(Clone, Debug, Default)]
pub struct Names {
    long: Vec<Vec<u8>>,
}

impl Names {
    /// Ids of long names begin here.
    pub const FIRST: u8 = 0xa0;

    /// The id of `name`, given one if it is new. `None` when all 96 are taken.
    pub fn intern(&mut self, name: &[u8]) -> Option<MacroId> {
        if let Some(id) = self.get(name) {
            return Some(id);
        }
        if self.long.len() > (0xff - Self::FIRST) as usize {
            return None;
        }
        self.long.push(name.to_vec());
        Some(MacroId(Self::FIRST + (self.long.len() - 1) as u8))
    }

    /// The id of a name that exists already (a single character always does).
    pub fn get(&self, name: &[u8]) -> Option<MacroId> {
        if let [single] = name {
            return Some(MacroId(*single));
        }
        let index = self.long.iter().position(|long| long == name)?;
        Some(MacroId(Self::FIRST + index as u8))
    }

    /// The long name of an id; `None` for single characters.
    pub fn long_name(&self, id: MacroId) -> Option<&[u8]> {
        let index = id.0.checked_sub(Self::FIRST)?;
        self.long.get(index as usize).map(Vec::as_slice)
    }
}

/// Values of macros by id, unexpanded.
#[derive(Clone, Debug)]
pub struct Macros(Box<[Option<std::sync::Arc<[u8]>>; 256]>);

impl Default for Macros {
    fn default() -> Self {
        Self(Box::new([const { None }; 256]))
    }
}

impl Macros {
    /// The value, if the macro is defined (it may be empty).
    pub fn get(&self, id: MacroId) -> Option<&[u8]> {
        self.0[id.0 as usize].as_deref()
    }

    /// Defines a macro, or takes its definition away.
    pub fn set(&mut self, id: MacroId, value: Option<&[u8]>) {
        self.0[id.0 as usize] = value.map(std::sync::Arc::from);
    }
}

/// One class: words compared without ASCII case.
#[derive(Clone, Debug, Default)]
pub struct Class {
    /// Lower-cased word → its place in the order of definition.
    words: HashMap<Vec<u8>, usize>,
    /// The longest word's length in bytes, to stop `$=` early.
    longest: usize,
}

impl Class {
    /// Adds a word; one that is there already changes nothing.
    pub fn insert(&mut self, word: &[u8]) {
        let next = self.words.len();
        self.words.entry(word.to_ascii_lowercase()).or_insert(next);
        self.longest = self.longest.max(word.len());
    }

    /// Is the whole phrase a member?
    pub fn contains(&self, phrase: &[u8]) -> bool {
        phrase.len() <= self.longest && self.words.contains_key(phrase.to_ascii_lowercase().as_slice())
    }

    /// The members in the order of their definition, lower-cased.
    pub fn words(&self) -> Vec<&[u8]> {
        let mut words: Vec<_> = self.words.iter().collect();
        words.sort_by_key(|(_, place)| **place);
        words.into_iter().map(|(word, _)| word.as_slice()).collect()
    }
}

/// Classes by id.
#[derive(Clone, Debug, Default)]
pub struct Classes(HashMap<u8, Class>);

impl Classes {
    /// The class, if anything was ever put into it.
    pub fn get(&self, id: MacroId) -> Option<&Class> {
        self.0.get(&id.0)
    }

    /// Adds a word to a class, which comes into being with it.
    pub fn insert(&mut self, id: MacroId, word: &[u8]) {
        self.0.entry(id.0).or_default().insert(word);
    }
}
