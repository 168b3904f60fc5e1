//! null: a map that never has anything.

use super::class::{
    FoundFuture, ImmediateQuery, LookupContext, MapClass, OpenFuture, OpenMap, Opening, Query, answered,
    as_it_is,
};
use super::flags::Declaring;
use super::map::{Map, NOT_FOUND, missing};
use crate::engine::ImmediateLookup;
use std::sync::Arc;

/// The class; its maps have no state.
pub(super) struct Null;

pub(super) fn read(map: &mut Map, args: &[u8], declaring: &mut Declaring<'_>) -> Option<Arc<dyn MapClass>> {
    map.read_common(args, declaring);
    Some(Arc::new(Null))
}

impl MapClass for Null {
    fn open<'a>(self: Arc<Self>, _map: &'a Map, _opening: &'a mut Opening<'_>) -> OpenFuture<'a> {
        as_it_is(self)
    }
}

impl OpenMap for Null {
    fn lookup<'a>(&'a self, _query: Query<'a>, _context: &'a mut LookupContext<'_>) -> FoundFuture<'a> {
        answered(missing(NOT_FOUND))
    }

    fn lookup_now(&self, _query: &ImmediateQuery<'_>, _value: &mut Vec<u8>) -> ImmediateLookup {
        ImmediateLookup::Missing(NOT_FOUND)
    }
}
