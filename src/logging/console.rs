//! Standard output as whoever called the program reads it: steps (`-v`) and errors.

use std::io::Write;

/// When errors are told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Errors {
    /// Never: a report says it.
    #[default]
    Unsaid,
    /// At once.
    Said,
    /// When the message has been read, and only the last one, as sendmail does.
    Held,
}

/// What the caller of a command hears of a message; nobody hears anything of one that came over the network.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Console {
    /// Every step is told (option Verbose).
    pub steps: bool,
    /// Errors are told.
    pub errors: Errors,
    /// Errors have a line of their own in the log.
    pub logged: bool,
    /// Nothing is to be delivered, so nobody is accounted for.
    pub verifies: bool,
    held: Option<Vec<u8>>,
    count: usize,
}

impl Console {
    /// A step that was done.
    pub fn step(&self, parts: &[&[u8]]) {
        if self.steps {
            say(&parts.concat());
        }
    }

    /// Something that is wrong.
    pub fn error(&mut self, text: &[u8]) {
        self.count += 1;
        match self.errors {
            Errors::Unsaid => {}
            Errors::Said => say(text),
            Errors::Held => self.held = Some(text.to_vec()),
        }
    }

    /// Tells what was held back; how many errors there were since the last call.
    pub fn release(&mut self) -> usize {
        if let Some(text) = self.held.take() {
            say(&text);
        }
        std::mem::take(&mut self.count)
    }
}

/// A line on standard output.
pub fn say(text: &[u8]) {
    // a closed stdout leaves nobody to tell
    let _ = std::io::stdout().write_all(&[text, b"\n"].concat());
}
