//! The lines of `-d20`, `-d21`, `-d22`, `-d59` and of address test mode.

use super::print::{put_text, put_tokens};
use super::program::CompiledRule;
use crate::addr::{MacroId, Token};
use crate::config::{Config, Rule, Ruleset};
use crate::logging::Tracer;
use crate::schema::Reply;

/// A tracer with the levels that the matcher asks for in its inner loops, and the sources to print.
pub struct Trace<'a> {
    tracer: &'a mut dyn Tracer,
    config: &'a Config,
    rewriting: u8,
    joining: u8,
    scanning: u8,
    /// The ruleset being run, as written.
    source: Option<&'a Ruleset>,
    rule: usize,
}

impl<'a> Trace<'a> {
    /// Asks the tracer once for the levels.
    pub fn new(tracer: &'a mut dyn Tracer, config: &'a Config) -> Self {
        let (rewriting, joining, scanning) = (tracer.level(21), tracer.level(59), tracer.level(22));
        Self { tracer, config, rewriting, joining, scanning, source: None, rule: 0 }
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

    /// The configuration whose names are printed.
    pub fn config(&self) -> &'a Config {
        self.config
    }

    /// The tracer itself.
    pub fn tracer(&mut self) -> &mut dyn Tracer {
        self.tracer
    }

    fn tokens_line(&mut self, head: &[u8], tokens: &[Token]) {
        let mut line = head.to_vec();
        put_tokens(&self.config.names, tokens, &mut line);
        self.tracer.line(&line);
    }

    pub(super) fn enter(&mut self, source: Option<&'a Ruleset>, rule: usize) {
        (self.source, self.rule) = (source, rule);
    }

    fn source_rule(&self) -> Option<&'a Rule> {
        self.source?.rules.get(self.rule)
    }

    pub(super) fn input(&mut self, name: &[u8], workspace: &[Token]) {
        self.border(name, "  input:", workspace);
    }

    pub(super) fn returns(&mut self, name: &[u8], workspace: &[Token]) {
        self.border(name, "returns:", workspace);
    }

    /// What test mode prints always, and other modes with -d21.1.
    fn border(&mut self, name: &[u8], word: &str, workspace: &[Token]) {
        let test_mode = self.tracer.test_mode();
        if !test_mode && self.rewriting == 0 {
            return;
        }
        let mut line = if test_mode { Vec::new() } else { b"rewrite: ruleset ".to_vec() };
        line.extend_from_slice(&name[..name.len().min(16)]);
        line.resize(line.len() + 16usize.saturating_sub(name.len()) + 1, b' ');
        line.extend_from_slice(word.as_bytes());
        self.tokens_line(&line, workspace);
    }

    pub(super) fn trying(&mut self, line: u32) {
        if self.rewriting < 12 {
            return;
        }
        let head = match self.rewriting {
            15.. => format!("-----trying rule (line {line}):"),
            _ => "-----trying rule:".to_owned(),
        };
        if let Some(rule) = self.source_rule() {
            self.tokens_line(head.as_bytes(), &rule.lhs);
        }
    }

    pub(super) fn fails(&mut self) {
        if self.rewriting >= 10 {
            self.line("----- rule fails");
        }
    }

    pub(super) fn matches(&mut self) {
        if self.rewriting >= 12
            && let Some(rule) = self.source_rule()
        {
            self.tokens_line(b"-----rule matches:", &rule.rhs);
        }
    }

    /// `$n:` and its tokens; where they lie in memory varies from run to run in sendmail too.
    pub(super) fn binding(&mut self, number: usize, tokens: &[Token]) {
        let mut line = format!("${number}:").into_bytes();
        for token in tokens {
            line.extend_from_slice(format!(" {:p}=\"", token.as_ptr()).as_bytes());
            put_text(&self.config.names, token, &mut line);
            line.push(b'"');
        }
        self.tracer.line(&line);
    }

    pub(super) fn rewritten(&mut self, workspace: &[Token]) {
        if self.rewriting >= 4 {
            self.tokens_line(b"rewritten as:", workspace);
        }
    }

    pub(super) fn workspace(&mut self, workspace: &[Token]) {
        if self.rewriting >= 1 {
            self.tokens_line(b"workspace: ", workspace);
        }
    }

    fn step(&mut self, head: &str, rule: &CompiledRule, step: usize, token: Option<&Token>) {
        let mut line = format!("{head} rp=").into_bytes();
        debug_assert!(step <= rule.pattern.len());
        let names = &self.config.names;
        let put = |token: Option<&Token>, line: &mut Vec<u8>| match token {
            Some(token) => put_text(names, token, line),
            None => line.extend_from_slice(b"<null>"),
        };
        put(self.source_rule().and_then(|rule| rule.lhs.get(step)), &mut line);
        line.extend_from_slice(b", ap=");
        put(token, &mut line);
        self.tracer.line(&line);
    }

    pub(super) fn advance(&mut self, rule: &CompiledRule, step: usize, token: Option<&Token>) {
        self.step("ADVANCE", rule, step, token);
    }

    pub(super) fn extend(&mut self, rule: &CompiledRule, step: usize, token: Option<&Token>) {
        self.step("EXTEND ", rule, step, token);
    }

    pub(super) fn back_up(&mut self, rule: &CompiledRule, step: usize, token: Option<&Token>) {
        self.step("BACKUP ", rule, step, token);
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
    pub(super) fn deferred_tokens(&mut self, tokens: &[Token]) {
        for token in tokens {
            let mut line = b" ... ".to_vec();
            put_text(&self.config.names, token, &mut line);
            self.tracer.line(&line);
        }
        self.line(" ... DONE");
    }

    /// `-d59.14`: tokens joined to text.
    pub(super) fn cataddr(&mut self, config: &Config, external: bool, tokens: &[Token], text: &[u8]) {
        if self.joining < 14 {
            return;
        }
        self.tokens_line(format!("cataddr({}) <==", u8::from(external)).as_bytes(), tokens);
        let mut line = b"  cataddr => ".to_vec();
        put_text(&config.names, text, &mut line);
        self.tracer.line(&line);
    }
}
