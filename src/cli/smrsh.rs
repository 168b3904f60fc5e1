//! smrsh: a shell that runs nothing but the programs of one directory.
//!
//! In: `-c COMMAND`, as the mailer `prog` says it. Out: the same command with each program's name led to its file in
//! that directory, for /bin/sh; or a refusal, on standard error and in the log. What the shell would do more than
//! start programs with words never reaches it.

use super::maptool;
use super::process::{complain, exit};
use crate::logging::{Logger, Priority, Target};
use crate::schema::Sysexit;
use crate::sys::process::Program;
use crate::sys::{accounts, errno_text, identity};
use clap::{Arg, Command};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::PermissionsExt;
use std::process::ExitCode;

/// Where the administrator puts what users may run.
const DIRECTORY: &[u8] = b"/etc/mail/smrsh";
/// Where the shell and those programs look for others.
const PATH: &[u8] = b"/usr/bin:/bin";
/// The longest command, in bytes.
const MAX_COMMAND: usize = 1000;
/// What makes more of a command than words. (`&` and `|` stand between two commands in pairs.)
const SPECIAL: &[u8] = b"<>^();`$\r\n";

/// Its command line.
pub(super) fn command() -> Command {
    let line = Arg::new("command").short('c').value_name("COMMAND").help("the command");
    maptool::bare_command("smrsh", "run a command of the directory /etc/mail/smrsh, and no other").arg(line).long_about(
        "Takes the place of sh in the mailer prog (FEATURE smrsh): commands of aliases and .forward files run only if their program is in \
         /etc/mail/smrsh, whatever directory they name. `exec', `exit' and `echo' are the shell's; `&&' and `||' may stand between commands; \
         < > ^ ( ) ; ` $ and ends of lines may not stand anywhere.",
    )
}

/// Entry of the personality.
pub fn main(args: Vec<OsString>) -> ExitCode {
    let mut words = args.into_iter().map(OsString::into_vec);
    let name = words.next().unwrap_or_default();
    let name = String::from_utf8_lossy(&name).into_owned();
    let words: Vec<Vec<u8>> = words.collect();
    let [dash, command] = words.as_slice() else { return exit(usage(&name)) };
    if dash != b"-c" || command.is_empty() {
        return exit(usage(&name));
    }
    exit(match restricted(command) {
        Ok(line) => execute(&name, line),
        Err(refused) => {
            complain(&format!("{name}: {}", String::from_utf8_lossy(&refused.said)));
            let text =
                [b"uid ", identity::real_uid().to_string().as_bytes(), b": attempt to use ", &refused.logged]
                    .concat();
            let target = Target::choose(std::env::var("CANONIFY_LOG").ok().as_deref());
            // a log on standard error would say it twice to the report
            if !matches!(target, Target::Stderr) {
                Logger::open_without_thread(target, b"smrsh", 9).log(0, Priority::Critical, None, &text);
            }
            Sysexit::UNAVAILABLE
        }
    })
}

fn usage(name: &str) -> Sysexit {
    complain(&format!("Usage: {name} -c command"));
    Sysexit::USAGE
}

/// Only comes back when there is no shell.
fn execute(name: &str, line: Vec<u8>) -> Sysexit {
    let program = Program {
        path: b"/bin/sh".to_vec(),
        argv: vec![b"/bin/sh".to_vec(), b"-c".to_vec(), line],
        environment: vec![(b"PATH".to_vec(), PATH.to_vec())],
        ..Program::default()
    };
    complain(&format!("{name}: /bin/sh: {}", errno_text(&program.execute())));
    Sysexit::OSFILE
}

/// Why a command does not run.
#[derive(PartialEq, Eq, Debug)]
struct Refused {
    said: Vec<u8>,
    logged: Vec<u8>,
}

impl Refused {
    fn byte(byte: u8, command: &[u8]) -> Self {
        Self {
            said: [b"cannot use ", &[byte][..], b" in command"].concat(),
            logged: [&[byte][..], b" in command: ", command].concat(),
        }
    }

    fn name(name: &[u8], why: &[u8]) -> Self {
        Self {
            said: [b"\"", name, b"\" not available for sendmail programs", why].concat(),
            logged: [b"\"", name, b"\"", why].concat(),
        }
    }
}

/// The command as the shell may have it.
fn restricted(command: &[u8]) -> Result<Vec<u8>, Refused> {
    if command.len() > MAX_COMMAND {
        let said = [b"command too long: ", command].concat();
        return Err(Refused { said, logged: [b"\"", command, b"\" (filename too long)"].concat() });
    }
    let (mut rest, mut line) = (command, Vec::new());
    loop {
        rest = begin(rest, &mut line)?;
        let end = rest.iter().position(|byte| SPECIAL.contains(byte) || matches!(byte, b'&' | b'|'));
        let Some(end) = end else {
            line.extend_from_slice(rest);
            return Ok(line);
        };
        let byte = rest[end];
        if SPECIAL.contains(&byte) || rest.get(end + 1) != Some(&byte) {
            return Err(Refused::byte(byte, command));
        }
        line.extend_from_slice(&rest[..end + 2]);
        rest = &rest[end + 2..];
        if rest.trim_ascii_start().is_empty() {
            // the shell says what is wrong
            return Ok(line);
        }
    }
}

/// Takes what a command begins with, to the end of its program's name.
fn begin<'a>(rest: &'a [u8], line: &mut Vec<u8>) -> Result<&'a [u8], Refused> {
    let (word, mut rest) = word(rest);
    line.push(b' ');
    let name = match word {
        b"exit" | b"echo" => {
            line.extend_from_slice(word);
            return Ok(rest);
        }
        b"exec" if !rest.trim_ascii_start().is_empty() => {
            line.extend_from_slice(b"exec ");
            let (word, behind) = self::word(rest);
            rest = behind;
            word
        }
        _ => word,
    };
    let name = name.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let path = [DIRECTORY, b"/", name].concat();
    match std::fs::metadata(accounts::path(&path)) {
        _ if name.contains(&b'\'') => return Err(Refused::name(name, b" (stat failed)")),
        Err(_) => return Err(Refused::name(name, b" (stat failed)")),
        Ok(about) if !about.is_file() => return Err(Refused::name(name, b" (not a file)")),
        Ok(about) if about.permissions().mode() & 0o111 == 0 => return Err(Refused::name(name, b"")),
        Ok(_) => {}
    }
    // the name is a file's there, so that whatever it holds means nothing to the shell
    line.extend([b"'", &path[..], b"'"].concat());
    Ok(rest)
}

/// The next word and what stands behind it.
fn word(text: &[u8]) -> (&[u8], &[u8]) {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let begin = text.iter().position(|byte| !blank(byte)).unwrap_or(text.len());
    let text = &text[begin..];
    text.split_at(text.iter().position(blank).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(command: &[u8]) -> String {
        match restricted(command) {
            Ok(line) => String::from_utf8_lossy(&line).into_owned(),
            Err(refused) => String::from_utf8_lossy(&refused.said).into_owned(),
        }
    }

    #[test]
    fn what_the_shell_would_do_more_than_start_programs_is_refused() {
        for byte in SPECIAL {
            let command = [b"echo a", &[*byte][..], b"b"].concat();
            assert!(said(&command).starts_with("cannot use "), "{}", command.escape_ascii());
        }
        for command in ["echo a | b", "echo a & b", "echo a |", "exit 0 &", "echo a &|| echo b"] {
            assert!(said(command.as_bytes()).starts_with("cannot use "), "{command}");
        }
        assert_eq!(said(b"echo a && exit 75 || echo b"), " echo a && exit 75 || echo b");
        assert!(said(&vec![b'a'; 2000]).starts_with("command too long: "));
    }

    #[test]
    fn sec_054_programs_are_those_of_the_directory() {
        let none = "\" not available for sendmail programs (stat failed)";
        for (command, name) in [
            ("/no/such-program-here a", "such-program-here"),
            ("echo a && /bin/such-program-here", "such-program-here"),
            ("exec /bin/such-program-here", "such-program-here"),
            ("echo a ||| such-program-here", "|"),
            ("A=1 such-program-here", "A=1"),
            ("'such-program-here'", "'such-program-here'"),
            ("such-program-here\nid", "such-program-here\nid"),
            ("exec", "exec"),
            ("|| echo a", "||"),
        ] {
            assert_eq!(said(command.as_bytes()), format!("\"{name}{none}"), "{command}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_break_it(command in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80)) {
            if let Ok(line) = restricted(&command) {
                proptest::prop_assert!(!line.iter().any(|byte| SPECIAL.contains(byte)));
            }
        }
    }
}
