//! Delivery to a file: appended under a lock, or not at all.

use super::body;
use crate::message::BodyForm;
use crate::sys::lock;
use crate::sys::safe::{Blame, Danger, Refusal};
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a lock is waited for before the message is tried again later.
const LOCK_TIMEOUT: Duration = Duration::from_secs(60);

/// May mail be put there? An absent file may be made.
pub(super) fn check(path: &Path, blame: Blame) -> Result<Option<Metadata>, Refusal> {
    let about = match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let about = match about.is_symlink() {
        true if blame.contains(Blame::FILE_DELIVERY_TO_SYM_LINK) => std::fs::metadata(path)?,
        true => return Err(Refusal::Unsafe(Danger::SymbolicLink)),
        false => about,
    };
    if !about.is_file() && path != Path::new("/dev/null") {
        return Err(Refusal::Unsafe(Danger::NotRegular));
    }
    if about.is_file() && about.nlink() > 1 && !blame.contains(Blame::FILE_DELIVERY_TO_HARD_LINK) {
        return Err(Refusal::Unsafe(Danger::HardLink));
    }
    if about.is_file() && about.mode() & 0o111 != 0 {
        return Err(Refusal::Unsafe(Danger::Executable));
    }
    Ok(Some(about))
}

/// Appends with the rights of the calling thread.
pub(super) fn append(
    path: &Path,
    blame: Blame,
    header: &[u8],
    message: &File,
    form: &BodyForm,
) -> Result<(), Refusal> {
    let seen = check(path, blame)?;
    let follow = if blame.contains(Blame::FILE_DELIVERY_TO_SYM_LINK) { 0 } else { nix::libc::O_NOFOLLOW };
    let mut options = OpenOptions::new();
    options.append(true).mode(0o600).custom_flags(follow | nix::libc::O_NONBLOCK);
    let file = match &seen {
        None => options.create_new(true).open(path)?,
        Some(_) => options.open(path)?,
    };
    let now = file.metadata()?;
    if seen.is_some_and(|seen| (seen.dev(), seen.ino()) != (now.dev(), now.ino())) {
        return Err(Refusal::Unsafe(Danger::Changed));
    }
    if !now.is_file() {
        return Ok(()); // /dev/null
    }
    take_lock(&file)?;
    let before = file.metadata()?.len();
    let written = write(&file, header, message, form);
    if written.is_err() {
        // half a message must not stay
        let _ = file.set_len(before).and_then(|()| file.sync_all());
    }
    Ok(written?)
}

fn take_lock(file: &File) -> io::Result<()> {
    let end = Instant::now() + LOCK_TIMEOUT;
    while !lock::take(file, lock::Kind::Exclusive)? {
        if Instant::now() >= end {
            return Err(io::Error::from_raw_os_error(nix::libc::EAGAIN));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

fn write(file: &File, header: &[u8], message: &File, form: &BodyForm) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(64 << 10, file);
    out.write_all(header)?;
    body::write(message, form, &mut out)?;
    out.flush()?;
    drop(out);
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn message() -> File {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(b"line\nFrom here\n").expect("room");
        file
    }

    #[test]
    fn messages_follow_each_other() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("box");
        let form = BodyForm { escape_from: true, blank_line: true, ..BodyForm::default() };
        for _ in 0..2 {
            append(&path, Blame::empty(), b"From a now\nSubject: x\n\n", &message(), &form)
                .expect("delivered");
        }
        let one = "From a now\nSubject: x\n\nline\n>From here\n\n";
        assert_eq!(std::fs::read_to_string(&path).expect("a file"), one.repeat(2));
        assert_eq!(path.metadata().expect("a file").mode() & 0o777, 0o600);
    }

    #[test]
    fn what_is_no_mailbox_is_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        let (path, link, second) = (dir.path().join("box"), dir.path().join("link"), dir.path().join("two"));
        let refused = |path: &Path| {
            let form = BodyForm::default();
            append(path, Blame::empty(), b"", &message(), &form).map_err(|why| why.to_string())
        };
        std::fs::write(&path, "").expect("a file");
        std::os::unix::fs::symlink(&path, &link).expect("a link");
        assert_eq!(refused(&link), Err(String::from("Symbolic links not allowed")));
        std::fs::hard_link(&path, &second).expect("a link");
        assert_eq!(refused(&path), Err(String::from("Hard links not allowed")));
        std::fs::remove_file(&second).expect("removed");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).expect("a mode");
        assert_eq!(refused(&path), Err(String::from("Executable files not allowed")));
        assert_eq!(refused(dir.path()), Err(String::from("Regular files only")));
        assert_eq!(refused(Path::new("/dev/null")), Ok(()));
    }
}
