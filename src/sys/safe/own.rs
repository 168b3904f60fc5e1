//! Files that the program itself writes where a name may be somebody else's doing: pid file, dead.letter.

use super::{Danger, Refusal, mode_allows};
use crate::schema::UserIds;
use crate::sys::identity::{self, Identity};
use nix::unistd::AccessFlags;
use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Opens a file of one's own for writing, at its end, or creates it: a regular file with one name, owned by whom
/// this process works as, in a directory that is root's or also his. Links are never followed. In a directory of
/// somebody else's (the client queue) root works with that one's rights.
///
/// # Errors
/// Why the file is not one's own, or what the system says.
pub fn open_own(path: &Path, mode: u32) -> Result<File, Refusal> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let above = std::fs::metadata(parent.unwrap_or(Path::new(".")))?;
    let owner = Identity::bare(UserIds { uid: above.uid(), gid: above.gid() });
    let _as_owner = (identity::is_root() && owner.uid != 0).then(|| owner.assume()).transpose()?;
    belongs_here(&above, true)?;
    let seen = match std::fs::symlink_metadata(path) {
        Ok(seen) => Some(seen),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    if let Some(seen) = &seen {
        check(seen)?;
    }
    let mut options = OpenOptions::new();
    options.append(true).custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK);
    if seen.is_none() {
        options.create_new(true).mode(mode);
    }
    let file = options.open(path)?;
    if seen.is_none() {
        // whatever the umask
        file.set_permissions(Permissions::from_mode(mode))?;
    }
    let now = file.metadata()?;
    check(&now)?;
    match seen {
        Some(seen) if (seen.dev(), seen.ino()) != (now.dev(), now.ino()) => {
            Err(Refusal::Unsafe(Danger::Changed))
        }
        _ => Ok(file),
    }
}

/// Could [`open_own`] open it? Nothing is created.
pub fn may_open_own(path: &Path) -> bool {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match std::fs::symlink_metadata(path) {
        // the mode counts for nothing
        Ok(_) => open_own(path, 0).is_ok(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let usable = AccessFlags::W_OK | AccessFlags::X_OK;
            std::fs::metadata(parent).is_ok_and(|above| belongs_here(&above, true).is_ok())
                && nix::unistd::eaccess(parent, usable).is_ok()
        }
        Err(_) => false,
    }
}

/// Does its mode let this process put a file into the directory? Root is no exception: what lies in a directory of
/// somebody else is that one's to exchange, but for TrustedUser's.
pub fn may_create(path: &Path, trusted_user: u32) -> bool {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    std::fs::metadata(parent.unwrap_or(Path::new(".")))
        .is_ok_and(|about| mode_allows(&Identity::current(), trusted_user, &about, 0o2))
}

/// Does the mode of a file that is there let this process write it? Root is no exception here either.
pub fn may_write(path: &Path, trusted_user: u32) -> bool {
    std::fs::metadata(path).map_or(true, |about| mode_allows(&Identity::current(), trusted_user, &about, 0o2))
}

fn check(about: &Metadata) -> Result<(), Refusal> {
    if about.is_symlink() {
        return Err(Refusal::Unsafe(Danger::SymbolicLink));
    }
    if !about.is_file() {
        return Err(Refusal::Unsafe(Danger::NotRegular));
    }
    if about.nlink() != 1 {
        return Err(Refusal::Unsafe(Danger::HardLink));
    }
    belongs_here(about, false)
}

fn belongs_here(about: &Metadata, or_root: bool) -> Result<(), Refusal> {
    let own = about.uid() == identity::effective_uid() || (or_root && about.uid() == 0);
    match own {
        true => Ok(()),
        false => Err(io::Error::from_raw_os_error(nix::libc::EACCES).into()),
    }
}
