//! The matcher against its specification, and rules from the outside.

use super::counts::Counts;
use super::event::{Attempt, Tokens};
use super::machine::{Context, Machine};
use super::matcher::{Bindings, Matcher, Scratch};
use super::printer::Printer;
use super::program::Program;
use super::reference_matcher::ReferenceMatcher;
use super::rule::Match;
use super::scope::Scope;
use super::select::WorkspaceSummary;
use super::{Answer, Step};
use crate::addr::{META_QUOTE, MacroId, Operators, Table, Token, cataddr, op, prescan};
use crate::config::{Config, MapDecl, Ruleset, RulesetId};
use crate::logging::Tracer;
use crate::schema::{Reply, Sysexit};
use proptest::prelude::*;

const CLASS: u8 = b'X';
/// A class with a member that can be cut in two ways.
const ODD: u8 = b'Y';

fn config() -> Config {
    let mut config = Config { operators: Operators::new(b".:%@!^/[]+"), ..Config::default() };
    for word in ["a", "a.b", "b", "c.a", "a.b.c"] {
        config.classes.insert(MacroId(CLASS), word.as_bytes());
    }
    for word in ["c", "\"b\"", "b.b", "c.a.a"] {
        config.classes.insert(MacroId(ODD), word.as_bytes());
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
        Just(vec![op::MATCH_CLASS, ODD]),
        Just(vec![op::MATCH_NOT_CLASS, ODD]),
    ]
}

/// BlankSub: a blank, an operator, an atom.
fn space() -> impl Strategy<Value = u8> {
    prop_oneof![Just(b' '), Just(b'.'), Just(b'a')]
}

fn word() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => Just(b"a".to_vec()),
        4 => Just(b"b".to_vec()),
        4 => Just(b"c".to_vec()),
        4 => Just(b".".to_vec()),
        1 => Just(vec![META_QUOTE, b'b']),
    ]
}

/// What is said when rules have run for too long.
const ENDLESS: &str = "the rules do not come to an end";

/// The level at which nobody is shown what rulesets do: not even their traces of test mode.
pub(super) const UNWATCHED: u8 = u8::MAX;

/// What the machine says, in order.
#[derive(Default)]
struct Said(Vec<u8>, u8);

impl Tracer for Said {
    fn level(&self, _category: u8) -> u8 {
        if self.1 == UNWATCHED { 0 } else { self.1 }
    }
    fn line(&mut self, text: &[u8]) {
        self.0.extend_from_slice(text);
        self.0.push(b'\n');
    }
    fn reply(&mut self, reply: &Reply) {
        self.line(&reply.text);
    }
    fn test_mode(&self) -> bool {
        self.1 != UNWATCHED
    }
}

/// The first match in the order "earlier operators as short as possible", by trying all of them.
fn specified(
    program: &Program,
    config: &Config,
    pattern: &[Match],
    text: &[Token],
    at: usize,
    bound: &mut Vec<(usize, usize)>,
) -> bool {
    let Some((first, rest)) = pattern.split_first() else { return at == text.len() };
    let member = |class: u16, end: usize| {
        let phrase = cataddr(&config.operators, &text[at..end], Some(program.blank_sub), true);
        config.classes.get(program.class(class).id).is_some_and(|class| class.contains(&phrase))
    };
    let ends: Vec<usize> = match first {
        Match::Literal(id) => {
            let token = program.symbols.spelling(*id);
            let same = text.get(at).is_some_and(|word| word.eq_ignore_ascii_case(token));
            return same && specified(program, config, rest, text, at + 1, bound);
        }
        Match::Nothing => return specified(program, config, rest, text, at, bound),
        Match::Macro(_) => return false,
        Match::ZeroOrMore => (at..=text.len()).collect(),
        Match::OneOrMore => (at + 1..=text.len()).collect(),
        Match::One => (at + 1..=text.len()).take(1).collect(),
        Match::Class(class) => (at + 1..=text.len()).filter(|end| member(*class, *end)).collect(),
        Match::NotClass(class) => {
            // a single token is compared as it stands
            let class = config.classes.get(program.class(*class).id);
            let member = |end: usize| class.is_some_and(|class| class.contains(text[end - 1].as_bytes()));
            (at + 1..=text.len()).take(1).filter(|end| !member(*end)).collect()
        }
    };
    for end in ends {
        bound.push((at, end));
        if specified(program, config, rest, text, end, bound) {
            return true;
        }
        bound.pop();
    }
    false
}

/// One token of a replacement without calls and look-ups.
fn filling() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        1 => Just(b"a".to_vec()),
        1 => Just(b"B".to_vec()),
        3 => Just(b".".to_vec()),
        3 => Just(vec![op::MATCH_REPLACE, b'1']),
        3 => Just(vec![op::MATCH_REPLACE, b'2']),
        1 => Just(vec![op::MATCH_REPLACE, b'3']),
    ]
}

/// One piece of a replacement: tokens, bindings, calls, look-ups.
fn replacement() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let one = |byte: u8| vec![vec![byte]];
    let call = |name: &str| vec![vec![op::CALL_SUBROUTINE], name.as_bytes().to_vec()];
    let look_up = |map: &str, default: Option<&str>| {
        let mut piece = vec![vec![op::LOOKUP_BEGIN], map.into(), vec![op::MATCH_REPLACE, b'1']];
        if let Some(default) = default {
            piece.extend([vec![op::CANONICAL_USER], default.into()]);
        }
        piece.push(vec![op::LOOKUP_END]);
        piece
    };
    let piece = prop_oneof![
        4 => Just(vec![b"a".to_vec()]),
        4 => Just(vec![b"B".to_vec(), b".".to_vec()]),
        6 => Just(vec![vec![op::MATCH_REPLACE, b'1']]),
        3 => Just(vec![vec![op::MATCH_REPLACE, b'2']]),
        2 => Just(vec![vec![op::MACRO_DEFER, b'm']]),
        1 => Just(call("1")),
        1 => Just(call("2")),
        1 => Just(look_up("table", None)),
        1 => Just(look_up("table", Some("c"))),
        1 => Just(look_up("unknown", Some("a"))),
        1 => Just(look_up("dequote", None)),
    ];
    let head = prop_oneof![
        Just(Vec::new()),
        Just(one(op::CANONICAL_USER)),
        Just(one(op::CANONICAL_USER)),
        Just(one(op::CANONICAL_HOST)),
        Just(one(op::CANONICAL_NET)),
    ];
    (head, prop::collection::vec(piece, 0..4)).prop_map(|(head, pieces)| [head, pieces.concat()].concat())
}

/// A map of the test's own: keys of one token have a value, `b` fails for now.
fn table(key: &[Token]) -> Answer {
    match key {
        [token] if token.as_bytes() == b"b" => Answer { value: None, status: Sysexit::TEMPFAIL },
        [token] => Answer { value: Some([token.as_bytes(), b".c"].concat()), status: Sysexit::OK },
        _ => Answer { value: None, status: Sysexit::OK },
    }
}

/// The tokens of one side of a rule.
pub(super) type Side = Vec<Vec<u8>>;

/// Rules dealt out to rulesets 0, 1 and 2.
pub(super) fn with_rules(rules: &[(Side, Side)], value: &[u8]) -> Config {
    let mut config = config();
    config.macros.set(MacroId(b'm'), Some(value));
    for (name, class) in [("table", "hash"), ("dequote", "dequote")] {
        config.maps.push(MapDecl {
            name: name.into(),
            class: class.into(),
            args: Vec::new(),
            space: b' ',
            ldap_defaults: Vec::new(),
            line: 1,
        });
    }
    let mut sets = [Ruleset::default(), Ruleset::default(), Ruleset::default()];
    for (number, (lhs, rhs)) in rules.iter().enumerate() {
        sets[[0, 1, 0, 2, 0, 1][number % 6]].push(tokens(lhs), tokens(rhs), number as u32);
    }
    config.rulesets.by_number = sets.into_iter().map(Some).collect();
    config
}

fn tokens(words: &[Vec<u8>]) -> Vec<Token> {
    words.iter().map(|word| Token::new(word)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn matching_is_as_specified(
        lhs in prop::collection::vec(step(), 1..7),
        space in space(),
        text in prop::collection::vec(word(), 0..9),
    ) {
        let mut config = config();
        let mut ruleset = Ruleset::default();
        ruleset.push(tokens(&lhs), vec![Token::new(&[op::CANONICAL_USER])], 1);
        config.rulesets.by_number = vec![Some(ruleset)];
        let program = Program::compile(&config, config.operators.clone(), space);
        let rule = &program.ruleset(RulesetId(0)).expect("it has a rule").rules[0];
        let workspace = tokens(&text);
        let mut wanted = Vec::new();
        let matches = specified(&program, &config, program.pattern(rule), &workspace, 0, &mut wanted);
        let mut machine = Machine::new();
        machine.load(&program, &workspace);
        let (text, workspace) = (program.symbols.text(&machine.text), &machine.stack);
        let (mut bindings, mut scratch, scope) = (Bindings::new(), Scratch::default(), Scope::default());
        let (config, program, scope) = (&config, &program, &scope);
        let by_text = WorkspaceSummary::of(workspace).has_quote_bytes;
        let mut matcher =
            Matcher { config, program, scope, workspace, own: &machine.text, by_text, bindings: &mut bindings, scratch: &mut scratch };
        prop_assert_eq!(matcher.run(rule), matches);
        let places = |bindings: &Bindings| -> Vec<_> {
            bindings.iter().map(|binding| (binding.start as usize, binding.end as usize)).collect()
        };
        if matches {
            prop_assert_eq!(places(&bindings), wanted);
        }
        let (phrase, patience) = (&mut Vec::new(), u64::MAX);
        let fast = places(&bindings);
        let bindings = &mut bindings;
        let attempt = Attempt { config, program, scope, rule, workspace: Tokens { symbols: workspace, text } };
        let mut reference = ReferenceMatcher { attempt, bindings, phrase, patience, record: &mut |_| {} };
        prop_assert_eq!(reference.run(), matches);
        if matches {
            prop_assert_eq!(places(bindings), fast);
        }
    }
}

/// What comes of a ruleset.
pub(super) struct Outcome {
    pub(super) tokens: Vec<Token>,
    pub(super) status: Sysexit,
    said: Vec<u8>,
    /// Rules that were held against a workspace or passed over, rules that matched, look-ups, rulesets.
    pub(super) rules: (u64, u64, u64, u64),
}

/// Runs the first ruleset on a text.
pub(super) fn outcome(
    config: &Config,
    program: &Program,
    machine: &mut Machine,
    text: &[Vec<u8>],
    level: u8,
) -> Outcome {
    machine.counts = Counts::default();
    machine.load(program, &tokens(text));
    machine.call(RulesetId(0));
    let (mut said, mut scope) = (Said(Vec::new(), level), Scope::default());
    let mut printer = Printer::new(config, &mut said);
    loop {
        let (observer, scope) = (&mut printer, &mut scope);
        let step = machine.step(&mut Context {
            config,
            program,
            scope,
            deferred: false,
            maps: None,
            silent: false,
            observer,
        });
        let Step::Done(status) = step else {
            let answer = table(&machine.request(program).key_tokens());
            machine.resume(answer);
            continue;
        };
        let Counts { tried, skipped, matched, lookups, rulesets } = machine.counts;
        let rules = (tried + skipped, matched, lookups, rulesets);
        return Outcome { tokens: machine.tokens(program), status, said: said.0, rules };
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rules_passed_over_cannot_match(
        rules in prop::collection::vec((prop::collection::vec(step(), 0..6), replacement()), 1..12),
        texts in prop::collection::vec(prop::collection::vec(word(), 0..9), 1..4),
        value in prop::collection::vec(word(), 0..3),
        space in space(),
    ) {
        let config = with_rules(&rules, &value.concat());
        let program = Program::compile(&config, config.operators.clone(), space);
        // the second time much is known, from the third on rules are taken together
        let texts = || std::iter::repeat_n(&texts, 4).flatten();
        let outcomes = |reference, level| {
            let mut machine = Machine::new();
            machine.use_reference_matcher(reference);
            texts().map(|text| outcome(&config, &program, &mut machine, text, level)).collect::<Vec<_>>()
        };
        let (passed_over, all_tried, watched) = (outcomes(false, 0), outcomes(true, 0), outcomes(false, 99));
        let together = outcomes(false, UNWATCHED);
        for (((passed_over, all_tried), watched), together) in
            passed_over.into_iter().zip(all_tried).zip(watched).zip(together)
        {
            // where rules run in circles, each way is stopped at a place of its own
            let circles = |said: &[u8]| String::from_utf8_lossy(said).contains(ENDLESS);
            if circles(&passed_over.said) || circles(&all_tried.said) {
                prop_assert!(passed_over.status == all_tried.status && !all_tried.status.is_ok());
            } else {
                let seen = |outcome: &Outcome| (outcome.tokens.clone(), outcome.status, outcome.rules);
                prop_assert_eq!(seen(&passed_over), seen(&watched), "who watches changes nothing");
                prop_assert_eq!(seen(&passed_over), seen(&together), "rules taken together do the same");
                let seen = |outcome: Outcome| (outcome.tokens, outcome.status, outcome.said);
                prop_assert_eq!(seen(passed_over), seen(all_tried));
            }
        }
    }

    #[test]
    fn replacements_are_as_specified(
        lhs in prop::collection::vec(step(), 1..6),
        rhs in prop::collection::vec(filling(), 1..7),
        text in prop::collection::vec(word(), 0..7),
    ) {
        let mut config = config();
        let mut ruleset = Ruleset::default();
        ruleset.push(tokens(&lhs), tokens(&[vec![vec![op::CANONICAL_HOST]], rhs.clone()].concat()), 1);
        config.rulesets.by_number = vec![Some(ruleset)];
        let program = Program::compile(&config, config.operators.clone(), b' ');
        let rule = &program.ruleset(RulesetId(0)).expect("it has a rule").rules[0];
        let workspace = tokens(&text);
        let mut bound = Vec::new();
        let matches = specified(&program, &config, program.pattern(rule), &workspace, 0, &mut bound);
        let mut wanted = Some(Vec::new());
        for token in rhs {
            let taken = match token[..] {
                [op::MATCH_REPLACE, digit] => {
                    bound.get(usize::from(digit - b'1')).map(|(start, end)| workspace[*start..*end].to_vec())
                }
                _ => Some(tokens(&[token])),
            };
            wanted = wanted.zip(taken).map(|(before, taken)| [before, taken].concat());
        }
        let mut machine = Machine::new();
        machine.load(&program, &workspace);
        machine.call(RulesetId(0));
        let (mut said, mut scope) = (Said::default(), Scope::default());
        let (config, program, observer) = (&config, &program, &mut Printer::new(&config, &mut said));
        let mut context =
            Context { config, program, scope: &mut scope, deferred: false, maps: None, silent: false, observer };
        let step = machine.step(&mut context);
        let wanted = if matches { wanted } else { Some(workspace.clone()) };
        // a `$n` that nothing was bound to leaves the workspace
        prop_assert_eq!(step, Step::Done(if wanted.is_some() { Sysexit::OK } else { Sysexit::CONFIG }));
        prop_assert_eq!(machine.tokens(program), wanted.unwrap_or(workspace));
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

/// What a ruleset that calls itself for every word says, until it is stopped.
#[test]
fn rules_in_circles_say_little() {
    let call = vec![vec![b'a'], vec![op::CALL_SUBROUTINE], b"1".to_vec()];
    let rules = [(vec![vec![op::MATCH_ONE_OR_MORE]], call.clone()), (Vec::new(), call[1..].to_vec())];
    let config = with_rules(&rules, b"");
    let program = Program::compile(&config, config.operators.clone(), b' ');
    let mut machine = Machine::new();
    machine.load(&program, &tokens(&[b"b".to_vec()]));
    machine.call(RulesetId(0));
    let (mut said, mut scope) = (Said::default(), Scope::default());
    let mut printer = Printer::new(&config, &mut said);
    let (observer, maps) = (&mut printer, None);
    let mut context = Context {
        config: &config,
        program: &program,
        scope: &mut scope,
        deferred: false,
        maps,
        silent: false,
        observer,
    };
    assert!(matches!(machine.step(&mut context), Step::Done(status) if !status.is_ok()));
    let said = String::from_utf8_lossy(&said.0);
    assert!(said.contains(ENDLESS), "{} bytes", said.len());
    assert!(said.len() < 20_000_000, "{} bytes", said.len());
}
