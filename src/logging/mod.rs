//! What the program says about its own work: log lines, trace lines, messages.
//!
//! In: levels and finished lines of text. Out: the same lines on syslog, stderr or the `-bt`
//! terminal. Never here: decisions; nothing is built that nobody will read
//! (ask [`Tracer::level`] first).

use crate::schema::Reply;

mod console;
pub mod counters;
mod json;
mod lines;
mod logger;
mod pieces;
mod priority;
pub mod statistics;
mod traffic;

pub use console::{Console, Errors, Steps, say, without_code};
pub use lines::{RecipientLine, SenderLine, interval, log_text};
pub use logger::{Logger, Target};
pub use priority::Priority;
pub use traffic::{Dialogue, Direction, Traffic};

/// Receives trace lines (`-d`) and the messages that sendmail prints beside them, in order.
pub trait Tracer: Send {
    /// The level to which a `-d` category is traced; 0 means not at all.
    fn level(&self, category: u8) -> u8;
    /// One trace line, without its end of line.
    fn line(&mut self, text: &[u8]);
    /// One message for the user or the log (sendmail's `syserr`, `usrerr`, `message`), without its
    /// end of line and without any `file: line N:` prefix.
    fn message(&mut self, text: &[u8]) {
        self.line(text);
    }
    /// A message that is no error: it leaves the exit status alone.
    fn notice(&mut self, text: &[u8]) {
        self.message(text);
    }
    /// A message that has an SMTP code (sendmail's `usrerr("553 5.1.3 …")`). Only its text is shown,
    /// but a caller that must answer a peer keeps the codes.
    fn reply(&mut self, reply: &Reply) {
        self.message(&reply.text);
    }
    /// The address that complaints begin with where they name none.
    fn about(&self) -> &[u8] {
        b""
    }
    /// Address test mode, where every ruleset's input and result are shown?
    fn test_mode(&self) -> bool {
        false
    }
    /// Are all levels 0, so that none need be asked for?
    fn traces_nothing(&self) -> bool {
        false
    }
    /// Trace output made in pieces: printed as it is, line ends included.
    fn text(&mut self, text: &[u8]) {
        self.line(text);
    }
}

/// Methods of a tracer that stands before another one, its field `tracer`: those named here are that one's.
macro_rules! pass_on {
    (level) => { fn level(&self, category: u8) -> u8 { self.tracer.level(category) } };
    (about) => { fn about(&self) -> &[u8] { self.tracer.about() } };
    (test_mode) => { fn test_mode(&self) -> bool { self.tracer.test_mode() } };
    (line) => { fn line(&mut self, text: &[u8]) { self.tracer.line(text); } };
    (message) => { fn message(&mut self, text: &[u8]) { self.tracer.message(text); } };
    (notice) => { fn notice(&mut self, text: &[u8]) { self.tracer.notice(text); } };
    (text) => { fn text(&mut self, text: &[u8]) { self.tracer.text(text); } };
    ($($method:ident),+) => { $($crate::logging::pass_on!($method);)+ };
}
pub(crate) use pass_on;

/// Traces nothing and swallows messages.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Tracer for Quiet {
    fn level(&self, _category: u8) -> u8 {
        0
    }
    fn traces_nothing(&self) -> bool {
        true
    }
    fn line(&mut self, _text: &[u8]) {}
    fn text(&mut self, _text: &[u8]) {}
}
