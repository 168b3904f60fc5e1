//! userdb: a field of the databases of option UserDatabaseSpec, stored under `user:field`.

use super::bdb::{Kind, Reader};
use super::class::Class;
use super::declare::Declaring;
use super::files;
use super::map::{Found, Map, later, missing};
use super::open::Opening;
use crate::logging::Tracer;
use crate::schema::Sysexit;
use std::io;
use std::time::Duration;

/// How long somebody may hold a database's lock before the look-up fails for now.
const LOCK_PATIENCE: Duration = Duration::from_secs(60);
const LOCK_PAUSE: Duration = Duration::from_millis(20);

pub(super) fn parse(map: &mut Map, args: &[u8], declaring: &mut Declaring<'_>) -> bool {
    map.own = Class::UserDatabase;
    map.read_common(args, declaring);
    if map.file.is_none() {
        declaring.say(&[b"No file name for ", map.class.name.as_bytes(), b" map ", &map.name.clone()]);
    }
    map.file.is_some()
}

/// The databases, in the order of the option. One that is not there is passed over.
#[derive(Debug)]
pub(super) struct Databases(Vec<Reader>);

impl Databases {
    pub fn open(spec: &[u8], opening: &mut Opening<'_>) -> Self {
        let separator = |byte: &u8| matches!(byte, b',' | b' ' | b'\t');
        let words = spec.split(separator).filter(|word| word.starts_with(b"/"));
        let mut readers = Vec::new();
        for word in words {
            let name = files::with_suffix(word, b".db");
            if opening.check(&name).is_ok()
                && let Ok(reader) = Reader::open(files::path(&name), Some(Kind::Btree))
            {
                readers.push(reader);
            }
        }
        Self(readers)
    }

    fn get(&self, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
        for reader in &self.0 {
            if let Some(value) = reader.get(key)? {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    pub async fn lookup(&self, map: &Map, key: &[u8], args: &[Vec<u8>], tracer: &mut dyn Tracer) -> Found {
        if tracer.level(38) >= 20 {
            tracer.line(&[b"udb_map_lookup(", map.name.as_slice(), b", ", key, b")"].concat());
        }
        let field = map.file.as_deref().unwrap_or_default();
        // `:default:` and its like are not users
        if key.first().is_none_or(|byte| matches!(byte, b':' | b'\\')) {
            return missing(Sysexit::OK);
        }
        let stored = [&map.fold(key), b":".as_slice(), field].concat();
        let mut waited = Duration::ZERO;
        loop {
            match self.get(&stored) {
                Ok(Some(value)) => return map.found(key, &value, args, tracer),
                Ok(None) => return missing(Sysexit::OK),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && waited < LOCK_PATIENCE => {
                    tokio::time::sleep(LOCK_PAUSE).await;
                }
                Err(_) => return later(),
            }
            waited += LOCK_PAUSE;
        }
    }
}
