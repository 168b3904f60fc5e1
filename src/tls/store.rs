//! Certificates and keys as they are on disk: read when they are first needed, and again when a file has changed.

use super::material::{Material, Note};
use super::settings::{Settings, Side};
use crate::config::Config;
use crate::keeper::{Files, Keeper, WatchedFiles};
use crate::logging::{Logger, Priority};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How long nobody looks whether a file has changed.
const CHECK_INTERVAL: Duration = Duration::from_secs(10);
/// Above this LogLevel the log names options that are not set.
const MISSING_LEVEL: u8 = 13;

/// Both sides of TLS. Cloning shares them.
#[derive(Clone)]
pub struct Tls(Arc<Sides>);

struct Sides {
    server: Store,
    client: Store,
}

/// One side.
struct Store {
    settings: Settings,
    keeper: Keeper,
    log: Logger,
    current: RwLock<Option<Arc<Material>>>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    checked: Option<Instant>,
    watched: WatchedFiles,
}

impl Tls {
    /// Reads nothing yet.
    pub fn new(config: &Config, keeper: &Keeper, log: &Logger) -> Self {
        let store = |side| Store::new(Settings::new(config, side), keeper.clone(), log.clone());
        Self(Arc::new(Sides { server: store(Side::Server), client: store(Side::Client) }))
    }

    /// What a server works with; `None`: it cannot offer TLS.
    pub async fn server(&self) -> Option<Arc<Material>> {
        self.0.server.current().await
    }

    /// What a client works with; `None`: it does not ask for TLS.
    pub async fn client(&self) -> Option<Arc<Material>> {
        self.0.client.current().await
    }
}

impl Store {
    fn new(settings: Settings, keeper: Keeper, log: Logger) -> Self {
        Self { settings, keeper, log, current: RwLock::default(), known: Mutex::default() }
    }

    fn loaded(&self) -> Option<Arc<Material>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn current(&self) -> Option<Arc<Material>> {
        // one looks at the files; the others go on with what there is, if anything
        let mut known = match (self.known.try_lock(), self.loaded()) {
            (Ok(known), _) => known,
            (Err(_), Some(material)) => return Some(material),
            (Err(_), None) => self.known.lock().await,
        };
        let first = known.checked.is_none();
        if known.checked.is_some_and(|at| at.elapsed() < CHECK_INTERVAL) {
            return self.loaded();
        }
        if first {
            self.say_what_is_missing();
        }
        let off = self.settings.is_off();
        if !off && (known.watched.look(&self.keeper, self.settings.files()).await || first) {
            self.read(known.watched.files(), first);
        }
        known.checked = Some(Instant::now());
        self.loaded()
    }

    /// Takes what the files hold, if it is good; what was there before stays otherwise.
    fn read(&self, files: &Files, first: bool) {
        let (material, notes) = Material::read(&self.settings, files);
        let worse = !first && notes.len() > self.settings.ignored.len();
        notes.iter().for_each(|note| self.say(note));
        let side = self.settings.side.name();
        if worse && self.loaded().is_some() {
            let text =
                format!("STARTTLS={side}: files have changed and are no good: the old ones stay in use");
            return self.log.log(0, Priority::Error, None, text.as_bytes());
        }
        let Some(material) = material else { return };
        let init =
            if first { String::from("init=1") } else { String::from("files have changed: read again") };
        self.log.log(
            if first { 9 } else { 7 },
            Priority::Info,
            None,
            format!("STARTTLS={side}, {init}").as_bytes(),
        );
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(material));
    }

    fn say(&self, note: &Note) {
        self.log.log(note.level, note.priority, None, &note.text);
    }

    fn say_what_is_missing(&self) {
        if let Some(digest) = &self.settings.unknown_digest {
            let text =
                [b"STARTTLS=init, CertFingerprintAlgorithm=", &digest[..], b", status=invalid"].concat();
            return self.log.log(0, Priority::Error, None, &text);
        }
        for name in self.settings.missing() {
            let text = format!("STARTTLS: {name} missing");
            self.log.log(MISSING_LEVEL, Priority::Warning, None, text.as_bytes());
            // a server goes no further than to the first that it cannot do without
            if self.settings.side == Side::Server && name != "CRLFile" {
                return;
            }
        }
    }
}
