//! Where in the cf something is said: everything of a [`Config`] that has a line can point at it, and through a
//! source map ([`crate::m4`]'s origins) at the line of the .mc file.

use super::{Config, MailerId, RulesetId};
use crate::addr::MacroId;
use hashbrown::HashMap;

/// The physical lines of one line of the cf, from 1; a line and those that continue it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Span {
    /// Where it begins.
    pub first: u32,
    /// Where it ends; sendmail's messages name this one.
    pub last: u32,
}

/// Something that a cf says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Entry<'a> {
    /// A rule, by its ruleset and its place in it.
    Rule(RulesetId, usize),
    /// The definition of a macro that holds.
    Macro(MacroId),
    /// A word of a class: the first C or F line that put it there.
    ClassWord(MacroId, &'a [u8]),
    /// An option by its long name, a sub-option behind a dot (`Timeout.ident`).
    Option(&'a str),
    /// A map by its name; of several K lines the last.
    Map(&'a [u8]),
    /// A mailer.
    Mailer(MailerId),
    /// A header that is added, by its place in [`Config::headers`].
    Header(usize),
    /// A header check, by the header's name.
    HeaderCheck(&'a [u8]),
    /// A mail filter by its name.
    Filter(&'a [u8]),
    /// A queue group by its name.
    QueueGroup(&'a [u8]),
    /// A line of DaemonPortOptions, by its place among them.
    DaemonPort(usize),
}

/// The lines of what has no other place to keep them; a line is the first one of its span, 0 for what the cf
/// does not say (the command line does, or the program itself).
#[derive(Clone, Debug, Default)]
pub struct Spans {
    macros: HashMap<u8, u32>,
    options: HashMap<String, u32>,
    /// Of each line of DaemonPortOptions.
    daemon_ports: Vec<u32>,
    /// Lines that others continue, by their first line.
    continued: Vec<Span>,
}

impl Spans {
    /// A logical line of more than one physical one.
    pub(super) fn continues(&mut self, first: u32, last: u32) {
        self.continued.push(Span { first, last });
    }

    pub(super) fn defines(&mut self, id: MacroId, line: u32) {
        self.macros.insert(id.0, line);
    }

    pub(super) fn sets(&mut self, option: &str, sub: Option<&str>, line: u32) {
        let name = sub.map_or_else(|| option.to_owned(), |sub| format!("{option}.{sub}"));
        self.options.insert(name.to_ascii_lowercase(), line);
    }

    pub(super) fn listens(&mut self, line: u32) {
        self.daemon_ports.push(line);
    }

    /// The last line of what begins there.
    fn of(&self, first: u32) -> Option<Span> {
        let at = self.continued.binary_search_by_key(&first, |span| span.first);
        (first > 0).then(|| at.map_or(Span { first, last: first }, |index| self.continued[index]))
    }

    /// The first line of what ends there.
    fn ending(&self, last: u32) -> Option<Span> {
        let at = self.continued.binary_search_by_key(&last, |span| span.last);
        (last > 0).then(|| at.map_or(Span { first: last, last }, |index| self.continued[index]))
    }
}

impl Config {
    /// Where the cf says this; `None`: nowhere, or there is no such thing.
    pub fn span_of(&self, entry: Entry<'_>) -> Option<Span> {
        let same = |name: &[u8], other: &[u8]| name.eq_ignore_ascii_case(other);
        let first = match entry {
            Entry::Rule(set, rule) => {
                return self.spans.ending(self.rulesets.get(set)?.rules().get(rule)?.line);
            }
            Entry::Macro(id) => *self.spans.macros.get(&id.0)?,
            Entry::ClassWord(id, word) => self.classes.get(id)?.line_of(word)?,
            Entry::Option(name) => self.option_line(name)?,
            Entry::Map(name) => self.maps.iter().rev().find(|map| same(&map.name, name))?.line,
            Entry::Mailer(MailerId(index)) => self.mailers.get(usize::from(index))?.line,
            Entry::Header(index) => self.headers.get(index)?.line,
            Entry::HeaderCheck(name) => self.header_checks.iter().find(|check| same(&check.name, name))?.line,
            Entry::Filter(name) => self.filters.iter().find(|filter| filter.name == name)?.line,
            Entry::QueueGroup(name) => self.queue_groups.iter().find(|group| group.name == name)?.line,
            Entry::DaemonPort(index) => *self.spans.daemon_ports.get(index)?,
        };
        self.spans.of(first)
    }

    /// A sub-option that has no line of its own may have been set with all others.
    fn option_line(&self, name: &str) -> Option<u32> {
        let name = name.to_ascii_lowercase();
        let whole = name.split_once('.').map_or(name.as_str(), |(whole, _)| whole);
        self.spans.options.get(&name).or_else(|| self.spans.options.get(whole)).copied()
    }
}
