//! Policies that are known: a file of lines (`{"domain", "id", "fetched", "text"}`), the last of which about a domain counts.
//! It survives a restart, and what one process has fetched serves the others.

use super::policy::StsPolicy;
use crate::sys::shared_lines::SharedLines;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Domains whose policies are kept; beyond, those that were fetched first are forgotten.
const MAX_DOMAINS: usize = 10_000;
/// Lines of which no domain's is the last: from then on the file is written anew.
const MAX_OLD_LINES: usize = 1_000;

/// A policy, as it was fetched.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in super::super) struct Known {
    /// What announced it.
    pub(in super::super) id: Vec<u8>,
    /// When, in seconds since the epoch.
    pub(in super::super) fetched: i64,
    pub(in super::super) policy: Arc<StsPolicy>,
}

impl Known {
    /// Is it still believed (RFC 8461, 3.2: max_age)?
    pub(in super::super) fn counts(&self, now: i64) -> bool {
        (0..self.policy.max_age).contains(&(now - self.fetched))
    }
}

/// A line of the file.
#[derive(Serialize, Deserialize)]
struct Line {
    domain: String,
    id: String,
    fetched: i64,
    text: String,
}

/// What is known of domains.
pub(in super::super) struct Cache(Mutex<State>);

struct State {
    /// `None`: it is kept in memory alone.
    file: Option<SharedLines>,
    /// The policies, and their texts.
    known: HashMap<Vec<u8>, (Known, String)>,
    lines: usize,
}

impl Cache {
    /// With this file, which is made when it is first needed.
    pub(in super::super) fn new(path: Option<&Path>) -> Self {
        let file = path.map(SharedLines::new);
        Self(Mutex::new(State { file, known: HashMap::new(), lines: 0 }))
    }

    /// What is known of a domain, believed or not; what has been written into the file meanwhile counts.
    ///
    /// # Errors
    /// The file cannot be read; what memory holds is there all the same.
    pub(in super::super) fn get(&self, domain: &[u8]) -> (Option<Known>, io::Result<()>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let read = state.refresh();
        (state.known.get(domain).map(|(known, _)| known.clone()), read)
    }

    /// Keeps a policy with its text.
    ///
    /// # Errors
    /// It could not be written down: this process knows it, but no other one.
    pub(in super::super) fn put(&self, domain: &[u8], known: Known, text: &str) -> io::Result<()> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let line = line(domain, &known, text);
        let now = known.fetched;
        let read = state.refresh();
        state.known.insert(domain.to_vec(), (known, text.into()));
        if state.known.len() > MAX_DOMAINS || state.lines > state.known.len() + MAX_OLD_LINES {
            return state.write_anew(now);
        }
        read?;
        match &mut state.file {
            Some(file) => file.add(&line),
            None => Ok(()),
        }
    }
}

fn line(domain: &[u8], known: &Known, text: &str) -> String {
    let words = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let line =
        Line { domain: words(domain), id: words(&known.id), fetched: known.fetched, text: text.into() };
    // texts and a number can always be written
    serde_json::to_string(&line).unwrap_or_default()
}

impl State {
    fn refresh(&mut self) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let added = file.added()?;
        if added.anew {
            (self.known, self.lines) = (HashMap::new(), 0);
        }
        for text in added.lines {
            self.lines += 1;
            // a line that is none, and a text that is no policy, tell nothing
            let Ok(Line { domain, id, fetched, text }) = serde_json::from_str(&text) else { continue };
            let Ok(policy) = StsPolicy::parse(text.as_bytes()) else { continue };
            let known = Known { id: id.into_bytes(), fetched, policy: Arc::new(policy) };
            self.known.insert(domain.into_bytes(), (known, text));
        }
        Ok(())
    }

    /// The file with what is still believed, the newest first to stay.
    fn write_anew(&mut self, now: i64) -> io::Result<()> {
        let mut left: Vec<_> = self.known.drain().filter(|(_, (known, _))| known.counts(now)).collect();
        left.sort_by_key(|(_, (known, _))| std::cmp::Reverse(known.fetched));
        left.truncate(MAX_DOMAINS / 4 * 3);
        let lines: Vec<String> =
            left.iter().map(|(domain, (known, text))| line(domain, known, text)).collect();
        (self.known, self.lines) = (left.into_iter().collect(), lines.len());
        match &mut self.file {
            Some(file) => file.write_anew(&lines),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "version: STSv1\nmode: enforce\nmx: mx.site.example\nmax_age: 1000\n";

    fn known(fetched: i64) -> Known {
        let policy = StsPolicy::parse(TEXT.as_bytes()).expect("a policy");
        Known { id: b"1".to_vec(), fetched, policy: Arc::new(policy) }
    }

    #[test]
    fn policies_survive_and_are_shared() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("mta-sts");
        let (one, other) = (Cache::new(Some(&path)), Cache::new(Some(&path)));
        assert_eq!(other.get(b"site.example").0, None);
        one.put(b"site.example", known(100), TEXT).expect("written");
        assert_eq!(other.get(b"site.example").0, Some(known(100)));
        other.put(b"site.example", known(200), TEXT).expect("written");
        assert_eq!(one.get(b"site.example").0, Some(known(200)));
        std::fs::write(&path, "nonsense\n{\"domain\":\"x\"}\n").expect("a file");
        assert_eq!(Cache::new(Some(&path)).get(b"x").0, None);
    }

    #[test]
    fn the_file_does_not_grow_for_ever() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("mta-sts");
        let cache = Cache::new(Some(&path));
        for at in 0..3000 {
            cache.put(b"site.example", known(at), TEXT).expect("written");
        }
        let lines = std::fs::read_to_string(&path).expect("a file").lines().count();
        assert!(lines <= MAX_OLD_LINES + 2, "{lines}");
        assert_eq!(Cache::new(Some(&path)).get(b"site.example").0, Some(known(2999)));
    }

    #[test]
    fn max_age_is_an_end() {
        assert!(known(100).counts(1099) && !known(100).counts(1100) && !known(100).counts(99));
    }
}
