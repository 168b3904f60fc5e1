//! Processes: the one fork of the program, and programs under an identity.

use super::ffi::{self, BeforeExec, Side};
use super::identity::{Identity, is_root};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use std::ffi::{CString, OsStr};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// How many threads this process has.
pub fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").map_or(1, Iterator::count)
}

fn fork_alone() -> io::Result<Side> {
    // a lock held by another thread at the fork would stay locked in the child for ever
    match threads() {
        1 => Ok(ffi::fork()?),
        _ => Err(io::Error::other("fork after the first thread was started")),
    }
}

/// The id of a process.
pub use nix::unistd::Pid;

/// Makes a child of this process: its id in the parent, `None` in the child.
///
/// # Errors
/// When no process can be made, or there are threads already.
pub fn fork() -> io::Result<Option<Pid>> {
    Ok(match fork_alone()? {
        Side::Parent(child) => Some(child),
        Side::Child => None,
    })
}

/// A child that is no more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ended {
    /// Which one.
    pub pid: Pid,
    /// How.
    pub how: End,
}

/// How a process ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// By itself, with this status.
    Status(i32),
    /// By a signal.
    Signal(Signal),
}

impl std::fmt::Display for End {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status(status) => write!(formatter, "exited with status {status}"),
            Self::Signal(signal) => write!(formatter, "died with signal {} ({signal})", *signal as i32),
        }
    }
}

/// A child that has ended and has not been asked for yet; does not wait.
pub fn ended_child() -> Option<Ended> {
    ended(None, Some(WaitPidFlag::WNOHANG))
}

/// Waits for the end of a child; `None` where there is no such child.
pub fn end_of(child: Pid) -> Option<End> {
    ended(Some(child), None).map(|ended| ended.how)
}

fn ended(which: Option<Pid>, how: Option<WaitPidFlag>) -> Option<Ended> {
    loop {
        return match waitpid(which, how) {
            Ok(WaitStatus::Exited(pid, status)) => Some(Ended { pid, how: End::Status(status) }),
            Ok(WaitStatus::Signaled(pid, signal, _)) => Some(Ended { pid, how: End::Signal(signal) }),
            Ok(WaitStatus::StillAlive) => None,
            Ok(_) | Err(nix::Error::EINTR) => continue,
            Err(_) => None,
        };
    }
}

/// Puts /dev/null in the place of standard input, output and error.
///
/// # Errors
/// There is no /dev/null.
pub fn close_standard_streams() -> io::Result<()> {
    let nowhere = std::fs::OpenOptions::new().read(true).write(true).open("/dev/null")?;
    nix::unistd::dup2_stdin(&nowhere)?;
    nix::unistd::dup2_stdout(&nowhere)?;
    Ok(nix::unistd::dup2_stderr(&nowhere)?)
}

/// Begins a session of its own: the terminal's signals do not reach this process any more.
pub fn leave_terminal() {
    // a leader of a process group is no child of anybody here; it keeps what it has
    let _ = nix::unistd::setsid();
}

/// Makes a process that is nobody's child but init's, in a session of its own: `true` in that one.
/// The first caller of anything that starts threads must come later.
///
/// # Errors
/// When no process can be made.
pub fn fork_detached() -> io::Result<bool> {
    match fork_alone()? {
        Side::Parent(middle) => match end_of(middle) {
            Some(End::Status(0)) => Ok(false),
            _ => Err(io::Error::other("no process can be made")),
        },
        Side::Child => {
            let _ = nix::unistd::setsid();
            match ffi::fork() {
                Ok(Side::Child) => Ok(true),
                Ok(Side::Parent(_)) => ffi::exit_now(0),
                Err(_) => ffi::exit_now(71),
            }
        }
    }
}

/// Starts `service` in a process of its own, by [`fork_detached`].
///
/// # Errors
/// When no process can be made.
pub fn start_service(service: impl FnOnce()) -> io::Result<()> {
    if fork_detached()? {
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(service));
        ffi::exit_now(if done.is_ok() { 0 } else { 70 })
    }
    Ok(())
}

/// Did the program begin with a standard output that is closed? By now /dev/null stands in its place.
pub fn began_without_stdout() -> bool {
    ffi::began_without_stdout()
}

/// Goes into the background as a daemon does: the caller's shell gets its prompt back, the rest
/// happens in a new session. `true` in the process that goes on.
///
/// # Errors
/// When no process can be made.
pub fn into_background() -> io::Result<bool> {
    match fork_alone()? {
        Side::Parent(_) => Ok(false),
        Side::Child => {
            nix::unistd::setsid()?;
            Ok(true)
        }
    }
}

/// Ends the process at once; nothing is flushed, no handler runs.
pub fn exit_now(code: i32) -> ! {
    ffi::exit_now(code)
}

/// A program to run for a message.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// The file to execute.
    pub path: Vec<u8>,
    /// argv, the name included.
    pub argv: Vec<Vec<u8>>,
    /// The whole environment: nothing is inherited.
    pub environment: Vec<(Vec<u8>, Vec<u8>)>,
    /// Whose rights it gets; `None`: the caller's.
    pub identity: Option<Identity>,
    /// Niceness to add.
    pub nice: i32,
    /// chroot.
    pub root: Option<Vec<u8>>,
    /// Working directories to try in order.
    pub directories: Vec<Vec<u8>>,
}

/// Programs of maps, by the name of the map.
pub type Programs = std::collections::HashMap<Vec<u8>, Program>;

impl Program {
    /// Forks and executes; stdout and stderr are pipes. Groups were computed before.
    ///
    /// # Errors
    /// When no process can be made, or the program cannot be run.
    pub fn spawn(&self, stdin: Stdio) -> io::Result<Child> {
        self.command()?.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
    }

    /// The same with a dialogue as its stdin and stdout.
    ///
    /// # Errors
    /// As those of [`Self::spawn`].
    pub fn spawn_on(&self, dialogue: OwnedFd) -> io::Result<Child> {
        let output = dialogue.try_clone()?;
        self.command()?.stdin(dialogue).stdout(output).stderr(Stdio::piped()).spawn()
    }

    /// Becomes the program; what comes back is why it could not.
    pub fn execute(&self) -> io::Error {
        match self.command() {
            Ok(mut command) => command.exec(),
            Err(error) => error,
        }
    }

    /// The same where only its output is wanted: it complains where we do.
    pub(super) fn spawn_asked(&self, stdin: Stdio) -> io::Result<Child> {
        self.command()?.stdin(stdin).stdout(Stdio::piped()).spawn()
    }

    fn command(&self) -> io::Result<Command> {
        let mut command = Command::new(OsStr::from_bytes(&self.path));
        let mut words = self.argv.iter().map(|word| OsStr::from_bytes(word));
        if let Some(name) = words.next() {
            command.arg0(name);
        }
        command.args(words).env_clear();
        for (name, value) in &self.environment {
            command.env(OsStr::from_bytes(name), OsStr::from_bytes(value));
        }
        ffi::before_exec(&mut command, self.before()?);
        Ok(command)
    }

    fn before(&self) -> io::Result<BeforeExec> {
        let nul = |bytes: &Vec<u8>| CString::new(bytes.clone()).map_err(io::Error::from);
        let ids = match &self.identity {
            None => None,
            Some(identity) if is_root() => Some((identity.uid, identity.gid, Some(identity.groups.clone()))),
            Some(identity) if identity.uid == super::identity::effective_uid() => None,
            Some(_) => return Err(io::ErrorKind::PermissionDenied.into()),
        };
        Ok(BeforeExec {
            ids,
            nice: self.nice,
            root: self.root.as_ref().map(nul).transpose()?,
            directories: self.directories.iter().map(nul).collect::<io::Result<_>>()?,
        })
    }
}

/// Asks a process to end in good order (SIGTERM).
///
/// # Errors
/// No such process, or not ours.
pub fn terminate(pid: u32) -> std::io::Result<()> {
    let pid = nix::unistd::Pid::from_raw(pid as i32);
    Ok(nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn a_program_sees_only_its_own_environment() {
        let program = Program {
            path: b"/bin/sh".to_vec(),
            argv: [&b"sh"[..], b"-c", b"env; pwd"].map(<[u8]>::to_vec).into(),
            environment: vec![(b"AGENT".to_vec(), b"sendmail".to_vec())],
            directories: vec![b"/nonexistent".to_vec(), b"/".to_vec()],
            ..Program::default()
        };
        let mut child = program.spawn(Stdio::null()).expect("sh");
        let mut text = String::new();
        child.stdout.take().expect("a pipe").read_to_string(&mut text).expect("text");
        assert!(child.wait().expect("an end").success());
        assert!(text.contains("AGENT=sendmail\n"), "{text}");
        assert!(!text.contains("HOME="), "{text}");
        assert!(text.ends_with("/\n"), "{text}");
    }

    #[test]
    fn no_fork_among_threads() {
        let (send, wait) = std::sync::mpsc::channel::<()>();
        let other = std::thread::spawn(move || wait.recv());
        assert!(start_service(|| {}).is_err());
        drop(send);
        let _ = other.join();
    }
}
