//! Look-ups in a replacement, left to right: what is asked, who answers, and the answer in its place.
//!
//! In: the replacement at the top of the stack. Out: the same with its look-ups answered, or a question
//! ([`super::Step::Lookup`]) for whoever runs the machine.

use super::build::Stop;
use super::event::{Event, MapEvent, Observer, Tokens};
use super::frame::{Frame, Next, Pending, Phase};
use super::machine::{Machine, Run};
use super::program::{Bound, MapKind};
use super::pure_maps::PureMap;
use super::request::is_mark;
use super::rule::MAX_TOKENS;
use super::scan::{ScanMode, scan_into};
use super::symbols::{Shape, Symbol, is_stable};
use super::{Answer, ImmediateLookup, LookupRequest};
use crate::addr::{ByteKind, MAX_SHOWN, Table, op, shorten};
use crate::schema::{Reply, Sysexit};
use smallvec::SmallVec;
use std::ops::Range;

/// Longest default text that is taken over without being cut again.
const SHORT: usize = 200;

impl Machine {
    /// Answers the look-ups from a place on, so many of them. `None`: all are answered.
    pub(super) fn lookups(
        &mut self,
        frame: &mut Frame,
        mut from: usize,
        most: usize,
        run: &mut Run<'_>,
    ) -> Option<Next> {
        for _ in 0..most {
            let pending = self.next_lookup(from)?;
            self.counts.lookups += 1;
            let request = self.request_of(&pending, run.program);
            let kind = run.program.map_kind(self.map_id(&pending, run.program.host_id()));
            show_key(&request, kind, run);
            let answer = match kind {
                MapKind::Pure(map) => ask_pure_map(map, &request, run),
                MapKind::Declared(bound) => match self.try_lookup(bound, &pending, run) {
                    ImmediateLookup::Missing(status) => Answer { value: None, status },
                    ImmediateLookup::Found => {
                        Answer { value: Some(std::mem::take(&mut self.value)), status: Sysexit::OK }
                    }
                    ImmediateLookup::Wait => {
                        (self.pending, frame.phase) = (pending, Phase::Waiting);
                        return Some(Next::Ask);
                    }
                },
                MapKind::Unknown => {
                    let text = [b"rewrite: map ", request.map(), b" not found"].concat();
                    run.complain(Reply::new(554, None, text));
                    Answer { value: None, status: Sysexit::OK }
                }
            };
            match self.answered(frame, pending, answer.value.as_deref(), answer.status, run) {
                Ok(next) => from = next,
                Err(stop) => return Some(self.stop(frame, stop, run)),
            }
            // the value's memory is used again
            if let Some(value) = answer.value {
                self.value = value;
            }
        }
        None
    }

    /// The first look-up that begins at or after `from`.
    fn next_lookup(&self, from: usize) -> Option<Pending> {
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
    fn map_id(&self, pending: &Pending, host: u32) -> u32 {
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
    fn put_key(&self, pending: &Pending, program: &super::Program, space: u8, out: &mut Vec<u8>) {
        let key = &self.stack[pending.words.start..pending.key_end];
        program.symbols.text(&self.text).join(key, space, true, out);
    }

    /// Asks a map that may know the answer already; the value is left in `self.value`.
    fn try_lookup(&mut self, bound: Option<Bound>, pending: &Pending, run: &mut Run<'_>) -> ImmediateLookup {
        let (Some(Bound { map, key_space }), Some(maps)) = (bound, run.maps) else {
            return ImmediateLookup::Wait;
        };
        let (mut joined, mut value) = (std::mem::take(&mut self.joined), std::mem::take(&mut self.value));
        joined.clear();
        let observer = match run.shows_steps() {
            true => Some(&mut *run.observer as &mut dyn Observer),
            false => None,
        };
        if !pending.has_arguments {
            self.put_key(pending, run.program, key_space, &mut joined);
            let said = maps.try_lookup(map, &joined, &[], &mut value, observer);
            (self.joined, self.value) = (joined, value);
            return said;
        }
        let request = self.request_of(pending, run.program);
        let ends = request.put_all(key_space, run.program.blank_sub, &mut joined);
        let mut parts: SmallVec<[&[u8]; 10]> = SmallVec::new();
        let mut begin = 0;
        for end in ends {
            parts.push(&joined[begin..end]);
            begin = end;
        }
        let said = match parts.split_first() {
            Some((key, args)) => maps.try_lookup(map, key, args, &mut value, observer),
            None => ImmediateLookup::Wait,
        };
        drop(parts);
        (self.joined, self.value) = (joined, value);
        said
    }

    pub(super) fn answered(
        &mut self,
        frame: &mut Frame,
        pending: Pending,
        value: Option<&[u8]>,
        status: Sysexit,
        run: &mut Run<'_>,
    ) -> Result<usize, Stop> {
        run.count_asked(self.map_id(&pending, run.program.host_id()), value.is_some());
        if status.is_temporary() {
            frame.add_status(status);
            // what is put off on purpose is nothing to tell
            if !run.deferred && self.deferral.is_none() {
                self.deferral = Some(self.deferral_of(&pending, run));
            }
        }
        self.put_answer(frame, pending, value, run)
    }

    fn deferral_of(&self, pending: &Pending, run: &Run<'_>) -> Vec<u8> {
        let request = self.request_of(pending, run.program);
        let mut key = Vec::new();
        request.put_key(run.program.blank_sub, &mut key);
        [request.map(), b" map: lookup (", &shorten(&key, MAX_SHOWN), b"): deferred"].concat()
    }

    /// Puts the answer in the place of the look-up; gives where to go on.
    fn put_answer(
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
                let symbols = self.scan_text(value, Table::External, run)?;
                self.put_scanned(place, symbols)
            }
            (None, Some(default)) if default.is_empty() => {
                self.show_joined(0..0, b"", run);
                self.put_tokens(place, 0..0)
            }
            (None, Some(default)) if self.is_stable(default.clone(), run) => {
                if run.shows_steps() {
                    self.show_scanned_again(default.clone(), run);
                }
                self.put_tokens(place, default)
            }
            (None, Some(default)) => {
                let joined = self.join_again(default, run);
                let symbols = self.scan_text(&joined, Table::Internal, run);
                self.joined = joined;
                self.put_scanned(place, symbols?)
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

    fn put_scanned(&mut self, place: Range<usize>, symbols: Vec<Symbol>) -> usize {
        self.stack.splice(place, symbols.iter().copied());
        let length = symbols.len();
        self.scanned = symbols;
        length
    }

    /// A default as text, to be cut again.
    fn join_again(&mut self, default: Range<usize>, run: &mut Run<'_>) -> Vec<u8> {
        let mut joined = std::mem::take(&mut self.joined);
        joined.clear();
        let text = run.program.symbols.text(&self.text);
        text.join(&self.stack[default.clone()], run.program.blank_sub, false, &mut joined);
        self.show_joined(default, &joined, run);
        joined
    }

    /// A default of which nothing would change is taken over as it is. What cutting it again would show is shown
    /// all the same; its tokens are not used.
    fn show_scanned_again(&mut self, default: Range<usize>, run: &mut Run<'_>) {
        let joined = self.join_again(default, run);
        let mode = ScanMode { silent: run.silent, ..ScanMode::whole(Table::Internal) };
        scan_into(&run.program.operators, &joined, mode, run.observer, &mut self.buffer);
        self.joined = joined;
    }

    /// A default is joined, to be cut again.
    fn show_joined(&self, tokens: Range<usize>, text: &[u8], run: &mut Run<'_>) {
        if run.shows_steps() {
            let tokens = Tokens { symbols: &self.stack[tokens], text: run.program.symbols.text(&self.text) };
            run.observer.event(&Event::Joined { external: false, tokens, text });
        }
    }

    /// Would these tokens, joined and cut again, be the same? Then nothing need be done.
    fn is_stable(&self, range: Range<usize>, run: &Run<'_>) -> bool {
        let program = run.program;
        let text = program.symbols.text(&self.text);
        let kinds = program.operators.kinds(Table::Internal);
        let parting = kinds[usize::from(program.blank_sub)] == ByteKind::Blank;
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
}

/// The machine's own look-up: keys and arguments joined, the answer shown.
fn ask_pure_map(map: &PureMap, request: &LookupRequest<'_>, run: &mut Run<'_>) -> Answer {
    let blank_sub = run.program.blank_sub;
    let mut key = Vec::new();
    request.put_key(map.key_space(blank_sub), &mut key);
    let args: Vec<_> = request.arguments(blank_sub).collect();
    if map.deferred && run.deferred {
        return Answer { value: None, status: Sysexit::TEMPFAIL };
    }
    if run.shows_steps() {
        let every: Vec<_> = std::iter::once(&key).chain(&args).cloned().collect();
        run.observer.event(&Event::Map(&MapEvent::Lookup { map: request.map(), key: &key, args: &every }));
    }
    let answer = map.lookup(run.config, run.scope, &key, &args, &mut run.problems, run.observer);
    if run.shows_steps() {
        let (value, status) = (answer.value.as_deref(), answer.status);
        run.observer.event(&Event::Map(&MapEvent::Answer { value, status }));
    }
    answer
}

/// Key and arguments are joined to text (-d59.14).
fn show_key(request: &LookupRequest<'_>, kind: MapKind<'_>, run: &mut Run<'_>) {
    if run.shows_steps() {
        let blank_sub = run.program.blank_sub;
        let key_space = match kind {
            MapKind::Pure(map) => map.key_space(blank_sub),
            MapKind::Declared(Some(bound)) => bound.key_space,
            MapKind::Declared(None) | MapKind::Unknown => blank_sub,
        };
        // the arguments first
        let arguments = request.parts().skip(1).map(|part| (part, blank_sub));
        for (part, space) in arguments.chain(request.parts().take(1).map(|key| (key, key_space))) {
            let mut joined = Vec::new();
            request.text().join(part, space, true, &mut joined);
            let tokens = Tokens { symbols: part, text: request.text() };
            run.observer.event(&Event::Joined { external: true, tokens, text: &joined });
        }
    }
}
