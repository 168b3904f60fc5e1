//! Building the replacement: `$n` and `$&x`, then look-ups left to right, then the calls to make.
//!
//! The replacement grows at the top of the machine's stack, above the workspace it will replace.

use super::machine::{Frame, Machine, Run};
use super::program::{CompiledRule, Piece};
use super::request::LookupRequest;
use super::scan::{ScanMode, scan_into};
use super::symbols::{Shape, Symbol, is_stable};
use crate::addr::{Kind, Table, op};
use crate::config::RulesetId;
use crate::schema::Sysexit;
use std::ops::Range;

/// Most tokens of a workspace.
pub(super) const MAX_TOKENS: usize = 1000;
/// Most calls in one replacement, with one for the end.
const MAX_CALLS: usize = 16;
/// Longest default text that is taken over without being cut again.
const SHORT: usize = 200;

/// Why a ruleset ends at once, without showing what it returns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stop {
    /// More tokens than fit.
    TooLong,
    /// `$n` beyond what the pattern bound.
    OutOfBounds(u8),
    /// A text that was to be tokenised has no token.
    NoToken,
    /// The rules never come to an end.
    Exhausted,
}

impl Stop {
    pub fn status(self) -> Sysexit {
        match self {
            Self::OutOfBounds(_) => Sysexit::CONFIG,
            _ => Sysexit::DATAERR,
        }
    }
}

/// A look-up in the replacement, by places in the stack.
#[derive(Clone, Debug, Default)]
pub(super) struct Pending {
    /// Everything from `$(` to after `$)`.
    place: Range<usize>,
    /// The map's name; `None` for `$[`.
    map: Option<usize>,
    /// Everything between the map's name and `$)`.
    words: Range<usize>,
    /// Where the key ends.
    key_end: usize,
    /// There are arguments.
    pub has_arguments: bool,
    /// The tokens after the last `$:`.
    default: Option<Range<usize>>,
}

/// Does a new part of a look-up begin here?
pub(super) fn is_mark(symbol: &Symbol) -> bool {
    matches!(symbol.first, op::CANONICAL_HOST | op::CANONICAL_USER)
}

/// A call to make: where it begins in the stack, and what it runs.
pub(super) type Call = (usize, RulesetId);

/// What hinders the calls of a replacement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum CallError {
    /// What is wrong with the name itself, and the name.
    Unknown(Option<Vec<u8>>, Vec<u8>),
    TooMany,
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

impl Machine {
    /// Copies the replacement, bindings and deferred macros filled in, to the top of the stack.
    pub(super) fn substitute(
        &mut self,
        frame: &Frame,
        rule: &CompiledRule,
        run: &mut Run<'_>,
    ) -> Result<(), Stop> {
        let start = self.stack.len();
        for piece in run.program.replacement(rule) {
            match piece {
                Piece::Words(from, to) => self.stack.extend_from_slice(run.program.words(*from, *to)),
                Piece::Binding(number) => {
                    let index = usize::from(*number).wrapping_sub(1);
                    let binding = *self.bindings.get(index).ok_or(Stop::OutOfBounds(*number))?;
                    let bound = binding.range(frame.base);
                    if run.trace.at(21, 15) {
                        let text = run.program.symbols.text(&self.text);
                        run.trace.binding(index + 1, &self.stack[bound.clone()], text);
                    }
                    self.stack.extend_from_within(bound);
                }
                Piece::Macro(id) => {
                    let value = run.scope.get(run.config, *id);
                    if run.trace.at(21, 2) {
                        run.trace.deferred(run.config, "RHS", *id, value);
                    }
                    let mut joined = std::mem::take(&mut self.joined);
                    joined.clear();
                    joined.extend_from_slice(value.unwrap_or_default());
                    let put = if joined.is_empty() { Ok(()) } else { self.put_value(&joined, run) };
                    self.joined = joined;
                    put?;
                }
            }
            if self.stack.len() - start > MAX_TOKENS {
                return Err(Stop::TooLong);
            }
        }
        Ok(())
    }

    /// The tokens of a macro's value, at the top of the stack.
    fn put_value(&mut self, value: &[u8], run: &mut Run<'_>) -> Result<(), Stop> {
        let fresh = self.cut_text(value, Table::External, run)?;
        if run.trace.at(21, 19) {
            run.trace.deferred_tokens(&fresh, run.program.symbols.text(&self.text));
        }
        self.stack.extend_from_slice(&fresh);
        self.fresh = fresh;
        Ok(())
    }

    /// Cuts a text into symbols; give the vector back to `self.fresh`.
    fn cut_text(&mut self, text: &[u8], table: Table, run: &mut Run<'_>) -> Result<Vec<Symbol>, Stop> {
        let mut fresh = std::mem::take(&mut self.fresh);
        fresh.clear();
        let (program, names) = (run.program, &run.config.names);
        let mode = ScanMode::whole(table);
        scan_into(&program.operators, names, text, mode, run.trace.tracer(), &mut self.cut);
        self.add_cut(program, &mut fresh);
        if fresh.is_empty() { Err(Stop::NoToken) } else { Ok(fresh) }
    }

    /// The first look-up that begins at or after `from`.
    pub(super) fn next_lookup(&self, from: usize) -> Option<Pending> {
        let stack = &self.stack;
        let is_begin = |symbol: &Symbol| matches!(symbol.first, op::LOOKUP_BEGIN | op::HOST_BEGIN);
        let begin = from + stack.get(from..)?.iter().position(is_begin)?;
        let host = stack[begin].first == op::HOST_BEGIN;
        let end_mark = if host { op::HOST_END } else { op::LOOKUP_END };
        let start = (begin + if host { 1 } else { 2 }).min(stack.len());
        let mut pending = Pending {
            place: begin..stack.len(),
            map: (!host).then_some(begin + 1),
            words: start..stack.len(),
            key_end: stack.len(),
            has_arguments: false,
            default: None,
        };
        // each mark ends what came before; of several defaults the last one counts
        let mut in_default = false;
        for (at, symbol) in stack.iter().enumerate().skip(start) {
            let ends = symbol.first == end_mark;
            if !ends && !is_mark(symbol) {
                continue;
            }
            pending.key_end = pending.key_end.min(at);
            if let Some(default) = pending.default.as_mut().filter(|_| in_default) {
                default.end = at;
            }
            in_default = false;
            if ends {
                (pending.place.end, pending.words.end) = (at + 1, at);
                break;
            }
            match symbol.first {
                op::CANONICAL_USER => {
                    pending.default = Some(at + 1..stack.len());
                    in_default = true;
                }
                _ => pending.has_arguments = true,
            }
        }
        Some(pending)
    }

    /// The number of the map's name; 0 if there is no such map.
    pub(super) fn map_id(&self, pending: &Pending, host: u32) -> u32 {
        match pending.map {
            Some(at) => self.stack.get(at).map_or(0, |symbol| symbol.id),
            None => host,
        }
    }

    /// The look-up as others see it.
    pub(super) fn request_of<'m>(
        &'m self,
        pending: &Pending,
        program: &'m super::Program,
    ) -> LookupRequest<'m> {
        let text = program.symbols.text(&self.text);
        let map = match pending.map {
            Some(at) => self.stack.get(at).map_or(&b""[..], |symbol| text.bytes(*symbol)),
            None => b"host",
        };
        LookupRequest::new(map, &self.stack[pending.words.clone()], text)
    }

    /// Appends the key as text.
    pub(super) fn put_key(&self, pending: &Pending, program: &super::Program, space: u8, out: &mut Vec<u8>) {
        let key = &self.stack[pending.words.start..pending.key_end];
        program.symbols.text(&self.text).join(key, space, true, out);
    }

    /// Puts the answer in the place of the look-up; gives where to go on.
    pub(super) fn put_answer(
        &mut self,
        frame: &Frame,
        pending: Pending,
        value: Option<&[u8]>,
        run: &mut Run<'_>,
    ) -> Result<usize, Stop> {
        let Pending { place, words, key_end, default, .. } = pending;
        let begin = place.start;
        let length = match (value, default) {
            (Some([]), _) => self.put_tokens(place, 0..0),
            (Some(value), _) => {
                let fresh = self.cut_text(value, Table::External, run)?;
                self.put_fresh(place, fresh)
            }
            (None, Some(default)) if default.is_empty() => self.put_tokens(place, 0..0),
            (None, Some(default)) if self.is_stable(default.clone(), run) => self.put_tokens(place, default),
            (None, Some(default)) => {
                let mut joined = std::mem::take(&mut self.joined);
                joined.clear();
                let text = run.program.symbols.text(&self.text);
                let tokens = &self.stack[default];
                text.join(tokens, run.program.blank_sub, false, &mut joined);
                run.trace.cataddr(false, tokens, text, &joined);
                let fresh = self.cut_text(&joined, Table::Internal, run);
                self.joined = joined;
                self.put_fresh(place, fresh?)
            }
            (None, None) => self.put_tokens(place, words.start..key_end),
        };
        let vector = frame.base + frame.length;
        if self.stack.len() - vector > MAX_TOKENS { Err(Stop::TooLong) } else { Ok(begin + length) }
    }

    /// Tokens of a place take the whole place.
    fn put_tokens(&mut self, place: Range<usize>, tokens: Range<usize>) -> usize {
        let length = tokens.len();
        self.stack.copy_within(tokens, place.start);
        self.stack.drain(place.start + length..place.end);
        length
    }

    fn put_fresh(&mut self, place: Range<usize>, fresh: Vec<Symbol>) -> usize {
        self.stack.splice(place, fresh.iter().copied());
        let length = fresh.len();
        self.fresh = fresh;
        length
    }

    /// Would these tokens, joined and cut again, be the same? Then nothing need be done.
    fn is_stable(&self, range: Range<usize>, run: &Run<'_>) -> bool {
        let program = run.program;
        if run.trace.at(22, 1) || run.trace.at(59, 14) {
            return false;
        }
        let text = program.symbols.text(&self.text);
        let kinds = program.operators.kinds(Table::Internal);
        let parting = kinds[usize::from(program.blank_sub)] == Kind::Blank;
        let (mut angles, mut bytes, mut after_atom) = (0i32, 0, false);
        for symbol in &self.stack[range] {
            let token = text.bytes(*symbol);
            bytes += token.len() + 1;
            match symbol.first {
                b'<' => angles += 1,
                b'>' => angles -= 1,
                _ => {}
            }
            let atom = symbol.shape.contains(Shape::ATOM);
            if !is_stable(kinds, token) || angles < 0 || (atom && after_atom && !parting) {
                return false;
            }
            after_atom = atom;
        }
        angles == 0 && bytes <= SHORT
    }

    /// The calls in the replacement, left to right, put on `self.calls`; each `$>name` is cut down to its
    /// place. Rulesets without rules are cut out altogether.
    pub(super) fn find_calls(
        &mut self,
        frame: &Frame,
        renamed: &mut bool,
        run: &mut Run<'_>,
    ) -> Result<(), CallError> {
        let mut at = frame.base + frame.length;
        while at + 1 < self.stack.len() {
            let is_call = |symbol: &Symbol| symbol.first == op::CALL_SUBROUTINE;
            at += self.stack[at..].iter().position(is_call).unwrap_or(self.stack.len() - at);
            if at + 1 < self.stack.len() {
                let ruleset = self.called(at + 1, renamed, run)?;
                if run.program.ruleset(ruleset).is_none_or(|found| found.rules.is_empty()) {
                    if run.trace.at(21, 3) {
                        let name = run.program.symbols.text(&self.text).bytes(self.stack[at + 1]);
                        let mut line = [b"-----skip subr ", name].concat();
                        line.extend_from_slice(format!(" ({})", ruleset.0).as_bytes());
                        run.trace.line(line);
                    }
                    self.stack.drain(at..at + 2);
                    // sendmail's scan passes over the token that has moved here
                } else {
                    if self.calls.len() - frame.calls + 1 >= MAX_CALLS {
                        return Err(CallError::TooMany);
                    }
                    self.calls.push((at, ruleset));
                    at += 1;
                }
            }
            at += 1;
        }
        Ok(())
    }

    /// The ruleset that the token at this place names; quotes are taken off it.
    fn called(&mut self, at: usize, renamed: &mut bool, run: &Run<'_>) -> Result<RulesetId, CallError> {
        let symbol = self.stack[at];
        if let Some(ruleset) = symbol.ruleset() {
            return Ok(ruleset);
        }
        let symbols = &run.program.symbols;
        let token = symbols.text(&self.text).bytes(symbol);
        let name = call_name(token);
        if name != token {
            self.stack[at] = symbols.symbol(&name, self.text.len());
            self.text.extend_from_slice(&name);
            *renamed = true;
        }
        match run.config.rulesets.look_up(&name) {
            Ok((ruleset, _)) => Ok(ruleset),
            Err(problem) => Err(CallError::Unknown(problem, name)),
        }
    }
}
