//! Mailers that are programs: started under an identity, fed on stdin, judged by their exit status.

use super::body;
use super::protocol::MailerResult;
use crate::message::BodyForm;
use crate::schema::{EnhancedStatus, Sysexit};
use crate::sys::process::Program;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What is kept of a program's output, in bytes from its end.
const TAIL: usize = 4096;

/// Runs it with the message on stdin. `limit`: seconds, 0 for none.
pub(super) fn run(
    program: &Program,
    header: &[u8],
    message: &File,
    form: &BodyForm,
    limit: u32,
) -> MailerResult {
    let mut child = match program.spawn() {
        Ok(child) => child,
        Err(error) => return not_started(program, &error),
    };
    let end = (limit > 0).then(|| Instant::now() + Duration::from_secs(u64::from(limit)));
    let output = [
        child.stdout.take().map(|pipe| tail(Box::new(pipe))),
        child.stderr.take().map(|pipe| tail(Box::new(pipe))),
    ];
    let written = std::thread::scope(|scope| {
        let stdin = child.stdin.take();
        let writer = scope.spawn(move || feed(stdin, header, message, form));
        let ended = wait(&mut child, end);
        (ended, writer.join().unwrap_or_else(|_| Err(io::Error::other("writing stopped"))))
    });
    let mut said = Vec::new();
    for part in output.into_iter().flatten() {
        said.extend(part.join().unwrap_or_default());
    }
    let report = match written {
        (Err(why), _) => MailerResult::later(why),
        (Ok(status), written) => judge(program, status, written),
    };
    MailerResult { output: said, ..report }
}

fn not_started(program: &Program, error: &io::Error) -> MailerResult {
    // sendmail queues here too: somebody will put the program back, or name another
    let text = format!("Cannot exec {}: {error}", String::from_utf8_lossy(&program.path));
    MailerResult { exit: Sysexit::OSERR.0, text: Some(text.into()), ..MailerResult::default() }
}

fn feed(stdin: Option<ChildStdin>, header: &[u8], message: &File, form: &BodyForm) -> io::Result<()> {
    let Some(stdin) = stdin else { return Ok(()) };
    let mut out = BufWriter::with_capacity(64 << 10, stdin);
    out.write_all(header)?;
    body::write(message, form, &mut out)?;
    out.flush()
}

/// Reads to the end and keeps the last bytes.
fn tail(mut pipe: Box<dyn Read + Send>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let (mut kept, mut buffer) = (Vec::new(), [0; 4096]);
        while let Ok(count @ 1..) = pipe.read(&mut buffer) {
            kept.extend_from_slice(&buffer[..count]);
            let spare = kept.len().saturating_sub(TAIL);
            kept.drain(..spare);
        }
        kept
    })
}

fn wait(child: &mut Child, end: Option<Instant>) -> Result<std::process::ExitStatus, &'static str> {
    let Some(end) = end else { return child.wait().map_err(|_| "cannot wait for the mailer") };
    let mut pause = Duration::from_millis(1);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if Instant::now() >= end => {
                let _ = child.kill();
                let _ = child.wait();
                return Err("mailer timed out");
            }
            Ok(None) => std::thread::sleep(pause),
            Err(_) => return Err("cannot wait for the mailer"),
        }
        pause = (pause * 2).min(Duration::from_millis(200));
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
            MailerResult::later(&error.to_string())
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
        let mut message = tempfile::tempfile().expect("a file");
        message.write_all(&b"body\n".repeat(40_000)).expect("room");
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
        let message = tempfile::tempfile().expect("a file");
        assert_eq!(run(&program, b"", &message, &BodyForm::default(), 0).exit, 71);
    }
}
