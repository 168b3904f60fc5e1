//! Rules, compiled once: tokens become symbols, and each rule knows what a workspace must have.

use super::class_index::{ClassIndex, ClassUse};
use super::map_names::{MapId, MapNames};
use super::pattern::{Part, add_parts};
use super::pure_maps::PureMap;
use super::replacement::{Item, add_pieces};
use super::rule::{CompiledRule, MAX_TOKENS, Match, Method, Piece, RuleAction, call_name};
use super::scope::CERT_ALTNAMES;
use super::select::{RuleFilter, share_bits};
use super::symbols::{Symbol, Symbols};
use super::tally::{Shard, Tally};
use crate::addr::{MacroId, Operators, TokenBuffer, op};
use crate::config::{Config, Rule, Ruleset, RulesetId};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, MutexGuard};

/// All rulesets of a configuration in the form that the machine runs.
#[derive(Clone, Debug)]
pub struct Program {
    rulesets: Vec<Option<CompiledRuleset>>,
    /// Maps that the machine runs itself.
    pure_maps: Vec<PureMap>,
    /// Who answers for a map, by the number of its name; maps' names have low ones.
    map_kinds: Vec<AnsweredBy>,
    /// The number of the name `host`.
    host: u32,
    pub(super) symbols: Symbols,
    pub(super) classes: ClassIndex,
    /// Steps of all patterns.
    steps: Vec<Match>,
    /// The same as they are matched.
    parts: Vec<Part>,
    /// Pieces of all replacements.
    pieces: Vec<Piece>,
    /// Tokens of all replacements.
    words: Vec<Symbol>,
    /// The byte tables for scanning and joining.
    pub operators: Operators,
    /// What stands between joined atoms (BlankSub).
    pub blank_sub: u8,
    /// No other program has it: what was found out for one is not taken for another's.
    pub(super) stamp: u32,
    /// Where uses are counted, if they are.
    pub(super) tally: Option<Arc<Tally>>,
}

/// One ruleset.
#[derive(Clone, Debug, Default)]
pub(super) struct CompiledRuleset {
    pub rules: Vec<CompiledRule>,
    /// By rule: what a workspace needs to be worth a try.
    pub filters: Vec<RuleFilter>,
    /// What traces call it.
    pub name: Vec<u8>,
    /// The place of its first rule among all, where uses are counted; its end has a place too.
    pub place: usize,
}

/// Who answers a look-up.
#[derive(Clone, Copy, Debug)]
pub(super) enum MapKind<'a> {
    /// The machine itself.
    Pure(&'a PureMap),
    /// Whoever runs the machine; what it asks may be settled.
    Declared(Option<Bound>),
    /// There is no such map.
    Unknown,
}

/// A map of [`Program::bind_maps`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Bound {
    pub map: MapId,
    /// Stands between atoms of the map's keys.
    pub key_space: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum AnsweredBy {
    #[default]
    Nobody,
    /// Its place among the machine's own.
    Machine(usize),
    Others(Option<Bound>),
}

impl Program {
    /// Compiles the rules and the declarations of the maps that the machine runs itself.
    pub fn compile(config: &Config, operators: Operators, blank_sub: u8) -> Self {
        let mut program = Self {
            rulesets: Vec::new(),
            pure_maps: PureMap::of_config(config),
            map_kinds: Vec::new(),
            host: 0,
            symbols: Symbols::new(&operators),
            classes: ClassIndex::default(),
            steps: Vec::new(),
            parts: Vec::new(),
            pieces: Vec::new(),
            words: Vec::new(),
            operators,
            blank_sub,
            stamp: 0,
            tally: None,
        };
        let (mut used, mut cut) = (Vec::new(), TokenBuffer::default());
        program.host = program.symbols.intern(b"host");
        program.name_maps(config);
        let mut places = 0;
        for (number, ruleset) in config.rulesets.by_number.iter().enumerate() {
            let mut compile =
                |ruleset: &Ruleset, rule| program.rule(ruleset, rule, config, &mut used, &mut cut);
            let compiled = ruleset.as_ref().map(|ruleset| CompiledRuleset {
                rules: ruleset.rules().iter().map(|rule| compile(ruleset, rule)).collect(),
                filters: Vec::new(),
                name: config.rulesets.display_name(RulesetId(number as u16)),
                place: places,
            });
            places += compiled.as_ref().map_or(0, |compiled| compiled.rules.len() + 1);
            program.rulesets.push(compiled);
        }
        program.enter_classes(config, &used);
        program
    }

    fn name_maps(&mut self, config: &Config) {
        for decl in &config.maps {
            let id = self.symbols.intern(&decl.name) as usize;
            if id >= self.map_kinds.len() {
                self.map_kinds.resize(id + 1, AnsweredBy::Nobody);
            }
            let own = self.pure_maps.iter().position(|map| map.is_called(&decl.name));
            self.map_kinds[id] = own.map_or(AnsweredBy::Others(None), AnsweredBy::Machine);
        }
    }

    /// Settles which maps the names of the K lines stand for, so that `maps` can be asked at once
    /// ([`super::Context::maps`]). The same maps must be given there.
    pub fn bind_maps(&mut self, maps: &dyn MapNames) {
        let symbols = &self.symbols;
        for (id, answered_by) in self.map_kinds.iter_mut().enumerate() {
            if let AnsweredBy::Others(bound) = answered_by {
                let map = maps.map_id(symbols.spelling(id as u32));
                *bound = map.map(|map| Bound { map, key_space: maps.key_space(map) });
            }
        }
    }

    /// From now on it is counted what rules do and how often maps are asked ([`Self::uses`]).
    pub fn count_uses(&mut self) {
        let places = self.numbered().last().map_or(0, |(_, last)| last.place + last.rules.len() + 1);
        self.tally = Some(Arc::new(Tally::new(places, self.map_kinds.len())));
    }

    /// Where a step counts what it does.
    pub(super) fn claim_tally(&self) -> Option<MutexGuard<'_, Shard>> {
        self.tally.as_ref().map(|tally| tally.claim())
    }

    /// The rulesets that there are.
    pub(super) fn numbered(&self) -> impl Iterator<Item = (RulesetId, &CompiledRuleset)> {
        let numbered = self.rulesets.iter().enumerate();
        numbered.filter_map(|(number, ruleset)| Some((RulesetId(number as u16), ruleset.as_ref()?)))
    }

    /// The numbers of the names of maps that K lines declare.
    pub(super) fn declared_maps(&self) -> impl Iterator<Item = u32> {
        let known = self.map_kinds.iter().enumerate().filter(|(_, kind)| **kind != AnsweredBy::Nobody);
        known.map(|(id, _)| id as u32)
    }

    /// Who answers for the map with this name's number.
    pub(super) fn map_kind(&self, id: u32) -> MapKind<'_> {
        match self.map_kinds.get(id as usize) {
            None | Some(AnsweredBy::Nobody) => MapKind::Unknown,
            Some(AnsweredBy::Others(bound)) => MapKind::Declared(*bound),
            Some(AnsweredBy::Machine(place)) => MapKind::Pure(&self.pure_maps[*place]),
        }
    }

    /// The number of the name `host`.
    pub(super) fn host_id(&self) -> u32 {
        self.host
    }

    /// Takes note that members have been added to classes. Machines must be loaded anew after that.
    pub fn refresh_classes(&mut self, config: &Config) {
        let used: Vec<MacroId> =
            (0..self.classes.count()).map(|number| self.classes.class(number).id).collect();
        self.enter_classes(config, &used);
    }

    fn enter_classes(&mut self, config: &Config, used: &[MacroId]) {
        static STAMPS: AtomicU32 = AtomicU32::new(1);
        self.stamp = STAMPS.fetch_add(1, Ordering::Relaxed);
        let symbols = &mut self.symbols;
        let never = config.names.get(CERT_ALTNAMES);
        self.classes =
            ClassIndex::new(used, never, &config.classes, &self.operators, self.blank_sub, symbols);
        self.classes.enter_facts(&mut symbols.facts);
        share_bits(symbols, &self.steps);
        let literals = self.steps.iter().filter_map(|step| match step {
            Match::Literal(id) => Some(*id),
            _ => None,
        });
        let maps = (0..self.map_kinds.len() as u32).chain([self.host]);
        symbols.unite(literals.chain(maps).chain(self.classes.followers()));
        symbols.refresh(&mut self.words);
        for ruleset in self.rulesets.iter_mut().flatten() {
            let filter = |rule: &CompiledRule| {
                RuleFilter::of(
                    &self.steps[rule.pattern.0 as usize..rule.pattern.1 as usize],
                    &self.classes,
                    symbols,
                )
            };
            ruleset.filters = ruleset.rules.iter().map(filter).collect();
        }
    }

    /// The map of this name, if the machine runs it itself.
    pub fn pure_map(&self, name: &[u8]) -> Option<&PureMap> {
        self.pure_maps.iter().find(|map| map.is_called(name))
    }

    pub(super) fn ruleset(&self, id: RulesetId) -> Option<&CompiledRuleset> {
        self.rulesets.get(id.0 as usize)?.as_ref()
    }

    /// The steps of a rule's pattern.
    pub(super) fn pattern(&self, rule: &CompiledRule) -> &[Match] {
        &self.steps[rule.pattern.0 as usize..rule.pattern.1 as usize]
    }

    /// The same as it is matched.
    pub(super) fn parts(&self, rule: &CompiledRule) -> &[Part] {
        &self.parts[rule.parts.0 as usize..rule.parts.1 as usize]
    }

    /// The pieces of a rule's replacement.
    pub(super) fn replacement(&self, rule: &CompiledRule) -> &[Piece] {
        &self.pieces[rule.replacement.0 as usize..rule.replacement.1 as usize]
    }

    /// Tokens of a replacement.
    pub(super) fn words(&self, from: u32, to: u32) -> &[Symbol] {
        &self.words[from as usize..to as usize]
    }

    /// How a pattern's class is used.
    pub(super) fn class(&self, number: u16) -> ClassUse {
        self.classes.class(number)
    }

    fn rule(
        &mut self,
        ruleset: &Ruleset,
        rule: &Rule,
        config: &Config,
        used: &mut Vec<MacroId>,
        cut: &mut TokenBuffer,
    ) -> CompiledRule {
        let from = self.steps.len() as u32;
        ruleset.cut_left(rule, cut);
        for token in cut.tokens() {
            let step = self.step(token, used);
            self.steps.push(step);
        }
        let pattern = (from, self.steps.len() as u32);
        let from = self.parts.len() as u32;
        add_parts(&self.steps[pattern.0 as usize..], &mut self.parts);
        let parts = (from, self.parts.len() as u32);
        ruleset.cut_right(rule, cut);
        let action = match cut.tokens().next().map(first) {
            Some(op::CANONICAL_USER) => RuleAction::NextRule,
            Some(op::CANONICAL_HOST) => RuleAction::Return,
            _ => RuleAction::TryAgain,
        };
        let rest = || cut.tokens().skip(usize::from(action != RuleAction::TryAgain));
        let lookups =
            rest().filter(|token| matches!(first(token), op::LOOKUP_BEGIN | op::HOST_BEGIN)).count();
        let from = self.pieces.len();
        self.add_pieces(pattern, rest(), config);
        let has_calls = rest().any(|token| first(token) == op::CALL_SUBROUTINE);
        let method = if lookups > 0 { Method::Obeyed } else { self.method(from, has_calls, config) };
        let replacement = (from as u32, self.pieces.len() as u32);
        CompiledRule { pattern, parts, replacement, action, method, lookups, has_calls, line: rule.line }
    }

    fn step(&mut self, token: &[u8], used: &mut Vec<MacroId>) -> Match {
        let argument = MacroId(token.get(1).copied().unwrap_or(0));
        let mut class = || {
            let known = used.iter().position(|id| *id == argument);
            known.unwrap_or_else(|| {
                used.push(argument);
                used.len() - 1
            }) as u16
        };
        match first(token) {
            op::MATCH_ZERO_OR_MORE => Match::ZeroOrMore,
            op::MATCH_ONE_OR_MORE => Match::OneOrMore,
            op::MATCH_ONE => Match::One,
            op::MATCH_CLASS => Match::Class(class()),
            op::MATCH_NOT_CLASS => Match::NotClass(class()),
            op::CANONICAL_HOST => Match::Nothing,
            op::MACRO_DEFER => Match::Macro(argument),
            _ => Match::Literal(self.symbols.intern(token)),
        }
    }

    fn add_pieces<'t>(
        &mut self,
        pattern: (u32, u32),
        tokens: impl Iterator<Item = &'t [u8]>,
        config: &Config,
    ) {
        let mut items = Vec::new();
        let mut called = false;
        for token in tokens {
            items.push(match token {
                [op::MATCH_REPLACE, digit, ..] => Item::Binding(digit.wrapping_sub(b'0')),
                [op::MACRO_DEFER, id, ..] => Item::Macro(MacroId(*id)),
                _ => {
                    let ruleset = called.then(|| called_ruleset(config, token)).flatten();
                    Item::Word(self.symbols.fixed(token, ruleset))
                }
            });
            called = first(token) == op::CALL_SUBROUTINE;
        }
        let pattern = &self.steps[pattern.0 as usize..pattern.1 as usize];
        let symbols = &self.symbols;
        let is_fixed = |word: &Symbol| {
            let has_letters = symbols.spelling(word.id).iter().any(u8::is_ascii_alphabetic);
            !has_letters && word.ruleset().is_none() && !word.is_obeyed()
        };
        add_pieces(pattern, &items, &is_fixed, &mut self.words, &mut self.pieces);
    }

    /// How the pieces from `from` on, without look-ups, become a replacement. A `$>` that begins them becomes a piece of its own.
    fn method(&mut self, from: usize, has_calls: bool, config: &Config) -> Method {
        let pieces = &self.pieces[from..];
        // what a macro holds is known when it is asked for
        if pieces.iter().any(|piece| matches!(piece, Piece::Macro(_))) {
            return Method::Obeyed;
        }
        match (has_calls, pieces) {
            (true, [Piece::Words(begin, end), ..]) => self.called(from, (*begin, *end), config),
            (true, _) => Method::Obeyed,
            (false, [Piece::Span { .. }]) => Method::InPlace,
            (false, [Piece::Span { .. }, Piece::Words(begin, end)])
                if (end - begin) as usize <= MAX_TOKENS / 2 =>
            {
                Method::InPlace
            }
            (false, _) => Method::Copied,
        }
    }

    fn called(&mut self, from: usize, (begin, end): (u32, u32), config: &Config) -> Method {
        let is_call = |word: &&Symbol| word.first == op::CALL_SUBROUTINE;
        let words = self.pieces[from..].iter().flat_map(|piece| match piece {
            Piece::Words(begin, end) => self.words(*begin, *end),
            _ => &[],
        });
        let (1, [mark, name, ..]) = (words.filter(is_call).count(), self.words(begin, end)) else {
            return Method::Obeyed;
        };
        let Some(ruleset) = name.ruleset().filter(|ruleset| config.rulesets.get(*ruleset).is_some()) else {
            return Method::Obeyed;
        };
        if !is_call(&mark) {
            return Method::Obeyed;
        }
        if end > begin + 2 {
            self.pieces[from] = Piece::Words(begin + 2, end);
            self.pieces.insert(from, Piece::Words(begin, begin + 2));
        }
        Method::Called(ruleset)
    }
}

/// The byte that tells operators from text.
fn first(token: &[u8]) -> u8 {
    token.first().copied().unwrap_or(0)
}

/// The ruleset that `$>` and this token call; `None` if the name must be read anew each time.
fn called_ruleset(config: &Config, token: &[u8]) -> Option<RulesetId> {
    let (ruleset, _) = config.rulesets.look_up(token).ok()?;
    (call_name(token) == token).then_some(ruleset)
}
