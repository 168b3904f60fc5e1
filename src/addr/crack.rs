//! The pattern of an address: what stands around it (display names, comments), with `$g` in its place.

use super::op;

/// The options that decide what a display name may look like.
#[derive(Clone, Copy, Debug)]
pub struct CrackRules<'a> {
    /// MustQuoteChars: a phrase with one of these is put in double quotes.
    pub must_quote: &'a [u8],
    /// ColonOkInAddr: a colon does not begin a group.
    pub colon_ok: bool,
}

/// The pattern of `text`, in the internal alphabet; put the rewritten address in place of `$g`.
pub fn crackaddr(_text: &[u8], _rules: CrackRules<'_>) -> Vec<u8> {
    vec![op::MACRO_EXPAND, b'g']
}
