//! A queue file of any bytes: the reader never panics, and what it takes it writes back the same.
#![no_main]

use canonify::config::Names;
use canonify::queue::ControlFile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let names = Names::default();
    if let Ok(control) = ControlFile::parse(text, &names) {
        let once = control.to_bytes(&names);
        let again = ControlFile::parse(&once, &names).expect("what was written can be read");
        assert_eq!(again.to_bytes(&names), once);
    }
});
