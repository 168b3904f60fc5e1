//! From one place of a tape to another, forwards and backwards.

use super::breaks::Breaks;
use super::tape::{Entry, Moment, Tape};

/// How far.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    /// To what happens next: a ruleset, a rule that matches, a look-up.
    Step,
    /// The same, and to rules that do not match.
    Try,
    /// To what happens next in this ruleset or above it.
    Next,
    /// To the end of this ruleset; backwards to its beginning.
    Out,
    /// To a breakpoint.
    Continue,
}

/// Where a walk ends: at a moment, or at an end of the tape.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    At(usize),
    Over,
}

/// The first moment on the way; `from` is the moment where the walk begins, which does not count.
pub(super) fn forwards(tape: &Tape, breaks: &Breaks, from: Option<usize>, way: Way) -> End {
    let depth = from.map_or(0, |from| depth_at(tape, from, true));
    let begin = from.map_or(0, |from| from + 1);
    let found = (begin..tape.entries().len()).find(|at| stops(tape, breaks, *at, way, depth, true));
    found.map_or(End::Over, End::At)
}

/// The same towards the beginning.
pub(super) fn backwards(tape: &Tape, breaks: &Breaks, from: usize, way: Way) -> End {
    let depth = if from < tape.entries().len() { depth_at(tape, from, false) } else { 0 };
    let found = (0..from).rev().find(|at| stops(tape, breaks, *at, way, depth, false));
    found.map_or(End::Over, End::At)
}

/// The rulesets that are open at a moment. One that has just ended is none of them on the way on, nor is one that
/// begins on the way back.
fn depth_at(tape: &Tape, at: usize, on: bool) -> usize {
    let Some(entry) = tape.entries().get(at) else { return 0 };
    let border = match entry.moment {
        Moment::Leave(_) => on,
        Moment::Enter(_) => !on,
        _ => false,
    };
    entry.depth.saturating_sub(usize::from(border))
}

fn stops(tape: &Tape, breaks: &Breaks, at: usize, way: Way, depth: usize, on: bool) -> bool {
    let entry = &tape.entries()[at];
    let wanted = match way {
        Way::Step => is_seen(tape, at),
        Way::Try => is_seen(tape, at) || matches!(entry.moment, Moment::Rule(_, None)),
        // another ruleset's beginning lies within it
        Way::Next => is_seen(tape, at) && entry.depth <= depth.max(1),
        Way::Out => entry.depth <= depth && is_border(entry, on),
        Way::Continue => false,
    };
    wanted || breaks.at(tape, at).is_some()
}

/// The end of a ruleset; on the way back its beginning.
fn is_border(entry: &Entry, on: bool) -> bool {
    if on { matches!(entry.moment, Moment::Leave(_)) } else { matches!(entry.moment, Moment::Enter(_)) }
}

/// Is it something that happened by itself?
fn is_seen(tape: &Tape, at: usize) -> bool {
    let entry = &tape.entries()[at];
    match entry.moment {
        Moment::Enter(_) | Moment::Leave(_) | Moment::Rule(_, Some(_)) | Moment::Lookup(_) => true,
        Moment::Said(_) | Moment::Rule(_, None) => false,
        // what the program sets around the rules is none of their business
        Moment::Macro(..) => entry.depth > 0,
        // it is seen with the rule, if nothing came between
        Moment::Rewritten(..) => at.checked_sub(1).is_none_or(|before| made_at(tape, before) != Some(at)),
    }
}

/// Where a rule that matches has been applied, if nothing came between.
pub(super) fn made_at(tape: &Tape, at: usize) -> Option<usize> {
    let is = |at: usize, wanted: fn(&Moment) -> bool| {
        tape.entries().get(at).is_some_and(|entry| wanted(&entry.moment))
    };
    let matched = is(at, |moment| matches!(moment, Moment::Rule(_, Some(_))));
    (matched && is(at + 1, |moment| matches!(moment, Moment::Rewritten(..)))).then_some(at + 1)
}
