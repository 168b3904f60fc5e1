//! Maps that can answer at once, from what lies in memory.

use super::event::Observer;
use super::map_names::{MapId, MapNames};
use crate::schema::Sysexit;

/// What a map says at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImmediateLookup {
    /// The value, flags (-a, -m, %n) applied, stands in the buffer.
    Found,
    /// No value, with this status.
    Missing(Sysexit),
    /// It must be asked the long way ([`super::Step::Lookup`]): it is not open yet, or it waits for
    /// somebody.
    Wait,
}

/// Maps that can answer without waiting: no system call and no allocation where the answer is in memory.
pub trait Maps: MapNames {
    /// Asks. `key` is the key's text, double quotes still in it; `args` are `%1` and what follows
    /// as text. `value` is emptied and then holds a found value. What is done for an answer is shown to the
    /// observer, if there is one; nothing is where there is no answer.
    fn try_lookup(
        &self,
        map: MapId,
        key: &[u8],
        args: &[&[u8]],
        value: &mut Vec<u8>,
        observer: Option<&mut dyn Observer>,
    ) -> ImmediateLookup;
}
