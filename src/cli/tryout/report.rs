//! What the demonstration says, with colour where a terminal wants it.

use std::io::{IsTerminal, Write};

/// Writes the report. A reader who went away (a closed pipe) is no failure of the demonstration.
pub(super) struct Report {
    out: std::io::Stdout,
    colour: bool,
}

impl Report {
    /// Colour only on a terminal, and not where NO_COLOR is set.
    pub(super) fn to_stdout() -> Self {
        let out = std::io::stdout();
        let colour = out.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { out, colour }
    }

    fn line(&mut self, style: &str, text: &str) {
        let _ = match self.colour {
            true => writeln!(self.out, "\x1b[{style}m{text}\x1b[0m"),
            false => writeln!(self.out, "{text}"),
        };
    }

    /// A headline, with an empty line above.
    pub(super) fn step(&mut self, text: &str) {
        self.line("0", "");
        self.line("1", text);
    }

    /// A command as one would type it.
    pub(super) fn command(&mut self, text: &str) {
        self.line("36", &format!("  $ {text}"));
    }

    /// One line of explanation.
    pub(super) fn note(&mut self, text: &str) {
        self.line("0", &format!("  {text}"));
    }

    /// A labelled quotation.
    pub(super) fn block(&mut self, label: &str, text: &str) {
        self.note(&format!("{label}:"));
        for line in text.lines() {
            self.line("2", &format!("    | {line}"));
        }
    }

    /// What was expected has happened.
    pub(super) fn success(&mut self, text: &str) {
        self.line("32", &format!("  ok: {text}"));
    }

    /// What was expected has not happened.
    pub(super) fn failure(&mut self, text: &str) {
        self.line("31", &format!("  FAILED: {text}"));
    }

    /// The last line.
    pub(super) fn verdict(&mut self, good: bool) {
        self.line("0", "");
        match good {
            true => self.line("1;32", "All four messages ended where the rules said."),
            false => self.line("1;31", "Not everything happened as it should; see the lines marked FAILED."),
        }
    }
}
