//! Joining tokens to text again.

use super::{META_QUOTE, Operators, Token};

/// Joins tokens. `space` (BlankSub, or a map's -S) stands only between neighbours that are both
/// atoms and would run together without it; `None` joins without any. With `external`, quote
/// bytes are dropped.
pub fn cataddr(operators: &Operators, tokens: &[Token], space: Option<u8>, external: bool) -> Vec<u8> {
    let mut text = Vec::with_capacity(tokens.iter().map(|token| token.len() + 1).sum());
    cataddr_into(operators, tokens, space, external, &mut text);
    text
}

/// [`cataddr`] into a buffer that is emptied first.
pub fn cataddr_into(
    operators: &Operators,
    tokens: &[Token],
    space: Option<u8>,
    external: bool,
    text: &mut Vec<u8>,
) {
    text.clear();
    let mut after_atom = false;
    for token in tokens {
        let atom = operators.is_atom(token.first());
        if after_atom && atom {
            text.extend(space);
        }
        after_atom = atom;
        push_token(token, external, text);
    }
}

fn push_token(token: &[u8], external: bool, text: &mut Vec<u8>) {
    if external && token.contains(&META_QUOTE) {
        text.extend(token.iter().filter(|byte| **byte != META_QUOTE));
    } else {
        text.extend_from_slice(token);
    }
}
