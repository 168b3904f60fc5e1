//! dpkg's list of diversions: what a package brings for a path goes to another, so that an upgrade of the system's sendmail
//! does not take our names away. Three lines each: path, the other path, and whose it is (`:` is the administrator's).

use crate::sys::root::{Attributes, Root};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

const FILE: &str = "/var/lib/dpkg/diversions";

/// Diverts a path, where there is a dpkg.
pub(super) fn divert(root: &Root, path: &Path, to: &Path) -> io::Result<()> {
    change(root, path, to, true)
}

/// Takes that back.
pub(super) fn undo(root: &Root, path: &Path, to: &Path) -> io::Result<()> {
    change(root, path, to, false)
}

fn change(root: &Root, path: &Path, to: &Path, add: bool) -> io::Result<()> {
    let file = Path::new(FILE);
    let (Some(about), Some(text)) = (root.about_end(file)?, root.read(file)?) else { return Ok(()) };
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    let ours = [path.to_string_lossy(), to.to_string_lossy(), ":".into()];
    let mut entries: Vec<&[&str]> = lines.chunks(3).collect();
    let known = entries.iter().position(|entry| entry.iter().eq(ours.iter()));
    let entry: Vec<&str> = ours.iter().map(AsRef::as_ref).collect();
    match (known, add) {
        (None, true) => entries.push(&entry),
        (Some(at), false) => drop(entries.remove(at)),
        _ => return Ok(()),
    }
    let text: String = entries.concat().iter().map(|line| format!("{line}\n")).collect();
    let attributes = Attributes { uid: None, gid: None, mode: about.mode() & 0o7777 };
    root.write(file, text.as_bytes(), attributes)
}
