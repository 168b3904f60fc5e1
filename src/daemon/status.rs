//! What a daemon is doing, told to whoever may enter its queue directory: root and the directory's owner.
//!
//! In: a connection to a UNIX socket in the first queue directory, and what is asked there: nothing, [`USES`] or [`FILE`]. Out: a
//! [`Status`], a [`RulesUsed`] or a number, and the connection ends.
//! Never here: anything that a stranger has sent, and any way to change what becomes of mail.

use super::mta::Mta;
use crate::engine::Uses;
use crate::milter::Definitions;
use crate::queue::STATUS_SOCKET;
use crate::supervisor::Refusal;
use crate::sys::confinement::Report;
use crate::sys::identity;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// The question for a [`RulesUsed`].
const USES: &[u8; 4] = b"uses";
/// The request that what is in the queue's journal be put into files; the answer says how many messages that were.
const FILE: &[u8; 4] = b"file";
/// Who connects and says nothing, not even that he has nothing to say, is not waited for longer.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a front says of itself.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Status {
    /// Of the program.
    pub version: String,
    /// The configuration file.
    pub file: Vec<u8>,
    /// When that was read: seconds since the epoch.
    pub loaded: i64,
    /// The newer one that was not taken, since that was read.
    pub refused: Option<Refusal>,
    /// Its process.
    pub pid: u32,
    /// Its user.
    pub uid: u32,
    /// The process that it takes its orders from.
    pub supervisor: u32,
    /// The process that it asks to do what it may not.
    pub keeper: u32,
    /// The protections that are up, by name.
    pub protections: Vec<String>,
    /// Those that this system does not give, and why.
    pub missing: Vec<String>,
    /// Addresses that it listens to.
    pub listeners: Vec<String>,
    /// Mail filters of the configuration.
    pub filters: Vec<String>,
    /// Clients that are connected.
    pub sessions: u64,
    /// Messages being delivered.
    pub deliveries: u64,
}

impl Status {
    /// Asks the front behind this socket.
    ///
    /// # Errors
    /// Nobody answers, or in another version's words.
    pub fn ask(socket: &Path) -> io::Result<Self> {
        ask(socket, b"")
    }
}

/// What the rules of a front have done.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct RulesUsed {
    /// The configuration file.
    pub file: Vec<u8>,
    /// When that was read: seconds since the epoch. It has counted since.
    pub loaded: i64,
    /// The counts.
    pub uses: Uses,
}

impl RulesUsed {
    /// Asks the front behind this socket.
    ///
    /// # Errors
    /// Nobody answers, or in another version's words.
    pub fn ask(socket: &Path) -> io::Result<Self> {
        ask(socket, USES)
    }
}

/// Lets the front behind this socket put what is in its journal into files. How many messages that were.
///
/// # Errors
/// Nobody answers, or something stays in the journal.
pub fn file_journal(socket: &Path) -> io::Result<u64> {
    ask(socket, FILE)
}

fn ask<T: DeserializeOwned>(socket: &Path, question: &[u8]) -> io::Result<T> {
    let mut stream = UnixStream::connect(socket)?;
    stream.write_all(question)?;
    stream.shutdown(Shutdown::Write)?;
    let mut text = Vec::new();
    stream.read_to_end(&mut text)?;
    postcard::from_bytes(&text).map_err(io::Error::other)
}

/// What does not change as long as a front lives.
pub(super) struct About {
    /// What it gave up.
    pub(super) report: Report,
    /// The ids of supervisor and keeper.
    pub(super) processes: [u32; 2],
    /// Addresses that it listens to.
    pub(super) listeners: Vec<String>,
    /// When the configuration was read.
    pub(super) loaded: i64,
}

/// The socket of one front. Removed when dropped.
#[derive(Debug)]
pub struct StatusSocket {
    path: PathBuf,
    listener: UnixListener,
}

impl StatusSocket {
    /// Made before rights are given up, in the hands of the front's user; what dead fronts have left is removed.
    ///
    /// # Errors
    /// It cannot be made in this directory.
    pub(super) fn bind(directory: &Path, uid: u32) -> io::Result<Self> {
        for old in sockets(directory)? {
            if UnixStream::connect(&old).is_err() {
                std::fs::remove_file(&old)?;
            }
        }
        let path = directory.join(format!("{STATUS_SOCKET}{}", std::process::id()));
        let listener = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        if identity::is_root() {
            chown(&path, Some(uid), None)?;
        }
        Ok(Self { path, listener })
    }

    /// Answers as long as the front lives.
    pub(super) async fn serve(self, mta: Arc<Mta>, about: About) -> io::Result<()> {
        let About { report, processes: [supervisor, keeper], listeners, loaded } = about;
        self.listener.set_nonblocking(true)?;
        let listener = tokio::net::UnixListener::from_std(self.listener.try_clone()?)?;
        loop {
            let (mut stream, _) = listener.accept().await?;
            let mut question = [0; USES.len()];
            let asked = timeout(PATIENCE, stream.read_exact(&mut question)).await;
            match &question {
                _ if !matches!(asked, Ok(Ok(_))) => {}
                USES => {
                    tell(&mut stream, &rules_used(&mta, loaded)).await;
                    continue;
                }
                FILE => {
                    tokio::spawn(file(stream, mta.clone()));
                    continue;
                }
                _ => {}
            }
            let status = Status {
                version: String::from(env!("CARGO_PKG_VERSION")),
                file: mta.site.config.file.clone(),
                loaded,
                refused: mta.refused(),
                pid: std::process::id(),
                uid: identity::effective_uid(),
                supervisor,
                keeper,
                protections: report.up.iter().map(|protection| protection.name().to_owned()).collect(),
                missing: report.missing.clone(),
                listeners: listeners.clone(),
                filters: Definitions::summary(&mta.site.config),
                sessions: mta.clients.count() as u64,
                deliveries: *mta.under_way.borrow() as u64,
            };
            tell(&mut stream, &status).await;
        }
    }
}

/// Says nothing where something stays in the journal.
async fn file(mut stream: tokio::net::UnixStream, mta: Arc<Mta>) {
    let worker = mta.clone();
    match tokio::task::spawn_blocking(move || worker.queue.file_journal()).await {
        Ok(Ok(count)) => tell(&mut stream, &(count as u64)).await,
        Ok(Err(error)) => mta.complain(None, &error),
        Err(_) => {}
    }
}

fn rules_used(mta: &Mta, loaded: i64) -> RulesUsed {
    let uses = mta.site.program.uses().unwrap_or_default();
    RulesUsed { file: mta.site.config.file.clone(), loaded, uses }
}

async fn tell(stream: &mut tokio::net::UnixStream, answer: &impl Serialize) {
    if let Ok(text) = postcard::to_stdvec(answer) {
        // who has gone, or does not read, need not know
        let _ = timeout(PATIENCE, stream.write_all(&text)).await;
    }
}

impl Drop for StatusSocket {
    fn drop(&mut self) {
        // the next front removes it otherwise
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The sockets in a queue directory, those of dead fronts among them.
///
/// # Errors
/// The directory cannot be read.
pub fn sockets(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(STATUS_SOCKET) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}
