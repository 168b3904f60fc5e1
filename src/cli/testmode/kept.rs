//! What the debugger keeps: breakpoints, and the last run.

use crate::analysis::Sources;
use crate::analysis::debugger::{Breaks, Tape};
use crate::engine::Scope;
use std::sync::{Arc, Mutex};

/// What is kept between two commands.
pub(super) struct Debugging {
    pub sources: Sources,
    pub breaks: Breaks,
    pub colour: bool,
    pub last: Option<Kept>,
}

/// A run that is over.
pub(super) struct Kept {
    pub tape: Arc<Mutex<Tape>>,
    /// Macros as they were before.
    pub scope: Scope,
}

impl Debugging {
    /// Without a breakpoint.
    pub fn new(sources: Sources, colour: bool) -> Self {
        Self { sources, breaks: Breaks::default(), colour, last: None }
    }

    /// Is there anywhere to stop?
    pub fn is_armed(&self) -> bool {
        !self.breaks.is_empty()
    }
}
