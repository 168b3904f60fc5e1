//! Holding a message that waits, and letting one go (`sendmail -Q`): line by line, so that all else stays as it is.

use super::control_lines::{is_end, read_line};
use super::files::{self, LockedFile};
use super::layout::Directory;
use super::load::Rules;
use crate::envelope::QueueId;
use crate::queue::error::QueueError;
use crate::queue::select::EntryKind;
use crate::queue::store::Requarantined;
use std::io::{self, Read};

/// Gives a message this reason to be held, or none.
pub(super) fn requarantine(
    rules: &Rules<'_>,
    directory: &Directory,
    id: &QueueId,
    kind: EntryKind,
    reason: Option<&[u8]>,
) -> Result<Requarantined, QueueError> {
    let path = directory.file(kind.prefix(), id);
    let locked = match files::open_locked(directory, kind.prefix(), id) {
        Ok(Some(locked)) => locked,
        Ok(None) => return Ok(Requarantined::Skipped(None)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Requarantined::Skipped(None)),
        Err(source) => return Err(QueueError::new("cannot open", path, source)),
    };
    let fail = |source| QueueError::new("cannot read", &path, source);
    let meta = locked.file.metadata().map_err(fail)?;
    if let Some(distrust) = rules.distrust(directory, &meta) {
        return Ok(Requarantined::Skipped(Some(distrust.detail)));
    }
    let mut text = Vec::new();
    (&locked.file).read_to_end(&mut text).map_err(fail)?;
    // nobody has written it yet
    if text.is_empty() {
        return Ok(Requarantined::Skipped(None));
    }
    let rewritten = Rewritten::of(&text, reason);
    match (rewritten.changed, rewritten.whole) {
        (false, true) => Ok(Requarantined::Unchanged(rewritten.old)),
        (changed, false) => Ok(Requarantined::Incomplete { changed, old: rewritten.old }),
        (true, true) => {
            put(rules, directory, id, &locked, &rewritten.text, reason)?;
            Ok(Requarantined::Changed(rewritten.old))
        }
    }
}

/// A control file with another reason.
struct Rewritten {
    text: Vec<u8>,
    /// The reason that it had.
    old: Option<Vec<u8>>,
    changed: bool,
    whole: bool,
}

impl Rewritten {
    /// The reason takes the place of the old one, else it stands before the sender.
    fn of(text: &[u8], reason: Option<&[u8]>) -> Self {
        let mut new =
            Self { text: Vec::with_capacity(text.len() + 80), old: None, changed: false, whole: false };
        let mut rest = text;
        let mut unsaid = reason;
        while !rest.is_empty() {
            // a line that was cut off counts as well
            let (line, after) = read_line(rest).unwrap_or((rest, b""));
            let whole_line = &rest[..rest.len() - after.len()];
            rest = after;
            if is_end(line) {
                new.whole = true;
                new.text.extend_from_slice(whole_line);
                if !whole_line.ends_with(b"\n") {
                    new.text.push(b'\n');
                }
                break;
            }
            match line.first() {
                Some(b'q') => {
                    new.changed |= Some(&line[1..]) != reason;
                    new.old = Some(line[1..].to_vec());
                    new.put_reason(unsaid.take());
                    continue;
                }
                Some(b'S') if unsaid.is_some() => {
                    new.changed = true;
                    new.put_reason(unsaid.take());
                }
                _ => {}
            }
            new.text.extend_from_slice(whole_line);
        }
        new.text.extend_from_slice(rest);
        new
    }

    fn put_reason(&mut self, reason: Option<&[u8]>) {
        if let Some(reason) = reason {
            self.text.extend_from_slice(&[b"q", &crate::addr::one_line(reason)[..], b"\n"].concat());
        }
    }
}

/// The new text first, then the new name: a crash between the two leaves a file that says itself that it is held.
fn put(
    rules: &Rules<'_>,
    directory: &Directory,
    id: &QueueId,
    old: &LockedFile,
    text: &[u8],
    reason: Option<&[u8]>,
) -> Result<(), QueueError> {
    let kind = if reason.is_some() { EntryKind::Quarantined } else { EntryKind::Normal };
    let (from, to) = (directory.file(old.prefix, id), directory.file(kind.prefix(), id));
    let held = files::replace(directory, old.prefix, id, text, rules.file_mode, true)?;
    if from != to {
        std::fs::rename(&from, &to).map_err(|source| QueueError::new("cannot rename", &from, source))?;
    }
    drop(held);
    directory.qf_sync.sync().map_err(|source| QueueError::new("cannot sync", &directory.qf, source))
}

#[cfg(test)]
mod tests {
    use super::Rewritten;

    fn text(old: &str, reason: Option<&str>) -> (String, bool) {
        let new = Rewritten::of(old.as_bytes(), reason.map(str::as_bytes));
        (String::from_utf8(new.text).expect("ASCII"), new.changed)
    }

    #[test]
    fn the_reason_stands_before_the_sender_or_where_it_stood() {
        assert_eq!(text("V8\nSa\nR:b\n.\n", Some("x")), ("V8\nqx\nSa\nR:b\n.\n".into(), true));
        assert_eq!(text("V8\nqy\n$_z\nSa\n.\n", Some("x")), ("V8\nqx\n$_z\nSa\n.\n".into(), true));
        assert_eq!(text("V8\nqx\nSa\n.\n", Some("x")), ("V8\nqx\nSa\n.\n".into(), false));
        assert_eq!(text("V8\nqx\nSa\n.\n", None), ("V8\nSa\n.\n".into(), true));
        assert_eq!(text("V8\nSa\n.\n", None), ("V8\nSa\n.\n".into(), false));
        assert_eq!(text("V8\nR:b\n.\n", Some("x")), ("V8\nR:b\n.\n".into(), false));
        assert_eq!(text("V8\nSa\n.\nqy\n", Some("a\nSz")), ("V8\nqa Sz\nSa\n.\nqy\n".into(), true));
        assert!(!Rewritten::of(b"V8\nSa\nR:b", Some(b"x")).whole);
    }
}
