//! Any bytes as a site's .mc.
#![no_main]

use canonify::m4::{McOptions, examine_mc};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let expanded = examine_mc("fuzz.mc", text, &McOptions::default());
    drop(canonify::diag::render(&expanded.diagnostics, false));
    drop(expanded.cf.source_map());
});
