//! Where the site's passwords are; `site_file` reads what `Sendmail.conf` says of it.

use super::secret::Proof;

/// Who knows passwords: words of `pwcheck_method`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    /// The sasldb2.
    Database,
    /// A process that is asked about plain passwords.
    Saslauthd,
    /// Dovecot, about plain passwords; a word of ours.
    Dovecot,
    /// A passwd-style file; a word of ours.
    PasswordFile,
    /// PAM, about plain passwords; a word of ours.
    Pam,
    /// An LDAP server, which is asked behind all others; a word of ours.
    Ldap,
    /// A program that is asked about tokens; no word of `pwcheck_method`.
    TokenProgram,
}

/// What the file says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// The file; `None`: there is none.
    pub file: Option<String>,
    /// `pwcheck_method`: who is asked about plain passwords, in this order.
    pub methods: Vec<Method>,
    /// Its words that nothing here knows, which ask nobody.
    pub unknown_methods: Vec<Vec<u8>>,
    /// `auxprop_plugin`: are passwords in a sasldb2? (Other plugins are not there.)
    pub has_database: bool,
    /// `mech_list`
    pub mechanisms: Option<Vec<u8>>,
    /// `sasldb_path`
    pub database: Vec<u8>,
    /// `saslauthd_path`
    pub saslauthd: Vec<u8>,
    /// `dovecot_path`: the socket of Dovecot's authentication clients; a word of ours.
    pub dovecot: Vec<u8>,
    /// `passwd_file_path`: the passwd-style file; a word of ours.
    pub password_file: Vec<u8>,
    /// `oauth_program`: the program that knows tokens, with its words; a word of ours.
    pub token_program: Option<Vec<u8>>,
    /// Words of saslauthd's own file.
    pub ldap: LdapSettings,
}

/// How an LDAP server is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LdapSettings {
    /// `ldap_servers`: URLs, the first that answers is asked.
    pub servers: Vec<u8>,
    /// `ldap_dn`: the name of the entry, with `%u` and `%r`; a word of ours.
    pub name: Option<Vec<u8>>,
    /// `ldap_search_base`, `ldap_filter`: where it is looked for, and how, if its name does not follow from the user's.
    pub base: Vec<u8>,
    /// See `base`.
    pub filter: Vec<u8>,
    /// `ldap_bind_dn`, `ldap_bind_pw`: as whom; `None`: as nobody.
    pub searcher: Option<(Vec<u8>, Vec<u8>)>,
    /// `ldap_start_tls`: TLS with servers of `ldap:` URLs as well.
    pub start_tls: bool,
    /// `ldap_tls_cacert_file`, `ldap_tls_cacert_dir`: whose certificates are believed; neither: whom ldap.conf(5) names.
    pub authorities: (Option<Vec<u8>>, Option<Vec<u8>>),
    /// `ldap_tls_check_peer`: is a certificate to prove the server's name? `None`: as ldap.conf(5) says.
    pub checks_certificate: Option<bool>,
}

impl Default for LdapSettings {
    fn default() -> Self {
        Self {
            servers: b"ldap://localhost/".to_vec(),
            name: None,
            base: Vec::new(),
            filter: b"(uid=%u)".to_vec(),
            searcher: None,
            start_tls: false,
            authorities: (None, None),
            checks_certificate: None,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            file: None,
            methods: vec![Method::Database],
            unknown_methods: Vec::new(),
            has_database: true,
            mechanisms: None,
            database: b"/etc/sasldb2".to_vec(),
            saslauthd: b"/run/saslauthd/mux".to_vec(),
            dovecot: b"/run/dovecot/auth-client".to_vec(),
            password_file: b"/etc/mail/passwd-file".to_vec(),
            token_program: None,
            ldap: LdapSettings::default(),
        }
    }
}

impl Settings {
    /// Nobody knows any password.
    pub fn none() -> Self {
        Self { methods: Vec::new(), has_database: false, mechanisms: Some(Vec::new()), ..Self::default() }
    }

    /// Who is asked, in this order: about anything but a plain password only who has passwords,
    /// about a token only the program.
    pub fn asked(&self, proof: &Proof) -> Vec<Method> {
        match proof {
            Proof::Password(_) => return self.methods.clone(),
            Proof::Token(_) => return vec![Method::TokenProgram],
            _ => {}
        }
        let mut asked = Vec::new();
        if self.methods.contains(&Method::PasswordFile) {
            asked.push(Method::PasswordFile);
        }
        if self.has_database || asked.is_empty() {
            asked.push(Method::Database);
        }
        asked
    }
}
