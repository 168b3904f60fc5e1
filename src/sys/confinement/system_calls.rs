//! Which system calls are left, as lists.
//!
//! Four things can happen to a call:
//!
//! - It is *allowed*: files, sockets, threads, memory, time. A call that can do more than that is allowed with the
//!   arguments that cannot: a new thread, not a new process; a signal to oneself.
//! - It is *refused* (EPERM): C libraries and runtimes try these without needing them, and go on.
//! - It *ends* the process: nothing in this program or its libraries makes such a call, so whoever makes it
//!   is not this program any more, and must not get a second try. The supervisor's log has the signal.
//! - It is *unknown* (ENOSYS), as all calls that are on no list. A newer C library tries the calls of newer kernels
//!   first and falls back when the kernel does not have them (clone3, for one, whose flags no filter can see).
//!   Ending the process for those would stop the mail after an upgrade of the C library, and would not
//!   take anything more from an attacker than the refusal does.
//!
//! The lists were made by watching (strace) sessions, local and remote deliveries, the resolver, databases and the
//! log on Debian 12; maps of class user, ldap and socket (with names from the hosts file) were tried out under them. A
//! newer C library was not watched.

use nix::libc::{self, c_long};

/// A call, with what its arguments must be like; no conditions: any.
pub(super) struct Call {
    pub(super) number: i64,
    pub(super) conditions: Vec<Condition>,
}

/// What an argument must be like; the first number says which argument.
pub(super) enum Condition {
    /// A number.
    Is(u8, u64),
    /// Any other number.
    IsNot(u8, u64),
    /// All of these bits are set.
    Has(u8, u64),
    /// No pointer.
    IsNull(u8),
    /// A pointer.
    IsNotNull(u8),
}

const ALLOWED: &[c_long] = &[
    // files
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_preadv,
    libc::SYS_pwritev,
    libc::SYS_preadv2,
    libc::SYS_pwritev2,
    libc::SYS_lseek,
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_statfs,
    libc::SYS_fstatfs,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_readlinkat,
    libc::SYS_getdents64,
    libc::SYS_getcwd,
    libc::SYS_unlinkat,
    libc::SYS_renameat2,
    libc::SYS_linkat,
    libc::SYS_truncate,
    libc::SYS_ftruncate,
    libc::SYS_mkdirat,
    libc::SYS_fallocate,
    libc::SYS_fadvise64,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_flock,
    libc::SYS_fcntl,
    libc::SYS_fchmod,
    libc::SYS_umask,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_pipe2,
    libc::SYS_copy_file_range,
    libc::SYS_sendfile,
    libc::SYS_splice,
    libc::SYS_memfd_create,
    // sockets and waiting; listening sockets were made before
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_bind,
    libc::SYS_connect,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_shutdown,
    libc::SYS_sendto,
    libc::SYS_recvfrom,
    libc::SYS_sendmsg,
    libc::SYS_recvmsg,
    libc::SYS_sendmmsg,
    libc::SYS_recvmmsg,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
    libc::SYS_getsockopt,
    libc::SYS_setsockopt,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_eventfd2,
    // memory
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_brk,
    // threads, signals to oneself, the end
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_get_robust_list,
    libc::SYS_rseq,
    libc::SYS_membarrier,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_exit,
    libc::SYS_exit_group,
    // who and when
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_gettid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_getresuid,
    libc::SYS_getresgid,
    libc::SYS_getgroups,
    libc::SYS_uname,
    libc::SYS_sysinfo,
    libc::SYS_getrusage,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
];

/// The older forms of allowed calls, which newer architectures do not have.
#[cfg(target_arch = "x86_64")]
const ALLOWED_OLD: &[c_long] = &[
    libc::SYS_open,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_access,
    libc::SYS_readlink,
    libc::SYS_unlink,
    libc::SYS_mkdir,
    libc::SYS_rename,
    libc::SYS_renameat,
    libc::SYS_link,
    libc::SYS_dup2,
    libc::SYS_pipe,
    libc::SYS_poll,
    libc::SYS_select,
    libc::SYS_epoll_create,
    libc::SYS_epoll_wait,
    libc::SYS_eventfd,
    libc::SYS_getrlimit,
    libc::SYS_time,
];
#[cfg(not(target_arch = "x86_64"))]
const ALLOWED_OLD: &[c_long] = &[];

const REFUSED: &[c_long] = &[
    libc::SYS_chdir,
    libc::SYS_fchdir,
    libc::SYS_fchmodat,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_utimensat,
    libc::SYS_symlinkat,
    libc::SYS_mlock,
    libc::SYS_mlock2,
    libc::SYS_mlockall,
    libc::SYS_munlock,
    libc::SYS_setpriority,
    libc::SYS_getpriority,
    libc::SYS_ioprio_set,
    libc::SYS_sched_setaffinity,
    libc::SYS_sched_setscheduler,
    libc::SYS_sched_setparam,
    libc::SYS_sched_getscheduler,
    libc::SYS_sched_getparam,
    libc::SYS_setsid,
    libc::SYS_setpgid,
    libc::SYS_wait4,
    libc::SYS_waitid,
    libc::SYS_get_mempolicy,
    libc::SYS_set_mempolicy,
    libc::SYS_mbind,
];

const ENDING: &[c_long] = &[
    // other programs, other processes
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_process_mrelease,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_kcmp,
    libc::SYS_tkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    // ports of one's own
    libc::SYS_listen,
    // other users
    libc::SYS_setuid,
    libc::SYS_setgid,
    libc::SYS_setreuid,
    libc::SYS_setregid,
    libc::SYS_setresuid,
    libc::SYS_setresgid,
    libc::SYS_setfsuid,
    libc::SYS_setfsgid,
    libc::SYS_setgroups,
    libc::SYS_capset,
    // other views of the system
    libc::SYS_chroot,
    libc::SYS_pivot_root,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_open_by_handle_at,
    libc::SYS_mknodat,
    // the system itself
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_adjtimex,
    libc::SYS_clock_adjtime,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_syslog,
    libc::SYS_vhangup,
    // large parts of the kernel that mail has no use for
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_fanotify_init,
    libc::SYS_fanotify_mark,
    libc::SYS_personality,
];

#[cfg(target_arch = "x86_64")]
const ENDING_OLD: &[c_long] = &[
    libc::SYS_fork,
    libc::SYS_vfork,
    libc::SYS_mknod,
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_modify_ldt,
];
#[cfg(not(target_arch = "x86_64"))]
const ENDING_OLD: &[c_long] = &[];

/// Requests of ioctl(2): non-blocking, close-on-exec, how much waits, is it a terminal.
const IOCTLS: [u64; 4] = [0x5421, 0x5451, 0x541b, 0x5401];

/// What prctl(2) may be asked: a thread's name, a memory area's name.
const PRCTLS: [u64; 3] = [libc::PR_SET_NAME as u64, libc::PR_GET_NAME as u64, libc::PR_SET_VMA as u64];

fn any(numbers: &[c_long]) -> impl Iterator<Item = Call> + '_ {
    numbers.iter().map(|number| Call { number: *number, conditions: Vec::new() })
}

fn only(number: c_long, conditions: Vec<Condition>) -> Call {
    Call { number, conditions }
}

/// What reaches the kernel, for the process with this id.
pub(super) fn allowed(pid: u32) -> Vec<Call> {
    let pid = u64::from(pid);
    let mut calls: Vec<Call> = any(ALLOWED).chain(any(ALLOWED_OLD)).collect();
    calls.extend(IOCTLS.map(|request| only(libc::SYS_ioctl, vec![Condition::Is(1, request)])));
    calls.extend(PRCTLS.map(|request| only(libc::SYS_prctl, vec![Condition::Is(0, request)])));
    calls.extend([
        only(libc::SYS_clone, vec![Condition::Has(0, libc::CLONE_THREAD as u64)]),
        only(libc::SYS_kill, vec![Condition::Is(0, pid)]),
        only(libc::SYS_tgkill, vec![Condition::Is(0, pid)]),
        only(libc::SYS_prlimit64, vec![Condition::IsNull(2)]),
    ]);
    calls
}

/// What fails with EPERM.
pub(super) fn refused() -> Vec<Call> {
    // the C library's getaddrinfo asks for its network interfaces (AF_NETLINK), and does without
    let families = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6];
    let other_family = families.map(|family| Condition::IsNot(0, family as u64));
    let mut calls: Vec<Call> = any(REFUSED).collect();
    calls.push(only(libc::SYS_prlimit64, vec![Condition::IsNotNull(2)]));
    calls.push(only(libc::SYS_socket, other_family.into()));
    calls
}

/// What ends the process with this id.
pub(super) fn ending(pid: u32) -> Vec<Call> {
    let pid = u64::from(pid);
    let mut calls: Vec<Call> = any(ENDING).chain(any(ENDING_OLD)).collect();
    calls.push(only(libc::SYS_kill, vec![Condition::IsNot(0, pid)]));
    calls.push(only(libc::SYS_tgkill, vec![Condition::IsNot(0, pid)]));
    calls
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_call_is_on_two_lists() {
        let unconditional = |calls: Vec<Call>| -> Vec<i64> {
            calls.iter().filter(|call| call.conditions.is_empty()).map(|call| call.number).collect()
        };
        let all = [unconditional(allowed(1)), unconditional(refused()), unconditional(ending(1))].concat();
        let different: HashSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }
}
