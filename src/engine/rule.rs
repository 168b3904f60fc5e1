//! Rules as the machine runs them: what a pattern's steps, a replacement's pieces and the end of a rule can be.

use crate::addr::MacroId;
use crate::config::RulesetId;

/// Most tokens of a workspace.
pub(super) const MAX_TOKENS: usize = 1000;

/// One rule.
#[derive(Clone, Copy, Debug)]
pub(super) struct CompiledRule {
    /// Where its steps lie in the program.
    pub pattern: (u32, u32),
    /// Where the parts of the same pattern lie.
    pub parts: (u32, u32),
    /// The replacement without its leading `$:` or `$@`.
    pub replacement: (u32, u32),
    pub action: RuleAction,
    pub method: Method,
    /// How often `$(` and `$[` stand in the replacement.
    pub lookups: usize,
    /// `$>` stands there.
    pub has_calls: bool,
    /// Line of the cf, for traces.
    pub line: u32,
}

/// One step of a pattern.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Match {
    /// This token, in any case.
    Literal(u32),
    /// `$*`
    ZeroOrMore,
    /// `$+`
    OneOrMore,
    /// `$-`
    One,
    /// `$=x`: the number of the class in the program's index
    Class(u16),
    /// `$~x`
    NotClass(u16),
    /// `$@`
    Nothing,
    /// `$&x`
    Macro(MacroId),
}

/// One piece of a replacement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Piece {
    /// Tokens as they are: where they lie in `Program::words`.
    Words(u32, u32),
    /// A part of the workspace: from so many literals before what `$first` has taken to so many after what `$last` has.
    /// They count from 1.
    Span { first: u8, before: u8, last: u8, after: u8 },
    /// `$&x`
    Macro(MacroId),
}

/// How a replacement comes into being. Where a workspace holds what replacements obey, each is [`Method::Obeyed`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Method {
    /// A part of the workspace stays where it is, and words are put behind it.
    InPlace,
    /// Its pieces are put together.
    Copied,
    /// Its first piece calls this ruleset, on what the others make; nothing else is called or looked up.
    Called(RulesetId),
    /// Then it is looked through for look-ups and calls.
    Obeyed,
}

/// What happens after a rule has been applied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RuleAction {
    /// The same rule is tried again.
    TryAgain,
    /// `$:`: the next rule.
    NextRule,
    /// `$@`: the ruleset ends.
    Return,
}

/// A ruleset's name as `$>` reads it: quotes and backslashes go, and a word's end ends it.
pub fn call_name(token: &[u8]) -> Vec<u8> {
    let mut name = Vec::with_capacity(token.len());
    let mut bytes = token.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => {}
            b'\\' => name.extend(bytes.next()),
            byte => name.push(byte),
        }
    }
    if name.first().is_some_and(u8::is_ascii_alphabetic) {
        let letters = name.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        if name.get(letters).is_some_and(u8::is_ascii_whitespace) {
            name.truncate(letters);
        }
    }
    name
}
