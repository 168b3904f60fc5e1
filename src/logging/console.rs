//! What whoever hands a message in hears of it: steps (`-v`, VERB) and errors. Who has called the program reads standard output; what a
//! client of a session hears is kept for its next reply.

use crate::addr::seven_bits;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

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

/// Steps that the client of a session has not heard yet. Copies share them.
#[derive(Clone, Debug, Default)]
pub struct Steps(Arc<Mutex<Vec<Vec<u8>>>>);

impl Steps {
    fn add(&self, text: Vec<u8>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    /// All of them, in order; they are heard now.
    pub fn take(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl PartialEq for Steps {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Steps {}

/// What the caller of a command, or a client that has said VERB, hears of a message; nobody hears anything of any other.
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
    /// Addresses may be in UTF-8 (option UTF8Addresses).
    pub utf8: bool,
    /// Steps are told to a client of a session.
    pub client: Option<Steps>,
    held: Option<Vec<u8>>,
    count: usize,
}

impl Console {
    /// Every step is told to this client.
    pub fn of_client(client: Steps) -> Self {
        Self { steps: true, client: Some(client), ..Self::default() }
    }

    /// A step that was done.
    pub fn step(&self, parts: &[&[u8]]) {
        match &self.client {
            _ if !self.steps => {}
            Some(client) => client.add(parts.concat()),
            None => self.say(&parts.concat()),
        }
    }

    /// The client hears no more: what is still to come is no part of its reply.
    pub fn leave_client(&mut self) {
        if self.client.is_some() {
            *self = Self::default();
        }
    }

    /// A line on standard output, as sendmail has it: without eighth bits, unless addresses may have them.
    pub fn say(&self, text: &[u8]) {
        match self.utf8 {
            true => say(text),
            false => say(&seven_bits(text)),
        }
    }

    /// Something that is wrong.
    pub fn error(&mut self, text: &[u8]) {
        self.count += 1;
        match self.errors {
            Errors::Unsaid => {}
            Errors::Said => self.say(text),
            Errors::Held => self.held = Some(text.to_vec()),
        }
    }

    /// A line of the transcript that says what failed, for whoever is told of errors.
    pub fn failure(&self, line: &[u8]) {
        if self.errors == Errors::Said {
            self.say(without_code(line).unwrap_or(line));
        }
    }

    /// An error that is told when the message has been read, unless another one follows.
    pub fn hold(&mut self, text: &[u8]) {
        self.count += 1;
        self.held = Some(text.to_vec());
    }

    /// Something that is to be said and no error; where errors are held back, in the place of the last one.
    pub fn instead(&mut self, text: &[u8]) {
        match self.errors {
            Errors::Held => self.held = Some(text.to_vec()),
            _ => self.say(text),
        }
    }

    /// Was anything wrong since the last [`Console::release`]?
    pub fn has_errors(&self) -> bool {
        self.count > 0
    }

    /// Tells what was held back; how many errors there were since the last call.
    pub fn release(&mut self) -> usize {
        if let Some(text) = self.held.take() {
            self.say(&text);
        }
        std::mem::take(&mut self.count)
    }
}

/// The words of a line that is a reply, without code and enhanced status.
pub fn without_code(line: &[u8]) -> Option<&[u8]> {
    let is_code = |code: &[u8]| code[..3].iter().all(u8::is_ascii_digit) && code[3] == b' ';
    let (_, rest) = line.split_at_checked(4).filter(|(code, _)| is_code(code))?;
    let word = rest.split(|byte| *byte == b' ').next().unwrap_or_default();
    let is_status = word.contains(&b'.') && word.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    Some(if is_status { rest.get(word.len() + 1..).unwrap_or_default() } else { rest })
}

/// A line on standard output.
pub fn say(text: &[u8]) {
    // a closed stdout leaves nobody to tell
    let _ = std::io::stdout().write_all(&[text, b"\n"].concat());
}
