//! Mailers that are programs: started under an identity, fed on stdin, judged by their exit status.

use super::body::Body;
use super::protocol::MailerResult;
use crate::message::BodyForm;
use crate::schema::{EnhancedStatus, Sysexit};
use crate::sys::errno_text;
use crate::sys::process::Program;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::fs::File;
use std::io::{self, BufWriter, PipeReader, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What is kept of a program's output, in bytes from its end.
const TAIL: usize = 4096;
/// The longest message that is in the pipe before the program starts (Linux allows no larger pipe without asking).
const MAX_FILLED: usize = 1 << 20;
/// The longest pause between two looks at a program, in milliseconds.
const MAX_PAUSE: u16 = 200;

/// Runs it with the message on stdin. `limit`: seconds, 0 for none. It ends with the program: what the program left
/// behind in the background may keep the pipes, but nobody waiting.
pub(super) fn run(
    program: &Program,
    header: &[u8],
    message: &Body,
    form: &BodyForm,
    limit: u32,
) -> MailerResult {
    let (input, whole) = match filled_pipe(header, message, form) {
        Ok(Some(pipe)) => (Stdio::from(pipe), true),
        Ok(None) => (Stdio::piped(), false),
        Err(error) => return MailerResult::later(&errno_text(&error)),
    };
    let mut child = match program.spawn(input) {
        Ok(child) => child,
        Err(error) => return not_started(program, &error),
    };
    let end = (limit > 0).then(|| Instant::now() + Duration::from_secs(u64::from(limit)));
    let stdin = child.stdin.take();
    let mut output = Output::of(&mut child);
    let ended = AtomicBool::new(false);
    let (status, written) = std::thread::scope(|scope| {
        let writer = (!whole).then(|| scope.spawn(|| feed(stdin, &ended, header, message, form)));
        let status = attend(&mut child, &mut output, end);
        ended.store(true, Ordering::Relaxed);
        let stopped = |_| Err(io::Error::other("writing stopped"));
        (status, writer.map_or(Ok(()), |writer| writer.join().unwrap_or_else(stopped)))
    });
    let report = match status {
        Err(why) => MailerResult::later(why),
        Ok(status) => judge(program, status, written),
    };
    MailerResult { output: output.kept.concat(), ..report }
}

/// A pipe with the whole message in it, before anybody reads: a program that was started gets all of it, even if this
/// process is killed. `None`: it is too long for that.
fn filled_pipe(header: &[u8], message: &Body, form: &BodyForm) -> io::Result<Option<PipeReader>> {
    let size = usize::try_from(message.size).unwrap_or(MAX_FILLED);
    if header.len().saturating_add(size) > MAX_FILLED {
        return Ok(None);
    }
    let mut text = Vec::with_capacity(header.len() + size + size / 16);
    text.extend_from_slice(header);
    message.write(form, &mut text)?;
    let (reader, mut writer) = io::pipe()?;
    let mut room = fcntl(&writer, FcntlArg::F_GETPIPE_SZ)?;
    if let Ok(wanted) = i32::try_from(text.len())
        && wanted > room
    {
        // the system may say no
        room = fcntl(&writer, FcntlArg::F_SETPIPE_SZ(wanted)).unwrap_or(room);
    }
    if usize::try_from(room).is_ok_and(|room| text.len() > room) {
        return Ok(None);
    }
    writer.write_all(&text)?;
    Ok(Some(reader))
}

pub(super) fn not_started(program: &Program, error: &io::Error) -> MailerResult {
    // sendmail queues here too: somebody will put the program back, or name another
    let text = format!("Cannot exec {}: {}", String::from_utf8_lossy(&program.path), errno_text(error));
    MailerResult { exit: Sysexit::OSERR.0, text: Some(text.into()), ..MailerResult::default() }
}

fn no_waiting(pipe: &impl AsFd) -> io::Result<()> {
    let flags = OFlag::from_bits_retain(fcntl(pipe, FcntlArg::F_GETFL)?);
    fcntl(pipe, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(())
}

/// A program's stdin, as long as the program runs.
struct Input<'a> {
    pipe: ChildStdin,
    ended: &'a AtomicBool,
}

impl Write for Input<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.pipe.write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                other => return other,
            }
            if self.ended.load(Ordering::Relaxed) {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            let mut fds = [PollFd::new(self.pipe.as_fd(), PollFlags::POLLOUT)];
            poll(&mut fds, PollTimeout::from(MAX_PAUSE))?;
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn feed(
    stdin: Option<ChildStdin>,
    ended: &AtomicBool,
    header: &[u8],
    message: &Body,
    form: &BodyForm,
) -> io::Result<()> {
    let Some(pipe) = stdin else { return Ok(()) };
    no_waiting(&pipe)?;
    let mut out = BufWriter::with_capacity(64 << 10, Input { pipe, ended });
    out.write_all(header)?;
    message.write(form, &mut out)?;
    out.flush()
}

/// What a program says on stdout and stderr: the last bytes of each.
pub(super) struct Output {
    pipes: [Option<File>; 2],
    kept: [Vec<u8>; 2],
}

impl Output {
    pub(super) fn of(child: &mut Child) -> Self {
        let pipes = [child.stdout.take().map(OwnedFd::from), child.stderr.take().map(OwnedFd::from)];
        let pipes = pipes.map(|pipe| pipe.filter(|pipe| no_waiting(pipe).is_ok()).map(File::from));
        Self { pipes, kept: Default::default() }
    }

    /// Takes what is there.
    fn read(&mut self) {
        let mut buffer = [0; 16 << 10];
        for (pipe, kept) in self.pipes.iter_mut().zip(&mut self.kept) {
            let Some(file) = pipe else { continue };
            match file.read(&mut buffer) {
                Ok(0) => *pipe = None,
                Ok(count) => {
                    kept.extend_from_slice(&buffer[..count]);
                    let spare = kept.len().saturating_sub(TAIL);
                    kept.drain(..spare);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => *pipe = None,
            }
        }
    }

    /// Waits for more; `true` if something came (the end of a pipe, too).
    fn wait(&self, milliseconds: u16) -> bool {
        let open = self.pipes.iter().flatten();
        let mut fds: Vec<PollFd<'_>> =
            open.map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLIN)).collect();
        poll(&mut fds, PollTimeout::from(milliseconds)).is_ok_and(|count| count > 0)
    }
}

/// Reads what the program says until it ends, or its time is over.
pub(super) fn attend(
    child: &mut Child,
    output: &mut Output,
    end: Option<Instant>,
) -> Result<ExitStatus, &'static str> {
    let mut pause = 1;
    loop {
        let ended = child.try_wait();
        output.read();
        match ended {
            Ok(Some(status)) => {
                // all that it said itself is in the pipes
                while output.wait(0) {
                    output.read();
                }
                return Ok(status);
            }
            Ok(None) if end.is_some_and(|end| Instant::now() >= end) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err("mailer timed out");
            }
            Ok(None) => pause = if output.wait(pause) { 1 } else { (pause * 2).min(MAX_PAUSE) },
            Err(_) => return Err("cannot wait for the mailer"),
        }
    }
}

fn judge(program: &Program, status: std::process::ExitStatus, written: io::Result<()>) -> MailerResult {
    let Some(code) = status.code() else {
        let signal = status.signal().unwrap_or(0);
        let name = String::from_utf8_lossy(&program.path);
        return MailerResult {
            exit: Sysexit::TEMPFAIL.0,
            status: Some(EnhancedStatus(4, 3, 0)),
            text: Some(format!("mailer {name} died with signal {signal}").into()),
            ..MailerResult::default()
        };
    };
    match written {
        // a program that knows enough may stop reading and still say what it did
        Err(error) if code == 0 && error.kind() != io::ErrorKind::BrokenPipe => {
            MailerResult::later(&errno_text(&error))
        }
        _ => MailerResult { exit: code, ..MailerResult::default() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, limit: u32) -> MailerResult {
        let program = Program {
            path: b"/bin/sh".to_vec(),
            argv: [&b"sh"[..], b"-c", script.as_bytes()].map(<[u8]>::to_vec).into(),
            ..Program::default()
        };
        let message = Body::with(&b"body\n".repeat(40_000));
        run(&program, b"Subject: x\n\n", &message, &BodyForm::default(), limit)
    }

    #[test]
    fn exit_codes_and_output_come_back() {
        let report = sh("/bin/cat >/dev/null; echo seen >&2; exit 67", 0);
        assert_eq!((report.exit, report.output.as_slice()), (67, &b"seen\n"[..]));
        assert_eq!(sh("/bin/cat >/dev/null", 0).exit, 0);
        assert_eq!(sh("exit 75", 0).exit, 75);
    }

    #[test]
    fn a_message_is_in_the_pipe_before_the_program_starts() {
        let form = BodyForm::default();
        let short = Body::with(&b"body\n".repeat(40_000));
        let mut pipe = filled_pipe(b"Subject: x\n\n", &short, &form).expect("a pipe").expect("room");
        let mut text = String::new();
        pipe.read_to_string(&mut text).expect("text");
        assert_eq!(text, format!("Subject: x\n\n{}", "body\n".repeat(40_000)));
        let long = Body::with(&b"body\n".repeat(300_000));
        assert!(filled_pipe(b"", &long, &form).expect("no error").is_none());
        let program =
            Program { path: b"/bin/cat".to_vec(), argv: vec![b"cat".to_vec()], ..Program::default() };
        let report = run(&program, b"", &long, &form, 0);
        assert_eq!((report.exit, report.output.len()), (0, TAIL));
    }

    #[test]
    fn who_reads_nothing_may_still_succeed() {
        assert_eq!(sh("exit 0", 0).exit, 0);
    }

    #[test]
    fn signals_and_time_are_temporary() {
        let killed = sh("kill -9 $$", 0);
        assert_eq!(killed.exit, 75);
        assert_eq!(killed.text.as_deref(), Some(&b"mailer /bin/sh died with signal 9"[..]));
        assert_eq!(sh("exec /bin/sleep 30 </dev/null >/dev/null 2>&1", 1).exit, 75);
    }

    #[test]
    fn a_program_that_is_not_there_may_come_back() {
        let program = Program { path: b"/nonexistent".to_vec(), ..Program::default() };
        let message = Body::with(b"");
        assert_eq!(run(&program, b"", &message, &BodyForm::default(), 0).exit, 71);
    }

    #[test]
    fn what_stays_in_the_background_keeps_nobody_waiting() {
        let begun = Instant::now();
        let report = sh("/bin/sleep 30 & echo started", 0);
        assert_eq!((report.exit, report.output.as_slice()), (0, &b"started\n"[..]));
        assert!(begun.elapsed() < Duration::from_secs(15));
    }
}
