//! `Sendmail.conf` of Cyrus SASL: what it says of the site's passwords.

use super::settings::{Method, Settings};

/// Where it is looked for; the first that is there counts.
const FILES: &[&str] = &[
    "/etc/sasl2/Sendmail.conf",
    "/etc/sasl/Sendmail.conf",
    "/etc/mail/sasl/Sendmail.conf",
    "/usr/lib/x86_64-linux-gnu/sasl2/Sendmail.conf",
    "/usr/lib/aarch64-linux-gnu/sasl2/Sendmail.conf",
    "/usr/lib64/sasl2/Sendmail.conf",
    "/usr/lib/sasl2/Sendmail.conf",
];

impl Method {
    /// All of them, with their words.
    pub const ROWS: &[(&str, Self)] = &[
        ("auxprop", Self::Database),
        ("saslauthd", Self::Saslauthd),
        ("dovecot", Self::Dovecot),
        ("passwd-file", Self::PasswordFile),
        ("pam", Self::Pam),
        ("ldap", Self::Ldap),
    ];

    /// The method of this word.
    pub fn named(word: &[u8]) -> Option<Self> {
        Self::ROWS
            .iter()
            .find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, method)| *method)
    }

    /// Its word, or what names it in the file.
    pub fn word(self) -> &'static str {
        Self::ROWS.iter().find(|(_, method)| *method == self).map_or("oauth_program", |(name, _)| name)
    }
}

impl Settings {
    /// What the site's file says; without one, passwords are where Cyrus SASL has them by itself.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn of_site() -> Result<Self, String> {
        for path in FILES {
            match std::fs::read(path) {
                Ok(text) => return Self::of_text(path, &text),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(format!("{path}: {error}")),
            }
        }
        Ok(Self::default())
    }

    /// What a file of this text says.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn of_text(path: &str, text: &[u8]) -> Result<Self, String> {
        match Self::parse(text) {
            Ok(settings) => Ok(Self { file: Some(path.to_owned()), ..settings }),
            Err(line) => Err(format!("{path}: line {line}: name and colon are missing")),
        }
    }

    /// Reads the text of the file.
    ///
    /// # Errors
    /// The number of the first line that is none.
    pub fn parse(text: &[u8]) -> Result<Self, usize> {
        let mut settings = Self::default();
        for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            let colon = line.iter().position(|byte| *byte == b':').ok_or(number + 1)?;
            let (name, value) = (line[..colon].to_ascii_lowercase(), line[colon + 1..].trim_ascii());
            let legal = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            if name.is_empty() || !name.iter().all(legal) {
                return Err(number + 1);
            }
            settings.set(&name, value);
        }
        Ok(settings)
    }

    fn set(&mut self, name: &[u8], value: &[u8]) {
        match name {
            b"pwcheck_method" => {
                let known = words(value).map(|word| method(word).ok_or(word));
                let (known, unknown): (Vec<_>, Vec<_>) = known.partition(Result::is_ok);
                self.methods = known.into_iter().flatten().collect();
                self.unknown_methods =
                    unknown.into_iter().filter_map(Result::err).map(<[u8]>::to_vec).collect();
            }
            b"auxprop_plugin" => self.has_database = words(value).any(|word| word == b"sasldb"),
            b"mech_list" => self.mechanisms = Some(value.to_vec()),
            b"sasldb_path" => self.database = value.to_vec(),
            b"saslauthd_path" => self.saslauthd = value.to_vec(),
            b"dovecot_path" => self.dovecot = value.to_vec(),
            b"passwd_file_path" => self.password_file = value.to_vec(),
            b"ldap_servers" => self.ldap.servers = value.to_vec(),
            b"ldap_dn" => self.ldap.name = Some(value.to_vec()),
            b"ldap_search_base" => self.ldap.base = value.to_vec(),
            b"ldap_filter" => self.ldap.filter = value.to_vec(),
            b"ldap_bind_dn" => self.ldap.searcher.get_or_insert_default().0 = value.to_vec(),
            b"ldap_bind_pw" => self.ldap.searcher.get_or_insert_default().1 = value.to_vec(),
            b"ldap_start_tls" => self.ldap.start_tls = is_yes(value),
            b"ldap_tls_cacert_file" => self.ldap.authorities.0 = Some(value.to_vec()),
            b"ldap_tls_cacert_dir" => self.ldap.authorities.1 = Some(value.to_vec()),
            b"ldap_tls_check_peer" => self.ldap.checks_certificate = Some(is_yes(value)),
            b"oauth_program" => self.token_program = Some(value.to_vec()).filter(|value| !value.is_empty()),
            _ => {}
        }
    }
}

/// As Cyrus SASL reads a switch.
fn is_yes(value: &[u8]) -> bool {
    matches!(value.first(), Some(b'1' | b'y' | b'Y' | b't' | b'T')) || value.eq_ignore_ascii_case(b"on")
}

fn words(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| byte.is_ascii_whitespace() || *byte == b',').filter(|word| !word.is_empty())
}

fn method(word: &[u8]) -> Option<Method> {
    // it believes every plain password: it is taken for auxprop, which does not
    let word = if word.eq_ignore_ascii_case(b"alwaystrue") { b"auxprop" } else { word };
    Method::named(word)
}
