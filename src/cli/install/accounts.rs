//! Accounts of a system: asked for, made, taken back. The running system's are its programs' work (useradd); those of a system
//! below a directory are lines of its files.

use super::step::Account;
use crate::sys::accounts;
use crate::sys::root::{Attributes, Root};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    User,
    Group,
}

/// The files that hold a kind, the one with the numbers first.
const fn files(kind: Kind) -> [&'static str; 2] {
    match kind {
        Kind::User => ["/etc/passwd", "/etc/shadow"],
        Kind::Group => ["/etc/group", "/etc/gshadow"],
    }
}

/// Numbers of system accounts, as useradd(8) gives them out, from the last one down.
const NUMBERS: std::ops::RangeInclusive<u32> = 101..=999;

/// The number of an account.
pub(super) fn number(root: &Root, kind: Kind, name: &str) -> io::Result<Option<u32>> {
    if root.is_own() {
        return match kind {
            Kind::User => Ok(accounts::user(name.as_bytes())?.map(|user| user.uid)),
            Kind::Group => accounts::group(name.as_bytes()),
        };
    }
    if name == "root" {
        return Ok(Some(0));
    }
    let lines = rows(root, kind)?;
    Ok(lines.into_iter().find(|(other, _)| other == name).map(|(_, number)| number))
}

/// Names and numbers.
fn rows(root: &Root, kind: Kind) -> io::Result<Vec<(String, u32)>> {
    let text = root.read(Path::new(files(kind)[0]))?.unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let row = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        Some((name, fields.nth(1)?.parse().ok()?))
    };
    Ok(text.lines().filter_map(row).collect())
}

/// Makes an account; the group of a user is there by now.
pub(super) fn make(root: &Root, kind: Kind, account: &Account) -> io::Result<()> {
    let Account { name, comment, home } = account;
    if root.is_own() {
        let made = match kind {
            Kind::Group => Command::new("groupadd").args(["--system", name]).status(),
            Kind::User => Command::new("useradd")
                .args(["--system", "--gid", name, "--comment", comment, "--home-dir", home])
                .args(["--no-create-home", "--shell", "/usr/sbin/nologin", name])
                .status(),
        };
        match made {
            Ok(status) => return succeeded(status, kind, name),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            // a system without useradd has nobody else who writes these files
            Err(_) => {}
        }
    }
    let taken = [rows(root, Kind::User)?, rows(root, Kind::Group)?].concat();
    let is_free = |number: &u32| taken.iter().all(|(_, other)| other != number);
    let group = number(root, Kind::Group, name)?;
    // the user has the group's number where it can
    let users = rows(root, Kind::User)?;
    let same = group.filter(|number| kind == Kind::User && users.iter().all(|(_, other)| other != number));
    let Some(number) = same.or_else(|| NUMBERS.rev().find(is_free)) else {
        return Err(io::Error::other("no number is free for a system account"));
    };
    let [first, second] = match kind {
        Kind::Group => [format!("{name}:x:{number}:\n"), format!("{name}:!::\n")],
        Kind::User => {
            let group = group.unwrap_or(number);
            let line = format!("{name}:x:{number}:{group}:{comment}:{home}:/usr/sbin/nologin\n");
            [line, format!("{name}:!:::::::\n")]
        }
    };
    let [numbers, passwords] = files(kind);
    change(root, numbers, true, |text| added(text, &first))?;
    change(root, passwords, false, |text| added(text, &second))
}

/// Takes an account back.
pub(super) fn unmake(root: &Root, kind: Kind, name: &str) -> io::Result<()> {
    if root.is_own() {
        let program = if kind == Kind::User { "userdel" } else { "groupdel" };
        match Command::new(program).arg(name).status() {
            // userdel takes the user's group along
            Ok(status) if number(root, kind, name)?.is_some() => return succeeded(status, kind, name),
            Ok(_) => return Ok(()),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Err(_) => {}
        }
    }
    let prefix = format!("{name}:");
    let without = |text: &[u8]| {
        let lines = text.split_inclusive(|byte| *byte == b'\n');
        lines.filter(|line| !line.starts_with(prefix.as_bytes())).flatten().copied().collect()
    };
    files(kind).iter().try_for_each(|file| change(root, file, false, without))
}

fn succeeded(status: std::process::ExitStatus, kind: Kind, name: &str) -> io::Result<()> {
    match status.success() {
        true => Ok(()),
        false => Err(io::Error::other(format!("{kind:?} {name}: {status}").to_lowercase())),
    }
}

fn added(text: &[u8], line: &str) -> Vec<u8> {
    let end: &[u8] = if text.is_empty() || text.ends_with(b"\n") { b"" } else { b"\n" };
    [text, end, line.as_bytes()].concat()
}

/// Writes a file anew, with the owner and mode that it has. One that is not there is made if it must be.
fn change(root: &Root, path: &str, must: bool, change: impl Fn(&[u8]) -> Vec<u8>) -> io::Result<()> {
    let path = Path::new(path);
    let (attributes, before) = match root.about_end(path)? {
        Some(about) => {
            let attributes =
                Attributes { uid: Some(about.uid()), gid: Some(about.gid()), mode: about.mode() & 0o7777 };
            (attributes, root.read(path)?.unwrap_or_default())
        }
        None if must => {
            super::manifest::make_directories(root, path.parent().unwrap_or(path))?;
            (Attributes { mode: 0o644, ..Attributes::default() }, Vec::new())
        }
        None => return Ok(()),
    };
    let after = change(&before);
    if after == before { Ok(()) } else { root.write(path, &after, attributes) }
}
