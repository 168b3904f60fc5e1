//! macro, arith, dequote: the engine runs them itself ([`crate::engine::PureMap`]). What is left here is that
//! they exist, and that whoever asks them by another way than a rule gets no answer.

use super::class::{
    FoundFuture, LookupContext, MapClass, OpenFuture, OpenMap, Opening, Query, answered, as_it_is,
};
use super::flags::{Declaring, read_dequote};
use super::map::{Map, missing};
use crate::schema::Sysexit;
use std::sync::Arc;

struct EngineMap;

/// Only -a, -D and -s/-S mean something.
pub(super) fn read(map: &mut Map, args: &[u8], _declaring: &mut Declaring<'_>) -> Option<Arc<dyn MapClass>> {
    read_dequote(map, args);
    Some(Arc::new(EngineMap))
}

impl MapClass for EngineMap {
    fn open<'a>(self: Arc<Self>, _map: &'a Map, _opening: &'a mut Opening<'_>) -> OpenFuture<'a> {
        as_it_is(self)
    }
}

impl OpenMap for EngineMap {
    fn lookup<'a>(&'a self, _query: Query<'a>, _context: &'a mut LookupContext<'_>) -> FoundFuture<'a> {
        answered(missing(Sysexit::CONFIG))
    }
}
