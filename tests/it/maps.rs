//! Maps as K lines declare them and `/map` asks them, against transcripts of sendmail
//! (`testdata/maps/*.{cf,in,out}`).

use canonify::config::{Config, LoadOptions, load};
use canonify::db::bdb::{Kind, Writer};
use canonify::engine::Printer;
use canonify::logging::Tracer;
use canonify::maps::{LookupContext, Store, TextAnswer, environment};
use canonify::net::Resolver;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/maps");

/// Everything that is said, in order.
#[derive(Default)]
struct Transcript(Vec<u8>);

impl Tracer for Transcript {
    fn level(&self, _category: u8) -> u8 {
        0
    }
    fn line(&mut self, text: &[u8]) {
        self.0.extend_from_slice(text);
        self.0.push(b'\n');
    }
    fn text(&mut self, text: &[u8]) {
        self.0.extend_from_slice(text);
    }
}

fn scene() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a scratch directory");
    for name in ["table", "prog", "al", "hosts", "service.switch"] {
        std::fs::copy(Path::new(DATA).join(name), dir.path().join(name)).expect("readable");
    }
    std::fs::set_permissions(dir.path().join("prog"), PermissionsExt::from_mode(0o755)).expect("own file");
    for (name, kind, more) in [("tbl", Kind::Hash, true), ("tree", Kind::Btree, false)] {
        let text = std::fs::read_to_string(Path::new(DATA).join(format!("{name}.src"))).expect("readable");
        let mut writer = Writer::new(kind, false);
        for (key, value) in text.lines().filter_map(|line| line.split_once('\t')) {
            writer.insert(key.to_lowercase().as_bytes(), value.as_bytes());
        }
        if more {
            writer.insert(b"long", &[b'v'; 900]);
        }
        writer.commit(&dir.path().join(format!("{name}.db"))).expect("writable");
    }
    dir
}

fn replace(text: &[u8], from: &str, to: &str) -> Vec<u8> {
    // the transcripts are bytes: operators appear in them
    let text: String = text.iter().map(|byte| char::from(*byte)).collect();
    text.replace(from, to).chars().map(|c| c as u8).collect()
}

/// What `-bt` prints for a cf and `/map` commands.
async fn transcript(name: &str) -> Vec<u8> {
    let dir = scene();
    let here = dir.path().to_str().expect("a plain name").to_owned();
    let read =
        |kind: &str| std::fs::read(PathBuf::from(DATA).join(format!("{name}.{kind}"))).expect("readable");
    let text = replace(&read("cf"), "@DIR@", &here);
    let loaded = load(
        b"case.cf",
        &text,
        &mut environment(),
        &LoadOptions { test_mode: true, ..LoadOptions::default() },
    );
    let mut said = Transcript::default();
    for message in &loaded.messages {
        said.line(&message.text);
    }
    said.line(b"ADDRESS TEST MODE (ruleset 3 NOT automatically invoked)");
    said.line(b"Enter <ruleset> <address>");
    let config = Arc::new(loaded.config);
    let store = Store::new(Arc::clone(&config), Arc::new(Resolver::for_config(&config)));
    for line in read("in").split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        said.text(b"> ");
        let mut words = line.splitn(3, |byte| *byte == b' ').skip(1);
        let (map, key) = (words.next().expect("a map"), words.next().expect("a key"));
        ask(&config, &store, map, key, &mut said).await;
    }
    said.text(b"> ");
    replace(&said.0, &here, "@DIR@")
}

async fn ask(config: &Config, store: &Store, map: &[u8], key: &[u8], said: &mut Transcript) {
    let mut observer = Printer::new(config, said);
    let mut context = LookupContext { deferred: false, once: true, observer: &mut observer, aliases: None };
    if store.open(map, &mut context).await {
        context.observer.tracer().text(&[b"map_lookup: ", map, b" (", key, b") "].concat());
    }
    match store.lookup_text(map, key, &mut context).await {
        TextAnswer::Unknown => said.line(&[b"Map named \"", map, b"\" not found"].concat()),
        TextAnswer::NotOpen => said.line(&[b"Map named \"", map, b"\" not open"].concat()),
        TextAnswer::Answer(answer) => {
            let status = format!(" ({})", answer.status.0).into_bytes();
            match answer.value {
                Some(value) => said.line(&[b"returns ".to_vec(), value, status].concat()),
                None => said.line(&[b"no match".to_vec(), status].concat()),
            }
        }
    }
}

async fn compare(name: &str) {
    let found = transcript(name).await;
    let wanted = std::fs::read(Path::new(DATA).join(format!("{name}.out"))).expect("readable");
    if found != wanted {
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("maps-{name}.found"));
        std::fs::write(&kept, &found).expect("writable");
        panic!("differs from the transcript: diff {DATA}/{name}.out {}", kept.display());
    }
}

#[tokio::test]
async fn classes_and_their_complaints() {
    compare("classes").await;
}

#[tokio::test]
async fn patterns_with_back_references() {
    compare("regex_back").await;
}

/// A socket below a directory that others may write to is not trusted, whatever DontBlameSendmail says of map
/// files; nor is a symbolic link.
#[tokio::test]
async fn sockets_in_unsafe_directories() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    std::fs::create_dir(dir.path().join("open")).expect("a directory");
    std::fs::set_permissions(dir.path().join("open"), PermissionsExt::from_mode(0o777))
        .expect("own directory");
    std::os::unix::fs::symlink("socket", dir.path().join("link")).expect("a link");
    for (path, why) in [("open/socket", "World writable directory"), ("link", "Symbolic links not allowed")] {
        let path = dir.path().join(path);
        let _listener = std::os::unix::net::UnixListener::bind(&path);
        let cf = format!(
            "V10\nO DontBlameSendmail=MapInUnsafeDirPath,TrustStickyBit\nKm socket local:{}\n",
            path.display()
        );
        let loaded = load(b"test.cf", cf.as_bytes(), &mut environment(), &LoadOptions::default());
        let config = Arc::new(loaded.config);
        let store = Store::new(Arc::clone(&config), Arc::new(Resolver::system()));
        let mut said = Transcript::default();
        ask(&config, &store, b"m", b"key", &mut said).await;
        let text = format!("socket map \"m\": local socket name {} unsafe: {why}\n", path.display());
        assert_eq!(String::from_utf8_lossy(&said.0), text + "map_lookup: m (key) no match (75)\n");
    }
}

#[tokio::test]
async fn files_and_programs() {
    compare("files").await;
}

/// A map that is open answers at once, flags applied; what is rebuilt is noticed.
#[tokio::test]
async fn answers_at_once() {
    use canonify::engine::{ImmediateLookup, MapNames, Maps};
    let dir = tempfile::tempdir().expect("a scratch directory");
    let path = dir.path().join("t.db");
    let write = |value: &[u8]| {
        let mut writer = Writer::new(Kind::Hash, false);
        writer.insert(b"key", value);
        writer.commit(&path).expect("writable");
    };
    write(b"<%1,%2,%0>");
    let cf = format!("V10\nO DontBlameSendmail=MapInUnsafeDirPath\nKt hash -a! {}\n", path.display());
    let loaded = load(b"test.cf", cf.as_bytes(), &mut environment(), &LoadOptions::default());
    let store = Store::new(Arc::new(loaded.config), Arc::new(Resolver::system()));
    let map = store.map_id(b"T").expect("declared");
    let mut value = Vec::new();
    assert_eq!(
        store.try_lookup(map, b"KEY", &[b"one"], &mut value, None),
        ImmediateLookup::Wait,
        "not open yet"
    );
    let mut quiet = canonify::logging::Quiet;
    store
        .open(b"t", &mut LookupContext { deferred: false, once: false, observer: &mut quiet, aliases: None })
        .await;
    assert_eq!(store.try_lookup(map, b"\"KEY\"", &[b"one"], &mut value, None), ImmediateLookup::Found);
    assert_eq!(value, b"<one,,KEY>!");
    assert_eq!(
        store.try_lookup(map, b"none", &[], &mut value, None),
        ImmediateLookup::Missing(canonify::schema::Sysexit::OK)
    );
    write(b"new");
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(store.try_lookup(map, b"key", &[], &mut value, None), ImmediateLookup::Found);
    assert_eq!(value, b"new!");
}
