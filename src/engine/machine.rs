//! The machine: a stack of rulesets being run, each with its workspace.
//!
//! Plain data between two steps: it can be cloned, kept and resumed anywhere. All workspaces lie on one stack of
//! symbols: a ruleset's own at its base, the replacement being built above it, and what a ruleset is
//! called with is the end of its caller's replacement. So a machine that is used again allocates nothing.

use super::counts::Counts;
use super::decisions::{Decisions, Number};
use super::event::{Event, Observer, Watch};
use super::frame::{Call, Frame, Pending};
use super::matcher::{Bindings, Scratch};
use super::print::put_text;
use super::program::{CompiledRuleset, Program};
use super::scan::{ScanMode, scan_into};
use super::scope::Scope;
use super::symbols::Symbol;
use super::tally::Shard;
use super::{Answer, LookupRequest, Maps, Step};
use crate::addr::{Token, TokenBuffer};
use crate::config::{Config, RulesetId, is_printable};
use crate::schema::{Reply, Sysexit};
use std::sync::MutexGuard;

/// Symbols, and bytes of text, beyond which a machine's memory is not kept.
const MAX_KEPT: usize = 1 << 14;

/// What a step may read and change.
pub struct Context<'a> {
    /// The configuration: classes, macros, names.
    pub config: &'a Config,
    /// Its rules.
    pub program: &'a Program,
    /// Macros of the moment.
    pub scope: &'a mut Scope,
    /// Delivery mode `d`: maps with -D fail for now.
    pub deferred: bool,
    /// The maps that the program was bound to ([`Program::bind_maps`]), if they may be asked without the
    /// caller's help.
    pub maps: Option<&'a dyn Maps>,
    /// Nothing is said of values that cannot be cut into tokens as they stand.
    pub silent: bool,
    /// Is shown what happens.
    pub observer: &'a mut dyn Observer,
}

/// Runs rulesets, one after another on the same workspace.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    pub(super) stack: Vec<Symbol>,
    /// The bytes of tokens that do not stand in the configuration.
    pub(super) text: Vec<u8>,
    pub(super) frames: Vec<Frame>,
    /// Calls to make, each frame's above its caller's.
    pub(super) calls: Vec<Call>,
    /// The status of the outermost ruleset, once it has ended.
    pub(super) status: Sysexit,
    /// A text without tokens has taken the outermost workspace along (see [`Machine::tokens`]).
    pub(super) workspace_lost: bool,
    /// Something that replacements obey may be in a workspace (see [`super::symbols::OBEYED`]).
    pub(super) obeyed: bool,
    pub(super) bindings: Bindings,
    pub(super) pending: Pending,
    pub(super) answer: Option<Answer>,
    pub(super) scratch: Scratch,
    /// Those of the thread, while a step lasts.
    pub(super) decisions: Decisions,
    /// The decision that a call follows on.
    pub(super) called_after: Number,
    pub(super) joined: Vec<u8>,
    pub(super) buffer: TokenBuffer,
    /// Used again for the symbols of what was scanned.
    pub(super) scanned: Vec<Symbol>,
    /// What a map has said at once.
    pub(super) value: Vec<u8>,
    /// What has been done.
    pub counts: Counts,
    /// What was wrong with the rules and the texts they cut, in order, since [`Machine::call`].
    pub problems: Vec<Reply>,
    /// The first map that could not answer for now, as sendmail says it: `host map: lookup (a.example): deferred`.
    pub deferral: Option<Vec<u8>>,
    /// Work done in this run.
    pub(super) work: u64,
    /// See [`Machine::use_reference_matcher`].
    reference: bool,
}

/// One step's view of the [`Context`].
pub(super) struct Run<'r> {
    pub config: &'r Config,
    pub program: &'r Program,
    pub scope: &'r mut Scope,
    pub deferred: bool,
    pub maps: Option<&'r dyn Maps>,
    pub silent: bool,
    pub observer: &'r mut dyn Observer,
    /// What the observer wants to see.
    pub watch: Watch,
    pub problems: Vec<Reply>,
    /// See [`Machine::use_reference_matcher`].
    pub reference: bool,
    /// Where it is counted what is done, if it is.
    pub tally: Option<MutexGuard<'r, Shard>>,
}

impl Run<'_> {
    /// So many rules of a frame's ruleset are tried in turn.
    pub fn count_tried(&mut self, ruleset: &CompiledRuleset, frame: &Frame, rules: usize) {
        if let Some(tally) = &mut self.tally {
            tally.tried(ruleset.place + frame.rule, rules);
        }
    }

    /// The rule that a frame is at has matched.
    pub fn count_matched(&mut self, ruleset: &CompiledRuleset, frame: &Frame) {
        if let Some(tally) = &mut self.tally {
            tally.matched(ruleset.place + frame.rule);
        }
    }

    /// A rule has asked the map with this name's number.
    pub fn count_asked(&mut self, map: u32, hit: bool) {
        if let Some(tally) = &mut self.tally {
            tally.asked(map, hit);
        }
    }

    /// Are events made of rulesets?
    pub fn shows_rulesets(&self) -> bool {
        self.watch >= Watch::Rulesets
    }

    /// Are events made of everything?
    pub fn shows_steps(&self) -> bool {
        self.watch == Watch::Steps
    }

    /// Something is wrong with the rules: it is shown, and handed to whoever runs the machine.
    pub fn complain(&mut self, reply: Reply) {
        self.observer.event(&Event::Problem { reply: &reply });
        self.problems.push(reply);
    }
}

impl Machine {
    /// An idle machine.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes tokens for the workspace.
    pub fn load(&mut self, program: &Program, tokens: &[Token]) {
        self.clear();
        for token in tokens {
            let symbol = program.symbols.symbol(token, self.text.len());
            self.obeyed |= symbol.is_obeyed();
            self.text.extend_from_slice(token);
            self.stack.push(symbol);
        }
    }

    /// Cuts a text for the workspace, complaints reported; gives where the text ended for this scan.
    pub fn scan(
        &mut self,
        program: &Program,
        text: &[u8],
        mode: ScanMode,
        observer: &mut dyn Observer,
    ) -> usize {
        self.clear();
        scan_into(&program.operators, text, mode, observer, &mut self.buffer);
        let mut symbols = std::mem::take(&mut self.stack);
        self.add_scanned(program, &mut symbols);
        self.stack = symbols;
        self.buffer.rest
    }

    fn clear(&mut self) {
        self.stack.clear();
        self.text.clear();
        self.obeyed = false;
        self.frames.clear();
        self.calls.clear();
    }

    /// The tokens of the last scan, appended to `symbols`, their bytes to our text.
    pub(super) fn add_scanned(&mut self, program: &Program, symbols: &mut Vec<Symbol>) {
        let at = self.text.len();
        self.text.extend_from_slice(&self.buffer.text);
        let mut begin = 0;
        for end in &self.buffer.ends {
            let token = &self.buffer.text[begin..*end as usize];
            let symbol = program.symbols.symbol(token, at + begin);
            self.obeyed |= symbol.is_obeyed();
            symbols.push(symbol);
            begin = *end as usize;
        }
    }

    /// Is it not worth while to keep its memory for another run?
    pub fn is_large(&self) -> bool {
        self.stack.capacity() > MAX_KEPT || self.text.capacity() > MAX_KEPT
    }

    /// Makes ready to run a ruleset on the workspace; then call [`Machine::step`].
    pub fn call(&mut self, ruleset: RulesetId) {
        self.frames.clear();
        self.calls.clear();
        self.problems.clear();
        self.deferral = None;
        (self.status, self.workspace_lost, self.work) = (Sysexit::OK, false, 0);
        let frame = self.frame(ruleset, 0);
        self.frames.push(frame);
    }

    /// From now on no rule is passed over, and each is matched step by step: slower, with the same results. Tests
    /// compare.
    pub fn use_reference_matcher(&mut self, reference: bool) {
        self.reference = reference;
    }

    /// Runs until a map must be asked or everything is done.
    pub fn step(&mut self, context: &mut Context<'_>) -> Step {
        let (config, program) = (context.config, context.program);
        let (deferred, maps, silent) = (context.deferred, context.maps, context.silent);
        let mut run = Run {
            config,
            program,
            scope: &mut *context.scope,
            deferred,
            maps,
            silent,
            watch: context.observer.watches(),
            observer: &mut *context.observer,
            problems: std::mem::take(&mut self.problems),
            reference: self.reference,
            tally: program.claim_tally(),
        };
        // a number means nothing among the decisions of another thread
        (self.decisions, self.called_after) = (Decisions::borrow(), 0);
        let asked = self.work(&mut run);
        std::mem::take(&mut self.decisions).give_back();
        self.problems = std::mem::take(&mut run.problems);
        if asked { Step::Lookup } else { Step::Done(self.status) }
    }

    /// What is to be looked up, after [`Step::Lookup`].
    pub fn request<'m>(&'m self, program: &'m Program) -> LookupRequest<'m> {
        self.request_of(&self.pending, program)
    }

    /// The answer to the look-up asked for.
    pub fn resume(&mut self, answer: Answer) {
        self.answer = Some(answer);
    }

    /// The workspace. Empty where sendmail loses it: when a look-up or `$&x` gave a text without tokens at the end
    /// of the run, since its scanner has one static vector.
    pub fn tokens(&self, program: &Program) -> Vec<Token> {
        program.symbols.text(&self.text).tokens(&self.stack)
    }

    /// Appends the printed form of the workspace, a blank between tokens.
    pub fn put_workspace(&self, config: &Config, program: &Program, out: &mut Vec<u8>) {
        let text = program.symbols.text(&self.text);
        // most texts of our own are printed as they are: one look at all of them says so
        let is_plain = is_printable(&self.text);
        for (at, symbol) in self.stack.iter().enumerate() {
            if at > 0 {
                out.push(b' ');
            }
            match text.own_bytes(*symbol).filter(|_| is_plain) {
                Some(bytes) => out.extend_from_slice(bytes),
                None => put_text(&config.names, text.bytes(*symbol), out),
            }
        }
    }

    /// No tokens in the workspace?
    pub fn is_empty(&self) -> bool {
        self.stack.is_empty()
    }
}
