//! The compiled configuration: what the whole house reads and nobody changes.
//!
//! In: the AST of `cf`. Out: [`Config`], shared as `Arc<Config>`, and the messages its author
//! must see. Never here: look-ups, mail, sockets.

mod headers;
mod macros;
mod mailers;
mod rulesets;

pub use headers::{HeaderCheck, HeaderCondition, HeaderDecl};
pub use macros::{Class, Classes, Macros, Names};
pub use mailers::{Mailer, MailerId, RewriteSet};
pub use rulesets::{MapDecl, Rule, Ruleset, RulesetId, Rulesets};

/// A configuration, compiled once and then shared.
///
/// `-bt` alone changes one (`.D`, `.C`), through `Arc::make_mut`.
#[derive(Clone, Debug)]
pub struct Config {
    /// The cf file as named on the command line.
    pub file: Vec<u8>,
    /// The V line's level; 0 without one.
    pub level: u32,
    /// Names of macros and classes, and their one-byte ids.
    pub names: Names,
    /// Values from D lines and from the program itself, in the internal alphabet, unexpanded.
    pub macros: Macros,
    /// Members of classes.
    pub classes: Classes,
    /// Rulesets by number and by name.
    pub rulesets: Rulesets,
    /// Mailers in the order of definition; `MailerId` indexes them. The first ones are built in.
    pub mailers: Vec<Mailer>,
    /// K lines and implicit maps, in order of definition.
    pub maps: Vec<MapDecl>,
    /// H lines that add headers.
    pub headers: Vec<HeaderDecl>,
    /// H lines that check headers; `*` is the default.
    pub header_checks: Vec<HeaderCheck>,
    /// P lines: name and value, in order.
    pub priorities: Vec<(Vec<u8>, i64)>,
    /// E lines: what programs find in their environment.
    pub environment: Vec<(Vec<u8>, Vec<u8>)>,
}
