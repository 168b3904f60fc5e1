//! Rules that never run, and rules that never end.

use super::finding::Finding;
use super::pattern::{Pattern, Piece};
use super::subject::Subject;
use crate::addr::{Token, op};
use crate::config::{Rule, Ruleset};
use crate::engine::put_tokens;

/// What a rule does with its workspace, as far as it stands in the rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum After {
    /// `$@`, `$#`: the ruleset ends.
    Ends,
    /// `$:`: the next rule.
    Next,
    /// The same rule again.
    Again,
}

struct Read {
    line: u32,
    pattern: Pattern,
    after: After,
    right: Vec<Token>,
}

fn read(ruleset: &Ruleset, rule: &Rule) -> Read {
    let right = ruleset.right(rule);
    let after = match right.first().map(|token| token.first()) {
        Some(op::CANONICAL_HOST | op::CANONICAL_NET) => After::Ends,
        Some(op::CANONICAL_USER) => After::Next,
        _ => After::Again,
    };
    Read { line: rule.line, pattern: Pattern::of(&ruleset.left(rule)), after, right }
}

/// Rules that never run in every cf of the stock library, without blanks: nobody who has one can mend them.
const STOCK: &[(&str, &str)] = &[("<?>$*", "$:@$1")];

fn is_stock(subject: &Subject<'_>, ruleset: &Ruleset, rule: &Rule) -> bool {
    let solid = |tokens: Vec<Token>| {
        let mut text = Vec::new();
        put_tokens(&subject.config.names, tokens.iter().map(|token| &token[..]), false, &mut text);
        text.retain(|byte| !byte.is_ascii_whitespace());
        text
    };
    let (left, right) = (solid(ruleset.left(rule)), solid(ruleset.right(rule)));
    STOCK.iter().any(|(known_left, known_right)| {
        (known_left.as_bytes(), known_right.as_bytes()) == (left.as_slice(), right.as_slice())
    })
}

/// All findings about rules that the site has written or that stand behind one of those.
pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for ruleset in subject.config.rulesets.by_number.iter().flatten() {
        let rules: Vec<Read> = ruleset.rules().iter().map(|rule| read(ruleset, rule)).collect();
        for (index, rule) in rules.iter().enumerate() {
            let before = shadow(subject, &rules[..index], rule);
            let before = before.filter(|_| !is_stock(subject, ruleset, &ruleset.rules()[index]));
            if let Some((before, code)) = before {
                found.push(behind(subject, before, rule, code));
                if code == "L101" {
                    break; // one word for all that follow
                }
            } else if subject.is_own(rule.line) && loops(rule) {
                let message = "the rule matches what it makes, and is tried again and again".to_owned();
                let help = "begin the right side with $: (once) or $@ (and leave the ruleset)";
                found.push(subject.at_cf_line("L103", rule.line, message).help(help));
            }
        }
    }
    found
}

/// The rule before that leaves nothing to this one.
fn shadow<'r>(subject: &Subject<'_>, before: &'r [Read], rule: &Read) -> Option<(&'r Read, &'static str)> {
    // what a rule in between makes may be new to it
    let since = before.iter().rposition(|other| other.after != After::Ends).map_or(0, |at| at + 1);
    let own = |other: &Read| subject.is_own(other.line) || subject.is_own(rule.line);
    let wide = before.iter().find(|other| other.after == After::Ends && other.pattern.takes_all());
    if let Some(wide) = wide.filter(|wide| own(wide)) {
        return Some((wide, "L101"));
    }
    let same = before[since..].iter().find(|other| own(other) && other.pattern.covers(&rule.pattern));
    same.map(|other| (other, "L102"))
}

fn behind(subject: &Subject<'_>, before: &Read, rule: &Read, code: &str) -> Finding {
    let place = subject.shown_line(before.line);
    let message = match code {
        "L101" => {
            format!("this rule and those behind it never run: {place} takes everything and ends the ruleset")
        }
        _ => format!("the rule never runs: {place} takes all that it matches, and ends the ruleset"),
    };
    subject.at_cf_line(code, rule.line, message).help("move it in front of that rule, or take it out")
}

/// Passes after which the engine gives a rule up, and says so in the log.
const MAX_PASSES: usize = 100;
/// A workspace longer than this is refused, whatever made it.
const MAX_PIECES: usize = 1000;

/// Is there a workspace on which the rule is tried until the engine gives it up? Rules that ask maps or call rulesets
/// may end by what those answer, so nothing is said of them.
fn loops(rule: &Read) -> bool {
    let asks = |token: &Token| {
        let asking = [
            op::LOOKUP_BEGIN,
            op::HOST_BEGIN,
            op::CALL_SUBROUTINE,
            op::MACRO_DEFER,
            op::MACRO_EXPAND,
            op::COND_IF,
        ];
        asking.contains(&token.first())
    };
    if rule.after != After::Again || rule.right.iter().any(asks) {
        return false;
    }
    let Some(samples) = rule.pattern.samples() else { return false };
    samples.into_iter().any(|mut workspace| {
        for _ in 0..MAX_PASSES {
            let Some(next) = rewritten(rule, &workspace) else { return false };
            workspace = next;
            if workspace.len() > MAX_PIECES {
                return true;
            }
        }
        true
    })
}

fn rewritten(rule: &Read, workspace: &[Piece]) -> Option<Vec<Piece>> {
    let taken = rule.pattern.matches(workspace)?;
    let mut made = Vec::new();
    for token in &rule.right {
        match (token.first(), token.get(1)) {
            (op::MATCH_REPLACE, Some(digit)) => {
                let number = usize::from(digit.wrapping_sub(b'1'));
                made.extend(taken.get(number).copied().unwrap_or_default().iter().cloned());
            }
            _ => made.push(Piece::Word(token.to_ascii_lowercase())),
        }
    }
    Some(made)
}
