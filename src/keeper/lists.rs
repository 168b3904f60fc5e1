//! `.forward` and `:include:` files, read with the rights of those they belong to.

use super::expand::expand;
use super::policy::Policy;
use super::protocol::{Control, Listing, ListingError};
use crate::schema::UserIds;
use crate::sys::accounts::{self, User};
use crate::sys::identity::{Guard, Identity, is_root};
use crate::sys::safe::{self, Refusal, Rules};
use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Longest list read, in bytes.
const LONGEST: u64 = 32 << 20;

/// The files of ForwardPath for a user, in order.
pub(super) fn forward_files(policy: &Policy, user: &User, detail: &[u8]) -> Vec<PathBuf> {
    let home = user.home_bytes();
    if home.is_empty() {
        return Vec::new();
    }
    // a detail is part of a file's name, never a way out of the home
    let detail = if detail.contains(&b'/') { &b""[..] } else { detail };
    let value = |name: u8| match name {
        b'z' => Some(home.clone()),
        b'u' => Some(user.name.clone()),
        b'h' => Some(detail.to_vec()),
        b'w' => Some(policy.short_host.clone()),
        b'j' => Some(policy.host.clone()),
        _ => None,
    };
    let expanded = expand(&internal(&policy.forward_path), &value);
    let parts = expanded.split(|byte| *byte == b':').filter(|part| !part.is_empty());
    parts.map(accounts::path).collect()
}

/// `$x` as the internal operator, for values that are still as written.
fn internal(text: &[u8]) -> Vec<u8> {
    text.iter().map(|byte| if *byte == b'$' { crate::addr::op::MACRO_EXPAND } else { *byte }).collect()
}

/// Another's rights where they can be had; an ordinary user reads with its own.
pub(super) fn assume(identity: &Identity) -> std::io::Result<Option<Guard>> {
    match is_root() {
        true => identity.assume().map(Some),
        false => Ok(None),
    }
}

fn later(error: &std::io::Error) -> ListingError {
    ListingError::Later(error.to_string())
}

/// The first `.forward` there is. An empty one stops the search and forwards nothing.
pub(super) fn forward(policy: &Policy, user: &[u8], detail: &[u8]) -> Result<Listing, ListingError> {
    let user = accounts::user(user).map_err(|error| later(&error))?.ok_or(ListingError::Absent)?;
    let identity = Identity::of(&user).map_err(|error| later(&error))?;
    let guard = assume(&identity).map_err(|error| later(&error))?;
    let mut refused = None;
    for path in forward_files(policy, &user, detail) {
        match read(&path, &Rules::forward(policy.blame)) {
            Ok((text, _)) => {
                drop(guard);
                let control = Control { ids: user.ids(), user: user.name };
                let shell = accounts::shell_is_valid(user.shell.as_os_str().as_bytes());
                let path = path.into_os_string().into_encoded_bytes();
                return Ok(Listing { path, text, safe: true, unsafe_reason: None, control, shell });
            }
            Err(why) if why.is_absent() => {}
            Err(why) if why.is_temporary() => return Err(ListingError::Later(why.to_string())),
            // sendmail goes on to the next file of the path and says why in the log
            Err(why) => refused = Some(format!("forward {}: {why}", path.display())),
        }
    }
    Err(refused.map_or(ListingError::Absent, ListingError::Refused))
}

fn read(path: &Path, rules: &Rules) -> Result<(Vec<u8>, Metadata), Refusal> {
    let (file, about) = safe::open(path, rules)?;
    Ok((contents(file)?, about))
}

fn contents(file: File) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    file.take(LONGEST).read_to_end(&mut text)?;
    Ok(text)
}

/// Whose rights count for something named by `control`: the account as the keeper itself finds it.
pub(super) fn identity_of(
    policy: &Policy,
    control: Option<&Control>,
) -> std::io::Result<(Identity, Option<User>)> {
    let named = control.filter(|control| !control.user.is_empty() && control.user != policy.default_name);
    let Some(control) = named else { return Ok((policy.default_user.clone(), None)) };
    match accounts::user(&control.user)? {
        Some(user) if user.uid != 0 => Ok((Identity::of(&user)?, Some(user))),
        // nothing named in a list ever runs as root
        Some(_) => Ok((policy.default_user.clone(), None)),
        None => Err(std::io::Error::other("controlling user unknown")),
    }
}

/// An `:include:` file. Files and programs in it run as its owner where nobody else controls them.
pub(super) fn include(
    policy: &Policy,
    path: &[u8],
    named_by: Option<&Control>,
) -> Result<Listing, ListingError> {
    if !path.starts_with(b"/") {
        return Err(ListingError::Refused(String::from("Permission denied")));
    }
    let (identity, user) = identity_of(policy, named_by).map_err(|error| later(&error))?;
    let guard = assume(&identity).map_err(|error| later(&error))?;
    let file = accounts::path(path);
    let read = read(&file, &Rules::include(policy.blame));
    drop(guard);
    let (text, about) = match read {
        Ok(read) => read,
        Err(why) if why.is_absent() => return Err(ListingError::Absent),
        Err(why) if why.is_temporary() => return Err(ListingError::Later(why.to_string())),
        Err(why) => return Err(ListingError::Refused(why.to_string())),
    };
    let user = match user {
        Some(user) => Some(user),
        None if about.uid() != 0 => accounts::user_by_uid(about.uid()).map_err(|error| later(&error))?,
        None => None,
    };
    let control = user.as_ref().map_or_else(
        || Control { user: Vec::new(), ids: UserIds { uid: policy.default_user.uid, gid: 0 } },
        |user| Control { user: user.name.clone(), ids: user.ids() },
    );
    let shell = user.is_none_or(|user| accounts::shell_is_valid(user.shell.as_os_str().as_bytes()));
    Ok(Listing { path: path.to_vec(), text, safe: true, unsafe_reason: None, control, shell })
}
