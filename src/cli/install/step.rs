//! One thing that an installation does, and how it is told.

use std::fmt;
use std::path::PathBuf;

/// A system account with a group of its name.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) name: &'static str,
    pub(super) comment: &'static str,
    pub(super) home: &'static str,
}

impl Account {
    /// As sysusers.d(5) has it; the group comes with it.
    pub(super) fn sysusers_line(&self) -> String {
        format!("u {} - \"{}\" {} -\n", self.name, self.comment, self.home)
    }
}

/// What stands at a path when the step is done.
#[derive(Debug)]
pub(super) enum Thing {
    /// A copy of this program.
    Program,
    /// A link.
    Link(PathBuf),
    /// A text.
    File(Vec<u8>),
    /// A directory; one that is there stays as it is.
    Directory,
}

/// Something at a path. (A link has no owner and mode that count.)
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) path: PathBuf,
    pub(super) thing: Thing,
    pub(super) owner: &'static str,
    pub(super) group: &'static str,
    pub(super) mode: u32,
}

impl Piece {
    pub(super) fn link(path: &str, to: PathBuf) -> Self {
        Self { path: path.into(), thing: Thing::Link(to), owner: "root", group: "root", mode: 0o777 }
    }
}

impl fmt::Display for Piece {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, thing, owner, group, mode } = self;
        let path = path.display();
        match thing {
            Thing::Link(to) => return write!(out, "link {path} -> {}", to.display()),
            Thing::Program => write!(out, "program {path}")?,
            Thing::File(_) => write!(out, "file {path}")?,
            Thing::Directory => write!(out, "directory {path}")?,
        }
        write!(out, " {owner}:{group} {mode:04o}")
    }
}

/// The part of one name that leads from it to the program.
pub(super) fn way_to(program: &str, name: &str) -> PathBuf {
    let (from, to): (Vec<&str>, Vec<&str>) = (name.split('/').collect(), program.split('/').collect());
    let shared = from.iter().zip(&to).take_while(|(from, to)| from == to).count();
    let above = from.len() - 1 - shared;
    std::iter::repeat_n("..", above).chain(to[shared..].iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_from_where_they_stand() {
        for (name, way) in [
            ("/usr/sbin/sendmail", "canonify"),
            ("/usr/lib/sendmail", "../sbin/canonify"),
            ("/usr/libexec/sendmail/sendmail", "../../sbin/canonify"),
        ] {
            assert_eq!(way_to("/usr/sbin/canonify", name), PathBuf::from(way));
        }
    }
}
