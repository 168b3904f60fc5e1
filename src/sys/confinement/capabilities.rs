//! Capabilities: the parts of root's power. All of them go, in all five sets.

use caps::errors::CapsError;
use caps::{CapSet, clear};
use std::io;

fn failed(error: CapsError) -> io::Error {
    io::Error::other(error.to_string())
}

/// No program executed later can get a capability either. Who is not root may not do this, and has no need.
pub(super) fn empty_bounding_set() -> Result<(), String> {
    if !super::super::identity::is_root() {
        return Ok(());
    }
    clear(None, CapSet::Bounding).map_err(|error| error.to_string())
}

/// What this process has itself. A change of the user has taken most of it; for root that stays root nothing has.
pub(super) fn drop_all() -> io::Result<()> {
    // an old kernel has no ambient set, and then nothing in it
    let _ = clear(None, CapSet::Ambient);
    for set in [CapSet::Inheritable, CapSet::Effective, CapSet::Permitted] {
        clear(None, set).map_err(failed)?;
    }
    for set in [CapSet::Inheritable, CapSet::Effective, CapSet::Permitted] {
        if !caps::read(None, set).map_err(failed)?.is_empty() {
            return Err(io::Error::other("capabilities stayed"));
        }
    }
    Ok(())
}
