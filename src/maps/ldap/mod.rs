//! ldap: a directory server is searched, and attributes of what it finds are the value.
//!
//! `spec` reads the flags of a K line (and of option LDAPDefaultSpec), `connection` keeps one connection per
//! map and searches, `values` gathers attributes and follows those that name further entries. Never here: TLS
//! (an ldaps: URI fails for now).

mod connection;
mod spec;
mod values;

pub(super) use connection::{Connection, lookup};
pub use spec::LdapMap;
pub(super) use spec::{DEFAULTS_NAME, parse};

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
