//! The machine: a stack of rulesets being run, each with its workspace.
//!
//! Plain data between two steps: it can be cloned, kept and resumed anywhere.

use super::build::{
    Call, CallError, MAX_TOKENS, PendingLookup, Stop, find_calls, next_lookup, put_answer, substitute,
};
use super::matcher::{Bindings, Matcher};
use super::program::{After, CompiledRuleset, Program};
use super::scope::Scope;
use super::trace::Trace;
use super::{Answer, Step};
use crate::addr::{Token, cataddr, op};
use crate::config::{Config, RulesetId};
use crate::logging::Tracer;
use crate::schema::{Reply, Sysexit};
use smallvec::SmallVec;

/// Deepest nesting of rulesets.
const MAX_DEPTH: usize = 51;
/// Most applications of one rule in a row.
const MAX_TRIES: u32 = 100;

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
    /// Traces and messages.
    pub tracer: &'a mut dyn Tracer,
}

/// One run of a ruleset, with all that it calls.
#[derive(Clone, Debug)]
pub struct Machine {
    frames: Vec<Frame>,
    /// Workspace and status of the outermost ruleset, once it has ended.
    result: (Vec<Token>, Sysexit),
    /// A text without tokens has spoilt the outermost workspace (see [`Machine::into_workspace`]).
    spoilt: bool,
    bindings: Bindings,
    phrase: Vec<u8>,
    /// A vector kept for its room.
    spare: Vec<Token>,
}

#[derive(Clone, Debug)]
struct Frame {
    ruleset: RulesetId,
    rule: usize,
    tries: u32,
    workspace: Vec<Token>,
    status: Sysexit,
    phase: Phase,
}

/// Where a ruleset stands.
#[derive(Clone, Debug)]
enum Phase {
    /// Nothing has been done yet.
    Enter,
    /// A rule is to be tried.
    Try,
    /// A replacement is being built, look-ups from this token on.
    Lookups(Vec<Token>, usize),
    /// The map has been asked.
    Waiting(Vec<Token>, Box<PendingLookup>),
    /// The map has answered.
    Answered(Vec<Token>, Box<PendingLookup>, Answer),
    /// Calls are to be made, the last first.
    Calls(Vec<Token>, SmallVec<[Call; 4]>),
    /// The ruleset called last is running.
    InCall(Vec<Token>, SmallVec<[Call; 4]>, usize),
    /// The result of a call does not fit.
    Overflow,
}

impl Frame {
    fn new(ruleset: RulesetId, workspace: Vec<Token>) -> Self {
        Self { ruleset, rule: 0, tries: 0, workspace, status: Sysexit::OK, phase: Phase::Enter }
    }

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
    Ask(super::LookupRequest),
    /// The ruleset has ended; `true` if what it returns is to be shown.
    Leave(bool),
}

impl Machine {
    /// Ready to run `ruleset` on `workspace`.
    pub fn new(ruleset: RulesetId, workspace: Vec<Token>) -> Self {
        Self {
            frames: vec![Frame::new(ruleset, workspace)],
            result: (Vec::new(), Sysexit::OK),
            spoilt: false,
            bindings: Bindings::new(),
            phrase: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// Runs until a map must be asked or everything is done.
    pub fn step(&mut self, context: &mut Context<'_>) -> Step {
        while let Some(mut frame) = self.frames.pop() {
            match self.work(&mut frame, context) {
                Next::Continue => self.frames.push(frame),
                Next::Call(called) => self.frames.extend([frame, called]),
                Next::Ask(request) => {
                    self.frames.push(frame);
                    return Step::Lookup(request);
                }
                Next::Leave(shown) => self.leave(frame, shown, context),
            }
        }
        Step::Done(self.result.1)
    }

    /// The answer to the look-up asked for.
    pub fn resume(&mut self, answer: Answer) {
        if let Some(frame) = self.frames.last_mut() {
            frame.phase = match std::mem::replace(&mut frame.phase, Phase::Try) {
                Phase::Waiting(vector, lookup) => Phase::Answered(vector, lookup, answer),
                other => other,
            };
        }
    }

    /// The rewritten workspace. Empty where sendmail loses it: when a look-up or `$&x` gave a text
    /// without tokens at the end of the run, since its scanner has one static vector.
    pub fn into_workspace(self) -> Vec<Token> {
        self.result.0
    }

    fn work(&mut self, frame: &mut Frame, context: &mut Context<'_>) -> Next {
        let config = context.config;
        match std::mem::replace(&mut frame.phase, Phase::Try) {
            Phase::Enter => self.enter(frame, context),
            Phase::Try => self.try_rules(frame, context),
            Phase::Lookups(vector, from) => self.lookups(frame, vector, from, context),
            Phase::Waiting(vector, lookup) => {
                // asked again without an answer: ask again
                let request = lookup.request.clone();
                frame.phase = Phase::Waiting(vector, lookup);
                Next::Ask(request)
            }
            Phase::Answered(mut vector, lookup, answer) => {
                if answer.status.is_temporary() {
                    frame.add_status(answer.status);
                }
                let mut trace = Trace::new(context.tracer, config);
                let value = answer.value.as_deref();
                match put_answer(context.program, config, &mut vector, *lookup, value, &mut trace) {
                    Ok(from) => frame.phase = Phase::Lookups(vector, from),
                    Err(stop) => return self.stop(frame, stop, &mut trace),
                }
                Next::Continue
            }
            Phase::Calls(vector, calls) => self.call(frame, vector, calls, context),
            Phase::InCall(..) => Next::Continue,
            Phase::Overflow => {
                let mut trace = Trace::new(context.tracer, config);
                self.stop(frame, Stop::TooLong, &mut trace)
            }
        }
    }

    fn enter(&mut self, frame: &mut Frame, context: &mut Context<'_>) -> Next {
        let mut trace = Trace::new(context.tracer, context.config);
        let name = name_of(context.program, context.config, frame.ruleset);
        trace.input(&name, &frame.workspace);
        if self.frames.len() >= MAX_DEPTH {
            let mut text = b"rewrite: excessive recursion (max 50), ruleset ".to_vec();
            text.extend_from_slice(&name);
            trace.reply(&Reply::new(554, None, text));
            frame.status = Sysexit::CONFIG;
            return Next::Leave(false);
        }
        Next::Continue
    }

    /// Tries rules until one asks, calls, or the ruleset ends.
    fn try_rules(&mut self, frame: &mut Frame, context: &mut Context<'_>) -> Next {
        let (config, program) = (context.config, context.program);
        let Some(ruleset) = program.ruleset(frame.ruleset) else { return Next::Leave(true) };
        let mut trace = Trace::new(context.tracer, config);
        let source = config.rulesets.get(frame.ruleset);
        while let Some(rule) = ruleset.rules.get(frame.rule) {
            if frame.workspace.first().is_some_and(|token| token.first() == op::CANONICAL_NET) {
                break;
            }
            trace.enter(source, frame.rule);
            trace.trying(rule.line);
            frame.tries += 1;
            if frame.tries > MAX_TRIES {
                infinite_loop(ruleset, frame, &mut trace);
                break;
            }
            let mut matcher = Matcher {
                config,
                program,
                scope: context.scope,
                rule,
                workspace: &frame.workspace,
                bindings: &mut self.bindings,
                phrase: &mut self.phrase,
            };
            if !matcher.run(&mut trace) {
                trace.fails();
                (frame.rule, frame.tries) = (frame.rule + 1, 0);
                continue;
            }
            trace.matches();
            let mut vector = std::mem::take(&mut self.spare);
            let (workspace, bindings) = (&frame.workspace, &self.bindings);
            let built = substitute(
                program,
                config,
                context.scope,
                rule,
                workspace,
                bindings,
                &mut vector,
                &mut trace,
            );
            if let Err(stop) = built {
                return self.stop(frame, stop, &mut trace);
            }
            if rule.has_lookups {
                frame.phase = Phase::Lookups(vector, 0);
                return Next::Continue;
            }
            if rule.may_call && vector.iter().any(|token| token.first() == op::CALL_SUBROUTINE) {
                return self.prepare_calls(frame, vector, program, context.scope, &mut trace);
            }
            if self.apply(frame, vector, program, &mut trace) {
                break;
            }
        }
        Next::Leave(true)
    }

    fn lookups(
        &mut self,
        frame: &mut Frame,
        mut vector: Vec<Token>,
        mut from: usize,
        context: &mut Context<'_>,
    ) -> Next {
        let (config, program) = (context.config, context.program);
        while let Some(lookup) = next_lookup(&vector, from) {
            let request = &lookup.request;
            trace_key(request, program, &mut Trace::new(context.tracer, config));
            let answer = match program.pure_map(&request.map) {
                Some(map) => super::pure_maps::answer(map, &lookup.request, context),
                None if !config.maps.iter().any(|decl| decl.name.eq_ignore_ascii_case(&request.map)) => {
                    let mut text = b"rewrite: map ".to_vec();
                    text.extend_from_slice(&lookup.request.map);
                    text.extend_from_slice(b" not found");
                    context.tracer.reply(&Reply::new(554, None, text));
                    Answer { value: None, status: Sysexit::OK }
                }
                None => {
                    let request = lookup.request.clone();
                    frame.phase = Phase::Waiting(vector, Box::new(lookup));
                    return Next::Ask(request);
                }
            };
            if answer.status.is_temporary() {
                frame.add_status(answer.status);
            }
            let mut trace = Trace::new(context.tracer, config);
            let value = answer.value.as_deref();
            match put_answer(program, config, &mut vector, lookup, value, &mut trace) {
                Ok(next) => from = next,
                Err(stop) => return self.stop(frame, stop, &mut trace),
            }
        }
        self.prepare_calls(frame, vector, program, context.scope, &mut Trace::new(context.tracer, config))
    }

    fn prepare_calls(
        &mut self,
        frame: &mut Frame,
        mut vector: Vec<Token>,
        program: &Program,
        scope: &mut Scope,
        trace: &mut Trace<'_>,
    ) -> Next {
        let config = trace.config();
        let mut renamed = false;
        let calls = find_calls(program, config, &mut vector, &mut renamed, trace);
        if renamed {
            scope.note_renamed(frame.ruleset, frame.rule);
        }
        match calls {
            Ok(calls) => frame.phase = Phase::Calls(vector, calls),
            Err(error) => {
                let text = match error {
                    CallError::Unknown(problem, name) => {
                        if let Some(problem) = problem {
                            trace.reply(&Reply::new(554, None, problem));
                        }
                        [b"Unknown ruleset ", &name[..]].concat()
                    }
                    CallError::TooMany => b"Too many subroutine calls (16 max)".to_vec(),
                };
                trace.reply(&Reply::new(554, None, text));
                frame.add_status(Sysexit::CONFIG);
                frame.phase = Phase::Calls(vector, SmallVec::new());
            }
        }
        Next::Continue
    }

    fn call(
        &mut self,
        frame: &mut Frame,
        mut vector: Vec<Token>,
        mut calls: SmallVec<[Call; 4]>,
        context: &mut Context<'_>,
    ) -> Next {
        if let Some((at, ruleset)) = calls.pop() {
            let workspace = vector.drain(at..).skip(2).collect();
            frame.phase = Phase::InCall(vector, calls, at);
            return Next::Call(Frame::new(ruleset, workspace));
        }
        let mut trace = Trace::new(context.tracer, context.config);
        match self.apply(frame, vector, context.program, &mut trace) {
            true => Next::Leave(true),
            false => Next::Continue,
        }
    }

    /// The replacement becomes the workspace. True if the ruleset ends with it.
    fn apply(
        &mut self,
        frame: &mut Frame,
        vector: Vec<Token>,
        program: &Program,
        trace: &mut Trace<'_>,
    ) -> bool {
        self.spare = std::mem::replace(&mut frame.workspace, vector);
        trace.rewritten(&frame.workspace);
        let after = program.ruleset(frame.ruleset).and_then(|ruleset| ruleset.rules.get(frame.rule));
        match after.map(|rule| rule.after) {
            Some(After::Again) => false,
            Some(After::Next) => {
                (frame.rule, frame.tries) = (frame.rule + 1, 0);
                false
            }
            Some(After::Return) | None => true,
        }
    }

    /// Ends a ruleset without showing its result.
    fn stop(&mut self, frame: &mut Frame, stop: Stop, trace: &mut Trace<'_>) -> Next {
        let name = trace.config().rulesets.display_name(frame.ruleset);
        match stop {
            Stop::TooLong => trace.reply(&Reply::new(554, None, "rewrite: expansion too long")),
            Stop::OutOfBounds(number) => {
                let mut text = b"rewrite: ruleset ".to_vec();
                text.extend_from_slice(&name);
                text.extend_from_slice(format!(": replacement ${number} out of bounds").as_bytes());
                trace.reply(&Reply::new(554, None, text));
            }
            Stop::NoToken => self.spoilt = true,
        }
        frame.status = stop.status();
        Next::Leave(false)
    }

    /// Hands a ruleset's result to its caller.
    fn leave(&mut self, frame: Frame, shown: bool, context: &mut Context<'_>) {
        if shown {
            let mut trace = Trace::new(context.tracer, context.config);
            trace.returns(&name_of(context.program, context.config, frame.ruleset), &frame.workspace);
        }
        let Some(caller) = self.frames.last_mut() else {
            let lost = self.spoilt && !shown;
            self.result = (if lost { Vec::new() } else { frame.workspace }, frame.status);
            return;
        };
        let Phase::InCall(mut vector, mut calls, at) = std::mem::replace(&mut caller.phase, Phase::Try)
        else {
            return;
        };
        vector.truncate(at);
        vector.extend(frame.workspace);
        if !frame.status.is_ok() {
            caller.add_status(frame.status);
            if !frame.status.is_temporary() {
                calls.clear();
            }
        }
        caller.phase = if vector.len() > MAX_TOKENS { Phase::Overflow } else { Phase::Calls(vector, calls) };
    }
}

/// Key and arguments are joined to text (-d59.14).
fn trace_key(request: &super::LookupRequest, program: &Program, trace: &mut Trace<'_>) {
    if trace.at(59, 14) {
        for tokens in std::iter::once(&request.key).chain(&request.args) {
            let text = cataddr(&program.operators, tokens, Some(program.blank_sub), true);
            trace.cataddr(trace.config(), true, tokens, &text);
        }
    }
}

fn name_of(program: &Program, config: &Config, ruleset: RulesetId) -> Vec<u8> {
    match program.ruleset(ruleset) {
        Some(found) => found.name.clone(),
        None => config.rulesets.display_name(ruleset),
    }
}

fn infinite_loop(ruleset: &CompiledRuleset, frame: &Frame, trace: &mut Trace<'_>) {
    let mut text = b"Infinite loop in ruleset ".to_vec();
    text.extend_from_slice(&ruleset.name);
    text.extend_from_slice(format!(", rule {}", frame.rule + 1).as_bytes());
    trace.reply(&Reply::new(554, None, text));
    trace.workspace(&frame.workspace);
}
