//! Looks random known keys up in a database, as `tests/live/bdbget.c` does with libdb, so that the two can
//! be compared: `lookups FILE.db KEYS COUNT [absent]`. KEYS: a file whose lines begin with a key.
//!
//! Rates are of processor time. `absent`: keys that are not there, each with a byte more than a known one.

use canonify::db::bdb::Reader;
use nix::time::{ClockId, clock_gettime};
use std::path::Path;

/// A generator whose numbers are those of `bdbget.c`.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 as usize
    }
}

fn now() -> f64 {
    let time = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).expect("a clock of every Linux");
    time.tv_sec() as f64 + time.tv_nsec() as f64 / 1e9
}

fn keys_of(text: &[u8]) -> Vec<Vec<u8>> {
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| line.split(u8::is_ascii_whitespace).next().unwrap_or_default().to_vec()).collect()
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [file, keys, count, absent @ ..] = args.as_slice() else {
        eprintln!("usage: lookups FILE.db KEYS COUNT [absent]");
        std::process::exit(64);
    };
    let mut keys = keys_of(&std::fs::read(keys).expect("readable"));
    if !absent.is_empty() {
        keys.iter_mut().for_each(|key| key.push(b'x'));
    }
    let count: usize = count.parse().expect("a number");
    let reader = Reader::open(Path::new(file), None).expect("a database");
    // the keys in the order of asking, side by side: a key that is asked for has just been read by somebody
    let mut numbers = Numbers(88_172_645_463_325_252);
    let (mut text, mut sizes) = (Vec::new(), Vec::with_capacity(count));
    for _ in 0..count {
        let key = &keys[numbers.next() % keys.len()];
        text.extend_from_slice(key);
        sizes.push(key.len());
    }
    let mut value = Vec::new();
    // every page has been read once
    for key in &keys {
        value.clear();
        reader.get_quickly(key, &mut value).expect("a sound database");
    }
    let (mut rest, mut hits, start) = (text.as_slice(), 0, now());
    for size in sizes {
        let (key, after) = rest.split_at(size);
        rest = after;
        value.clear();
        hits += usize::from(reader.get_quickly(key, &mut value).expect("a sound database"));
    }
    println!("{:.0} lookups/s hits {hits} of {count}", count as f64 / (now() - start));
}
