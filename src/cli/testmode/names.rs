//! `.D`, `.C`, `$x`, `$=x`: macros and classes.

use super::Shell;
use crate::addr::MacroId;
use crate::cf;
use crate::config::printable;
use crate::rewrite::expand_traced;
use crate::schema::Reply;
use std::sync::Arc;

impl Shell {
    /// Translates typed dollars as a cf line's are.
    fn translate(&mut self, text: &[u8]) -> Vec<u8> {
        let level = self.site.config.level;
        let config = Arc::make_mut(&mut self.site.config);
        let (text, problems) = cf::translate(text, level, &mut config.names);
        self.complain(&problems);
        text
    }

    /// Reads a name; gives its id and its length.
    pub(super) fn name(&mut self, text: &[u8]) -> (Option<MacroId>, usize) {
        let config = Arc::make_mut(&mut self.site.config);
        let parsed = cf::parse_name(text, &mut config.names);
        self.complain(&parsed.problems);
        (parsed.id, parsed.length)
    }

    fn complain(&mut self, problems: &[cf::NameProblem]) {
        use crate::logging::Tracer;
        for problem in problems {
            self.console.reply(&Reply::new(554, None, problem.text()));
        }
    }
}

/// `.Dxvalue` and `.Cxwords`
pub(super) fn define(shell: &mut Shell, rest: &[u8]) {
    let line = shell.translate(rest);
    match line.split_first() {
        Some((b'D', rest)) => {
            let (id, length) = shell.name(rest);
            if let Some(id) = id {
                shell.scope.set(id, &rest[length..]);
            }
        }
        Some((b'C', [])) => {}
        Some((b'C', rest)) => {
            let (id, length) = shell.name(rest);
            let words = expand_traced(&shell.site, &shell.scope, &rest[length..], &mut shell.console);
            if let Some(id) = id {
                let config = Arc::make_mut(&mut shell.site.config);
                for word in words.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
                    config.classes.insert(id, word);
                }
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
