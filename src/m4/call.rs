//! Calls: those whose arguments are still being read, those that are complete, and what they leave behind.

use std::rc::Rc;

use super::builtins::Builtin;
use super::input::Position;
use super::symbols::Definition;

/// One argument: a part of the argument buffer, or a builtin.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) builtin: Option<&'static Builtin>,
}

/// A call whose arguments are being collected.
pub(super) struct Frame {
    pub(super) name: Rc<[u8]>,
    pub(super) definition: Definition,
    pub(super) traced: bool,
    pub(super) place: Position,
    /// Where the argument in hand begins.
    pub(super) argument_place: Position,
    pub(super) site: Option<Position>,
    /// The site's line behind the first of its arguments that has one.
    pub(super) asked: Option<Position>,
    /// Its first argument in `spans`.
    pub(super) base: usize,
    /// Where the argument in hand starts in the buffer.
    pub(super) start: usize,
    pub(super) builtin: Option<&'static Builtin>,
    pub(super) parentheses: u32,
    pub(super) id: u64,
}

/// A call with its arguments complete.
pub(super) struct Call<'a> {
    pub(super) name: &'a Rc<[u8]>,
    pub(super) buffer: &'a [u8],
    pub(super) spans: &'a [Span],
    pub(super) site: Option<Position>,
    pub(super) asked: Option<Position>,
    pub(super) place: Position,
}

impl<'a> Call<'a> {
    /// Number of arguments, `$0` not counted.
    pub(super) fn count(&self) -> usize {
        self.spans.len()
    }

    /// `$n`; empty where there is none or where it is a builtin.
    pub(super) fn arg(&self, number: usize) -> &'a [u8] {
        match number.checked_sub(1).and_then(|index| self.spans.get(index)) {
            Some(Span { start, end, builtin: None }) => &self.buffer[*start..*end],
            _ => b"",
        }
    }

    /// `$n` if it is a builtin.
    pub(super) fn builtin_arg(&self, number: usize) -> Option<&'static Builtin> {
        self.spans.get(number.checked_sub(1)?)?.builtin
    }

    /// All arguments from the nth on.
    pub(super) fn from(&self, number: usize) -> impl Iterator<Item = &'a [u8]> + use<'a, '_> {
        (number..=self.count()).map(|at| self.arg(at))
    }

    /// The same call under another name, without its first argument.
    pub(super) fn shifted<'b>(&'b self, name: &'b Rc<[u8]>) -> Call<'b> {
        Call { name, buffer: self.buffer, spans: self.spans.get(1..).unwrap_or(&[]), ..*self }
    }
}

/// What a call leaves to be rescanned.
#[derive(Default)]
pub(super) struct Expansion {
    pub(super) text: Vec<u8>,
    /// A shared text instead, where nothing had to be replaced in it.
    pub(super) shared: Option<Rc<[u8]>>,
    /// A builtin, from `defn`.
    pub(super) builtin: Option<&'static Builtin>,
    /// The site's line that decided about it: where the name was defined that `ifdef` or `ifelse` asked about.
    pub(super) decided: Option<Position>,
}

impl Expansion {
    /// The text, whichever way it is held.
    pub(super) fn bytes(&self) -> &[u8] {
        self.shared.as_deref().unwrap_or(&self.text)
    }
}

/// Appends the parts, each between `left` and `right`.
pub(super) fn join<'a>(
    out: &mut Vec<u8>,
    parts: impl Iterator<Item = &'a [u8]>,
    separator: &[u8],
    left: &[u8],
    right: &[u8],
) {
    for (index, part) in parts.enumerate() {
        if index > 0 {
            out.extend_from_slice(separator);
        }
        out.extend_from_slice(left);
        out.extend_from_slice(part);
        out.extend_from_slice(right);
    }
}
