//! The lists of `system_calls` as programs for the kernel's filter (seccomp).
//!
//! Three programs are loaded one after the other; the kernel obeys the sternest answer, so what one allows another
//! can still refuse. A system call of another architecture ends the process.

use super::system_calls::{Call, Condition, allowed, ending, refused};
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};
use std::collections::BTreeMap;

/// Calls on no list: as on a kernel without them, so that a C library newer than this list does what it does there.
const UNKNOWN: u32 = nix::libc::ENOSYS as u32;
/// Calls on the list of those that libraries try without need.
const REFUSED: u32 = nix::libc::EPERM as u32;

/// From now on only the calls of the list reach the kernel.
pub(super) fn install() -> Result<(), String> {
    let pid = std::process::id();
    let known: Vec<Call> = allowed(pid).into_iter().chain(refused()).collect();
    // the list of what is allowed comes last: loading a filter is not on it
    let programs = [
        program(&ending(pid), SeccompAction::KillProcess, SeccompAction::Allow),
        program(&refused(), SeccompAction::Errno(REFUSED), SeccompAction::Allow),
        program(&known, SeccompAction::Allow, SeccompAction::Errno(UNKNOWN)),
    ];
    for program in programs.into_iter().collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())? {
        apply_filter(&program).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// What is on the list gets `matched`, all else `otherwise`.
fn program(
    calls: &[Call],
    matched: SeccompAction,
    otherwise: SeccompAction,
) -> Result<BpfProgram, BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for call in calls.iter().filter(|call| !call.conditions.is_empty()) {
        let conditions = call.conditions.iter().map(condition).collect::<Result<Vec<_>, _>>()?;
        rules.entry(call.number).or_default().push(SeccompRule::new(conditions)?);
    }
    // a call without rules of its own matches whatever its arguments are
    rules
        .extend(calls.iter().filter(|call| call.conditions.is_empty()).map(|call| (call.number, Vec::new())));
    let architecture = TargetArch::try_from(std::env::consts::ARCH)?;
    SeccompFilter::new(rules, otherwise, matched, architecture)?.try_into()
}

fn condition(condition: &Condition) -> Result<SeccompCondition, BackendError> {
    use SeccompCmpArgLen::{Dword, Qword};
    let (argument, length, operator, value) = match *condition {
        Condition::Is(argument, value) => (argument, Dword, SeccompCmpOp::Eq, value),
        Condition::IsNot(argument, value) => (argument, Dword, SeccompCmpOp::Ne, value),
        Condition::Has(argument, bits) => (argument, Qword, SeccompCmpOp::MaskedEq(bits), bits),
        Condition::IsNull(argument) => (argument, Qword, SeccompCmpOp::Eq, 0),
        Condition::IsNotNull(argument) => (argument, Qword, SeccompCmpOp::Ne, 0),
    };
    SeccompCondition::new(argument, length, operator, value)
}
