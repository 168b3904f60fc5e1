//! Accounts through the C library, so that every NSS service of the site counts.

use crate::schema::UserIds;
use nix::unistd::{Gid, Group, Uid};
use serde::{Deserialize, Serialize};
use std::ffi::{CString, OsStr};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

/// One passwd entry.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct User {
    /// Login name.
    pub name: Vec<u8>,
    /// User id.
    pub uid: u32,
    /// Primary group.
    pub gid: u32,
    /// The comment field with the full name.
    pub gecos: Vec<u8>,
    /// Home directory.
    pub home: PathBuf,
    /// Login shell.
    pub shell: PathBuf,
}

impl User {
    fn of(entry: nix::unistd::User) -> Self {
        Self {
            name: entry.name.into_bytes(),
            uid: entry.uid.as_raw(),
            gid: entry.gid.as_raw(),
            gecos: entry.gecos.into_bytes(),
            home: PathBuf::from(entry.dir.into_os_string()),
            shell: PathBuf::from(entry.shell.into_os_string()),
        }
    }

    /// User and primary group.
    pub fn ids(&self) -> UserIds {
        UserIds { uid: self.uid, gid: self.gid }
    }

    /// The home directory as bytes (`$z`).
    pub fn home_bytes(&self) -> Vec<u8> {
        self.home.clone().into_os_string().into_vec()
    }
}

/// Errors that mean "no such entry" on one or another NSS service (getpwnam(3), ERRORS).
fn absent(error: nix::Error) -> io::Result<()> {
    use nix::errno::Errno::{EBADF, ENOENT, EPERM, ESRCH};
    match error {
        ENOENT | ESRCH | EBADF | EPERM => Ok(()),
        other => Err(other.into()),
    }
}

/// The account of a name. An error is a failure of the service: try again, never "unknown".
///
/// # Errors
/// When name services fail.
pub fn user(name: &[u8]) -> io::Result<Option<User>> {
    // names that no passwd line can hold need no question, and NUL would not survive one
    let Ok(text) = std::str::from_utf8(name) else { return Ok(None) };
    if text.is_empty() || text.contains(['\0', ':', '\n', '/']) {
        return Ok(None);
    }
    match nix::unistd::User::from_name(text) {
        Ok(entry) => Ok(entry.map(User::of)),
        Err(error) => absent(error).map(|()| None),
    }
}

/// The account of a user id.
///
/// # Errors
/// When name services fail.
pub fn user_by_uid(uid: u32) -> io::Result<Option<User>> {
    match nix::unistd::User::from_uid(Uid::from_raw(uid)) {
        Ok(entry) => Ok(entry.map(User::of)),
        Err(error) => absent(error).map(|()| None),
    }
}

/// The id of a group by its name.
///
/// # Errors
/// When name services fail.
pub fn group(name: &[u8]) -> io::Result<Option<u32>> {
    let Ok(text) = std::str::from_utf8(name) else { return Ok(None) };
    match Group::from_name(text) {
        Ok(entry) => Ok(entry.map(|entry| entry.gid.as_raw())),
        Err(error) => absent(error).map(|()| None),
    }
}

/// All groups of a user, `gid` among them: computed before any fork, since NSS may not be asked after.
///
/// # Errors
/// When name services fail.
pub fn groups_of(name: &[u8], gid: u32) -> io::Result<Vec<u32>> {
    let name = CString::new(name).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    let groups = nix::unistd::getgrouplist(&name, Gid::from_raw(gid))?;
    Ok(groups.into_iter().map(Gid::as_raw).collect())
}

/// May this user run programs by mail: is the login shell one of /etc/shells? The line
/// `/SENDMAIL/ANY/SHELL/` allows every shell. Without the file, the usual shells count.
pub fn shell_is_valid(shell: &[u8]) -> bool {
    const USUAL: [&[u8]; 6] =
        [b"/bin/sh", b"/bin/bash", b"/bin/csh", b"/bin/ksh", b"/usr/bin/sh", b"/usr/bin/bash"];
    let shell = if shell.is_empty() { b"/bin/sh" } else { shell };
    let Ok(list) = std::fs::read("/etc/shells") else { return USUAL.contains(&shell) };
    list.split(|byte| *byte == b'\n')
        .map(|line| line.split(|byte| b"# \t".contains(byte)).next().unwrap_or_default())
        .any(|line| line == shell || line == b"/SENDMAIL/ANY/SHELL/")
}

/// A path from bytes.
pub fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_names_are_unknown() {
        for name in [&b""[..], b"a:b", b"a/b", b"a\0b", b"\xff", b"no-such-user-here"] {
            assert_eq!(user(name).expect("an answer"), None);
        }
    }

    #[test]
    fn root_is_everywhere() {
        assert_eq!(user(b"root").expect("an answer").expect("root").uid, 0);
        assert_eq!(user_by_uid(0).expect("an answer").expect("root").name, b"root");
    }
}
