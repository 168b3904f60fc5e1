//! Macros of the cf in the site's text: `${name}` with a name that none has.

use std::collections::BTreeSet;

use super::mistakes::{Edit, Lint, Remedy};
use super::words::one_slip_off;
use crate::diag::Severity::Warning;
use crate::diag::nearest;
use crate::m4::library::EMBEDDED;

/// Long names of macros that sendmail sets by itself (Operations Guide, 5.2).
#[rustfmt::skip]
const MACRO_NAMES: &[&str] = &[
    "addr_type", "alg_bits", "auth_authen", "auth_author", "auth_ssf", "auth_type", "bodytype",
    "cert_altnames", "cert_fp", "cert_issuer", "cert_md5", "cert_subject", "cipher", "cipher_bits",
    "client_addr", "client_connections", "client_flags", "client_name", "client_port", "client_ptr",
    "client_rate", "client_resolve", "cn_issuer", "cn_subject", "currHeader", "daemon_addr",
    "daemon_family", "daemon_flags", "daemon_info", "daemon_name", "daemon_port", "deliveryMode",
    "dsn_envid", "dsn_notify", "dsn_ret", "envid", "hdr_name", "hdrlen", "if_addr", "if_addr_out",
    "if_family", "if_family_out", "if_name", "if_name_out", "load_avg", "mail_addr", "mail_from",
    "mail_host", "mail_mailer", "msg_id", "msg_size", "nbadrcpts", "nrcpts", "ntries", "opMode",
    "persistentMacros", "quarantine", "queue_interval", "rcpt_addr", "rcpt_flags", "rcpt_host",
    "rcpt_mailer", "sendmailMTACluster", "server_addr", "server_name", "sts_sni", "time",
    "tls_version", "total_rate", "verify",
];

/// `$&{clientaddr}`, and `$& {client_addr}`, which is no macro at all.
pub(super) fn check(lint: &mut Lint<'_>) {
    let text = lint.text;
    let own = set_here(text);
    let mut library: Option<BTreeSet<&str>> = None;
    for brace in memchr::memchr_iter(b'{', text) {
        let Some(length) = memchr::memchr(b'}', &text[brace..]) else { continue };
        let Ok(name) = std::str::from_utf8(&text[brace + 1..brace + length]) else { continue };
        let before = &text[..brace];
        let named = name.len() > 2 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !named || super::copied::is_in_comment(text, brace) {
            continue;
        }
        let (line_end, asked) = (before.trim_ascii_end(), [b"$".as_slice(), b"$&", b"$?"]);
        if before.ends_with(b" ") && line_end.ends_with(b"$&") && MACRO_NAMES.contains(&name) {
            let remedy = Remedy::Sure(vec![Edit::new(line_end.len(), brace, "")]);
            let message =
                format!("a blank stands between $& and {{{name}}}: the text keeps both as they are");
            lint.mend(Warning, line_end.len() - 2, message, format!("write $&{{{name}}}"), remedy);
            continue;
        }
        if !asked.iter().any(|sign| before.ends_with(sign))
            || own.contains(name)
            || MACRO_NAMES.contains(&name)
        {
            continue;
        }
        let library =
            library.get_or_insert_with(|| EMBEDDED.iter().flat_map(|(_, text)| set_here(text)).collect());
        let near = nearest(name, MACRO_NAMES.iter().copied());
        let Some(meant) = near.first().filter(|meant| !library.contains(name) && one_slip_off(name, meant))
        else {
            continue;
        };
        let remedy = Remedy::Guess(vec![Edit::new(brace + 1, brace + length, *meant)]);
        let message = format!("nothing sets a macro {name}: it is empty");
        lint.mend(Warning, brace + 1, message, format!("did you mean {{{meant}}}?"), remedy);
    }
}

/// Long names of macros and classes that sendmail or the built-in library knows.
pub fn library_names() -> BTreeSet<&'static str> {
    let names = EMBEDDED.iter().flat_map(|(_, text)| {
        memchr::memchr_iter(b'{', text).filter_map(|at| {
            let length = memchr::memchr(b'}', &text[at..])?;
            std::str::from_utf8(&text[at + 1..at + length]).ok()
        })
    });
    names.chain(MACRO_NAMES.iter().copied()).collect()
}

/// Names in braces that stand where they are not asked for: D, C and F lines, `$(macro {name} …`.
fn set_here(text: &[u8]) -> BTreeSet<&str> {
    let braces = memchr::memchr_iter(b'{', text).filter(|at| !text[..*at].ends_with(b"$&"));
    let braces = braces.filter(|at| !text[..*at].ends_with(b"$") && !text[..*at].ends_with(b"$?"));
    let names = braces.filter_map(|at| {
        let length = memchr::memchr(b'}', &text[at..])?;
        std::str::from_utf8(&text[at + 1..at + length]).ok()
    });
    names.collect()
}
