//! The expander: reads tokens, collects arguments, calls macros, pushes their expansions back.
//!
//! Nothing here recurses: calls whose arguments are still being collected wait as frames in a list, so
//! the nesting of the input costs memory, never stack.

use std::borrow::Cow;
use std::io;
use std::rc::Rc;

use super::builtins::{self, Builtin};
use super::call::{Frame, Span};
use super::divert::Diversions;
use super::host::{FindingKind, Host};
use super::input::{Input, Position, Text};
use super::lexer::{Lexer, Mode, Steps, Token};
use super::options::Settings;
use super::regex::Regex;
use super::symbols::{Body, Symbols};
use super::synclines::Synclines;
use super::trace::Tracing;

/// Why the expansion ends before its input does.
#[derive(Debug)]
pub(super) enum Stop {
    /// With this exit status, everything in hand dropped.
    Exit(u8),
    /// Output could not be written.
    Output(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// After an expansion of more bytes the limits are looked at.
pub(super) const LARGE: usize = 1 << 16;

/// Output is written when there is more of it.
pub(super) const AT_ONCE: usize = 1 << 14;

/// The state of one run.
pub(crate) struct Expander<'h> {
    pub(super) host: Host<'h>,
    pub(super) settings: Settings,
    pub(super) input: Input,
    pub(super) lexer: Lexer,
    pub(super) symbols: Symbols,
    pub(super) diversions: Diversions,
    pub(super) tracing: Tracing,
    pub(super) synclines: Option<Synclines>,
    /// `--warn-macro-sequence`: definitions that match are warned about.
    pub(super) suspicious: Option<Regex>,
    /// Names of input files, by `Position::file`.
    pub(super) files: Vec<Rc<[u8]>>,
    /// Which of them are the site's own.
    pub(super) site_files: Vec<bool>,
    /// Texts from `m4wrap`, in the order given.
    pub(super) wrapped: Vec<(Vec<u8>, Position, Option<Position>)>,
    pub(super) sysval: i32,
    /// Exit status so far.
    pub(super) status: u8,
    /// Position of the call being run; messages are about it.
    pub(super) calling: Option<Position>,
    /// The site's line that led to it.
    pub(super) calling_site: Option<Position>,
    pub(super) frames: Vec<Frame>,
    pub(super) buffer: Vec<u8>,
    pub(super) spans: Vec<Span>,
    pub(super) calls: u64,
    /// Bytes of all expansions so far, and steps of regular expressions.
    pub(super) work: u64,
    /// Calls of `indir` and `builtin` within each other.
    pub(super) indirect: u32,
}

impl<'h> Expander<'h> {
    pub(crate) fn new(host: Host<'h>, settings: Settings) -> Self {
        let mut expander = Self {
            host,
            input: Input::default(),
            lexer: Lexer::default(),
            symbols: Symbols::default(),
            diversions: Diversions::default(),
            tracing: Tracing::new(settings.debug, settings.argument_length),
            synclines: None,
            suspicious: None,
            files: vec![b"".as_slice().into()],
            site_files: vec![false],
            wrapped: Vec::new(),
            sysval: 0,
            status: 0,
            calling: None,
            calling_site: None,
            frames: Vec::new(),
            buffer: Vec::new(),
            spans: Vec::new(),
            calls: 0,
            work: 0,
            indirect: 0,
            settings,
        };
        builtins::install(&mut expander.symbols, &expander.settings);
        expander
    }

    /// Expands one file of the command line to its end.
    pub(crate) fn run_file(
        &mut self,
        name: Rc<[u8]>,
        text: Cow<'static, [u8]>,
        site: bool,
    ) -> Result<(), Stop> {
        self.enter_file(name, text, site)?;
        self.run()
    }

    /// Puts a file on top of the input.
    pub(super) fn enter_file(
        &mut self,
        name: Rc<[u8]>,
        text: Cow<'static, [u8]>,
        site: bool,
    ) -> Result<(), Stop> {
        if self.input.files >= self.settings.include_limit {
            let text = format!("include depth limit of {} exceeded", self.settings.include_limit);
            return Err(self.fatal(FindingKind::Limit, text.as_bytes()));
        }
        // What the library does of its own accord is nobody's line, whoever had it read.
        let entry = !site && name.ends_with(b"/m4/cf.m4");
        let origin = self.input.site(&self.site_files).filter(|_| !entry);
        let place = self.calling.unwrap_or_else(|| self.input.end_place());
        let file = self.file_id(name, site);
        self.input.push_file(text, file, origin);
        self.debug_input_read(file, place);
        Ok(())
    }

    pub(super) fn file_id(&mut self, name: Rc<[u8]>, site: bool) -> u32 {
        let known =
            self.files.iter().zip(&self.site_files).position(|(other, own)| *other == name && *own == site);
        let index = known.unwrap_or_else(|| {
            self.files.push(name);
            self.site_files.push(site);
            self.files.len() - 1
        });
        u32::try_from(index).unwrap_or(0)
    }

    /// After the last file: texts from `m4wrap`, and those that they wrap in turn, last first.
    pub(crate) fn run_wrapped(&mut self) -> Result<(), Stop> {
        if let Some(state) = &mut self.synclines {
            state.forget_file();
        }
        while !self.wrapped.is_empty() {
            for (text, place, site) in std::mem::take(&mut self.wrapped) {
                self.input.push_text(Text::Owned(text), place, site);
            }
            self.run()?;
        }
        Ok(())
    }

    /// Empties all diversions into the output.
    pub(crate) fn finish(&mut self) -> Result<(), Stop> {
        self.diversions.switch(0);
        self.diversions.undivert_all();
        self.write_output(0)
    }

    /// Gives output in hand to the console if it is more than `least` bytes.
    pub(super) fn write_output(&mut self, least: usize) -> Result<(), Stop> {
        if !self.settings.provenance
            && let Some(store) = self.diversions.output(least)
        {
            self.host.console.output(&store.text)?;
            store.text.clear();
        }
        Ok(())
    }

    fn run(&mut self) -> Result<(), Stop> {
        // Output from here on has not been noted.
        let mut unnoted = None;
        loop {
            let collecting = !self.frames.is_empty();
            let sink = if collecting { &mut self.buffer } else { &mut self.diversions.sink().text };
            let from = unnoted.take().unwrap_or(sink.len());
            let mode = Mode { collecting, steps: self.steps(from) };
            let sink = if collecting { &mut self.buffer } else { &mut self.diversions.sink().text };
            let token = self.lexer.next(&mut self.input, sink, mode, &self.symbols.likely);
            if !self.input.ended.is_empty() {
                self.debug_input_reverted();
            }
            match token.map_err(|unfinished| self.unfinished(unfinished))? {
                Token::Text => self.note_output(from, false),
                Token::Word(start) if self.try_call(start, mode)? => {}
                Token::Word(_) => match mode.steps {
                    Steps::Free => {}
                    Steps::Texts(_) if !self.input.exhausted() => unnoted = Some(from),
                    _ => self.note_output(from, false),
                },
                Token::Open => self.parenthesis(b'(', 1),
                Token::Close if self.at_outer_level() => self.end_call()?,
                Token::Close => self.parenthesis(b')', u32::MAX),
                Token::Comma if self.at_outer_level() => {
                    self.next_argument();
                    if self.spans.len() & 0xffff == 0 {
                        self.check_limits()?;
                    }
                }
                Token::Comma => self.buffer.push(b','),
                Token::Builtin(builtin) => self.builtin_token(builtin),
                Token::End if self.frames.is_empty() => return Ok(()),
                Token::End => return Err(self.open_arguments()),
            }
        }
    }

    /// How much may be read before its place is asked for; what a negative diversion swallows comes from nowhere.
    fn steps(&self, from: usize) -> Steps {
        if !self.frames.is_empty() {
            Steps::Free
        } else if self.synclines.is_some() {
            Steps::Tokens
        } else if self.settings.provenance && self.diversions.number >= 0 {
            Steps::Texts(from)
        } else {
            Steps::Free
        }
    }

    fn at_outer_level(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.parentheses == 0)
    }

    fn parenthesis(&mut self, byte: u8, step: u32) {
        self.buffer.push(byte);
        if let Some(frame) = self.frames.last_mut() {
            frame.parentheses = frame.parentheses.wrapping_add(step);
        }
    }

    fn next_argument(&mut self) {
        self.end_argument();
        let place = self.input.place();
        if let Some(frame) = self.frames.last_mut() {
            frame.argument_place = place;
        }
        self.lexer.skip_space(&mut self.input);
    }

    pub(super) fn end_argument(&mut self) {
        let end = self.buffer.len();
        if let Some(frame) = self.frames.last_mut() {
            self.spans.push(Span { start: frame.start, end, builtin: frame.builtin.take() });
            frame.start = end;
        }
    }

    /// A builtin in an argument counts only where nothing stands before it; text after it is lost.
    fn builtin_token(&mut self, builtin: &'static Builtin) {
        if let Some(frame) = self.frames.last_mut()
            && self.buffer.len() == frame.start
        {
            frame.builtin = Some(builtin);
        }
    }

    /// The word that was appended to the sink at `start`: if it is a macro, takes it back and calls it.
    fn try_call(&mut self, start: usize, mode: Mode) -> Result<bool, Stop> {
        let sink = match self.frames.is_empty() {
            true => &mut self.diversions.sink().text,
            false => &mut self.buffer,
        };
        let Some(symbol) = self.symbols.get(&sink[start..]) else { return Ok(false) };
        let Some(definition) = symbol.current() else { return Ok(false) };
        let parenthesis = self.input.peek(0) == Some(b'(') && !self.lexer.quotes_parenthesis(&self.input);
        if let Body::Builtin(builtin) = definition.body
            && builtin.needs_arguments
            && !parenthesis
        {
            return Ok(false);
        }
        sink.truncate(start);
        let frame = Frame {
            name: symbol.name.clone(),
            definition: definition.clone(),
            traced: symbol.traced,
            place: Position::default(),
            argument_place: Position::default(),
            site: None,
            asked: None,
            base: self.spans.len(),
            start: self.buffer.len(),
            builtin: None,
            parentheses: 0,
            id: 0,
        };
        if let Steps::Texts(from) = mode.steps {
            self.note_output(from, true);
        }
        self.begin_call(frame, parenthesis)?;
        Ok(true)
    }

    /// Calls in hand, for tracing: name, place and depth of the innermost.
    pub(super) fn innermost(&self) -> Option<(&Rc<[u8]>, Position, usize, u64)> {
        let frame = self.frames.last()?;
        Some((&frame.name, frame.place, self.frames.len(), frame.id))
    }
}
