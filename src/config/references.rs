//! Names that rules use and nothing defines.
//!
//! In: a configuration that has been read. Out: what its author should look at. sendmail finds nothing to say of
//! them until a message comes by: a call of a ruleset that is not there does nothing, and an address for a mailer
//! that is not there is refused. Never here: what sendmail itself says while it reads.

use super::message::Message;
use super::{Config, Ruleset, RulesetId};
use crate::addr::{Token, op};
use crate::diag::{Diagnostic, Severity, nearest};

/// A kind of name, and how one that is missing is told of.
struct ReferenceKind {
    message: &'static str,
    /// Is it there?
    known: fn(&Config, &str) -> bool,
    /// Those that are there.
    names: fn(&Config) -> Vec<&[u8]>,
    /// Other things may stand there, too: only a name that is nearly one of those is a slip.
    only_slips: bool,
}

const CALLED: ReferenceKind = ReferenceKind {
    message: "the rule calls a ruleset that no S line defines: ",
    known: |config, name| {
        let id = config.rulesets.find(name.as_bytes());
        id.is_some_and(|id| is_defined(config, id))
    },
    names: |config| {
        let named = config.rulesets.by_name.iter();
        named.filter(|(_, id)| is_defined(config, **id)).map(|(name, _)| name.as_slice()).collect()
    },
    only_slips: false,
};

const ASKED: ReferenceKind = ReferenceKind {
    message: "the rule asks a map that no K line declares: ",
    known: |config, name| config.maps.iter().any(|map| map.name.eq_ignore_ascii_case(name.as_bytes())),
    names: |config| config.maps.iter().map(|map| map.name.as_slice()).collect(),
    only_slips: false,
};

/// Rulesets like srv_features and queuegroup return letters and names of other things behind `$#`.
const DELIVERED_BY: ReferenceKind = ReferenceKind {
    message: "the rule names a mailer that no M line defines: ",
    known: |config, name| config.mailer(name.as_bytes()).is_some(),
    names: |config| config.mailers.iter().map(|mailer| mailer.name.as_slice()).collect(),
    only_slips: true,
};

fn is_defined(config: &Config, id: RulesetId) -> bool {
    config.rulesets.by_number.get(usize::from(id.0)).is_some_and(Option::is_some)
}

/// Warnings, in the order of the rules' lines. `file` and `source` are the name and the text of the cf.
pub fn unknown_names(config: &Config, file: &[u8], source: &[u8]) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    for ruleset in config.rulesets.by_number.iter().flatten() {
        for (line, kind, name) in used_names(ruleset) {
            if !(kind.known)(config, &name) {
                found.extend(diagnostic(config, file, source, line, kind, &name));
            }
        }
    }
    found.sort_by_key(|found| found.place.line);
    found
}

/// Names in the rules of a ruleset, with the rule's line. What is only known when the rule runs is left out.
fn used_names(ruleset: &Ruleset) -> impl Iterator<Item = (u32, &'static ReferenceKind, String)> + '_ {
    ruleset.rules().iter().flat_map(|rule| {
        let right = ruleset.right(rule);
        let named = |pair: &[Token]| {
            let kind = match pair[0].first() {
                op::CALL_SUBROUTINE => &CALLED,
                op::LOOKUP_BEGIN => &ASKED,
                op::CANONICAL_NET => &DELIVERED_BY,
                _ => return None,
            };
            let name = std::str::from_utf8(&pair[1]).ok()?;
            let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            plain.then(|| (rule.line, kind, name.to_owned()))
        };
        right.windows(2).filter_map(named).collect::<Vec<_>>()
    })
}

fn diagnostic(
    config: &Config,
    file: &[u8],
    source: &[u8],
    line: u32,
    kind: &ReferenceKind,
    name: &str,
) -> Option<Diagnostic> {
    let names: Vec<String> =
        (kind.names)(config).into_iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    let meant = nearest(name, names.iter().map(String::as_str)).first().copied();
    if kind.only_slips && meant.is_none() {
        return None;
    }
    let text = [kind.message, name].concat().into_bytes();
    let mut found = Message { text, severity: Severity::Warning, line, column: 0 }.diagnostic(file, source);
    found.help = meant.map(|meant| format!("did you mean `{meant}`?"));
    Some(found)
}
