//! All rulesets, their names and numbers; map declarations.

use super::ruleset::Ruleset;
use crate::addr::Token;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

/// A ruleset's number: 0–99 by number, named ones from 199 downwards.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RulesetId(pub u16);

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
        self.by_number.get(id.0 as usize)?.as_ref().filter(|ruleset| !ruleset.rules().is_empty())
    }

    /// The ruleset that a text begins with, as `-bt` and `$>` read it: blanks, then digits, or a name
    /// that is known. Whatever follows is passed over; gives where that begins.
    ///
    /// # Errors
    /// What is to be said of it, beyond that there is no such ruleset.
    pub fn look_up(&self, text: &[u8]) -> Result<(RulesetId, usize), Option<Vec<u8>>> {
        let blanks = text.iter().take_while(|byte| crate::addr::is_space(byte)).count();
        let text = &text[blanks..];
        if text.first().is_some_and(u8::is_ascii_digit) {
            let (number, length) = super::numbers::parse_int(text, 10);
            let number = number as i32; // as C's int has it
            return match u16::try_from(number) {
                Ok(id @ 0..100) => Ok((RulesetId(id), blanks + length)),
                _ => Err(Some(format!("bad ruleset {number} (100 max)").into_bytes())),
            };
        }
        if !text.first().is_some_and(u8::is_ascii_alphabetic) {
            return Err(Some([b"invalid ruleset name: \"", &text[..text.len().min(20)], b"\""].concat()));
        }
        let length = text.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        self.by_name.get(&text[..length]).map(|id| (*id, blanks + length)).ok_or(None)
    }

    /// Changes the names that a rule calls by.
    pub fn rename_calls(&mut self, id: RulesetId, rule: usize, name: &dyn Fn(&[u8]) -> Vec<u8>) {
        let ruleset = self.by_number.get_mut(id.0 as usize).and_then(Option::as_mut);
        let Some(ruleset) = ruleset.filter(|ruleset| rule < ruleset.rules().len()) else { return };
        let mut tokens = ruleset.right(&ruleset.rules()[rule]);
        for at in 1..tokens.len() {
            if tokens[at - 1].first() == crate::addr::op::CALL_SUBROUTINE {
                tokens[at] = Token::new(&name(&tokens[at]));
            }
        }
        ruleset.set_right(rule, tokens);
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

    /// Are all numbers of named rulesets given away?
    pub fn names_exhausted(&self) -> bool {
        Self::LAST.checked_sub(self.named).is_none_or(|number| number < 100)
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
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MapDecl {
    /// The map's name.
    pub name: Vec<u8>,
    /// Its class (`hash`, `regex`, `sequence`, …), as written.
    pub class: Vec<u8>,
    /// Everything after the class, macros expanded.
    pub args: Vec<u8>,
    /// Option BlankSub as it stood at this line: it joins the words of keys.
    pub space: u8,
    /// Option LDAPDefaultSpec as it stood at this line.
    pub ldap_defaults: Vec<u8>,
    /// First line of its K line; 0 for built-in maps.
    pub line: u32,
}
