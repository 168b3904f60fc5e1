//! Look-ups in a warm map and the building of one.
//!
//! `cargo bench --bench maps` prints rates of a map made on the spot. With arguments, it looks keys up
//! in a file, as `tests/live/bdbget.c` does with libdb: `maps FILE.db KEYS COUNT`.

use canonify::maps::bdb::{Kind, Reader, Writer};
use std::path::Path;
use std::time::Instant;

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

/// Random look-ups of known keys: rate per second, and how many were found.
fn look_up(file: &Path, keys: &[Vec<u8>], count: usize) -> (f64, usize) {
    let reader = Reader::open(file, None).expect("a database");
    let mut value = Vec::new();
    // warm: every page has been read once
    keys.iter().for_each(|key| drop(reader.get_quickly(key, &mut value)));
    let mut numbers = Numbers(88_172_645_463_325_252);
    let (mut hits, start) = (0, Instant::now());
    for _ in 0..count {
        value.clear();
        let key = &keys[numbers.next() % keys.len()];
        hits += usize::from(reader.get_quickly(key, &mut value).expect("a sound database"));
    }
    (count as f64 / start.elapsed().as_secs_f64(), hits)
}

fn keys_of(text: &[u8]) -> Vec<Vec<u8>> {
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| line.split(u8::is_ascii_whitespace).next().unwrap_or_default().to_vec()).collect()
}

fn made_on_the_spot(kind: Kind, count: u32) {
    let dir = tempfile::tempdir().expect("a scratch directory");
    let file = dir.path().join("map.db");
    let key = |number: u32| format!("user{number}@domain{}.example.com", number % 1009).into_bytes();
    let keys: Vec<Vec<u8>> = (0..count).map(key).collect();
    let start = Instant::now();
    let mut writer = Writer::new(kind, false);
    for key in &keys {
        writer.insert(key, b"REJECT");
    }
    writer.commit(&file).expect("writable");
    let built = f64::from(count) / start.elapsed().as_secs_f64();
    let (rate, hits) = look_up(&file, &keys, count as usize * 4);
    println!("{kind:?} of {count}: {built:.0} pairs/s built, {rate:.0} look-ups/s ({hits} hits)");
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    if let [file, keys, count] = args.as_slice() {
        let keys = keys_of(&std::fs::read(keys).expect("readable"));
        let (rate, hits) = look_up(Path::new(file), &keys, count.parse().expect("a number"));
        println!("{rate:.0} lookups/s hits {hits} of {count}");
        return;
    }
    for count in [1_000, 100_000] {
        made_on_the_spot(Kind::Hash, count);
        made_on_the_spot(Kind::Btree, count);
    }
}
