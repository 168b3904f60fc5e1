//! Macro expansion, conditionals included.

use super::{META_QUOTE, MacroId, dequote_internal, op, quote_internal};
use std::borrow::Cow;

/// Most levels of macros within macros.
pub const MAX_RECURSION: usize = 10;
/// Bytes of the usual buffer; what does not fit is cut.
pub const MAX_TEXT: usize = 4095;

/// What an expansion gives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expansion {
    /// The text; unexpanded macros remain in it when it was too deep.
    pub text: Vec<u8>,
    /// `expand: recursion too deep (10 max)` must be reported.
    pub too_deep: bool,
    /// The texts of the levels before the last, for traces.
    pub steps: Vec<Vec<u8>>,
}

/// The message for [`Expansion::too_deep`].
pub const TOO_DEEP: &str = "expand: recursion too deep (10 max)";

/// Expands `text` (internal alphabet) to at most `limit` bytes.
///
/// sendmail replaces every macro once, then begins again with the whole text while operator bytes
/// came out of the values: so a conditional may begin in one macro and end in another.
pub fn expand<'v>(text: &[u8], limit: usize, value: &dyn Fn(MacroId) -> Option<Cow<'v, [u8]>>) -> Expansion {
    let mut text = text.to_vec();
    let mut steps = Vec::new();
    for _ in 0..=MAX_RECURSION {
        let (next, again) = one_level(&text, limit, value);
        steps.push(std::mem::replace(&mut text, next));
        if !again {
            return Expansion { text, too_deep: false, steps };
        }
    }
    text.truncate(limit);
    Expansion { text, too_deep: true, steps }
}

/// Expands `text` with values of two kinds: those of the configuration, in which macros are expanded in
/// turn, and those given for one message, which are plain data.
pub fn expand_with<'v>(
    text: &[u8],
    configured: &dyn Fn(MacroId) -> Option<&'v [u8]>,
    given: &dyn Fn(MacroId) -> Option<Vec<u8>>,
) -> Vec<u8> {
    let value = |id| match given(id) {
        Some(value) => Some(Cow::Owned(quote_internal(&value).into_owned())),
        None => configured(id).map(Cow::Borrowed),
    };
    dequote_internal(expand(text, usize::MAX, &value).text)
}

/// The expansion of a text where one look at each macro is enough: no value holds a macro, a
/// conditional or a quote byte.
pub fn expand_settled<'v>(
    text: &[u8],
    limit: usize,
    value: &dyn Fn(MacroId) -> Option<&'v [u8]>,
) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(length) = memchr::memchr(op::MACRO_EXPAND, &text[at..]) {
        let plain = &text[at..at + length];
        if plain.iter().any(|byte| matches!(byte, &op::COND_IF | &META_QUOTE)) {
            return None;
        }
        out.extend_from_slice(plain);
        let id = *text.get(at + length + 1)?;
        at += length + 2;
        match value(MacroId(id)) {
            None => {}
            Some(&[byte]) if !matches!(byte, op::MACRO_EXPAND | op::COND_IF | META_QUOTE) => out.push(byte),
            Some(value) => {
                let stirring = |byte: &u8| matches!(byte, &op::MACRO_EXPAND | &op::COND_IF | &META_QUOTE);
                if value.iter().any(stirring) {
                    return None;
                }
                out.extend_from_slice(value);
            }
        }
    }
    let plain = &text[at..];
    if plain.iter().any(|byte| matches!(byte, &op::COND_IF | &META_QUOTE)) {
        return None;
    }
    out.extend_from_slice(plain);
    out.truncate(limit);
    Some(out)
}

/// Replaces each macro by its value and takes out the conditionals; did new operators come in?
fn one_level<'v>(
    text: &[u8],
    limit: usize,
    value: &dyn Fn(MacroId) -> Option<Cow<'v, [u8]>>,
) -> (Vec<u8>, bool) {
    let mut out = Vec::with_capacity(text.len() * 2);
    let mut again = false;
    let mut conditionals = Conditionals::default();
    let mut rest = text;
    loop {
        // operators and the quote byte are above ASCII
        let plain = rest.iter().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
        if conditionals.holds() {
            out.extend_from_slice(&rest[..plain]);
        }
        let Some((&byte, behind)) = rest[plain..].split_first() else { break };
        rest = behind;
        match byte {
            op::COND_IF => {
                let Some(id) = rest.split_off_first() else { break };
                conditionals.begin(|| value(MacroId(*id)).is_none_or(|value| value.is_empty()));
            }
            op::COND_ELSE if conditionals.open > 0 => conditionals.otherwise(),
            op::COND_FI if conditionals.open > 0 => conditionals.end(),
            op::MACRO_EXPAND => {
                let Some(id) = rest.split_off_first() else { break };
                if let Some(value) = conditionals.holds().then(|| value(MacroId(*id))).flatten() {
                    again |= has_operators(&value);
                    out.extend_from_slice(&value);
                }
            }
            META_QUOTE if conditionals.holds() => {
                out.push(byte);
                out.extend(rest.split_off_first());
            }
            _ if conditionals.holds() => out.push(byte),
            _ => {}
        }
    }
    out.truncate(limit);
    (out, again)
}

/// The conditionals around a place.
#[derive(Default)]
struct Conditionals {
    /// How many have begun.
    open: usize,
    /// How many of them leave the text out.
    skipping: usize,
}

impl Conditionals {
    /// Does the text here count?
    fn holds(&self) -> bool {
        self.skipping == 0
    }

    /// One more; where text is left out already nobody looks whether its macro is empty.
    fn begin(&mut self, is_empty: impl FnOnce() -> bool) {
        self.open += 1;
        if self.skipping > 0 || is_empty() {
            self.skipping += 1;
        }
    }

    fn otherwise(&mut self) {
        self.skipping = match self.skipping {
            0 => 1,
            1 => 0,
            deeper => deeper,
        };
    }

    fn end(&mut self) {
        self.open -= 1;
        self.skipping = self.skipping.saturating_sub(1);
    }
}

fn has_operators(value: &[u8]) -> bool {
    let mut bytes = value.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            &META_QUOTE => {
                bytes.next();
            }
            0x80..=0x9f => return true,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &[u8], macros: &[(u8, &[u8])]) -> Expansion {
        let value =
            |id: MacroId| macros.iter().find(|(name, _)| *name == id.0).map(|(_, v)| Cow::Borrowed(*v));
        expand(text, MAX_TEXT, &value)
    }

    const OPERATORS: [(u8, &[u8]); 3] = [(b'?', b"\x9a"), (b'|', b"\x9b"), (b'.', b"\x9c")];

    #[test]
    fn values_of_values() {
        assert_eq!(run(b"<\x81a>", &[(b'a', b"x\x81b"), (b'b', b"y")]).text, b"<xy>");
    }

    #[test]
    fn conditionals_nest() {
        let mut macros = OPERATORS.to_vec();
        macros.push((b'x', b"1"));
        let text = b"\x81?x a \x81?y b \x81| c \x81. d \x81| e \x81.";
        assert_eq!(run(text, &macros).text, b" a  c  d ");
        assert_eq!(run(text, &OPERATORS).text, b" e ");
    }

    #[test]
    fn stray_marks_stay() {
        assert_eq!(run(b"a \x81| b \x81.", &OPERATORS).text, b"a \x9b b \x9c");
    }

    #[test]
    fn ten_levels() {
        let names = b"abcdefghijkl";
        let values: Vec<(u8, Vec<u8>)> = names.windows(2).map(|w| (w[0], vec![0x81, w[1]])).collect();
        let mut macros: Vec<(u8, &[u8])> = values.iter().map(|(n, v)| (*n, v.as_slice())).collect();
        macros.push((b'l', b"end"));
        assert_eq!(run(b"\x81b", &macros).text, b"end");
        let deep = run(b"\x81a", &macros);
        assert!(deep.too_deep);
        assert_eq!(deep.text, b"\x81l");
    }

    #[test]
    fn given_values_are_plain_data() {
        let configured = |id: MacroId| match id.0 {
            b'd' => Some(&b"/mail/\x81j"[..]),
            b'j' => Some(&b"host"[..]),
            b'?' => Some(&b"\x9a"[..]),
            b'|' => Some(&b"\x9b"[..]),
            b'.' => Some(&b"\x9c"[..]),
            _ => None,
        };
        let given = |id: MacroId| match id.0 {
            b'u' => Some(b"\x81j\xff\x9ax".to_vec()),
            b'h' => Some(Vec::new()),
            _ => None,
        };
        let rows: &[(&[u8], &[u8])] = &[
            (b"\x81d/\x81u", b"/mail/host/\x81j\xff\x9ax"),
            (b"\x81?h+\x81h\x81|none\x81.", b"none"),
            (b"\x9aufor \x81u\x9c", b"for \x81j\xff\x9ax"),
            (b"\x81q", b""),
        ];
        for (text, expected) in rows {
            assert_eq!(
                expand_with(text, &configured, &given).escape_ascii().to_string(),
                expected.escape_ascii().to_string()
            );
        }
    }
}
