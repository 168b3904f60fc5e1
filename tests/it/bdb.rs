//! Berkeley DB files: what is written can be read, here and by libdb; damage is an error.

use canonify::db::bdb::{Kind, Reader, Writer};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

type Pairs = BTreeMap<Vec<u8>, Vec<u8>>;

fn write(kind: Kind, pairs: &Pairs, path: &Path) {
    let mut writer = Writer::new(kind, false);
    for (key, value) in pairs {
        assert!(writer.insert(key, value));
    }
    writer.commit(path).expect("writable");
}

fn read_all(path: &Path) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut pairs = Vec::new();
    let reader = Reader::open(path, None).expect("readable");
    let done = reader.for_each(&mut |key, value| {
        pairs.push((key.to_vec(), value.to_vec()));
        true
    });
    done.expect("sound");
    pairs
}

fn check(kind: Kind, pairs: &Pairs, path: &Path) {
    write(kind, pairs, path);
    let reader = Reader::open(path, Some(kind)).expect("readable");
    for (key, value) in pairs {
        assert_eq!(reader.get(key).expect("sound").as_ref(), Some(value));
    }
    assert_eq!(reader.get(b"no such key \x01").expect("sound"), None);
    let mut found = read_all(path);
    if kind == Kind::Hash {
        found.sort();
    }
    assert!(found == pairs.clone().into_iter().collect::<Vec<_>>());
}

/// Deterministic pairs of many sizes.
fn many(count: u32) -> Pairs {
    (0..count)
        .map(|number| {
            let spread = number.wrapping_mul(2_654_435_761);
            let key = format!("key{:x}-{}", spread, "k".repeat((spread % 37) as usize));
            (
                key.into_bytes(),
                format!("value {number} {}", "v".repeat((spread >> 7) as usize % 90)).into_bytes(),
            )
        })
        .collect()
}

fn sizes() -> Pairs {
    let lengths = [0, 1, 1000, 1006, 1007, 1008, 1023, 1024, 1025, 4069, 4070, 4071, 8140, 20_000, 200_000];
    let mut pairs = Pairs::new();
    for (number, length) in lengths.into_iter().enumerate() {
        pairs.insert(format!("v{number}").into_bytes(), vec![b'v'; length]);
        pairs.insert([format!("k{number}").into_bytes(), vec![b'k'; length]].concat(), b"value".to_vec());
        pairs.insert([vec![b'p'; length], format!("{number}").into_bytes()].concat(), vec![b'w'; length]);
    }
    pairs
}

#[test]
fn what_is_written_is_read() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    for kind in [Kind::Hash, Kind::Btree] {
        check(kind, &Pairs::new(), &dir.path().join("empty.db"));
        check(kind, &many(3), &dir.path().join("few.db"));
        check(kind, &many(20_000), &dir.path().join("many.db"));
        check(kind, &sizes(), &dir.path().join("sizes.db"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_bytes_come_back(
        pairs in prop::collection::btree_map(
            prop::collection::vec(any::<u8>(), 0..300),
            prop::collection::vec(any::<u8>(), 0..3000),
            0..200,
        )
    ) {
        let dir = tempfile::tempdir().expect("a scratch directory");
        check(Kind::Hash, &pairs, &dir.path().join("hash.db"));
        check(Kind::Btree, &pairs, &dir.path().join("btree.db"));
    }

    #[test]
    fn damage_is_an_error_or_a_wrong_answer_but_no_panic(
        places in prop::collection::vec((0usize..40_000, any::<u8>()), 1..40), btree in any::<bool>(), cut in 0usize..60_000
    ) {
        let dir = tempfile::tempdir().expect("a scratch directory");
        let path = dir.path().join("map.db");
        let kind = if btree { Kind::Btree } else { Kind::Hash };
        let mut pairs = many(300);
        pairs.extend(sizes().into_iter().filter(|(key, value)| key.len() + value.len() < 9000));
        write(kind, &pairs, &path);
        let mut bytes = std::fs::read(&path).expect("readable");
        for (place, byte) in places {
            let length = bytes.len();
            bytes[place % length] = byte;
        }
        bytes.truncate(cut.max(100));
        std::fs::write(&path, bytes).expect("writable");
        if let Ok(reader) = Reader::open(&path, None) {
            for key in pairs.keys() {
                let _ = reader.get(key);
            }
            let mut left = 100_000;
            let _ = reader.for_each(&mut |_, _| { left -= 1; left > 0 });
        }
    }
}

#[test]
fn duplicates_keep_their_order() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    for kind in [Kind::Hash, Kind::Btree] {
        let path = dir.path().join("map.db");
        let mut writer = Writer::new(kind, true);
        let mut wanted = Vec::new();
        for (key, count) in [("a", 2), ("b", 1), ("c", 40), ("d", 5000), ("e", 3)] {
            for number in 0..count {
                let value = format!("{key}{number} {}", "x".repeat(number % 50));
                assert!(writer.insert(key.as_bytes(), value.as_bytes()));
                wanted.push((key.as_bytes().to_vec(), value.into_bytes()));
            }
        }
        writer.commit(&path).expect("writable");
        verify(&path);
        let mut found = read_all(&path);
        // stable: the order of one key's values is the file's
        found.sort_by(|(a, _), (b, _)| a.cmp(b));
        assert!(found == wanted);
        let reader = Reader::open(&path, None).expect("readable");
        assert_eq!(reader.get(b"d").expect("sound"), Some(b"d0 ".to_vec()));
    }
}

#[test]
fn a_replaced_file_is_noticed_and_keeps_its_mode() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().expect("a scratch directory");
    let path = dir.path().join("map.db");
    write(Kind::Hash, &Pairs::from([(b"k".to_vec(), b"old".to_vec())]), &path);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o604)).expect("own file");
    let reader = Reader::open(&path, None).expect("readable");
    assert_eq!(reader.get(b"k").expect("sound"), Some(b"old".to_vec()));
    write(Kind::Hash, &Pairs::from([(b"k".to_vec(), b"new".to_vec())]), &path);
    assert_eq!(reader.get(b"k").expect("sound"), Some(b"new".to_vec()));
    let mode = std::fs::metadata(&path).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o604);
    std::fs::remove_file(&path).expect("own file");
    assert_eq!(reader.get(b"k").expect("the open file serves on"), Some(b"new".to_vec()));
}

#[test]
fn values_of_a_mebibyte_among_many_keys() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    for kind in [Kind::Hash, Kind::Btree] {
        let mut pairs: Pairs = (0..200_000u32)
            .map(|number| (format!("key{number}").into_bytes(), number.to_le_bytes().to_vec()))
            .collect();
        let huge: Vec<u8> = (0..1 << 20).map(|place: u32| (place % 251) as u8).collect();
        pairs.insert(b"huge".to_vec(), huge.clone());
        pairs.insert(huge.clone(), b"the key is huge".to_vec());
        pairs.insert([&huge[..70_001], b"x"].concat(), huge[..70_001].to_vec());
        let path = dir.path().join("map.db");
        check(kind, &pairs, &path);
        verify(&path);
    }
}

/// Whoever looks up while a map is rebuilt sees the old one or the new one, never a part.
#[test]
fn a_rebuilt_map_is_never_seen_half() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let dir = tempfile::tempdir().expect("a scratch directory");
    for kind in [Kind::Hash, Kind::Btree] {
        let path = dir.path().join("map.db");
        let state = |round: u32| -> Pairs {
            (0..300)
                .map(|key| (format!("key{key}").into_bytes(), format!("value of {round}").into_bytes()))
                .collect()
        };
        write(kind, &state(0), &path);
        let over = AtomicBool::new(false);
        let read_on = || {
            let reader = Reader::open(&path, Some(kind)).expect("readable");
            let mut last = 0;
            while !over.load(Ordering::Relaxed) {
                for key in 0..300 {
                    let key = format!("key{key}").into_bytes();
                    let value = reader.get(&key).expect("sound").expect("in every state");
                    let text = String::from_utf8(value).expect("as written");
                    let round: u32 =
                        text.strip_prefix("value of ").expect("whole").parse().expect("a number");
                    assert!(round >= last, "older than what was seen before");
                    last = round;
                }
            }
            last
        };
        std::thread::scope(|scope| {
            let readers = [scope.spawn(read_on), scope.spawn(read_on)];
            for round in 1..=100 {
                write(kind, &state(round), &path);
            }
            assert_eq!(
                Reader::open(&path, None).expect("readable").get(b"key0").expect("sound"),
                Some(b"value of 100".to_vec())
            );
            over.store(true, Ordering::Relaxed);
            for reader in readers {
                assert!(reader.join().expect("no half map") <= 100);
            }
        });
    }
}

/// Runs libdb's own checker where it is installed beside a reference.
fn verify(path: &Path) {
    if std::env::var_os("CANONIFY_REFERENCE").is_none() {
        return;
    }
    let output =
        Command::new("db5.3_verify").arg("-q").arg(path).output().expect("db5.3_verify (db5.3-util)");
    assert!(output.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&output.stderr));
}

fn reference_makemap() -> Option<PathBuf> {
    let Some(root) = std::env::var_os("CANONIFY_REFERENCE") else {
        eprintln!("skipped: CANONIFY_REFERENCE names no sendmail to compare with");
        return None;
    };
    Some(Path::new(&root).join("usr/libexec/sendmail/makemap"))
}

fn run(makemap: &Path, args: &[&str], map: &Path, input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(makemap)
        .args(["-C", "/dev/null", "-s", "-f"])
        .args(args)
        .arg(map)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("runs");
    child.stdin.take().expect("piped").write_all(input).expect("reads its input");
    child.wait_with_output().expect("ends").stdout
}

#[test]
fn libdb_reads_ours_and_we_read_libdbs() {
    let Some(makemap) = reference_makemap() else { return };
    let dir = tempfile::tempdir().expect("a scratch directory");
    let mut large = many(200_000);
    large.extend(many(30).into_keys().map(|key| ([key, b"long".to_vec()].concat(), vec![b'x'; 900])));
    for (name, kind) in [("hash", Kind::Hash), ("btree", Kind::Btree)] {
        for (set, pairs) in
            [("empty", Pairs::new()), ("few", many(3)), ("some", many(2000)), ("large", large.clone())]
        {
            let ours = dir.path().join(format!("{name}-{set}.db"));
            write(kind, &pairs, &ours);
            verify(&ours);
            let text: Vec<u8> = pairs
                .iter()
                .flat_map(|(key, value)| [key, b"\t".as_slice(), value, b"\n"].concat())
                .collect();
            let mut dumped: Vec<_> = run(&makemap, &["-u", name], &ours, b"")
                .split_inclusive(|byte| *byte == b'\n')
                .map(<[u8]>::to_vec)
                .collect();
            dumped.sort();
            let mut lines: Vec<_> = text.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
            lines.sort();
            assert!(dumped == lines, "{name} {set}: the reference reads something else");
            let theirs = dir.path().join(format!("{name}-{set}-ref.db"));
            run(&makemap, &[name], &theirs, &text);
            let reader = Reader::open(&theirs, Some(kind)).expect("readable");
            for (key, value) in &pairs {
                assert_eq!(reader.get(key).expect("sound").as_ref(), Some(value));
            }
            assert_eq!(read_all(&theirs).into_iter().collect::<Pairs>().len(), pairs.len());
            // libdb goes on with our file
            run(&makemap, &["-o", name], &ours, b"added\tby libdb\n");
            verify(&ours);
            assert_eq!(read_all(&ours).len(), pairs.len() + 1);
        }
        let ours = dir.path().join(format!("{name}-sizes.db"));
        write(kind, &sizes(), &ours);
        verify(&ours);
    }
}
