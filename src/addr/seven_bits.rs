//! Texts for whoever reads ASCII only.

use std::borrow::Cow;

/// The text without eighth bits, as people and hosts that know nothing of SMTPUTF8 are to read it.
pub fn seven_bits(text: &[u8]) -> Cow<'_, [u8]> {
    match text.is_ascii() {
        true => text.into(),
        false => text.iter().map(|byte| byte & 0x7f).collect::<Vec<_>>().into(),
    }
}
