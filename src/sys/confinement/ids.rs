//! User, group, groups; the limits and marks that go with them.

use crate::schema::UserIds;
use crate::sys::ffi;
use crate::sys::identity::{Identity, effective_uid};
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::stat::{Mode, umask};
use std::io;

/// No core, nobody else reads what is created, and nothing open survives an exec.
pub(super) fn limits() -> io::Result<()> {
    umask(Mode::from_bits_truncate(0o077));
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    ffi::mark_close_on_exec();
    Ok(())
}

/// Becomes this user for good, without any supplementary group.
pub(super) fn take(ids: Option<UserIds>) -> io::Result<()> {
    let Some(UserIds { uid, gid }) = ids else { return Ok(()) };
    if effective_uid() != 0 && effective_uid() != uid {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    Identity { uid, gid, groups: Vec::new() }.drop_for_good()
}
