//! What it costs that a daemon counts its rules: the same addresses through the rules of a cf, with and without, in turns.
//!
//! ```console
//! $ cargo run --release --example counting -- sendmail.cf 20000 15
//! ```
//!
//! Arguments: a cf, addresses a turn, turns. Printed are medians of processor time and the median of the ratios.

use canonify::config::{LoadOptions, load};
use canonify::engine::Scope;
use canonify::net::Resolver;
use canonify::rewrite::{AddressKind, Rewriter, Site};
use nix::time::{ClockId, clock_gettime};
use std::sync::Arc;

fn now() -> f64 {
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("a clock of every Linux");
    time.tv_sec() as f64 + time.tv_nsec() as f64 / 1e9
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [cf, addresses, turns] = &words[..] else {
        return Err("usage: counting CF ADDRESSES TURNS".into());
    };
    let (addresses, turns): (usize, usize) = (addresses.parse()?, turns.parse()?);
    let text = std::fs::read(cf)?;
    let mut environment = canonify::maps::environment();
    let loaded = load(cf.as_bytes(), &text, &mut environment, &LoadOptions::default());
    let (config, resolver) = (Arc::new(loaded.config), Arc::new(Resolver::fixed(Vec::new())));
    let plain = Site::new(config.clone(), resolver.clone());
    let mut counting = Site::new(config, resolver);
    counting.program.count_uses();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let time = |site: &Site| {
        let begun = now();
        runtime.block_on(async {
            for number in 0..addresses {
                let mut scope = Scope::default();
                let address = format!("user{number}@host{}.domain{}.example", number % 7, number % 1000);
                let mut rewriter = Rewriter::quiet(site, &mut scope);
                rewriter.parse(address.as_bytes(), AddressKind::RECIPIENT).await;
            }
        });
        now() - begun
    };
    time(&plain);
    time(&counting);
    let times: Vec<(f64, f64)> = (0..turns).map(|_| (time(&plain), time(&counting))).collect();
    let each = 1e6 / addresses as f64;
    let without = each * median(times.iter().map(|(without, _)| *without).collect());
    let with = each * median(times.iter().map(|(_, with)| *with).collect());
    let rate = 100.0 * median(times.iter().map(|(without, with)| without / with).collect());
    println!("an address: {without:.2} µs without, {with:.2} µs with counting: {rate:.1} % of the rate");
    Ok(())
}
