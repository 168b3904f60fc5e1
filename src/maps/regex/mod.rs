//! regex: POSIX regular expressions, as the C library's answer, in bounded time.
//!
//! `syntax` reads a pattern with the library's own errors; whether a key matches is asked of
//! regex-automata; which parts of it the groups take (leftmost-longest, as POSIX has it) is
//! worked out by `groups`. Patterns with back references are matched by `backtrack`, which has a limit: a look-up
//! that needs more steps fails for now.

mod automaton;
mod backtrack;
mod brackets;
mod groups;
mod pattern;
mod syntax;

use super::class::{
    FoundFuture, LookupContext, MapClass, OpenFuture, OpenMap, Opening, Query, answered, as_it_is,
};
use super::flags::{Declaring, Words};
use super::map::{Flags, Found, Map, later, missing};
use crate::addr::op;
use crate::engine::{Event, MapEvent, Observer};
use crate::schema::Sysexit;
use automaton::Span;
use backtrack::TooHard;
use regex_automata::meta;
use std::sync::{Arc, OnceLock};

/// More groups than the C code has room for are not returned.
const MAX_FIELDS: usize = 20;

/// A compiled pattern and what is made of its matches.
struct RegexMap {
    /// Made at the first look-up, unless it might be too large.
    matcher: OnceLock<meta::Regex>,
    pattern: pattern::Pattern,
    /// -s: groups to return; `None` without -s.
    fields: Option<Vec<usize>>,
    /// -d: between them.
    join: Vec<u8>,
}

impl RegexMap {
    /// Where the match and, if they are `wanted`, its groups lie.
    fn find(&self, key: &[u8], wanted: bool) -> Result<Option<Vec<Span>>, TooHard> {
        let Some(found) = self.earliest(key) else { return Ok(None) };
        if !self.pattern.referenced.is_empty() {
            return backtrack::find(&self.pattern, key, found.start());
        }
        Ok(Some(if wanted { groups::longest(&self.pattern, key, found.start()) } else { Vec::new() }))
    }

    fn earliest(&self, key: &[u8]) -> Option<regex_automata::Match> {
        if self.matcher.get().is_none() {
            let made = self.pattern.compile()?; // a small pattern always compiles
            self.matcher.get_or_init(|| made);
        }
        self.matcher.get()?.find(key)
    }
}

pub(super) fn read(map: &mut Map, args: &[u8], declaring: &mut Declaring<'_>) -> Option<Arc<dyn MapClass>> {
    let mut words = Words::new(args);
    let (mut extended, mut fields, mut join) = (true, None, vec![op::COND_ELSE]);
    while let Some((letter, beside)) = words.flag() {
        match letter {
            b'n' => map.flags.insert(Flags::NEGATE),
            b'f' => map.flags.insert(Flags::KEEP_CASE),
            b'b' => extended = false,
            b's' => fields = Some(beside.to_vec()),
            b'a' => map.append = Some(beside.to_vec()),
            b'm' => map.flags.insert(Flags::MATCH_ONLY),
            b'q' => map.flags.insert(Flags::KEEP_QUOTES),
            b'S' => map.space = words.space(beside),
            b'D' => map.flags.insert(Flags::DEFER),
            b'd' => join = beside.to_vec(),
            _ => {}
        }
    }
    let flags = syntax::Flags { extended, fold_case: !map.flags.contains(Flags::KEEP_CASE) };
    let pattern = match syntax::parse(words.rest(), flags) {
        Ok(pattern) => pattern,
        Err(error) => {
            declaring.say(&[b"pattern-compile-error: ", error.to_string().as_bytes()]);
            return None;
        }
    };
    let groups = pattern.groups + 1;
    let fields = match fields {
        None => None,
        Some(list) if list.is_empty() => Some((0..groups.min(MAX_FIELDS)).collect()),
        Some(list) => match field_list(&list, groups) {
            Ok(fields) => Some(fields),
            Err(text) => {
                declaring.say(&[&text]);
                return None;
            }
        },
    };
    let matcher = OnceLock::new();
    if !pattern.is_small() {
        let Some(made) = pattern.compile() else {
            declaring.say(&[b"pattern-compile-error: Regular expression too big"]);
            return None;
        };
        matcher.get_or_init(|| made);
    }
    Some(Arc::new(RegexMap { matcher, pattern, fields, join }))
}

impl MapClass for RegexMap {
    fn open<'a>(self: Arc<Self>, _map: &'a Map, _opening: &'a mut Opening<'_>) -> OpenFuture<'a> {
        as_it_is(self)
    }
}

impl OpenMap for RegexMap {
    fn lookup<'a>(&'a self, query: Query<'a>, context: &'a mut LookupContext<'_>) -> FoundFuture<'a> {
        answered(lookup(query.map, self, query.key, query.args, context.observer))
    }
}

/// `1,2,0`
fn field_list(text: &[u8], groups: usize) -> Result<Vec<usize>, Vec<u8>> {
    let mut fields = Vec::new();
    for word in text.split(|byte| *byte == b',').take(MAX_FIELDS) {
        let field = super::flags::number(word) as usize;
        if field >= groups {
            return Err(
                format!("field ({field}) out of range, only {groups} substrings in pattern").into_bytes()
            );
        }
        fields.push(field);
    }
    Ok(fields)
}

fn lookup(map: &Map, own: &RegexMap, key: &[u8], args: &[Vec<u8>], observer: &mut dyn Observer) -> Found {
    observer.event(&Event::Map(&MapEvent::Regex { map: &map.name, key, args }));
    let wanted = own.fields.is_some() && !map.flags.intersects(Flags::NEGATE | Flags::MATCH_ONLY);
    let Ok(found) = own.find(key, wanted) else { return later() };
    if map.flags.contains(Flags::NEGATE) {
        return if found.is_some() { missing(Sysexit::OK) } else { map.found(key, b"", args, observer) };
    }
    let Some(spans) = found else { return missing(Sysexit::OK) };
    let Some(fields) = own.fields.as_ref().filter(|_| wanted) else {
        return map.found(key, b"", args, observer);
    };
    let asked = match args.get(1) {
        None => Ok(fields.clone()),
        Some(list) => field_list(list, own.pattern.groups + 1),
    };
    match asked {
        Ok(fields) => match joined(&fields, &spans, key, &own.join) {
            Some(text) => map.found(key, &text, args, observer),
            None => missing(Sysexit::OK),
        },
        Err(text) => {
            observer.tracer().message(&text);
            missing(Sysexit::CONFIG)
        }
    }
}

/// The groups' texts. What is not balanced over all of them makes the whole no match, and so does a blank that
/// is not quoted.
fn joined(fields: &[usize], spans: &[Option<(usize, usize)>], key: &[u8], join: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let mut balance = Balance::default();
    for (number, field) in fields.iter().enumerate() {
        if number > 0 {
            text.extend_from_slice(join);
        }
        let Some((start, end)) = spans.get(*field).copied().flatten() else { continue };
        for byte in &key[start..end] {
            balance.read(*byte)?;
            text.push(*byte);
        }
    }
    balance.is_even().then_some(text)
}

/// Quotes, parentheses and angles that are open.
#[derive(Default)]
struct Balance {
    quoted: bool,
    escaped: bool,
    parentheses: i32,
    angles: i32,
}

impl Balance {
    /// `None` for a blank that is not quoted.
    fn read(&mut self, byte: u8) -> Option<()> {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' => self.escaped = true,
            b'"' => self.quoted = !self.quoted,
            _ if self.quoted => {}
            b' ' | b'\t' => return None,
            b'(' => self.parentheses += 1,
            b')' => self.parentheses -= 1,
            b'<' => self.angles += 1,
            b'>' => self.angles -= 1,
            _ => {}
        }
        Some(())
    }

    fn is_even(&self) -> bool {
        !self.quoted && !self.escaped && self.parentheses == 0 && self.angles == 0
    }
}

#[cfg(test)]
mod tests;
