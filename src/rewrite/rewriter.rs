//! What every rewriting works with, together.

use super::Site;
use crate::addr::Scan;
use crate::engine::{Observer, Printer, ScanMode, Scope, complaints, scan};
use crate::logging::{Quiet, Tracer};
use crate::schema::Reply;

/// Asks the rules of one site, with the macros of the moment, and shows its work to an observer.
///
/// Each method is one of sendmail's functions; who watches changes nothing of what they do.
pub struct Rewriter<'a> {
    /// Configuration, compiled rules, maps.
    pub site: &'a Site,
    /// Macro values of the connection or the envelope; rules read and set them.
    pub scope: &'a mut Scope,
    /// Where traces and messages are printed.
    pub observer: &'a mut dyn Tracer,
    /// What was wrong so far, in order: with texts, rules, addresses.
    pub problems: Vec<Reply>,
    /// Is shown every event of the rules, beside what is printed of them.
    pub(super) watcher: Option<&'a mut dyn Observer>,
    /// Nothing is said of values that rules cut and that do not balance.
    pub(super) silent: bool,
}

impl<'a> Rewriter<'a> {
    /// A rewriter whose traces and messages `observer` gets.
    pub fn new(site: &'a Site, scope: &'a mut Scope, observer: &'a mut dyn Tracer) -> Self {
        Self { site, scope, observer, problems: Vec::new(), watcher: None, silent: false }
    }

    /// A rewriter that nobody watches.
    pub fn quiet(site: &'a Site, scope: &'a mut Scope) -> Self {
        // a value without size: nothing is allocated, so nothing is lost
        Self::new(site, scope, Box::leak(Box::new(Quiet)))
    }

    /// From now on `watcher` is shown every event of the rules.
    #[must_use]
    pub fn watched_by(self, watcher: &'a mut dyn Observer) -> Self {
        Self { watcher: Some(watcher), ..self }
    }

    /// Something is wrong: it is shown, and kept for whoever asked.
    pub(super) fn complain(&mut self, reply: Reply) {
        self.observer.reply(&reply);
        self.problems.push(reply);
    }

    /// Cuts a text into tokens (sendmail's `prescan`).
    pub(super) fn scan(&mut self, text: &[u8], mode: ScanMode) -> Scan {
        let config = &self.site.config;
        let mut printer = Printer::new(config, &mut *self.observer);
        let scan = scan(&self.site.program.operators, text, mode, &mut printer);
        if !mode.silent {
            self.problems.extend(complaints(text, &scan.problems));
        }
        scan
    }
}
