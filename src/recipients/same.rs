//! When two addresses are one.

use crate::config::Config;
use crate::envelope::Recipient;
use crate::rewrite::Address;

/// Without the backslash that keeps it from being an alias.
pub(super) fn plain_user(user: &[u8]) -> &[u8] {
    user.strip_prefix(b"\\").unwrap_or(user)
}

/// Same mailer, host and user; case counts where the mailer's flags u and h say so.
pub(super) fn addresses(config: &Config, one: &Address, two: &Address) -> bool {
    if one.mailer != two.mailer {
        return false;
    }
    let mailer = config.mailers.get(usize::from(one.mailer.0));
    let exact = |flag: u8| mailer.is_some_and(|mailer| mailer.has(flag));
    let equal = |exact: bool, a: &[u8], b: &[u8]| if exact { a == b } else { a.eq_ignore_ascii_case(b) };
    let hosts = (one.host.as_deref().unwrap_or_default(), two.host.as_deref().unwrap_or_default());
    equal(exact(b'u'), plain_user(&one.user), plain_user(&two.user)) && equal(exact(b'h'), hosts.0, hosts.1)
}

/// Does the address name a file or program (and not a mailbox)? Those differ by who named them.
pub(super) fn is_file_or_program(config: &Config, address: &Address) -> bool {
    let name = config.mailers.get(usize::from(address.mailer.0)).map_or(&b""[..], |mailer| &mailer.name);
    name.eq_ignore_ascii_case(b"prog") || name.eq_ignore_ascii_case(b"*file*")
}

/// Are they to get one copy only?
pub(super) fn recipients(config: &Config, one: &Recipient, two: &Recipient) -> bool {
    let (Some(a), Some(b)) = (&one.address, &two.address) else { return false };
    let user = |recipient: &Recipient| recipient.control.as_ref().map(|control| control.ids.uid);
    addresses(config, a, b) && (!is_file_or_program(config, a) || user(one) == user(two))
}
