//! One look-up in an ldap map, and what is said when it fails.

use super::super::map::{Found, Map, NOT_FOUND, later, missing};
use super::connection::{Connection, Failure};
use super::search::Search;
use super::values;
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
