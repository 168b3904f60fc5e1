//! Landlock: which files are reached, and which ports and processes. As much of it as the kernel knows.
//!
//! Rights hang on directories as they are now, not on names: a file that is replaced by another of the same name
//! is reached only if its directory is. A UNIX socket with a path is not a matter of Landlock here: its mode says
//! who may connect.

use super::plan::{Plan, Protection, Report};
use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, LandlockStatus, NetPort, RestrictionStatus, Ruleset,
    RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};
use std::path::Path;

/// The newest version whose rights were tried out with this program.
const NEWEST: ABI = ABI::V7;

/// What may be done in a writable directory: no directories, links, sockets or devices are made there.
fn writing() -> BitFlags<AccessFs> {
    AccessFs::ReadFile
        | AccessFs::ReadDir
        | AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::MakeReg
        | AccessFs::RemoveFile
        | AccessFs::Refer
}

/// Everything else is out of reach from now on.
pub(super) fn restrict(plan: &Plan, report: &mut Report) {
    match restricted(plan) {
        Ok(status) => note(&status, report),
        Err(error) => report.missing.push(format!("Landlock: {error}")),
    }
}

fn restricted(plan: &Plan) -> Result<RestrictionStatus, RulesetError> {
    let reading = AccessFs::ReadFile | AccessFs::ReadDir;
    let ports = plan.ports.iter().map(|port| Ok::<_, RulesetError>(NetPort::new(*port, AccessNet::BindTcp)));
    Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::BindTcp)?
        .scope(Scope::from_all(NEWEST))?
        .create()?
        .add_rules(path_beneath_rules(&plan.writable, writing()))?
        .add_rules(path_beneath_rules(&plan.trees, writing() | AccessFs::MakeDir))?
        .add_rules(path_beneath_rules(&plan.readable, reading))?
        .add_rules(path_beneath_rules([Path::new("/dev/null")], AccessFs::ReadFile | AccessFs::WriteFile))?
        .add_rules(ports)?
        .restrict_self()
}

fn note(status: &RestrictionStatus, report: &mut Report) {
    let (LandlockStatus::Available { effective_abi, .. }, true) =
        (&status.landlock, status.ruleset != RulesetStatus::NotEnforced)
    else {
        report.missing.push(String::from("Landlock: this kernel has none"));
        return;
    };
    report.up.push(Protection::Files);
    for (since, protection) in [(ABI::V4, Protection::Ports), (ABI::V6, Protection::Signals)] {
        match *effective_abi >= since {
            true => report.up.push(protection),
            false => report.missing.push(format!("{}: this kernel's is too old", protection.name())),
        }
    }
}
