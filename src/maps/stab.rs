//! stab: an alias text file, read into memory when the map is opened.

use super::class::{
    FoundFuture, ImmediateQuery, LookupContext, MapClass, NotOpen, OpenFuture, OpenMap, Opening, Query,
    answered,
};
use super::files;
use super::flags::Declaring;
use super::map::{Map, missing};
use super::settings::Settings;
use crate::db::plain_aliases;
use crate::engine::ImmediateLookup;
use crate::schema::Sysexit;
use hashbrown::HashMap;
use std::sync::Arc;

struct Stab;

pub(super) fn read(map: &mut Map, args: &[u8], declaring: &mut Declaring<'_>) -> Option<Arc<dyn MapClass>> {
    map.read_with_file(args, declaring).then(|| Arc::new(Stab) as Arc<dyn MapClass>)
}

impl MapClass for Stab {
    fn open<'a>(self: Arc<Self>, map: &'a Map, opening: &'a mut Opening<'_>) -> OpenFuture<'a> {
        Box::pin(async move {
            let aliases = Aliases::read(map, opening).await.ok_or(NotOpen::Failed)?;
            Ok(Arc::new(aliases) as Arc<dyn OpenMap>)
        })
    }

    fn files(&self, map: &Map, _settings: &Settings) -> Vec<Vec<u8>> {
        map.file.clone().into_iter().collect()
    }
}

/// The aliases of one file; names are compared without case.
struct Aliases(HashMap<Vec<u8>, Vec<u8>>);

impl Aliases {
    /// Reads the file; names are what the rules make of them, or stay as written where there are none. An
    /// unreadable file is a temporary failure without a message.
    async fn read(map: &Map, opening: &mut Opening<'_>) -> Option<Self> {
        let file = map.file.as_deref().unwrap_or_default();
        opening.begins("stab", map);
        opening.check(file).ok()?;
        let text = files::read(&*opening.helpers.files, file).ok()?;
        let pairs = match opening.aliases {
            Some(rules) => rules.read(file, &text, opening.observer.tracer()).await,
            None => plain_aliases(&text).collect(),
        };
        // the last of two aliases counts
        Some(Self(pairs.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect()))
    }

    fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.0.get(key.to_ascii_lowercase().as_slice()).map(Vec::as_slice)
    }
}

impl OpenMap for Aliases {
    fn lookup<'a>(&'a self, query: Query<'a>, context: &'a mut LookupContext<'_>) -> FoundFuture<'a> {
        answered(match self.get(query.key) {
            Some(value) => query.map.found(query.key, value, query.args, context.observer),
            None => missing(Sysexit::OK),
        })
    }

    fn lookup_now(&self, query: &ImmediateQuery<'_>, value: &mut Vec<u8>) -> ImmediateLookup {
        let Some(found) = self.get(query.key) else { return ImmediateLookup::Missing(Sysexit::OK) };
        value.extend_from_slice(found);
        query.found(value)
    }
}
