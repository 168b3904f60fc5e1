//! Any bytes as a database file: errors are fine, panics and endless walks are not.
#![no_main]

use canonify::db::bdb::Reader;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = std::env::temp_dir().join(format!("canonify-fuzz-{}.db", std::process::id()));
    if std::fs::write(&path, bytes).is_err() {
        return;
    }
    if let Ok(reader) = Reader::open(&path, None) {
        let _ = reader.get(b"key");
        let _ = reader.get_quickly(b"", &mut Vec::new());
        let mut left = 10_000;
        let _ = reader.for_each(&mut |key, value| {
            left -= 1;
            std::hint::black_box((key, value));
            left > 0
        });
    }
});
