//! Any bytes as a cf: parsing, printing and parsing again give the same lines; loading them says what it says,
//! and nothing panics. No file is opened and no program is run: F lines, and lines that look people or hosts up,
//! are left out before loading.
#![no_main]

use canonify::cf;
use canonify::config::{LoadOptions, SystemEnv, load};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    if text.len() > 1 << 16 {
        return;
    }
    let (ast, _) = cf::parse(text);
    for line in &ast.lines {
        if let Some(cf::Statement::Mailer(fields)) = cf::statement(&line.text) {
            cf::equates(fields);
        }
        cf::port_items(&line.text);
    }
    cf::print(&ast);
    // O lines resolve hosts and accounts, K lines may name programs that only run when asked
    let quiet: Vec<&[u8]> =
        text.split(|byte| *byte == b'\n').filter(|line| !matches!(line.first(), Some(b'F' | b'O'))).collect();
    let head = b"O DontProbeInterfaces=True\n".to_vec();
    let text = [head, quiet.join(&b'\n')].concat();
    let options = LoadOptions { test_mode: true, mode: b't', ..LoadOptions::default() };
    let loaded = load(b"fuzz.cf", &text, &mut SystemEnv::default(), &options);
    for ruleset in loaded.config.rulesets.by_number.iter().flatten() {
        for rule in ruleset.rules() {
            let _ = (ruleset.left(rule).len(), ruleset.right(rule).len());
        }
    }
});
