//! The files of a map: its text, line by line, and what makemap makes of it.

use crate::config::MapDecl;
use crate::sys::accounts;
use std::path::PathBuf;

/// A line of a table.
pub(super) struct Row<'t> {
    pub(super) line: u32,
    pub(super) text: &'t [u8],
    pub(super) key: &'t [u8],
    pub(super) value: &'t [u8],
}

impl Row<'_> {
    /// Where the value stands.
    pub(super) fn value_column(&self) -> u32 {
        let at = self.text.len() - self.text.trim_ascii_start().len() + self.key.len();
        let blanks = self.text[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        u32::try_from(at + blanks + 1).unwrap_or(0)
    }
}

/// Files of a map: its text, and what is made of that.
pub(super) struct Table<'a> {
    pub(super) decl: &'a MapDecl,
    pub(super) source: PathBuf,
    pub(super) database: Option<PathBuf>,
    flags: Vec<&'a [u8]>,
}

/// Classes whose files makemap writes, with the ending that it gives them.
const DATABASES: &[(&[u8], &str)] = &[(b"hash", "db"), (b"btree", "db"), (b"dbm", "pag"), (b"cdb", "cdb")];

impl<'a> Table<'a> {
    pub(super) fn of(decl: &'a MapDecl) -> Option<Self> {
        let words: Vec<&[u8]> =
            decl.args.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
        let (file, flags) = words.split_last()?;
        if !file.starts_with(b"/") {
            return None;
        }
        let row = DATABASES.iter().find(|(class, _)| decl.class.eq_ignore_ascii_case(class));
        if row.is_none() && !decl.class.eq_ignore_ascii_case(b"text") {
            return None;
        }
        let ending = row.map(|(_, ending)| format!(".{ending}"));
        let bare = ending.as_ref().and_then(|ending| file.strip_suffix(ending.as_bytes())).unwrap_or(file);
        let database = ending.map(|ending| accounts::path(&[bare, ending.as_bytes()].concat()));
        // columns and delimiters of other people's tables
        let odd = |flag: &&[u8]| {
            [b"-k", b"-v", b"-z"].iter().any(|start| flag.starts_with(*start))
                && *flag != b"-v1"
                && *flag != b"-k0"
        };
        if row.is_none() && flags.iter().any(odd) {
            return None;
        }
        Some(Self { decl, source: accounts::path(bare), database, flags: flags.to_vec() })
    }

    pub(super) fn has(&self, flag: &[u8]) -> bool {
        self.flags.contains(&flag)
    }
}
