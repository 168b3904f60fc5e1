//! Any bytes as a site's .mc.
#![no_main]

use canonify::m4::{Doubtful, McOptions, examine_mc, mend_mc};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    // A first byte says what is done with the rest.
    let (way, text) = text.split_first().map_or((0, text), |(way, rest)| (*way, rest));
    let options = McOptions::default();
    if way == b'!' {
        let mended = mend_mc("fuzz.mc", text, &options, Doubtful::Activate);
        drop(canonify::diag::render(&mended.changed, false));
        return;
    }
    let expanded = examine_mc("fuzz.mc", text, &options);
    drop(canonify::diag::render(&expanded.diagnostics, false));
    drop(expanded.cf.source_map());
});
