//! The outside world as m4 sees it. The engine asks; whoever runs it answers.

use std::borrow::Cow;
use std::io::{self, Write};
use std::rc::Rc;

/// A file that was found.
pub struct Found {
    /// The name by which messages call it.
    pub name: Rc<[u8]>,
    /// Its contents: read just now, or part of the program.
    pub text: Cow<'static, [u8]>,
    /// Is it the site's own (and not part of the cf library)? Provenance points at such files.
    pub site: bool,
}

/// Files by name.
pub trait Files {
    /// Contents for `include`, `sinclude` and `undivert`; search paths are the implementer's.
    ///
    /// # Errors
    /// Whatever keeps the file from being read.
    fn read(&mut self, name: &[u8]) -> io::Result<Found>;

    /// Makes an empty file from a template that ends in `XXXXXX`; gives its name.
    ///
    /// # Errors
    /// Whatever keeps the file from being made; `Unsupported` where none may be made.
    fn temporary(&mut self, template: &[u8]) -> io::Result<Vec<u8>>;

    /// Makes a file, or empties it.
    ///
    /// # Errors
    /// What keeps it from being made; `Unsupported` where none may be made.
    fn create(&mut self, _name: &[u8]) -> io::Result<Box<dyn Write>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Opens a file for debug output, appending.
    ///
    /// # Errors
    /// Whatever keeps it from being opened.
    fn append(&mut self, name: &[u8]) -> io::Result<Box<dyn Write>>;
}

/// How a command ended, as `sysval` shows it: exit status, or the signal shifted left by eight.
pub type CommandStatus = i32;

/// Shell commands for `syscmd` and `esyscmd`.
pub trait Commands {
    /// Runs a command with the caller's standard input and error. With `capture` its output is returned,
    /// else it goes to standard output.
    ///
    /// # Errors
    /// `PermissionDenied` where commands are refused, else what kept it from running.
    fn run(&mut self, command: &[u8], capture: bool) -> io::Result<(Vec<u8>, CommandStatus)>;
}

/// What is wrong, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding<'a> {
    /// Input file; empty where there is none (command line).
    pub file: &'a [u8],
    /// Line, from 1; 0 where there is none.
    pub line: u32,
    /// The line of the site's own file that led here: name and line.
    pub site: Option<(&'a [u8], u32)>,
    /// The text without "m4:file:line: ".
    pub text: &'a [u8],
    /// Which rule was broken, for callers that explain it.
    pub kind: FindingKind,
}

/// What a finding is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FindingKind {
    /// Starts with "Warning:"; the expansion goes on.
    Warning,
    /// An error after which the expansion goes on.
    Error,
    /// The text of an `errprint`, to be printed as it is.
    Errprint,
    /// A file for `include` that cannot be read.
    MissingFile,
    /// End of input inside a quoted string.
    OpenQuote,
    /// End of input inside a comment.
    OpenComment,
    /// End of input inside a macro's arguments.
    OpenArguments,
    /// A limit was reached.
    Limit,
}

/// Where output and messages go.
pub trait Console {
    /// Standard output.
    ///
    /// # Errors
    /// What the write said.
    fn output(&mut self, text: &[u8]) -> io::Result<()>;
    /// A message for the user.
    fn finding(&mut self, finding: &Finding<'_>);
    /// Trace, dumpdef and debug text where no debug file was named.
    fn debug(&mut self, text: &[u8]);
    /// Makes sure that all output so far is out, before a command writes to the same place.
    ///
    /// # Errors
    /// What the flush said.
    fn flush(&mut self) -> io::Result<()>;
}

/// The three together.
pub struct Host<'h> {
    /// Files.
    pub files: &'h mut dyn Files,
    /// Commands.
    pub commands: &'h mut dyn Commands,
    /// Output and messages.
    pub console: &'h mut dyn Console,
}

/// Refuses every command.
pub struct NoCommands;

impl Commands for NoCommands {
    fn run(&mut self, _: &[u8], _: bool) -> io::Result<(Vec<u8>, CommandStatus)> {
        Err(io::ErrorKind::PermissionDenied.into())
    }
}
