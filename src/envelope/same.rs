//! When two addresses are one.

use super::recipient::{Recipient, RecipientFlags};
use crate::addr::without_quotes;
use crate::config::{Config, Mailer};
use crate::rewrite::Address;

/// The login name that it stands for: without the backslash that keeps it from being an alias, and whatever else is quoted in it.
pub fn plain_user(user: &[u8]) -> Vec<u8> {
    without_quotes(user).collect()
}

/// Same mailer, host and user; case counts where the mailer's flags u and h say so. A mailbox that is named past its alias
/// (`\user`) is another one.
pub fn is_same_address(config: &Config, one: &Address, other: &Address) -> bool {
    if one.mailer != other.mailer {
        return false;
    }
    let mailer = config.mailers.get(usize::from(one.mailer.0));
    let exact = |flag: u8| mailer.is_some_and(|mailer| mailer.has(flag));
    let equal = |exact: bool, a: &[u8], b: &[u8]| if exact { a == b } else { a.eq_ignore_ascii_case(b) };
    let hosts = (one.host.as_deref().unwrap_or_default(), other.host.as_deref().unwrap_or_default());
    equal(exact(b'u'), &one.user, &other.user) && equal(exact(b'h'), hosts.0, hosts.1)
}

/// Does the address name a file or program (and not a mailbox)? Those differ by who named them.
pub fn is_file_or_program(config: &Config, address: &Address) -> bool {
    config.mailers.get(usize::from(address.mailer.0)).is_some_and(Mailer::is_named)
}

/// Are they to get one copy only, when all aliases are resolved?
pub fn is_same_recipient(config: &Config, one: &Recipient, other: &Recipient) -> bool {
    let (Some(a), Some(b)) = (&one.address, &other.address) else { return false };
    let user = |recipient: &Recipient| recipient.control.as_ref().map(|control| control.ids.uid);
    is_same_address(config, a, b) && (!is_file_or_program(config, a) || user(one) == user(other))
}

/// Is nothing new said by naming the second one? A mailbox named past its alias (`\user`, or an alias that
/// names itself) is not yet the name that is looked up.
pub fn is_named_already(config: &Config, known: &Recipient, recipient: &Recipient) -> bool {
    is_past_aliases(known) == is_past_aliases(recipient) && is_same_recipient(config, known, recipient)
}

fn is_past_aliases(recipient: &Recipient) -> bool {
    let quoted = recipient.address.as_ref().is_some_and(|address| address.user.starts_with(b"\\"));
    quoted || recipient.flags.contains(RecipientFlags::NO_ALIAS)
}
