//! Maps by name: what a program is bound to before it runs.

/// A map, found by name once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MapId(pub u32);

/// Where maps are found by name.
pub trait MapNames: Send + Sync {
    /// The map of a name (without case).
    fn map_id(&self, name: &[u8]) -> Option<MapId>;

    /// The character between adjacent atoms of the map's keys (-S, else option BlankSub); arguments
    /// are joined with BlankSub whatever the map says.
    fn key_space(&self, map: MapId) -> u8;
}
