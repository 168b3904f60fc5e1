//! Where a user's mail is, who may write it, and the lock beside it.

use crate::keeper::append_message;
use crate::sys::accounts::{self, User};
use crate::sys::errno_text;
use crate::sys::identity::{Identity, is_root};
use nix::libc;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// Where mailboxes are.
const SPOOL: &str = "/var/mail";
/// How long USER.lock is waited for.
const LOCK_TIMEOUT: Duration = Duration::from_secs(60);
/// After this time a USER.lock is somebody's who is no more (mailboxes are locked for moments).
const STALE: Duration = Duration::from_secs(300);

/// Why a user got nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct NotDelivered {
    pub(super) text: Vec<u8>,
    /// It may change.
    pub(super) for_now: bool,
    /// There is no room.
    pub(super) full: bool,
}

impl NotDelivered {
    pub(super) fn later(text: Vec<u8>) -> Self {
        Self { text, for_now: true, full: false }
    }

    fn never(text: Vec<u8>) -> Self {
        Self { text, for_now: false, full: false }
    }

    /// `PATH: WHY`
    fn of(path: &Path, why: &str) -> Self {
        Self::never(format!("{}: {why}", path.display()).into_bytes())
    }
}

/// The mailboxes of a host.
pub(super) struct Mailboxes<'a> {
    /// In home directories, by this name.
    pub(super) file: Option<&'a [u8]>,
    pub(super) full_is_final: bool,
}

/// Who a name is, with the mailbox.
pub(super) struct Mailbox {
    path: PathBuf,
    owner: User,
}

impl Mailboxes<'_> {
    /// The mailbox of a user.
    ///
    /// # Errors
    /// Nobody has that name, or nobody can say.
    pub(super) fn of(&self, name: &[u8]) -> Result<Mailbox, NotDelivered> {
        let unknown = || NotDelivered::never([name, b": User unknown"].concat());
        if name.is_empty() || name.contains(&b'/') || name.starts_with(b".") {
            return Err(unknown());
        }
        let owner =
            accounts::user(name).map_err(|error| NotDelivered::later(errno_text(&error).into_bytes()))?;
        let owner = owner.ok_or_else(unknown)?;
        let path = match self.file {
            Some(file) => {
                // below the home directory, however it is written
                let file = file.iter().position(|byte| *byte != b'/').map_or(&b""[..], |at| &file[at..]);
                owner.home.join(accounts::path(file))
            }
            None => Path::new(SPOOL).join(accounts::path(&owner.name)),
        };
        Ok(Mailbox { path, owner })
    }

    /// Appends a finished text to the mailbox of a user.
    ///
    /// # Errors
    /// Why it has not got it.
    pub(super) fn deliver(&self, name: &[u8], text: &[u8]) -> Result<(), NotDelivered> {
        let mailbox = self.of(name)?;
        let done = mailbox.append(text, self.file.is_none());
        done.map_err(|why| NotDelivered { for_now: why.for_now && !(why.full && self.full_is_final), ..why })
    }
}

impl Mailbox {
    fn append(&self, text: &[u8], in_spool: bool) -> Result<(), NotDelivered> {
        let identity = Identity::of(&self.owner).map_err(|error| self.failed(&error))?;
        let assume = |wanted: bool| match wanted && is_root() {
            true => identity.assume().map(Some).map_err(|error| self.failed(&error)),
            false => Ok(None),
        };
        // in a home directory everything happens with its owner's rights; the spool's lock is root's, and goes after them
        let _at_home = assume(!in_spool)?;
        let _lock = DotLock::take(&self.path).map_err(|error| self.failed(&error))?;
        if in_spool && is_root() {
            self.make().map_err(|error| self.failed(&error))?;
        }
        let _in_spool = assume(in_spool)?;
        self.check()?;
        append_message(&self.path, text).map_err(|refusal| match refusal {
            crate::sys::safe::Refusal::System(error) => self.failed(&error),
            refusal => NotDelivered::of(&self.path, &refusal.to_string()),
        })
    }

    /// One that is not there yet: users may not make files in the spool.
    fn make(&self) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600).custom_flags(libc::O_NOFOLLOW);
        match options.open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Ok(file) => fchown(&file, Some(self.owner.uid), Some(self.owner.gid)),
            Err(error) => Err(error),
        }
    }

    fn check(&self) -> Result<(), NotDelivered> {
        let about = match fs::symlink_metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            about => about.map_err(|error| self.failed(&error))?,
        };
        let why = match about.nlink() {
            2.. => String::from("too many links"),
            _ if !about.is_file() => String::from("irregular file"),
            _ if about.uid() != self.owner.uid => format!("wrong ownership ({})", about.uid()),
            _ => return Ok(()),
        };
        Err(NotDelivered::of(&self.path, &why))
    }

    fn failed(&self, error: &io::Error) -> NotDelivered {
        let text = format!("{}: {}", self.path.display(), errno_text(error)).into_bytes();
        let full = matches!(error.raw_os_error(), Some(libc::EDQUOT | libc::ENOSPC));
        NotDelivered { full, ..NotDelivered::later(text) }
    }
}

/// `MAILBOX.lock`, for mail readers that know no other lock; gone when it is dropped.
struct DotLock(Option<PathBuf>);

impl DotLock {
    /// Where no file may be made (a user's own rights in a spool of the group mail) flock alone must do.
    fn take(mailbox: &Path) -> io::Result<Self> {
        let mut name = mailbox.as_os_str().to_owned();
        name.push(".lock");
        let (path, end) = (PathBuf::from(name), Instant::now() + LOCK_TIMEOUT);
        loop {
            let made = OpenOptions::new().write(true).create_new(true).mode(0o444).open(&path);
            match made.and_then(|file| write_pid(&file)) {
                Ok(()) => return Ok(Self(Some(path))),
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(Self(None)),
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                Err(_) if is_stale(&path) => drop(fs::remove_file(&path)),
                Err(_) if Instant::now() >= end => return Err(io::Error::from_raw_os_error(libc::EAGAIN)),
                Err(_) => std::thread::sleep(Duration::from_millis(200)),
            }
        }
    }
}

/// Readers look whether that process still lives.
fn write_pid(file: &File) -> io::Result<()> {
    use std::io::Write;
    let mut file = file;
    writeln!(file, "{}", std::process::id())
}

fn is_stale(path: &Path) -> bool {
    let made = fs::symlink_metadata(path).and_then(|about| about.modified());
    made.is_ok_and(|made| SystemTime::now().duration_since(made).is_ok_and(|age| age > STALE))
}

impl Drop for DotLock {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // what stays is stale after five minutes
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_waited_for_and_goes() {
        let dir = tempfile::tempdir().expect("a directory");
        let mailbox = dir.path().join("box");
        let first = DotLock::take(&mailbox).expect("a lock");
        let place = mailbox.clone();
        let second = std::thread::spawn(move || DotLock::take(&place).map(drop));
        assert!(dir.path().join("box.lock").exists());
        drop(first);
        assert!(second.join().expect("a thread").is_ok());
        assert!(!dir.path().join("box.lock").exists());
    }

    #[test]
    fn what_is_no_mailbox_of_the_user_is_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        let owner =
            accounts::user_by_uid(crate::sys::identity::effective_uid()).expect("accounts").expect("me");
        let mailbox = |name: &str| Mailbox { path: dir.path().join(name), owner: owner.clone() };
        fs::create_dir(dir.path().join("folder")).expect("a folder");
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("link")).expect("a link");
        fs::write(dir.path().join("one"), "").expect("a file");
        fs::hard_link(dir.path().join("one"), dir.path().join("two")).expect("a name");
        for (name, why) in
            [("folder", "too many links"), ("link", "irregular file"), ("two", "too many links")]
        {
            let refused = mailbox(name).append(b"From x\n\n", false).expect_err("no mailbox");
            assert!(String::from_utf8_lossy(&refused.text).ends_with(why), "{name}: {refused:?}");
        }
        mailbox("new").append(b"From x\n\n", false).expect("a mailbox");
        mailbox("new").append(b"From y\n\n", false).expect("a mailbox");
        assert_eq!(fs::read(dir.path().join("new")).expect("mail"), b"From x\n\nFrom y\n\n");
    }
}
