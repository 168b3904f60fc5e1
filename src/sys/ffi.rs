//! Every unsafe block of the crate but those of `pam`. Each call here is a thin, total wrapper: arguments are checked or
//! owned by the caller's types, results are errors, nothing is kept.

use nix::errno::Errno;
use nix::libc;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// flock(2), `operation` as it wants it.
pub(super) fn flock(fd: RawFd, operation: i32) -> Result<(), Errno> {
    // SAFETY: takes two integers and touches no memory; a bad descriptor is an error.
    Errno::result(unsafe { libc::flock(fd, operation) }).map(drop)
}

/// Which side of a fork this is.
pub(super) enum Side {
    /// The old process, with the child's id.
    Parent(nix::unistd::Pid),
    /// The new one.
    Child,
}

/// fork(2). The caller has made sure that there is one thread only (`process::fork_alone`).
pub(super) fn fork() -> Result<Side, Errno> {
    // SAFETY: with a single thread no lock can be held by a thread that does not exist in the child;
    // `process` checks that before it calls and is the only caller.
    match unsafe { nix::unistd::fork() }? {
        nix::unistd::ForkResult::Parent { child } => Ok(Side::Parent(child)),
        nix::unistd::ForkResult::Child => Ok(Side::Child),
    }
}

/// One walk through the accounts at a time: the C library has one place in the list for the whole process.
static ACCOUNTS: Mutex<()> = Mutex::new(());

/// The first account of those that name services list, in their order, that is wanted (getpwent).
pub(super) fn find_account(
    wanted: &dyn Fn(&nix::unistd::User) -> bool,
) -> Result<Option<nix::unistd::User>, Errno> {
    let _alone = ACCOUNTS.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: nobody else walks, and nothing of an earlier walk is kept.
    unsafe { libc::setpwent() };
    let found = loop {
        Errno::clear();
        // SAFETY: as above.
        let entry = unsafe { libc::getpwent() };
        if entry.is_null() {
            // glibc says the end by no number, or by ENOENT
            break match Errno::last() {
                Errno::UnknownErrno | Errno::ENOENT => Ok(None),
                error => Err(error),
            };
        }
        // SAFETY: it is no null pointer, and stays what it is until the next call, which is ours; the copy owns its texts.
        let user = nix::unistd::User::from(unsafe { &*entry });
        if wanted(&user) {
            break Ok(Some(user));
        }
    };
    // SAFETY: as above.
    unsafe { libc::endpwent() };
    found
}

/// Takes over a descriptor that the kernel has just made for this process (recvmsg, fcntl).
pub(super) fn adopt(fd: RawFd) -> OwnedFd {
    // SAFETY: called only with descriptors out of an SCM_RIGHTS message or of F_DUPFD, which nobody else owns.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

/// Takes over a descriptor that this process was started with; it will not outlive the next exec.
pub(super) fn inherit(fd: RawFd) -> Result<OwnedFd, Errno> {
    // SAFETY: integers only; a descriptor that is not open is an error.
    Errno::result(unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) })?;
    // SAFETY: it is open, and whoever started this process left it for us: nobody else here owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Gives `fd` the number `number` as well, under which it outlives an exec. What had that number until now is
/// kept, to be given back by [`give_back`].
pub(super) fn place(fd: BorrowedFd<'_>, number: RawFd, above: RawFd) -> Result<Option<OwnedFd>, Errno> {
    // SAFETY: integers only; a number that is free is an error.
    let before = match Errno::result(unsafe { libc::fcntl(number, libc::F_DUPFD_CLOEXEC, above) }) {
        // SAFETY: the kernel has just made it for us.
        Ok(copy) => Some(unsafe { OwnedFd::from_raw_fd(copy) }),
        Err(Errno::EBADF) => None,
        Err(error) => return Err(error),
    };
    // SAFETY: integers only. Whoever owns `number` gets it back before it is used again: the caller executes
    // another program or calls `give_back`.
    Errno::result(unsafe { libc::dup2(fd.as_raw_fd(), number) })?;
    Ok(before)
}

/// Undoes [`place`].
pub(super) fn give_back(before: Option<OwnedFd>, number: RawFd) {
    // SAFETY: integers only; the number holds a copy that nobody owns.
    let _ = match before {
        Some(before) => unsafe { libc::dup3(before.as_raw_fd(), number, libc::O_CLOEXEC) },
        None => unsafe { libc::close(number) },
    };
}

/// A signal that is of no account to this process from now on.
pub(super) fn ignore(signal: i32) {
    // SAFETY: sets a disposition that involves no handler.
    unsafe { libc::signal(signal, libc::SIG_IGN) };
}

/// Effective ids of the calling thread alone (glibc's wrappers would change all threads).
/// `u32::MAX` leaves an id as it is.
pub(super) fn set_thread_euid(uid: u32) -> Result<(), Errno> {
    // SAFETY: integers only; the raw system call changes this thread's credentials and no memory.
    Errno::result(unsafe { libc::syscall(libc::SYS_setresuid, u32::MAX, uid, u32::MAX) }).map(drop)
}

/// Effective group id of the calling thread alone.
pub(super) fn set_thread_egid(gid: u32) -> Result<(), Errno> {
    // SAFETY: as for `set_thread_euid`.
    Errno::result(unsafe { libc::syscall(libc::SYS_setresgid, u32::MAX, gid, u32::MAX) }).map(drop)
}

/// Groups that there is room for at once.
const MAX_GROUPS: usize = 64;

/// Supplementary groups of the calling thread, by one call: it is made for each delivery (nix looks into /proc for how
/// many there can be).
pub(super) fn thread_groups() -> Result<Vec<u32>, Errno> {
    let mut groups = [0u32; MAX_GROUPS];
    // SAFETY: pointer and length are those of one live array of gid_t-sized integers; the kernel writes it.
    let count = unsafe { libc::syscall(libc::SYS_getgroups, groups.len(), groups.as_mut_ptr()) };
    let count = Errno::result(count)?;
    Ok(groups[..usize::try_from(count).unwrap_or(0)].to_vec())
}

/// Supplementary groups of the calling thread alone.
pub(super) fn set_thread_groups(groups: &[u32]) -> Result<(), Errno> {
    // SAFETY: pointer and length come from one live slice of gid_t-sized integers; the kernel reads it.
    Errno::result(unsafe { libc::syscall(libc::SYS_setgroups, groups.len(), groups.as_ptr()) }).map(drop)
}

/// All three user ids, for the whole process or in a child before exec: there is no way back.
fn set_all_ids(uid: u32, gid: u32, groups: Option<&[u32]>) -> Result<(), Errno> {
    if let Some(groups) = groups {
        set_thread_groups(groups)?;
    }
    // SAFETY: integers only.
    Errno::result(unsafe { libc::syscall(libc::SYS_setresgid, gid, gid, gid) })?;
    // SAFETY: integers only.
    Errno::result(unsafe { libc::syscall(libc::SYS_setresuid, uid, uid, uid) })?;
    Ok(())
}

/// Every descriptor but the first three is closed at exec, whoever opened it (CVE-2014-3956). Async-signal-safe.
pub(super) fn mark_close_on_exec() {
    // SAFETY: integers only; an old kernel answers ENOSYS, and Rust's own descriptors are close-on-exec.
    let _ = unsafe { libc::syscall(libc::SYS_close_range, 3u32, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) };
}

/// A system call as an attacker would make it, for tests that see it fail.
///
/// Pointers among the arguments are null: the kernel reads and writes no memory for this process.
#[cfg(test)]
pub(super) fn attempt(number: libc::c_long, numbers: [i32; 4]) -> Result<i64, Errno> {
    let [first, second, third, fourth] = numbers;
    // SAFETY: the callers' tables give small integers and null pointers only, so nothing of this process is
    // read or written; calls that would change what it is are made in a child that ends afterwards.
    Errno::result(unsafe { libc::syscall(number, first, second, third, fourth, 0, 0) })
}

/// What a child does between fork and exec.
#[derive(Clone, Debug, Default)]
pub(super) struct BeforeExec {
    /// uid, gid, groups (`None`: leave them, an ordinary user may not set any).
    pub ids: Option<(u32, u32, Option<Vec<u32>>)>,
    /// Niceness to add.
    pub nice: i32,
    /// chroot here first.
    pub root: Option<std::ffi::CString>,
    /// Directories to try, in order, after the ids are set.
    pub directories: Vec<std::ffi::CString>,
}

/// Makes `command` do `before` in the child.
pub(super) fn before_exec(command: &mut Command, before: BeforeExec) {
    let hook = move || -> io::Result<()> { run_before_exec(&before) };
    // SAFETY: the hook runs between fork and exec of a process with threads, so it may only make
    // async-signal-safe calls: it makes raw system calls on memory prepared before the fork and
    // allocates nothing (`BeforeExec` was moved into the closure; errors are plain numbers).
    unsafe { command.pre_exec(hook) };
}

/// Adds to the niceness of this process and of all that it makes. A refusal is of no account.
pub(super) fn be_nicer(by: i32) {
    // SAFETY: integers only.
    let _ = unsafe { libc::nice(by) };
}

fn run_before_exec(before: &BeforeExec) -> io::Result<()> {
    // SAFETY: integers only.
    unsafe { libc::umask(0o022) };
    mark_close_on_exec();
    if before.nice != 0 {
        be_nicer(before.nice);
    }
    if let Some(root) = &before.root {
        // SAFETY: a NUL-terminated string that lives as long as the closure.
        Errno::result(unsafe { libc::chroot(root.as_ptr()) })?;
        // SAFETY: a constant C string.
        Errno::result(unsafe { libc::chdir(c"/".as_ptr()) })?;
    }
    if let Some((uid, gid, groups)) = &before.ids {
        set_all_ids(*uid, *gid, groups.as_deref())?;
        // SAFETY: no arguments. Going back must be impossible now (security: verify the drop).
        let restored = unsafe { *uid != 0 && libc::syscall(libc::SYS_setresuid, 0, 0, 0) == 0 };
        if restored {
            return Err(Errno::EPERM.into());
        }
    }
    for directory in &before.directories {
        // SAFETY: a NUL-terminated string that lives as long as the closure.
        if unsafe { libc::chdir(directory.as_ptr()) } == 0 {
            break;
        }
    }
    // front and keeper ignore some; a program expects the default
    for signal in [libc::SIGPIPE, libc::SIGHUP, libc::SIGINT, libc::SIGTERM, libc::SIGUSR1] {
        // SAFETY: sets a disposition to the default; no handler is involved.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    Ok(())
}

/// Drops to an identity for good, in every thread (glibc's wrappers do that).
pub(super) fn drop_for_good(uid: u32, gid: u32, groups: Option<&[u32]>) -> Result<(), Errno> {
    if let Some(groups) = groups {
        // SAFETY: pointer and length come from one live slice of gid_t.
        Errno::result(unsafe { libc::setgroups(groups.len(), groups.as_ptr()) })?;
    }
    // SAFETY: integers only.
    Errno::result(unsafe { libc::setresgid(gid, gid, gid) })?;
    // SAFETY: integers only.
    Errno::result(unsafe { libc::setresuid(uid, uid, uid) })?;
    // SAFETY: integers only; asks whether the way back is closed.
    if uid != 0 && unsafe { libc::setresuid(u32::MAX, 0, u32::MAX) } == 0 {
        return Err(Errno::EPERM);
    }
    Ok(())
}

/// The calling thread and its later children get an empty network of their own; `with_user` for somebody who
/// is not root, who needs a user namespace for it.
pub(super) fn leave_network(with_user: bool) -> Result<(), Errno> {
    let flags = if with_user { libc::CLONE_NEWUSER | libc::CLONE_NEWNET } else { libc::CLONE_NEWNET };
    // SAFETY: takes an integer and touches no memory; neither flag shares or unshares memory or descriptors.
    Errno::result(unsafe { libc::unshare(flags) }).map(drop)
}

/// Switches the loopback interface of this network on.
pub(super) fn raise_loopback() -> Result<(), Errno> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").map_err(|_| Errno::last())?;
    // SAFETY: all zeros is a valid ifreq: integers, arrays of them, and unions of those.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = *from as libc::c_char;
    }
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    // SAFETY: SIOCSIFFLAGS reads one ifreq, which lives until the call returns; the descriptor is open.
    let done = unsafe {
        libc::ioctl(std::os::fd::AsRawFd::as_raw_fd(&socket), libc::SIOCSIFFLAGS, &raw const request)
    };
    Errno::result(done).map(drop)
}

/// Signals as a program of its own wants them, whatever its caller blocked or ignored: all at their defaults, but
/// for those that would end it in the middle of a write, and `ignored`. What shells ignore for a program in the
/// background (nohup, `&`) stays ignored; with `held_back`, what is blocked stays blocked.
pub(super) fn own_signals(ignored: &[i32], held_back: bool) {
    for signal in 1..=libc::SIGRTMAX() {
        let wanted = match signal {
            // a file that reaches RLIMIT_FSIZE, a peer that is gone: errors of the write
            libc::SIGXFSZ | libc::SIGPIPE => libc::SIG_IGN,
            _ if ignored.contains(&signal) => libc::SIG_IGN,
            libc::SIGHUP | libc::SIGINT | libc::SIGQUIT => continue,
            // the runtime's own handlers
            libc::SIGSEGV | libc::SIGBUS => continue,
            _ => libc::SIG_DFL,
        };
        // SAFETY: sets a disposition to "default" or "ignore"; no handler is involved, and what cannot be set
        // (KILL, STOP, those of the C library) is an error without effect.
        unsafe {
            if !held_back {
                // what is pending already is forgotten
                libc::signal(signal, libc::SIG_IGN);
            }
            libc::signal(signal, wanted);
        }
    }
    if held_back {
        return;
    }
    // SAFETY: an all-zero set is overwritten by sigemptyset before it is read.
    let mut none: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to the live set, or null, which is allowed.
    unsafe {
        libc::sigemptyset(&raw mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
    }
}

/// Closes every descriptor from `first` on.
pub(super) fn close_from(first: u32) {
    // SAFETY: integers only; called before anything was opened, so no owner of a descriptor exists.
    let done = unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0u32) };
    if done == -1 {
        // a kernel before 5.9
        for fd in first..65_536 {
            // SAFETY: integers only; a descriptor that is not open is an error.
            unsafe { libc::close(fd as RawFd) };
        }
    }
}

/// Takes a variable out of the environment.
pub(super) fn remove_variable(name: &std::ffi::OsStr) {
    // SAFETY: the only caller runs before any thread exists, so nobody reads the environment meanwhile.
    unsafe { std::env::remove_var(name) };
}

/// Ends the process at once, without running anything of the parent's (after fork in a child that
/// has nothing to clean up).
pub(super) fn exit_now(code: i32) -> ! {
    // SAFETY: does not return and runs no handlers.
    unsafe { libc::_exit(code) }
}

/// Did the program begin with a standard output that is closed?
static BEGAN_WITHOUT_STDOUT: AtomicBool = AtomicBool::new(false);

/// Reads it.
pub(super) fn began_without_stdout() -> bool {
    BEGAN_WITHOUT_STDOUT.load(Ordering::Relaxed)
}

extern "C" fn note_stdout() {
    // SAFETY: integers only; a descriptor that is not open is an error.
    if unsafe { libc::fcntl(libc::STDOUT_FILENO, libc::F_GETFD) } == -1 {
        BEGAN_WITHOUT_STDOUT.store(true, Ordering::Relaxed);
    }
}

/// Runs before Rust's runtime, which opens /dev/null in the place of a closed descriptor.
// SAFETY: the loader calls what stands in this section once, with one thread; the function touches nothing
// but an integer of ours.
#[used]
#[unsafe(link_section = ".init_array")]
static AT_START: extern "C" fn() = note_stdout;
