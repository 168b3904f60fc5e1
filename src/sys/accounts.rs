//! Accounts through the C library, so that every NSS service of the site counts.

use super::ffi;
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

    /// The name in the comment field; `&` stands for the login name.
    pub fn full_name(&self) -> Vec<u8> {
        let end = self.gecos.iter().position(|byte| matches!(byte, b',' | b';' | b'%'));
        let mut name = Vec::new();
        for byte in &self.gecos[..end.unwrap_or(self.gecos.len())] {
            match byte {
                b'&' => {
                    name.extend(self.name.first().map(u8::to_ascii_uppercase));
                    name.extend_from_slice(self.name.get(1..).unwrap_or_default());
                }
                byte => name.push(*byte),
            }
        }
        name
    }

    /// The home directory as bytes (`$z`).
    pub fn home_bytes(&self) -> Vec<u8> {
        self.home.clone().into_os_string().into_vec()
    }
}

/// Says "no such entry" once the file of the accounts has been read and does not hold the name. glibc says so without any
/// error where one service of nsswitch.conf fails (no descriptor is left for /etc/passwd) and the one behind it knows
/// nothing; it never says it by an errno, whatever getpwnam(3) remembers of other systems: ENOENT is a missing file, or
/// the socket of a service that is down.
fn certainly_absent<T>(file: &str, has: impl Fn(&[u8]) -> bool) -> io::Result<Option<T>> {
    match std::fs::read(file) {
        Ok(text) if text.split(|byte| *byte == b'\n').any(has) => {
            Err(io::Error::new(io::ErrorKind::WouldBlock, format!("{file} has an entry that was not found")))
        }
        Ok(_) => Ok(None),
        // a site may keep its accounts elsewhere
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A field of a line of passwd or group.
fn field(line: &[u8], index: usize) -> Option<&[u8]> {
    line.split(|byte| *byte == b':').nth(index)
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
    match nix::unistd::User::from_name(text)? {
        Some(entry) => Ok(Some(User::of(entry))),
        None => certainly_absent("/etc/passwd", |line| field(line, 0) == Some(name)),
    }
}

/// The account of a user id.
///
/// # Errors
/// When name services fail.
pub fn user_by_uid(uid: u32) -> io::Result<Option<User>> {
    match nix::unistd::User::from_uid(Uid::from_raw(uid))? {
        Some(entry) => Ok(Some(User::of(entry))),
        None => certainly_absent("/etc/passwd", |line| field(line, 2) == Some(uid.to_string().as_bytes())),
    }
}

/// The first account with this full name, without regard to ASCII case.
///
/// # Errors
/// When name services fail.
pub fn user_by_full_name(name: &[u8]) -> io::Result<Option<User>> {
    let is_it = |entry: &nix::unistd::User| User::of(entry.clone()).full_name().eq_ignore_ascii_case(name);
    Ok(ffi::find_account(&is_it)?.map(User::of))
}

/// The id of a group by its name.
///
/// # Errors
/// When name services fail.
pub fn group(name: &[u8]) -> io::Result<Option<u32>> {
    let Ok(text) = std::str::from_utf8(name) else { return Ok(None) };
    match Group::from_name(text)? {
        Some(entry) => Ok(Some(entry.gid.as_raw())),
        None => certainly_absent("/etc/group", |line| field(line, 0) == Some(name)),
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

    /// A process of its own in which no descriptor is free: nobody is unknown for that. (root is known to systemd without any
    /// file.)
    #[test]
    fn nobody_is_unknown_for_want_of_a_descriptor() {
        const EXHAUSTED: &str = "CANONIFY_TEST_EXHAUSTED";
        if std::env::var_os(EXHAUSTED).is_none() {
            let test = "sys::accounts::tests::nobody_is_unknown_for_want_of_a_descriptor";
            let this = std::env::current_exe().expect("a path");
            let run = std::process::Command::new(this).args(["--exact", test]).env(EXHAUSTED, "1").output();
            let run = run.expect("a process");
            assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stdout));
            return;
        }
        let passwd = std::fs::read("/etc/passwd").expect("accounts");
        let mut names = passwd.split(|byte| *byte == b'\n').filter_map(|line| field(line, 0));
        let someone = names.rfind(|name| !name.is_empty() && *name != b"root" && *name != b"nobody");
        let mut taken = Vec::new();
        while let Ok(file) = std::fs::File::open("/dev/null") {
            taken.push(file);
        }
        let answers = [someone.unwrap_or(b"none"), b"no-such-user-here"].map(user);
        let others = (user_by_uid(4_000_000_000), group(b"no-such-group-here"));
        drop(taken);
        assert!(answers.iter().all(Result::is_err), "{answers:?}");
        assert!(others.0.is_err() && others.1.is_err(), "{others:?}");
    }

    #[test]
    fn an_entry_that_the_file_has_is_not_absent() {
        let folder = tempfile::tempdir().expect("a directory");
        let file = folder.path().join("passwd");
        std::fs::write(&file, "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:\n").expect("written");
        let file = file.to_str().expect("a plain path");
        let asked = |name: &'static [u8]| certainly_absent::<()>(file, |line| field(line, 0) == Some(name));
        assert_eq!(asked(b"bob").expect("read"), None);
        assert!(asked(b"ann").is_err());
        assert_eq!(certainly_absent::<()>("/nonexistent/passwd", |_| true).expect("elsewhere"), None);
        assert!(certainly_absent::<()>(folder.path().to_str().expect("plain"), |_| true).is_err());
    }

    #[test]
    fn an_account_is_found_by_its_full_name() {
        let passwd = std::fs::read("/etc/passwd").expect("accounts");
        let mut lines = passwd.split(|byte| *byte == b'\n');
        // not every machine has somebody with two names; nobody has this one
        assert_eq!(user_by_full_name(b"No Such Person Here").expect("an answer"), None);
        let named = lines
            .find_map(|line| Some((field(line, 0)?, field(line, 4)?.split(|byte| *byte == b',').next()?)));
        let (_, name) = named.expect("somebody");
        let found = user_by_full_name(&name.to_ascii_uppercase()).expect("an answer").expect("an account");
        assert!(found.full_name().eq_ignore_ascii_case(name));
        let user = User { name: b"bob".to_vec(), gecos: b"& Smith,room 1".to_vec(), ..User::default() };
        assert_eq!(user.full_name(), b"Bob Smith");
    }

    #[test]
    fn root_is_everywhere() {
        assert_eq!(user(b"root").expect("an answer").expect("root").uid, 0);
        assert_eq!(user_by_uid(0).expect("an answer").expect("root").name, b"root");
    }
}
