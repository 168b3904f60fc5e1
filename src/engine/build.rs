//! Building the replacement: its words, `$n` and `$&x`.
//!
//! It grows at the top of the machine's stack, above the workspace it will replace.

use super::event::{Event, Tokens};
use super::frame::Frame;
use super::machine::{Machine, Run};
use super::rule::{CompiledRule, Piece};
use super::scan::{ScanMode, complaints, scan_into};
use super::symbols::Symbol;
use crate::addr::Table;
use crate::schema::Sysexit;

/// Most tokens of a workspace.
pub(super) const MAX_TOKENS: usize = 1000;

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
                    if run.shows_steps() {
                        let text = run.program.symbols.text(&self.text);
                        let tokens = Tokens { symbols: &self.stack[bound.clone()], text };
                        run.observer.event(&Event::Substituted { number: index + 1, tokens });
                    }
                    self.stack.extend_from_within(bound);
                }
                Piece::Macro(id) => {
                    let value = run.scope.get(run.config, *id);
                    if run.shows_steps() {
                        run.observer.event(&Event::Deferred { side: "RHS", id: *id, value });
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
