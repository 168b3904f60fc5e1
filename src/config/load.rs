//! Reading a cf from the first line to the last.

use super::Config;
use super::env::ConfigEnv;
use super::message::{MAX_FILE_SHOWN, Message, shortened};
use super::rulesets::RulesetId;
use crate::addr::{MAX_TEXT, MacroId, Operators, TOO_DEEP, expand, expand_settled};
use crate::cf::{self, NameProblem, Statement};
use crate::diag::Severity;
use crate::schema::Sysexit;
use crate::sys::errno_text;
use std::borrow::Cow;
use std::io::{self, Read};
use std::sync::Arc;

/// Bytes of an expanded rule side, class or map line; the rest is cut.
pub(super) const MAX_LINE: usize = 2047;

/// An option of the command line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Override {
    /// `-O name=value`
    Long(Vec<u8>),
    /// `-oxvalue`
    Short(Vec<u8>),
    /// `-Mxvalue`
    Macro(Vec<u8>),
}

/// How to read a cf.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// `-bt`: notices are printed, DeliveryMode and HoldExpensive are forced.
    pub test_mode: bool,
    /// `-v`: notices are printed.
    pub verbose: bool,
    /// The letter of `-b`, for `${opMode}`; 0 leaves it undefined.
    pub mode: u8,
    /// What `$v` says: `canonify-VERSION`.
    pub version: Vec<u8>,
    /// Whoever calls is not root: of LogLevel he may have more, not less.
    pub unprivileged: bool,
    /// Options of the command line, in their order.
    pub overrides: Vec<Override>,
    /// `-d` levels by category; categories beyond the end are not traced.
    pub trace: Vec<u8>,
}

/// A configuration as far as it could be read.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What was read; usable even when there were errors (`-bt` uses it).
    pub config: Config,
    /// What sendmail prints while reading, in order, trace lines included.
    pub messages: Vec<Message>,
    /// 0, or the status of the first error.
    pub exit: Sysexit,
    /// There is a time in units that nobody knows: mail is handed in all the same, and the command says 64.
    pub misused: bool,
    /// The program must end at once with that status, in every mode.
    pub stop: bool,
}

/// Reads the cf called `file`, whose bytes are `text`.
pub fn load(file: &[u8], text: &[u8], env: &mut dyn ConfigEnv, options: &LoadOptions) -> Loaded {
    let mut loader = Loader::new(file, env, options);
    loader.lines(text);
    loader.end()
}

/// What the command line's options say by themselves, where the cf cannot be read.
pub fn load_nothing(file: &[u8], env: &mut dyn ConfigEnv, options: &LoadOptions) -> Loaded {
    Loader::new(file, env, options).loaded()
}

/// Reads the cf called `file` from where its bytes come from.
///
/// # Errors
/// When they cannot be read.
pub fn load_from(
    file: &[u8],
    source: impl Read,
    env: &mut dyn ConfigEnv,
    options: &LoadOptions,
) -> io::Result<Loaded> {
    let mut blocks = cf::Blocks::new(source);
    // a file that cannot be read is told of before anything else is
    let mut block = blocks.following()?;
    let mut loader = Loader::new(file, env, options);
    while let Some(text) = block {
        loader.lines(text);
        block = blocks.following()?;
    }
    Ok(loader.end())
}

/// The state of a reading.
pub(super) struct Loader<'a> {
    pub(super) config: Config,
    pub(super) env: &'a mut dyn ConfigEnv,
    pub(super) options: &'a LoadOptions,
    /// The line that messages name, the last physical one of the line now read; 0 outside the file.
    pub(super) at: u32,
    /// The first physical one; 0 outside the file.
    pub(super) first_line: u32,
    /// Physical lines of the blocks before this one.
    lines_before: u32,
    pub(super) messages: Vec<Message>,
    pub(super) exit: Sysexit,
    pub(super) misused: bool,
    pub(super) stop: bool,
    /// Where R lines go; `None` after a bad S line.
    pub(super) ruleset: Option<RulesetId>,
    /// The operators, once they are settled, to be shared by the rulesets.
    pub(super) operators: Option<Arc<Operators>>,
    /// Options said on the command line: the cf does not change them.
    pub(super) sticky: Vec<u8>,
    pub(super) sticky_timeouts: Vec<&'static str>,
    /// Options are being read from the command line.
    pub(super) commanding: bool,
}

impl<'a> Loader<'a> {
    /// What is settled before the first line: the program's own definitions and the command line's options.
    fn new(file: &[u8], env: &'a mut dyn ConfigEnv, options: &'a LoadOptions) -> Self {
        let mut loader = Self {
            config: Config { file: file.to_vec(), ..Config::default() },
            env,
            options,
            at: 0,
            first_line: 0,
            lines_before: 0,
            messages: Vec::new(),
            exit: Sysexit::OK,
            misused: false,
            stop: false,
            ruleset: None,
            operators: None,
            sticky: Vec::new(),
            sticky_timeouts: Vec::new(),
            commanding: false,
        };
        loader.start();
        loader.command_line();
        loader
    }

    /// Is a category traced to this level?
    pub(super) fn traces(&self, category: u8, level: u8) -> bool {
        self.options.trace.get(category as usize).is_some_and(|now| *now >= level)
    }

    /// A line without prefix: a trace, or a notice that stands for itself.
    pub(super) fn say(&mut self, text: impl AsRef<[u8]>) {
        let text = text.as_ref().to_vec();
        self.messages.push(Message { text, severity: Severity::Notice, line: self.at, column: 0 });
    }

    /// A message with the place in front, status unchanged.
    pub(super) fn notice(&mut self, text: impl AsRef<[u8]>) {
        let text = self.prefixed(text.as_ref());
        self.messages.push(Message { text, severity: Severity::Warning, line: self.at, column: 0 });
    }

    /// An error in the cf.
    pub(super) fn error(&mut self, text: impl AsRef<[u8]>) {
        self.error_status(text.as_ref(), Sysexit::SOFTWARE);
    }

    /// An error of the system: its text is added.
    pub(super) fn system_error(&mut self, text: impl AsRef<[u8]>, error: &std::io::Error) {
        let text = [text.as_ref(), b": ", errno_text(error).as_bytes()].concat();
        self.error_status(&text, Sysexit::OSERR);
    }

    /// An error in the cf that has a status of its own.
    pub(super) fn error_status(&mut self, text: &[u8], status: Sysexit) {
        let text = self.prefixed(text);
        self.messages.push(Message { text, severity: Severity::Error, line: self.at, column: 0 });
        if self.exit.is_ok() {
            self.exit = status;
        }
    }

    /// Messages are 7-bit text: the top bit goes, and a NUL that this makes ends the text.
    fn prefixed(&self, text: &[u8]) -> Vec<u8> {
        let mut all = Vec::with_capacity(text.len() + 32);
        if self.at > 0 {
            all.extend(shortened(&self.config.file, MAX_FILE_SHOWN));
            all.extend(format!(": line {}: ", self.at).into_bytes());
        }
        all.extend(text.iter().map(|byte| byte & 0x7f).take_while(|byte| *byte != 0));
        all
    }

    /// Complaints about names.
    pub(super) fn complain(&mut self, problems: &[NameProblem]) {
        for problem in problems {
            self.error(problem.text());
        }
    }

    /// Reads a macro or class name; complains.
    pub(super) fn name(&mut self, text: &[u8]) -> (Option<MacroId>, usize) {
        let parsed = cf::parse_name(text, &mut self.config.names);
        self.complain(&parsed.problems);
        if self.traces(35, 14) && !text.is_empty() {
            self.trace_name(text, parsed.id);
        }
        (parsed.id, parsed.length)
    }

    fn trace_name(&mut self, text: &[u8], id: Option<MacroId>) {
        let shown = match id {
            Some(id) if (0x20..0x7f).contains(&id.0) && text.first() != Some(&b'{') => vec![id.0],
            Some(id) => format!("0x{:x}", id.0).into_bytes(),
            None => b"0xffffffff".to_vec(),
        };
        self.say(
            [b"macid(", &super::macros::printable(text, &self.config.names)[..], b") => ", &shown].concat(),
        );
    }

    /// Expands at read time, complaining of too many levels.
    pub(super) fn expanded(&mut self, text: &[u8], limit: usize) -> Vec<u8> {
        let macros = &self.config.macros;
        if !self.traces(35, 24)
            && let Some(text) = expand_settled(text, limit.min(MAX_TEXT), &|id| macros.get(id))
        {
            return text;
        }
        let value = |id| macros.get(id).map(Cow::Borrowed);
        let expansion = expand(text, limit.min(MAX_TEXT), &value);
        if self.traces(35, 24) {
            for step in &expansion.steps {
                let shown = super::macros::printable(step, &self.config.names);
                self.say([b"expand(", &shown[..], b")"].concat());
            }
            let shown = super::macros::printable(&expansion.text, &self.config.names);
            self.say([b"expand ==> ", &shown[..]].concat());
        }
        if expansion.too_deep {
            self.error(TOO_DEEP);
        }
        expansion.text
    }

    /// Defines a macro.
    pub(super) fn define(&mut self, id: MacroId, value: &[u8]) {
        if self.traces(35, 9) {
            let verb = if self.config.macros.get(id).is_some() { "redefine(" } else { "define(" };
            let name = match self.config.names.long_name(id) {
                Some(name) => name.to_vec(),
                None => vec![id.0],
            };
            let shown = super::macros::printable(value, &self.config.names);
            self.say([verb.as_bytes(), &name, b" as ", &shown, b")"].concat());
        }
        self.config.macros.set(id, Some(value));
        self.config.spans.defines(id, self.first_line);
    }

    /// Reads logical lines that are whole.
    fn lines(&mut self, text: &[u8]) {
        for logical in cf::logical_lines(text) {
            if self.stop {
                return;
            }
            self.at = self.lines_before + logical.line;
            self.first_line = self.lines_before + logical.first_line;
            if self.at != self.first_line {
                self.config.spans.continues(self.first_line, self.at.max(self.first_line));
            }
            self.line(&logical.text);
        }
        self.lines_before += memchr::memchr_iter(b'\n', text).count() as u32;
    }

    /// What is said and done when all lines have been read.
    fn end(mut self) -> Loaded {
        if !self.stop {
            self.finish_reading();
            (self.at, self.first_line) = (0, 0);
            self.finish();
        }
        self.loaded()
    }

    fn loaded(self) -> Loaded {
        let Self { config, messages, exit, misused, stop, .. } = self;
        Loaded { config, messages, exit, misused, stop }
    }

    fn line(&mut self, raw: &[u8]) {
        match raw.first() {
            Some(b'#') => return,
            Some(b'R') if self.quick_rule(raw) => return,
            _ => {}
        }
        let (text, problems) = cf::translate(raw, self.config.level, &mut self.config.names);
        if self.traces(37, 53) {
            let shown = |text: &[u8]| super::macros::printable(text, &self.config.names);
            let (before, after) = (shown(raw), shown(&text));
            self.say([b"translate_dollars(", &before[..], b")"].concat());
            self.say([b"  translate_dollars => ", &after[..]].concat());
        }
        self.complain(&problems);
        let Some(statement) = cf::statement(&text) else { return };
        match statement {
            Statement::Rule { left, right } => self.rule_line(&text, left, right),
            Statement::Ruleset(rest) => self.ruleset_line(rest),
            Statement::Macro(rest) => self.macro_line(rest),
            Statement::Header(rest) => self.header_line(rest),
            Statement::Class(rest) => self.class_line(rest),
            Statement::Trusted(rest) => self.class_words(MacroId(b't'), rest),
            Statement::ClassFile(rest) => self.class_file_line(rest),
            Statement::Mailer(rest) => self.mailer_line(rest),
            Statement::Option(rest) => self.option_line(rest),
            Statement::Priority { name, value } => self.priority_line(name, value),
            Statement::Version(rest) => self.version_line(rest),
            Statement::Map(rest) => self.map_line(rest),
            Statement::Environment { name, value } => self.environment_line(name, value),
            Statement::Queue(rest) => self.queue_line(rest),
            Statement::Filter(rest) => self.filter_line(rest),
            Statement::Unknown => self.unknown_line(&text),
        }
    }

    fn unknown_line(&mut self, text: &[u8]) {
        self.error([b"unknown configuration line \"", text, b"\""].concat());
    }

    fn macro_line(&mut self, text: &[u8]) {
        let (id, length) = self.name(text);
        if let Some(id) = id {
            // what does not fit into sendmail's line is cut, its leading blanks counted
            let text = &text[length..];
            let value = munched(&text[..text.len().min(MAX_LINE)], None).0;
            self.define(id, &value);
        }
    }

    fn priority_line(&mut self, name: &[u8], value: &[u8]) {
        if self.config.priorities.len() >= 25 {
            self.error("too many P lines, 25 max");
            return;
        }
        self.config.priorities.push((name.to_vec(), super::numbers::leading_int(value)));
    }

    fn environment_line(&mut self, name: &[u8], value: Option<&[u8]>) {
        let value = match value {
            Some(value) => Some(value.to_vec()),
            None => self.env.variable(name),
        };
        self.config.environment.retain(|(other, _)| other != name);
        self.config.environment.extend(value.map(|value| (name.to_vec(), value)));
    }
}

/// A field with its escapes done, up to an unquoted delimiter; how many bytes it took, the
/// delimiter not among them. Backslash and r n f b make control characters, backslash and any
/// other character that character; double quotes go and protect the delimiter.
pub(super) fn munched(text: &[u8], delimiter: Option<u8>) -> (Vec<u8>, usize) {
    let mut out = Vec::with_capacity(text.len());
    let (mut quoted, mut at) = (false, 0);
    while let Some(&byte) = text.get(at) {
        match byte {
            b'\\' => {
                at += 1;
                match text.get(at) {
                    None => break,
                    Some(b'r') => out.push(b'\r'),
                    Some(b'n') => out.push(b'\n'),
                    Some(b'f') => out.push(0x0c),
                    Some(b'b') => out.push(0x08),
                    Some(other) => out.push(*other),
                }
            }
            b'"' => quoted = !quoted,
            _ if !quoted && Some(byte) == delimiter => break,
            _ => out.push(byte),
        }
        at += 1;
    }
    (out, at.min(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_lose_their_quotes() {
        assert_eq!(munched(br#"y "q, r" z, x"#, Some(b',')), (b"y q, r z".to_vec(), 10));
        assert_eq!(munched(br"a\tb\nc\\", None), (b"atb\nc\\".to_vec(), 9));
    }
}
