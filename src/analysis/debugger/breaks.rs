//! Where to stop: words to rules, rulesets, maps, and changes of the workspace.

use super::tape::{Moment, Tape};
use crate::analysis::sources::Sources;
use crate::config::{Config, Entry, RulesetId};

/// What stops at a moment.
#[derive(Clone, PartialEq, Eq, Debug)]
enum What {
    /// One of these rules is tried.
    Rules(Vec<(RulesetId, usize)>),
    /// A ruleset begins.
    Ruleset(RulesetId),
    /// A map is asked.
    Map(Vec<u8>),
    /// A rule changes the workspace: anything of it, or whether it holds this text.
    Workspace(Option<String>),
}

#[derive(Clone, Debug)]
struct Break {
    number: usize,
    text: String,
    what: What,
}

/// All breakpoints, by number.
#[derive(Clone, Debug, Default)]
pub struct Breaks {
    breaks: Vec<Break>,
    last: usize,
}

/// How a place is named, for those who have named none.
pub(super) const PLACES: &str =
    "RULESET, RULESET:N, FILE:LINE of the cf or the .mc, map NAME, workspace [TEXT]";

impl Breaks {
    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.breaks.is_empty()
    }

    /// Adds one; says what it is.
    ///
    /// # Errors
    /// Why there is no such place.
    pub fn add(&mut self, text: &str, config: &Config, sources: &mut Sources) -> Result<String, String> {
        let what = read(text.trim(), config, sources)?;
        self.last += 1;
        let added = Break { number: self.last, text: text.trim().to_owned(), what };
        let line = added.line(config);
        self.breaks.push(added);
        Ok(line)
    }

    /// Takes one away by its number, or `all`.
    ///
    /// # Errors
    /// Which one there is not.
    pub fn delete(&mut self, text: &str) -> Result<(), String> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("all") {
            self.breaks.clear();
            return Ok(());
        }
        let number: Option<usize> = text.parse().ok();
        let at = number.and_then(|number| self.breaks.iter().position(|one| one.number == number));
        match at {
            Some(at) => drop(self.breaks.remove(at)),
            None => return Err(format!("there is no breakpoint {text}; a number or all")),
        }
        Ok(())
    }

    /// The list, a line for each.
    pub fn list(&self, config: &Config) -> String {
        let lines: String = self.breaks.iter().map(|one| one.line(config)).collect();
        if lines.is_empty() { format!("no breakpoints; a place is {PLACES}\n") } else { lines }
    }

    /// The first one that stops at a moment, as `break 2, Parse0:12`.
    pub(super) fn at(&self, tape: &Tape, index: usize) -> Option<String> {
        let found = self.breaks.iter().find(|one| one.what.stops_at(tape, index))?;
        Some(format!("break {}, {}", found.number, found.text))
    }
}

impl Break {
    fn line(&self, config: &Config) -> String {
        let rules = |rules: &[(RulesetId, usize)]| match rules {
            [one] => rule_name(config, *one),
            [first, ..] => format!("{} rules from {} on", rules.len(), rule_name(config, *first)),
            [] => String::new(),
        };
        let what = match &self.what {
            What::Rules(found) => format!("  ({})", rules(found)),
            _ => String::new(),
        };
        format!("{:3}  {}{what}\n", self.number, self.text)
    }
}

/// `Parse0:12`; the first rule has the number 1, as in sendmail's messages.
pub(super) fn rule_name(config: &Config, (ruleset, index): (RulesetId, usize)) -> String {
    format!("{}:{}", String::from_utf8_lossy(&config.rulesets.display_name(ruleset)), index + 1)
}

impl What {
    fn stops_at(&self, tape: &Tape, index: usize) -> bool {
        let Some(entry) = tape.entries().get(index) else { return false };
        match (self, &entry.moment) {
            (Self::Rules(rules), Moment::Rule(rule, _)) => rules.contains(&(rule.ruleset, rule.index)),
            (Self::Ruleset(ruleset), Moment::Enter(entered)) => ruleset == entered,
            (Self::Map(map), Moment::Lookup(asked)) => map.eq_ignore_ascii_case(&asked.map),
            (Self::Workspace(text), Moment::Rewritten(_, before)) => {
                let (before, after) = (tape.workspace(*before), tape.workspace(entry.workspace));
                match text {
                    None => before != after,
                    Some(text) => closed_up(before).contains(text) != closed_up(after).contains(text),
                }
            }
            _ => false,
        }
    }
}

/// A workspace without the blanks between its tokens: as an address is typed.
fn closed_up(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

fn read(text: &str, config: &Config, sources: &mut Sources) -> Result<What, String> {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    match word {
        "map" if !rest.is_empty() => return read_map(rest.trim(), config),
        "workspace" => {
            let text = closed_up(rest);
            return Ok(What::Workspace((!text.is_empty()).then_some(text)));
        }
        _ => {}
    }
    if text.is_empty() || !rest.is_empty() {
        return Err(format!("a place is {PLACES}"));
    }
    let Some((name, number)) = text.rsplit_once(':') else {
        let found = config.rulesets.find(text.as_bytes()).filter(|id| config.rulesets.get(*id).is_some());
        return found
            .map(What::Ruleset)
            .ok_or_else(|| format!("there is no ruleset {text} with rules in it"));
    };
    let number: u32 = number.parse().map_err(|_| format!("{number} is no number"))?;
    let ruleset = config.rulesets.find(name.as_bytes()).and_then(|id| Some((id, config.rulesets.get(id)?)));
    if let Some((id, ruleset)) = ruleset {
        let count = ruleset.rules().len();
        let index = (number as usize).checked_sub(1).filter(|index| *index < count);
        let index = index.ok_or_else(|| format!("ruleset {name} has rules 1 to {count}"))?;
        return Ok(What::Rules(vec![(id, index)]));
    }
    let rules = rules_at(name, number, config, sources);
    if rules.is_empty() {
        return Err(format!(
            "there is no ruleset {name}, and no rule at line {number} of a file of that name"
        ));
    }
    Ok(What::Rules(rules))
}

fn read_map(name: &str, config: &Config) -> Result<What, String> {
    let known = config.maps.iter().any(|map| map.name.eq_ignore_ascii_case(name.as_bytes()));
    // the host map is there without a K line
    if known || name.eq_ignore_ascii_case("host") {
        return Ok(What::Map(name.as_bytes().to_vec()));
    }
    Err(format!("there is no map {name}"))
}

/// Rules that stand at a line of the cf, or that a line of the .mc or of the library has made.
fn rules_at(file: &str, line: u32, config: &Config, sources: &mut Sources) -> Vec<(RulesetId, usize)> {
    let named = |whole: &str| {
        let whole = whole.trim_start_matches('@');
        whole == file || whole.strip_suffix(file).is_some_and(|head| head.ends_with('/'))
    };
    let mut found = Vec::new();
    for (number, ruleset) in (0..).zip(&config.rulesets.by_number) {
        let id = RulesetId(number);
        for (index, rule) in ruleset.iter().flat_map(|ruleset| ruleset.rules().iter().enumerate()) {
            let place = sources.place(rule.line);
            let span = config.span_of(Entry::Rule(id, index));
            let in_cf = span.is_some_and(|span| (span.first..=span.last).contains(&line))
                && (file == "cf" || named(&place.file));
            let in_mc = place.origin.is_some_and(|origin| origin.line == line && named(&origin.file));
            if in_cf || in_mc {
                found.push((id, index));
            }
        }
    }
    found
}
