//! The keyboard: line editing, history and completion, where a person sits in front of the shell.
//!
//! In: keys. Out: lines. Never here: what a line means, or anything when input is a pipe.

use super::vocabulary::Vocabulary;
use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hinter, HistoryHinter};
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{Behavior, ColorMode, CompletionType, Config, Context, Editor, Helper};
use std::borrow::Cow;
use std::path::PathBuf;

/// Lines remembered from one day to the next.
const HISTORY_LINES: usize = 2000;

/// A person's keyboard and screen.
pub(super) struct Terminal {
    editor: Editor<Prompter, FileHistory>,
    history: Option<PathBuf>,
}

impl Terminal {
    /// Takes the terminal; `None` if it cannot be had.
    pub fn open(colour: bool) -> Option<Self> {
        let color_mode = if colour { ColorMode::Enabled } else { ColorMode::Disabled };
        let config = Config::builder()
            .behavior(Behavior::Stdio)
            .color_mode(color_mode)
            .completion_type(CompletionType::List)
            .max_history_size(HISTORY_LINES)
            .ok()?
            .build();
        let mut editor = Editor::with_config(config).ok()?;
        editor.set_helper(Some(Prompter {
            known: Vocabulary::default(),
            hinter: HistoryHinter::new(),
            colour,
        }));
        let history = history_file();
        if let Some(file) = &history {
            // the first session has none, and one that cannot be read is no reason to stop
            let _ = editor.load_history(file);
        }
        Some(Self { editor, history })
    }

    /// The names that can be completed from now on.
    pub fn know(&mut self, known: Vocabulary) {
        if let Some(helper) = self.editor.helper_mut() {
            helper.known = known;
        }
    }

    /// The next line; `None` at its end. An interrupt drops what was typed and asks again.
    pub fn read_line(&mut self, prompt: &str) -> Option<Vec<u8>> {
        loop {
            match self.editor.readline(prompt) {
                Ok(line) => {
                    if !line.trim().is_empty() {
                        // a history that is full or refuses a line costs nobody a command
                        let _ = self.editor.add_history_entry(&line);
                    }
                    return Some(line.into_bytes());
                }
                Err(ReadlineError::Interrupted) => continue,
                Err(_) => return None,
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let Some(file) = &self.history else { return };
        if let Some(folder) = file.parent() {
            // without a folder there is no history, which is no error
            let _ = std::fs::create_dir_all(folder);
        }
        let _ = self.editor.save_history(file);
    }
}

/// `$XDG_STATE_HOME/canonify/test-mode`. Borrowed rights have been given up by now: the caller's
/// environment chooses no file that the caller could not write.
fn history_file() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")))?;
    state.is_absolute().then(|| state.join("canonify/test-mode"))
}

/// What the line editor asks while keys come in.
struct Prompter {
    known: Vocabulary,
    hinter: HistoryHinter,
    colour: bool,
}

impl Completer for Prompter {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (start, names) = self.known.complete(&line[..at]);
        let pair = |name: &str| Pair { display: name.trim_end().to_owned(), replacement: name.to_owned() };
        Ok((start, names.into_iter().map(pair).collect()))
    }
}

impl Hinter for Prompter {
    type Hint = String;

    fn hint(&self, line: &str, at: usize, context: &Context<'_>) -> Option<String> {
        self.hinter.hint(line, at, context)
    }
}

impl Highlighter for Prompter {
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        match self.colour {
            true => Cow::Owned(format!("\x1b[1m{prompt}\x1b[0m")),
            false => Cow::Borrowed(prompt),
        }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        match self.colour {
            true => Cow::Owned(format!("\x1b[2m{hint}\x1b[0m")),
            false => Cow::Borrowed(hint),
        }
    }

    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        false
    }
}

impl Validator for Prompter {}
impl Helper for Prompter {}
