//! One rule over one address: the first line is the rule, the rest the address.
#![no_main]

use canonify::addr::Table;
use canonify::config::{LoadOptions, RulesetId, SystemEnv, load};
use canonify::engine::{ScanMode, Scope, scan};
use canonify::logging::Quiet;
use canonify::net::Resolver;
use canonify::rewrite::{AddressKind, Site, parseaddr, run};
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

const HEAD: &[u8] = b"V10\nO DontProbeInterfaces=True\nO OperatorChars=.:%@!^/[]+\nKm macro\nKa arith\nKd dequote\n\
    CXa b.c\nMlocal, P=/bin/true, F=l, A=x $u\nMprog, P=/bin/true, F=l, A=x $u\nSS\nR$*\t$: < $1 >\nS0\n";

fuzz_target!(|data: &[u8]| {
    let (rule, address) = match data.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (data, &b"a@b.c"[..]),
    };
    let text = [HEAD, b"R", rule, b"\n"].concat();
    let loaded = load(b"fuzz.cf", &text, &mut SystemEnv::default(), &LoadOptions::default());
    let site = Site::new(Arc::new(loaded.config), Arc::new(Resolver::fixed(Vec::new())));
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let mut scope = Scope::default();
    let mode = ScanMode::whole(Table::External);
    let tokens = scan(&site.program.operators, &site.config.names, address, mode, &mut Quiet).tokens;
    runtime.block_on(async {
        run(&site, &mut scope, &mut Quiet, RulesetId(0), tokens).await;
        parseaddr(&site, &mut scope, &mut Quiet, address, AddressKind::RECIPIENT).await;
    });
});
