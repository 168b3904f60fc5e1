//! Rules, compiled once: patterns become operations whose literals are lower-cased already.

use super::pure_maps::PureMap;
use crate::addr::{MacroId, Operators, Token, op};
use crate::config::{Config, RulesetId};
use hashbrown::HashMap;

/// All rulesets of a configuration in the form that the machine runs.
#[derive(Clone, Debug, Default)]
pub struct Program {
    rulesets: Vec<Option<CompiledRuleset>>,
    /// Maps that the machine runs itself.
    pure_maps: HashMap<Vec<u8>, PureMap>,
    /// The byte tables for scanning and joining.
    pub operators: Operators,
    /// What stands between joined atoms (BlankSub).
    pub blank_sub: u8,
}

/// One ruleset.
#[derive(Clone, Debug, Default)]
pub(super) struct CompiledRuleset {
    pub rules: Vec<CompiledRule>,
    /// What traces call it.
    pub name: Vec<u8>,
}

/// One rule.
#[derive(Clone, Debug)]
pub(super) struct CompiledRule {
    pub pattern: Vec<Match>,
    /// The replacement without its leading `$:` or `$@`.
    pub replacement: Vec<Piece>,
    pub after: After,
    /// The replacement may hold `$(` or `$[`.
    pub has_lookups: bool,
    /// The replacement may hold `$>`, directly or through `$n`.
    pub may_call: bool,
    /// The fewest tokens a workspace must have.
    pub min_tokens: usize,
    /// Line of the cf, for traces.
    pub line: u32,
}

/// One step of a pattern.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Match {
    /// This token, lower-cased.
    Literal(Token),
    /// `$*`
    ZeroOrMore,
    /// `$+`
    OneOrMore,
    /// `$-`
    One,
    /// `$=x`
    Class(MacroId),
    /// `$~x`
    NotClass(MacroId),
    /// `$@`
    Nothing,
    /// `$&x`
    Macro(MacroId),
}

/// One piece of a replacement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Piece {
    Token(Token),
    /// `$n`, from 1.
    Binding(u8),
    /// `$&x`
    Macro(MacroId),
}

/// What happens after a rule has been applied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum After {
    /// The same rule is tried again.
    Again,
    /// `$:`: the next rule.
    Next,
    /// `$@`: the ruleset ends.
    Return,
}

impl Program {
    /// Compiles the rules and the declarations of the maps that the machine runs itself.
    pub fn compile(config: &Config, operators: Operators, blank_sub: u8) -> Self {
        let compile = |(number, ruleset): (usize, &Option<crate::config::Ruleset>)| {
            let ruleset = ruleset.as_ref()?;
            let rules = ruleset.rules.iter().map(compile_rule).collect();
            Some(CompiledRuleset { rules, name: config.rulesets.display_name(RulesetId(number as u16)) })
        };
        Self {
            rulesets: config.rulesets.by_number.iter().enumerate().map(compile).collect(),
            pure_maps: PureMap::of_config(config),
            operators,
            blank_sub,
        }
    }

    /// The map of this name, if the machine runs it itself.
    pub fn pure_map(&self, name: &[u8]) -> Option<&PureMap> {
        self.pure_maps.get(name.to_ascii_lowercase().as_slice())
    }

    pub(super) fn ruleset(&self, id: RulesetId) -> Option<&CompiledRuleset> {
        self.rulesets.get(id.0 as usize)?.as_ref()
    }
}

fn compile_rule(rule: &crate::config::Rule) -> CompiledRule {
    let (after, rest) = match rule.rhs.split_first() {
        Some((first, rest)) if first.first() == op::CANONICAL_USER => (After::Next, rest),
        Some((first, rest)) if first.first() == op::CANONICAL_HOST => (After::Return, rest),
        _ => (After::Again, &rule.rhs[..]),
    };
    let pattern: Vec<_> = rule.lhs.iter().map(compile_match).collect();
    let replacement: Vec<_> = rest.iter().map(compile_piece).collect();
    let is = |wanted: &[u8]| {
        replacement
            .iter()
            .any(|piece| matches!(piece, Piece::Token(token) if wanted.contains(&token.first())))
    };
    // a call may come in through $n, since workspaces can hold `$>` left over from an unknown name
    let may_call =
        is(&[op::CALL_SUBROUTINE]) || replacement.iter().any(|piece| matches!(piece, Piece::Binding(_)));
    CompiledRule {
        has_lookups: is(&[op::LOOKUP_BEGIN, op::HOST_BEGIN]),
        may_call,
        min_tokens: pattern.iter().filter(|step| needs_token(step)).count(),
        pattern,
        replacement,
        after,
        line: rule.line,
    }
}

fn needs_token(step: &Match) -> bool {
    !matches!(step, Match::ZeroOrMore | Match::Nothing | Match::Macro(_))
}

fn compile_match(token: &Token) -> Match {
    let argument = MacroId(token.get(1).copied().unwrap_or(0));
    match token.first() {
        op::MATCH_ZERO_OR_MORE => Match::ZeroOrMore,
        op::MATCH_ONE_OR_MORE => Match::OneOrMore,
        op::MATCH_ONE => Match::One,
        op::MATCH_CLASS => Match::Class(argument),
        op::MATCH_NOT_CLASS => Match::NotClass(argument),
        op::CANONICAL_HOST => Match::Nothing,
        op::MACRO_DEFER => Match::Macro(argument),
        _ => Match::Literal(Token::new(&token.to_ascii_lowercase())),
    }
}

fn compile_piece(token: &Token) -> Piece {
    match (token.first(), token.get(1)) {
        (op::MATCH_REPLACE, Some(&digit)) => Piece::Binding(digit.wrapping_sub(b'0')),
        (op::MACRO_DEFER, Some(&id)) => Piece::Macro(MacroId(id)),
        _ => Piece::Token(token.clone()),
    }
}
