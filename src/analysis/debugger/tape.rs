//! What has happened, in the order in which it did. (The tree that `recorder` keeps knows no order between rules and what
//! was printed, and no `$1`.)

use crate::addr::MacroId;
use crate::config::{Config, RulesetId};
use crate::engine::{
    AddressEvent, Binding, Event, MacroEvent, MapEvent, Observer, RuleRef, Tokens, Watch, put_tokens,
};
use crate::logging::{Quiet, Tracer};
use std::sync::Arc;

/// Moments that are kept of one run; what is printed after them is kept all the same.
const MAX_MOMENTS: usize = 1 << 18;
/// Bytes of workspaces that are kept.
const MAX_TEXT: usize = 1 << 26;

/// Something that has happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Moment {
    /// Test mode has printed this.
    Said(Vec<u8>),
    /// A ruleset has begun.
    Enter(RulesetId),
    /// A rule has been held against the workspace; what `$1` and so on are, if it matches.
    Rule(RuleRef, Option<Vec<String>>),
    /// A map has been asked.
    Lookup(Asked),
    /// A macro has been set, or taken away.
    Macro(MacroId, Option<Vec<u8>>),
    /// What a rule has made has become the workspace, in the place of that one.
    Rewritten(RuleRef, usize),
    /// A ruleset has ended.
    Leave(RulesetId),
}

/// A question to a map, and its answer; all is printable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Asked {
    pub map: Vec<u8>,
    pub key: Vec<u8>,
    /// What stands behind the key, after each `$@`.
    pub args: Vec<Vec<u8>>,
    pub value: Option<String>,
    /// Why there is no answer.
    pub problem: Option<String>,
}

/// A moment, and where the rules were.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub moment: Moment,
    /// How many rulesets were open: of one that begins or ends, itself among them.
    pub depth: usize,
    /// The number of the workspace.
    pub workspace: usize,
}

/// A ruleset that has begun and not ended.
struct Open {
    ruleset: RulesetId,
    rule: Option<RuleRef>,
    workspace: usize,
}

/// One run: everything that a command of test mode has made rules do.
pub struct Tape {
    config: Arc<Config>,
    entries: Vec<Entry>,
    workspaces: Vec<String>,
    text: usize,
    open: Vec<Open>,
    /// The tokens of the workspace that a rule was held against last, and its number.
    tokens: (usize, Vec<String>),
    asked: Option<(Vec<u8>, Vec<Vec<u8>>)>,
    quiet: Quiet,
}

impl Tape {
    /// An empty one.
    pub fn new(config: Arc<Config>) -> Self {
        let workspaces = vec![String::new()];
        Self {
            config,
            entries: Vec::new(),
            workspaces,
            text: 0,
            open: Vec::new(),
            tokens: (0, Vec::new()),
            asked: None,
            quiet: Quiet,
        }
    }

    /// Keeps what is printed.
    pub fn say(&mut self, text: &[u8]) {
        if let Some(Entry { moment: Moment::Said(said), .. }) = self.entries.last_mut() {
            return said.extend_from_slice(text);
        }
        self.put(Moment::Said(text.to_vec()));
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(super) fn workspace(&self, number: usize) -> &str {
        self.workspaces.get(number).map_or("", String::as_str)
    }

    /// Was there more than is kept?
    pub(super) fn is_full(&self) -> bool {
        self.entries.len() >= MAX_MOMENTS || self.text >= MAX_TEXT
    }

    fn put(&mut self, moment: Moment) {
        let workspace = self.open.last().map_or(0, |open| open.workspace);
        self.entries.push(Entry { moment, depth: self.open.len(), workspace });
    }

    fn printable<'t>(&self, tokens: impl IntoIterator<Item = &'t [u8]>) -> String {
        let mut out = Vec::new();
        put_tokens(&self.config.names, tokens, false, &mut out);
        String::from_utf8_lossy(out.trim_ascii()).into_owned()
    }

    /// The number of a workspace; one that is there already is not kept twice.
    fn numbered(&mut self, tokens: Tokens<'_>) -> usize {
        let text = self.printable(tokens.iter());
        let known = [self.open.last().map_or(0, |open| open.workspace), self.workspaces.len() - 1];
        if let Some(number) = known.into_iter().find(|number| self.workspaces[*number] == text) {
            return number;
        }
        self.text += text.len();
        self.workspaces.push(text);
        self.workspaces.len() - 1
    }

    /// A ruleset that was given up has not said that it ends.
    fn back_to(&mut self, ruleset: RulesetId) {
        if let Some(at) = self.open.iter().rposition(|open| open.ruleset == ruleset) {
            self.open.truncate(at + 1);
        }
    }

    fn enter(&mut self, ruleset: RulesetId, tokens: Tokens<'_>) {
        let workspace = self.numbered(tokens);
        self.open.push(Open { ruleset, rule: None, workspace });
        self.put(Moment::Enter(ruleset));
    }

    fn tried(&mut self, rule: RuleRef, tokens: Tokens<'_>) {
        self.back_to(rule.ruleset);
        let workspace = self.numbered(tokens);
        if let Some(open) = self.open.last_mut() {
            (open.rule, open.workspace) = (Some(rule), workspace);
        }
        if self.tokens.0 != workspace {
            self.tokens = (workspace, tokens.iter().map(|token| self.printable([token])).collect());
        }
    }

    fn matched(&mut self, rule: RuleRef, bindings: &[Binding]) {
        let tokens = &self.tokens.1;
        let taken = |binding: &Binding| tokens.get(binding.range(0)).unwrap_or_default().join(" ");
        let bindings = bindings.iter().map(taken).collect();
        self.put(Moment::Rule(rule, Some(bindings)));
    }

    fn rewritten(&mut self, tokens: Tokens<'_>) {
        let after = self.numbered(tokens);
        let Some(open) = self.open.last_mut() else { return };
        let Some(rule) = open.rule else { return };
        let before = std::mem::replace(&mut open.workspace, after);
        self.put(Moment::Rewritten(rule, before));
    }

    fn leave(&mut self, ruleset: RulesetId, tokens: Tokens<'_>) {
        self.back_to(ruleset);
        let workspace = self.numbered(tokens);
        if let Some(open) = self.open.last_mut() {
            open.workspace = workspace;
        }
        self.put(Moment::Leave(ruleset));
        self.open.pop();
    }

    fn map(&mut self, event: &MapEvent<'_>) {
        let asked = match event {
            MapEvent::Lookup { map, args, .. } => {
                self.asked = Some((map.to_vec(), args.to_vec()));
                return;
            }
            MapEvent::Answer { value, status } => {
                let Some((map, mut args)) = self.asked.take() else { return };
                // it sets a macro, which is a moment of its own
                if self.sets_macros(&map) {
                    return;
                }
                let key = if args.is_empty() { Vec::new() } else { args.remove(0) };
                let value = value.map(|value| self.printable([value]));
                let problem = status.is_temporary().then(|| "no answer for now".to_owned());
                Asked { map, key, args, value, problem }
            }
            MapEvent::Opened { map, opened: Err(why), .. } => {
                let why = String::from_utf8_lossy(why);
                let colon = if why.is_empty() { "" } else { ": " };
                let problem = Some(format!("cannot be opened{colon}{why}"));
                Asked { map: map.to_vec(), key: Vec::new(), args: Vec::new(), value: None, problem }
            }
            _ => return,
        };
        self.put(Moment::Lookup(asked));
    }

    fn sets_macros(&self, map: &[u8]) -> bool {
        let decl = self.config.maps.iter().find(|decl| decl.name.eq_ignore_ascii_case(map));
        decl.is_some_and(|decl| decl.class.eq_ignore_ascii_case(b"macro"))
    }
}

impl Observer for Tape {
    fn watches(&self) -> Watch {
        if self.is_full() { Watch::Problems } else { Watch::Steps }
    }

    fn event(&mut self, event: &Event<'_>) {
        if self.is_full() {
            return;
        }
        match *event {
            Event::Enter { ruleset, workspace, .. } => self.enter(ruleset, workspace),
            Event::Leave { ruleset, workspace, .. } => self.leave(ruleset, workspace),
            Event::Tried { rule, attempt } => self.tried(rule, attempt.workspace()),
            Event::Failed { rule } => self.put(Moment::Rule(rule, None)),
            Event::Matched { rule, bindings } => self.matched(rule, bindings),
            Event::Rewritten { workspace } => self.rewritten(workspace),
            Event::Map(event) => self.map(event),
            Event::Macro(MacroEvent::Set { id, value } | MacroEvent::Defined { id, value, .. }) => {
                self.put(Moment::Macro(id, value.map(<[u8]>::to_vec)));
            }
            // rules that have been given up are behind us
            Event::Address(AddressEvent::Parse { .. } | AddressEvent::Check { .. }) => self.open.clear(),
            _ => {}
        }
    }

    fn tracer(&mut self) -> &mut dyn Tracer {
        &mut self.quiet
    }
}
