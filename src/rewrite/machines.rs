//! Machines that run once and again: one that has run before allocates nothing.
//!
//! In: nothing. Out: a machine, for as long as a run lasts; afterwards it waits, with its memory, for the next run on the thread
//! where this one has ended. Never here: anything that a run could find of the one before; [`Machine::load`] and
//! [`Machine::call`] begin anew.

use crate::engine::Machine;
use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

/// Runs that wait for a map while others go on are few.
const MOST_IDLE: usize = 8;

thread_local! {
    #[expect(clippy::vec_box, reason = "a run holds the box: a pointer is moved, not a machine")]
    static IDLE: RefCell<Vec<Box<Machine>>> = const { RefCell::new(Vec::new()) };
}

/// A machine for one run.
pub(super) struct Borrowed(Option<Box<Machine>>);

impl Borrowed {
    pub fn take() -> Self {
        Self(Some(IDLE.with_borrow_mut(Vec::pop).unwrap_or_default()))
    }
}

impl Deref for Borrowed {
    type Target = Machine;

    fn deref(&self) -> &Machine {
        self.0.as_ref().expect("it is given back by drop alone")
    }
}

impl DerefMut for Borrowed {
    fn deref_mut(&mut self) -> &mut Machine {
        self.0.as_mut().expect("it is given back by drop alone")
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        let Some(machine) = self.0.take().filter(|machine| !machine.is_large()) else { return };
        // a thread that ends has no idle machines any more
        let _ = IDLE.try_with(|idle| {
            let mut idle = idle.borrow_mut();
            if idle.len() < MOST_IDLE {
                idle.push(machine);
            }
        });
    }
}
