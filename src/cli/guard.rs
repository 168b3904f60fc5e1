//! The look at a new configuration before a daemon takes it (SIGHUP): it must load, have no errors that
//! lint finds, and answer the tests that stand beside it as it should.
//!
//! In: the command line of the daemon; runs in a child of the supervisor, before any thread. Out: nothing, or why the
//! old configuration goes on.

use super::invocation::Invocation;
use super::{lint, site, start, test};
use crate::analysis::Sources;
use crate::analysis::testing::{Report, TestFile};
use crate::config::Config;
use crate::schema::Sysexit;
use crate::sys::{accounts, errno_text};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Tests that wait for others (name servers above all) longer than this have failed.
const TEST_TIMEOUT: Duration = Duration::from_secs(120);

/// Why a configuration is refused, for the exit status and for a reader.
type Refused = (Sysexit, Vec<u8>);

/// May a daemon begin with the configuration as it is now?
///
/// # Errors
/// The first thing that is wrong with it.
pub(super) fn check(invocation: &Invocation) -> Result<(), Refused> {
    let (loaded, sources) = site::check(invocation)?;
    let configuration = accounts::path(&site::file(invocation));
    if let Some(finding) = lint::error_of_configuration(&configuration, &sources, &loaded.config) {
        let place = &finding.diagnostic.place;
        let message = &finding.diagnostic.message;
        let why = format!("{}: line {}: {message} [{}]", place.file, place.line, finding.code.id);
        return Err(refused(Sysexit::CONFIG, why));
    }
    match test::tests_beside(&configuration) {
        Some(file) => tests(&file, loaded.config, sources),
        None => Ok(()),
    }
}

fn refused(status: Sysexit, why: String) -> Refused {
    (status, why.into_bytes())
}

fn tests(path: &Path, config: Config, sources: Sources) -> Result<(), Refused> {
    let name = path.to_string_lossy().into_owned();
    let text = std::fs::read(path)
        .map_err(|error| refused(Sysexit::NOINPUT, format!("{name}: {}", errno_text(&error))))?;
    let file = TestFile::parse(&name, &text).map_err(|wrong| {
        let first = wrong.first().map(|first| (first.place.line, first.message.clone()));
        let (line, message) = first.unwrap_or_default();
        refused(Sysexit::DATAERR, format!("{name}: line {line}: {message}"))
    })?;
    let unasked = |why: &str| refused(Sysexit::TEMPFAIL, format!("{name}: {why}"));
    let tested = test::Tested::new(Arc::new(config), sources)
        .map_err(|error| unasked(&format!("cannot start the keeper: {error}")))?;
    let runtime = start::runtime_of_one().map_err(|_| unasked("the tests cannot be run"))?;
    let mut report = Report::default();
    let asked = runtime.block_on(async { timeout(TEST_TIMEOUT, tested.ask(&file, &mut report)).await });
    match asked {
        Err(_) => return Err(unasked(&format!("no answer within {} s", TEST_TIMEOUT.as_secs()))),
        Ok(Err(_)) => return Err(unasked("the tests cannot be run")),
        Ok(Ok(())) => {}
    }
    let Some(first) = report.failures().next() else { return Ok(()) };
    let (_, failed) = report.counts();
    let more = if failed == 1 { String::new() } else { format!(" ({} more fail)", failed - 1) };
    let why = format!(
        "{name}: line {}: {}: the answer is {}{more}",
        first.test.line,
        first.test.text,
        first.asked.answer.shown()
    );
    Err(refused(Sysexit::CONFIG, why))
}
