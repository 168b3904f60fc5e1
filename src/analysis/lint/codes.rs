//! The kinds of mistakes. A code never changes its meaning; docs/lint.md has a page for each.

use crate::diag::Severity::{self, Error, Notice, Warning};

/// A kind of mistake.
#[derive(PartialEq, Eq, Debug)]
pub struct Code {
    /// `L301`
    pub id: &'static str,
    /// In a few words.
    pub name: &'static str,
    /// How bad it is.
    pub severity: Severity,
}

const fn code(id: &'static str, name: &'static str, severity: Severity) -> Code {
    Code { id, name, severity }
}

/// All of them, in order.
pub const CODES: &[Code] = &[
    code("L001", "the configuration cannot be read as it is meant", Error),
    code("L002", "a slip in the .mc", Warning),
    code("L003", "a name that the .mc's library does not have", Error),
    code("L101", "a rule behind one that takes everything", Warning),
    code("L102", "a rule behind one that takes the same", Warning),
    code("L103", "a rule that matches what it makes", Warning),
    code("L104", "$n beyond the left side", Error),
    code("L105", "a ruleset that nothing defines", Warning),
    code("L106", "a map that nothing declares", Warning),
    code("L107", "a mailer that nothing defines", Warning),
    code("L108", "a ruleset in two places", Warning),
    code("L201", "a class that nothing fills", Warning),
    code("L202", "a class that nothing asks", Notice),
    code("L203", "a macro that nothing sets", Warning),
    code("L204", "a macro that nothing uses", Notice),
    code("L301", "a key twice", Error),
    code("L302", "a key without a value", Error),
    code("L303", "a value that the rules do not know", Warning),
    code("L304", "an error without a code", Warning),
    code("L305", "a key that is never asked", Warning),
    code("L306", "a database older than its text", Warning),
    code("L307", "a map whose file is not there", Error),
    code("L308", "a mailer that the configuration does not have", Error),
    code("L401", "aliases in a circle", Error),
    code("L402", "a member that nobody delivers", Warning),
    code("L403", "an alias twice", Warning),
    code("L404", "a line that is no alias", Error),
    code("L405", "a list or program that is not there", Warning),
    code("L501", "a file that the daemon would not trust", Error),
    code("L601", "a port twice", Error),
    code("L701", "a certificate whose time is over", Error),
    code("L702", "a certificate whose time is nearly over", Warning),
    code("L703", "a certificate or key that cannot be read", Error),
    code("L704", "DNSSEC keys that cannot be read", Error),
    code("L705", "a key of another certificate", Error),
    code("L801", "mail of strangers for strangers", Error),
];

/// A code by its id. The table has every id that this room uses (a test looks).
pub(super) fn find(id: &str) -> &'static Code {
    CODES.iter().find(|code| code.id == id).unwrap_or(&CODES[0])
}

/// What messages of other rooms are about: a part of the text, and the code.
const OF_MESSAGES: &[(&str, &str)] = &[
    ("out of bounds", "L104"),
    ("calls a ruleset that no S line defines", "L105"),
    ("asks a map that no K line declares", "L106"),
    ("names a mailer that no M line defines", "L107"),
    ("has multiple definitions", "L108"),
    ("unknown FEATURE", "L003"),
    ("unknown MAILER", "L003"),
    ("unknown OSTYPE", "L003"),
    ("unknown DOMAIN", "L003"),
    ("unknown HACK", "L003"),
    ("nothing sets a macro", "L203"),
    ("readcf:", "L001"),
    ("unknown configuration line", "L001"),
    ("replacement", "L001"),
    ("R line:", "L001"),
];

/// The code of a finding that another room has made.
pub(super) fn of_message(message: &str, otherwise: &str) -> &'static Code {
    let row = OF_MESSAGES.iter().find(|(part, _)| message.contains(part));
    find(row.map_or(otherwise, |(_, id)| id))
}
