//! Delivery to a file: appended under a lock, or not at all.

use super::body::Body;
use crate::message::BodyForm;
use crate::sys::safe::{Blame, Danger, Refusal};
use crate::sys::{lock, rooted};
use nix::fcntl::OFlag;
use nix::sys::stat::Mode;
use std::fs::{File, Metadata, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a lock is waited for before the message is tried again later.
const LOCK_TIMEOUT: Duration = Duration::from_secs(60);

/// Which file: device and inode.
pub(super) type FileId = (u64, u64);

pub(super) fn file_id(about: &Metadata) -> FileId {
    (about.dev(), about.ino())
}

/// Where a mailbox is.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// Option SafeFileEnvironment: the path means what it would to a process whose root this is.
    pub(super) root: Option<&'a Path>,
    pub(super) path: &'a Path,
    /// Of a file that is not there yet.
    mode: u32,
}

/// A mailbox is for whoever it belongs to.
pub(super) const MAILBOX_MODE: u32 = 0o600;

impl<'a> Place<'a> {
    /// A path of an alias or list; one below `root` may be written with it or without it, as sendmail has it, and
    /// the null device is everywhere.
    pub(super) fn within(root: Option<&'a Path>, path: &'a Path) -> Self {
        let Some(root) = root.filter(|_| path != Path::new(NULL_DEVICE)) else {
            return Self { root: None, path, mode: MAILBOX_MODE };
        };
        Self { root: Some(root), path: path.strip_prefix(root).unwrap_or(path), mode: MAILBOX_MODE }
    }

    /// The same, with another mode of a new file.
    pub(super) fn made_with(self, mode: u32) -> Self {
        Self { mode, ..self }
    }

    fn open(&self, flags: i32) -> io::Result<File> {
        match self.root {
            Some(root) => rooted::open(root, self.path, flags, 0o600),
            None => {
                let file = OFlag::from_bits_retain(flags | nix::libc::O_CLOEXEC);
                Ok(nix::fcntl::open(self.path, file, Mode::from_bits_truncate(0o600))?.into())
            }
        }
    }

    /// Names in its directory reach the disk. One that may not be read cannot be synced.
    fn sync_directory(&self) -> io::Result<()> {
        let above = self.path.parent().filter(|above| !above.as_os_str().is_empty());
        let directory = Self { path: above.unwrap_or(Path::new(".")), ..*self };
        match directory.open(nix::libc::O_RDONLY | nix::libc::O_DIRECTORY) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
            other => other?.sync_all(),
        }
    }

    /// Of what stands there, or of what a link there leads to.
    pub(super) fn about(&self, follow: bool) -> io::Result<Metadata> {
        let follow = if follow { 0 } else { nix::libc::O_NOFOLLOW };
        self.open(nix::libc::O_PATH | follow)?.metadata()
    }
}

/// What alone beside files takes mail.
const NULL_DEVICE: &str = "/dev/null";

/// May mail be put there? An absent file may be made.
fn look(place: &Place<'_>, blame: Blame) -> Result<Option<Metadata>, Refusal> {
    let about = match place.about(false) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let about = match about.is_symlink() {
        true if blame.contains(Blame::FILE_DELIVERY_TO_SYM_LINK) => place.about(true)?,
        true => return Err(Refusal::Unsafe(Danger::SymbolicLink)),
        false => about,
    };
    check(place, &about, blame)?;
    Ok(Some(about))
}

/// A mailbox has no execute bits and one name.
fn check(place: &Place<'_>, about: &Metadata, blame: Blame) -> Result<(), Refusal> {
    let danger = match about.is_file() {
        false if place.path == Path::new(NULL_DEVICE) => return Ok(()),
        false => Danger::NotRegular,
        true if about.nlink() > 1 && !blame.contains(Blame::FILE_DELIVERY_TO_HARD_LINK) => Danger::HardLink,
        true if about.mode() & 0o111 != 0 => Danger::Executable,
        true => return Ok(()),
    };
    Err(Refusal::Unsafe(danger))
}

/// Opens it with the rights of the calling thread. What was looked at must be what is open: whoever changes the
/// path between the two gets nothing written.
fn open(place: &Place<'_>, blame: Blame, of: Option<FileId>) -> Result<(File, Metadata), Refusal> {
    let seen = look(place, blame)?;
    let follow = if blame.contains(Blame::FILE_DELIVERY_TO_SYM_LINK) { 0 } else { nix::libc::O_NOFOLLOW };
    let create = if seen.is_none() { nix::libc::O_CREAT | nix::libc::O_EXCL } else { 0 };
    let append = nix::libc::O_WRONLY | nix::libc::O_APPEND | nix::libc::O_NONBLOCK | nix::libc::O_NOCTTY;
    let file = place.open(append | follow | create)?;
    let now = file.metadata()?;
    let expected = seen.as_ref().map(file_id);
    let changed = [expected, of].into_iter().flatten().any(|id| id != file_id(&now));
    if changed || (seen.is_none() && of.is_some()) {
        return Err(Refusal::Unsafe(Danger::Changed));
    }
    check(place, &now, blame)?;
    if seen.is_none() && place.mode != MAILBOX_MODE {
        // whatever the umask
        file.set_permissions(Permissions::from_mode(place.mode))?;
    }
    Ok((file, now))
}

/// Appends with the rights of the calling thread; `of`: the file that these rights come from.
pub(super) fn append(
    place: &Place<'_>,
    blame: Blame,
    of: Option<FileId>,
    header: &[u8],
    message: &Body,
    form: &BodyForm,
) -> Result<(), Refusal> {
    let (file, about) = open(place, blame, of)?;
    if !about.is_file() {
        return Ok(()); // /dev/null
    }
    take_lock(&file)?;
    let before = file.metadata()?.len();
    if before == 0 {
        // it may be new, and its name must be on the disk before it holds mail
        place.sync_directory()?;
    }
    let gap: &[u8] = if header.starts_with(b"From ") && is_torn(place, &file) { b"\n" } else { b"" };
    let written = write(&file, gap, header, message, form);
    if written.is_err() {
        // half a message must not stay
        let _ = file.set_len(before).and_then(|()| file.sync_all());
    }
    Ok(written?)
}

/// Does the mailbox end within a line? A machine that died while it was written to may have left it so, and what
/// comes next would not begin a message. One that may not be read is taken as it is.
fn is_torn(place: &Place<'_>, file: &File) -> bool {
    let look = || -> io::Result<bool> {
        let reader = place.open(nix::libc::O_RDONLY | nix::libc::O_NONBLOCK | nix::libc::O_NOCTTY)?;
        let (seen, ours) = (reader.metadata()?, file.metadata()?);
        let mut last = [b'\n'];
        if file_id(&seen) == file_id(&ours) && seen.len() > 0 {
            reader.read_exact_at(&mut last, seen.len() - 1)?;
        }
        Ok(last != *b"\n")
    };
    look().unwrap_or(false)
}

/// Appends a finished text to a user's mailbox with the rights of the calling thread: whole, locked, and synced.
///
/// # Errors
/// It is no mailbox, or nothing could be written.
pub fn append_message(path: &Path, text: &[u8]) -> Result<(), Refusal> {
    let place = Place::within(None, path);
    append(&place, Blame::empty(), None, text, &Body::from(Vec::new()), &BodyForm::default())
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

fn write(file: &File, gap: &[u8], header: &[u8], message: &Body, form: &BodyForm) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(64 << 10, file);
    out.write_all(gap)?;
    out.write_all(header)?;
    message.write(form, &mut out)?;
    out.flush()?;
    drop(out);
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &Path) -> Place<'_> {
        Place::within(None, path)
    }

    fn message() -> Body {
        Body::with(b"line\nFrom here\n")
    }

    #[test]
    fn messages_follow_each_other() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("box");
        let form = BodyForm { escape_from: true, blank_line: true, ..BodyForm::default() };
        for _ in 0..2 {
            append(&at(&path), Blame::empty(), None, b"From a now\nSubject: x\n\n", &message(), &form)
                .expect("delivered");
        }
        let one = "From a now\nSubject: x\n\nline\n>From here\n\n";
        assert_eq!(std::fs::read_to_string(&path).expect("a file"), one.repeat(2));
        assert_eq!(path.metadata().expect("a file").mode() & 0o777, 0o600);
    }

    #[test]
    fn a_message_begins_a_line_whatever_a_crash_has_left() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("box");
        std::fs::write(&path, "From a then\n\nhal").expect("a file");
        let put = |header: &[u8]| {
            append(&at(&path), Blame::empty(), None, header, &Body::with(b"b\n"), &BodyForm::default())
                .expect("delivered");
        };
        put(b"From a now\n\n");
        let expected = "From a then\n\nhal\nFrom a now\n\nb\n";
        assert_eq!(std::fs::read_to_string(&path).expect("a file"), expected);
        put(b"From b now\n\n");
        let expected = format!("{expected}From b now\n\nb\n");
        assert_eq!(std::fs::read_to_string(&path).expect("a file"), expected);
    }

    #[test]
    fn a_new_file_has_the_mode_that_is_asked_for() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("box");
        for mode in [0o664, 0o600] {
            let place = at(&path).made_with(mode);
            append(&place, Blame::empty(), None, b"\n", &message(), &BodyForm::default()).expect("delivered");
            // the second message finds it there
            assert_eq!(path.metadata().expect("a file").mode() & 0o777, 0o664);
        }
    }

    #[test]
    fn what_is_no_mailbox_is_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        let (path, link, second) = (dir.path().join("box"), dir.path().join("link"), dir.path().join("two"));
        let refused = |path: &Path| {
            let form = BodyForm::default();
            append(&at(path), Blame::empty(), None, b"", &message(), &form).map_err(|why| why.to_string())
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
    #[test]
    fn rights_of_a_file_are_for_that_file_only() {
        let dir = tempfile::tempdir().expect("a directory");
        let (path, other) = (dir.path().join("box"), dir.path().join("other"));
        for file in [&path, &other] {
            std::fs::write(file, "").expect("a file");
        }
        let of = Some(file_id(&other.metadata().expect("a file")));
        let refused = open(&at(&path), Blame::empty(), of).map(drop).map_err(|why| why.to_string());
        assert_eq!(refused, Err(String::from("File changed after open")));
        assert!(open(&at(&other), Blame::empty(), of).is_ok());
        let gone = open(&at(&dir.path().join("new")), Blame::empty(), of);
        assert!(gone.is_err());
    }

    /// SafeFileEnvironment: as after chroot(2). What each path leads to is sendmail's.
    #[test]
    fn sec_007_files_stay_below_their_root() {
        let dir = tempfile::tempdir().expect("a directory");
        let (root, outside) = (dir.path().join("jail"), dir.path().join("outside"));
        std::fs::create_dir_all(root.join("sub")).expect("directories");
        std::fs::write(&outside, "").expect("a file");
        std::os::unix::fs::symlink(dir.path(), root.join("out")).expect("a link");
        let put = |path: &Path, blame| {
            let place = Place::within(Some(&root), path);
            append(&place, blame, None, b"x\n", &message(), &BodyForm::default())
                .map_err(|why| why.to_string())
        };
        let good =
            [root.join("box"), "/box2".into(), "/sub/box3".into(), "/../up".into(), "/dev/null".into()];
        for path in &good {
            assert_eq!(put(path, Blame::empty()), Ok(()), "{}", path.display());
        }
        for made in ["box", "box2", "sub/box3", "up"] {
            assert!(root.join(made).is_file(), "{made}");
        }
        // behind the link there is no such directory below the root
        for path in [outside.as_path(), Path::new("/out/outside"), Path::new("/sub/../../outside/x")] {
            for blame in [Blame::empty(), Blame::all()] {
                assert!(put(path, blame).is_err(), "{}", path.display());
            }
        }
        assert_eq!(std::fs::read(&outside).expect("a file"), b"");
    }

    /// Somebody exchanges the path between a mailbox of one's own and links all the time.
    #[test]
    fn who_exchanges_the_path_gets_nothing_written() {
        let dir = tempfile::tempdir().expect("a directory");
        let (path, victim) = (dir.path().join("box"), dir.path().join("victim"));
        std::fs::write(&victim, "").expect("a file");
        let stop = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    let _ =
                        std::fs::remove_file(&path).and_then(|()| std::os::unix::fs::symlink(&victim, &path));
                    let _ = std::fs::remove_file(&path).and_then(|()| std::fs::write(&path, ""));
                    let _ = std::fs::remove_file(&path).and_then(|()| std::fs::hard_link(&victim, &path));
                }
            });
            for _ in 0..300 {
                let _ = append(&at(&path), Blame::empty(), None, b"x", &message(), &BodyForm::default());
            }
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        assert_eq!(std::fs::read(&victim).expect("a file"), b"");
    }
}
