//! Names that sendmail has given up or changed.

use super::mistakes::{Edit, Lint, Remedy};
use crate::diag::Severity::Warning;
use crate::m4::library::is_own;

/// Names of defines that are out of use, and what to write instead.
const OBSOLETE: &[(&str, &str)] = &[
    ("confAUTO_REBUILD", "aliases are rebuilt by newaliases alone: take this line out"),
    ("confCLIENT_OPTIONS", "write CLIENT_OPTIONS(`...') instead"),
    ("confDAEMON_OPTIONS", "write DAEMON_OPTIONS(`...') instead"),
    ("confDEF_GROUP_ID", "write define(`confDEF_USER_ID', `user:group') instead"),
    ("confMESSAGE_TIMEOUT", "write confTO_QUEUERETURN and confTO_QUEUEWARN instead"),
    ("confREAD_TIMEOUT", "write the confTO_... define of each timeout instead"),
    ("confUNSAFE_GROUP_WRITES", "write define(`confDONT_BLAME_SENDMAIL', `...') instead"),
];

/// FEATUREs that have another name now.
const RENAMED_FEATURES: &[(&str, &str)] = &[("blacklist_recipients", "blocklist_recipients")];

/// FEATUREs by their old names.
pub(super) fn features(lint: &mut Lint<'_>) {
    let survey = lint.survey;
    for call in survey.called("FEATURE") {
        let Some((old, new)) = RENAMED_FEATURES.iter().find(|row| row.0 == call.text(0)) else { continue };
        if is_own(lint.files, "feature", old) {
            continue;
        }
        let Some(argument) = call.arguments.as_ref().and_then(|all| all.first()) else { continue };
        let Some(within) = memchr::memmem::find(&lint.text[argument.at..argument.end], old.as_bytes()) else {
            continue;
        };
        let at = argument.at + within;
        let message = format!("FEATURE(`{old}') is the old name of `{new}'");
        let remedy = Remedy::Sure(vec![Edit::new(at, at + old.len(), *new)]);
        lint.mend(Warning, at, message, format!("write FEATURE(`{new}') instead"), remedy);
    }
}

/// Defines that sendmail has given up.
pub(super) fn obsolete(lint: &mut Lint<'_>) {
    let survey = lint.survey;
    for call in survey.calls.iter().filter(|call| call.name == "define" && call.called()) {
        let Some((name, help)) = OBSOLETE.iter().find(|row| row.0 == call.text(0)) else { continue };
        lint.add(Warning, call.at, format!("`{name}' is out of use"), *help);
    }
}
