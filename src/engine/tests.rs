//! The matcher against its specification, and rules from the outside.

use super::matcher::{Bindings, Matcher};
use super::program::{Match, Program};
use super::scope::Scope;
use super::trace::Trace;
use crate::addr::{MacroId, Operators, Table, Token, cataddr, op, prescan};
use crate::config::{Config, Rule, Ruleset, RulesetId};
use crate::logging::Quiet;
use proptest::prelude::*;

const CLASS: u8 = b'X';

fn config() -> Config {
    let mut config = Config { operators: Operators::new(b".:%@!^/[]+"), ..Config::default() };
    for word in ["a", "a.b", "b", "c.a", "a.b.c"] {
        config.classes.insert(MacroId(CLASS), word.as_bytes());
    }
    config
}

fn step() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(b"a".to_vec()),
        Just(b"B".to_vec()),
        Just(b".".to_vec()),
        Just(vec![op::MATCH_ZERO_OR_MORE]),
        Just(vec![op::MATCH_ONE_OR_MORE]),
        Just(vec![op::MATCH_ONE]),
        Just(vec![op::CANONICAL_HOST]),
        Just(vec![op::MATCH_CLASS, CLASS]),
        Just(vec![op::MATCH_NOT_CLASS, CLASS]),
    ]
}

fn word() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![Just(b"a".to_vec()), Just(b"b".to_vec()), Just(b"c".to_vec()), Just(b".".to_vec())]
}

/// The first match in the order "earlier operators as short as possible", by trying all of them.
fn specified(
    config: &Config,
    pattern: &[Match],
    text: &[Token],
    at: usize,
    bound: &mut Vec<(usize, usize)>,
) -> bool {
    let Some((first, rest)) = pattern.split_first() else { return at == text.len() };
    let member = |end: usize| {
        let phrase = cataddr(&config.operators, &text[at..end], Some(b' '), true);
        config.classes.get(MacroId(CLASS)).is_some_and(|class| class.contains(&phrase))
    };
    let ends: Vec<usize> = match first {
        Match::Literal(token) => {
            let same = text.get(at).is_some_and(|word| word.eq_ignore_ascii_case(token));
            return same && specified(config, rest, text, at + 1, bound);
        }
        Match::Nothing => return specified(config, rest, text, at, bound),
        Match::Macro(_) => return false,
        Match::ZeroOrMore => (at..=text.len()).collect(),
        Match::OneOrMore => (at + 1..=text.len()).collect(),
        Match::One => (at + 1..=text.len()).take(1).collect(),
        Match::Class(_) => (at + 1..=text.len()).filter(|end| member(*end)).collect(),
        Match::NotClass(_) => (at + 1..=text.len()).take(1).filter(|end| !member(*end)).collect(),
    };
    for end in ends {
        bound.push((at, end));
        if specified(config, rest, text, end, bound) {
            return true;
        }
        bound.pop();
    }
    false
}

fn tokens(words: &[Vec<u8>]) -> Vec<Token> {
    words.iter().map(|word| Token::new(word)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn matching_is_as_specified(
        lhs in prop::collection::vec(step(), 1..7),
        text in prop::collection::vec(word(), 0..9),
    ) {
        let mut config = config();
        let rule =
            Rule { lhs: tokens(&lhs).into(), rhs: vec![Token::new(&[op::CANONICAL_USER])].into(), line: 1 };
        config.rulesets.by_number = vec![Some(Ruleset { rules: vec![rule] })];
        let program = Program::compile(&config, config.operators.clone(), b' ');
        let rule = &program.ruleset(RulesetId(0)).expect("it has a rule").rules[0];
        let workspace = tokens(&text);
        let mut wanted = Vec::new();
        let matches = specified(&config, &rule.pattern, &workspace, 0, &mut wanted);
        let (mut bindings, mut phrase) = (Bindings::new(), Vec::new());
        let (scope, mut quiet) = (Scope::default(), Quiet);
        let mut matcher = Matcher {
            config: &config,
            program: &program,
            scope: &scope,
            rule,
            workspace: &workspace,
            bindings: &mut bindings,
            phrase: &mut phrase,
        };
        let got = matcher.run(&mut Trace::new(&mut quiet, &config));
        prop_assert_eq!(got, matches);
        if got {
            let bound: Vec<_> = bindings.iter().map(|binding| (binding.start, binding.end)).collect();
            prop_assert_eq!(bound, wanted);
        }
    }

    #[test]
    fn joined_tokens_are_cut_the_same_way_again(text in r#"[ -~\t\u{a0}-\u{ff}]{0,40}"#) {
        let operators = Operators::new(b".:%@!^/[]+");
        for table in [Table::External, Table::Internal, Table::NoComment] {
            let scan = prescan(&operators, text.as_bytes(), 0, table, false);
            let high = text.bytes().any(|byte| matches!(byte, 0x80..=0x9f | 0xff));
            if scan.problems.is_empty() && !high {
                let joined = cataddr(&operators, &scan.tokens, Some(b' '), true);
                prop_assert_eq!(prescan(&operators, &joined, 0, table, false).tokens, scan.tokens);
            }
        }
    }
}
