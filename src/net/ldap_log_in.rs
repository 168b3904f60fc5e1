//! Passwords that an LDAP server knows: whoever can bind with one has it (RFC 4513, section 5.1.3).
//!
//! In: what `Sendmail.conf` says of the server, and a password that a client has said. Out: does the server take it? The name to bind with is made
//! of the user's, or searched for. Never here: the server's own passwords beside the one to search with.

use super::ldap_server::connect_to_ldap;
use super::ldap_tls::LdapTls;
use crate::sasl::{Answer, LdapSettings, Proof, Question, Refusal};
use crate::sys::accounts;
use bstr::ByteSlice;
use ldap3::{Ldap, LdapError, LdapResult, Scope, SearchEntry, SearchOptions, SearchResult};
use std::path::PathBuf;
use std::time::Duration;

/// For the connection, and for each answer.
const LIMIT: Duration = Duration::from_secs(20);
/// No attribute (RFC 4511, section 4.5.1.8): only the name of an entry is wanted.
const NO_ATTRIBUTE: &str = "1.1";

/// Results of RFC 4511, appendix A.1.
mod result {
    pub(super) const SUCCESS: u32 = 0;
    pub(super) const SIZE_LIMIT_EXCEEDED: u32 = 4;
    pub(super) const NO_SUCH_OBJECT: u32 = 32;
    pub(super) const INVALID_DN_SYNTAX: u32 = 34;
    pub(super) const INAPPROPRIATE_AUTHENTICATION: u32 = 48;
    pub(super) const INVALID_CREDENTIALS: u32 = 49;
}

/// What an LDAP server says of a plain password; of anything else it knows nothing.
///
/// # Errors
/// Why it does not say, in words for the operator.
pub async fn ldap_answer(settings: &LdapSettings, question: &Question) -> Result<Answer, String> {
    let Proof::Password(password) = &question.proof else { return Ok(Answer::No(Refusal::NoMethod)) };
    // a server takes a bind without a password from anybody (RFC 4513, section 5.1.2)
    let Some(password) = std::str::from_utf8(password).ok().filter(|password| !password.is_empty()) else {
        return Ok(Answer::No(Refusal::Wrong));
    };
    let mut ldap = connected(settings).await?;
    let Some(name) = name_of(settings, &mut ldap, question).await? else {
        return Ok(Answer::No(Refusal::NoUser));
    };
    let bound = ldap.with_timeout(LIMIT).simple_bind(&name, password).await;
    let bound = bound.map_err(|error| failed(settings, &format!("bind as {name}"), error))?;
    match bound.rc {
        result::SUCCESS => Ok(Answer::Right),
        result::INVALID_CREDENTIALS
        | result::INAPPROPRIATE_AUTHENTICATION
        | result::NO_SUCH_OBJECT
        | result::INVALID_DN_SYNTAX => Ok(Answer::No(Refusal::Wrong)),
        _ => Err(failed(settings, &format!("bind as {name}"), bound.into())),
    }
}

/// Can the server be reached, and is the user there?
///
/// # Errors
/// Why not, in words for the operator.
pub async fn look_for_ldap_user(settings: &LdapSettings, question: &Question) -> Result<String, String> {
    let mut ldap = connected(settings).await?;
    let place = settings.servers.as_bstr();
    match name_of(settings, &mut ldap, question).await? {
        Some(name) => Ok(format!("{place}: binds as {name}")),
        None => {
            let (base, filter) = (settings.base.as_bstr(), filter(settings, question));
            Err(format!("{place}: no entry, or several, for {filter} below ldap_search_base {base}"))
        }
    }
}

async fn connected(settings: &LdapSettings) -> Result<Ldap, String> {
    let connected = connect_to_ldap(&text(&settings.servers), &tls(settings), LIMIT).await;
    connected.map_err(|error| failed(settings, "cannot connect", error))
}

fn tls(settings: &LdapSettings) -> LdapTls {
    let (file, directory) = &settings.authorities;
    LdapTls {
        start: settings.start_tls,
        file: file.as_deref().map(accounts::path),
        directory: directory.as_deref().map(accounts::path),
        checks: settings.checks_certificate,
    }
}

/// Files that TLS to the server of these settings needs.
pub fn ldap_log_in_files(settings: &LdapSettings) -> Vec<PathBuf> {
    tls(settings).files()
}

fn failed(settings: &LdapSettings, step: &str, error: LdapError) -> String {
    format!("{}: {step}: {error}", settings.servers.as_bstr())
}

/// The name to bind with; `None`: nobody, or more than one, is called so.
async fn name_of(
    settings: &LdapSettings,
    ldap: &mut Ldap,
    question: &Question,
) -> Result<Option<String>, String> {
    if question.account().0.is_empty() {
        return Ok(None);
    }
    if let Some(pattern) = &settings.name {
        return Ok(Some(filled(pattern, question, |value| ldap3::dn_escape(value).into_owned())));
    }
    if let Some((name, password)) = &settings.searcher {
        let bound = ldap.with_timeout(LIMIT).simple_bind(&text(name), &text(password)).await;
        bound
            .and_then(LdapResult::success)
            .map_err(|error| failed(settings, &format!("bind as ldap_bind_dn {}", name.as_bstr()), error))?;
    }
    let options = SearchOptions::new().sizelimit(2);
    let (base, filter) = (text(&settings.base), filter(settings, question));
    let searching = ldap.with_search_options(options).with_timeout(LIMIT).search(
        &base,
        Scope::Subtree,
        &filter,
        [NO_ATTRIBUTE],
    );
    let no_search = |error| failed(settings, &format!("search below ldap_search_base {base}"), error);
    let SearchResult(found, end) = searching.await.map_err(no_search)?;
    if end.rc != result::SIZE_LIMIT_EXCEEDED {
        end.success().map_err(no_search)?;
    }
    let found = found.into_iter().filter(|entry| !entry.is_ref() && !entry.is_intermediate());
    let names: Vec<String> = found.map(|entry| SearchEntry::construct(entry).dn).collect();
    Ok(<[String; 1]>::try_from(names).ok().map(|[name]| name))
}

fn filter(settings: &LdapSettings, question: &Question) -> String {
    filled(&settings.filter, question, |value| ldap3::ldap_escape(value).into_owned())
}

/// `%u` is the user, `%r` the realm, `%%` a percent sign.
fn filled(pattern: &[u8], question: &Question, escaped: impl Fn(String) -> String) -> String {
    let (user, realm) = question.account();
    let pattern = text(pattern);
    let (mut out, mut letters) = (String::new(), pattern.chars());
    while let Some(letter) = letters.next() {
        match (letter, letter == '%') {
            (_, true) => match letters.next() {
                Some('u') => out += &escaped(text(user)),
                Some('r') => out += &escaped(text(realm)),
                Some(other) => out.push(other),
                None => {}
            },
            _ => out.push(letter),
        }
    }
    out
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(name: &[u8], password: &[u8]) -> Question {
        let (name, realm) = (name.to_vec(), b"site.example".to_vec());
        Question { name, realm, proof: Proof::Password(password.to_vec()) }
    }

    #[test]
    fn names_of_users_say_nothing_of_their_own() {
        let asked = question(b"a,b*)(uid=x", b"");
        let name = filled(b"uid=%u,dc=%r,o=100%%", &asked, |value| ldap3::dn_escape(value).into_owned());
        assert_eq!(name, "uid=a\\2cb*)(uid\\3dx,dc=site.example,o=100%");
        let filter = filter(&LdapSettings::default(), &asked);
        assert_eq!(filter, "(uid=a,b\\2a\\29\\28uid=x)");
    }

    #[tokio::test]
    async fn without_a_password_no_server_is_asked() {
        let settings =
            LdapSettings { servers: b"ldapi://%2fnonexistent".to_vec(), ..LdapSettings::default() };
        for empty in [&b""[..], b"\xff"] {
            let told = ldap_answer(&settings, &question(b"a", empty)).await;
            assert_eq!(told, Ok(Answer::No(Refusal::Wrong)));
        }
        let unreachable = ldap_answer(&settings, &question(b"a", b"secret")).await;
        let why = unreachable.expect_err("nobody is there");
        assert!(why.starts_with("ldapi://%2fnonexistent: cannot connect: "), "{why}");
    }
}
