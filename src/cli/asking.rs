//! What the personalities have in common that ask configurations: files, texts, configurations in memory.

use super::invocation::Invocation;
use super::modes::Mode;
use super::process::complain;
use super::site;
use crate::analysis::{Corpus, Dns, Loading, NamedText, Side, Sources};
use crate::config::Config;
use crate::schema::Sysexit;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

/// How configurations are read that are only asked.
pub fn loading(dns: Dns) -> Loading {
    let invocation = Invocation { mode: Mode::Test, ..Invocation::default() };
    Loading { options: site::load_options(&invocation), dns, programs: true }
}

/// A configuration that is only asked, with the text of its cf and what made it.
///
/// # Errors
/// The exit status; what is wrong has been printed.
pub fn load(file: &OsStr) -> Result<(Arc<Config>, Sources), Sysexit> {
    let cf = Some(file.as_bytes().to_vec());
    let invocation = Invocation { mode: Mode::Test, cf, ..Invocation::default() };
    let (loaded, sources) = site::load_with_sources(&invocation)?;
    Ok((Arc::new(loaded.config), sources))
}

/// As many threads as are wanted, or as there are processors.
pub fn threads(wanted: usize) -> usize {
    let processors = || std::thread::available_parallelism().map_or(1, usize::from);
    if wanted == 0 { processors() } else { wanted }
}

/// A configuration's text.
///
/// # Errors
/// The exit status.
pub fn named(path: &Path) -> Result<NamedText, Sysexit> {
    Ok(NamedText { file: path.display().to_string(), text: read(path)? })
}

/// A file that must be there.
///
/// # Errors
/// The exit status.
pub fn read(path: &Path) -> Result<Vec<u8>, Sysexit> {
    std::fs::read(path).map_err(|error| {
        complain(&format!("{}: {}", path.display(), crate::sys::errno_text(&error)));
        Sysexit::NOINPUT
    })
}

/// Adds the addresses of a file, whose text this is.
///
/// # Errors
/// The exit status, after a complaint.
pub fn add_addresses(corpus: &mut Corpus, path: &Path, text: &[u8]) -> Result<(), Sysexit> {
    corpus.add_file(text).map_err(|(line, why)| {
        complain(&format!("{}:{line}: {why}", path.display()));
        Sysexit::DATAERR
    })
}

/// A configuration that can be asked.
///
/// # Errors
/// The exit status, after a complaint.
pub fn side(loading: &Loading, named: &NamedText) -> Result<Side, Sysexit> {
    loading.side(&named.file, &named.text).map_err(|why| {
        complain(&why);
        Sysexit::CONFIG
    })
}
