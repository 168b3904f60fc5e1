//! A connection to an LDAP server.
//!
//! In: the URLs of servers that know the same (`ldap:`, `ldaps:`, `ldapi:`). Out: a connection to the first that can be reached, as nobody
//! yet; under TLS only if the server's certificate proves its name.

use super::ldap_tls::LdapTls;
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapError};
use std::io;
use std::time::Duration;
use tokio::time::timeout;

/// Connects to the first server that answers, each within `limit`; URLs stand between spaces.
///
/// # Errors
/// What was wrong with the last one.
pub async fn connect_to_ldap(urls: &str, tls: &LdapTls, limit: Duration) -> Result<Ldap, LdapError> {
    let mut last = LdapError::from(io::Error::from(io::ErrorKind::NotConnected));
    for url in urls.split_ascii_whitespace() {
        match timeout(limit, connect(url, tls, limit)).await {
            Ok(Ok(ldap)) => return Ok(ldap),
            Ok(Err(error)) => last = error,
            Err(elapsed) => last = LdapError::Timeout { elapsed },
        }
    }
    Err(last)
}

async fn connect(url: &str, tls: &LdapTls, limit: Duration) -> Result<Ldap, LdapError> {
    let mut settings = LdapConnSettings::new().set_conn_timeout(limit);
    let is = |scheme: &str| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    if is("ldaps:") || is("ldap:") && tls.start {
        let wanted = tls.clone();
        let client = tokio::task::spawn_blocking(move || wanted.client());
        settings = match client.await.map_err(io::Error::other)?.map_err(io::Error::other)? {
            Some(client) => settings.set_config(client),
            None => settings.set_no_tls_verify(true),
        };
        settings = settings.set_starttls(tls.start);
    }
    let (connection, ldap) = LdapConnAsync::with_settings(settings, url).await?;
    // it ends with the last handle
    tokio::spawn(async move { drop(connection.drive().await) });
    Ok(ldap)
}
