//! Where an address goes, in one line.

use crate::config::{Config, MailerId};

/// `mailer esmtp, host mail.example, user joe@mail.example`
pub(super) fn destination(config: &Config, mailer: MailerId, host: Option<&[u8]>, user: &[u8]) -> Vec<u8> {
    let mailer = config.mailers.get(usize::from(mailer.0)).map_or(&b"?"[..], |mailer| &mailer.name);
    let host = host.filter(|host| !host.is_empty());
    let host = host.map(|host| [b", host ", host].concat()).unwrap_or_default();
    [b"mailer ", mailer, &host, b", user ", user].concat()
}
