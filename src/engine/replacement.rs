//! Replacements as they are built: what stays together is copied together.
//!
//! In: the steps of a rule's left side, and the tokens of its right side. Out: pieces. Wildcards that follow each other on
//! both sides, with the same literals between them, are one piece of the workspace, whatever stands there.

use super::rule::{Match, Piece};
use super::symbols::Symbol;
use crate::addr::MacroId;

/// One token of a right side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Item {
    Word(Symbol),
    /// `$n`, from 1.
    Binding(u8),
    /// `$&x`
    Macro(MacroId),
}

/// What stands at one place of a pattern, as far as replacements take it over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Wildcard(u8),
    Literal(u32),
    Macro,
}

/// Appends the pieces of a replacement. `is_fixed`: has a literal one spelling only, so that it need not be put anew?
pub(super) fn add_pieces(
    pattern: &[Match],
    items: &[Item],
    is_fixed: &dyn Fn(&Symbol) -> bool,
    words: &mut Vec<Symbol>,
    pieces: &mut Vec<Piece>,
) {
    let (places, first) = (places(pattern), pieces.len());
    let same = |item: &Item, place: &Place| match (item, place) {
        (Item::Word(word), Place::Literal(id)) => word.id == *id && is_fixed(word),
        (Item::Binding(number), Place::Wildcard(wildcard)) => number == wildcard,
        _ => false,
    };
    let mut rest = items;
    while let Some((item, others)) = rest.split_first() {
        if let Some((span, length)) = span(rest, &places, &same) {
            pieces.push(span);
            rest = &rest[length..];
            continue;
        }
        rest = others;
        match *item {
            Item::Word(word) => {
                words.push(word);
                let end = words.len() as u32;
                match pieces[first..].last_mut() {
                    Some(Piece::Words(_, last)) if *last == end - 1 => *last = end,
                    _ => pieces.push(Piece::Words(end - 1, end)),
                }
            }
            Item::Binding(number) => {
                pieces.push(Piece::Span { first: number, before: 0, last: number, after: 0 })
            }
            Item::Macro(id) => pieces.push(Piece::Macro(id)),
        }
    }
}

fn places(pattern: &[Match]) -> Vec<Place> {
    let mut number = 0;
    let place = |step: &Match| match step {
        Match::Literal(id) => Some(Place::Literal(*id)),
        Match::Nothing => None,
        Match::Macro(_) => Some(Place::Macro),
        _ => {
            number += 1;
            Some(Place::Wildcard(number))
        }
    };
    pattern.iter().filter_map(place).collect()
}

/// The longest piece of the workspace that items begin with, and how many items it is.
fn span(items: &[Item], places: &[Place], same: &dyn Fn(&Item, &Place) -> bool) -> Option<(Piece, usize)> {
    let before = items.iter().position(|item| !matches!(item, Item::Word(_)))?;
    let Item::Binding(first) = items[before] else { return None };
    let place = places.iter().position(|place| *place == Place::Wildcard(first))?;
    let places = &places[place.checked_sub(before)?..];
    let length = items.iter().zip(places).take_while(|(item, place)| same(item, place)).count();
    let mut wildcards = places[..length].iter().enumerate().filter_map(|(at, place)| match place {
        Place::Wildcard(number) => Some((at, *number)),
        _ => None,
    });
    let (at, last) = wildcards.next_back()?;
    let (before, after) = (u8::try_from(before).ok()?, u8::try_from(length - 1 - at).ok()?);
    Some((Piece::Span { first, before, last, after }, length))
}
