//! What EHLO offers (RFC 5321, section 4.1.1.1), as rows. Nothing is offered before it works.

use super::auth;
use super::features::Features;
use super::policy::Policy;
use super::security::Security;
use super::xclient;

/// One extension.
pub struct Extension {
    /// The keyword.
    pub keyword: &'static str,
    /// The line to offer, `None` where it is not offered to this client.
    pub offer: fn(&Features, &Policy, &Security) -> Option<Vec<u8>>,
}

fn plain(keyword: &str, offered: bool) -> Option<Vec<u8>> {
    offered.then(|| keyword.as_bytes().to_vec())
}

/// In the order of the reply.
pub const EXTENSIONS: &[Extension] = &[
    Extension { keyword: "ENHANCEDSTATUSCODES", offer: |_, _, _| plain("ENHANCEDSTATUSCODES", true) },
    Extension { keyword: "PIPELINING", offer: |features, _, _| plain("PIPELINING", features.pipelining) },
    Extension { keyword: "EXPN", offer: |features, _, _| plain("EXPN", features.expn) },
    Extension { keyword: "VERB", offer: |features, _, _| plain("VERB", features.expn && features.verb) },
    Extension { keyword: "8BITMIME", offer: |_, _, _| plain("8BITMIME", true) },
    Extension { keyword: "CHUNKING", offer: |_, policy, _| plain("CHUNKING", policy.chunking) },
    Extension {
        keyword: "SIZE",
        offer: |_, policy, _| match policy.max_message_size {
            0 => plain("SIZE", true),
            limit => Some(format!("SIZE {limit}").into_bytes()),
        },
    },
    Extension { keyword: "DSN", offer: |features, _, _| plain("DSN", features.dsn) },
    Extension { keyword: "SMTPUTF8", offer: |_, policy, _| plain("SMTPUTF8", policy.utf8) },
    Extension { keyword: "ETRN", offer: |features, _, _| plain("ETRN", features.etrn) },
    Extension { keyword: "AUTH", offer: auth::offer },
    Extension {
        keyword: "STARTTLS",
        offer: |features, _, security| plain("STARTTLS", features.starttls && security.can_protect),
    },
    Extension {
        keyword: "DELIVERBY",
        offer: |_, policy, _| match policy.deliver_by_min?.as_secs() {
            0 => plain("DELIVERBY", true),
            least => Some(format!("DELIVERBY {least}").into_bytes()),
        },
    },
    Extension {
        keyword: "REQUIRETLS",
        offer: |_, policy, security| plain("REQUIRETLS", policy.offers_require_tls(security)),
    },
    Extension { keyword: "XCLIENT", offer: |features, _, _| plain(xclient::OFFER, features.xclient) },
    Extension { keyword: "HELP", offer: |_, _, _| plain("HELP", true) },
];

/// The keyword lines for one client; a client that is refused sees the first only.
pub fn offered(features: &Features, policy: &Policy, security: &Security, refused: bool) -> Vec<Vec<u8>> {
    let rows = if refused { &EXTENSIONS[..1] } else { EXTENSIONS };
    rows.iter().filter_map(|row| (row.offer)(features, policy, security)).collect()
}
