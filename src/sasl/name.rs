//! Names of users: `alice`, or `alice@realm`.

/// The longest name, and the longest password that LOGIN takes, in bytes: as Cyrus SASL has it.
pub(super) const MAX_NAME: usize = 1024;

/// A name without the blanks around it; `None`: nothing is left.
pub(super) fn canonical(name: &[u8]) -> Option<&[u8]> {
    Some(name.trim_ascii()).filter(|name| !name.is_empty())
}

/// Up to the first NUL.
pub(super) fn before_nul(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == 0).next().unwrap_or_default()
}
