//! The site's keys: read when they are first needed, and again when table or keys have changed.

use super::dkim::SigningKey;
use super::table::{Row, Table};
use crate::config::Config;
use crate::keeper::{Keeper, NamedFile, TlsFile, WatchedFiles};
use crate::logging::{Logger, Priority};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How long nobody looks whether a file has changed.
const CHECK_INTERVAL: Duration = Duration::from_secs(10);

/// Knows who signs. Cloning shares what it knows.
#[derive(Clone)]
pub struct Signer(Arc<Shared>);

struct Shared {
    /// Option DKIMSigningTable.
    path: Option<Vec<u8>>,
    keeper: Keeper,
    log: Logger,
    current: RwLock<Option<Arc<Loaded>>>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    checked: Option<Instant>,
    watched: WatchedFiles,
    /// What the log was told of a file.
    said: HashMap<Vec<u8>, String>,
}

/// The table and the keys of its lines, by their paths.
struct Loaded {
    table: Result<Table, String>,
    keys: HashMap<Vec<u8>, Result<Arc<SigningKey>, String>>,
}

/// Who signs a message.
#[derive(Default)]
pub struct Keys(Vec<(Vec<u8>, Vec<u8>, Arc<SigningKey>)>);

impl Keys {
    /// Nobody does.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Domain, selector and key of each signature.
    pub fn list(&self) -> Vec<(&[u8], &[u8], &SigningKey)> {
        self.0.iter().map(|(domain, selector, key)| (&domain[..], &selector[..], &**key)).collect()
    }
}

impl Signer {
    /// Reads nothing yet.
    pub fn new(config: &Config, keeper: &Keeper, log: &Logger) -> Self {
        let path = config.options.dkim_signing_table.clone().filter(|path| !path.is_empty());
        let (keeper, log) = (keeper.clone(), log.clone());
        Self(Arc::new(Shared { path, keeper, log, current: RwLock::default(), known: Mutex::default() }))
    }

    /// The site has no table.
    pub fn is_off(&self) -> bool {
        self.0.path.is_none()
    }

    /// Reads what there is to read: the log hears what is wrong with it.
    pub async fn look(&self) {
        if let Some(path) = &self.0.path {
            self.0.current(path).await;
        }
    }

    /// Who signs what this domain has written.
    ///
    /// # Errors
    /// Why somebody who should cannot for now.
    pub async fn keys(&self, domain: &[u8]) -> Result<Keys, String> {
        let Some(path) = &self.0.path else { return Ok(Keys::default()) };
        let loaded = self.0.current(path).await;
        let table = loaded.table.as_ref().map_err(Clone::clone)?;
        let (signs, rows) = table.rows(domain);
        let mut keys = Vec::new();
        for row in rows {
            let key = loaded.keys.get(&row.path).cloned().unwrap_or_else(|| Err("not read".into()))?;
            fits(row, &key)?;
            keys.push((signs.to_vec(), row.selector.clone(), key));
        }
        Ok(Keys(keys))
    }
}

/// Does the key sign as its line says?
fn fits(row: &Row, key: &SigningKey) -> Result<(), String> {
    match row.algorithm {
        Some(wanted) if wanted != key.algorithm() => {
            let path = String::from_utf8_lossy(&row.path);
            Err(format!("DKIM: {path}: not a key for {}", wanted.name()))
        }
        _ => Ok(()),
    }
}

fn key(path: Vec<u8>) -> NamedFile {
    (TlsFile::Key, path)
}

impl Shared {
    fn loaded(&self) -> Option<Arc<Loaded>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn current(&self, path: &[u8]) -> Arc<Loaded> {
        // one looks at the files; the others go on with what there is, if anything
        let mut known = match (self.known.try_lock(), self.loaded()) {
            (Ok(known), _) => known,
            (Err(_), Some(loaded)) => return loaded,
            (Err(_), None) => self.known.lock().await,
        };
        if known.checked.is_some_and(|at| at.elapsed() < CHECK_INTERVAL)
            && let Some(loaded) = self.loaded()
        {
            return loaded;
        }
        let loaded = self.look(path, &mut known).await;
        known.checked = Some(Instant::now());
        loaded
    }

    /// Reads what has changed. What is no good any more changes nothing: what was read before stays in use.
    async fn look(&self, path: &[u8], known: &mut Known) -> Arc<Loaded> {
        let before = self.loaded();
        let table = (TlsFile::SigningTable, path.to_vec());
        let mut changed = known.watched.look(&self.keeper, [table.clone()]).await;
        let text = known.watched.files().get(&table).cloned().unwrap_or_else(|| Err("not read".into()));
        let read = self.told(known, path, text.and_then(|text| Table::read(&text)));
        let old = before.as_ref().and_then(|before| before.table.as_ref().ok());
        let table = match (read, old) {
            (Err(_), Some(table)) => Ok(table.clone()),
            (read, _) => read,
        };
        let mut paths: Vec<Vec<u8>> =
            table.iter().flat_map(|table| table.0.iter().map(|row| row.path.clone())).collect();
        paths.sort();
        paths.dedup();
        changed |= known.watched.look(&self.keeper, paths.iter().cloned().map(key)).await;
        if let Some(before) = before.as_ref().filter(|_| !changed) {
            return before.clone();
        }
        let mut keys = HashMap::new();
        for path in paths {
            let text = known
                .watched
                .files()
                .get(&key(path.clone()))
                .cloned()
                .unwrap_or_else(|| Err("not read".into()));
            let read = text.and_then(|text| SigningKey::from_pem(&text)).map(Arc::new);
            let read = self.told(known, &path, read);
            let old = before.as_ref().and_then(|before| before.keys.get(&path)?.clone().ok());
            keys.insert(path, read.or_else(|why| old.ok_or(why)));
        }
        let loaded = Arc::new(Loaded { table, keys });
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(loaded.clone());
        loaded
    }

    /// What was read of a file, or what is wrong with it; the log hears that once.
    fn told<T>(&self, known: &mut Known, path: &[u8], read: Result<T, String>) -> Result<T, String> {
        match read {
            Ok(read) => {
                known.said.remove(path);
                Ok(read)
            }
            Err(why) => {
                let why = format!("DKIM: {}: {why}", String::from_utf8_lossy(path));
                if known.said.get(path) != Some(&why) {
                    self.log.log(0, Priority::Error, None, why.as_bytes());
                    known.said.insert(path.to_vec(), why.clone());
                }
                Err(why)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logging::Target;
    use crate::mail_auth::Signing;
    use std::os::unix::fs::PermissionsExt;

    /// Of RFC 8463, appendix A.2, and of RFC 8410, section 10.3.
    const KEYS: [&str; 2] = [
        "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g",
        "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC",
    ];

    fn pem(key: &str) -> String {
        format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n")
    }

    /// A table, keys, and who knows them.
    struct Scene {
        dir: tempfile::TempDir,
        log: Logger,
        signer: Signer,
    }

    impl Scene {
        fn new(rows: &str) -> Self {
            let dir = tempfile::tempdir().expect("a directory");
            let mut config = Config::default();
            config.options.dont_blame_sendmail = vec![b"TrustStickyBit,GroupWritableDirPathSafe".to_vec()];
            config.options.dkim_signing_table =
                Some(dir.path().join("table").into_os_string().into_encoded_bytes());
            let log = Logger::open(Target::Memory, b"test", 9);
            let keeper = Keeper::in_process(Arc::new(config.clone())).expect("a keeper");
            let signer = Signer::new(&config, &keeper, &log);
            let scene = Self { dir, log, signer };
            scene.write("table", rows);
            scene
        }

        /// `DIR` stands for the directory.
        fn write(&self, name: &str, text: &str) {
            let (path, dir) = (self.dir.path().join(name), self.dir.path().display().to_string());
            std::fs::write(&path, text.replace("DIR", &dir)).expect("a file");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("a mode");
        }

        /// The signatures of a message of this domain, or why there are none; after the next look at the files.
        async fn signatures(&self, domain: &str) -> Result<Vec<String>, String> {
            self.signer.0.known.lock().await.checked = None;
            let keys = self.signer.keys(domain.as_bytes()).await?;
            let mut signing = Signing::default();
            signing.write(format!("From: ann@{domain}\r\n\r\nhello\r\n").as_bytes());
            let text = String::from_utf8(signing.finish(&keys.list(), 1000)?).expect("text");
            let text = text.replace("\r\n\t", "").replace("\n\t", "");
            Ok(text.lines().filter(|line| !line.is_empty()).map(String::from).collect())
        }

        fn has_logged(&self, text: &str) -> bool {
            self.log.lines().concat().windows(text.len()).any(|part| part == text.as_bytes())
        }
    }

    #[tokio::test]
    async fn each_line_makes_a_signature_and_all_or_none() {
        let rows = "site.example one DIR/one\nsite.example two DIR/two ed25519-sha256\nother.example one DIR/one rsa-sha256\n";
        let scene = Scene::new(rows);
        scene.write("one", &pem(KEYS[0]));
        let why = scene.signatures("site.example").await.expect_err("a key is not there");
        assert!(why.contains("/two: "), "{why}");
        scene.write("two", &pem(KEYS[1]));
        let both = scene.signatures("site.example").await.expect("keys");
        let has = |text: &str| both.iter().filter(|line| line.contains(text)).count();
        assert_eq!(
            (both.len(), has("d=site.example"), has("s=one;"), has("s=two;")),
            (2, 2, 1, 1),
            "{both:?}"
        );
        assert_eq!(scene.signatures("elsewhere.example").await, Ok(Vec::new()));
        let why = scene.signatures("other.example").await.expect_err("the key is of another kind");
        assert!(why.contains("not a key for rsa-sha256"), "{why}");
    }

    /// Without a restart.
    #[tokio::test]
    async fn files_are_read_again_and_bad_ones_refused() {
        let scene = Scene::new("site.example sel DIR/key\n");
        scene.write("key", &pem(KEYS[0]));
        let first = scene.signatures("site.example").await;
        assert_eq!(first.as_ref().map(Vec::len), Ok(1));
        for (name, text, complaint) in
            [("key", "no key", "/key: "), ("table", "site.example sel\n", "/table: line 1: ")]
        {
            scene.write(name, text);
            assert_eq!(scene.signatures("site.example").await, first, "what was read before stays: {name}");
            assert!(scene.has_logged(complaint), "{complaint}");
        }
        scene.write("table", "site.example sel DIR/key\n");
        scene.write("key", &pem(KEYS[1]));
        let second = scene.signatures("site.example").await;
        assert!(second != first && second.as_ref().is_ok_and(|lines| lines.len() == 1), "{second:?}");
        std::fs::remove_file(scene.dir.path().join("key")).expect("removed");
        assert_eq!(scene.signatures("site.example").await, second);
        scene.write("table", "site.example new DIR/key\n# nobody else\n");
        let renamed = scene.signatures("site.example").await.expect("the key that was read before");
        assert!(renamed[0].contains("s=new;"), "{renamed:?}");
    }
}
