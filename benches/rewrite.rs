//! Times for the parts of a rewriting, with the library's own configuration: `cargo bench --bench rewrite [WORD]`.
//!
//! All addresses are distinct. See README.md here for instruction counts.

use canonify::addr::{Table, TokenBuffer};
use canonify::config::{Config, LoadOptions, RulesetId, SystemEnv, load};
use canonify::engine::{Context, Machine, Program, ScanMode, Scope, Step};
use canonify::logging::Quiet;
use canonify::m4::{McOptions, expand_mc};
use canonify::net::Resolver;
use canonify::rewrite::{Rewriter, Site};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::sync::Arc;

const MC: &str = "OSTYPE(linux)dnl\nFEATURE(nocanonify)dnl\nFEATURE(always_add_domain)dnl\n\
                  MASQUERADE_AS(example.com)dnl\nMAILER(local)dnl\nMAILER(smtp)dnl\n";

fn cf_text() -> Vec<u8> {
    match expand_mc("bench.mc", MC.as_bytes(), &McOptions::default()) {
        Ok((cf, _)) => cf.text,
        Err(problems) => panic!("the library expands: {problems:?}"),
    }
}

fn config(text: &[u8]) -> Config {
    load(b"bench.cf", text, &mut SystemEnv::default(), &LoadOptions::default()).config
}

fn addresses(count: usize) -> Vec<Vec<u8>> {
    let one = |n: usize| match n % 5 {
        0 => format!("user{n}"),
        1 => format!("user{n}@host{n}.example.org"),
        2 => format!("Some User <user{n}@example.net>"),
        3 => format!("first.last{n}@sub{n}.domain.example.com"),
        _ => format!("host{n}!user"),
    };
    (0..count).map(|n| one(n).into_bytes()).collect()
}

/// Rules that match nothing but at their end, over a workspace that makes wildcards grow.
fn matching() -> (Config, Program) {
    let rules = "V10\nO OperatorChars=.:%@!^/[]+\nCwexample.org mail.example.org\nS0\n\
                 R$* < @ $=w . > $*\t$: $1\nR$* . $* . $* . $* @ $+ . uk\t$: $1\nR$+ . $+ @ $+ . $+\t$: $4 $2\n";
    let config = config(rules.as_bytes());
    let program = Program::compile(&config, config.operators.clone(), b'.');
    (config, program)
}

fn cf_loading(criterion: &mut Criterion) {
    let text = cf_text();
    criterion.benchmark_group("cf loading").sample_size(20).bench_function("stock", |bencher| {
        bencher.iter(|| {
            let config = config(&text);
            Program::compile(&config, config.operators.clone(), config.options.blank_sub)
        });
    });
}

fn tokenizing(criterion: &mut Criterion) {
    let config = config(&cf_text());
    let addresses = addresses(20_000);
    let mut addresses = addresses.iter().cycle();
    let mut cut = TokenBuffer::default();
    criterion.bench_function("tokenizing", |bencher| {
        bencher.iter(|| {
            let address = addresses.next().expect("a circle");
            cut.scan(&config.operators, address, 0, Table::External, false);
            black_box(&cut);
        });
    });
}

/// One look at three rules that do not match, and so try all that `$*` and `$+` can be.
fn one_matching(criterion: &mut Criterion) {
    let (config, program) = matching();
    let (mut machine, mut scope) = (Machine::new(), Scope::default());
    criterion.bench_function("matching", |bencher| {
        bencher.iter(|| {
            let (config, program, scope, observer) = (&config, &program, &mut scope, &mut Quiet);
            let whole = ScanMode::whole(Table::External);
            machine.scan(program, b"a.b.c.d.e.f@some.host.example.org", whole, observer);
            machine.call(RulesetId(0));
            let step = machine.step(&mut Context {
                config,
                program,
                scope,
                deferred: false,
                maps: None,
                silent: false,
                observer,
            });
            assert!(matches!(step, Step::Done(_)));
        });
    });
}

fn whole_addresses(criterion: &mut Criterion) {
    let site = Site::new(Arc::new(config(&cf_text())), Arc::new(Resolver::fixed(Vec::new())));
    let addresses = addresses(20_000);
    let mut addresses = addresses.iter().cycle();
    let (mut machine, mut scope) = (Machine::new(), Scope::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut group = criterion.benchmark_group("whole addresses");
    group.throughput(Throughput::Elements(1)).bench_function("3,0", |bencher| {
        bencher.iter(|| {
            let address = addresses.next().expect("a circle");
            runtime.block_on(async {
                scope.clear();
                let whole = ScanMode::whole(Table::External);
                machine.scan(&site.program, address, whole, &mut Quiet);
                for ruleset in [RulesetId(3), RulesetId(0)] {
                    Rewriter::quiet(&site, &mut scope).call(ruleset, &mut machine).await;
                }
                black_box(&machine);
            });
        });
    });
}

criterion_group!(benches, cf_loading, tokenizing, one_matching, whole_addresses);
criterion_main!(benches);
