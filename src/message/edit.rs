//! A header while filters change it: fields that are not there, or not any more, keep their places meanwhile.
//!
//! In: the fields of a message that has arrived, and the H lines. Out: the fields that are left. Places are counted as sendmail's
//! list has them: each H line has one, whether it has made a field or not.

use super::header::{Header, HeaderKind, Headers};
use crate::config::HeaderDecl;

/// A place in the header.
#[derive(Clone, Debug)]
struct Place {
    field: Header,
    /// Nobody sees it.
    empty: bool,
}

/// What a change has met.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Changed {
    /// There was no such field; there is one now.
    Added,
    /// There was none, and none was to be taken away.
    Nothing,
    /// There was one.
    Field {
        /// Was it made by an H line?
        default: bool,
        /// Its value, if it had one.
        before: Option<Vec<u8>>,
    },
}

/// The header of one message.
#[derive(Clone, Debug, Default)]
pub struct HeaderEdit {
    places: Vec<Place>,
    changed: bool,
}

impl HeaderEdit {
    /// Of these fields, which begin with those of the H lines.
    pub fn new(lines: &[HeaderDecl], headers: Headers) -> Self {
        let mut fields = headers.0.into_iter().peekable();
        let mut places = Vec::new();
        for line in lines {
            let made = |field: &Header| field.kind.contains(HeaderKind::DEFAULT) && field.name == line.name;
            places.push(match fields.next_if(made) {
                Some(field) => Place { field, empty: false },
                None => {
                    let field = Header::of_line(line, HeaderKind::of(&line.name), Vec::new());
                    Place { field, empty: true }
                }
            });
        }
        places.extend(fields.map(|field| Place { field, empty: false }));
        Self { places, changed: false }
    }

    /// The fields that are there.
    pub fn fields(&self) -> impl Iterator<Item = &Header> {
        self.places.iter().filter(|place| !place.empty).map(|place| &place.field)
    }

    /// The next filter does not know of fields that are not there any more.
    pub fn settle(&mut self) {
        for place in self.places.iter_mut().filter(|place| place.empty) {
            place.field.kind.remove(HeaderKind::USER);
        }
    }

    /// Has anything been changed?
    pub fn has_changed(&self) -> bool {
        self.changed
    }

    /// What is left.
    pub fn finish(self) -> Headers {
        Headers(self.places.into_iter().filter(|place| !place.empty).map(|place| place.field).collect())
    }

    /// One more field: in the place of one that an H line has made, else before the first of its name, else behind all others.
    /// `value`: all after the colon. Is it in another's place?
    pub fn add(&mut self, name: &[u8], value: Vec<u8>) -> bool {
        self.changed = true;
        // many hops leave a trace field each (RFC 5321, 4.4)
        let made = |place: &&mut Place| {
            let kind = place.field.kind;
            let default = kind.contains(HeaderKind::DEFAULT) && !kind.contains(HeaderKind::TRACE);
            default && place.field.name.eq_ignore_ascii_case(name)
        };
        if let Some(place) = self.places.iter_mut().find(made) {
            place.set(value);
            place.field.kind.remove(HeaderKind::DEFAULT);
            return true;
        }
        self.put_first(name, value);
        false
    }

    /// A field with so many places before it, Return-Path's not counted, which stays the first.
    pub fn insert(&mut self, index: i32, name: &[u8], value: Vec<u8>) {
        self.changed = true;
        let is_path = |place: &&Place| place.field.name.eq_ignore_ascii_case(b"return-path");
        let first = usize::from(self.places.first().filter(is_path).is_some());
        let at = usize::try_from(index).unwrap_or(0).saturating_add(first).min(self.places.len());
        self.places.insert(at, Place { field: field(name, value), empty: false });
    }

    /// Another value for the so-manieth field (from 1) of this name that came with the message or from a filter, else for the one
    /// that is made here; an empty one takes it away. `value`: all after the colon.
    pub fn change(&mut self, index: u32, name: &[u8], value: Option<Vec<u8>>) -> Changed {
        let Some((at, default)) = self.find(index, name) else {
            let Some(value) = value else { return Changed::Nothing };
            self.put_first(name, value);
            return Changed::Added;
        };
        self.changed = true;
        let place = &mut self.places[at];
        let before = (!place.empty).then(|| place.field.value.clone());
        match value {
            Some(value) => place.set(value),
            None => place.empty = true,
        }
        Changed::Field { default, before }
    }

    /// There may be many trace fields: one that was made here is nobody's to change.
    fn find(&self, index: u32, name: &[u8]) -> Option<(usize, bool)> {
        let mut left = index.max(1);
        let mut made_here = None;
        for (at, place) in self.places.iter().enumerate() {
            if !place.field.name.eq_ignore_ascii_case(name) {
                continue;
            }
            if place.field.kind.contains(HeaderKind::USER) {
                left -= 1;
                if left == 0 {
                    return Some((at, false));
                }
            } else if !place.field.kind.contains(HeaderKind::TRACE) {
                made_here = Some((at, true));
            }
        }
        made_here
    }

    fn put_first(&mut self, name: &[u8], value: Vec<u8>) {
        self.changed = true;
        let same = |place: &Place| place.field.name.eq_ignore_ascii_case(name);
        let at = self.places.iter().position(same).unwrap_or(self.places.len());
        self.places.insert(at, Place { field: field(name, value), empty: false });
    }
}

impl Place {
    fn set(&mut self, value: Vec<u8>) {
        self.field.value = value;
        self.field.kind |= HeaderKind::USER;
        self.field.kind.remove(HeaderKind::BIND_LATE);
        self.empty = false;
    }
}

/// A field as if it had come with the message.
fn field(name: &[u8], value: Vec<u8>) -> Header {
    let kind = (HeaderKind::of(name) | HeaderKind::USER).difference(HeaderKind::BIND_LATE);
    Header { value, kind, ..Header::generated(name, b"") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::HeaderCondition;

    fn line(name: &str) -> HeaderDecl {
        HeaderDecl {
            name: name.into(),
            value: b" made".to_vec(),
            condition: HeaderCondition::Always,
            line: 0,
        }
    }

    /// H lines Return-Path, Received, Full-Name and Date, of which Full-Name has made nothing; two fields of the message.
    fn edit() -> HeaderEdit {
        let lines = ["Return-Path", "Received", "Full-Name", "Date"].map(line);
        let made = ["Return-Path", "Received", "Date"].map(|name| {
            let kind = HeaderKind::of(name.as_bytes()) | HeaderKind::DEFAULT;
            Header { kind, ..Header::generated(name.as_bytes(), b" made") }
        });
        let own = ["X-A", "X-A"].map(|name| field(name.as_bytes(), b" own".to_vec()));
        HeaderEdit::new(&lines, Headers(made.into_iter().chain(own).collect()))
    }

    fn names(edit: &HeaderEdit) -> String {
        let names: Vec<_> =
            edit.fields().map(|field| String::from_utf8_lossy(&field.name).into_owned()).collect();
        names.join(" ")
    }

    #[test]
    fn places_are_counted_as_sendmail_counts_them() {
        for (index, expected) in [
            (0, "Return-Path I Received Date X-A X-A"),
            (-1, "Return-Path I Received Date X-A X-A"),
            (1, "Return-Path Received I Date X-A X-A"),
            // Full-Name has a place although nothing is there
            (2, "Return-Path Received I Date X-A X-A"),
            (3, "Return-Path Received Date I X-A X-A"),
            (4, "Return-Path Received Date X-A I X-A"),
            (99, "Return-Path Received Date X-A X-A I"),
        ] {
            let mut edit = edit();
            edit.insert(index, b"I", b" v".to_vec());
            assert_eq!(names(&edit), expected, "{index}");
        }
    }

    #[test]
    fn a_field_that_is_taken_away_is_counted_until_the_next_filter() {
        let mut edit = edit();
        let had = |value: &[u8]| Changed::Field { default: false, before: Some(value.to_vec()) };
        assert_eq!(edit.change(1, b"x-a", None), had(b" own"));
        assert_eq!(
            edit.change(1, b"X-A", Some(b" again".to_vec())),
            Changed::Field { default: false, before: None }
        );
        assert_eq!(edit.change(1, b"X-A", None), had(b" again"));
        edit.settle();
        assert_eq!(edit.change(1, b"X-A", Some(b" last".to_vec())), had(b" own"));
        assert_eq!(edit.change(9, b"X-B", None), Changed::Nothing);
    }

    #[test]
    fn a_trace_field_is_added_and_no_other_default() {
        let mut edit = edit();
        assert!(!edit.add(b"Received", b" r".to_vec()));
        assert!(edit.add(b"Date", b" d".to_vec()));
        assert!(!edit.add(b"X-A", b" n".to_vec()));
        assert_eq!(edit.change(2, b"Received", Some(b" s".to_vec())), Changed::Added);
        assert_eq!(
            edit.change(1, b"Return-Path", Some(b" <x>".to_vec())),
            Changed::Field { default: true, before: Some(b" made".to_vec()) }
        );
        assert_eq!(names(&edit), "Return-Path Received Received Received Date X-A X-A X-A");
    }
}
