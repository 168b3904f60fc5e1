//! Any lines typed at `-bt`: no panic, no endless loop. The site's names come from memory, its maps need no file.
#![no_main]

use canonify::cli::testmode::answers;
use canonify::config::{LoadOptions, SystemEnv, load};
use canonify::net::Resolver;
use canonify::rewrite::Site;
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

const CF: &[u8] = b"V10\nO DontProbeInterfaces=True\nO OperatorChars=.:%@!^/[]+\nKm macro\nKa arith\nKd dequote\nKr regex -a@ ^a+b\n\
    Ks sequence d r\nDMmasq\nD{Long}x $&f y\nCwlocalhost example.com\nC{Cls}a.b c\nHTo: $>chk\nHX-A: $>+chk\n\
    Mlocal, P=/bin/true, F=lsDFMAw5:/|@q, S=1, R=2, A=x $u\nMprog, P=/bin/true, F=l, A=x $u\nMsmtp, P=[IPC], F=mDFMuX, A=TCP $h\n\
    S3\nR$* < $+ > $*\t$2\nR$+ @ $=w\t$1\nR$* $[ $*\t$1\nSfoo\nR$*\t$: $(m {Long} $@ $1 $) $&{Long} $1\nR$- + $-\t$(a + $@ $1 $@ $2 $)\n\
    S0\nR$+ @ $+\t$#smtp $@ $2 $: $1 @ $2\nRbad\t$#error $@ 5.1.1 $: 550 no\nR$*\t$#local $: $1\n\
    S1\nR$*\t$: $>foo $1\nS2\nR$* $={Cls} $*\t$1 $3\nS4\nR$*\t$@ $1\nSchk\nR$* bad $*\t$#error $: 553 $1\n";

fuzz_target!(|typed: &[u8]| {
    // `?` would read a help file, sender's names the accounts: neither is there
    if typed.len() > 1 << 14 {
        return;
    }
    let options = LoadOptions { test_mode: true, mode: b't', ..LoadOptions::default() };
    let loaded = load(b"fuzz.cf", CF, &mut SystemEnv::default(), &options);
    let site = Site::new(Arc::new(loaded.config), Arc::new(Resolver::fixed(Vec::new())));
    answers(site, typed.to_vec());
});
