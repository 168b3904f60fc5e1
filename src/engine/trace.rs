//! The lines of `-d20`, `-d21`, `-d22`, `-d59` and of address test mode.

use super::print::{put_escaped, put_text, put_tokens};
use super::symbols::{Symbol, Text};
use crate::addr::{MacroId, Token};
use crate::config::{Config, Rule, Ruleset};
use crate::logging::Tracer;
use crate::schema::Reply;

/// A tracer with the levels that the machine asks for in its inner loops, and the sources to print.
pub struct Trace<'a> {
    tracer: &'a mut dyn Tracer,
    config: &'a Config,
    rewriting: u8,
    joining: u8,
    scanning: u8,
    /// -d0.44: tokens stand on lines of their own.
    apart: bool,
    /// Every ruleset's input and result are shown.
    test_mode: bool,
    /// The ruleset being run, as written.
    source: Option<&'a Ruleset>,
    rule: usize,
    /// Room for a line.
    line: Vec<u8>,
}

impl<'a> Trace<'a> {
    /// Asks the tracer once for the levels. `line` is room for lines; take it back with [`Self::into_room`].
    pub fn new(tracer: &'a mut dyn Tracer, config: &'a Config, line: Vec<u8>) -> Self {
        let (rewriting, joining, scanning) = (tracer.level(21), tracer.level(59), tracer.level(22));
        let (test_mode, apart) = (tracer.test_mode(), tracer.level(0) >= 44);
        let (source, rule) = (None, 0);
        Self { tracer, config, rewriting, joining, scanning, apart, test_mode, source, rule, line }
    }

    /// The room that was lent.
    pub fn into_room(self) -> Vec<u8> {
        self.line
    }

    /// Is a category traced at this level?
    pub fn at(&self, category: u8, level: u8) -> bool {
        match category {
            21 => self.rewriting >= level,
            22 => self.scanning >= level,
            59 => self.joining >= level,
            _ => self.tracer.level(category) >= level,
        }
    }

    /// One line.
    pub fn line(&mut self, text: impl AsRef<[u8]>) {
        self.tracer.line(text.as_ref());
    }

    /// One message.
    pub fn reply(&mut self, reply: &Reply) {
        self.tracer.reply(reply);
    }

    /// The tracer itself.
    pub fn tracer(&mut self) -> &mut dyn Tracer {
        self.tracer
    }

    fn put_symbols(&mut self, symbols: &[Symbol], text: Text<'_>) {
        let tokens = symbols.iter().map(|symbol| text.bytes(*symbol));
        put_tokens(&self.config.names, tokens, self.apart, &mut self.line);
    }

    fn symbols_line(&mut self, head: &[u8], symbols: &[Symbol], text: Text<'_>) {
        self.line.clear();
        self.line.extend_from_slice(head);
        self.put_symbols(symbols, text);
        self.tracer.line(&self.line);
    }

    fn source_line(&mut self, head: &[u8], side: fn(&Ruleset, &Rule) -> Vec<Token>) {
        let Some((ruleset, rule)) = self.source_rule() else { return };
        self.line.clear();
        self.line.extend_from_slice(head);
        let tokens = side(ruleset, rule);
        put_tokens(&self.config.names, tokens.iter().map(|token| &token[..]), self.apart, &mut self.line);
        self.tracer.line(&self.line);
    }

    pub(super) fn enter(&mut self, source: Option<&'a Ruleset>, rule: usize) {
        (self.source, self.rule) = (source, rule);
    }

    fn source_rule(&self) -> Option<(&'a Ruleset, &'a Rule)> {
        let source = self.source?;
        Some((source, source.rules().get(self.rule)?))
    }

    pub(super) fn input(&mut self, name: &[u8], workspace: &[Symbol], text: Text<'_>) {
        self.border(name, b"  input:", workspace, text);
    }

    pub(super) fn returns(&mut self, name: &[u8], workspace: &[Symbol], text: Text<'_>) {
        self.border(name, b"returns:", workspace, text);
    }

    /// What test mode prints always, and other modes with -d21.1.
    #[inline]
    fn border(&mut self, name: &[u8], word: &[u8], workspace: &[Symbol], text: Text<'_>) {
        if self.test_mode || self.rewriting > 0 {
            self.border_line(name, word, workspace, text);
        }
    }

    fn border_line(&mut self, name: &[u8], word: &[u8], workspace: &[Symbol], text: Text<'_>) {
        const BLANKS: [u8; 17] = [b' '; 17];
        self.line.clear();
        if !self.test_mode {
            self.line.extend_from_slice(b"rewrite: ruleset ");
        }
        let name = &name[..name.len().min(16)];
        self.line.extend_from_slice(name);
        self.line.extend_from_slice(&BLANKS[name.len()..]);
        self.line.extend_from_slice(word);
        self.put_symbols(workspace, text);
        self.tracer.line(&self.line);
    }

    pub(super) fn trying(&mut self, line: u32) {
        match self.rewriting {
            ..12 => {}
            15.. => {
                self.source_line(format!("-----trying rule (line {line}):").as_bytes(), Ruleset::left);
            }
            _ => self.source_line(b"-----trying rule:", Ruleset::left),
        }
    }

    pub(super) fn fails(&mut self) {
        if self.rewriting >= 10 {
            self.line("----- rule fails");
        }
    }

    pub(super) fn matches(&mut self) {
        if self.rewriting >= 12 {
            self.source_line(b"-----rule matches:", Ruleset::right);
        }
    }

    /// `$n:` and its tokens; where they lie in memory varies from run to run in sendmail too.
    pub(super) fn binding(&mut self, number: usize, tokens: &[Symbol], text: Text<'_>) {
        let mut line = format!("${number}:").into_bytes();
        for token in tokens {
            let token = text.bytes(*token);
            line.extend_from_slice(format!(" {:p}=\"", token.as_ptr()).as_bytes());
            line.extend_from_slice(token);
            line.push(b'"');
        }
        self.tracer.line(&line);
    }

    pub(super) fn rewritten(&mut self, workspace: &[Symbol], text: Text<'_>) {
        if self.rewriting >= 4 {
            self.symbols_line(b"rewritten as:", workspace, text);
        }
    }

    pub(super) fn workspace(&mut self, workspace: &[Symbol], text: Text<'_>) {
        if self.rewriting >= 1 {
            self.symbols_line(b"workspace: ", workspace, text);
        }
    }

    fn step(&mut self, head: &str, step: usize, token: Option<&[u8]>) {
        let mut line = format!("{head} rp=").into_bytes();
        let names = &self.config.names;
        let put = |token: Option<&[u8]>, line: &mut Vec<u8>| match token {
            Some(token) => put_text(names, token, line),
            None => line.extend_from_slice(b"<null>"),
        };
        let pattern = self.source_rule().map_or_else(Vec::new, |(ruleset, rule)| ruleset.left(rule));
        put(pattern.get(step).map(|token| &token[..]), &mut line);
        line.extend_from_slice(b", ap=");
        put(token, &mut line);
        self.tracer.line(&line);
    }

    pub(super) fn advance(&mut self, step: usize, token: Option<&[u8]>) {
        self.step("ADVANCE", step, token);
    }

    pub(super) fn extend(&mut self, step: usize, token: Option<&[u8]>) {
        self.step("EXTEND ", step, token);
    }

    pub(super) fn back_up(&mut self, step: usize, token: Option<&[u8]>) {
        self.step("BACKUP ", step, token);
    }

    /// `rewrite: LHS $&{x} => "value"`
    pub(super) fn deferred(&mut self, config: &Config, side: &str, id: MacroId, value: Option<&[u8]>) {
        let single = [id.0];
        let name = config.names.long_name(id).unwrap_or(&single);
        let mut line = format!("rewrite: {side} $&{{").into_bytes();
        line.extend_from_slice(name);
        line.extend_from_slice(b"} => \"");
        line.extend_from_slice(value.unwrap_or(b"(NULL)"));
        line.push(b'"');
        self.tracer.line(&line);
    }

    /// ` ... token` for each, then ` ... DONE`
    pub(super) fn deferred_tokens(&mut self, tokens: &[Symbol], text: Text<'_>) {
        for token in tokens {
            self.tracer.line(&[b" ... ", text.bytes(*token)].concat());
        }
        self.line(" ... DONE");
    }

    /// `-d59.14`: tokens joined to text.
    pub(super) fn cataddr(&mut self, external: bool, tokens: &[Symbol], text: Text<'_>, joined: &[u8]) {
        if self.joining < 14 {
            return;
        }
        self.symbols_line(format!("cataddr({}) <==", u8::from(external)).as_bytes(), tokens, text);
        let mut line = b"  cataddr => ".to_vec();
        put_escaped(joined, &mut line);
        self.tracer.line(&line);
    }
}
