//! text: a file of lines and columns, searched from its beginning; where its keys stand is noted once it is asked often.

use super::class::{
    FoundFuture, ImmediateQuery, LookupContext, MapClass, OpenFuture, OpenMap, Opening, Query, answered,
    opened,
};
use super::files::{self, Stamp};
use super::flags::{Declaring, number};
use super::map::{Flags, Found, Map, NOT_FOUND, later, missing};
use super::settings::Settings;
use crate::engine::{ImmediateLookup, MapEvent, Observer};
use crate::sys::opener::FileOpener;
use hashbrown::{DefaultHashBuilder, HashTable};
use smallvec::SmallVec;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

struct Text;

pub(super) fn read(map: &mut Map, args: &[u8], declaring: &mut Declaring<'_>) -> Option<Arc<dyn MapClass>> {
    map.read_with_file(args, declaring).then(|| Arc::new(Text) as Arc<dyn MapClass>)
}

impl MapClass for Text {
    fn open<'a>(self: Arc<Self>, map: &'a Map, opening: &'a mut Opening<'_>) -> OpenFuture<'a> {
        opened(TextFile::open(map, opening))
    }

    fn files(&self, map: &Map, _settings: &Settings) -> Vec<Vec<u8>> {
        map.file.clone().into_iter().collect()
    }
}

/// An open text map.
struct TextFile {
    key_column: usize,
    value_column: usize,
    opener: Arc<dyn FileOpener>,
    content: Mutex<Option<Known>>,
}

/// What was read, and when the file was last seen to be the same still.
struct Known {
    stamp: Stamp,
    seen: Instant,
    content: Arc<Content>,
}

/// A changed file is noticed so much later, as with databases; until then no system call is made.
const FRESH: Duration = Duration::from_millis(100);

/// Look-ups that search a content line by line; those that follow know where its keys stand. Programs that ask once
/// need no index of a large file.
const SEARCHES: u32 = 16;

/// What a file holds.
#[derive(Default)]
struct Content {
    bytes: Vec<u8>,
    asked: AtomicU32,
    index: OnceLock<Index>,
}

/// Where the first line of each key begins.
struct Index {
    lines: HashTable<usize>,
    hasher: DefaultHashBuilder,
}

impl TextFile {
    /// Checks file and columns; what is wrong is said.
    fn open(map: &Map, opening: &mut Opening<'_>) -> Option<Self> {
        let file = map.file.as_deref().unwrap_or_default();
        opening.begins("text", map);
        if file.first() != Some(&b'/') {
            opening.say(&[b"text map \"", &map.name, b"\": file name must be fully qualified"]);
            return None;
        }
        if opening.check(file).is_err() {
            if map.flags.contains(Flags::OPTIONAL) {
                return None;
            }
            opening.say(&[b"text map \"", &map.name, b"\": unsafe map file ", file]);
            return None;
        }
        let key_column = column(map, b'k', map.key_column.as_deref(), opening)?;
        let value_column = column(map, b'v', map.value_column.as_deref(), opening)?;
        let delimiter = Some(map.delimiter).filter(|byte| *byte != 0);
        opening.show(MapEvent::Delimiter { map: &map.name, file, delimiter });
        let opener = opening.helpers.files.clone();
        Some(Self { key_column, value_column, opener, content: Mutex::new(None) })
    }

    fn find(&self, map: &Map, key: &[u8], args: &[Vec<u8>], observer: &mut dyn Observer) -> Found {
        map.show_search("text_map_lookup", key, observer);
        let Ok(content) = self.content(map) else { return later() };
        let line = content.line(key, self.key_column, map.delimiter);
        match line.and_then(|line| cut(line, self.value_column, map.delimiter)) {
            Some(value) => map.found(key, value, args, observer),
            None => missing(NOT_FOUND),
        }
    }

    fn content(&self, map: &Map) -> std::io::Result<Arc<Content>> {
        let file = map.file.as_deref().unwrap_or_default();
        let stamp = Stamp::of(files::path(file))?;
        let mut content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = content.as_mut().filter(|known| known.stamp == stamp) {
            known.seen = Instant::now();
            return Ok(Arc::clone(&known.content));
        }
        let read = Arc::new(Content { bytes: files::read(&*self.opener, file)?, ..Content::default() });
        *content = Some(Known { stamp, seen: Instant::now(), content: Arc::clone(&read) });
        Ok(read)
    }

    /// What was read, if that was so short a time ago that nobody need look.
    fn fresh(&self) -> Option<Arc<Content>> {
        let content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        let known = content.as_ref().filter(|known| known.seen.elapsed() < FRESH)?;
        Some(Arc::clone(&known.content))
    }
}

impl Content {
    /// The first line with this key.
    fn line(&self, key: &[u8], column: usize, delimiter: u8) -> Option<&[u8]> {
        let has_key = |start: &usize| {
            cut(self.line_at(*start), column, delimiter).is_some_and(|found| found.eq_ignore_ascii_case(key))
        };
        let start = if self.asked.fetch_add(1, Ordering::Relaxed) < SEARCHES {
            self.starts().find(has_key)
        } else {
            let index = self.index.get_or_init(|| self.index(column, delimiter));
            index.lines.find(index.hash(key), has_key).copied()
        };
        start.map(|start| self.line_at(start))
    }

    /// Where its lines begin, but for comments.
    fn starts(&self) -> impl Iterator<Item = usize> {
        let ends = memchr::memchr_iter(b'\n', &self.bytes);
        std::iter::once(0)
            .chain(ends.map(|end| end + 1))
            .filter(|start| self.bytes.get(*start) != Some(&b'#'))
    }

    fn line_at(&self, start: usize) -> &[u8] {
        let rest = &self.bytes[start..];
        &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())]
    }

    fn index(&self, column: usize, delimiter: u8) -> Index {
        let mut index = Index { lines: HashTable::new(), hasher: DefaultHashBuilder::default() };
        for start in self.starts() {
            let Some(key) = cut(self.line_at(start), column, delimiter) else { continue };
            index.add(key, start, |start| cut(self.line_at(start), column, delimiter).unwrap_or_default());
        }
        index
    }
}

impl Index {
    fn hash(&self, key: &[u8]) -> u64 {
        let small: SmallVec<[u8; 64]> = key.iter().map(u8::to_ascii_lowercase).collect();
        self.hasher.hash_one(&small[..])
    }

    /// Adds a line, unless an earlier one has its key.
    fn add<'t>(&mut self, key: &[u8], start: usize, key_at: impl Fn(usize) -> &'t [u8]) {
        let hash = self.hash(key);
        if self.lines.find(hash, |known| key_at(*known).eq_ignore_ascii_case(key)).is_none() {
            let mut lines = std::mem::take(&mut self.lines);
            lines.insert_unique(hash, start, |known| self.hash(key_at(*known)));
            self.lines = lines;
        }
    }
}

impl OpenMap for TextFile {
    fn lookup<'a>(&'a self, query: Query<'a>, context: &'a mut LookupContext<'_>) -> FoundFuture<'a> {
        answered(self.find(query.map, query.key, query.args, context.observer))
    }

    fn lookup_now(&self, query: &ImmediateQuery<'_>, value: &mut Vec<u8>) -> ImmediateLookup {
        // the long way looks at the file
        let Some(content) = self.fresh() else { return ImmediateLookup::Wait };
        query.show_search("text_map_lookup");
        let delimiter = query.map.delimiter;
        let line = content.line(query.key, self.key_column, delimiter);
        match line.and_then(|line| cut(line, self.value_column, delimiter)) {
            Some(found) => {
                value.extend_from_slice(found);
                query.found(value)
            }
            None => ImmediateLookup::Missing(NOT_FOUND),
        }
    }
}

fn column(map: &Map, flag: u8, text: Option<&[u8]>, opening: &mut Opening<'_>) -> Option<usize> {
    let Some(text) = text else { return Some(0) };
    if !text.first().is_some_and(u8::is_ascii_digit) {
        let file = map.file.as_deref().unwrap_or_default();
        let head = [b"text map \"", map.name.as_slice(), b"\", file ", file].concat();
        opening.say(&[&head, b": -", &[flag], b" should specify a number, not ", text]);
        return None;
    }
    Some(number(text) as usize)
}

/// Column `index` (from 0) of a line; without a delimiter columns are divided by runs of blanks.
fn cut(line: &[u8], index: usize, delimiter: u8) -> Option<&[u8]> {
    if delimiter != 0 {
        return line.split(|byte| *byte == delimiter).nth(index);
    }
    let blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b;
    let end = |text: &[u8]| text.iter().position(blank).unwrap_or(text.len());
    let after_blanks = |text: &[u8]| text.iter().take_while(|byte| blank(byte)).count();
    let mut rest = line;
    // blanks at the beginning belong to column 0, and end it for those behind
    for _ in 0..index {
        rest = &rest[end(rest)..];
        rest = &rest[after_blanks(rest)..];
    }
    rest = &rest[after_blanks(rest)..];
    if rest.is_empty() { None } else { Some(&rest[..end(rest)]) }
}

#[cfg(test)]
mod tests {
    use super::{Content, SEARCHES, cut};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_index_finds_what_a_search_finds(
            text in "([aAb#]?[aAbB]{0,2}[ \t:]{0,2}[abc]?\n?){0,30}",
            keys in prop::collection::vec("[aAbB]{0,2}", 1..20),
            column in 0..3_usize,
            delimiter in prop::sample::select(vec![0, b':']),
        ) {
            let content = Content { bytes: text.into_bytes(), ..Content::default() };
            for key in keys {
                content.asked.store(0, std::sync::atomic::Ordering::Relaxed);
                let searched = content.line(key.as_bytes(), column, delimiter);
                content.asked.store(SEARCHES, std::sync::atomic::Ordering::Relaxed);
                prop_assert_eq!(searched, content.line(key.as_bytes(), column, delimiter));
            }
        }
    }

    #[test]
    fn columns() {
        assert_eq!(cut(b"a:b::d", 2, b':'), Some(b"".as_slice()));
        assert_eq!(cut(b"a:b", 2, b':'), None);
        assert_eq!(cut(b"a \t b ", 1, 0), Some(b"b".as_slice()));
        assert_eq!(cut(b"  a \t b ", 0, 0), Some(b"a".as_slice()));
        assert_eq!(cut(b"  a \t b ", 1, 0), Some(b"a".as_slice()));
        assert_eq!(cut(b"a", 1, 0), None);
        assert_eq!(cut(b" ", 0, 0), None);
    }
}
