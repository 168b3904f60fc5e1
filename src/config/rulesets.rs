//! Rulesets, rules and map declarations.

use crate::addr::Token;
use hashbrown::HashMap;

/// A ruleset's number: 0–99 by number, named ones from 199 downwards.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct RulesetId(pub u16);

/// One R line. Macros have been expanded; conditionals are gone.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Pattern tokens (operators in the internal alphabet).
    pub lhs: Vec<Token>,
    /// Replacement tokens, the leading `$:` or `$@` included.
    pub rhs: Vec<Token>,
    /// Line of the cf (the last physical line of the logical one).
    pub line: u32,
}

/// The rules of one S line and its continuations.
#[derive(Clone, Debug, Default)]
pub struct Ruleset {
    /// The rules in order.
    pub rules: Vec<Rule>,
}

/// All rulesets of a configuration.
#[derive(Clone, Debug, Default)]
pub struct Rulesets {
    /// By number; `None` where nothing was ever defined.
    pub by_number: Vec<Option<Ruleset>>,
    /// Number by name (case matters).
    pub by_name: HashMap<Vec<u8>, RulesetId>,
    /// Name by number: the last one given.
    names: HashMap<RulesetId, Vec<u8>>,
    /// How many names got a number of their own.
    named: u16,
}

impl Rulesets {
    /// The first number given to a named ruleset.
    const LAST: u16 = 199;

    /// The rules, if the ruleset has any.
    pub fn get(&self, id: RulesetId) -> Option<&Ruleset> {
        self.by_number.get(id.0 as usize)?.as_ref().filter(|ruleset| !ruleset.rules.is_empty())
    }

    /// The id of a ruleset called by its name (`canonify`) or its number in digits (`3`).
    pub fn find(&self, name: &[u8]) -> Option<RulesetId> {
        if let Some(id) = self.by_name.get(name) {
            return Some(*id);
        }
        let number: u16 = std::str::from_utf8(name).ok()?.parse().ok()?;
        (number < 100).then_some(RulesetId(number))
    }

    /// What traces print: the name where there is one, else the number.
    pub fn display_name(&self, id: RulesetId) -> Vec<u8> {
        self.names.get(&id).cloned().unwrap_or_else(|| id.0.to_string().into_bytes())
    }

    /// Gives a ruleset a name.
    pub fn name(&mut self, name: &[u8], id: RulesetId) {
        self.by_name.insert(name.to_vec(), id);
        self.names.insert(id, name.to_vec());
    }

    /// The number for the next named ruleset: 199, 198, … 100.
    pub fn next_named(&mut self) -> Option<RulesetId> {
        let number = Self::LAST.checked_sub(self.named).filter(|number| *number >= 100)?;
        self.named += 1;
        Some(RulesetId(number))
    }

    /// The ruleset, made if it does not exist.
    pub(super) fn touch(&mut self, id: RulesetId) -> &mut Ruleset {
        let index = id.0 as usize;
        if self.by_number.len() <= index {
            self.by_number.resize_with(index + 1, || None);
        }
        self.by_number[index].get_or_insert_default()
    }
}

/// One K line: a map to be opened at its first use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MapDecl {
    /// The map's name.
    pub name: Vec<u8>,
    /// Its class (`hash`, `regex`, `sequence`, …), as written.
    pub class: Vec<u8>,
    /// Everything after the class, macros expanded.
    pub args: Vec<u8>,
    /// Line of the cf; 0 for built-in maps.
    pub line: u32,
}
