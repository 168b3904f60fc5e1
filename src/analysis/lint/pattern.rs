//! Left sides held against left sides: which texts a pattern matches, without any text.
//!
//! A left side is tried with stand-ins: words that no rule names, in the place of what its wildcards take. What another
//! pattern does with all of them it does with any text.

use crate::addr::{Token, op};

/// One step of a left side.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Step {
    /// A token, in lower case; also `$&x`, whose value is the same wherever it stands.
    Word(Vec<u8>),
    ZeroOrMore,
    OneOrMore,
    One,
    Class(u8),
    NotClass(u8),
    Nothing,
}

/// A token of a workspace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Piece {
    Word(Vec<u8>),
    /// A word that no rule names, by its number.
    Anything(usize),
    /// A part of a member of a class; all parts of one member have its number.
    Member(u8, usize),
    /// A word outside of a class.
    Outsider(u8, usize),
}

/// A left side.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Pattern(Vec<Step>);

/// What the wildcards have taken.
pub(super) type Taken<'w> = Vec<&'w [Piece]>;

impl Pattern {
    pub(super) fn of(left: &[Token]) -> Self {
        let step = |token: &Token| {
            let second = token.get(1).copied().unwrap_or(0);
            match token.first() {
                op::MATCH_ZERO_OR_MORE => Step::ZeroOrMore,
                op::MATCH_ONE_OR_MORE => Step::OneOrMore,
                op::MATCH_ONE => Step::One,
                op::MATCH_CLASS => Step::Class(second),
                op::MATCH_NOT_CLASS => Step::NotClass(second),
                op::CANONICAL_HOST => Step::Nothing,
                _ => Step::Word(token.to_ascii_lowercase()),
            }
        };
        Self(left.iter().map(step).collect())
    }

    /// Does it match whatever there is?
    pub(super) fn takes_all(&self) -> bool {
        self.0 == [Step::ZeroOrMore]
    }

    /// Workspaces that stand for all that it matches: each wildcard with as few tokens as it takes, and with more.
    /// `None`: there would be too many.
    pub(super) fn samples(&self) -> Option<Vec<Vec<Piece>>> {
        let mut samples: Vec<Vec<Piece>> = vec![Vec::new()];
        for (number, step) in self.0.iter().enumerate() {
            let anything = |count: usize| (0..count).map(|at| Piece::Anything(number * 4 + at)).collect();
            let choices: Vec<Vec<Piece>> = match step {
                Step::Word(word) => vec![vec![Piece::Word(word.clone())]],
                Step::ZeroOrMore => [0, 1, 2].map(anything).into(),
                Step::OneOrMore => [1, 2].map(anything).into(),
                Step::One => vec![anything(1)],
                Step::Class(class) => [1, 2].map(|count| vec![Piece::Member(*class, number); count]).into(),
                Step::NotClass(class) => vec![vec![Piece::Outsider(*class, number)]],
                Step::Nothing => vec![Vec::new()],
            };
            samples = samples
                .iter()
                .flat_map(|sample| choices.iter().map(move |choice| [&sample[..], choice].concat()))
                .collect();
            if samples.len() > MAX_SAMPLES {
                return None;
            }
        }
        Some(samples)
    }

    /// Does it match, and what do its wildcards take? They take as little as they can. What would take too long to find
    /// out counts as no match.
    pub(super) fn matches<'w>(&self, workspace: &'w [Piece]) -> Option<Taken<'w>> {
        let (mut taken, mut patience) = (Vec::new(), PATIENCE);
        matches(&self.0, workspace, &mut taken, &mut patience).then_some(taken)
    }

    /// Does it match all that the other one does?
    pub(super) fn covers(&self, other: &Self) -> bool {
        self == other
            || other
                .samples()
                .is_some_and(|samples| samples.iter().all(|sample| self.matches(sample).is_some()))
    }
}

/// Six wildcards, each in two or three lengths.
const MAX_SAMPLES: usize = 729;

/// Steps of one attempt.
const PATIENCE: u32 = 20_000;

fn matches<'w>(steps: &[Step], workspace: &'w [Piece], taken: &mut Taken<'w>, patience: &mut u32) -> bool {
    let Some((step, rest)) = steps.split_first() else { return workspace.is_empty() };
    let lengths = match step {
        Step::Word(word) => {
            let same =
                workspace.first().is_some_and(|piece| matches!(piece, Piece::Word(other) if other == word));
            return same && matches(rest, &workspace[1..], taken, patience);
        }
        Step::ZeroOrMore => 0..=workspace.len(),
        Step::OneOrMore => 1..=workspace.len(),
        Step::One | Step::NotClass(_) => 1..=workspace.len().min(1),
        Step::Class(_) => 1..=workspace.len(),
        Step::Nothing => 0..=0,
    };
    for length in lengths {
        *patience = patience.saturating_sub(1);
        if *patience == 0 {
            return false;
        }
        let (here, behind) = workspace.split_at(length);
        if !fits(step, here, behind) {
            continue;
        }
        taken.push(here);
        if matches(rest, behind, taken, patience) {
            return true;
        }
        taken.pop();
    }
    false
}

/// May this step take these tokens?
fn fits(step: &Step, here: &[Piece], behind: &[Piece]) -> bool {
    match step {
        // a member is taken whole
        Step::Class(class) => match here.first() {
            Some(Piece::Member(of, number)) => {
                let same = |piece: &Piece| *piece == Piece::Member(*of, *number);
                of == class && here.iter().all(same) && !behind.first().is_some_and(same)
            }
            _ => false,
        },
        Step::NotClass(class) => matches!(here, [Piece::Outsider(of, _)] if of == class),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(steps: &[&str]) -> Pattern {
        let tokens = steps.iter().map(|step| match *step {
            "$*" => Token::new(&[op::MATCH_ZERO_OR_MORE]),
            "$+" => Token::new(&[op::MATCH_ONE_OR_MORE]),
            "$-" => Token::new(&[op::MATCH_ONE]),
            "$=w" => Token::new(&[op::MATCH_CLASS, b'w']),
            "$~w" => Token::new(&[op::MATCH_NOT_CLASS, b'w']),
            word => Token::new(word.as_bytes()),
        });
        Pattern::of(&tokens.collect::<Vec<_>>())
    }

    #[test]
    fn wider_patterns_cover_narrower_ones() {
        let covers = [
            (&["$*"][..], &["$+", "<", "@", "$=w", ">"][..]),
            (&["$+"], &["$-"]),
            (&["$*", "<", "@", "$+", ">", "$*"], &["$+", "<", "@", "$=w", ">"]),
            (&["$-", "@", "$+"], &["$-", "@", "$=w"]),
            (&["$-"], &["$~w"]),
            (&["Joe"], &["joe"]),
        ];
        for (wide, narrow) in covers {
            assert!(pattern(wide).covers(&pattern(narrow)), "{wide:?} {narrow:?}");
            assert!(wide == narrow || !pattern(narrow).covers(&pattern(wide)) || wide == ["Joe"], "{wide:?}");
        }
        assert!(!pattern(&["$-"]).covers(&pattern(&["$=w"])));
        assert!(!pattern(&["$~w"]).covers(&pattern(&["$-"])));
        assert!(!pattern(&["$=w"]).covers(&pattern(&["$-"])));
    }
}
