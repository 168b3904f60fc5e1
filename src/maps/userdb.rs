//! userdb: a field of the databases of option UserDatabaseSpec, stored under `user:field`.

use super::class::{FoundFuture, LookupContext, MapClass, OpenFuture, OpenMap, Opening, Query, opened};
use super::files;
use super::flags::Declaring;
use super::map::{Found, Map, later, missing};
use super::settings::Settings;
use crate::db::bdb::{Kind, Reader};
use crate::engine::Observer;
use crate::schema::Sysexit;
use std::io;
use std::sync::Arc;

struct UserDatabase;

pub(super) fn read(map: &mut Map, args: &[u8], declaring: &mut Declaring<'_>) -> Option<Arc<dyn MapClass>> {
    map.read_common(args, declaring);
    if map.file.is_none() {
        declaring.say(&[b"No file name for ", map.class.as_bytes(), b" map ", &map.name.clone()]);
    }
    map.file.is_some().then(|| Arc::new(UserDatabase) as Arc<dyn MapClass>)
}

impl MapClass for UserDatabase {
    fn open<'a>(self: Arc<Self>, _map: &'a Map, opening: &'a mut Opening<'_>) -> OpenFuture<'a> {
        opened(Some(Databases::open(opening)))
    }

    fn files(&self, _map: &Map, settings: &Settings) -> Vec<Vec<u8>> {
        files_of(settings).collect()
    }
}

/// The databases that the option names.
fn files_of(settings: &Settings) -> impl Iterator<Item = Vec<u8>> + '_ {
    let spec = settings.user_databases.as_deref().unwrap_or_default();
    let words = spec.split(|byte| matches!(byte, b',' | b' ' | b'\t'));
    words.filter(|word| word.starts_with(b"/")).map(|word| files::with_suffix(word, b".db"))
}

impl OpenMap for Databases {
    fn lookup<'a>(&'a self, query: Query<'a>, context: &'a mut LookupContext<'_>) -> FoundFuture<'a> {
        Box::pin(self.find(query.map, query.key, query.args, context.observer))
    }
}

/// The databases, in the order of the option. One that is not there is passed over.
struct Databases(Vec<Reader>);

impl Databases {
    fn open(opening: &mut Opening<'_>) -> Self {
        let mut readers = Vec::new();
        for name in files_of(opening.settings) {
            if opening.check(&name).is_ok()
                && let Ok(reader) = opening.helpers.open_database(&name, Kind::Btree)
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

    async fn find(&self, map: &Map, key: &[u8], args: &[Vec<u8>], observer: &mut dyn Observer) -> Found {
        map.show_search("udb_map_lookup", key, observer);
        let field = map.file.as_deref().unwrap_or_default();
        // `:default:` and its like are not users
        if key.first().is_none_or(|byte| matches!(byte, b':' | b'\\')) {
            return missing(Sysexit::OK);
        }
        let stored = [&map.fold(key), b":".as_slice(), field].concat();
        match files::unlocked(|| self.get(&stored)).await {
            Ok(Some(value)) => map.found(key, &value, args, observer),
            Ok(None) => missing(Sysexit::OK),
            Err(_) => later(),
        }
    }
}
