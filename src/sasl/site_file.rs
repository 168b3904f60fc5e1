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

impl Settings {
    /// What the site's file says; without one, passwords are where Cyrus SASL has them by itself.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn of_site() -> Result<Self, String> {
        for path in FILES {
            match std::fs::read(path) {
                Ok(text) => {
                    return Self::parse(&text)
                        .map_err(|line| format!("{path}: line {line}: name and colon are missing"));
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(format!("{path}: {error}")),
            }
        }
        Ok(Self::default())
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
            b"pwcheck_method" => self.methods = words(value).filter_map(method).collect(),
            b"auxprop_plugin" => self.has_database = words(value).any(|word| word == b"sasldb"),
            b"mech_list" => self.mechanisms = Some(value.to_vec()),
            b"sasldb_path" => self.database = value.to_vec(),
            b"saslauthd_path" => self.saslauthd = value.to_vec(),
            b"dovecot_path" => self.dovecot = value.to_vec(),
            _ => {}
        }
    }
}

fn words(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| byte.is_ascii_whitespace() || *byte == b',').filter(|word| !word.is_empty())
}

fn method(word: &[u8]) -> Option<Method> {
    match word.to_ascii_lowercase().as_slice() {
        // the second one believes every plain password: it is taken for the first, which does not
        b"auxprop" | b"alwaystrue" => Some(Method::Database),
        b"saslauthd" => Some(Method::Saslauthd),
        b"dovecot" => Some(Method::Dovecot),
        _ => None,
    }
}
