//! program: the first line that a program prints is the value.

use super::class::Class;
use super::declare::Declaring;
use super::files;
use super::map::{Found, Map, later, missing};
use crate::logging::Tracer;
use crate::schema::Sysexit;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::process::Command;

/// More of the first line than this is cut off.
const LONGEST_LINE: u64 = 2048;
/// A program that has not answered by then is ended, and the look-up fails for now.
const PATIENCE: Duration = Duration::from_secs(300);

pub(super) fn parse(map: &mut Map, args: &[u8], declaring: &mut Declaring<'_>) -> bool {
    map.own = Class::Program;
    map.read_with_file(args, declaring)
}

pub(super) async fn lookup(map: &Map, key: &[u8], args: &[Vec<u8>], tracer: &mut dyn Tracer) -> Found {
    if tracer.level(38) >= 20 {
        let file = map.file.as_deref().unwrap_or_default();
        tracer.line(&[b"prog_map_lookup(", map.name.as_slice(), b", ", key, b") ", file].concat());
        let words = map.rest.as_deref().unwrap_or_default().split(u8::is_ascii_whitespace);
        let mut line = [b"prog_open: ", file].concat();
        for word in words.filter(|word| !word.is_empty()).chain(std::iter::once(key)) {
            line.push(b' ');
            line.extend_from_slice(word);
        }
        tracer.line(&line);
    }
    match tokio::time::timeout(PATIENCE, run(map, key)).await {
        Err(_) => later(),
        Ok(Err(error)) => {
            let starting =
                matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::PermissionDenied);
            if starting { missing(Sysexit::CONFIG) } else { later() }
        }
        Ok(Ok((status, _))) if !status.is_ok() => missing(status),
        Ok(Ok((_, line))) if line.is_empty() => missing(Sysexit::OK),
        Ok(Ok((_, line))) => map.found(key, &line, args, tracer),
    }
}

/// Exit status and first line.
async fn run(map: &Map, key: &[u8]) -> std::io::Result<(Sysexit, Vec<u8>)> {
    let program = files::path(map.file.as_deref().unwrap_or_default());
    let words = map.rest.as_deref().unwrap_or_default().split(u8::is_ascii_whitespace);
    let mut child = Command::new(program)
        .args(words.filter(|word| !word.is_empty()).map(OsStr::from_bytes))
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
        (&mut output).take(LONGEST_LINE).read_to_end(&mut text).await?;
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

    /// The clock stands while the program sleeps, and so jumps to the end of our patience.
    #[tokio::test(start_paused = true)]
    async fn a_program_that_sleeps_is_a_temporary_failure() {
        let row = super::super::class::find(b"program").expect("a class of ours");
        let mut map = Map::new(b"slow", row);
        map.file = Some(b"/bin/sleep".to_vec());
        let start = std::time::Instant::now();
        let found = lookup(&map, b"1000", &[], &mut crate::logging::Quiet).await;
        assert_eq!(found, later());
        assert!(start.elapsed() < PATIENCE, "it was waited for in earnest");
    }
}
