//! `--dns`: who answers for the DNS while configurations are asked.

use super::asking::read;
use super::process::complain;
use crate::analysis::{Dns, Snapshot};
use crate::schema::Sysexit;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

/// The words of a command line.
#[derive(clap::Args)]
pub struct DnsWords {
    /// Who answers for the DNS: `live', `none', `record FILE' (live, and kept in FILE), `use FILE' (what was kept)
    #[arg(long, value_name = "HOW [FILE]")]
    dns: Option<String>,
}

/// Makes one word of `record FILE` and `use FILE`, which are two on a command line.
pub fn joined(args: Vec<OsString>) -> Vec<OsString> {
    let mut joined: Vec<OsString> = Vec::with_capacity(args.len());
    let mut args = args.into_iter();
    while let Some(word) = args.next() {
        let takes_file =
            joined.last().is_some_and(|last| last == "--dns") && (word == "record" || word == "use");
        let mut word = word;
        if let Some(file) = takes_file.then(|| args.next()).flatten() {
            word.push("=");
            word.push(file);
        }
        joined.push(word);
    }
    joined
}

/// A DNS, and the file that it is kept in at the end.
pub struct ChosenDns {
    /// Who answers.
    pub dns: Dns,
    keep: Option<(PathBuf, Arc<Snapshot>)>,
}

impl DnsWords {
    /// What was chosen, or else the default.
    ///
    /// # Errors
    /// The exit status, after a complaint.
    pub fn choose(&self, default: Dns) -> Result<ChosenDns, Sysexit> {
        let words = self.dns.as_deref().map(|how| how.split_once('=').unwrap_or((how, "")));
        let (dns, keep) = match words {
            None => (default, None),
            Some(("live", "")) => (Dns::Live, None),
            Some(("none", "")) => (Dns::None, None),
            Some(("record", file)) if !file.is_empty() => {
                let snapshot = Arc::new(Snapshot::default());
                (Dns::Record(snapshot.clone()), Some((PathBuf::from(file), snapshot)))
            }
            Some(("use", file)) if !file.is_empty() => (Dns::Use(Arc::new(snapshot(file)?)), None),
            Some(_) => {
                complain("--dns is followed by live, none, record FILE or use FILE");
                return Err(Sysexit::USAGE);
            }
        };
        Ok(ChosenDns { dns, keep })
    }
}

fn snapshot(file: &str) -> Result<Snapshot, Sysexit> {
    let text = read(file.as_ref())?;
    Snapshot::read(&String::from_utf8_lossy(&text)).map_err(|(line, why)| {
        complain(&format!("{file}:{line}: {why}"));
        Sysexit::DATAERR
    })
}

impl ChosenDns {
    /// Writes what was recorded.
    ///
    /// # Errors
    /// The exit status, after a complaint.
    pub fn finish(self) -> Result<(), Sysexit> {
        let Some((file, snapshot)) = self.keep else { return Ok(()) };
        super::output::write(&file, &snapshot.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_belongs_to_the_word_before() {
        let words = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert_eq!(joined(words("diff --dns record F old new")), words("diff --dns record=F old new"));
        assert_eq!(joined(words("explain --dns none a@b")), words("explain --dns none a@b"));
        assert_eq!(joined(words("explain use a@b")), words("explain use a@b"));
    }
}
