//! Maps that can answer at once, from what lies in memory.

use crate::schema::Sysexit;

/// A map, found by name once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MapId(pub u32);

/// What a map says at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImmediateLookup {
    /// The value, flags (-a, -m, %n) applied, stands in the buffer.
    Found,
    /// No value, with this status.
    Missing(Sysexit),
    /// It must be asked the long way ([`super::Step::Lookup`]): it is not open yet, it waits for
    /// somebody, or what it does is traced.
    Wait,
}

/// Maps that can answer without waiting: no system call and no allocation where the answer is in memory.
pub trait Maps: Send + Sync {
    /// The map of a name (without case).
    fn map_id(&self, name: &[u8]) -> Option<MapId>;

    /// The character between adjacent atoms of the map's keys (-S, else option BlankSub); arguments
    /// are joined with BlankSub whatever the map says.
    fn key_space(&self, map: MapId) -> u8;

    /// Asks. `key` is the key's text, double quotes still in it; `args` are `%1` and what follows
    /// as text. `value` is emptied and then holds a found value.
    fn try_lookup(&self, map: MapId, key: &[u8], args: &[&[u8]], value: &mut Vec<u8>) -> ImmediateLookup;
}
