//! The hosts file, read again when it changes (looked at every tenth of a second at most).

use crate::sys::clock;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// One line: an address and its names.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub address: Option<IpAddr>,
    pub names: Vec<Vec<u8>>,
}

type Version = (Option<SystemTime>, u64);

/// How long the file is taken to be what it was, in milliseconds: each connection asks for its client and for its own name.
const UNLOOKED: u64 = 100;

#[derive(Debug)]
struct Content {
    /// When it was looked at, in milliseconds.
    looked: u64,
    version: Version,
    entries: Arc<Vec<Entry>>,
}

/// A hosts file.
#[derive(Debug)]
pub(super) struct HostsFile {
    path: Option<PathBuf>,
    content: Mutex<Option<Content>>,
}

impl HostsFile {
    pub fn new(path: Option<PathBuf>) -> Self {
        Self { path, content: Mutex::new(None) }
    }

    /// All lines; none if there is no such file.
    pub fn entries(&self) -> Arc<Vec<Entry>> {
        let Some(path) = &self.path else { return Arc::default() };
        let now = clock::coarse_millis();
        let mut content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*content
            && now.saturating_sub(known.looked) < UNLOOKED
        {
            return Arc::clone(&known.entries);
        }
        let Ok(about) = std::fs::metadata(path) else { return Arc::default() };
        let version = (about.modified().ok(), about.len());
        let entries = match content.take() {
            Some(known) if known.version == version => known.entries,
            _ => Arc::new(std::fs::read(path).map(|text| parse(&text)).unwrap_or_default()),
        };
        *content = Some(Content { looked: now, version, entries: Arc::clone(&entries) });
        entries
    }

    /// Addresses of a name, in file order.
    pub fn addresses(&self, name: &[u8]) -> Vec<IpAddr> {
        let entries = self.entries();
        let own =
            entries.iter().filter(|entry| entry.names.iter().any(|known| known.eq_ignore_ascii_case(name)));
        own.filter_map(|entry| entry.address).collect()
    }

    /// The first name of an address.
    pub fn name_of(&self, address: IpAddr) -> Option<Vec<u8>> {
        let entries = self.entries();
        entries.iter().find(|entry| entry.address == Some(address))?.names.first().cloned()
    }
}

fn parse(text: &[u8]) -> Vec<Entry> {
    let mut entries = Vec::new();
    for line in text.split(|byte| *byte == b'\n') {
        let line = line.split(|byte| *byte == b'#').next().unwrap_or_default();
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let Some(address) = words.next() else { continue };
        let address = std::str::from_utf8(address).ok().and_then(|text| text.parse().ok());
        entries.push(Entry { address, names: words.map(<[u8]>::to_vec).collect() });
    }
    entries
}
