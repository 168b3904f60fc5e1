//! What is seen at a moment.

use super::breaks::rule_name;
use super::tape::{Asked, Entry, Moment, Tape};
use super::walk::made_at;
use crate::addr::MacroId;
use crate::analysis::layout::{Lines, Part, Style};
use crate::analysis::sources::{Place, Sources};
use crate::analysis::step::is_refusal;
use crate::config::{Config, RulesetId, printable};
use crate::engine::{RuleRef, Scope};

/// What belongs to every answer.
pub(super) struct View<'a> {
    pub config: &'a Config,
    pub sources: &'a mut Sources,
    /// Macros as they were before the run.
    pub scope: &'a Scope,
    pub tape: &'a Tape,
    pub style: Style,
}

/// Rules shown on both sides of one.
const AROUND: usize = 5;

impl View<'_> {
    fn lines(&self) -> Lines {
        Lines::new(self.style)
    }

    fn text(&self, bytes: &[u8]) -> String {
        String::from_utf8_lossy(&printable(bytes, &self.config.names)).into_owned()
    }

    fn ruleset(&self, id: RulesetId) -> String {
        self.text(&self.config.rulesets.display_name(id))
    }

    /// One moment; `head` says why it was stopped there.
    pub fn moment(&mut self, at: usize, head: Option<String>) -> String {
        let (mut lines, tape) = (self.lines(), self.tape);
        let Some(entry) = tape.entries().get(at) else { return String::new() };
        if let Some(head) = head {
            lines.line(0, &[(Part::Faint, &head)]);
        }
        match &entry.moment {
            Moment::Enter(id) => self.border(*id, " begins with ", entry, &mut lines),
            Moment::Leave(id) => self.border(*id, " returns ", entry, &mut lines),
            Moment::Rule(rule, bindings) => self.rule(at, *rule, bindings.as_deref(), &mut lines),
            Moment::Rewritten(rule, before) => {
                let name = rule_name(self.config, (rule.ruleset, rule.index));
                lines.line(0, &[(Part::Name, &name), (Part::Plain, " has done its work")]);
                self.change(tape.workspace(*before), tape.workspace(entry.workspace), &mut lines);
            }
            Moment::Lookup(asked) => self.lookup(asked, &mut lines),
            Moment::Macro(id, value) => {
                let text = [
                    format!("macro {}", self.macro_name(*id)),
                    value
                        .as_ref()
                        .map_or_else(|| " is taken away".into(), |v| format!(" = {}", self.text(v))),
                ];
                lines.line(0, &[(Part::Name, &text[0]), (Part::Plain, &text[1])]);
            }
            Moment::Said(_) => {}
        }
        lines.text
    }

    fn border(&self, id: RulesetId, word: &str, entry: &Entry, lines: &mut Lines) {
        let workspace = self.tape.workspace(entry.workspace);
        lines.line(0, &[(Part::Name, &self.ruleset(id)), (Part::Plain, word), part_of(workspace)]);
    }

    fn rule(&mut self, at: usize, rule: RuleRef, bindings: Option<&[String]>, lines: &mut Lines) {
        let tape = self.tape;
        let name = rule_name(self.config, (rule.ruleset, rule.index));
        let text = self.sources.rule_text(rule.line);
        lines.line(0, &[(Part::Name, &name), (Part::Plain, "  "), (Part::Heading, &text)]);
        let place: Place = self.sources.place(rule.line);
        lines.line(1, &[(Part::Faint, &place.words())]);
        let before = tape.workspace(tape.entries()[at].workspace);
        let Some(bindings) = bindings else {
            lines.line(1, &[(Part::Plain, before), (Part::Faint, "  does not match")]);
            return;
        };
        let after = made_at(tape, at).map(|made| tape.workspace(tape.entries()[made].workspace));
        match after {
            Some(after) => self.change(before, after, lines),
            None => lines.line(1, &[(Part::Plain, before), (Part::Faint, "  matches")]),
        }
        for (number, taken) in (1..).zip(bindings) {
            let name = format!("${number} = ");
            lines.line(2, &[(Part::Faint, &name), (Part::Plain, taken)]);
        }
    }

    fn change(&self, before: &str, after: &str, lines: &mut Lines) {
        lines.line(1, &[(Part::Plain, before), (Part::Plain, " \u{2192} "), part_of(after)]);
    }

    fn lookup(&mut self, asked: &Asked, lines: &mut Lines) {
        let source = asked.value.is_some();
        let source = source.then(|| self.sources.map_line(self.config, &asked.map, &asked.key)).flatten();
        let source = source.map(|place| format!("  ({})", place.short())).unwrap_or_default();
        let args = asked.args.iter().map(|arg| format!(" $@ {}", self.text(arg)));
        let key = match asked.key.is_empty() && asked.args.is_empty() {
            true => String::new(),
            false => format!(" {}{} =", self.text(&asked.key), args.collect::<String>()),
        };
        let (part, value) = match (&asked.problem, &asked.value) {
            (Some(problem), _) => (Part::Bad, problem.as_str()),
            (None, Some(value)) => (Part::Good, value.as_str()),
            (None, None) => (Part::Faint, "nothing"),
        };
        let map = format!("map {}", self.text(&asked.map));
        lines.line(
            0,
            &[
                (Part::Name, &map),
                (Part::Plain, &key),
                (Part::Plain, " "),
                (part, value),
                (Part::Faint, &source),
            ],
        );
    }

    /// The rulesets that are open, the innermost first.
    pub fn open(&mut self, at: usize) -> String {
        let tape = self.tape;
        // the last moment at each depth is where that ruleset was
        let mut innermost = tape.entries().get(at).map_or(0, |entry| entry.depth);
        let mut lines = self.lines();
        for entry in tape.entries()[..tape.entries().len().min(at + 1)].iter().rev() {
            let place = match &entry.moment {
                Moment::Enter(id) | Moment::Leave(id) => self.ruleset(*id),
                Moment::Rule(rule, Some(_)) | Moment::Rewritten(rule, _) => {
                    rule_name(self.config, (rule.ruleset, rule.index))
                }
                Moment::Rule(rule, None) if entry.depth == innermost => {
                    rule_name(self.config, (rule.ruleset, rule.index))
                }
                _ => continue,
            };
            if entry.depth != innermost || innermost == 0 {
                continue;
            }
            let workspace = tape.workspace(entry.workspace);
            lines.line(0, &[(Part::Name, &place), (Part::Plain, "  "), (Part::Plain, workspace)]);
            innermost -= 1;
        }
        if lines.text.is_empty() { "no ruleset is open\n".into() } else { lines.text }
    }

    /// The workspace at a moment.
    pub fn workspace(&self, at: usize) -> String {
        let entry = self.tape.entries().get(at);
        format!("{}\n", entry.map_or("", |entry| self.tape.workspace(entry.workspace)))
    }

    /// The rules of a ruleset around the one of this moment, or all of one that is named.
    pub fn rules(&mut self, at: usize, named: &str) -> String {
        let tape = self.tape;
        let before = &tape.entries()[..tape.entries().len().min(at + 1)];
        let here = before.iter().rev().find_map(|entry| match &entry.moment {
            Moment::Rule(rule, _) | Moment::Rewritten(rule, _) => Some((rule.ruleset, Some(rule.index))),
            Moment::Enter(id) => Some((*id, None)),
            _ => None,
        });
        let wanted = match named {
            "" => here,
            name => self.config.rulesets.find(name.as_bytes()).map(|id| (id, None)),
        };
        let Some((id, current)) = wanted else { return format!("there is no ruleset {named}\n") };
        let config = self.config;
        let rules = config.rulesets.get(id).map(|ruleset| ruleset.rules()).unwrap_or_default();
        let (from, to) = match current {
            Some(current) => (current.saturating_sub(AROUND), (current + AROUND + 1).min(rules.len())),
            None => (0, rules.len()),
        };
        let mut lines = self.lines();
        for (index, rule) in rules.iter().enumerate().take(to).skip(from) {
            let mark = if current == Some(index) { "\u{25b8} " } else { "  " };
            let name = format!("{mark}{}  ", rule_name(self.config, (id, index)));
            let part = if current == Some(index) { Part::Heading } else { Part::Plain };
            lines.line(0, &[(Part::Name, &name), (part, &self.sources.rule_text(rule.line))]);
        }
        lines.text
    }

    fn macro_name(&self, id: MacroId) -> String {
        match self.config.names.long_name(id) {
            Some(name) => format!("{{{}}}", String::from_utf8_lossy(name)),
            None => char::from(id.0).to_string(),
        }
    }

    /// `$x`, `${name}`, `$=x`, `$1` as they are at a moment.
    pub fn value(&self, at: usize, what: &str) -> String {
        let Some(name) = what.strip_prefix('$') else {
            return "print what? $x, ${name}, $=x, $1\n".into();
        };
        if let Some(number) = name.parse::<usize>().ok().filter(|number| (1..10).contains(number)) {
            return self.binding(at, number);
        }
        let (is_class, name) = name.strip_prefix('=').map_or((false, name), |name| (true, name));
        let name = name.strip_prefix('{').map_or(name, |name| name.trim_end_matches('}'));
        let Some(id) = self.config.names.get(name.as_bytes()) else {
            return format!("nothing is called {name}\n");
        };
        if is_class {
            let words = self.scope.class(self.config, id).map(|class| class.words()).unwrap_or_default();
            return words.iter().map(|word| format!("{}\n", self.text(word))).collect();
        }
        let set = self.tape.entries().iter().take(at + 1).rev().find_map(|entry| match &entry.moment {
            Moment::Macro(set, value) if *set == id => Some(value.as_deref()),
            _ => None,
        });
        // what is taken away shows the configuration's value again
        let value = match set {
            Some(set) => set.or_else(|| self.config.macros.get(id)),
            None => self.scope.get(self.config, id),
        };
        value.map_or_else(|| "Undefined\n".into(), |value| format!("{}\n", self.text(value)))
    }

    fn binding(&self, at: usize, number: usize) -> String {
        let matched = self.tape.entries().iter().take(at + 1).rev().find_map(|entry| match &entry.moment {
            Moment::Rule(_, Some(bindings)) => Some(bindings),
            _ => None,
        });
        match matched.and_then(|bindings| bindings.get(number - 1)) {
            Some(taken) => format!("{taken}\n"),
            None => format!("the rule has no ${number}\n"),
        }
    }
}

/// A refusal looks like one.
fn part_of(workspace: &str) -> (Part, &str) {
    (if is_refusal(workspace) { Part::Bad } else { Part::Plain }, workspace)
}
