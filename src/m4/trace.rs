//! `-d`, `debugmode`, `traceon`, `dumpdef`: what the debug file is told.

use std::io::Write;
use std::rc::Rc;

use super::call::{Call, Expansion};
use super::expand::Expander;
use super::input::Position;
use super::symbols::Body;

bitflags::bitflags! {
    /// The letters of `debugmode`.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct DebugFlags: u16 {
        /// Arguments of traced calls.
        const ARGUMENTS = 1;
        /// Their expansions.
        const EXPANSION = 2;
        /// Quotes around both.
        const QUOTE = 4;
        /// All calls are traced.
        const ALL = 8;
        /// Line numbers.
        const LINE = 16;
        /// File names.
        const FILE = 32;
        /// Files found by the search path.
        const PATH = 64;
        /// Lines before and after collecting arguments, too.
        const CALL = 128;
        /// Changes of the input file.
        const INPUT = 256;
        /// A number for each call.
        const ID = 512;
    }
}

/// Letters as `-d` takes them.
const LETTERS: &[(u8, DebugFlags)] = &[
    (b'a', DebugFlags::ARGUMENTS),
    (b'e', DebugFlags::EXPANSION),
    (b'q', DebugFlags::QUOTE),
    (b't', DebugFlags::ALL),
    (b'l', DebugFlags::LINE),
    (b'f', DebugFlags::FILE),
    (b'p', DebugFlags::PATH),
    (b'c', DebugFlags::CALL),
    (b'i', DebugFlags::INPUT),
    (b'x', DebugFlags::ID),
    (b'V', DebugFlags::all()),
];

impl DebugFlags {
    /// What `-d` without letters means.
    pub const USUAL: Self = Self::ARGUMENTS.union(Self::EXPANSION).union(Self::QUOTE);

    /// Reads letters; nothing if one is unknown.
    pub fn parse(letters: &[u8]) -> Option<Self> {
        if letters.is_empty() {
            return Some(Self::USUAL);
        }
        letters.iter().try_fold(Self::empty(), |flags, letter| {
            let row = LETTERS.iter().find(|(name, _)| name == letter)?;
            Some(flags | row.1)
        })
    }
}

enum DebugFile {
    Console,
    Nothing,
    File(Box<dyn Write>),
}

/// State of tracing.
pub(super) struct Tracing {
    pub(super) flags: DebugFlags,
    argument_length: usize,
    file: DebugFile,
    /// `debugmode` was called: GNU m4 then forgets the line it was about to print.
    pub(super) restarted: bool,
}

impl Tracing {
    pub(super) fn new(flags: DebugFlags, argument_length: usize) -> Self {
        Self { flags, argument_length, file: DebugFile::Console, restarted: false }
    }

    /// Is a call of a macro with this trace mark traced?
    pub(super) fn is_on(&self, traced: bool) -> bool {
        traced || self.flags.contains(DebugFlags::ALL)
    }

    /// Is a line wanted before its arguments are collected?
    pub(super) fn wants_call(&self, traced: bool) -> bool {
        self.is_on(traced) && self.flags.contains(DebugFlags::CALL)
    }

    fn shorten(&self, out: &mut Vec<u8>, text: &[u8]) {
        match self.argument_length {
            limit if limit > 0 && text.len() > limit => {
                out.extend_from_slice(&text[..limit]);
                out.extend_from_slice(b"...");
            }
            _ => out.extend_from_slice(text),
        }
    }
}

impl Expander<'_> {
    /// Sends debug output somewhere else. Nothing: back to the console; empty: nowhere.
    ///
    /// # Errors
    /// What kept the file from being opened; debug output then goes where it went before.
    pub(crate) fn set_debug_file(&mut self, name: Option<&[u8]>) -> std::io::Result<()> {
        self.tracing.file = match name {
            None => DebugFile::Console,
            Some(b"") => DebugFile::Nothing,
            Some(name) => DebugFile::File(self.host.files.append(name)?),
        };
        Ok(())
    }

    pub(super) fn debug(&mut self, text: &[u8]) {
        self.work += text.len() as u64;
        match &mut self.tracing.file {
            DebugFile::Console => self.host.console.debug(text),
            DebugFile::Nothing => {}
            // A debug file that fills up must not end the run.
            DebugFile::File(file) => drop(file.write_all(text)),
        }
    }

    fn prefix(&self, word: &str, place: Position) -> Vec<u8> {
        let mut line = word.as_bytes().to_vec();
        if place.line > 0 {
            if self.tracing.flags.contains(DebugFlags::FILE) {
                line.extend_from_slice(&self.files[place.file as usize]);
                line.push(b':');
            }
            if self.tracing.flags.contains(DebugFlags::LINE) {
                line.extend_from_slice(format!("{}:", place.line).as_bytes());
            }
        }
        line
    }

    fn trace_head(&self, name: &[u8], place: Position, depth: usize, id: u64) -> Vec<u8> {
        let mut line = self.prefix("m4trace:", place);
        line.extend_from_slice(format!(" -{depth}- ").as_bytes());
        if self.tracing.flags.contains(DebugFlags::ID) {
            line.extend_from_slice(format!("id {id}: ").as_bytes());
        }
        line.extend_from_slice(name);
        line
    }

    /// The line before the arguments are collected (flag `c`).
    pub(super) fn trace_call(&mut self) {
        let Some((name, place, depth, id)) = self.innermost() else { return };
        let mut line = self.trace_head(name, place, depth, id);
        line.extend_from_slice(b" ...\n");
        self.debug(&line);
    }

    /// The line when they are there; kept back until the expansion is known, unless flag `c` is set.
    pub(super) fn trace_arguments(&mut self, call: &Call<'_>, depth: usize, id: u64) -> Vec<u8> {
        let flags = self.tracing.flags;
        self.tracing.restarted = false;
        let mut line = self.trace_head(call.name, call.place, depth, id);
        if flags.contains(DebugFlags::ARGUMENTS) && call.count() > 0 {
            line.push(b'(');
            for number in 1..=call.count() {
                if number > 1 {
                    line.extend_from_slice(b", ");
                }
                self.trace_argument(&mut line, call, number);
            }
            line.push(b')');
        }
        if flags.contains(DebugFlags::CALL) {
            line.extend_from_slice(b" -> ???\n");
            self.debug(&line);
            line.clear();
        }
        line
    }

    fn trace_argument(&self, line: &mut Vec<u8>, call: &Call<'_>, number: usize) {
        if let Some(builtin) = call.builtin_arg(number) {
            line.extend_from_slice(format!("<{}>", builtin.name).as_bytes());
            return;
        }
        let quoted = self.tracing.flags.contains(DebugFlags::QUOTE);
        if quoted {
            line.extend_from_slice(&self.lexer.left_quote);
        }
        self.tracing.shorten(line, call.arg(number));
        if quoted {
            line.extend_from_slice(&self.lexer.right_quote);
        }
    }

    /// The line after the call.
    pub(super) fn trace_expansion(
        &mut self,
        mut line: Vec<u8>,
        call: &Call<'_>,
        expansion: &Expansion,
        depth: usize,
        id: u64,
    ) {
        let flags = self.tracing.flags;
        if flags.contains(DebugFlags::CALL) {
            line = self.trace_head(call.name, call.place, depth, id);
            if flags.contains(DebugFlags::ARGUMENTS) && call.count() > 0 {
                line.extend_from_slice(b"(...)");
            }
        }
        if std::mem::take(&mut self.tracing.restarted) && !flags.contains(DebugFlags::CALL) {
            line.clear();
        }
        let text = expansion.bytes();
        if flags.contains(DebugFlags::EXPANSION) && !text.is_empty() {
            line.extend_from_slice(b" -> ");
            let quoted = flags.contains(DebugFlags::QUOTE);
            if quoted {
                line.extend_from_slice(&self.lexer.left_quote);
            }
            self.tracing.shorten(&mut line, text);
            if quoted {
                line.extend_from_slice(&self.lexer.right_quote);
            }
        }
        line.push(b'\n');
        self.debug(&line);
    }

    // Input files.

    fn debug_line(&mut self, text: &str) {
        let place = self.input.place();
        let mut line = self.prefix("m4debug:", place);
        line.extend_from_slice(text.as_bytes());
        self.debug(&line);
    }

    pub(super) fn debug_input_read(&mut self, file: u32, place: Position) {
        if self.tracing.flags.contains(DebugFlags::INPUT) {
            let mut line = self.prefix("m4debug:", place);
            line.extend_from_slice(b" input read from ");
            line.extend_from_slice(&self.files[file as usize]);
            line.push(b'\n');
            self.debug(&line);
        }
    }

    pub(super) fn debug_input_reverted(&mut self) {
        let ended = std::mem::take(&mut self.input.ended);
        if !self.tracing.flags.contains(DebugFlags::INPUT) {
            return;
        }
        for (end, place) in ended {
            let mut line = self.prefix("m4debug:", end);
            line.extend_from_slice(b" input reverted to ");
            line.extend_from_slice(&self.files[place.file as usize]);
            line.extend_from_slice(format!(", line {}\n", place.line).as_bytes());
            self.debug(&line);
        }
    }

    pub(super) fn debug_input_exhausted(&mut self) {
        if self.tracing.flags.contains(DebugFlags::INPUT) {
            self.input.top();
            let mut line = self.prefix("m4debug:", self.input.end_place());
            line.extend_from_slice(b" input exhausted\n");
            self.debug(&line);
        }
    }

    /// Tells that the search path led to another file than the one named (flag `p`).
    pub(super) fn debug_path(&mut self, name: &[u8], found: &Rc<[u8]>) {
        if self.tracing.flags.contains(DebugFlags::PATH) && name != &found[..] {
            let name = String::from_utf8_lossy(name).into_owned();
            let found = String::from_utf8_lossy(found).into_owned();
            self.debug_line(&format!(" path search for `{name}' found `{found}'\n"));
        }
    }

    /// One line of `dumpdef`.
    pub(super) fn dump(&mut self, name: &[u8], body: &Body) {
        let mut line = name.to_vec();
        line.extend_from_slice(b":\t");
        match body {
            Body::Builtin(builtin) => line.extend_from_slice(format!("<{}>", builtin.name).as_bytes()),
            Body::Text { text, .. } => {
                let quoted = self.tracing.flags.contains(DebugFlags::QUOTE);
                if quoted {
                    line.extend_from_slice(&self.lexer.left_quote);
                }
                line.extend_from_slice(text);
                if quoted {
                    line.extend_from_slice(&self.lexer.right_quote);
                }
            }
        }
        line.push(b'\n');
        self.debug(&line);
    }
}
