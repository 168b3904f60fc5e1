//! Look-ups in the maps that need nobody but the machine. They change or read only the [`Scope`], so they run in
//! rule order and are never repeated.

use super::Answer;
use super::define::{define_named, undefine_named};
use super::event::{Event, MapEvent, Observer};
use super::pure_maps::{Class, PureMap};
use super::scope::Scope;
use crate::addr::MacroId;
use crate::cf;
use crate::config::{Config, Names};
use crate::schema::{Reply, Sysexit};
use std::sync::atomic::Ordering;

impl PureMap {
    fn append_to(&self, value: &mut Vec<u8>, observer: &mut dyn Observer) {
        let length = value.len();
        value.extend_from_slice(&self.append);
        let (text, result) = (value[..length].into(), value.as_slice().into());
        observer.event(&Event::Map(&MapEvent::Filled { text, args: None, result }));
    }

    /// What is shown before a look-up.
    fn show(&self, key: &[u8], args: &[Vec<u8>], observer: &mut dyn Observer) {
        let map = &self.name[..];
        if !self.open.swap(true, Ordering::Relaxed) {
            let class = self.class.name();
            observer.event(&Event::Map(&MapEvent::Opened { class, map, file: None, opened: Ok(()) }));
        }
        match self.class {
            Class::Macro => {
                let (map, key) = (map.into(), key.into());
                observer.event(&Event::Map(&MapEvent::Search { function: "macro_map_lookup", map, key }));
            }
            Class::Arith => observer.event(&Event::Map(&MapEvent::Arith { key, args })),
            Class::Dequote => {}
        }
    }

    /// The answer to a key with its arguments. What is wrong with them is shown to the observer and added to
    /// `problems`.
    pub fn lookup(
        &self,
        config: &Config,
        scope: &mut Scope,
        key: &[u8],
        args: &[Vec<u8>],
        problems: &mut Vec<Reply>,
        observer: &mut dyn Observer,
    ) -> Answer {
        self.show(key, args, observer);
        let found = match self.class {
            Class::Macro => set_macro(config, scope, key, args, problems, observer),
            Class::Arith => arith(key, args),
            Class::Dequote => dequote(key, self.space).ok_or(Sysexit::OK),
        };
        match found {
            Ok(mut value) => {
                if self.class == Class::Dequote {
                    self.append_to(&mut value, observer);
                }
                Answer { value: Some(value), status: Sysexit::OK }
            }
            Err(status) => Answer { value: None, status },
        }
    }
}

/// `$(macro {name} $@ value $)`: sets it, or without an argument unsets it; the result is empty.
fn set_macro(
    config: &Config,
    scope: &mut Scope,
    key: &[u8],
    args: &[Vec<u8>],
    problems: &mut Vec<Reply>,
    observer: &mut dyn Observer,
) -> Result<Vec<u8>, Sysexit> {
    let mut known = Known { names: &config.names, long: Vec::new() };
    let parsed = cf::parse_name(key, &mut known);
    for problem in parsed.problems {
        let reply = Reply::new(554, None, problem.text());
        observer.event(&Event::Problem { reply: &reply });
        problems.push(reply);
    }
    let single = [parsed.id.ok_or(Sysexit::CONFIG)?.0];
    let name: &[u8] = if known.long.is_empty() { &single } else { &known.long };
    // no rule can ask for a macro whose name the configuration does not hold
    match args.first() {
        Some(value) => define_named(config, scope, observer, name, value),
        None => undefine_named(config, scope, observer, name),
    }
    Ok(Vec::new())
}

/// Long names as they are; none is added.
struct Known<'c> {
    names: &'c Names,
    /// The long name that was looked up.
    long: Vec<u8>,
}

impl cf::NameTable for Known<'_> {
    fn intern(&mut self, name: &[u8]) -> Option<MacroId> {
        self.long = name.to_vec();
        Some(self.names.get(name).unwrap_or(MacroId(0)))
    }
}

/// `$(arith + $@ 2 $@ 3 $)`
fn arith(key: &[u8], args: &[Vec<u8>]) -> Result<Vec<u8>, Sysexit> {
    let [first, second, ..] = args else { return Err(Sysexit::CONFIG) };
    let (a, b) = (c_number(first), c_number(second));
    let truth = |holds| Ok(if holds { b"TRUE".to_vec() } else { b"FALSE".to_vec() });
    let number = |value: i64| Ok(value.to_string().into_bytes());
    match key.first() {
        Some(b'+') => number(a.wrapping_add(b)),
        Some(b'-') => number(a.wrapping_sub(b)),
        Some(b'*') => number(a.wrapping_mul(b)),
        Some(b'/' | b'%') if b == 0 => Err(Sysexit::OK),
        Some(b'/') => number(a.wrapping_div(b)),
        Some(b'%') => number(a.wrapping_rem(b)),
        Some(b'|') => number(a | b),
        Some(b'&') => number(a & b),
        Some(b'l') => truth(a < b),
        Some(b'=') => truth(a == b),
        Some(b'r') if a <= b => number(random_between(a, b)),
        Some(b'r') => Err(Sysexit::OK),
        _ => Err(Sysexit::CONFIG),
    }
}

/// C's number syntax: blanks, a sign, 0x or 0 in front; what does not fit becomes the nearest long.
fn c_number(text: &[u8]) -> i64 {
    let text = text.trim_ascii_start();
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let (radix, digits) = match digits {
        [b'0', b'x' | b'X', rest @ ..] if rest.first().is_some_and(u8::is_ascii_hexdigit) => (16, rest),
        [b'0', ..] => (8, digits),
        _ => (10, digits),
    };
    let values = digits.iter().map_while(|byte| char::from(*byte).to_digit(radix));
    let bound = i64::MAX as i128;
    let value = values.fold(0i128, |sum, digit| (sum * i128::from(radix) + i128::from(digit)).min(bound + 1));
    let value = if negative { -value } else { value.min(bound) };
    value.max(i64::MIN.into()) as i64
}

fn random_between(low: i64, high: i64) -> i64 {
    use std::hash::{BuildHasher, Hasher};
    // the standard library's only source of entropy; nothing secret hangs on it
    let random = std::collections::hash_map::RandomState::new().build_hasher().finish();
    let width = (i128::from(high) - i128::from(low) + 1) as u128;
    (i128::from(low) + (u128::from(random) % width) as i128) as i64
}

/// Takes the double quotes off. `None` if there are none, if the text needs them, or if it holds a
/// blank and there is nothing to put in its place.
fn dequote(key: &[u8], space: Option<u8>) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(key.len());
    let (mut quotes, mut angles, mut parens) = (0, 0, 0);
    let (mut quoted, mut escaped) = (false, false);
    for &byte in key {
        let protected = std::mem::take(&mut escaped);
        let kept = match byte {
            _ if protected => byte,
            b'"' => {
                quoted = !quoted;
                quotes += 1;
                continue;
            }
            b' ' => space?,
            b'\t' => return None,
            byte => byte,
        };
        match byte {
            _ if protected => {}
            b'\\' => escaped = true,
            b'(' => parens += 1,
            b')' if parens == 0 => return None,
            b')' => parens -= 1,
            b'<' => angles += 1,
            b'>' if angles == 0 => return None,
            b'>' => angles -= 1,
            _ => {}
        }
        text.push(kept);
    }
    let closed = angles == 0 && parens == 0 && !quoted && !escaped;
    (closed && quotes > 0).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(key: &str, args: &[&str]) -> String {
        let args: Vec<_> = args.iter().map(|arg| arg.as_bytes().to_vec()).collect();
        arith(key.as_bytes(), &args).map_or("none".into(), |value| String::from_utf8(value).expect("ASCII"))
    }

    #[test]
    fn arith_counts_as_c_does() {
        assert_eq!(answer("+", &["2", "3"]), "5");
        assert_eq!(answer("-", &["0x10", "010"]), "8");
        assert_eq!(answer("/", &["-7", "2"]), "-3");
        assert_eq!(answer("/", &["1", "0"]), "none");
        assert_eq!(answer("l", &["1", "2"]), "TRUE");
        assert_eq!(answer("=", &["1", "x"]), "FALSE");
        assert_eq!(answer("r", &["4", "4"]), "4");
        assert_eq!(answer("r", &["5", "4"]), "none");
        assert_eq!(answer("*", &["1"]), "none");
    }

    #[test]
    fn dequote_refuses_what_needs_its_quotes() {
        let dequoted = |key: &str| dequote(key.as_bytes(), None);
        assert_eq!(dequoted("\"a.b\"").as_deref(), Some(&b"a.b"[..]));
        assert_eq!(dequoted("a\"b\"c").as_deref(), Some(&b"abc"[..]));
        for refused in ["a", "\"a b\"", "\"a", "\"<a\"", "\")\"", "\"a\"\\"] {
            assert_eq!(dequoted(refused), None, "{refused}");
        }
        assert_eq!(dequote(b"\"a b\"", Some(b'_')).as_deref(), Some(&b"a_b"[..]));
    }
}
