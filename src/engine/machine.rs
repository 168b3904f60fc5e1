//! The machine: a stack of rulesets being run, each with its workspace.
//!
//! Plain data between two steps: it can be cloned, kept and resumed anywhere. All workspaces lie on one stack of
//! symbols: a ruleset's own at its base, the replacement being built above it, and what a ruleset is
//! called with is the end of its caller's replacement. So a machine that is used again allocates nothing.

use super::build::{Call, CallError, MAX_TOKENS, Pending, Stop};
use super::matcher::{Bindings, Matcher, Room};
use super::print::put_text;
use super::program::{After, CompiledRule, CompiledRuleset, MapKind, Program};
use super::scan::{ScanMode, scan_into};
use super::scope::Scope;
use super::select::Signature;
use super::symbols::Symbol;
use super::trace::Trace;
use super::walk::Walker;
use super::{Answer, LookupRequest, MapId, Maps, Quick, Step};
use crate::addr::{Cut, Token, op};
use crate::config::{Config, RulesetId};
use crate::logging::Tracer;
use crate::schema::{Reply, Sysexit};
use smallvec::SmallVec;
use std::borrow::Cow;

/// Deepest nesting of rulesets.
const MAX_DEPTH: usize = 51;
/// Most applications of one rule in a row.
const MAX_TRIES: u32 = 100;
/// Tokens of former workspaces that may lie below the present one: few, so that all stay in the processor's cache.
const MOST_LEFT: usize = 256;
/// Rules tried, wildcards grown and tokens copied in one run. sendmail would go on for years where rules
/// call themselves in two places; nothing that ends within seconds there comes near this.
const MAX_WORK: u64 = 1 << 24;

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
    /// caller's help; what they do then is not traced.
    pub maps: Option<&'a dyn Maps>,
    /// Traces and messages.
    pub tracer: &'a mut dyn Tracer,
}

/// What a machine has done since it was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Rules whose pattern was compared with a workspace.
    pub tried: u64,
    /// Rules that were passed over because they could not match.
    pub skipped: u64,
    /// Rules that matched.
    pub matched: u64,
    /// Look-ups in maps, those that the machine answers itself among them.
    pub lookups: u64,
    /// Rulesets run.
    pub rulesets: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.tried += other.tried;
        self.skipped += other.skipped;
        self.matched += other.matched;
        self.lookups += other.lookups;
        self.rulesets += other.rulesets;
    }
}

/// Runs rulesets, one after another on the same workspace.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    pub(super) stack: Vec<Symbol>,
    /// The bytes of tokens that do not stand in the configuration.
    pub(super) text: Vec<u8>,
    frames: Vec<Frame>,
    /// Calls to make, each frame's above its caller's.
    pub(super) calls: Vec<Call>,
    /// The status of the outermost ruleset, once it has ended.
    status: Sysexit,
    /// A text without tokens has spoilt the outermost workspace (see [`Machine::tokens`]).
    spoilt: bool,
    pub(super) bindings: Bindings,
    pending: Pending,
    answer: Option<Answer>,
    room: Room,
    line: Vec<u8>,
    pub(super) joined: Vec<u8>,
    pub(super) cut: Cut,
    pub(super) fresh: Vec<Symbol>,
    /// What a map has said at once.
    value: Vec<u8>,
    /// What has been done.
    pub counts: Counts,
    /// Work done in this run.
    work: u64,
    /// Every rule is walked (see [`Machine::walk_every_rule`]).
    walk: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    ruleset: RulesetId,
    rule: usize,
    tries: u32,
    /// Where its part of the stack begins. What it returns is handed over there.
    origin: usize,
    /// Where the workspace begins in the stack, and its length: a replacement becomes the workspace where it
    /// was built, so `base` moves away from `origin`.
    pub base: usize,
    pub length: usize,
    /// Where its calls begin.
    pub calls: usize,
    status: Sysexit,
    phase: Phase,
}

/// Where a ruleset stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// Nothing has been done yet.
    Enter,
    /// A rule is to be tried.
    Try,
    /// The map has been asked.
    Waiting,
    /// Calls are to be made, the last first.
    Calls,
    /// The ruleset called last is running.
    InCall,
    /// The result of a call does not fit.
    Overflow,
}

impl Frame {
    /// The first status counts, but a temporary failure counts more.
    fn add_status(&mut self, status: Sysexit) {
        if self.status.is_ok() || status.is_temporary() {
            self.status = status;
        }
    }
}

/// How a piece of work on a frame ends.
enum Next {
    Continue,
    Call(Frame),
    Ask,
    /// The ruleset has ended; `true` if what it returns is to be shown.
    Leave(bool),
}

/// One step's view of the [`Context`].
pub(super) struct Run<'r> {
    pub config: &'r Config,
    pub program: &'r Program,
    pub scope: &'r mut Scope,
    pub deferred: bool,
    maps: Option<&'r dyn Maps>,
    pub trace: Trace<'r>,
    /// Every rule is walked.
    walk: bool,
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
            self.text.extend_from_slice(token);
            self.stack.push(symbol);
        }
    }

    /// Cuts a text for the workspace, complaints reported; gives where the text ended for this scan.
    pub fn scan(
        &mut self,
        config: &Config,
        program: &Program,
        text: &[u8],
        mode: ScanMode,
        tracer: &mut dyn Tracer,
    ) -> usize {
        self.clear();
        scan_into(&program.operators, &config.names, text, mode, tracer, &mut self.cut);
        let mut fresh = std::mem::take(&mut self.stack);
        self.add_cut(program, &mut fresh);
        self.stack = fresh;
        self.cut.rest
    }

    fn clear(&mut self) {
        self.stack.clear();
        self.text.clear();
        self.frames.clear();
        self.calls.clear();
    }

    /// The tokens of the last cut, appended to `fresh`, their bytes to our text.
    pub(super) fn add_cut(&mut self, program: &Program, fresh: &mut Vec<Symbol>) {
        let at = self.text.len();
        self.text.extend_from_slice(&self.cut.text);
        let mut begin = 0;
        for end in &self.cut.ends {
            let token = &self.cut.text[begin..*end as usize];
            fresh.push(program.symbols.symbol(token, at + begin));
            begin = *end as usize;
        }
    }

    /// Makes ready to run a ruleset on the workspace; then call [`Machine::step`].
    pub fn call(&mut self, ruleset: RulesetId) {
        self.frames.clear();
        self.calls.clear();
        (self.status, self.spoilt, self.work) = (Sysexit::OK, false, 0);
        let frame = self.frame(ruleset, 0);
        self.frames.push(frame);
    }

    /// From now on no rule is passed over: slower, with the same results.
    pub fn walk_every_rule(&mut self, walk: bool) {
        self.walk = walk;
    }

    /// A ruleset to be run on the end of the stack.
    fn frame(&self, ruleset: RulesetId, base: usize) -> Frame {
        Frame {
            ruleset,
            rule: 0,
            tries: 0,
            origin: base,
            base,
            length: self.stack.len() - base,
            calls: self.calls.len(),
            status: Sysexit::OK,
            phase: Phase::Enter,
        }
    }

    /// Runs until a map must be asked or everything is done.
    pub fn step(&mut self, context: &mut Context<'_>) -> Step {
        let (config, program) = (context.config, context.program);
        let line = std::mem::take(&mut self.line);
        let trace = Trace::new(&mut *context.tracer, config, line);
        let walk = self.walk || trace.at(21, 2) || trace.at(59, 14);
        let (deferred, maps) = (context.deferred, context.maps);
        let mut run = Run { config, program, scope: &mut *context.scope, deferred, maps, trace, walk };
        let asked = self.work(&mut run);
        self.line = run.trace.into_room();
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
        for (at, symbol) in self.stack.iter().enumerate() {
            if at > 0 {
                out.push(b' ');
            }
            put_text(&config.names, text.bytes(*symbol), out);
        }
    }

    /// No tokens in the workspace?
    pub fn is_empty(&self) -> bool {
        self.stack.is_empty()
    }

    /// True if a map is to be asked.
    fn work(&mut self, run: &mut Run<'_>) -> bool {
        while let Some(mut frame) = self.frames.pop() {
            loop {
                match self.go_on(&mut frame, run) {
                    Next::Continue => {}
                    Next::Call(called) => {
                        self.frames.extend([frame, called]);
                        break;
                    }
                    Next::Ask => {
                        self.frames.push(frame);
                        return true;
                    }
                    Next::Leave(shown) => {
                        self.leave(frame, shown, run);
                        break;
                    }
                }
            }
        }
        false
    }

    fn go_on(&mut self, frame: &mut Frame, run: &mut Run<'_>) -> Next {
        match frame.phase {
            Phase::Enter => self.enter(frame, run),
            Phase::Try => self.try_rules(frame, run),
            Phase::Waiting => match self.answer.take() {
                // asked again without an answer: ask again
                None => Next::Ask,
                Some(answer) => {
                    let pending = std::mem::take(&mut self.pending);
                    match self.answered(frame, pending, answer.value.as_deref(), answer.status, run) {
                        Ok(from) => self.lookups(frame, from, run),
                        Err(stop) => self.stop(frame, stop, run),
                    }
                }
            },
            Phase::Calls => self.next_call(frame, run),
            Phase::InCall => Next::Continue,
            Phase::Overflow => self.stop(frame, Stop::TooLong, run),
        }
    }

    fn enter(&mut self, frame: &mut Frame, run: &mut Run<'_>) -> Next {
        self.counts.rulesets += 1;
        let name = name_of(run, frame.ruleset);
        run.trace.input(&name, &self.stack[frame.base..], run.program.symbols.text(&self.text));
        if self.frames.len() >= MAX_DEPTH {
            let text = [b"rewrite: excessive recursion (max 50), ruleset ", &name[..]].concat();
            run.trace.reply(&Reply::new(554, None, text));
            frame.status = Sysexit::CONFIG;
            return Next::Leave(false);
        }
        frame.phase = Phase::Try;
        Next::Continue
    }

    /// Tries rules until one asks, calls, or the ruleset ends.
    fn try_rules(&mut self, frame: &mut Frame, run: &mut Run<'_>) -> Next {
        let program = run.program;
        let Some(ruleset) = program.ruleset(frame.ruleset) else { return Next::Leave(true) };
        let source = run.config.rulesets.get(frame.ruleset);
        let mut signature = Signature::of(&self.stack[frame.base..]);
        loop {
            if self.stack.get(frame.base).is_some_and(|first| first.first == op::CANONICAL_NET) {
                break;
            }
            let walk = run.walk || signature.odd;
            if !walk && frame.tries < MAX_TRIES {
                self.skip_rules(frame, ruleset, &signature);
            }
            let Some(rule) = ruleset.rules.get(frame.rule) else { break };
            run.trace.enter(source, frame.rule);
            run.trace.trying(rule.line);
            frame.tries += 1;
            if frame.tries > MAX_TRIES {
                self.infinite_loop(ruleset, frame, run);
                break;
            }
            if self.is_exhausted() {
                return self.stop(frame, Stop::Exhausted, run);
            }
            if !self.matches(frame, rule, walk, run) {
                run.trace.fails();
                (frame.rule, frame.tries) = (frame.rule + 1, 0);
                continue;
            }
            run.trace.matches();
            self.counts.matched += 1;
            let built = self.substitute(frame, rule, run);
            let vector = frame.base + frame.length;
            self.work += (self.stack.len() - vector) as u64;
            if let Err(stop) = built {
                return self.stop(frame, stop, run);
            }
            if rule.has_lookups {
                return self.lookups(frame, vector, run);
            }
            signature = Signature::of(&self.stack[vector..]);
            if signature.has(program.call_bit()) {
                return self.prepare_calls(frame, run);
            }
            if self.apply(frame, rule.after, run) {
                break;
            }
        }
        Next::Leave(true)
    }

    /// Passes over the rules that cannot match.
    fn skip_rules(&mut self, frame: &mut Frame, ruleset: &CompiledRuleset, signature: &Signature) {
        let rest = ruleset.needs.get(frame.rule..).unwrap_or_default();
        let skipped = rest.iter().position(|needs| needs.met_by(signature)).unwrap_or(rest.len());
        if skipped > 0 {
            (frame.rule, frame.tries) = (frame.rule + skipped, 0);
            self.counts.skipped += skipped as u64;
        }
    }

    fn is_exhausted(&mut self) -> bool {
        self.counts.tried += 1;
        self.work += 1 + std::mem::take(&mut self.room.grown);
        self.work > MAX_WORK
    }

    fn matches(&mut self, frame: &Frame, rule: &CompiledRule, walk: bool, run: &mut Run<'_>) -> bool {
        let (config, program, scope) = (run.config, run.program, &*run.scope);
        let workspace = &self.stack[frame.base..frame.base + frame.length];
        let text = program.symbols.text(&self.text);
        let (bindings, room) = (&mut self.bindings, &mut self.room);
        if !walk {
            return Matcher { config, program, scope, rule, workspace, text, bindings, room }.run();
        }
        let (phrase, patience) = (&mut room.phrase, MAX_WORK.saturating_sub(self.work));
        let mut walker = Walker { config, program, scope, rule, workspace, text, bindings, phrase, patience };
        let matches = walker.run(&mut run.trace);
        self.work += MAX_WORK.saturating_sub(self.work) - walker.patience;
        matches
    }

    fn lookups(&mut self, frame: &mut Frame, mut from: usize, run: &mut Run<'_>) -> Next {
        while let Some(pending) = self.next_lookup(from) {
            self.counts.lookups += 1;
            let request = self.request_of(&pending, run.program);
            trace_key(&request, run);
            let answer = match run.program.map_kind(self.map_id(&pending, run.program.host_id())) {
                MapKind::Pure(map) => super::pure_maps::answer(map, &request, run),
                MapKind::Declared(map) => match self.ask_now(map, &pending, run) {
                    Quick::Missing(status) => Answer { value: None, status },
                    Quick::Found => {
                        Answer { value: Some(std::mem::take(&mut self.value)), status: Sysexit::OK }
                    }
                    Quick::Wait => {
                        (self.pending, frame.phase) = (pending, Phase::Waiting);
                        return Next::Ask;
                    }
                },
                MapKind::Unknown => {
                    let text = [b"rewrite: map ", request.map(), b" not found"].concat();
                    run.trace.reply(&Reply::new(554, None, text));
                    Answer { value: None, status: Sysexit::OK }
                }
            };
            match self.answered(frame, pending, answer.value.as_deref(), answer.status, run) {
                Ok(next) => from = next,
                Err(stop) => return self.stop(frame, stop, run),
            }
            // the value's room is used again
            if let Some(value) = answer.value {
                self.value = value;
            }
        }
        self.prepare_calls(frame, run)
    }

    /// Asks a map that may know the answer already; the value is left in `self.value`.
    fn ask_now(&mut self, map: Option<MapId>, pending: &Pending, run: &Run<'_>) -> Quick {
        let (Some(map), Some(maps)) = (map, run.maps) else { return Quick::Wait };
        let (mut joined, mut value) = (std::mem::take(&mut self.joined), std::mem::take(&mut self.value));
        joined.clear();
        if !pending.has_arguments {
            self.put_key(pending, run.program, maps.key_space(map), &mut joined);
            let said = maps.ask_now(map, &joined, &[], &mut value);
            (self.joined, self.value) = (joined, value);
            return said;
        }
        let request = self.request_of(pending, run.program);
        let ends = request.put_all(maps.key_space(map), run.program.blank_sub, &mut joined);
        let mut parts: SmallVec<[&[u8]; 10]> = SmallVec::new();
        let mut begin = 0;
        for end in ends {
            parts.push(&joined[begin..end]);
            begin = end;
        }
        let said = match parts.split_first() {
            Some((key, args)) => maps.ask_now(map, key, args, &mut value),
            None => Quick::Wait,
        };
        drop(parts);
        (self.joined, self.value) = (joined, value);
        said
    }

    fn answered(
        &mut self,
        frame: &mut Frame,
        pending: Pending,
        value: Option<&[u8]>,
        status: Sysexit,
        run: &mut Run<'_>,
    ) -> Result<usize, Stop> {
        if status.is_temporary() {
            frame.add_status(status);
        }
        self.put_answer(frame, pending, value, run)
    }

    fn prepare_calls(&mut self, frame: &mut Frame, run: &mut Run<'_>) -> Next {
        let mut renamed = false;
        let found = self.find_calls(frame, &mut renamed, run);
        if renamed {
            run.scope.note_renamed(frame.ruleset, frame.rule);
        }
        if let Err(error) = found {
            let text = match error {
                CallError::Unknown(problem, name) => {
                    if let Some(problem) = problem {
                        run.trace.reply(&Reply::new(554, None, problem));
                    }
                    [b"Unknown ruleset ", &name[..]].concat()
                }
                CallError::TooMany => b"Too many subroutine calls (16 max)".to_vec(),
            };
            run.trace.reply(&Reply::new(554, None, text));
            frame.add_status(Sysexit::CONFIG);
            self.calls.truncate(frame.calls);
        }
        self.next_call(frame, run)
    }

    fn next_call(&mut self, frame: &mut Frame, run: &mut Run<'_>) -> Next {
        if self.calls.len() > frame.calls
            && let Some((at, ruleset)) = self.calls.pop()
        {
            self.stack.drain(at..at + 2);
            frame.phase = Phase::InCall;
            return Next::Call(self.frame(ruleset, at));
        }
        let rules = run.program.ruleset(frame.ruleset).map(|ruleset| &ruleset.rules);
        let after = rules.and_then(|rules| rules.get(frame.rule)).map_or(After::Return, |rule| rule.after);
        frame.phase = Phase::Try;
        match self.apply(frame, after, run) {
            true => Next::Leave(true),
            false => Next::Continue,
        }
    }

    /// The replacement becomes the workspace. True if the ruleset ends with it.
    fn apply(&mut self, frame: &mut Frame, after: After, run: &mut Run<'_>) -> bool {
        frame.base += frame.length;
        frame.length = self.stack.len() - frame.base;
        if frame.base - frame.origin > MOST_LEFT {
            self.forget_left(frame);
        }
        run.trace.rewritten(&self.stack[frame.base..], run.program.symbols.text(&self.text));
        match after {
            After::Again => false,
            After::Next => {
                (frame.rule, frame.tries) = (frame.rule + 1, 0);
                false
            }
            After::Return => true,
        }
    }

    /// Moves the workspace down over those that it has come from.
    fn forget_left(&mut self, frame: &mut Frame) {
        self.stack.drain(frame.origin..frame.base);
        frame.base = frame.origin;
    }

    /// Ends a ruleset without showing its result.
    fn stop(&mut self, frame: &mut Frame, stop: Stop, run: &mut Run<'_>) -> Next {
        let name = name_of(run, frame.ruleset);
        let head = [b"rewrite: ruleset ", &name[..]].concat();
        let text = match stop {
            Stop::TooLong => b"rewrite: expansion too long".to_vec(),
            Stop::OutOfBounds(number) => {
                [&head[..], format!(": replacement ${number} out of bounds").as_bytes()].concat()
            }
            Stop::Exhausted => [&head[..], b": the rules do not come to an end"].concat(),
            Stop::NoToken => {
                self.spoilt = true;
                Vec::new()
            }
        };
        if !text.is_empty() {
            run.trace.reply(&Reply::new(554, None, text));
        }
        frame.status = stop.status();
        Next::Leave(false)
    }

    /// Hands a ruleset's result to its caller.
    fn leave(&mut self, mut frame: Frame, shown: bool, run: &mut Run<'_>) {
        self.stack.truncate(frame.base + frame.length);
        self.forget_left(&mut frame);
        self.calls.truncate(frame.calls);
        if shown {
            let name = name_of(run, frame.ruleset);
            run.trace.returns(&name, &self.stack[frame.base..], run.program.symbols.text(&self.text));
        }
        let Some(caller) = self.frames.last_mut() else {
            if self.spoilt && !shown {
                self.stack.clear();
            }
            self.status = frame.status;
            return;
        };
        if !frame.status.is_ok() {
            caller.add_status(frame.status);
            if !frame.status.is_temporary() {
                self.calls.truncate(caller.calls);
            }
        }
        let vector = self.stack.len() - caller.base - caller.length;
        caller.phase = if vector > MAX_TOKENS { Phase::Overflow } else { Phase::Calls };
    }

    fn infinite_loop(&mut self, ruleset: &CompiledRuleset, frame: &Frame, run: &mut Run<'_>) {
        let mut text = b"Infinite loop in ruleset ".to_vec();
        text.extend_from_slice(&ruleset.name);
        text.extend_from_slice(format!(", rule {}", frame.rule + 1).as_bytes());
        run.trace.reply(&Reply::new(554, None, text));
        run.trace.workspace(&self.stack[frame.base..], run.program.symbols.text(&self.text));
    }
}

/// Key and arguments are joined to text (-d59.14).
fn trace_key(request: &LookupRequest<'_>, run: &mut Run<'_>) {
    if run.trace.at(59, 14) {
        // the arguments first
        for part in request.parts().skip(1).chain(request.parts().take(1)) {
            let mut joined = Vec::new();
            request.text().join(part, run.program.blank_sub, true, &mut joined);
            run.trace.cataddr(true, part, request.text(), &joined);
        }
    }
}

fn name_of<'r>(run: &Run<'r>, ruleset: RulesetId) -> Cow<'r, [u8]> {
    match run.program.ruleset(ruleset) {
        Some(found) => Cow::Borrowed(&found.name),
        None => Cow::Owned(run.config.rulesets.display_name(ruleset)),
    }
}
