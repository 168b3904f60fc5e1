//! Look-ups in warm maps, and the building of one: `cargo bench --bench maps`.
//!
//! `examples/lookups.rs` beside `tests/live/bdbget.c` compares with libdb.

use canonify::db::bdb::{Kind, Reader, Writer};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const KINDS: [(&str, Kind); 2] = [("hash", Kind::Hash), ("btree", Kind::Btree)];

fn key(number: u32) -> Vec<u8> {
    format!("user{number}@domain{}.example.com", number % 1009).into_bytes()
}

fn writer(kind: Kind, count: u32) -> Writer {
    let mut writer = Writer::new(kind, false);
    for number in 0..count {
        writer.insert(&key(number), b"REJECT");
    }
    writer
}

/// Keys in an order that no cache foresees.
fn shuffled(count: u32) -> Vec<Vec<u8>> {
    // odd and without a common divisor with a power of ten: every key once
    (0..count).map(|number| key((u64::from(number) * 7_919_377 % u64::from(count)) as u32)).collect()
}

fn look_ups(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a scratch directory");
    let mut group = criterion.benchmark_group("look-ups");
    group.throughput(Throughput::Elements(1));
    for (name, kind) in KINDS {
        for count in [10_000, 1_000_000] {
            let file = dir.path().join(format!("{name}{count}.db"));
            writer(kind, count).commit(&file).expect("writable");
            let reader = Reader::open(&file, Some(kind)).expect("a database");
            let present = shuffled(count);
            let absent: Vec<Vec<u8>> = present.iter().map(|key| [key, b"x".as_slice()].concat()).collect();
            for (which, keys) in [("present", present), ("absent", absent)] {
                let mut value = Vec::new();
                // warm: every page has been read once
                keys.iter().for_each(|key| drop(reader.get_quickly(key, &mut value)));
                let mut keys = keys.iter().cycle();
                group.bench_function(BenchmarkId::new(format!("{name}, {which}"), count), |bencher| {
                    bencher.iter(|| {
                        value.clear();
                        let key = keys.next().expect("a circle");
                        reader.get_quickly(key, &mut value).expect("a sound database")
                    });
                });
            }
        }
    }
}

fn building(criterion: &mut Criterion) {
    const COUNT: u32 = 100_000;
    let dir = tempfile::tempdir().expect("a scratch directory");
    let mut group = criterion.benchmark_group("building");
    group.throughput(Throughput::Elements(COUNT.into())).sample_size(10);
    for (name, kind) in KINDS {
        let file = dir.path().join(name);
        group.bench_function(BenchmarkId::new(name, COUNT), |bencher| {
            bencher.iter(|| writer(kind, COUNT).commit(&file).expect("writable"));
        });
    }
}

criterion_group!(benches, look_ups, building);
criterion_main!(benches);
