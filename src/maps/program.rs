//! program: the first line that a program prints is the value.

use super::class::{FoundFuture, LookupContext, MapClass, OpenFuture, OpenMap, Opening, Query, as_it_is};
use super::files;
use super::flags::Declaring;
use super::map::{Found, Map, later, missing};
use crate::engine::{Event, MapEvent, Observer};
use crate::schema::Sysexit;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::process::Command;

/// More of the first line than this is cut off.
const MAX_LINE_LENGTH: u64 = 2048;
/// A program that has not answered by then is ended, and the look-up fails for now.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(300);

struct Program;

pub(super) fn read(map: &mut Map, args: &[u8], declaring: &mut Declaring<'_>) -> Option<Arc<dyn MapClass>> {
    map.read_with_file(args, declaring).then(|| Arc::new(Program) as Arc<dyn MapClass>)
}

impl MapClass for Program {
    fn open<'a>(self: Arc<Self>, _map: &'a Map, _opening: &'a mut Opening<'_>) -> OpenFuture<'a> {
        as_it_is(self)
    }
}

impl OpenMap for Program {
    fn lookup<'a>(&'a self, query: Query<'a>, context: &'a mut LookupContext<'_>) -> FoundFuture<'a> {
        Box::pin(lookup(query.map, query.key, query.args, context.observer))
    }
}

async fn lookup(map: &Map, key: &[u8], args: &[Vec<u8>], observer: &mut dyn Observer) -> Found {
    let (name, file) = (map.name.as_slice(), map.file.as_deref().unwrap_or_default());
    let search = MapEvent::SearchAt { function: "prog_map_lookup", map: name, key, file };
    observer.event(&Event::Map(&search));
    let words: Vec<&[u8]> = words(map).chain([key]).collect();
    observer.event(&Event::Map(&MapEvent::Program { file, words: &words }));
    match tokio::time::timeout(ANSWER_TIMEOUT, run(map, key)).await {
        Err(_) => later(),
        Ok(Err(error)) => {
            let starting =
                matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::PermissionDenied);
            if starting { missing(Sysexit::CONFIG) } else { later() }
        }
        Ok(Ok((status, _))) if !status.is_ok() => missing(status),
        Ok(Ok((_, line))) if line.is_empty() => missing(Sysexit::OK),
        Ok(Ok((_, line))) => map.found(key, &line, args, observer),
    }
}

/// The words of its K line that stand before the key.
fn words(map: &Map) -> impl Iterator<Item = &[u8]> {
    let words = map.rest.as_deref().unwrap_or_default().split(u8::is_ascii_whitespace);
    words.filter(|word| !word.is_empty())
}

/// Exit status and first line.
async fn run(map: &Map, key: &[u8]) -> std::io::Result<(Sysexit, Vec<u8>)> {
    let program = files::path(map.file.as_deref().unwrap_or_default());
    let mut child = Command::new(program)
        .args(words(map).map(OsStr::from_bytes))
        .arg(OsStr::from_bytes(key))
        .env_clear()
        .env("AGENT", "sendmail")
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut text = Vec::new();
    if let Some(mut output) = child.stdout.take() {
        (&mut output).take(MAX_LINE_LENGTH).read_to_end(&mut text).await?;
        // a talkative program must be able to end
        tokio::io::copy(&mut output, &mut tokio::io::sink()).await?;
    }
    let status = child.wait().await?;
    let code = match (status.code(), status.signal()) {
        (Some(code), _) => Sysexit(code),
        _ => Sysexit::TEMPFAIL,
    };
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    Ok((code, line.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The clock stands while the program sleeps, and so jumps to the end of our timeout.
    #[tokio::test(start_paused = true)]
    async fn a_program_that_sleeps_is_a_temporary_failure() {
        let mut map = Map::new(b"slow", "program");
        map.file = Some(b"/bin/sleep".to_vec());
        let start = std::time::Instant::now();
        let found = lookup(&map, b"1000", &[], &mut crate::logging::Quiet).await;
        assert_eq!(found, later());
        assert!(start.elapsed() < ANSWER_TIMEOUT, "it was waited for in earnest");
    }
}
