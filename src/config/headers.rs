//! H lines.

use super::RulesetId;
use crate::addr::MacroId;

/// When a default header is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HeaderCondition {
    /// No condition, or `??`.
    Always,
    /// `?FLAGS?`: the mailer has one of these flags (a bit per ASCII letter).
    MailerFlags(u128),
    /// `?$x?`: the macro is set and not empty.
    Macro(MacroId),
}

/// `H[?cond?]Name: value`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeaderDecl {
    /// Name as written.
    pub name: Vec<u8>,
    /// Value with its leading blank, in the internal alphabet, unexpanded.
    pub value: Vec<u8>,
    /// When it is written.
    pub condition: HeaderCondition,
    /// First line of its H line.
    pub line: u32,
}

/// `HName: $>ruleset`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeaderCheck {
    /// Header name; `*` for all without a check of their own.
    pub name: Vec<u8>,
    /// What to run.
    pub ruleset: RulesetId,
    /// `$>+`: comments stay in the workspace.
    pub keep_comments: bool,
    /// First line of its H line.
    pub line: u32,
}
