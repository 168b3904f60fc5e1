//! Building the replacement: its words, `$n` and `$&x`.
//!
//! It grows at the top of the machine's stack, above the workspace it will replace.

use super::event::{Event, Tokens};
use super::frame::Frame;
use super::machine::{Machine, Run};
use super::rule::{MAX_TOKENS, Piece};
use super::scan::{ScanMode, complaints, scan_into};
use super::symbols::Symbol;
use crate::addr::{MacroId, Table};
use crate::schema::Sysexit;
use std::ops::Range;

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

impl Machine {
    /// Copies pieces of a replacement, bindings and deferred macros filled in, to the top of the stack.
    pub(super) fn substitute(
        &mut self,
        frame: &Frame,
        pieces: &[Piece],
        run: &mut Run<'_>,
    ) -> Result<(), Stop> {
        let start = self.stack.len();
        for piece in pieces {
            match *piece {
                Piece::Words(from, to) => self.stack.extend_from_slice(run.program.words(from, to)),
                Piece::Span { first, before, last, after } => {
                    let span = self.span(frame, [first, before, last, after], run)?;
                    self.stack.extend_from_within(span);
                }
                Piece::Macro(id) => self.put_macro(id, run)?,
            }
            if self.stack.len() - start > MAX_TOKENS {
                return Err(Stop::TooLong);
            }
        }
        Ok(())
    }

    #[inline(never)]
    fn put_macro(&mut self, id: MacroId, run: &mut Run<'_>) -> Result<(), Stop> {
        let value = run.scope.get(run.config, id);
        if run.shows_steps() {
            run.observer.event(&Event::Deferred { side: "RHS", id, value });
        }
        let mut joined = std::mem::take(&mut self.joined);
        joined.clear();
        joined.extend_from_slice(value.unwrap_or_default());
        let put = if joined.is_empty() { Ok(()) } else { self.put_value(&joined, run) };
        self.joined = joined;
        put
    }

    /// Where a part of the workspace lies: its first wildcard, literals before it, its last one, literals behind it.
    #[inline(always)]
    fn span(
        &self,
        frame: &Frame,
        [first, before, last, after]: [u8; 4],
        run: &mut Run<'_>,
    ) -> Result<Range<usize>, Stop> {
        let binding = |number: u8| {
            let binding = self.bindings.get(usize::from(number).wrapping_sub(1));
            binding.copied().ok_or(Stop::OutOfBounds(number))
        };
        let (begin, end) = (binding(first)?.range(frame.base).start, binding(last)?.range(frame.base).end);
        if run.shows_steps() {
            self.show_substituted(frame, first, last, run);
        }
        Ok(begin - usize::from(before)..end + usize::from(after))
    }

    /// The workspace is cut down to what a replacement leaves of it, and words are put behind; gives where it begins.
    pub(super) fn substitute_in_place(
        &mut self,
        frame: &Frame,
        pieces: &[Piece],
        run: &mut Run<'_>,
    ) -> Result<usize, Stop> {
        let mut begin = frame.base;
        for piece in pieces {
            match *piece {
                Piece::Span { first, before, last, after } => {
                    let span = self.span(frame, [first, before, last, after], run)?;
                    begin = span.start;
                    self.stack.truncate(span.end);
                }
                Piece::Words(from, to) => self.stack.extend_from_slice(run.program.words(from, to)),
                Piece::Macro(_) => {}
            }
        }
        Ok(begin)
    }

    /// The tokens of a macro's value, at the top of the stack.
    fn put_value(&mut self, value: &[u8], run: &mut Run<'_>) -> Result<(), Stop> {
        let symbols = self.scan_text(value, Table::External, run)?;
        if run.shows_steps() {
            let tokens = Tokens { symbols: &symbols, text: run.program.symbols.text(&self.text) };
            run.observer.event(&Event::DeferredTokens { tokens });
        }
        self.stack.extend_from_slice(&symbols);
        self.scanned = symbols;
        Ok(())
    }

    /// Cuts a text into symbols; give the vector back to `self.scanned`.
    pub(super) fn scan_text(
        &mut self,
        text: &[u8],
        table: Table,
        run: &mut Run<'_>,
    ) -> Result<Vec<Symbol>, Stop> {
        let mut symbols = std::mem::take(&mut self.scanned);
        symbols.clear();
        let mode = ScanMode { silent: run.silent, ..ScanMode::whole(table) };
        scan_into(&run.program.operators, text, mode, run.observer, &mut self.buffer);
        if !self.buffer.problems.is_empty() && !mode.silent {
            run.problems.extend(complaints(text, &self.buffer.problems));
        }
        self.add_scanned(run.program, &mut symbols);
        if symbols.is_empty() { Err(Stop::NoToken) } else { Ok(symbols) }
    }
}
