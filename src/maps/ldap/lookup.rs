//! One look-up in an ldap map, and what is said when it fails.

use super::super::map::{Found, Map, NOT_FOUND, later, missing};
use super::connection::{Connection, Failure};
use super::search::Search;
use super::{result_text, values};
use crate::engine::Observer;
use crate::schema::Sysexit;

/// Asks an ldap map.
pub(super) async fn lookup(
    connection: &Connection,
    map: &Map,
    key: &[u8],
    args: &[Vec<u8>],
    observer: &mut dyn Observer,
) -> Found {
    let own = &connection.own;
    map.show_search("ldapmap_lookup", key, observer);
    let folded = map.fold(key);
    let first = Search {
        base: String::from_utf8_lossy(own.base.as_deref().unwrap_or_default()).into_owned(),
        scope: own.scope,
        filter: values::filled(&own.filter, &folded, args, own.many_arguments),
    };
    match values::gather(connection, own, map.delimiter, first).await {
        Ok(Some(value)) => map.found(key, &value, args, observer),
        Ok(None) => missing(NOT_FOUND),
        Err((at_once, Failure::Filter)) if at_once => {
            say(observer, b"Error in ldap_search in map ", map, b"", "Bad search filter")
        }
        Err((_, failure)) => {
            let why = match failure {
                Failure::Filter => "Bad search filter",
                Failure::Server(code) => result_text(code),
                Failure::Broken => "Can't contact LDAP server",
            };
            let name = [b", name=", key].concat();
            say(observer, b"Error getting LDAP results, map=", map, &name, why)
        }
    }
}

fn say(observer: &mut dyn Observer, what: &[u8], map: &Map, more: &[u8], why: &str) -> Found {
    observer.tracer().message(&[what, &map.name, more, b": ", why.as_bytes()].concat());
    let failed = later();
    debug_assert_eq!(failed.status, Sysexit::TEMPFAIL);
    failed
}
