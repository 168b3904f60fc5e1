//! One look-up in an ldap map, and what is said when it fails.

use super::super::map::{Found, Map, NOT_FOUND, later, missing};
use super::connection::{Connection, Failure};
use super::search::Search;
use super::{result_text, values};
use crate::logging::Tracer;
use crate::schema::Sysexit;

/// Asks an ldap map.
pub(super) async fn lookup(
    connection: &Connection,
    map: &Map,
    key: &[u8],
    args: &[Vec<u8>],
    tracer: &mut dyn Tracer,
) -> Found {
    let own = &connection.own;
    if tracer.level(38) >= 20 {
        tracer.line(&[b"ldapmap_lookup(", map.name.as_slice(), b", ", key, b")"].concat());
    }
    let folded = map.fold(key);
    let first = Search {
        base: String::from_utf8_lossy(own.base.as_deref().unwrap_or_default()).into_owned(),
        scope: own.scope,
        filter: values::filled(&own.filter, &folded, args, own.many_arguments),
    };
    match values::gather(connection, own, map.delimiter, first).await {
        Ok(Some(value)) => map.found(key, &value, args, tracer),
        Ok(None) => missing(NOT_FOUND),
        Err((at_once, Failure::Filter)) if at_once => {
            say(tracer, b"Error in ldap_search in map ", map, b"", "Bad search filter")
        }
        Err((_, failure)) => {
            let why = match failure {
                Failure::Filter => "Bad search filter",
                Failure::Server(code) => result_text(code),
                Failure::Broken => "Can't contact LDAP server",
            };
            let name = [b", name=", key].concat();
            say(tracer, b"Error getting LDAP results, map=", map, &name, why)
        }
    }
}

fn say(tracer: &mut dyn Tracer, what: &[u8], map: &Map, more: &[u8], why: &str) -> Found {
    tracer.message(&[what, &map.name, more, b": ", why.as_bytes()].concat());
    let failed = later();
    debug_assert_eq!(failed.status, Sysexit::TEMPFAIL);
    failed
}
