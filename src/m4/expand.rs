//! The expander: reads tokens, collects arguments, calls macros, pushes their expansions back.
//!
//! Nothing here recurses: calls whose arguments are still being collected wait as frames in a list, so
//! the nesting of the input costs memory, never stack.

use std::borrow::Cow;
use std::io;
use std::rc::Rc;

use super::builtins::{self, Builtin};
use super::call::{Call, Expansion, Frame, Span, join};
use super::divert::Diversions;
use super::host::{FindingKind, Host};
use super::input::{Input, Place, Text};
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
const LARGE: usize = 1 << 16;

/// Output is written when there is more of it.
const AT_ONCE: usize = 1 << 14;

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
    /// Names of input files, by `Place::file`.
    pub(super) files: Vec<Rc<[u8]>>,
    /// Which of them are the site's own.
    pub(super) site_files: Vec<bool>,
    /// Texts from `m4wrap`, in the order given.
    pub(super) wrapped: Vec<(Vec<u8>, Place, Option<Place>)>,
    pub(super) sysval: i32,
    /// Exit status so far.
    pub(super) status: u8,
    /// Place of the call being run; messages are about it.
    pub(super) calling: Option<Place>,
    /// The site's line that led to it.
    pub(super) calling_site: Option<Place>,
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

    fn end_argument(&mut self) {
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
            place: Place::default(),
            argument_place: Place::default(),
            site: None,
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

    fn begin_call(&mut self, mut frame: Frame, parenthesis: bool) -> Result<(), Stop> {
        self.calls += 1;
        frame.id = self.calls;
        frame.place = self.input.place();
        frame.argument_place = frame.place;
        if self.settings.provenance {
            frame.site = self.input.site(&self.site_files).or(frame.definition.site);
        }
        if self.calls & 0x3ff == 0 {
            self.check_limits()?;
        }
        if self.frames.len() >= self.settings.nesting_limit {
            self.calling = Some(frame.place);
            let limit = self.settings.nesting_limit;
            let text = format!("recursion limit of {limit} exceeded, use -L<N> to change it");
            return Err(self.fatal(FindingKind::Limit, text.as_bytes()));
        }
        let early = self.tracing.wants_call(frame.traced);
        self.frames.push(frame);
        if early {
            self.trace_call();
        }
        if !parenthesis {
            return self.finish_call();
        }
        self.input.consume(1);
        self.lexer.skip_space(&mut self.input);
        Ok(())
    }

    fn end_call(&mut self) -> Result<(), Stop> {
        self.end_argument();
        self.finish_call()
    }

    /// All arguments are there: run it, push the expansion.
    fn finish_call(&mut self) -> Result<(), Stop> {
        let depth = self.frames.len();
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        let buffer = std::mem::take(&mut self.buffer);
        let mut spans = std::mem::take(&mut self.spans);
        let first = spans.get(frame.base).map_or(frame.start, |span| span.start);
        let call = Call {
            name: &frame.name,
            buffer: &buffer,
            spans: &spans[frame.base..],
            site: frame.site,
            place: frame.place,
        };
        self.calling = Some(frame.place);
        self.calling_site = frame.site;
        let traced = self.tracing.is_on(frame.traced);
        let mut expansion = Expansion { text: self.input.buffer(), ..Expansion::default() };
        let before = traced.then(|| self.trace_arguments(&call, depth, frame.id));
        let outcome = self.invoke(&frame.definition.body, &call, &mut expansion);
        if let Some(line) = before.filter(|_| outcome.is_ok()) {
            self.trace_expansion(line, &call, &expansion, depth, frame.id);
        }
        spans.truncate(frame.base);
        self.buffer = buffer;
        self.buffer.truncate(first);
        self.spans = spans;
        outcome?;
        let length = expansion.bytes().len();
        self.work += length as u64;
        if length > LARGE {
            self.check_limits()?;
        }
        self.calling = None;
        self.push_expansion(expansion, frame.place, frame.site);
        if self.frames.is_empty() {
            self.write_output(AT_ONCE)?;
        }
        Ok(())
    }

    fn push_expansion(&mut self, expansion: Expansion, place: Place, site: Option<Place>) {
        if let Some(text) = expansion.shared {
            self.input.recycle(expansion.text);
            self.input.push_text(Text::Shared(text), place, site);
        } else {
            self.input.push_text(Text::Owned(expansion.text), place, site);
        }
        if let Some(builtin) = expansion.builtin {
            self.input.push_builtin(builtin, place);
        }
    }

    /// Runs a definition.
    pub(super) fn invoke(&mut self, body: &Body, call: &Call<'_>, out: &mut Expansion) -> Result<(), Stop> {
        match body {
            Body::Builtin(builtin) => builtins::call(self, builtin, call, out),
            Body::Text { text, dollar: false } => {
                out.shared = Some(text.clone());
                Ok(())
            }
            Body::Text { text, dollar: true } => self.substitute(text, call, out),
        }
    }

    /// Runs a definition on all arguments but the first (`indir`, `builtin`).
    pub(super) fn invoke_shifted(
        &mut self,
        body: &Body,
        name: &Rc<[u8]>,
        call: &Call<'_>,
        out: &mut Expansion,
    ) -> Result<(), Stop> {
        self.invoke(body, &call.shifted(name), out)
    }

    /// Replaces `$1`, `$#`, `$*` and `$@` in a macro's text.
    fn substitute(&mut self, text: &[u8], call: &Call<'_>, out: &mut Expansion) -> Result<(), Stop> {
        let out = &mut out.text;
        let mut rest = text;
        while let Some(at) = memchr::memchr(b'$', rest) {
            out.extend_from_slice(&rest[..at]);
            rest = &rest[at + 1..];
            if out.len() > self.settings.memory_limit {
                return Err(self.too_large());
            }
            match rest.first() {
                Some(digit) if digit.is_ascii_digit() => {
                    let most = if self.settings.traditional { 1 } else { rest.len() };
                    let digits = rest[..most].iter().take_while(|byte| byte.is_ascii_digit()).count();
                    let fold = |sum: usize, byte: &u8| {
                        sum.saturating_mul(10).saturating_add(usize::from(byte - b'0'))
                    };
                    match rest[..digits].iter().fold(0, fold) {
                        0 => out.extend_from_slice(call.name),
                        number => out.extend_from_slice(call.arg(number)),
                    }
                    rest = &rest[digits..];
                    continue;
                }
                Some(b'#') => out.extend_from_slice(call.count().to_string().as_bytes()),
                Some(b'*') => join(out, call.from(1), b",", b"", b""),
                Some(b'@') => join(out, call.from(1), b",", &self.lexer.left_quote, &self.lexer.right_quote),
                _ => {
                    out.push(b'$');
                    continue;
                }
            }
            rest = &rest[1..];
        }
        out.extend_from_slice(rest);
        Ok(())
    }

    /// Calls in hand, for tracing: name, place and depth of the innermost.
    pub(super) fn innermost(&self) -> Option<(&Rc<[u8]>, Place, usize, u64)> {
        let frame = self.frames.last()?;
        Some((&frame.name, frame.place, self.frames.len(), frame.id))
    }
}
