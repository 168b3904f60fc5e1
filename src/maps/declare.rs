//! Reading K lines.

use super::class::{self, Class, ClassRow};
use super::ldap::LdapMap;
use super::map::{Flags, Map};
use crate::config::MapDecl;

/// What comes of a K line.
#[derive(Clone, Debug, Default)]
pub struct Declared {
    /// What must be said (unknown class, bad flag, bad pattern), each without its `file: line N: ` prefix.
    pub messages: Vec<Vec<u8>>,
    /// The map, perhaps unusable; `None`: there is none.
    pub map: Option<Map>,
}

/// The reader's side of a K line.
pub struct Declaring<'a> {
    /// Messages so far.
    pub messages: Vec<Vec<u8>>,
    /// Was a map of this name declared before?
    pub known: &'a dyn Fn(&[u8]) -> bool,
    /// Option BlankSub as it stands at this line.
    pub blank_sub: u8,
    /// What option LDAPDefaultSpec says.
    pub ldap_defaults: LdapMap,
}

impl Declaring<'_> {
    pub(super) fn say(&mut self, parts: &[&[u8]]) {
        self.messages.push(parts.concat());
    }
}

/// Checks a K line when it is read. `known` tells whether a map of that name was declared before.
pub fn declare(decl: &MapDecl, known: &dyn Fn(&[u8]) -> bool) -> Declared {
    let mut declaring =
        Declaring { messages: Vec::new(), known, blank_sub: decl.space, ldap_defaults: LdapMap::default() };
    let Some(row) = class::find(&decl.class) else {
        let text = [b"readcf: map ", decl.name.as_slice(), b": class ", &decl.class, b" not available"];
        return Declared { messages: vec![text.concat()], ..Declared::default() };
    };
    let mut map = Map::new(&decl.name, row);
    map.read(&decl.args, &mut declaring);
    Declared { messages: declaring.messages, map: Some(map) }
}

impl Map {
    /// A map without any settings.
    pub fn new(name: &[u8], class: &'static ClassRow) -> Self {
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
            own: Class::Nothing,
        }
    }

    /// Reads the text after the class. Settings of an earlier K line of the same name stay, as they
    /// do in sendmail.
    pub(super) fn read(&mut self, args: &[u8], declaring: &mut Declaring<'_>) {
        if !self.class.late_space {
            self.space = Some(declaring.blank_sub);
        }
        let usable = (self.class.parse)(self, args, declaring);
        self.flags.set(Flags::VALID, usable);
    }

    /// What `-d37.5` prints when the line has been read.
    pub(super) fn trace(&self) -> Vec<u8> {
        let or_null = |text: &Option<Vec<u8>>| text.clone().unwrap_or_else(|| b"(null)".to_vec());
        let flags = format!("{:x}", self.flags.bits());
        let class = self.class.name.as_bytes();
        let head =
            [b"map ", self.name.as_slice(), b", class ", class, b", flags ", flags.as_bytes(), b", file "];
        let (file, append, rest) = (or_null(&self.file), or_null(&self.append), or_null(&self.rest));
        let tail = [&file, b",\n\tapp ".as_slice(), &append, b", domain (null), rebuild ", &rest];
        [head.concat(), tail.concat()].concat()
    }
}
