//! Events as sendmail prints them: all lines of `-d` that rules, maps and addresses have, and those of address
//! test mode.
//!
//! In: events, and a tracer's levels. Out: lines to that tracer. Here the rules' own (`-d21`, `-d59`); the other
//! subjects have a file each. Never here: anything that changes what runs.

mod addresses;
mod maps;
mod scans;

use super::event::{Attempt, Event, Observer, RuleRef, Tokens, Watch};
use super::matcher::Bindings;
use super::print::{put_escaped, put_text, put_tokens};
use super::reference_matcher::{MatchStep, ReferenceMatcher};
use super::rule::Match;
use crate::addr::{MacroId, Token};
use crate::config::{Config, Rule, Ruleset};
use crate::logging::Tracer;

/// Steps of one matching that are shown; what grows for longer has been given up by the machine.
const MAX_STEPS: u64 = 1 << 24;

/// Prints events to a tracer, as far as its levels ask for them.
pub struct Printer<'a> {
    tracer: &'a mut dyn Tracer,
    config: &'a Config,
    rewriting: u8,
    joining: u8,
    /// Scans, joined texts or maps are shown.
    steps: bool,
    /// -d0.44: tokens stand on lines of their own.
    apart: bool,
    /// Every ruleset's input and result are shown.
    test_mode: bool,
    /// The line being made.
    line: Vec<u8>,
}

impl Observer for Printer<'_> {
    fn watches(&self) -> Watch {
        if self.rewriting > 1 || self.steps {
            return Watch::Steps;
        }
        if self.test_mode || self.rewriting > 0 { Watch::Rulesets } else { Watch::Problems }
    }

    fn event(&mut self, event: &Event<'_>) {
        match *event {
            Event::Enter { name, workspace, .. } => self.border(name, b"  input:", workspace),
            Event::Leave { name, workspace, .. } => self.border(name, b"returns:", workspace),
            Event::Tried { rule, attempt } => self.tried(rule, attempt),
            Event::Failed { .. } => self.words(10, b"----- rule fails"),
            Event::Matched { rule, .. } if self.rewriting >= 12 => {
                self.source_line(b"-----rule matches:", rule, Ruleset::right);
            }
            Event::Matched { .. } => {}
            Event::Substituted { number, tokens } => self.substituted(number, tokens),
            Event::Deferred { side, id, value } if self.rewriting >= 2 => self.deferred(side, id, value),
            Event::Deferred { .. } => {}
            Event::DeferredTokens { tokens } => self.deferred_tokens(tokens),
            Event::Rewritten { workspace } if self.rewriting >= 4 => {
                self.tokens_line(b"rewritten as:", workspace)
            }
            Event::Rewritten { .. } => {}
            Event::Looped { workspace, .. } if self.rewriting >= 1 => {
                self.tokens_line(b"workspace: ", workspace)
            }
            Event::Looped { .. } => {}
            Event::CallSkipped { ruleset, name } => {
                let tail = format!(" ({})", ruleset.0);
                self.words(3, &[b"-----skip subr ", name, tail.as_bytes()].concat());
            }
            Event::Joined { external, tokens, text } => self.joined(external, tokens, text),
            Event::Scanned { text, silent, result } => {
                scans::scanned(&self.config.names, text, silent, result, self.tracer);
            }
            Event::Problem { reply } => self.tracer.reply(reply),
            Event::Macro(event) => addresses::macro_event(self.config, event, self.tracer),
            Event::Expanded { expansion } => addresses::expanded(self.config, expansion, self.tracer),
            Event::Map(event) => maps::map(&self.config.names, event, self.tracer),
            Event::Host(event) => maps::host(&event, self.tracer),
            Event::Address(event) => addresses::address(self.config, event, self.tracer),
        }
    }

    fn tracer(&mut self) -> &mut dyn Tracer {
        self.tracer
    }
}

/// Categories of what happens within one step: scans, maps.
const STEPS: [u8; 5] = [22, 9, 38, 39, 60];
/// Room made for a line, in bytes.
const LINE_SIZE: usize = 256;

impl<'a> Printer<'a> {
    /// Asks the tracer once for its levels.
    pub fn new(config: &'a Config, tracer: &'a mut dyn Tracer) -> Self {
        let silent = tracer.traces_nothing();
        let level = |category| if silent { 0 } else { tracer.level(category) };
        let (rewriting, joining) = (level(21), level(59));
        let steps = joining > 0 || STEPS.iter().any(|category| level(*category) > 0);
        let (test_mode, apart) = (tracer.test_mode(), level(0) >= 44);
        // most lines fit; where none is printed there is none to make room for
        let line = Vec::with_capacity(if test_mode || rewriting > 0 { LINE_SIZE } else { 0 });
        Self { tracer, config, rewriting, joining, steps, apart, test_mode, line }
    }

    /// A line that needs no more than a level of -d21.
    fn words(&mut self, level: u8, text: &[u8]) {
        if self.rewriting >= level {
            self.tracer.line(text);
        }
    }

    fn put_tokens(&mut self, tokens: Tokens<'_>) {
        put_tokens(&self.config.names, tokens.iter(), self.apart, &mut self.line);
    }

    fn tokens_line(&mut self, head: &[u8], tokens: Tokens<'_>) {
        self.line.clear();
        self.line.extend_from_slice(head);
        self.put_tokens(tokens);
        self.tracer.line(&self.line);
    }

    fn source_line(&mut self, head: &[u8], rule: RuleRef, side: fn(&Ruleset, &Rule) -> Vec<Token>) {
        let Some((ruleset, rule)) = source(self.config, rule) else { return };
        self.line.clear();
        self.line.extend_from_slice(head);
        let tokens = side(ruleset, rule);
        put_tokens(&self.config.names, tokens.iter().map(|token| &token[..]), self.apart, &mut self.line);
        self.tracer.line(&self.line);
    }

    /// What test mode prints always, and other modes with -d21.1.
    fn border(&mut self, name: &[u8], word: &[u8], workspace: Tokens<'_>) {
        const BLANKS: [u8; 17] = [b' '; 17];
        if !self.test_mode && self.rewriting == 0 {
            return;
        }
        self.line.clear();
        if !self.test_mode {
            self.line.extend_from_slice(b"rewrite: ruleset ");
        }
        let name = &name[..name.len().min(16)];
        self.line.extend_from_slice(name);
        self.line.extend_from_slice(&BLANKS[name.len()..]);
        self.line.extend_from_slice(word);
        self.put_tokens(workspace);
        self.tracer.line(&self.line);
    }

    fn tried(&mut self, rule: RuleRef, attempt: Attempt<'_>) {
        match self.rewriting {
            ..12 => {}
            15.. => {
                let head = format!("-----trying rule (line {}):", rule.line);
                self.source_line(head.as_bytes(), rule, Ruleset::left);
            }
            _ => self.source_line(b"-----trying rule:", rule, Ruleset::left),
        }
        let pattern = attempt.program.pattern(attempt.rule);
        let deferred = || self.rewriting >= 2 && pattern.iter().any(|step| matches!(step, Match::Macro(_)));
        if self.rewriting >= 35 || self.joining >= 14 || deferred() {
            self.replay(rule, attempt);
        }
    }

    /// The machine's matcher does not go sendmail's way step by step. Where the steps are to be shown, the one rule
    /// is matched a second time by the matcher that does, only to be printed: its result is not used.
    fn replay(&mut self, rule: RuleRef, attempt: Attempt<'_>) {
        let (mut bindings, mut phrase) = (Bindings::new(), Vec::new());
        let pattern = source(self.config, rule).map_or_else(Vec::new, |(ruleset, rule)| ruleset.left(rule));
        let mut record = |step: MatchStep<'_>| self.match_step(&pattern, step);
        ReferenceMatcher {
            attempt,
            bindings: &mut bindings,
            phrase: &mut phrase,
            patience: MAX_STEPS,
            record: &mut record,
        }
        .run();
    }

    fn match_step(&mut self, pattern: &[Token], step: MatchStep<'_>) {
        match step {
            MatchStep::Advance { step, token } => self.place(35, "ADVANCE", pattern, step, token),
            MatchStep::Extend { step, token } => self.place(36, "EXTEND ", pattern, step, token),
            MatchStep::BackUp { step, token } => self.place(36, "BACKUP ", pattern, step, token),
            MatchStep::ClassMatches => self.words(36, b"CLMATCH"),
            MatchStep::Deferred { id, value } if self.rewriting >= 2 => self.deferred("LHS", id, value),
            MatchStep::Deferred { .. } => {}
            MatchStep::Joined { tokens, text } => self.joined(true, tokens, text),
        }
    }

    /// A step of the pattern and the token beside it.
    fn place(&mut self, level: u8, head: &str, pattern: &[Token], step: usize, token: Option<&[u8]>) {
        if self.rewriting < level {
            return;
        }
        let names = &self.config.names;
        let put = |token: Option<&[u8]>, line: &mut Vec<u8>| match token {
            Some(token) => put_text(names, token, line),
            None => line.extend_from_slice(b"<null>"),
        };
        let mut line = format!("{head} rp=").into_bytes();
        put(pattern.get(step).map(|token| &token[..]), &mut line);
        line.extend_from_slice(b", ap=");
        put(token, &mut line);
        self.tracer.line(&line);
    }

    /// `$n:` and its tokens; where they lie in memory varies from run to run in sendmail too.
    fn substituted(&mut self, number: usize, tokens: Tokens<'_>) {
        if self.rewriting < 15 {
            return;
        }
        let mut line = format!("${number}:").into_bytes();
        for token in tokens.iter() {
            line.extend_from_slice(format!(" {:p}=\"", token.as_ptr()).as_bytes());
            line.extend_from_slice(token);
            line.push(b'"');
        }
        self.tracer.line(&line);
    }

    /// `rewrite: LHS $&{x} => "value"`
    fn deferred(&mut self, side: &str, id: MacroId, value: Option<&[u8]>) {
        let single = [id.0];
        let name = self.config.names.long_name(id).unwrap_or(&single);
        let mut line = format!("rewrite: {side} $&{{").into_bytes();
        line.extend_from_slice(name);
        line.extend_from_slice(b"} => \"");
        line.extend_from_slice(value.unwrap_or(b"(NULL)"));
        line.push(b'"');
        self.tracer.line(&line);
    }

    /// ` ... token` for each, then ` ... DONE`
    fn deferred_tokens(&mut self, tokens: Tokens<'_>) {
        if self.rewriting < 19 {
            return;
        }
        for token in tokens.iter() {
            self.tracer.line(&[b" ... ", token].concat());
        }
        self.tracer.line(b" ... DONE");
    }

    /// `-d59.14`: tokens joined to text.
    fn joined(&mut self, external: bool, tokens: Tokens<'_>, text: &[u8]) {
        if self.joining < 14 {
            return;
        }
        self.tokens_line(format!("cataddr({}) <==", u8::from(external)).as_bytes(), tokens);
        let mut line = b"  cataddr => ".to_vec();
        put_escaped(text, &mut line);
        self.tracer.line(&line);
    }
}

/// A rule as it is written.
fn source(config: &Config, rule: RuleRef) -> Option<(&Ruleset, &Rule)> {
    let ruleset = config.rulesets.get(rule.ruleset)?;
    Some((ruleset, ruleset.rules().get(rule.index)?))
}
