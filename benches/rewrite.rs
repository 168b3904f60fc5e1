//! Microseconds for the parts of a rewriting, with the library's own configuration.
//!
//! `cargo bench --bench rewrite [WORD]` runs the measures whose name has the word in it. All addresses are
//! distinct. See README.md here for instruction counts.

use canonify::addr::{Cut, Table};
use canonify::config::{Config, LoadOptions, RulesetId, SystemEnv, load};
use canonify::engine::{Context, Machine, Program, ScanMode, Scope, Step};
use canonify::logging::Quiet;
use canonify::m4::{McOptions, expand_mc};
use canonify::net::Resolver;
use canonify::rewrite::{Site, call};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

const MC: &str = "OSTYPE(linux)dnl\nFEATURE(nocanonify)dnl\nFEATURE(always_add_domain)dnl\n\
                  MASQUERADE_AS(example.com)dnl\nMAILER(local)dnl\nMAILER(smtp)dnl\n";
const ROUNDS: usize = 7;

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

/// The median of several rounds, in microseconds for each of `count` pieces of work.
fn measure(name: &str, count: usize, mut work: impl FnMut()) {
    if std::env::args().skip(1).any(|word| !word.starts_with('-') && !name.contains(&word)) {
        return;
    }
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64() * 1e6 / count as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("{name:24} {:10.3} us ({:.3}-{:.3})", times[ROUNDS / 2], times[0], times[ROUNDS - 1]);
}

/// Rules that match nothing but at their end, over a workspace that makes wildcards grow.
fn matching() -> (Config, Program) {
    let rules = "V10\nO OperatorChars=.:%@!^/[]+\nCwexample.org mail.example.org\nS0\n\
                 R$* < @ $=w . > $*\t$: $1\nR$* . $* . $* . $* @ $+ . uk\t$: $1\nR$+ . $+ @ $+ . $+\t$: $4 $2\n";
    let config = config(rules.as_bytes());
    let program = Program::compile(&config, config.operators.clone(), b'.');
    (config, program)
}

fn main() {
    let text = cf_text();
    measure("cf loading", 1, || {
        let config = config(&text);
        black_box(Program::compile(&config, config.operators.clone(), config.options.blank_sub));
    });

    let site = Site::new(Arc::new(config(&text)), Arc::new(Resolver::fixed(Vec::new())));
    let addresses = addresses(20_000);
    let mut cut = Cut::default();
    measure("tokenizing", addresses.len(), || {
        for address in &addresses {
            cut.scan(&site.program.operators, address, 0, Table::External, false);
            black_box(&cut);
        }
    });

    let (rules, program) = matching();
    let (mut machine, mut scope) = (Machine::new(), Scope::default());
    measure("matching", 20_000, || {
        for _ in 0..20_000 {
            let (config, program, scope) = (&rules, &program, &mut scope);
            let whole = ScanMode::whole(Table::External);
            machine.scan(config, program, b"a.b.c.d.e.f@some.host.example.org", whole, &mut Quiet);
            machine.call(RulesetId(0));
            let tracer = &mut Quiet;
            let step =
                machine.step(&mut Context { config, program, scope, deferred: false, maps: None, tracer });
            assert!(matches!(step, Step::Done(_)));
        }
    });

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    measure("whole addresses, 3,0", addresses.len(), || {
        runtime.block_on(async {
            for address in &addresses {
                scope.clear();
                let whole = ScanMode::whole(Table::External);
                machine.scan(&site.config, &site.program, address, whole, &mut Quiet);
                for ruleset in [RulesetId(3), RulesetId(0)] {
                    call(&site, &mut scope, &mut Quiet, ruleset, &mut machine).await;
                }
                black_box(&machine);
            }
        });
    });
}
