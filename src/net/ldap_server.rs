//! A connection to an LDAP server.
//!
//! In: the URLs of servers that know the same. Out: a connection to the first that can be reached, as nobody yet.

use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapError};
use std::io;
use std::time::Duration;
use tokio::time::timeout;

/// Connects to the first server that answers, each within `limit`; URLs stand between spaces.
///
/// # Errors
/// What was wrong with the last one.
pub async fn connect_to_ldap(urls: &str, limit: Duration) -> Result<Ldap, LdapError> {
    let mut last = LdapError::from(io::Error::from(io::ErrorKind::NotConnected));
    for url in urls.split_ascii_whitespace() {
        let settings = LdapConnSettings::new().set_conn_timeout(limit);
        match timeout(limit, LdapConnAsync::with_settings(settings, url)).await {
            Ok(Ok((connection, ldap))) => {
                // it ends with the last handle
                tokio::spawn(async move { drop(connection.drive().await) });
                return Ok(ldap);
            }
            Ok(Err(error)) => last = error,
            Err(elapsed) => last = LdapError::Timeout { elapsed },
        }
    }
    Err(last)
}
