//! One connection per map, made at the first look-up and again when it breaks; look-ups take turns.

use super::super::map::{Flags, Map};
use super::search::{Entry, Search};
use super::spec::{Attribute, LdapMap};
use crate::engine::Observer;
use crate::net::{LdapTls, connect_to_ldap};
use ldap3::{Ldap, LdapError, Scope, SearchOptions};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// For connecting, without -c.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// For an answer, without -l.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);

/// The connection of a map.
pub(super) struct Connection {
    pub(super) own: Arc<LdapMap>,
    ldap: Mutex<Option<Ldap>>,
}

/// Why a search has no result.
pub(super) enum Failure {
    /// The filter is none.
    Filter,
    /// The server said so.
    Server(u32),
    /// There is no connection (any more).
    Broken,
}

impl Connection {
    pub fn new(own: Arc<LdapMap>) -> Self {
        Self { own, ldap: Mutex::new(None) }
    }

    /// Connects if need be; what goes wrong is said.
    pub async fn ready(&self, map: &Map, observer: &mut dyn Observer) -> bool {
        let mut ldap = self.ldap.lock().await;
        if ldap.is_some() {
            return true;
        }
        match connect(&self.own).await {
            Ok(fresh) => {
                *ldap = Some(fresh);
                true
            }
            Err(why) => {
                if !map.flags.contains(Flags::OPTIONAL) {
                    let parts: [&[u8]; 6] = [
                        b"ldap_init/ldap_bind failed to ",
                        self.own.server(),
                        b" in map ",
                        &map.name,
                        b": ",
                        why.as_bytes(),
                    ];
                    observer.tracer().message(&parts.concat());
                }
                false
            }
        }
    }

    /// Searches; a connection that the server has closed is made anew once.
    pub(super) async fn search(&self, search: &Search) -> Result<Vec<Entry>, Failure> {
        let mut ldap = self.ldap.lock().await;
        for _ in 0..2 {
            if ldap.as_mut().is_none_or(Ldap::is_closed) {
                *ldap = connect(&self.own).await.ok();
            }
            let Some(open) = ldap.as_mut() else { return Err(Failure::Broken) };
            match ask(open, &self.own, search).await {
                Err(Failure::Broken) => *ldap = None,
                answer => return answer,
            }
        }
        Err(Failure::Broken)
    }
}

/// The URLs of the servers, in the order in which they are tried.
fn urls(own: &LdapMap) -> Vec<String> {
    if let Some(uri) = &own.uri {
        let words = uri.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        return words.map(|word| String::from_utf8_lossy(word).into_owned()).collect();
    }
    let hosts = own.hosts.as_deref().unwrap_or(b"localhost").split(u8::is_ascii_whitespace);
    let url = |host: &[u8]| {
        let host = String::from_utf8_lossy(host).into_owned();
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        if has_port { format!("ldap://{host}") } else { format!("ldap://{host}:{}", own.port) }
    };
    hosts.filter(|host| !host.is_empty()).map(url).collect()
}

/// The error is what the C library leaves for the operator to read; under TLS, where that is any number at all, what was wrong.
async fn connect(own: &LdapMap) -> Result<Ldap, String> {
    let timeout = match own.connect_timeout {
        0 => CONNECT_TIMEOUT,
        seconds => Duration::from_secs(seconds.into()),
    };
    match connect_to_ldap(&urls(own).join(" "), &LdapTls::default(), timeout).await {
        Ok(ldap) => bind(own, ldap, timeout).await.ok_or_else(|| "Operation now in progress".into()),
        // no errno: TLS, or the files of its CAs
        Err(LdapError::Io { source }) if source.get_ref().is_some() => Err(source.to_string()),
        Err(_) => Err("Transport endpoint is not connected".into()),
    }
}

async fn bind(own: &LdapMap, mut ldap: Ldap, timeout: Duration) -> Option<Ldap> {
    if own.binds() {
        let name = String::from_utf8_lossy(&own.bind_name);
        let secret = String::from_utf8_lossy(own.secret.as_deref().unwrap_or_default());
        let bound = ldap.with_timeout(timeout).simple_bind(&name, &secret).await;
        if !bound.is_ok_and(|result| result.rc == 0) {
            return None;
        }
    }
    Some(ldap)
}

async fn ask(ldap: &mut Ldap, own: &LdapMap, search: &Search) -> Result<Vec<Entry>, Failure> {
    if ldap3::parse_filter(&search.filter).is_err() {
        return Err(Failure::Filter);
    }
    let options = SearchOptions::new()
        .deref(own.deref)
        .typesonly(own.names_only)
        .timelimit(own.time_limit as i32)
        .sizelimit(own.size_limit as i32);
    let timeout = match own.time_limit {
        0 => ANSWER_TIMEOUT,
        seconds => Duration::from_secs(seconds.into()) + Duration::from_secs(1),
    };
    let attributes = wanted(&own.attributes);
    let asked = ldap.with_search_options(options).with_timeout(timeout).search(
        &search.base,
        search.scope,
        &search.filter,
        attributes,
    );
    match asked.await {
        Ok(found) if found.1.rc == 0 => {
            Ok(found.0.into_iter().filter_map(|entry| Entry::of(entry.0)).collect())
        }
        Ok(found) => Err(Failure::Server(found.1.rc)),
        Err(LdapError::FilterParsing) => Err(Failure::Filter),
        Err(LdapError::Timeout { .. }) => Err(Failure::Server(3)),
        Err(_) => Err(Failure::Broken),
    }
}

/// The names to ask for; none: all.
fn wanted(attributes: &[Attribute]) -> Vec<String> {
    let mut names: Vec<String> =
        attributes.iter().map(|attribute| String::from_utf8_lossy(&attribute.name).into_owned()).collect();
    let by_class = attributes.iter().any(|attribute| !attribute.classes.is_empty());
    if by_class && !names.iter().any(|name| name.eq_ignore_ascii_case("objectClass")) {
        names.push("objectClass".to_owned());
    }
    names
}

/// Used by `values` for the names of other entries.
pub(super) const EVERYTHING: &str = "(objectClass=*)";
pub(super) const ONE_ENTRY: Scope = Scope::Base;
