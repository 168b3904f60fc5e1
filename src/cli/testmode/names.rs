//! `.D`, `.C`, `$x`, `$=x`: macros and classes.

use super::shell::Shell;
use super::traces::ShellEvent;
use crate::addr::{MacroId, op};
use crate::cf;
use crate::config::printable;
use crate::engine::{Event, MacroEvent, Observer, Printer};
use crate::logging::Tracer;
use crate::rewrite::Rewriter;
use crate::schema::Reply;
use std::sync::Arc;

impl Shell {
    /// Translates typed dollars as a cf line's are.
    fn translate(&mut self, text: &[u8]) -> Vec<u8> {
        self.console.show(&self.site.config.names, &ShellEvent::Translate { text });
        let level = self.site.config.level;
        let config = Arc::make_mut(&mut self.site.config);
        let (text, problems) = cf::translate(text, level, &mut config.names);
        self.show_names(&text);
        self.console.show(&self.site.config.names, &ShellEvent::Translated { text: &text });
        self.complain(&problems);
        text
    }

    /// The names that stand in a translated text.
    fn show_names(&mut self, text: &[u8]) {
        for (at, _) in text.iter().enumerate().filter(|(_, byte)| **byte == op::MACRO_EXPAND) {
            let named = text[at + 1..].iter().position(|byte| !b"=~&?".contains(byte));
            let Some(rest) = named.map(|named| &text[at + 1 + named..]) else { return };
            let id = MacroId(rest[0]);
            // what follows a long name is shown with it
            let name = match self.site.config.names.long_name(id) {
                Some(name) => [b"{", name, b"}", &rest[1..]].concat(),
                None => vec![id.0],
            };
            self.show_name(&name, Some(id));
        }
    }

    /// Reads a name; gives its id and its length.
    pub(super) fn name(&mut self, text: &[u8]) -> (Option<MacroId>, usize) {
        let config = Arc::make_mut(&mut self.site.config);
        let parsed = cf::parse_name(text, &mut config.names);
        self.complain(&parsed.problems);
        self.show_name(text, parsed.id);
        (parsed.id, parsed.length)
    }

    fn show_name(&mut self, name: &[u8], id: Option<MacroId>) {
        if name.is_empty() {
            return;
        }
        let mut printer = Printer::new(&self.site.config, &mut self.console);
        printer.event(&Event::Macro(MacroEvent::Named { name, id }));
    }

    fn complain(&mut self, problems: &[cf::NameProblem]) {
        for problem in problems {
            self.console.reply(&Reply::new(554, None, problem.text()));
        }
    }

    /// Adds words to a class; `$=y` stands for the present members of class y.
    fn add_words(&mut self, class: MacroId, words: &[u8]) {
        let site = &mut *self.site;
        let config = Arc::make_mut(&mut site.config);
        let single = [class.0];
        let name = config.names.long_name(class).unwrap_or(&single).to_vec();
        for word in words.split(crate::addr::is_space).filter(|word| !word.is_empty()) {
            self.console.show(&config.names, &ShellEvent::ClassWord { class: &name, word });
            match word {
                [op::MATCH_CLASS, from, ..] => config.classes.copy(MacroId(*from), class, 0),
                _ => config.classes.insert(class, word),
            }
        }
        site.program.refresh_classes(config);
    }
}

/// `.Dxvalue` and `.Cxwords`
pub(super) fn dot(shell: &mut Shell, rest: &[u8]) {
    match rest.split_first() {
        Some((b'D', rest)) => {
            let (id, length) = shell.name(rest);
            let value = shell.translate(&rest[length..]);
            if let Some(id) = id {
                Rewriter::new(&shell.site, &mut shell.scope, &mut shell.console).define(id, Some(&value));
            }
        }
        Some((b'C', [])) => {}
        Some((b'C', rest)) => {
            let (id, length) = shell.name(rest);
            let words = shell.translate(&rest[length..]);
            let words = Rewriter::new(&shell.site, &mut shell.scope, &mut shell.console).expand(&words);
            if let Some(id) = id {
                shell.add_words(id, &words);
            }
        }
        Some(_) => shell.console.say([b"Unknown \".\" command .", rest].concat()),
        None => shell.console.say("Usage: .[DC]macro value(s)"),
    }
}

/// `$x` and `$=x`
pub(super) fn show(shell: &mut Shell, rest: &[u8]) {
    if let Some(rest) = rest.strip_prefix(b"=") {
        let (id, _) = shell.name(rest);
        let class = id.and_then(|id| shell.site.config.classes.get(id));
        let mut text = Vec::new();
        for word in class.map(|class| class.words()).unwrap_or_default() {
            text.extend_from_slice(word);
            text.push(b'\n');
        }
        shell.console.put(text);
        return;
    }
    let (id, _) = shell.name(rest);
    let Some(id) = id else { return };
    let config = &shell.site.config;
    match shell.scope.get(config, id) {
        Some(value) => {
            let text = printable(value, &config.names);
            shell.console.say(text);
        }
        None => shell.console.say("Undefined"),
    }
}
