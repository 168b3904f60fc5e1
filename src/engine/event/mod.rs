//! What happens while rules run, as values.
//!
//! The machine emits events in order and goes its own way: an [`Observer`] can print, count or record them, but
//! nothing that it does changes what runs. Events lend what they show; nothing is copied for them, and where nobody
//! watches none but problems are made.

mod addresses;
mod maps;

pub use addresses::{AddressEvent, AddressView, MacroEvent};
pub use maps::{HostAnswer, HostEvent, MapEvent};

use super::matcher::Binding;
use super::program::Program;
use super::rule::CompiledRule;
use super::scope::Scope;
use super::symbols::{Symbol, Text};
use crate::addr::{Expansion, MacroId, TokenBuffer};
use crate::config::{Config, RulesetId};
use crate::logging::{Quiet, Tracer};
use crate::schema::Reply;
use std::sync::{Arc, Mutex, PoisonError};

/// How much an observer wants to see.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Watch {
    /// Problems, and scans with complaints.
    Problems,
    /// Also rulesets that begin and end.
    Rulesets,
    /// Everything.
    Steps,
}

/// Who is shown what happens.
pub trait Observer: Send {
    /// Asked once for each step of a machine and for each scan: events that nobody wants are not made.
    fn watches(&self) -> Watch;
    /// Something has happened.
    fn event(&mut self, event: &Event<'_>);
    /// Where messages go.
    fn tracer(&mut self) -> &mut dyn Tracer;
}

/// An observer that several scopes share.
#[derive(Clone)]
pub struct Watcher(Arc<Mutex<dyn Observer>>);

impl Watcher {
    /// Shares it; whoever made it keeps the other end, and may look at what it has seen at any time.
    pub fn new(observer: Arc<Mutex<dyn Observer>>) -> Self {
        Self(observer)
    }

    /// How much it wants to see.
    pub fn watches(&self) -> Watch {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).watches()
    }

    /// Shows it something.
    pub fn event(&self, event: &Event<'_>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).event(event);
    }
}

impl std::fmt::Debug for Watcher {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Watcher")
    }
}

/// One thing that has happened.
#[derive(Clone, Copy)]
#[allow(missing_docs)] // of the fields: each variant's words say what they are
pub enum Event<'a> {
    /// A ruleset begins.
    Enter { ruleset: RulesetId, name: &'a [u8], workspace: Tokens<'a> },
    /// A rule is held against the workspace; `Failed` or `Matched` follows.
    Tried { rule: RuleRef, attempt: Attempt<'a> },
    /// The rule does not match.
    Failed { rule: RuleRef },
    /// The rule matches; the bindings are places in the workspace.
    Matched { rule: RuleRef, bindings: &'a [Binding] },
    /// `$n` in a replacement.
    Substituted { number: usize, tokens: Tokens<'a> },
    /// `$&x` on a side of a rule, and its value.
    Deferred { side: &'static str, id: MacroId, value: Option<&'a [u8]> },
    /// What the value of `$&x` in a replacement was cut into.
    DeferredTokens { tokens: Tokens<'a> },
    /// The replacement has become the workspace.
    Rewritten { workspace: Tokens<'a> },
    /// One rule has been applied too often in a row.
    Looped { rule: RuleRef, workspace: Tokens<'a> },
    /// A call of a ruleset without rules is left out.
    CallSkipped { ruleset: RulesetId, name: &'a [u8] },
    /// Tokens are joined to text, for a map (`external`) or to be cut again.
    Joined { external: bool, tokens: Tokens<'a>, text: &'a [u8] },
    /// A text has been cut into tokens; its complaints are in the buffer, to be kept quiet about
    /// if `silent`.
    Scanned { text: &'a [u8], silent: bool, result: &'a TokenBuffer },
    /// The rules cannot go on as they are written.
    Problem { reply: &'a Reply },
    /// A macro has been set, or looked up by its name.
    Macro(MacroEvent<'a>),
    /// The macros of a text have been replaced.
    Expanded { expansion: &'a Expansion },
    /// A map is opened, asked, closed.
    Map(&'a MapEvent<'a>),
    /// A host's name is completed.
    Host(HostEvent<'a>),
    /// An address is resolved or rewritten, a check ruleset asked.
    Address(AddressEvent<'a>),
    /// A ruleset ends with this result.
    Leave { ruleset: RulesetId, name: &'a [u8], workspace: Tokens<'a> },
}

/// A rule of the configuration. Its line, by the source map, is one of the .mc.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RuleRef {
    /// Its ruleset.
    pub ruleset: RulesetId,
    /// Its index there.
    pub index: usize,
    /// Its line of the cf.
    pub line: u32,
}

/// Tokens where the machine has them.
#[derive(Clone, Copy)]
pub struct Tokens<'a> {
    pub(in crate::engine) symbols: &'a [Symbol],
    pub(in crate::engine) text: Text<'a>,
}

impl<'a> Tokens<'a> {
    /// The bytes of each.
    pub fn iter(self) -> impl Iterator<Item = &'a [u8]> {
        self.symbols.iter().map(move |symbol| self.text.bytes(*symbol))
    }
}

/// One rule and the workspace that it is held against: enough to do the matching again.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    pub(in crate::engine) config: &'a Config,
    pub(in crate::engine) program: &'a Program,
    pub(in crate::engine) scope: &'a Scope,
    pub(in crate::engine) rule: &'a CompiledRule,
    pub(in crate::engine) workspace: Tokens<'a>,
}

impl<'a> Attempt<'a> {
    /// The tokens of the workspace.
    pub fn workspace(&self) -> Tokens<'a> {
        self.workspace
    }
}

/// Looks at nothing.
impl Observer for Quiet {
    fn watches(&self) -> Watch {
        Watch::Problems
    }
    fn event(&mut self, _event: &Event<'_>) {}
    fn tracer(&mut self) -> &mut dyn Tracer {
        self
    }
}
