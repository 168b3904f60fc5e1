//! One map: its flags, its file, and how a found value becomes an answer.

use crate::engine::{Answer, Event, MapEvent, Observer};
use crate::schema::Sysexit;
use std::borrow::Cow;

bitflags::bitflags! {
    /// What a map's flags say; the bits are the ones that `-d37.5` and `-d38.9` print.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
    pub struct Flags: u32 {
        /// The K line was good.
        const VALID = 0x1;
        /// -N: keys are stored with a trailing NUL.
        const INCLUDE_NULL = 0x2;
        /// -o: no complaint if it cannot be opened.
        const OPTIONAL = 0x4;
        /// -f: keys keep their case.
        const KEEP_CASE = 0x8;
        /// -m: the value is the key.
        const MATCH_ONLY = 0x10;
        /// The map is open.
        const OPEN = 0x20;
        /// Look for the key without its NUL.
        const TRY_BARE = 0x100;
        /// Look for the key with its NUL.
        const TRY_NULL = 0x200;
        /// An implicit map that is a hash.
        const IMPLICIT_HASH = 0x1000;
        /// -A: more values of a key are appended.
        const APPEND = 0x8000;
        /// -q: double quotes stay in the key.
        const KEEP_QUOTES = 0x1_0000;
        /// -t: a temporary failure does not count.
        const NO_DEFER = 0x2_0000;
        /// -n of a regex map: the answer is turned round.
        const NEGATE = 0x4_0000;
        /// -D: not asked in delivery mode d.
        const DEFER = 0x8_0000;
        /// Being closed.
        const CLOSING = 0x100_0000;
    }
}

/// What a K line says of a map whatever its class.
#[derive(Clone, Debug)]
pub struct Map {
    /// The name as first written.
    pub name: Vec<u8>,
    /// The name of its class.
    pub class: &'static str,
    /// Its flags.
    pub flags: Flags,
    /// The file, service or argument after the flags.
    pub file: Option<Vec<u8>>,
    /// What follows the file.
    pub rest: Option<Vec<u8>>,
    /// -a: appended to values.
    pub append: Option<Vec<u8>>,
    /// -T: appended to the key when the look-up fails temporarily.
    pub on_failure: Option<Vec<u8>>,
    /// -k: key column.
    pub key_column: Option<Vec<u8>>,
    /// -v: value column.
    pub value_column: Option<Vec<u8>>,
    /// -z: column delimiter; 0 for blanks.
    pub delimiter: u8,
    /// -S: stands between atoms of the key; `None`: option BlankSub's character.
    pub space: Option<u8>,
    /// -d: seconds to wait for an answer.
    pub timeout: Option<u32>,
    /// -r: how often to ask again.
    pub retries: Option<u32>,
}

/// A map's own answer, before anything is made of it.
pub(super) type Found = Answer;

/// `None`: not found, with this status.
pub(super) fn missing(status: Sysexit) -> Found {
    Answer { value: None, status }
}

/// The status of maps that have nothing under a key (sendmail's EX_NOTFOUND).
pub(super) const NOT_FOUND: Sysexit = Sysexit::NOHOST;

/// Temporary failure.
pub(super) fn later() -> Found {
    missing(Sysexit::TEMPFAIL)
}

impl Map {
    /// A map without any settings.
    pub fn new(name: &[u8], class: &'static str) -> Self {
        Self {
            name: name.to_vec(),
            class,
            flags: Flags::empty(),
            file: None,
            rest: None,
            append: None,
            on_failure: None,
            key_column: None,
            value_column: None,
            delimiter: 0,
            space: None,
            timeout: None,
            retries: None,
        }
    }

    /// What `-d37.5` prints when the line has been read.
    pub(super) fn trace(&self) -> Vec<u8> {
        let or_null = |text: &Option<Vec<u8>>| text.clone().unwrap_or_else(|| b"(null)".to_vec());
        let flags = format!("{:x}", self.flags.bits());
        let class = self.class.as_bytes();
        let head =
            [b"map ", self.name.as_slice(), b", class ", class, b", flags ", flags.as_bytes(), b", file "];
        let (file, append, rest) = (or_null(&self.file), or_null(&self.append), or_null(&self.rest));
        let tail = [&file, b",\n\tapp ".as_slice(), &append, b", domain (null), rebuild ", &rest];
        [head.concat(), tail.concat()].concat()
    }

    /// The key as the map's files hold it: folded unless -f says otherwise.
    pub(super) fn fold(&self, key: &[u8]) -> Vec<u8> {
        if self.flags.contains(Flags::KEEP_CASE) { key.to_vec() } else { key.to_ascii_lowercase() }
    }

    /// The answer for a found value: -m, %0 to %9 and -a applied.
    pub(super) fn found(
        &self,
        key: &[u8],
        value: &[u8],
        args: &[Vec<u8>],
        observer: &mut dyn Observer,
    ) -> Found {
        let value = match self.flags.contains(Flags::MATCH_ONLY) {
            true => self.rewritten(key, None, observer),
            false => self.rewritten(value, Some(args), observer),
        };
        Answer { value: Some(value), status: Sysexit::OK }
    }

    /// `%0` is the key as given (`args[0]`), `%1` the first argument; without `args` nothing is filled in.
    pub(super) fn rewritten(
        &self,
        text: &[u8],
        args: Option<&[Vec<u8>]>,
        observer: &mut dyn Observer,
    ) -> Vec<u8> {
        let mut out = match args {
            Some(args) => interpolate(text, &|number| args.get(number).map(Vec::as_slice)),
            None => text.to_vec(),
        };
        if let Some(append) = &self.append {
            out.extend_from_slice(append);
        }
        let (text, args, result) = (text.into(), args.map(Cow::Borrowed), out.as_slice().into());
        observer.event(&Event::Map(&MapEvent::Filled { text, args, result }));
        out
    }

    /// The class begins to look for a key.
    pub(super) fn show_search(&self, function: &'static str, key: &[u8], observer: &mut dyn Observer) {
        let (map, key) = (self.name.as_slice().into(), key.into());
        observer.event(&Event::Map(&MapEvent::Search { function, map, key }));
    }
}

/// Puts arguments in the places of `%0` to `%9`; a missing one is empty.
pub(super) fn interpolate<'a>(text: &[u8], argument: &dyn Fn(usize) -> Option<&'a [u8]>) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'%') => out.push(b'%'),
            Some(digit @ b'0'..=b'9') => {
                if let Some(argument) = argument(usize::from(digit - b'0')) {
                    out.extend_from_slice(argument);
                }
            }
            Some(other) => out.extend_from_slice(&[b'%', other]),
            None => out.push(b'%'),
        }
    }
    out
}
