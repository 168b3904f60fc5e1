//! Alias databases: the first answer wins, in the order of option AliasFile.

use super::protocol::{AliasAnswer, Signature};
use crate::db::{AliasSpec, bdb, database_of, plain_aliases};
use crate::sys::clock;
use crate::sys::errno_text;
use crate::sys::safe::{self, Blame, Rules};
use std::collections::HashMap;
use std::fs::Metadata;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

pub(super) fn signature(about: &Metadata) -> Signature {
    (about.dev(), about.ino(), about.mtime(), about.mtime_nsec(), about.size())
}

/// All alias databases of the site.
pub(super) struct Aliases {
    sources: Vec<Source>,
}

/// Aliases of a text file: name in lower case and value.
type Table = Arc<HashMap<Vec<u8>, Vec<u8>>>;

struct Source {
    spec: AliasSpec,
    blame: Blame,
    /// Option AliasWait, in seconds.
    wait: i64,
    text: Mutex<Option<(Signature, Table)>>,
    database: Mutex<Option<(Signature, Arc<bdb::Reader>)>>,
}

impl Aliases {
    /// Opens nothing yet.
    pub(super) fn new(specs: &[AliasSpec], blame: Blame, wait: i64) -> Self {
        let source = |spec: &AliasSpec| Source {
            spec: spec.clone(),
            blame,
            wait,
            text: Mutex::default(),
            database: Mutex::default(),
        };
        Self { sources: specs.iter().map(source).collect() }
    }

    /// What the sources from number `first` on say of an alias, its key as given (case is the caller's business).
    ///
    /// # Errors
    /// When a source cannot be read just now.
    pub(super) fn get(&self, key: &[u8], first: u32) -> Result<AliasAnswer, String> {
        for (number, source) in self.sources.iter().enumerate().skip(first as usize) {
            if !source.is_read() {
                return Ok(AliasAnswer::NotRead(number as u32));
            }
            if let Some(value) = source.get(key)? {
                return Ok(AliasAnswer::Value(value));
            }
        }
        Ok(AliasAnswer::Absent)
    }

    /// The value of an alias in the sources that the keeper reads, others passed over.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub(super) fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, String> {
        let mut first = 0;
        loop {
            match self.get(key, first)? {
                AliasAnswer::Value(value) => return Ok(Some(value)),
                AliasAnswer::Absent => return Ok(None),
                AliasAnswer::NotRead(number) => first = number + 1,
            }
        }
    }

    /// Shows every value of every source that the keeper reads.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub(super) fn each_value(&self, each: &mut dyn FnMut(&[u8])) -> Result<(), String> {
        self.sources.iter().filter(|source| source.is_read()).try_for_each(|source| source.each_value(each))
    }

    /// Signatures of all files, for caches made from `values`.
    pub(super) fn signatures(&self) -> Vec<Option<Signature>> {
        let stat = |source: &Source| source.stored().and_then(|path| Some(signature(&path.metadata().ok()?)));
        self.sources.iter().map(stat).collect()
    }
}

fn without_nul(mut value: Vec<u8>) -> Vec<u8> {
    if value.last() == Some(&0) {
        value.pop();
    }
    value
}

impl Source {
    /// Is it a database file (and not text)? `implicit` takes the database where there is one.
    fn kind(&self) -> Option<Option<bdb::Kind>> {
        match self.spec.class.as_slice() {
            b"hash" => Some(Some(bdb::Kind::Hash)),
            b"btree" => Some(Some(bdb::Kind::Btree)),
            b"implicit" if database_of(&self.spec.file).exists() => Some(None),
            _ => None,
        }
    }

    fn is_text(&self) -> bool {
        matches!(self.spec.class.as_slice(), b"implicit" | b"text" | b"stab" | b"files")
    }

    /// Other classes (LDAP, NIS, …) are the front's to ask: the keeper believes only what lies in files.
    fn is_read(&self) -> bool {
        self.is_text() || self.kind().is_some()
    }

    fn stored(&self) -> Option<PathBuf> {
        match self.kind() {
            Some(_) => Some(database_of(&self.spec.file)),
            None if self.is_text() => Some(self.spec.file.clone()),
            None => None,
        }
    }

    fn is_optional(&self) -> bool {
        self.spec.flags.windows(2).any(|two| two == b"-o")
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, String> {
        if let Some(kind) = self.kind() {
            let Some(reader) = self.reader(kind)? else { return Ok(None) };
            // sendmail writes keys with their NUL; other tools may not
            let with_nul = [key, b"\0"].concat();
            let found = reader.get(&with_nul).and_then(|found| match found {
                Some(value) => Ok(Some(value)),
                None => reader.get(key),
            });
            return found.map(|value| value.map(without_nul)).map_err(|error| errno_text(&error));
        }
        Ok(self.table()?.and_then(|table| table.get(key).cloned()))
    }

    fn each_value(&self, each: &mut dyn FnMut(&[u8])) -> Result<(), String> {
        if let Some(kind) = self.kind() {
            let Some(reader) = self.reader(kind)? else { return Ok(()) };
            let mut pair = |_: &[u8], value: &[u8]| {
                each(value.strip_suffix(b"\0").unwrap_or(value));
                true
            };
            return reader.for_each(&mut pair).map_err(|error| errno_text(&error));
        }
        if let Some(table) = self.table()? {
            table.values().for_each(|value| each(value));
        }
        Ok(())
    }

    /// The open database; one that changed on disk is opened again.
    fn reader(&self, kind: Option<bdb::Kind>) -> Result<Option<Arc<bdb::Reader>>, String> {
        let path = database_of(&self.spec.file);
        let about = match path.metadata() {
            Ok(about) => about,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && self.is_optional() => {
                return Ok(None);
            }
            Err(error) => return Err(format!("{}: {error}", path.display())),
        };
        let now = signature(&about);
        let mut open = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((then, reader)) = open.as_ref()
            && *then == now
        {
            return Ok(Some(reader.clone()));
        }
        safe::open(&path, &Rules::alias(self.blame)).map_err(|why| format!("{}: {why}", path.display()))?;
        let reader =
            bdb::Reader::open(&path, kind).map_err(|error| format!("{}: {error}", path.display()))?;
        if self.is_being_made(&about, &reader)? {
            return Err(format!("{}: has no end yet (@:@)", path.display()));
        }
        let reader = Arc::new(reader);
        *open = Some((now, reader.clone()));
        Ok(Some(reader))
    }

    /// AliasWait: a database without the pair @:@, which is written last, is being made; but not for longer than that. Where sendmail's
    /// process waits, who asks is told to come again.
    fn is_being_made(&self, about: &Metadata, reader: &bdb::Reader) -> Result<bool, String> {
        if clock::now() - about.mtime() >= self.wait {
            return Ok(false);
        }
        for end in [&b"@\0"[..], b"@"] {
            if reader.get(end).map_err(|error| errno_text(&error))?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The text file as a table; read again when it changed.
    fn table(&self) -> Result<Option<Table>, String> {
        let path = &self.spec.file;
        let now = path.metadata().ok().map(|about| signature(&about));
        let mut known = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((then, table)) = known.as_ref()
            && Some(*then) == now
        {
            return Ok(Some(table.clone()));
        }
        let opened = match safe::open(path, &Rules::alias(self.blame)) {
            Err(why) if why.is_absent() => return Ok(None), // sendmail works without an alias file
            other => other.map_err(|why| format!("{}: {why}", path.display())),
        };
        let (mut file, about) = opened?;
        let now = signature(&about);
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut table = HashMap::new();
        for (name, value) in plain_aliases(&text) {
            // the last of two aliases counts, as in a database
            table.insert(name.to_ascii_lowercase(), value);
        }
        let table = Arc::new(table);
        *known = Some((now, table.clone()));
        Ok(Some(table))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_without_an_end_is_being_made_for_a_while() {
        let folder = tempfile::tempdir().expect("a directory");
        let file = folder.path().join("aliases");
        let write = |end: &[u8]| {
            let mut writer = bdb::Writer::new(bdb::Kind::Hash, false);
            writer.replace(b"joe\0", b"ann\0");
            writer.replace(end, end);
            writer.commit(&database_of(&file)).expect("written");
        };
        let asked = |wait: i64| {
            let spec = AliasSpec::parse(format!("hash:{}", file.display()).as_bytes());
            let blame = Blame::TRUST_STICKY_BIT | Blame::GROUP_WRITABLE_DIR_PATH_SAFE;
            Aliases::new(&[spec], blame, wait).value(b"joe")
        };
        write(b"else\0");
        assert!(asked(3600).is_err_and(|why| why.contains("@:@")));
        assert_eq!(asked(0), Ok(Some(b"ann".to_vec())));
        for end in [&b"@\0"[..], b"@"] {
            write(end);
            assert_eq!(asked(3600), Ok(Some(b"ann".to_vec())));
        }
    }
}
