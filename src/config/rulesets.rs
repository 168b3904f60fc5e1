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
}

impl Rulesets {
    /// The rules, if the ruleset has any.
    pub fn get(&self, id: RulesetId) -> Option<&Ruleset> {
        self.by_number.get(id.0 as usize)?.as_ref()
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
        let named = self.by_name.iter().find(|(_, number)| **number == id);
        named.map_or_else(|| id.0.to_string().into_bytes(), |(name, _)| name.clone())
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
