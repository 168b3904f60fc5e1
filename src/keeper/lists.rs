//! `.forward` and `:include:` files, read with the rights of those they belong to.

use super::policy::Policy;
use super::protocol::{ListOwner, Listing, ListingError};
use crate::addr::{MacroId, op};
use crate::config::Config;
use crate::schema::UserIds;
use crate::sys::accounts::{self, User};
use crate::sys::identity::{Guard, Identity, is_root};
use crate::sys::safe::{self, Refusal, Rules};
use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What is read of a list, in bytes.
const MAX_LIST: u64 = 32 << 20;

/// The files of ForwardPath for a user, in order. The path is cut before anything is filled in, so that
/// no detail of an address adds a file to it, and only absolute names count.
pub(super) fn forward_files(config: &Config, policy: &Policy, user: &User, detail: &[u8]) -> Vec<PathBuf> {
    let home = user.home_bytes();
    if home.is_empty() {
        return Vec::new();
    }
    // a detail is part of a file's name, never a way out of the home
    let detail = if detail.contains(&b'/') { &b""[..] } else { detail };
    let value = |id: MacroId| match id.0 {
        b'z' => Some(home.clone()),
        b'u' => Some(user.name.clone()),
        b'h' => Some(detail.to_vec()),
        _ => None,
    };
    let names = policy.forward_path.split(|byte| *byte == b':');
    let names = names.map(|name| config.expand_with(&internal(name), &value));
    names.filter(|name| name.starts_with(b"/")).map(|name| accounts::path(&name)).collect()
}

/// `$x` as the internal operator, for values that are still as written.
fn internal(text: &[u8]) -> Vec<u8> {
    text.iter().map(|byte| if *byte == b'$' { op::MACRO_EXPAND } else { *byte }).collect()
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
pub(super) fn forward(
    config: &Config,
    policy: &Policy,
    user: &[u8],
    detail: &[u8],
) -> Result<Listing, ListingError> {
    let user = accounts::user(user).map_err(|error| later(&error))?.ok_or(ListingError::Absent)?;
    let identity = Identity::of(&user).map_err(|error| later(&error))?;
    let guard = assume(&identity).map_err(|error| later(&error))?;
    let mut refused = None;
    for path in forward_files(config, policy, &user, detail) {
        match read(&path, &Rules::forward(policy.blame)) {
            Ok((text, _)) => {
                drop(guard);
                let owner = ListOwner { ids: user.ids(), user: user.name };
                let shell = accounts::shell_is_valid(user.shell.as_os_str().as_bytes());
                let path = path.into_os_string().into_encoded_bytes();
                return Ok(Listing { path, text, safe: true, unsafe_reason: None, owner, shell });
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
    file.take(MAX_LIST).read_to_end(&mut text)?;
    Ok(text)
}

/// Whose rights count for something that `named_by` names: the account as the keeper itself finds it.
pub(super) fn identity_of(
    policy: &Policy,
    named_by: Option<&[u8]>,
) -> std::io::Result<(Identity, Option<User>)> {
    let named = named_by.filter(|name| !name.is_empty() && *name != &policy.default_name[..]);
    let Some(name) = named else { return Ok((policy.default_user.clone(), None)) };
    match accounts::user(name)? {
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
    named_by: Option<&[u8]>,
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
    let owner = user.as_ref().map_or_else(
        || ListOwner { user: Vec::new(), ids: UserIds { uid: policy.default_user.uid, gid: 0 } },
        |user| ListOwner { user: user.name.clone(), ids: user.ids() },
    );
    let shell = user.is_none_or(|user| accounts::shell_is_valid(user.shell.as_os_str().as_bytes()));
    Ok(Listing { path: path.to_vec(), text, safe: true, unsafe_reason: None, owner, shell })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_adds_no_file_to_the_path() {
        let mut config = Config::default();
        config.options.forward_path = Some(b"$z/.forward+$h:$z/.forward:relative".to_vec());
        let policy = Policy::of(&config);
        let user = User { name: b"joe".to_vec(), home: "/home/joe".into(), ..User::default() };
        let files = |detail: &[u8]| -> Vec<String> {
            let files = forward_files(&config, &policy, &user, detail);
            files.into_iter().map(|path| path.to_string_lossy().into_owned()).collect()
        };
        assert_eq!(files(b"work"), ["/home/joe/.forward+work", "/home/joe/.forward"]);
        assert_eq!(files(b"x:y"), ["/home/joe/.forward+x:y", "/home/joe/.forward"]);
        assert_eq!(files(b"/../../etc/x"), ["/home/joe/.forward+", "/home/joe/.forward"]);
        assert_eq!(files(b"\x81z"), ["/home/joe/.forward+\u{fffd}z", "/home/joe/.forward"]);
    }
}
