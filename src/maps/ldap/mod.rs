//! ldap: a directory server is searched, and attributes of what it finds are the value.
//!
//! `spec` reads the flags of a K line (and of option LDAPDefaultSpec), `connection` keeps one connection per
//! map and searches, `values` gathers attributes and follows those that name further entries, `lookup` is one
//! question. Never here: TLS
//! (an ldaps: URI fails for now).

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

/// The C library's words for a result code of LDAP.
fn result_text(code: u32) -> &'static str {
    const TEXTS: &[(u32, &str)] = &[
        (1, "Operations error"),
        (2, "Protocol error"),
        (3, "Time limit exceeded"),
        (4, "Size limit exceeded"),
        (7, "Authentication method not supported"),
        (8, "Strong(er) authentication required"),
        (10, "Referral"),
        (11, "Administrative limit exceeded"),
        (12, "Critical extension is unavailable"),
        (13, "Confidentiality required"),
        (16, "No such attribute"),
        (17, "Undefined attribute type"),
        (18, "Inappropriate matching"),
        (21, "Invalid syntax"),
        (32, "No such object"),
        (33, "Alias problem"),
        (34, "Invalid DN syntax"),
        (36, "Alias dereferencing problem"),
        (48, "Inappropriate authentication"),
        (49, "Invalid credentials"),
        (50, "Insufficient access"),
        (51, "Server is busy"),
        (52, "Server is unavailable"),
        (53, "Server is unwilling to perform"),
        (54, "Loop detected"),
        (80, "Other (e.g., implementation specific) error"),
    ];
    TEXTS.iter().find(|(known, _)| *known == code).map_or("Unknown error", |(_, text)| text)
}
