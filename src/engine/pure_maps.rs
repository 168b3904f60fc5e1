//! Maps that need nobody but the machine: macro, arith, dequote. They change or read only the
//! [`Scope`], so they run in rule order and are never repeated.

use super::Answer;
use super::define::{define_named, undefine_named};
use super::scope::Scope;
use crate::addr::MacroId;
use crate::cf;
use crate::config::{Config, MapDecl, Names};
use crate::logging::Tracer;
use crate::schema::{Reply, Sysexit};
use hashbrown::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// One of them, with its flags.
#[derive(Clone, Debug)]
pub struct PureMap {
    name: Vec<u8>,
    class: Class,
    /// It has been used: what `-d38` calls open.
    open: Arc<AtomicBool>,
    /// -a
    append: Vec<u8>,
    /// -S or -s: stands between atoms of the key.
    space: Option<u8>,
    /// -D
    pub deferred: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Class {
    Macro,
    Arith,
    Dequote,
}

impl PureMap {
    /// All maps of our classes, by lower-cased name. A later K line of a name stands behind the
    /// earlier ones: what it does not say stays as it was.
    pub fn of_config(config: &Config) -> HashMap<Vec<u8>, Self> {
        let mut maps = HashMap::new();
        for decl in &config.maps {
            let name = decl.name.to_ascii_lowercase();
            match Self::declare(decl, maps.get(&name)) {
                Some(map) => maps.insert(name, map),
                None => maps.remove(&name),
            };
        }
        maps
    }

    fn declare(decl: &MapDecl, before: Option<&Self>) -> Option<Self> {
        let class = match &decl.class[..] {
            b"macro" => Class::Macro,
            b"arith" => Class::Arith,
            b"dequote" => Class::Dequote,
            _ => return None,
        };
        let none = Self {
            name: decl.name.clone(),
            class,
            open: Arc::default(),
            append: Vec::new(),
            space: None,
            deferred: false,
        };
        let mut map = Self { class, ..before.cloned().unwrap_or(none) };
        let mut spaced = false;
        let mut words = decl.args.split(|byte| matches!(byte, b' ' | b'\t')).peekable();
        while let Some([b'-', flag, value @ ..]) = words.next() {
            match flag {
                b'a' => map.append = value.to_vec(),
                b'D' => map.deferred = true,
                // the first of several counts
                b's' | b'S' if !spaced => {
                    map.space = value.first().copied();
                    spaced = true;
                }
                _ => {}
            }
        }
        Some(map)
    }

    fn append_to(&self, value: &mut Vec<u8>, tracer: &mut dyn Tracer) {
        let traced = tracer.level(39) >= 1;
        if traced {
            tracer.line(&[b"map_rewrite(", &value[..], b"), av = (nullv)"].concat());
        }
        value.extend_from_slice(&self.append);
        if traced {
            tracer.line(&[b"map_rewrite => ", &value[..]].concat());
        }
    }

    /// Stands between atoms of the key.
    pub(super) fn key_space(&self, blank_sub: u8) -> u8 {
        self.space.unwrap_or(blank_sub)
    }

    /// Has it been used?
    pub fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }

    /// What `-d38` says before a look-up.
    fn trace(&self, key: &[u8], args: &[Vec<u8>], tracer: &mut dyn Tracer) {
        let first_use = !self.open.swap(true, Ordering::Relaxed);
        let level = tracer.level(38);
        if level >= 4 && first_use {
            tracer.line(&[b"openmap()\t", self.class.name(), b":", &self.name, b" NULL: valid"].concat());
        }
        match self.class {
            Class::Macro if level >= 20 => {
                tracer.line(&[b"macro_map_lookup(", &self.name[..], b", ", key, b")"].concat())
            }
            Class::Arith if level >= 2 => {
                tracer.line(&[b"arith_map_lookup: key '", key, b"'"].concat());
                for arg in std::iter::once(key).chain(args.iter().map(Vec::as_slice)) {
                    tracer.line(&[b"arith_map_lookup: arg '", arg, b"'"].concat());
                }
            }
            _ => {}
        }
    }

    /// The answer to a key with its arguments. What is wrong with them is shown to the tracer and added to
    /// `problems`.
    pub fn lookup(
        &self,
        config: &Config,
        scope: &mut Scope,
        key: &[u8],
        args: &[Vec<u8>],
        problems: &mut Vec<Reply>,
        tracer: &mut dyn Tracer,
    ) -> Answer {
        self.trace(key, args, tracer);
        let found = match self.class {
            Class::Macro => set_macro(config, scope, key, args, problems, tracer),
            Class::Arith => arith(key, args),
            Class::Dequote => dequote(key, self.space).ok_or(Sysexit::OK),
        };
        match found {
            Ok(mut value) => {
                if self.class == Class::Dequote {
                    self.append_to(&mut value, tracer);
                }
                Answer { value: Some(value), status: Sysexit::OK }
            }
            Err(status) => Answer { value: None, status },
        }
    }
}

impl Class {
    fn name(self) -> &'static [u8] {
        match self {
            Self::Macro => b"macro",
            Self::Arith => b"arith",
            Self::Dequote => b"dequote",
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
    tracer: &mut dyn Tracer,
) -> Result<Vec<u8>, Sysexit> {
    let mut known = Known { names: &config.names, long: Vec::new() };
    let parsed = cf::parse_name(key, &mut known);
    for problem in parsed.problems {
        let reply = Reply::new(554, None, problem.text());
        tracer.reply(&reply);
        problems.push(reply);
    }
    let single = [parsed.id.ok_or(Sysexit::CONFIG)?.0];
    let name: &[u8] = if known.long.is_empty() { &single } else { &known.long };
    // no rule can ask for a macro whose name the configuration does not hold
    match args.first() {
        Some(value) => define_named(config, scope, tracer, name, value),
        None => undefine_named(config, scope, tracer, name),
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
