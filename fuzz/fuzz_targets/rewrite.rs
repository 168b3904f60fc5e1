//! One rule over one address: the first line is the rule, the rest the address. What rules are passed over must
//! make no difference.
#![no_main]

use canonify::addr::Table;
use canonify::config::{Config, LoadOptions, RulesetId, SystemEnv, load};
use canonify::engine::{Answer, Context, Machine, Printer, Program, ScanMode, Scope, Step};
use canonify::logging::Tracer;
use canonify::net::Resolver;
use canonify::rewrite::{AddressKind, Rewriter, Site};
use canonify::schema::{Reply, Sysexit};
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

const HEAD: &[u8] = b"V10\nO DontProbeInterfaces=True\nO OperatorChars=.:%@!^/[]+\nKm macro\nKa arith\nKd dequote\nKh hash x\n\
    CXa b.c\nCY\"q\" d.(e)\nMlocal, P=/bin/true, F=l, A=x $u\nMprog, P=/bin/true, F=l, A=x $u\nSS\nR$*\t$: < $1 >\nS0\n";

/// What the machine says.
#[derive(Default)]
struct Said(Vec<u8>);

impl Tracer for Said {
    fn level(&self, _category: u8) -> u8 {
        0
    }
    fn line(&mut self, text: &[u8]) {
        self.0.extend_from_slice(text);
    }
    fn reply(&mut self, reply: &Reply) {
        self.line(&reply.text);
    }
}

fn outcome(config: &Config, program: &Program, address: &[u8], reference: bool) -> (Vec<u8>, Sysexit, Vec<u8>) {
    let (mut machine, mut scope, mut said) = (Machine::new(), Scope::default(), Said::default());
    let mut printer = Printer::new(config, &mut said);
    machine.use_reference_matcher(reference);
    machine.scan(program, address, ScanMode::outside(Table::External), &mut printer);
    machine.call(RulesetId(0));
    loop {
        let (scope, observer) = (&mut scope, &mut printer);
        match machine.step(&mut Context { config, program, scope, deferred: false, maps: None, silent: false, observer }) {
            Step::Lookup => {
                let mut key = Vec::new();
                machine.request(program).put_key(b' ', &mut key);
                let value = (key.len() % 2 == 0).then_some(key);
                machine.resume(Answer { value, status: Sysexit::OK });
            }
            Step::Done(status) => {
                let mut result = Vec::new();
                machine.put_workspace(config, program, &mut result);
                return (result, status, said.0);
            }
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let (rule, address) = match data.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (data, &b"a@b.c"[..]),
    };
    let text = [HEAD, b"R", rule, b"\n"].concat();
    let loaded = load(b"fuzz.cf", &text, &mut SystemEnv::default(), &LoadOptions::default());
    let site = Site::new(Arc::new(loaded.config), Arc::new(Resolver::fixed(Vec::new())));
    let fast = outcome(&site.config, &site.program, address, false);
    let slow = outcome(&site.config, &site.program, address, true);
    // one way may give up where the other one comes to an end; random numbers differ
    let endless = |said: &[u8]| said.windows(14).any(|words| words == b"come to an end");
    let random = rule.windows(2).any(|pair| pair == b"$(");
    if !random && !endless(&fast.2) && !endless(&slow.2) {
        assert_eq!(fast, slow);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let mut scope = Scope::default();
        Rewriter::quiet(&site, &mut scope).parse(address, AddressKind::RECIPIENT).await;
    });
});
