//! `-bt` in front of a person: a pseudo terminal takes the person's place.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const CF: &str = "V10/Berkeley\nMlocal, P=/bin/true, F=l, A=true\nD{Site}hill.example\nScanonify=3\nR$*\t\t$: $>Inner $1\nSInner\nR$*\t\t$: $1 done\n";

/// Longest wait for an answer; only a failure takes it.
const PATIENCE: Duration = Duration::from_secs(60);

struct Person {
    screen: File,
    shell: Child,
    seen: Vec<u8>,
    _home: tempfile::TempDir,
}

impl Person {
    fn sit_down(settings: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let cf = home.path().join("site.cf");
        std::fs::write(&cf, CF).expect("room for a cf");
        let pair = nix::pty::openpty(None, None).expect("a pseudo terminal");
        let end = || Stdio::from(pair.slave.try_clone().expect("a descriptor"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_canonify"));
        command.args(["sendmail", "-bt", "-C"]).arg(cf).stdin(end()).stdout(end()).stderr(end());
        command.env_remove("NO_COLOR").env("TERM", "xterm").env("XDG_STATE_HOME", home.path());
        command.envs(settings.iter().copied());
        let shell = command.spawn().expect("the binary");
        drop(command);
        let mut person = Self { screen: File::from(pair.master), shell, seen: Vec::new(), _home: home };
        drop(pair.slave);
        person.read_until("Enter <ruleset> <address>");
        person.read_until("> ");
        person
    }

    fn press(&mut self, keys: &str) {
        self.screen.write_all(keys.as_bytes()).expect("a terminal");
    }

    /// Reads the screen until a text stands on it; gives what came with it.
    fn read_until(&mut self, text: &str) -> String {
        let late = Instant::now() + PATIENCE;
        loop {
            let shown = String::from_utf8_lossy(&self.seen).into_owned();
            if let Some(at) = shown.find(text) {
                self.seen = shown.as_bytes()[at + text.len()..].to_vec();
                return shown[..at + text.len()].to_owned();
            }
            assert!(Instant::now() < late, "never saw {text:?} in {shown:?}");
            let mut block = [0; 4096];
            let count = self.screen.read(&mut block).expect("a terminal");
            self.seen.extend_from_slice(&block[..count]);
        }
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        // it has ended where the test went well
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

#[test]
fn names_are_completed_and_colours_follow_nesting() {
    let mut person = Person::sit_down(&[]);
    person.press("can\t x\r");
    person.read_until("\x1b[36mcanonify        \x1b[0m   input: x");
    person.read_until("\x1b[33mInner           \x1b[0m   input: x");
    person.read_until("\x1b[33mInner           \x1b[0m returns: x done");
    person.read_until("\x1b[36mcanonify        \x1b[0m returns:\x1b[1m x done\x1b[0m");
    person.press("${S\t\r");
    person.read_until("hill.example");
}

#[test]
fn an_interrupt_drops_the_line_and_history_brings_lines_back() {
    let mut person = Person::sit_down(&[("NO_COLOR", "1")]);
    person.press("$j is not finished\x03");
    person.read_until("> ");
    person.press("Inner a\r");
    person.read_until("Inner            returns: a done");
    person.press("\x1b[A\r");
    let again = person.read_until("Inner            returns: a done");
    assert!(!again.contains("\x1b[36m"), "colours although NO_COLOR is set: {again:?}");
    person.press("/quit\r");
    let status = person.shell.wait().expect("its end");
    assert!(status.success(), "{status}");
}

/// Rules are walked through forwards and backwards; what the run prints is shown where it was printed.
#[test]
fn a_run_is_walked_through() {
    let mut person = Person::sit_down(&[("NO_COLOR", "1")]);
    person.press("/br\t Inn\t:1\r");
    person.read_until("  1  Inner:1  (Inner:1)");
    person.press("canonify x\r");
    person.read_until("canonify           input: x");
    person.read_until("break 1, Inner:1");
    person.read_until("x \u{2192} x done");
    person.read_until("(debug) ");
    person.press("where\r");
    person.read_until("canonify:1  x");
    person.press("back\r");
    person.read_until("Inner begins with x");
    person.press("con\t\r");
    person.read_until("break 1, Inner:1");
    person.press("c\r");
    let rest = person.read_until("canonify         returns: x done");
    assert!(rest.contains("Inner            returns: x done"), "{rest}");
    person.press("/back\r");
    person.read_until("canonify returns x done");
    person.press("q\r");
    person.read_until("> ");
    person.press("/delete all\r");
    person.read_until("\n");
    person.read_until("> ");
    person.press("canonify y\r");
    let plain = person.read_until("canonify         returns: y done");
    assert!(!plain.contains("(debug)"), "{plain}");
    person.press("/step canonify z\r");
    person.read_until("canonify begins with z");
    person.press("quit\r");
    person.read_until("canonify         returns: z done");
    person.press("/quit\r");
    let status = person.shell.wait().expect("its end");
    assert!(status.success(), "{status}");
}

/// Where no person types, the debugger's words are those that sendmail does not know.
#[test]
fn a_pipe_has_no_debugger() {
    let home = tempfile::tempdir().expect("a folder");
    let cf = home.path().join("site.cf");
    std::fs::write(&cf, CF).expect("room for a cf");
    let mut command = Command::new(env!("CARGO_BIN_EXE_canonify"));
    command.args(["sendmail", "-bt", "-C"]).arg(cf).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut shell = command.spawn().expect("the binary");
    let typed = b"/break Inner:1\n/step canonify x\n/\n";
    shell.stdin.take().expect("a pipe").write_all(typed).expect("a pipe");
    let output = shell.wait_with_output().expect("its end");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let wanted = "Unknown \"/\" command /break\n> Unknown \"/\" command /step\n> Usage: /[canon|map|mx|parse|try|tryflags]\n> ";
    assert!(said.ends_with(wanted), "{said}");
}
