//! What is said before anything runs: to the caller, and in the log.

use super::caller::Caller;
use super::invocation::Invocation;
use super::modes::Mode;
use crate::config::Config;
use crate::logging::{Logger, Priority, Target};
use crate::queue::Fault;
use crate::schema::Sysexit;
use std::io::Write;

/// Whom alerts name where nobody is at the other end of a connection.
pub(super) const UNKNOWN_CLIENT: &[u8] = b"[UNKNOWN]";

/// /dev/log if there is one, else standard error; CANONIFY_LOG decides otherwise.
pub(super) fn open_log(invocation: &Invocation, config: &Config) -> Logger {
    open_log_as(Logger::open, invocation, config)
}

/// The same by another way to open one.
pub(super) fn open_log_as(
    open: fn(Target, &[u8], u8) -> Logger,
    invocation: &Invocation,
    config: &Config,
) -> Logger {
    let tag = invocation.label.clone().unwrap_or_else(|| b"sendmail".to_vec());
    // with borrowed rights there is no environment
    let target = Target::choose(std::env::var("CANONIFY_LOG").ok().as_deref());
    let log = open(target, &tag, u8::try_from(config.options.log_level.clamp(0, 255)).unwrap_or(9));
    log.set_caller(Caller::of_process().blamed());
    log
}

/// Logs one line before anything runs: a thread that writes would forbid the fork to come.
pub(super) fn log_early(invocation: &Invocation, config: &Config, priority: Priority, text: &[u8]) {
    open_log_as(Logger::open_without_thread, invocation, config).log(0, priority, None, text);
}

/// The same at any LogLevel.
pub(super) fn log_always(invocation: &Invocation, config: &Config, priority: Priority, text: &[u8]) {
    open_log_as(Logger::open_without_thread, invocation, config).always(priority, None, text);
}

/// What is wrong with the system, in the log under the caller's name.
pub(super) fn log_syserr(invocation: &Invocation, config: &Config, text: impl AsRef<[u8]>) {
    let log = open_log_as(Logger::open_without_thread, invocation, config);
    log.syserr(Priority::Critical, Some(b"NOQUEUE"), text);
}

/// What a look through the queue came upon, in the log.
pub(super) fn log_fault(invocation: &Invocation, config: &Config, fault: &Fault) {
    match fault.is_error() {
        true => log_syserr(invocation, config, fault.to_string()),
        false => log_early(invocation, config, fault.priority(), fault.to_string().as_bytes()),
    }
}

/// The same for the caller as well, where ErrorMode prints errors; gives the exit status back.
pub(super) fn syserr(invocation: &Invocation, config: &Config, text: &str, status: Sysexit) -> Sysexit {
    match (invocation.mode, config.options.error_mode) {
        (Mode::Smtp, b'p') => drop(tell(format!("451 4.0.0 {text}\r").as_bytes(), status)),
        (Mode::Verify, _) | (_, b'p') => drop(tell(text.as_bytes(), status)),
        _ => {}
    }
    log_syserr(invocation, config, text);
    ended(config, status)
}

/// The exit status as ErrorMode `e` has it: whoever is told by mail, or not at all, hears of no error here.
pub(super) fn ended(config: &Config, status: Sysexit) -> Sysexit {
    if config.options.error_mode == b'e' { Sysexit::OK } else { status }
}

/// A line on standard output, where sendmail says what it refuses; gives the exit status back.
pub(super) fn tell(text: &[u8], status: Sysexit) -> Sysexit {
    // a closed stdout leaves nobody to tell; the exit status still says it
    let _ = std::io::stdout().write_all(&[text, b"\n"].concat());
    status
}
