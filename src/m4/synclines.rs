//! `-s`: `#line` directives in the output.

use super::expand::Expander;
use super::input::Place;

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
}

impl Expander<'_> {
    /// A diversion starts anew: the next text needs a directive.
    pub(super) fn restart_synclines(&mut self) {
        if let Some(state) = &mut self.synclines {
            *state = Synclines::new();
        }
    }

    /// Puts a directive before each line of the text from `from` on that does not follow from the one before.
    pub(super) fn synchronize(&mut self, from: usize, place: Place) {
        let Some(state) = &mut self.synclines else { return };
        let store = &mut self.diversions.sink().text;
        let added = store.split_off(from);
        for line in added.split_inclusive(|byte| *byte == b'\n') {
            if state.fresh {
                state.fresh = false;
                state.line += 1;
                if state.line != place.line || state.file != place.file {
                    let mut directive = format!("#line {}", place.line).into_bytes();
                    if state.file != place.file {
                        directive.extend_from_slice(b" \"");
                        directive.extend_from_slice(&self.files[place.file as usize]);
                        directive.push(b'"');
                    }
                    directive.push(b'\n');
                    store.extend_from_slice(&directive);
                    (state.line, state.file) = (place.line, place.file);
                }
            }
            store.extend_from_slice(line);
            state.fresh = line.ends_with(b"\n");
        }
    }
}
