//! Macros, classes and the table of their names.

use crate::addr::{MacroId, op, with_folded};
use crate::cf::NameTable;
use hashbrown::{HashMap, HashTable};
use std::sync::Arc;

/// Long names and their ids. Macros and classes share one table.
#[derive(Clone, Debug, Default)]
pub struct Names {
    long: Vec<Vec<u8>>,
    ids: HashMap<Vec<u8>, u8>,
    /// Names that came too late, so that each is complained of once.
    refused: Vec<Vec<u8>>,
    /// -dANSI: operators are shown in reverse video.
    emphasis: bool,
}

impl Names {
    /// Shows operators in reverse video from now on.
    pub fn emphasize(&mut self) {
        self.emphasis = true;
    }

    /// Ids of long names begin here.
    pub const FIRST: u8 = 0xa0;

    /// The one long name whose id was settled before there was a table.
    const OP_MODE: (&'static [u8], u8) = (b"opMode", 5);

    /// The id of `name`, given one if it is new. `None` when all 96 are taken.
    pub fn intern(&mut self, name: &[u8]) -> Option<MacroId> {
        if let Some(id) = self.get(name) {
            return Some(id);
        }
        if self.long.len() > (0xff - Self::FIRST) as usize {
            return None;
        }
        let id = Self::FIRST + self.long.len() as u8;
        self.long.push(name.to_vec());
        self.ids.insert(name.to_vec(), id);
        Some(MacroId(id))
    }

    /// The id of a name that exists already (a single character always does).
    pub fn get(&self, name: &[u8]) -> Option<MacroId> {
        if let [single] = name {
            return Some(MacroId(*single));
        }
        if name == Self::OP_MODE.0 {
            return Some(MacroId(Self::OP_MODE.1));
        }
        self.ids.get(name).map(|id| MacroId(*id))
    }

    /// The long name of an id; `None` for single characters.
    pub fn long_name(&self, id: MacroId) -> Option<&[u8]> {
        if id.0 == Self::OP_MODE.1 {
            return Some(Self::OP_MODE.0);
        }
        let index = id.0.checked_sub(Self::FIRST)?;
        self.long.get(index as usize).map(Vec::as_slice)
    }
}

impl NameTable for Names {
    fn intern(&mut self, name: &[u8]) -> Option<MacroId> {
        Names::intern(self, name)
    }

    fn refuse(&mut self, name: &[u8]) -> bool {
        let new = !self.refused.iter().any(|refused| refused == name);
        if new {
            self.refused.push(name.to_vec());
        }
        new
    }
}

/// Values of macros by id, unexpanded.
#[derive(Clone, Debug)]
pub struct Macros(Box<[Option<Arc<[u8]>>; 256]>);

impl Default for Macros {
    fn default() -> Self {
        Self(Box::new([const { None }; 256]))
    }
}

impl Macros {
    /// The value, if the macro is defined (it may be empty).
    pub fn get(&self, id: MacroId) -> Option<&[u8]> {
        self.0[id.0 as usize].as_deref()
    }

    /// Defines a macro, or takes its definition away.
    pub fn set(&mut self, id: MacroId, value: Option<&[u8]>) {
        self.0[id.0 as usize] = value.map(Arc::from);
    }
}

/// A word as first entered in any class, and how many words came before it.
#[derive(Clone, Debug)]
struct Word {
    hash: u64,
    age: u32,
    /// First line of the line that put it into this class; 0: no line did.
    line: u32,
    /// Without case; all classes share it.
    lower: Arc<[u8]>,
    spelling: Arc<[u8]>,
}

impl Word {
    /// FNV-1a: only what the configuration says is ever put into a table.
    fn hash(lower: &[u8]) -> u64 {
        const FACTOR: u64 = 0x0000_0100_0000_01b3;
        lower.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(FACTOR))
    }
}

/// One class: words compared without ASCII case.
#[derive(Clone, Debug, Default)]
pub struct Class {
    words: HashTable<Word>,
    /// The longest word's length in bytes, to stop `$=` early.
    longest: usize,
}

impl Class {
    /// Is the whole phrase a member?
    pub fn contains(&self, phrase: &[u8]) -> bool {
        let find = |lower: &[u8]| self.words.find(Word::hash(lower), |word| *word.lower == *lower).is_some();
        phrase.len() <= self.longest && with_folded(phrase, find)
    }

    /// First line of the line that put a word there, 0 where none did; `None`: it is no member.
    pub(super) fn line_of(&self, word: &[u8]) -> Option<u32> {
        let known = |lower: &[u8]| self.words.find(Word::hash(lower), |word| *word.lower == *lower);
        with_folded(word, |lower| known(lower).map(|word| word.line))
    }

    /// No members?
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Length of the longest member.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// The members in lower case, in no order.
    pub fn folded(&self) -> impl Iterator<Item = &[u8]> {
        self.words.iter().map(|word| &*word.lower)
    }

    /// The members as `$=x` lists them: by sendmail's hash bucket, older words first, each as it was
    /// first spelled in any class.
    pub fn words(&self) -> Vec<&[u8]> {
        let mut words: Vec<_> = self.words.iter().collect();
        words.sort_by_key(|word| (bucket(&word.lower), word.age));
        words.into_iter().map(|word| &*word.spelling).collect()
    }
}

/// sendmail's symbol table hash.
fn bucket(lower: &[u8]) -> u32 {
    lower.iter().fold(1, |hash, byte| ((hash << 1) ^ u32::from(*byte)) % 2003)
}

/// Classes by id; all share one table of words.
#[derive(Clone, Debug, Default)]
pub struct Classes {
    by_id: HashMap<u8, Class>,
    words: HashTable<Word>,
}

impl Classes {
    /// The class, if anything was ever put into it.
    pub fn get(&self, id: MacroId) -> Option<&Class> {
        self.by_id.get(&id.0)
    }

    /// Adds a word to a class, which comes into being with it.
    pub fn insert(&mut self, id: MacroId, word: &[u8]) {
        self.insert_from(id, word, 0);
    }

    /// The same where a line of the cf says so.
    pub(super) fn insert_from(&mut self, id: MacroId, word: &[u8], line: u32) {
        let word = Word { line, ..with_folded(word, |lower| self.word(lower, word)) };
        let class = self.by_id.entry(id.0).or_default();
        class.longest = class.longest.max(word.lower.len());
        class.words.entry(word.hash, |known| known.lower == word.lower, |known| known.hash).or_insert(word);
    }

    /// A word that is known in any class, entered if it is not.
    fn word(&mut self, lower: &[u8], spelling: &[u8]) -> Word {
        let hash = Word::hash(lower);
        let age = self.words.len() as u32;
        let entry = self.words.entry(hash, |known| *known.lower == *lower, |known| known.hash);
        let made = entry.or_insert_with(|| {
            let shared: Arc<[u8]> = Arc::from(lower);
            let spelling = if lower == spelling { shared.clone() } else { Arc::from(spelling) };
            Word { hash, age, line: 0, lower: shared, spelling }
        });
        made.get().clone()
    }

    /// Adds the present members of one class to another, as a line of the cf says (0: none).
    pub fn copy(&mut self, from: MacroId, to: MacroId, line: u32) {
        let words: Vec<Vec<u8>> = self
            .get(from)
            .map_or_else(Vec::new, |class| class.words().into_iter().map(<[u8]>::to_vec).collect());
        for word in words {
            self.insert_from(to, &word, line);
        }
    }
}

/// How operator bytes are written; followed by a name where the second part says so.
const OPERATORS: [(u8, &str, bool); 19] = [
    (op::MACRO_EXPAND, "$", true),
    (op::MACRO_DEFER, "$&", true),
    (op::LOOKUP_BEGIN, "$(", false),
    (op::LOOKUP_END, "$)", false),
    (op::MATCH_ZERO_OR_MORE, "$*", false),
    (op::MATCH_ONE_OR_MORE, "$+", false),
    (op::MATCH_ONE, "$-", false),
    (op::MATCH_CLASS, "$=", true),
    (op::MATCH_NOT_CLASS, "$~", true),
    (op::MATCH_REPLACE, "$", false),
    (op::CANONICAL_NET, "$#", false),
    (op::CANONICAL_HOST, "$@", false),
    (op::CANONICAL_USER, "$:", false),
    (op::CALL_SUBROUTINE, "$>", false),
    (op::COND_IF, "$?", false),
    (op::COND_ELSE, "$|", false),
    (op::COND_FI, "$.", false),
    (op::HOST_BEGIN, "$[", false),
    (op::HOST_END, "$]", false),
];

/// Is a text its own printed form?
#[inline]
pub fn is_printable(text: &[u8]) -> bool {
    text.iter().all(|byte| matches!(byte, 0x20..=0x7e))
}

/// Appends [`printable`] text.
pub fn put_printable(text: &[u8], names: &Names, out: &mut Vec<u8>) {
    if is_printable(text) {
        out.extend_from_slice(text);
        return;
    }
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\t' => out.extend(b"\\t"),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            0x20..=0x7e => out.push(byte),
            0..=0x1f | 0x7f => {}
            _ => match OPERATORS.iter().find(|(operator, ..)| *operator == byte) {
                None => printable_high(byte, out),
                Some((_, written, named)) => {
                    let (on, off): (&[u8], &[u8]) =
                        if names.emphasis { (b"\x1b[7m", b"\x1b[0m") } else { (b"", b"") };
                    out.extend_from_slice(on);
                    out.extend_from_slice(written.as_bytes());
                    // an operator and the digit that belongs to it
                    if byte == op::MATCH_REPLACE {
                        match bytes.next() {
                            Some(digit @ 0x20..=0x7e) => out.push(digit),
                            Some(other @ 0x80..) => out.extend([b'^', other ^ 0x40]),
                            _ => {}
                        }
                    } else if *named {
                        printable_name(byte, &mut bytes, names, out);
                    }
                    out.extend_from_slice(off);
                }
            },
        }
    }
}

/// A text as traces and `-bt` print it: operators as they are written, long names in braces, some
/// control characters named, the others left out. The quote byte is one of the latter, and protects nothing.
pub fn printable(text: &[u8], names: &Names) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 8);
    put_printable(text, names, &mut out);
    out
}

/// The name that an operator is followed by.
fn printable_name(
    operator: u8,
    bytes: &mut std::iter::Peekable<impl Iterator<Item = u8>>,
    names: &Names,
    out: &mut Vec<u8>,
) {
    if operator == op::MACRO_EXPAND && matches!(bytes.peek(), Some(b'=' | b'~' | b'&' | b'?')) {
        out.extend(bytes.next());
    }
    match bytes.next().map(|id| (id, names.long_name(MacroId(id)))) {
        Some((_, Some(name))) => out.extend([b"{", name, b"}"].concat()),
        Some((0x80.., None)) => out.extend_from_slice(b"{***UNDEFINED MACRO***}"),
        Some((id, None)) => out.push(id),
        None => {}
    }
}

fn printable_high(byte: u8, out: &mut Vec<u8>) {
    match byte {
        0x80.. => {
            out.extend(b"M-");
            match byte & 0x7f {
                b'\t' => out.extend(b"\\t"),
                b'\n' => out.extend(b"\\n"),
                b'\r' => out.extend(b"\\r"),
                low => out.extend(Some(low).filter(|low| (0x20..0x7f).contains(low))),
            }
        }
        0x20..=0x7e => out.push(byte),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(classes: &Classes, id: u8) -> Vec<String> {
        let class = classes.get(MacroId(id)).expect("filled");
        class.words().into_iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect()
    }

    #[test]
    fn listing_order_is_the_hash_tables() {
        let mut classes = Classes::default();
        for word in "ab ba aa zz Az zA q1 1q mail.example.com example.com.mail a.b.c c.b.a".split(' ') {
            classes.insert(MacroId(b'X'), word.as_bytes());
        }
        let expected = "1q zz zA ba ab aa Az q1 mail.example.com example.com.mail c.b.a a.b.c";
        assert_eq!(listing(&classes, b'X').join(" "), expected);
    }

    #[test]
    fn first_spelling_stays() {
        let mut classes = Classes::default();
        classes.insert(MacroId(b'X'), b"Foo");
        classes.insert(MacroId(b'Y'), b"fOO");
        assert_eq!(listing(&classes, b'Y'), ["Foo"]);
        assert!(classes.get(MacroId(b'Y')).expect("filled").contains(b"FOO"));
    }
}
