//! text: a file of lines and columns, searched from its beginning.

use super::class::{
    FoundFuture, LookupContext, MapClass, OpenFuture, OpenMap, Opening, Query, answered, opened,
};
use super::files::{self, Stamp};
use super::flags::{Declaring, number};
use super::map::{Flags, Found, Map, NOT_FOUND, later, missing};
use super::settings::Settings;
use crate::engine::{MapEvent, Observer};
use std::sync::{Arc, Mutex, PoisonError};

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
    content: Mutex<Option<(Stamp, Arc<[u8]>)>>,
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
        Some(Self { key_column, value_column, content: Mutex::new(None) })
    }

    fn find(&self, map: &Map, key: &[u8], args: &[Vec<u8>], observer: &mut dyn Observer) -> Found {
        map.show_search("text_map_lookup", key, observer);
        let Ok(content) = self.content(map) else { return later() };
        for line in content.split(|byte| *byte == b'\n').filter(|line| line.first() != Some(&b'#')) {
            let found = cut(line, self.key_column, map.delimiter);
            if found.is_some_and(|found| found.eq_ignore_ascii_case(key)) {
                return match cut(line, self.value_column, map.delimiter) {
                    Some(value) => map.found(key, value, args, observer),
                    None => missing(NOT_FOUND),
                };
            }
        }
        missing(NOT_FOUND)
    }

    fn content(&self, map: &Map) -> std::io::Result<Arc<[u8]>> {
        let path = files::path(map.file.as_deref().unwrap_or_default());
        let stamp = Stamp::of(path)?;
        let mut content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((read, bytes)) = &*content
            && *read == stamp
        {
            return Ok(Arc::clone(bytes));
        }
        let bytes: Arc<[u8]> = std::fs::read(path)?.into();
        *content = Some((stamp, Arc::clone(&bytes)));
        Ok(bytes)
    }
}

impl OpenMap for TextFile {
    fn lookup<'a>(&'a self, query: Query<'a>, context: &'a mut LookupContext<'_>) -> FoundFuture<'a> {
        answered(self.find(query.map, query.key, query.args, context.observer))
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
    use super::cut;

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
