//! The words for all of it.

use super::breaks::{Breaks, PLACES};
use super::show::View;
use super::tape::{Moment, Tape};
use super::walk::{End, Way, backwards, forwards};
use crate::analysis::layout::Style;
use crate::analysis::sources::Sources;
use crate::config::Config;
use crate::engine::Scope;

/// Where a walk over a new tape stops first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum First {
    /// At a breakpoint.
    Break,
    /// At the first thing that happens.
    Step,
    /// At the end: the way goes back.
    End,
}

/// What is to be printed, and whether the walk is over.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Shown {
    /// What test mode has printed up to here, then what is seen here.
    pub text: Vec<u8>,
    /// Nothing is left to be asked.
    pub over: bool,
}

/// One walk over a tape.
pub struct Debugger<'a> {
    view: View<'a>,
    breaks: &'a mut Breaks,
    /// The moment that is shown; of none, the end of the tape.
    at: usize,
    /// What was printed before this has been shown.
    reached: usize,
    /// What an empty line does again.
    last: &'static Command,
    last_words: String,
}

/// A command: a word of which a beginning is enough.
struct Command {
    word: &'static str,
    argument: &'static str,
    help: &'static str,
    run: fn(&mut Debugger<'_>, &str) -> Shown,
}

/// Of two that begin alike the first one counts.
const COMMANDS: &[Command] = &[
    Command {
        word: "step",
        argument: "",
        help: "to what happens next: a ruleset, a rule that matches, a look-up",
        run: |debugger, _| debugger.forwards(Way::Step),
    },
    Command {
        word: "next",
        argument: "",
        help: "the same, over the rulesets that a rule calls",
        run: |debugger, _| debugger.forwards(Way::Next),
    },
    Command {
        word: "out",
        argument: "",
        help: "to the end of this ruleset",
        run: |debugger, _| debugger.forwards(Way::Out),
    },
    Command {
        word: "continue",
        argument: "",
        help: "to the next breakpoint",
        run: |debugger, _| debugger.forwards(Way::Continue),
    },
    Command {
        word: "try",
        argument: "",
        help: "as step, and to rules that do not match",
        run: |debugger, _| debugger.forwards(Way::Try),
    },
    Command {
        word: "back",
        argument: "[next|out|continue|try]",
        help: "as step, or as that word, towards the beginning",
        run: |debugger, words| debugger.back(words),
    },
    Command {
        word: "where",
        argument: "",
        help: "the rulesets that are open, the innermost first",
        run: |debugger, _| shown(debugger.view.open(debugger.at)),
    },
    Command {
        word: "list",
        argument: "[RULESET]",
        help: "the rules around this one",
        run: |debugger, words| shown(debugger.view.rules(debugger.at, words)),
    },
    Command {
        word: "workspace",
        argument: "",
        help: "the workspace",
        run: |debugger, _| shown(debugger.view.workspace(debugger.at)),
    },
    Command {
        word: "print",
        argument: "$x|${name}|$=x|$1",
        help: "a macro, a class, what a wildcard has taken",
        run: |debugger, words| shown(debugger.view.value(debugger.at, words)),
    },
    Command {
        word: "break",
        argument: "[PLACE]",
        help: "stop there as well; alone: the breakpoints",
        run: |debugger, words| shown(debugger.add_break(words)),
    },
    Command {
        word: "delete",
        argument: "N|all",
        help: "take breakpoints away",
        run: |debugger, words| {
            shown(debugger.breaks.delete(words).map_or_else(|why| why + "\n", |()| String::new()))
        },
    },
    Command {
        word: "watch",
        argument: "[TEXT]",
        help: "stop where a rule changes the workspace, or whether it holds the text",
        run: |debugger, words| shown(debugger.add_break(&format!("workspace {words}"))),
    },
    Command { word: "help", argument: "", help: "this", run: |_, _| shown(help()) },
    Command {
        word: "quit",
        argument: "",
        help: "to the end without a stop",
        run: |debugger, _| {
            let text = debugger.said_until(debugger.view.tape.entries().len());
            Shown { text, over: true }
        },
    },
];

/// The words, as they are typed.
pub fn words() -> Vec<String> {
    let typed =
        |command: &Command| format!("{}{}", command.word, if command.argument.is_empty() { "" } else { " " });
    COMMANDS.iter().map(typed).collect()
}

fn shown(text: String) -> Shown {
    Shown { text: text.into_bytes(), over: false }
}

fn help() -> String {
    let rows = COMMANDS.iter().map(|command| {
        let head = format!("{} {}", command.word, command.argument);
        format!("  {head:30}{}\n", command.help)
    });
    let rows: String = rows.collect();
    format!(
        "{rows}A beginning of a word is enough; an empty line does the last one again.\nA place is {PLACES}.\n"
    )
}

impl<'a> Debugger<'a> {
    /// At the beginning of a tape. `scope` has the macros as they were before the run.
    pub fn new(
        (config, sources): (&'a Config, &'a mut Sources),
        (scope, tape): (&'a Scope, &'a Tape),
        breaks: &'a mut Breaks,
        style: Style,
    ) -> Self {
        let view = View { config, sources, scope, tape, style };
        Self { view, breaks, at: 0, reached: 0, last: &COMMANDS[0], last_words: String::new() }
    }

    /// Goes to the first stop.
    pub fn begin(&mut self, first: First) -> Shown {
        let way = match first {
            First::Break => Way::Continue,
            First::Step => Way::Step,
            First::End => {
                self.at = self.view.tape.entries().len();
                self.reached = self.at;
                return self.go_back(Way::Step);
            }
        };
        let end = forwards(self.view.tape, self.breaks, None, way);
        self.arrive(end)
    }

    /// One line.
    pub fn command(&mut self, line: &str) -> Shown {
        let line = line.trim();
        let (word, words) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        if word.is_empty() {
            let (command, words) = (self.last, std::mem::take(&mut self.last_words));
            let shown = (command.run)(self, &words);
            self.last_words = words;
            return shown;
        }
        // as at the shell's own prompt
        if word.starts_with('$') {
            return shown(self.view.value(self.at, line));
        }
        let Some(command) = COMMANDS.iter().find(|command| command.word.starts_with(word)) else {
            return shown(format!("no command is called {word}; help has them all\n"));
        };
        (self.last, self.last_words) = (command, words.trim().to_owned());
        (command.run)(self, words.trim())
    }

    fn forwards(&mut self, way: Way) -> Shown {
        let end = forwards(self.view.tape, self.breaks, Some(self.at), way);
        self.arrive(end)
    }

    fn arrive(&mut self, end: End) -> Shown {
        let End::At(at) = end else {
            let mut text = self.said_until(self.view.tape.entries().len());
            if self.view.tape.is_full() {
                text.extend_from_slice(b"too much has happened: what came later was not kept\n");
            }
            return Shown { text, over: true };
        };
        self.at = at;
        let mut text = self.said_until(at);
        let head = self.breaks.at(self.view.tape, at);
        text.extend_from_slice(self.view.moment(at, head).as_bytes());
        Shown { text, over: false }
    }

    fn back(&mut self, words: &str) -> Shown {
        let ways = [("step", Way::Step), ("next", Way::Next), ("out", Way::Out)];
        let ways = ways.into_iter().chain([("continue", Way::Continue), ("try", Way::Try)]);
        match ways.into_iter().find(|(word, _)| word.starts_with(words)) {
            Some((_, way)) => self.go_back(way),
            None => shown(format!("back how? {}\n", "next, out, continue, try, or step")),
        }
    }

    fn go_back(&mut self, way: Way) -> Shown {
        match backwards(self.view.tape, self.breaks, self.at, way) {
            End::Over => shown("nothing lies before this\n".into()),
            at => self.arrive(at),
        }
    }

    /// What was printed up to a moment and not shown yet.
    fn said_until(&mut self, at: usize) -> Vec<u8> {
        let (from, tape) = (self.reached, self.view.tape);
        self.reached = from.max(at);
        let said = tape.entries()[from..self.reached].iter().filter_map(|entry| match &entry.moment {
            Moment::Said(text) => Some(&text[..]),
            _ => None,
        });
        said.collect::<Vec<_>>().concat()
    }

    fn add_break(&mut self, words: &str) -> String {
        if words.is_empty() {
            return self.breaks.list(self.view.config);
        }
        let added = self.breaks.add(words, self.view.config, self.view.sources);
        added.unwrap_or_else(|why| why + "\n")
    }
}
