//! What is remembered of hosts from one attempt to the next, over all processes (HostStatusDirectory).
//!
//! In: a next hop before it is called, and what came of it. Out: whether it may be called, or is passed over for
//! Timeout.hoststatus because it did not answer the last time; its file is written anew. With SingleThreadDelivery the
//! file stays locked as long as a connection to the host is open: nobody else calls it meanwhile.
//! Never here: a failure to read or write such a file that keeps mail from going out.

use super::host_status::{self, HostStatus};
use crate::config::Config;
use crate::sys::lock::{self, Kind};
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The directory of a site.
#[derive(Clone)]
pub(super) struct KnownHosts {
    directory: PathBuf,
    /// Timeout.hoststatus, seconds.
    lifetime: i64,
    /// SingleThreadDelivery.
    pub(super) single: bool,
}

/// What is known of a host that is to be called.
#[derive(Debug)]
pub(super) enum Known {
    /// It may be called; with SingleThreadDelivery under this lock.
    Free(Option<Arc<File>>),
    /// It is passed over, for this reason.
    Failed(HostStatus),
    /// Somebody else works on its file, or talks to it.
    Busy,
}

/// How often a file is looked at that somebody holds for a moment, and the pause between.
const LOOKS: usize = 10;
const PAUSE: Duration = Duration::from_millis(50);

impl KnownHosts {
    /// `queue`: a relative directory is below it. `None`: nothing is to be remembered.
    pub(super) fn of(config: &Config, queue: &Path) -> Option<Arc<Self>> {
        let directory = host_status::directory(config, queue)?;
        let (lifetime, single) = (config.options.timeout.hoststatus, config.options.single_thread_delivery);
        directory.is_dir().then(|| Arc::new(Self { directory, lifetime, single }))
    }

    /// The file of a host, named as in logs; none for a UNIX socket.
    pub(super) fn path(&self, host: &[u8]) -> Option<PathBuf> {
        Some(self.directory.join(host_status::path_of(host)?))
    }

    /// May this host be called at `now`?
    pub(super) async fn look(&self, path: &Path, now: i64) -> Known {
        for _ in 0..LOOKS {
            let (hosts, path) = (self.clone(), path.to_owned());
            let looked = tokio::task::spawn_blocking(move || hosts.look_once(&path, now)).await;
            match looked {
                Ok(Ok(Known::Busy)) => tokio::time::sleep(PAUSE).await,
                Ok(Ok(known)) => return known,
                // a file that cannot be read says nothing
                Ok(Err(_)) | Err(_) => return Known::Free(None),
            }
        }
        Known::Busy
    }

    /// Writes down what came of it. `held`: the lock on its file.
    pub(super) async fn note(&self, path: &Path, status: HostStatus, held: Option<Arc<File>>) {
        let (hosts, path) = (self.clone(), path.to_owned());
        // what is not written is found out again
        let _ = tokio::task::spawn_blocking(move || match held {
            Some(file) => write(&file, &status),
            None => {
                let file = hosts.open(&path)?;
                lock::wait(&file, Kind::Exclusive)?;
                write(&file, &status)
            }
        })
        .await;
    }

    /// Removes the file if it was made for the lock alone: an empty one cannot be read.
    pub(super) async fn forget(&self, path: &Path, held: Arc<File>) {
        let path = path.to_owned();
        let removed = move || match held.metadata()?.len() {
            0 => std::fs::remove_file(&path),
            _ => Ok(()),
        };
        // what stays is written by the next one
        let _ = tokio::task::spawn_blocking(removed).await;
    }

    fn look_once(&self, path: &Path, now: i64) -> io::Result<Known> {
        let file = if self.single { self.open(path) } else { options().open(path) };
        let mut file = match file {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Known::Free(None)),
            other => other?,
        };
        if !lock::take(&file, if self.single { Kind::Exclusive } else { Kind::Shared })? {
            return Ok(Known::Busy);
        }
        let mut text = Vec::new();
        Read::by_ref(&mut file).take(MAX_FILE).read_to_end(&mut text)?;
        let known = HostStatus::parse(&text).ok().filter(|status| status.exit != 0);
        Ok(match known.filter(|status| status.updated.saturating_add(self.lifetime) > now) {
            Some(status) => Known::Failed(status),
            None => Known::Free(self.single.then(|| Arc::new(file))),
        })
    }

    /// With the directories above it.
    fn open(&self, path: &Path) -> io::Result<File> {
        let create = || options().create(true).open(path);
        match create() {
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.directory.is_dir() => {
                self.make_folders(path)?;
                create()
            }
            other => other,
        }
    }

    /// Others may look into them, whatever the umask.
    fn make_folders(&self, path: &Path) -> io::Result<()> {
        let missing =
            path.ancestors().skip(1).take_while(|folder| *folder != self.directory && !folder.is_dir());
        let missing: Vec<&Path> = missing.collect();
        for folder in missing.into_iter().rev() {
            match std::fs::create_dir(folder) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => {
                    made?;
                    File::open(folder)?.set_permissions(Permissions::from_mode(0o755))?;
                }
            }
        }
        Ok(())
    }
}

/// No status is longer.
const MAX_FILE: u64 = 64 << 10;

/// A plain file, whose name leads nowhere else.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600).custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK);
    options
}

fn write(mut file: &File, status: &HostStatus) -> io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    let text = status.text();
    file.set_len(0)?;
    file.write_all(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(single: bool) -> (tempfile::TempDir, KnownHosts, PathBuf) {
        let directory = tempfile::tempdir().expect("a directory");
        let hosts = KnownHosts { directory: directory.path().to_owned(), lifetime: 1800, single };
        let path = hosts.path(b"mx.good.example.").expect("a path");
        (directory, hosts, path)
    }

    fn failed(now: i64) -> HostStatus {
        HostStatus { errno: 111, exit: 75, updated: now, ..HostStatus::default() }
    }

    #[tokio::test]
    async fn who_does_not_answer_is_passed_over_for_a_while() {
        let (_directory, hosts, path) = hosts(false);
        assert!(matches!(hosts.look(&path, 1000).await, Known::Free(None)));
        hosts.note(&path, failed(1000), None).await;
        assert!(matches!(hosts.look(&path, 2799).await, Known::Failed(status) if status.errno == 111));
        assert!(matches!(hosts.look(&path, 2800).await, Known::Free(None)));
        hosts.note(&path, HostStatus { updated: 3000, ..HostStatus::default() }, None).await;
        assert!(matches!(hosts.look(&path, 3000).await, Known::Free(None)));
    }

    #[tokio::test]
    async fn a_host_of_which_nothing_is_known_leaves_no_file() {
        let (_directory, hosts, path) = hosts(true);
        let Known::Free(Some(held)) = hosts.look(&path, 1000).await else { panic!("free") };
        hosts.forget(&path, held).await;
        assert!(!path.exists());
        let Known::Free(held) = hosts.look(&path, 1000).await else { panic!("free") };
        hosts.note(&path, failed(1000), held.clone()).await;
        hosts.forget(&path, held.expect("a lock")).await;
        assert!(path.exists());
    }

    #[tokio::test]
    async fn a_single_thread_excludes_others() {
        let (_directory, hosts, path) = hosts(true);
        hosts.note(&path, HostStatus::default(), None).await;
        let Known::Free(held @ Some(_)) = hosts.look(&path, 0).await else { panic!("nobody else") };
        assert!(matches!(hosts.look(&path, 0).await, Known::Busy));
        hosts.note(&path, failed(0), held.clone()).await;
        drop(held);
        assert!(matches!(hosts.look(&path, 0).await, Known::Failed(_)));
    }

    #[tokio::test]
    async fn odd_files_keep_nobody_away() {
        let (directory, hosts, path) = hosts(false);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        for text in [&b""[..], b"V9\nS75\nU999999\n.\n", b"S75\nU999999\n", b"\0\xff"] {
            std::fs::write(&path, text).expect("a file");
            assert!(matches!(hosts.look(&path, 1000).await, Known::Free(None)));
        }
        std::fs::remove_file(&path).expect("gone");
        std::os::unix::fs::symlink(directory.path().join("other"), &path).expect("a link");
        hosts.note(&path, failed(1000), None).await;
        assert!(!directory.path().join("other").exists());
    }
}
