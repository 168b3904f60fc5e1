//! Reading K lines.

use super::class::MapClass;
use super::flags::Declaring;
use super::map::{Flags, Map};
use super::registry;
use crate::config::MapDecl;
use std::sync::Arc;

/// A map as its K lines have it.
pub(super) struct DeclaredMap {
    /// What all classes know of it.
    pub map: Map,
    /// What its class alone knows; `None`: it is unusable.
    pub class: Option<Arc<dyn MapClass>>,
}

/// Reads a K line over what an earlier one of the same name said: settings that the later one does not mention
/// stay, as they do in sendmail. `None`: there is no such class.
pub(super) fn read(
    decl: &MapDecl,
    earlier: Option<Map>,
    declaring: &mut Declaring<'_>,
) -> Option<DeclaredMap> {
    let Some(row) = registry::find(&decl.class) else {
        declaring.say(&[b"readcf: map ", &decl.name, b": class ", &decl.class, b" not available"]);
        return None;
    };
    let mut map = earlier.unwrap_or_else(|| Map::new(&decl.name, row.name));
    map.class = row.name;
    if !row.late_space {
        map.space = Some(declaring.blank_sub);
    }
    let class = (row.read)(&mut map, &decl.args, declaring);
    map.flags.set(Flags::VALID, class.is_some());
    Some(DeclaredMap { map, class })
}
