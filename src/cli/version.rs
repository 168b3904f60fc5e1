//! `-d0.1`: who this is, for scripts that ask sendmail for its version.

use crate::config::Config;

/// What this binary can do, in sendmail's words: how-tos and scripts look for STARTTLS, SASLv2 and MILTER here.
const COMPILED_WITH: &[&str] = &[
    "DNSMAP",
    "IPV6_FULL",
    "LDAPMAP",
    "LOG",
    "MAP_REGEX",
    "MATCHGECOS",
    "MILTER",
    "MIME7TO8",
    "MIME8TO7",
    "NAMED_BIND",
    "NETINET",
    "NETINET6",
    "NETUNIX",
    "NEWDB=5.3",
    "PIPELINING",
    "SASLv2",
    "SCANF",
    "SOCKETMAP",
    "STARTTLS",
    "TLS_EC",
    "USERDB",
    "XDEBUG",
];

/// Widest line of the list.
const WIDTH: usize = 72;

/// Printed before the configuration is read.
pub fn banner() -> Vec<u8> {
    let mut text = concat!("Version canonify-", env!("CARGO_PKG_VERSION"), "\n Compiled with:").to_owned();
    let mut column = " Compiled with:".len();
    for word in COMPILED_WITH {
        if column + word.len() + 1 > WIDTH {
            text.push_str("\n\t\t");
            column = 16;
        } else {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += word.len();
    }
    text.push('\n');
    text.into_bytes()
}

/// Printed when the configuration has been read.
pub fn identity(config: &Config) -> Vec<u8> {
    let mut text = b"\n============ SYSTEM IDENTITY (after readcf) ============\n".to_vec();
    let rows = [
        ("      (short domain name) $w = ", "w"),
        ("  (canonical domain name) $j = ", "j"),
        ("         (subdomain name) $m = ", "m"),
        ("              (node name) $k = ", "k"),
    ];
    for (head, name) in rows {
        text.extend_from_slice(head.as_bytes());
        match config.macro_value(name) {
            Some(value) => text.extend(config.expand(value)),
            None => text.extend_from_slice(b"<null>"),
        }
        text.push(b'\n');
    }
    text.extend_from_slice(&[b'='; 56]);
    text.extend_from_slice(b"\n\n");
    text
}

#[cfg(test)]
mod tests {
    use super::{WIDTH, banner};

    #[test]
    fn what_scripts_look_for_is_there() {
        let text = String::from_utf8(banner()).expect("ASCII");
        let words: Vec<_> = text.split_whitespace().collect();
        for word in ["STARTTLS", "SASLv2", "MILTER", "LDAPMAP", "MIME8TO7", "NEWDB=5.3"] {
            assert!(words.contains(&word), "{word} in {text}");
        }
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
    }
}
