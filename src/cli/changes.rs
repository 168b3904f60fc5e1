//! What a new configuration changes for mail, told in a few lines before a daemon takes it.
//!
//! In: the text of a configuration as it was read and as it is now. Out: lines for the log. Never here: more than a few
//! seconds, more than some names of each map, or a program of a map: the daemon's owner waits for it.

use super::asking;
use crate::analysis::{self, Asking, Corpus, Dns, Loading, NamedText};
use std::sync::mpsc;
use std::time::Duration;

/// Who waits for a restart waits no longer than this for what is said of it.
const PATIENCE: Duration = Duration::from_secs(5);
/// Questions that are asked of both.
const QUESTIONS: usize = 2_000;
/// Members of each class and keys of each map that are asked about.
const NAMES: usize = 200;
/// Causes that are told.
const CAUSES: usize = 3;

/// What changes, in a few lines; none where the text is the same.
pub(super) fn lines(file: &str, old: Vec<u8>, new: Vec<u8>) -> Vec<String> {
    if old == new {
        return Vec::new();
    }
    let named = |text| NamedText { file: file.to_owned(), text };
    let (old, new) = (named(old), named(new));
    let (teller, told) = mpsc::channel();
    // on a thread of its own, since rules and maps know no time limit; it ends with the process
    std::thread::spawn(move || {
        let loading = Loading { programs: false, ..asking::loading(Dns::None) };
        let asking = Asking {
            loading,
            corpus: Corpus::common(),
            limit: QUESTIONS,
            names: NAMES,
            threads: 1,
            begin: &|_, _| {},
            tell: &|_| {},
        };
        // whoever has lost patience is gone
        let _ = teller.send(analysis::difference(&old, &new, asking));
    });
    let lines = match told.recv_timeout(PATIENCE) {
        Ok(Ok(difference)) => analysis::difference_lines(&difference, CAUSES),
        Ok(Err(error)) => vec![format!("what it changes for mail is not known: {error}")],
        Err(_) => vec![format!(
            "what it changes for mail was not found out within {} s; canonify diff takes its time",
            PATIENCE.as_secs()
        )],
    };
    lines.into_iter().map(|line| format!("new configuration: {line}")).collect()
}
