//! Where address test mode reads and writes.
//!
//! Output is flushed whenever no complete input line is waiting, so that a program at the other end
//! sees every answer before it must ask again.

use super::painter::Painter;
use super::terminal::Terminal;
use super::vocabulary::Vocabulary;
use crate::analysis::debugger::Tape;
use crate::cli::debug::Levels;
use crate::logging::Tracer;
use crate::rewrite::{error_status, is_about_control_bytes};
use crate::schema::{Reply, Sysexit};
use crate::sys::safe::Danger;
use std::io::{Read, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// Longest input line in bytes; the rest is a line of its own.
const MAX_LINE: usize = 2047;

/// Where lines come from.
enum Input {
    Stream(Box<dyn Read + Send>),
    Terminal(Box<Terminal>),
}

/// Standard input and output of the shell, trace levels and the exit status so far.
pub struct Console {
    input: Input,
    output: Box<dyn Write + Send>,
    /// Read and not yet used.
    waiting: Vec<u8>,
    used: usize,
    written: Vec<u8>,
    /// What is printed goes there.
    tape: Option<Arc<Mutex<Tape>>>,
    /// Where a person reads in colour.
    painter: Option<Painter>,
    /// `-d`
    pub levels: Levels,
    /// The first error's status.
    pub status: Sysexit,
    /// The address that `/sender` read last: complaints that name no other begin with it.
    pub about: Vec<u8>,
}

impl Console {
    /// A console on these streams.
    pub fn new(input: Box<dyn Read + Send>, output: Box<dyn Write + Send>, levels: Levels) -> Self {
        let (waiting, written) = (Vec::new(), Vec::new());
        let input = Input::Stream(input);
        Self {
            input,
            output,
            waiting,
            used: 0,
            written,
            tape: None,
            painter: None,
            levels,
            status: Sysexit::OK,
            about: Vec::new(),
        }
    }

    /// Reads from a person's keyboard from now on.
    pub(super) fn at_terminal(&mut self, terminal: Terminal, colour: bool) {
        self.input = Input::Terminal(Box::new(terminal));
        self.painter = colour.then(Painter::default);
    }

    /// Tells a keyboard what can be completed; `known` is asked only where there is one.
    pub(super) fn offer(&mut self, known: impl FnOnce() -> Vocabulary) {
        if let Input::Terminal(terminal) = &mut self.input {
            terminal.know(known());
        }
    }

    /// From now on what is printed is kept there; with `None` it is printed again.
    pub(super) fn keep_on(&mut self, tape: Option<Arc<Mutex<Tape>>>) {
        self.tape = tape;
    }

    /// Writes text as it is.
    pub fn put(&mut self, text: impl AsRef<[u8]>) {
        if let Some(tape) = &self.tape {
            return tape.lock().unwrap_or_else(PoisonError::into_inner).say(text.as_ref());
        }
        self.written.extend_from_slice(text.as_ref());
        if self.written.len() > 1 << 16 {
            self.flush();
        }
    }

    /// Writes a line.
    pub fn say(&mut self, text: impl AsRef<[u8]>) {
        self.put(text);
        self.put("\n");
    }

    /// Hands everything written to the reader.
    pub fn flush(&mut self) {
        if let Some(painter) = &mut self.painter {
            self.written = painter.paint(&self.written);
        }
        // nobody is left to be told of a closed standard output
        let _ = self.output.write_all(&self.written).and_then(|()| self.output.flush());
        self.written.clear();
    }

    /// Prompts; gives the next input line without its end, or `None` at the end of the input.
    pub fn read_line(&mut self, prompt: &str) -> Option<Vec<u8>> {
        if matches!(self.input, Input::Terminal(_)) {
            self.flush();
            self.painter.iter_mut().for_each(Painter::restart);
        }
        match &mut self.input {
            Input::Terminal(terminal) => terminal.read_line(prompt).map(|mut line| {
                line.truncate(MAX_LINE);
                line
            }),
            Input::Stream(_) => {
                self.put(prompt);
                self.next_of_stream()
            }
        }
    }

    fn next_of_stream(&mut self) -> Option<Vec<u8>> {
        loop {
            let waiting = &self.waiting[self.used..];
            let end = memchr::memchr(b'\n', waiting);
            if end.unwrap_or(waiting.len()) >= MAX_LINE {
                return Some(self.take(MAX_LINE));
            }
            if let Some(length) = end {
                let line = self.take(length);
                self.used += 1;
                return Some(line);
            }
            self.flush();
            self.waiting.drain(..self.used);
            self.used = 0;
            let mut block = [0; 1 << 14];
            let Input::Stream(stream) = &mut self.input else { return None };
            match stream.read(&mut block) {
                Ok(0) | Err(_) if self.waiting.is_empty() => return None,
                Ok(0) | Err(_) => return Some(self.take(self.waiting.len())),
                Ok(count) => self.waiting.extend_from_slice(&block[..count]),
            }
        }
    }

    fn take(&mut self, length: usize) -> Vec<u8> {
        let line = &self.waiting[self.used..self.used + length];
        self.used += length;
        line[..memchr::memchr(0, line).unwrap_or(line.len())].to_vec()
    }

    /// Remembers the status of an error; the first one counts that is not for now.
    pub fn fail(&mut self, status: Sysexit) {
        if self.status.is_ok() || self.status.is_temporary() && !status.is_ok() {
            self.status = status;
        }
    }
}

impl Tracer for Console {
    fn level(&self, category: u8) -> u8 {
        self.levels.get(category)
    }
    fn line(&mut self, text: &[u8]) {
        self.say(text);
    }
    fn message(&mut self, text: &[u8]) {
        self.say(seven_bit(text));
        self.fail(if ends_in_errno(text) { Sysexit::OSERR } else { Sysexit::SOFTWARE });
    }
    fn notice(&mut self, text: &[u8]) {
        self.say(seven_bit(text));
    }
    fn reply(&mut self, reply: &Reply) {
        self.say(seven_bit(&reply.text));
        match &reply.enhanced {
            _ if reply.code == 554 => self.fail(Sysexit::SOFTWARE),
            Some(_) if reply.code == 501 && !is_about_control_bytes(reply) => {
                self.fail(error_status(reply.enhanced_text().as_deref().map(str::as_bytes)))
            }
            _ => {}
        }
    }
    fn about(&self) -> &[u8] {
        &self.about
    }
    fn test_mode(&self) -> bool {
        true
    }
    fn text(&mut self, text: &[u8]) {
        self.put(text);
    }
}

/// Messages are 7-bit text: the top bit goes, and a NUL that this makes ends the text.
fn seven_bit(text: &[u8]) -> Vec<u8> {
    text.iter().map(|byte| byte & 0x7f).take_while(|byte| *byte != 0).collect()
}

/// Does a message end in a system error's text, or in that of an unsafe file, which sendmail counts among them?
/// Then its exit status is another one.
fn ends_in_errno(text: &[u8]) -> bool {
    let Some(at) = text.windows(2).rposition(|pair| pair == b": ") else { return false };
    let reason = &text[at + 2..];
    let system = (1..=133).any(|code| nix::errno::Errno::from_raw(code).desc().as_bytes() == reason);
    system || Danger::ALL.iter().any(|danger| danger.to_string().as_bytes() == reason)
}
