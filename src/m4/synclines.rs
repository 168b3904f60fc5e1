//! `-s`: `#line` directives in the output.

use super::expand::Expander;
use super::input::Position;

/// What the reader of the output believes about the line now being written.
#[derive(Default)]
pub(super) struct Synclines {
    line: u32,
    file: u32,
    /// The next text begins a line of output.
    pub(super) fresh: bool,
}

impl Synclines {
    pub(super) fn new() -> Self {
        Self { fresh: true, ..Self::default() }
    }

    /// After the last file there is none.
    pub(super) fn forget_file(&mut self) {
        self.file = 0;
    }
}

impl Expander<'_> {
    /// Another diversion: where it begins a line, it begins with a directive.
    pub(super) fn restart_synclines(&mut self) {
        if let Some(state) = self.synclines.as_mut().filter(|state| state.fresh) {
            *state = Synclines::new();
        }
    }

    /// What follows now comes from somewhere else: it begins with a directive.
    pub(super) fn interrupt_synclines(&mut self) {
        if let Some(state) = &mut self.synclines {
            *state = Synclines::new();
        }
    }

    /// Puts a directive before the text from `from` on, one token made at `place`, if it begins a line of
    /// output that does not follow from the one before. Newlines inside a token never get one.
    pub(super) fn synchronize(&mut self, from: usize, place: Position) {
        let Some(state) = &mut self.synclines else { return };
        let store = &mut self.diversions.sink().text;
        let Some(text) = store.get(from..).filter(|text| !text.is_empty()) else { return };
        let newlines = u32::try_from(memchr::memchr_iter(b'\n', text).count()).unwrap_or(u32::MAX);
        let ends = text.ends_with(b"\n");
        if state.fresh {
            state.line += 1;
            if state.line != place.line || state.file != place.file {
                let mut directive = format!("#line {}", place.line).into_bytes();
                if state.file != place.file {
                    directive.extend_from_slice(b" \"");
                    directive.extend_from_slice(&self.files[place.file as usize]);
                    directive.push(b'"');
                }
                directive.push(b'\n');
                store.splice(from..from, directive);
                (state.line, state.file) = (place.line, place.file);
            }
        }
        state.line += newlines - u32::from(ends);
        state.fresh = ends;
    }
}
