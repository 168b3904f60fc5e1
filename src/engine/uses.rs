//! How often rules were tried and matched and maps were asked, added up when somebody wants to know.

use super::program::Program;
use super::tally::Shard;
use crate::config::RulesetId;
use serde::{Deserialize, Serialize};
use std::sync::PoisonError;

/// What a program's rules have done since it was told to count.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Uses {
    /// Every rule, by ruleset and index.
    pub rules: Vec<RuleUses>,
    /// Every map that a K line declares.
    pub maps: Vec<MapUses>,
}

/// One rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RuleUses {
    /// Its ruleset.
    pub ruleset: RulesetId,
    /// Its place there.
    pub index: usize,
    /// Its line of the cf.
    pub line: u32,
    /// How often it was held against a workspace. One that was passed over because it could not match was tried too.
    pub tried: u64,
    /// How often it matched.
    pub matched: u64,
}

/// One map.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MapUses {
    /// Its name.
    pub name: Vec<u8>,
    /// How often a rule asked it.
    pub asked: u64,
    /// How often it had an answer.
    pub hits: u64,
}

impl Program {
    /// The counts, if this program counts.
    pub fn uses(&self) -> Option<Uses> {
        let tally = self.tally.as_ref()?;
        let mut uses = Uses::default();
        for (ruleset, compiled) in self.numbered() {
            uses.rules.extend(compiled.rules.iter().enumerate().map(|(index, rule)| RuleUses {
                ruleset,
                index,
                line: rule.line,
                tried: 0,
                matched: 0,
            }));
        }
        let names: Vec<u32> = self.declared_maps().collect();
        uses.maps.extend(names.iter().map(|id| MapUses {
            name: self.symbols.spelling(*id).to_vec(),
            asked: 0,
            hits: 0,
        }));
        for shard in &tally.shards {
            self.add(&shard.lock().unwrap_or_else(PoisonError::into_inner), &names, &mut uses);
        }
        Some(uses)
    }

    fn add(&self, shard: &Shard, maps: &[u32], uses: &mut Uses) {
        if shard.rules.is_empty() {
            return;
        }
        let mut rules = uses.rules.iter_mut();
        for (_, compiled) in self.numbered() {
            let mut running = 0;
            for (count, rule) in
                shard.rules[compiled.place..].iter().zip(rules.by_ref().take(compiled.rules.len()))
            {
                running += count.begun;
                rule.tried += running.unsigned_abs();
                rule.matched += count.matched;
            }
        }
        for (map, id) in uses.maps.iter_mut().zip(maps) {
            let (asked, hits) = shard.maps[*id as usize];
            map.asked += asked;
            map.hits += hits;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Context, Machine, Scope, Step};
    use super::*;
    use crate::addr::{Operators, Token};
    use crate::config::{LoadOptions, SystemEnv, load};
    use crate::logging::Quiet;

    const CF: &[u8] = b"V10/Berkeley\nO OperatorChars=.:@[]!%\nKnumber arith\n\
        Sone\nR$* a\t$1\nR$+ b\t$: $>two $1\nR$* never\t$: x\nR$*\t$: $( number + $@ 1 $@ 2 $) $1\n\
        Stwo\nR$- $-\t$@ $2 $1\nR$*\t$: $1 c\n";

    fn run(program: &Program, config: &crate::config::Config, text: &[&str]) {
        let ruleset = config.rulesets.look_up(b"one").expect("a ruleset").0;
        let tokens: Vec<Token> = text.iter().map(|word| Token::new(word.as_bytes())).collect();
        let (mut machine, mut scope, mut quiet) = (Machine::new(), Scope::default(), Quiet);
        machine.load(program, &tokens);
        machine.call(ruleset);
        let mut observer = super::super::Printer::new(config, &mut quiet);
        let mut context = Context {
            config,
            program,
            scope: &mut scope,
            deferred: false,
            maps: None,
            silent: true,
            observer: &mut observer,
        };
        assert!(matches!(machine.step(&mut context), Step::Done(_)));
    }

    #[test]
    fn every_thread_counts() {
        let loaded = load(b"test.cf", CF, &mut SystemEnv::default(), &LoadOptions::default());
        let config = loaded.config;
        let mut program = Program::compile(&config, Operators::default(), b'.');
        assert_eq!(program.uses(), None, "nobody has told it to");
        program.count_uses();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..50).for_each(|_| run(&program, &config, &["x", "y", "b", "a", "a"])));
            }
        });
        let mut uses = program.uses().expect("counts");
        uses.rules.sort_by_key(|rule| rule.line);
        let counts: Vec<(u64, u64)> =
            uses.rules.iter().map(|rule| (rule.tried / 200, rule.matched / 200)).collect();
        // twice `a`, and once not; the third cannot match, and is passed over
        assert_eq!(counts, [(3, 2), (1, 1), (1, 0), (1, 1), (1, 1), (0, 0)]);
        let number = uses.maps.iter().find(|map| map.name == b"number").expect("the map");
        assert_eq!((number.asked, number.hits), (200, 200));
    }
}
