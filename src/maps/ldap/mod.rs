//! ldap: a directory server is searched, and attributes of what it finds are the value.
//!
//! `spec` reads the flags of a K line (and of option LDAPDefaultSpec), `connection` keeps one connection per
//! map and searches, `values` gathers attributes and follows those that name further entries, `lookup` is one
//! question. Never here: connecting, and TLS (`net`).

mod connection;
mod lookup;
mod search;
mod spec;
mod values;

use super::class::{FoundFuture, LookupContext, MapClass, OpenFuture, OpenMap, Opening, Query, opened};
use super::flags::Declaring;
use super::map::Map;
use crate::engine::Observer;
use connection::Connection;
use spec::LdapMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

pub(super) fn read(map: &mut Map, args: &[u8], declaring: &mut Declaring<'_>) -> Option<Arc<dyn MapClass>> {
    let (own, usable) = spec::read(map, args, declaring);
    usable.then(|| Arc::new(own) as Arc<dyn MapClass>)
}

impl MapClass for LdapMap {
    fn open<'a>(self: Arc<Self>, _map: &'a Map, _opening: &'a mut Opening<'_>) -> OpenFuture<'a> {
        opened(Some(Connection::new(self)))
    }
}

impl OpenMap for Connection {
    fn lookup<'a>(&'a self, query: Query<'a>, context: &'a mut LookupContext<'_>) -> FoundFuture<'a> {
        Box::pin(lookup::lookup(self, query.map, query.key, query.args, context.observer))
    }

    fn reachable<'a>(
        &'a self,
        map: &'a Map,
        observer: &'a mut dyn Observer,
    ) -> Option<Pin<Box<dyn Future<Output = bool> + Send + 'a>>> {
        Some(Box::pin(self.ready(map, observer)))
    }
}
