//! Microseconds for one `3,0` rewriting with the library's own configuration.
//!
//! `cargo bench --bench rewrite`. All addresses are distinct.

use canonify::addr::{Table, Token};
use canonify::config::{LoadOptions, RulesetId, SystemEnv, load};
use canonify::engine::{ScanMode, Scope, scan};
use canonify::logging::Quiet;
use canonify::m4::{McOptions, expand_mc};
use canonify::net::Resolver;
use canonify::rewrite::{Site, run};
use std::sync::Arc;
use std::time::Instant;

const MC: &str = "OSTYPE(linux)dnl\nFEATURE(nocanonify)dnl\nFEATURE(always_add_domain)dnl\n\
                  MASQUERADE_AS(example.com)dnl\nMAILER(local)dnl\nMAILER(smtp)dnl\n";

fn site() -> Site {
    let options = McOptions::default();
    let text = match expand_mc("bench.mc", MC.as_bytes(), &options) {
        Ok((cf, _)) => cf.text,
        Err(problems) => panic!("the library expands: {problems:?}"),
    };
    let loaded = load(b"bench.cf", &text, &mut SystemEnv::default(), &LoadOptions::default());
    Site::new(Arc::new(loaded.config), Arc::new(Resolver::fixed(Vec::new())))
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

async fn rewrite_all(site: &Site, addresses: &[Vec<u8>]) -> usize {
    let mut resolved = 0;
    for address in addresses {
        let mut scope = Scope::default();
        let operators = &site.program.operators;
        let mode = ScanMode::whole(Table::External);
        let mut tokens: Vec<Token> = scan(operators, &site.config.names, address, mode, &mut Quiet).tokens;
        for ruleset in [RulesetId(3), RulesetId(0)] {
            tokens = run(site, &mut scope, &mut Quiet, ruleset, tokens).await.0;
        }
        resolved += usize::from(tokens.first().is_some_and(|token| token.first() == 0x96));
    }
    resolved
}

fn main() {
    let site = site();
    let addresses = addresses(20_000);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(rewrite_all(&site, &addresses[..1000]));
    for round in 1..=3 {
        let start = Instant::now();
        let resolved = runtime.block_on(rewrite_all(&site, &addresses));
        let each = start.elapsed().as_secs_f64() * 1e6 / addresses.len() as f64;
        println!("round {round}: {each:.2} µs an address, {resolved} of {} resolved", addresses.len());
    }
}
