//! Building the replacement: `$n` and `$&x`, then look-ups left to right, then the calls to make.

use super::LookupRequest;
use super::matcher::Bindings;
use super::program::{CompiledRule, Piece, Program};
use super::scan::{ScanMode, scan};
use super::scope::Scope;
use super::trace::Trace;
use crate::addr::{Table, Token, op};
use crate::config::{Config, RulesetId};
use crate::schema::Sysexit;
use smallvec::SmallVec;

/// Most tokens of a workspace.
pub(super) const MAX_TOKENS: usize = 1000;
/// Most calls in one replacement, with one for the end.
const MAX_CALLS: usize = 16;

/// Why a ruleset ends at once, without showing what it returns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Stop {
    /// More tokens than fit.
    TooLong,
    /// `$n` beyond what the pattern bound.
    OutOfBounds(u8),
    /// A text that was to be tokenised has no token.
    NoToken,
}

impl Stop {
    pub fn status(&self) -> Sysexit {
        match self {
            Self::OutOfBounds(_) => Sysexit::CONFIG,
            _ => Sysexit::DATAERR,
        }
    }
}

/// Copies the replacement, bindings and deferred macros filled in, to `vector`.
#[allow(clippy::too_many_arguments)] // the whole state of a rule that has matched
pub(super) fn substitute(
    program: &Program,
    config: &Config,
    scope: &Scope,
    rule: &CompiledRule,
    workspace: &[Token],
    bindings: &Bindings,
    vector: &mut Vec<Token>,
    trace: &mut Trace<'_>,
) -> Result<(), Stop> {
    vector.clear();
    for piece in &rule.replacement {
        match piece {
            Piece::Token(token) => vector.push(token.clone()),
            Piece::Binding(number) => {
                let index = usize::from(*number).wrapping_sub(1);
                let binding = bindings.get(index).ok_or(Stop::OutOfBounds(*number))?;
                let bound = &workspace[binding.start..binding.end];
                if trace.at(21, 15) {
                    trace.binding(index + 1, bound);
                }
                vector.extend_from_slice(bound);
            }
            Piece::Macro(id) => {
                let value = scope.get(config, *id);
                if trace.at(21, 2) {
                    trace.deferred(config, "RHS", *id, value);
                }
                let value = value.unwrap_or_default();
                if !value.is_empty() {
                    let tokens = tokens_of(program, config, value, Table::External, trace)?;
                    if trace.at(21, 19) {
                        trace.deferred_tokens(&tokens);
                    }
                    vector.extend(tokens);
                }
            }
        }
        if vector.len() > MAX_TOKENS {
            return Err(Stop::TooLong);
        }
    }
    Ok(())
}

fn tokens_of(
    program: &Program,
    config: &Config,
    text: &[u8],
    table: Table,
    trace: &mut Trace<'_>,
) -> Result<Vec<Token>, Stop> {
    let scan = scan(&program.operators, &config.names, text, ScanMode::whole(table), trace.tracer());
    if scan.tokens.is_empty() { Err(Stop::NoToken) } else { Ok(scan.tokens) }
}

/// A look-up in a vector, and what to put where its answer goes.
#[derive(Clone, Debug)]
pub(super) struct PendingLookup {
    pub request: LookupRequest,
    /// Everything from `$(` to after `$)`.
    place: std::ops::Range<usize>,
    /// The tokens after `$:`.
    default: Option<std::ops::Range<usize>>,
}

/// The first look-up that begins at or after `from`.
pub(super) fn next_lookup(vector: &[Token], from: usize) -> Option<PendingLookup> {
    let is_begin = |token: &Token| matches!(token.first(), op::LOOKUP_BEGIN | op::HOST_BEGIN);
    let begin = from + vector.get(from..)?.iter().position(is_begin)?;
    let (end_mark, key_start) = match vector[begin].first() {
        op::HOST_BEGIN => (op::HOST_END, begin + 1),
        _ => (op::LOOKUP_END, begin + 2),
    };
    let map = match vector[begin].first() {
        op::HOST_BEGIN => b"host".to_vec(),
        _ => vector.get(begin + 1).map(|token| token.to_vec()).unwrap_or_default(),
    };
    let start = key_start.min(vector.len());
    let close = vector[start..].iter().position(|token| token.first() == end_mark).map(|at| start + at);
    let inside = start..close.unwrap_or(vector.len());
    let mut key = Vec::new();
    let mut args = Vec::new();
    let mut default = None;
    // each mark ends what came before; of several defaults the last one counts
    let is_mark = |token: &Token| matches!(token.first(), op::CANONICAL_HOST | op::CANONICAL_USER);
    let mut at = inside.start;
    loop {
        let end = vector[at..inside.end].iter().position(is_mark).map_or(inside.end, |length| at + length);
        match at.checked_sub(1).filter(|_| at > inside.start).map(|before| vector[before].first()) {
            None => key = vector[at..end].to_vec(),
            Some(op::CANONICAL_USER) => default = Some(at..end),
            Some(_) => args.push(vector[at..end].to_vec()),
        }
        if end == inside.end {
            break;
        }
        at = end + 1;
    }
    Some(PendingLookup {
        request: LookupRequest { map, key, args },
        place: begin..close.map_or(vector.len(), |at| at + 1),
        default,
    })
}

/// Puts the answer in the place of the look-up; gives where to go on.
pub(super) fn put_answer(
    program: &Program,
    config: &Config,
    vector: &mut Vec<Token>,
    lookup: PendingLookup,
    value: Option<&[u8]>,
    trace: &mut Trace<'_>,
) -> Result<usize, Stop> {
    let tokens = match (value, lookup.default) {
        (Some([]), _) => Vec::new(),
        (Some(value), _) => tokens_of(program, config, value, Table::External, trace)?,
        (None, Some(default)) if default.is_empty() => Vec::new(),
        (None, Some(default)) => {
            let tokens = &vector[default];
            let text = crate::addr::cataddr(&program.operators, tokens, Some(program.blank_sub), false);
            trace.cataddr(config, false, tokens, &text);
            tokens_of(program, config, &text, Table::Internal, trace)?
        }
        (None, None) => lookup.request.key,
    };
    let next = lookup.place.start + tokens.len();
    vector.splice(lookup.place, tokens);
    if vector.len() > MAX_TOKENS { Err(Stop::TooLong) } else { Ok(next) }
}

/// A call to make: where it begins in the vector, and what it runs.
pub(super) type Call = (usize, RulesetId);

/// What hinders the calls of a replacement. The vector stays as it is.
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

/// The calls in a vector, left to right; each `$>name` is cut down to its place. Rulesets without
/// rules are cut out altogether.
pub(super) fn find_calls(
    program: &Program,
    config: &Config,
    vector: &mut Vec<Token>,
    renamed: &mut bool,
    trace: &mut Trace<'_>,
) -> Result<SmallVec<[Call; 4]>, CallError> {
    let mut calls = SmallVec::new();
    let mut at = 0;
    while at + 1 < vector.len() {
        if vector[at].first() == op::CALL_SUBROUTINE {
            let name = call_name(&vector[at + 1]);
            if name != vector[at + 1].as_bytes() {
                vector[at + 1] = Token::new(&name);
                *renamed = true;
            }
            let ruleset = match config.rulesets.look_up(&name) {
                Ok((ruleset, _)) => ruleset,
                Err(problem) => return Err(CallError::Unknown(problem, name)),
            };
            if program.ruleset(ruleset).is_none_or(|found| found.rules.is_empty()) {
                if trace.at(21, 3) {
                    let mut line = b"-----skip subr ".to_vec();
                    line.extend_from_slice(&name);
                    line.extend_from_slice(format!(" ({})", ruleset.0).as_bytes());
                    trace.line(line);
                }
                vector.drain(at..at + 2);
                // sendmail's scan passes over the token that has moved here
            } else {
                if calls.len() + 1 >= MAX_CALLS {
                    return Err(CallError::TooMany);
                }
                calls.push((at, ruleset));
                at += 1;
            }
        }
        at += 1;
    }
    Ok(calls)
}
