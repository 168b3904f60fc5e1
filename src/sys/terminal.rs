//! A terminal that is asked for what nobody is to read over a shoulder.

use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use std::io::{self, BufRead, IsTerminal, Stdin, Write};

/// A line from the terminal on standard input, which shows nothing of it meanwhile; `None`: there is no terminal.
pub fn secret(prompt: &str) -> Option<io::Result<Vec<u8>>> {
    let input = io::stdin();
    input.is_terminal().then(|| ask(&input, prompt))
}

fn ask(input: &Stdin, prompt: &str) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    write!(io::stderr(), "{prompt}")?;
    let silent = Silent::new(input)?;
    let read = input.lock().read_until(b'\n', &mut line);
    drop(silent);
    // a closed stderr leaves nobody to tell
    let _ = writeln!(io::stderr());
    read.map(|_| line)
}

/// A terminal without its echo; it has it back at the end.
struct Silent<'a> {
    terminal: &'a Stdin,
    before: Termios,
}

impl<'a> Silent<'a> {
    fn new(terminal: &'a Stdin) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut silent = before.clone();
        silent.local_flags.remove(LocalFlags::ECHO);
        // what was typed before the prompt is no answer to it
        tcsetattr(terminal, SetArg::TCSAFLUSH, &silent)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Silent<'_> {
    fn drop(&mut self) {
        // a terminal that is gone needs no echo
        let _ = tcsetattr(self.terminal, SetArg::TCSADRAIN, &self.before);
    }
}
