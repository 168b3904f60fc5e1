//! Text from outside never acts as an operator of the rule language, whichever way it comes to the rules; and what
//! header rulesets see of a field.

use canonify::addr::Table;
use canonify::config::{HeaderCondition, LoadOptions, MailerId, load};
use canonify::engine::{Event, Machine, Observer, RuleRef, ScanMode, Scope, Watch};
use canonify::logging::{Quiet, Tracer};
use canonify::message::{Header, HeaderKind, check_for, check_header};
use canonify::net::Resolver;
use canonify::rewrite::{AddressKind, Rewriter, Site, Verdict};
use proptest::prelude::*;
use std::sync::Arc;

/// A ruleset that no rule calls, and rulesets that hand back what they are given.
const SITE: &[u8] = b"V10\nO OperatorChars=.:%@!^/[]+\n\
    Mlocal, P=/bin/true, F=l, S=Same, R=Same, A=x $u\nMprog, P=/bin/true, F=l, A=x $u\n\
    DxEXPANDED\nSInternal\nR$*\t$#error $@ 5.7.9 $: \"559 called\"\nSSame\nR$*\t$: $1\n\
    S0\nR$*\t$#local $: $1\nHX-Strip: $>Same\nHX-Keep: $>+Same\nHFrom: $>Same\nHTo: $>+Same\n\
    HX-Seen: $>Seen\nHSubject: $>+Seen\nHX-Words: $>Words\nHX-Plus: $>+Words\n\
    SSeen\nR$*\t$#error $@ 5.7.0 $: \"553 \" $&{hdrlen} \" \" $&{addr_type} \" \" $&{currHeader}\n\
    SWords\nR$*\t$#error $@ 5.7.0 $: \"553 [\" $1 \"]\"\n";

fn site() -> Site {
    let mut environment = canonify::maps::environment();
    let loaded = load(b"site.cf", SITE, &mut environment, &LoadOptions::default());
    Site::new(Arc::new(loaded.config), Arc::new(Resolver::fixed(Vec::new())))
}

fn field(name: &str, value: &[u8]) -> Header {
    let (name, value) = (name.as_bytes().to_vec(), value.to_vec());
    Header { name, value, condition: HeaderCondition::Always, kind: HeaderKind::USER }
}

/// What each way to the rules makes of a text. Every entry must be false.
async fn acted_as_operator(site: &Site, text: &[u8]) -> Vec<(&'static str, bool)> {
    let mut scope = Scope::default();
    let mut found = Vec::new();
    for name in ["X-Strip", "X-Keep", "From", "To"] {
        let check = check_for(&site.config, name.as_bytes()).expect("it is declared");
        let mut rewriter = Rewriter::quiet(site, &mut scope);
        let verdict = check_header(&mut rewriter, check, &field(name, text)).await;
        found.push((name, verdict != Verdict::Accept));
    }
    for (first, second) in [(text, None), (text, Some(&b"x"[..])), (&b"x"[..], Some(text))] {
        let mut rewriter = Rewriter::quiet(site, &mut scope);
        found.push(("check", rewriter.check(b"Same", first, second).await != Verdict::Accept));
        found.push(("answer", rewriter.answer(b"Same", first, second).await.is_some()));
    }
    let mut rewriter = Rewriter::quiet(site, &mut scope);
    for kind in [AddressKind::HEADER_RECIPIENT, AddressKind::HEADER_SENDER] {
        let (name, _) = rewriter.remote_name(text, MailerId(0), kind, false, None).await;
        let shown = String::from_utf8_lossy(&name);
        found.push(("remote_name", shown.contains("called") || shown.contains("EXPANDED")));
    }
    let parsed = rewriter.parse(text, AddressKind::RECIPIENT).await;
    let user = parsed.address.map(|address| address.user).unwrap_or_default();
    found.push(("parse", user.iter().any(|byte| matches!(byte, 0x80..=0x9f))));
    let name = rewriter.sender_name(text, None).await;
    found.push(("sender_name", String::from_utf8_lossy(&name).contains("called")));
    for table in [Table::External, Table::Internal, Table::NoComment] {
        let mut machine = Machine::new();
        machine.scan(&site.program, text, ScanMode::outside(table), &mut Quiet);
        let tokens = machine.tokens(&site.program);
        found.push(("workspace", tokens.iter().any(|token| matches!(token.first(), 0x80..=0x9f))));
    }
    found
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => (0x80u8..=0x9f).prop_map(|byte| vec![byte]),
        2 => (0x80u8..=0x9f, "Internal|x|\\{x\\}|1|error|local").prop_map(|(byte, word)| [&[byte], word.as_bytes()].concat()),
        1 => prop_oneof![Just(b"\xff".to_vec()), Just(b"\\".to_vec()), Just(b"\"".to_vec())],
        1 => "[a-c@.<>() ]".prop_map(String::into_bytes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_from_outside_is_an_operator(pieces in prop::collection::vec(piece(), 1..8)) {
        let site = site();
        let text = pieces.concat();
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        for (way, acted) in runtime.block_on(acted_as_operator(&site, &text)) {
            prop_assert!(!acted, "{way}: {:x?}", text);
        }
    }
}

/// The answers are sendmail 8.17's.
#[tokio::test]
async fn headers_are_seen_as_sendmail_shows_them() {
    let site = site();
    let rows: [(&str, &[u8], &str); 12] = [
        ("X-Seen", b" I love you", "11 h  I love you"),
        ("Subject", b" line\n\tfold", "11 h  line  fold"),
        ("X-Seen", b" say \"hi\" you", "13 h  say \"hi\" you"),
        ("X-Seen", b" a  b\tc  ", "9 h  a  b c  "),
        ("X-Seen", b" trail \\", "8 h  trail \""),
        ("X-Seen", b"a\x01b", "3 h a\u{1}b"),
        ("X-Words", b" a\\\"b", "[a\"b]"),
        ("X-Words", b" from host (may be forged) by mail.example.com", "[from host by mail.example.com]"),
        (
            "X-Plus",
            b" from host (may be forged) by mail.example.com",
            "[from host(may be forged)by mail.example.com]",
        ),
        ("X-Words", b" <a@b> (c \"d\")", "[<a@b>]"),
        ("X-Plus", b" <a@b> (c \"d\")", "[<a@b>(cd)]"),
        ("X-Words", b" x \x99Internal w", "[x \u{7f}\u{99} Internal w]"),
    ];
    for (name, value, want) in rows {
        let check = check_for(&site.config, name.as_bytes()).expect("it is declared");
        let mut scope = Scope::default();
        let mut rewriter = Rewriter::quiet(&site, &mut scope);
        let verdict = check_header(&mut rewriter, check, &field(name, value)).await;
        let Verdict::Reject { reply, .. } = verdict else { panic!("{name}:{value:?} gives {verdict:?}") };
        let text: String = reply.text.iter().map(|byte| char::from(*byte)).collect();
        assert_eq!(text, want, "{name}:{}", String::from_utf8_lossy(value));
    }
}

/// Counts how often each rule was tried and matched: what rule coverage is made of.
#[derive(Default)]
struct Coverage {
    tried: Vec<RuleRef>,
    matched: Vec<RuleRef>,
    quiet: Quiet,
}

impl Observer for Coverage {
    fn watches(&self) -> Watch {
        Watch::Steps
    }
    fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::Tried { rule, .. } => self.tried.push(*rule),
            Event::Matched { rule, .. } => self.matched.push(*rule),
            _ => {}
        }
    }
    fn tracer(&mut self) -> &mut dyn Tracer {
        &mut self.quiet
    }
}

#[tokio::test]
async fn observers_see_every_rule_and_change_nothing() {
    let site = site();
    let (mut scope, mut coverage) = (Scope::default(), Coverage::default());
    let watched = Rewriter::quiet(&site, &mut scope)
        .watched_by(&mut coverage)
        .parse(b"user@host.example", AddressKind::RECIPIENT)
        .await;
    let mut scope = Scope::default();
    let alone = Rewriter::quiet(&site, &mut scope).parse(b"user@host.example", AddressKind::RECIPIENT).await;
    assert_eq!(watched, alone);
    let line = SITE.split(|byte| *byte == b'\n').position(|line| line.starts_with(b"R$*\t$#local"));
    let line = line.expect("it is there") as u32 + 1;
    assert!(coverage.matched.iter().any(|rule| rule.line == line), "{:?}", coverage.matched);
    assert!(coverage.matched.iter().all(|rule| coverage.tried.contains(rule)));
}

/// sendmail's limits of a side of a rule and of a macro's value: at the limit, and above it.
#[test]
fn long_sides_and_values_are_cut_where_sendmail_cuts_them() {
    let lengths = |length: usize| {
        let words = b"xxxxxxxxx.".repeat(400);
        let text = [
            b"V10\nO OperatorChars=.\nMlocal, P=/bin/true, F=l, A=x\nMprog, P=/bin/true, F=l, A=x\nSxx\nR$*\t$: ",
            &words[..length],
            b"\nDx",
            &words[..length],
            b"\n",
        ]
        .concat();
        let mut environment = canonify::maps::environment();
        let loaded = load(b"x.cf", &text, &mut environment, &LoadOptions::default());
        // what stands at no line is about the host
        assert!(loaded.messages.iter().all(|message| message.line == 0), "{:?}", loaded.messages);
        let config = loaded.config;
        let ruleset = config.rulesets.get(config.rulesets.find(b"xx").expect("a ruleset")).expect("rules");
        let side: usize = ruleset.right(&ruleset.rules()[0]).iter().skip(1).map(|token| token.len()).sum();
        let value = config.macro_id("x").and_then(|id| config.macros.get(id)).map_or(0, <[u8]>::len);
        (side, value)
    };
    assert_eq!(lengths(1300), (1300, 1300));
    assert_eq!(lengths(2044), (2044, 2044));
    assert_eq!(lengths(2045), (2045, 2045));
    assert_eq!(lengths(2046), (2045, 2046));
    assert_eq!(lengths(2048), (2045, 2047));
    assert_eq!(lengths(3000), (2045, 2047));
}
