//! A program that is asked something: the first line that it prints is the answer.

use super::process::Program;
use crate::schema::Sysexit;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, ChildStdout, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// More of the first line than this is cut off.
const MAX_LINE_LENGTH: usize = 2048;
/// A program that has not answered by then is ended, and there is no answer for now.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(300);

/// Runs a program; its exit status and the first line of its output. One that cannot be run is a mistake in the
/// configuration, one that is too slow or is killed may answer another time.
pub fn first_line(program: &Program, limit: Duration) -> (Sysexit, Vec<u8>) {
    answer_to(program, Ok(Stdio::null()), limit)
}

/// The same for a program that finds this on its standard input, which is no more than a pipe holds.
pub fn first_line_about(program: &Program, text: &[u8], limit: Duration) -> (Sysexit, Vec<u8>) {
    answer_to(program, filled(text), limit)
}

fn filled(text: &[u8]) -> io::Result<Stdio> {
    let (reader, mut writer) = io::pipe()?;
    let flags = OFlag::from_bits_retain(fcntl(&writer, FcntlArg::F_GETFL)?);
    fcntl(&writer, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    writer.write_all(text)?;
    Ok(reader.into())
}

fn answer_to(program: &Program, input: io::Result<Stdio>, limit: Duration) -> (Sysexit, Vec<u8>) {
    let end = Instant::now() + limit;
    let asked = input.and_then(|input| program.spawn_asked(input)).and_then(|mut child| {
        let line = read(&mut child, end);
        // an output that nobody reads any more must not keep it
        let end = if line.is_ok() { end } else { Instant::now() };
        let status = wait(&mut child, end)?;
        Ok((status, line?))
    });
    match asked {
        Ok((status, line)) => (status.code().map_or(Sysexit::TEMPFAIL, Sysexit), line),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) => {
            (Sysexit::CONFIG, Vec::new())
        }
        Err(_) => (Sysexit::TEMPFAIL, Vec::new()),
    }
}

/// The first line; what follows is read to its end, since a talkative program must be able to end.
fn read(child: &mut Child, end: Instant) -> io::Result<Vec<u8>> {
    let Some(mut output) = child.stdout.take() else { return Ok(Vec::new()) };
    let (mut text, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        wait_readable(&output, end)?;
        let count = output.read(&mut piece)?;
        if count == 0 {
            break;
        }
        let room = MAX_LINE_LENGTH - text.len();
        text.extend_from_slice(&piece[..count.min(room)]);
    }
    let length = text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len());
    text.truncate(length);
    Ok(text)
}

/// Waits for the end of a program; one that goes on beyond `end` is killed.
fn wait(child: &mut Child, end: Instant) -> io::Result<ExitStatus> {
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if Instant::now() >= end {
            let _ = child.kill();
            let _ = child.wait();
            return Err(io::ErrorKind::TimedOut.into());
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(200));
    }
}

fn wait_readable(output: &ChildStdout, end: Instant) -> io::Result<()> {
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let wait = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        match poll(&mut [PollFd::new(output.as_fd(), PollFlags::POLLIN)], wait) {
            Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
            Err(nix::Error::EINTR) => {}
            Ok(_) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(script: &str, limit: Duration) -> (i32, String) {
        let program = Program {
            path: b"/bin/sh".to_vec(),
            argv: [&b"sh"[..], b"-c", script.as_bytes(), b"sh", b"key"].map(<[u8]>::to_vec).into(),
            ..Program::default()
        };
        let (status, line) = first_line(&program, limit);
        (status.0, String::from_utf8(line).expect("ASCII"))
    }

    #[test]
    fn one_line_and_the_status() {
        assert_eq!(asked("echo $1; echo more; exit 3", ANSWER_TIMEOUT), (3, "key".to_owned()));
        let (status, line) = asked("head -c 100000 /dev/zero | tr '\\0' x", ANSWER_TIMEOUT);
        assert_eq!((status, line.len()), (0, MAX_LINE_LENGTH));
        assert_eq!(asked("kill -9 $$", ANSWER_TIMEOUT).0, Sysexit::TEMPFAIL.0);
    }

    #[test]
    fn a_program_may_be_given_what_it_is_asked_about() {
        let program =
            |path: &str| Program { path: path.into(), argv: vec![b"x".to_vec()], ..Program::default() };
        let asked = |path, text: &[u8]| first_line_about(&program(path), text, ANSWER_TIMEOUT);
        assert_eq!(asked("/bin/cat", b"what\nmore"), (Sysexit::OK, b"what".to_vec()));
        // nobody need read it
        assert_eq!(asked("/bin/true", b"what"), (Sysexit::OK, Vec::new()));
        assert_eq!(asked("/bin/cat", &[b'x'; 1 << 20]).0, Sysexit::TEMPFAIL);
    }

    #[test]
    fn a_program_that_is_too_slow_is_ended() {
        let begun = Instant::now();
        assert_eq!(asked("echo x; exec sleep 1000", Duration::from_millis(50)).0, Sysexit::TEMPFAIL.0);
        assert!(begun.elapsed() < ANSWER_TIMEOUT, "it was waited for in earnest");
    }

    #[test]
    fn a_program_that_is_not_there_is_a_mistake() {
        let program = Program { path: b"/nonexistent".to_vec(), ..Program::default() };
        assert_eq!(first_line(&program, ANSWER_TIMEOUT), (Sysexit::CONFIG, Vec::new()));
    }
}
