//! How far work has got, for somebody who waits at a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Work that is done sooner shows nothing.
const PATIENCE: Duration = Duration::from_secs(1);

/// A bar on standard error, if that is a terminal.
pub struct Progress {
    bar: ProgressBar,
    /// Begun then, and not shown yet.
    begun: Mutex<Option<Instant>>,
}

impl Progress {
    /// Nothing is shown yet.
    pub fn new() -> Self {
        let shown = std::io::stderr().is_terminal();
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        Self { bar, begun: Mutex::new(shown.then(Instant::now)) }
    }

    /// Something begins that has so many steps; 0: nobody knows.
    pub fn begin(&self, what: &str, steps: u64) {
        let template = match steps {
            0 => "{spinner} {msg}: {human_pos}",
            _ => "{bar:30} {percent:>3} %  {msg}, {eta} left",
        };
        // the templates are well-formed
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
        self.bar.set_message(what.to_owned());
        self.bar.set_position(0);
        match steps {
            0 => self.bar.unset_length(),
            steps => self.bar.set_length(steps),
        }
    }

    /// So many steps more are done.
    pub fn add(&self, steps: u64) {
        let mut begun = self.begun.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if begun.is_some_and(|begun| begun.elapsed() > PATIENCE) {
            *begun = None;
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        drop(begun);
        self.bar.inc(steps);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
