//! What every rewriting works with, together.

use super::{Address, Site};
use crate::addr::{MacroId, Scan};
use crate::engine::{
    AddressEvent, AddressView, Event, Observer, Printer, ScanMode, Scope, Watch, Watcher, complaints, define,
    define_named, scan,
};
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
    /// The first map that could not answer for now.
    pub(super) deferral: Option<Vec<u8>>,
    /// Texts for the log, about somebody who may have tried an attack.
    pub alerts: Vec<Vec<u8>>,
    /// Is shown every event of the rules, beside what is printed of them.
    pub(super) watcher: Option<&'a mut dyn Observer>,
    /// Nothing is said of values that rules cut and that do not balance.
    pub(super) silent: bool,
}

impl<'a> Rewriter<'a> {
    /// A rewriter whose traces and messages `observer` gets.
    pub fn new(site: &'a Site, scope: &'a mut Scope, observer: &'a mut dyn Tracer) -> Self {
        Self {
            site,
            scope,
            observer,
            problems: Vec::new(),
            deferral: None,
            alerts: Vec::new(),
            watcher: None,
            silent: false,
        }
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
        let operators = &self.site.program.operators;
        let scan = scan(operators, text, mode, &mut self.watching().1);
        if !mode.silent {
            self.problems.extend(complaints(text, &scan.problems));
        }
        scan
    }

    /// Sets a macro, which is shown, or makes it undefined.
    pub fn define(&mut self, id: MacroId, value: Option<&[u8]>) {
        let config = &self.site.config;
        let (scope, mut watching) = self.watching();
        define(config, scope, &mut watching, id, value);
    }

    /// [`Self::define`] by name.
    pub fn define_named(&mut self, name: &[u8], value: &[u8]) {
        let config = &self.site.config;
        let (scope, mut watching) = self.watching();
        define_named(config, scope, &mut watching, name, value);
    }

    /// The macros of the moment, and all who are shown what happens.
    pub(super) fn watching(&mut self) -> (&mut Scope, Watching<'_>) {
        let watcher = self.watcher.as_mut().map(|watcher| &mut **watcher as &mut dyn Observer);
        let printer = Printer::new(&self.site.config, &mut *self.observer);
        let shared = self.scope.watcher().cloned();
        (&mut *self.scope, Watching { watcher, shared, printer })
    }

    /// Something has happened to an address.
    pub(super) fn show(&mut self, event: AddressEvent<'_>) {
        self.watching().1.event(&Event::Address(event));
    }
}

/// An address as its events lend it.
pub(super) fn view(address: &Address) -> AddressView<'_> {
    AddressView {
        place: std::ptr::from_ref(address).addr(),
        text: &address.text,
        mailer: address.mailer,
        host: address.host.as_deref(),
        user: &address.user,
    }
}

/// The watchers, of this rewriter and of its scope, and the printer: shown everything one after the other.
pub(super) struct Watching<'a> {
    watcher: Option<&'a mut dyn Observer>,
    shared: Option<Watcher>,
    printer: Printer<'a>,
}

impl Observer for Watching<'_> {
    fn watches(&self) -> Watch {
        let watched = self.watcher.as_ref().map_or(Watch::Problems, |watcher| watcher.watches());
        let shared = self.shared.as_ref().map_or(Watch::Problems, Watcher::watches);
        watched.max(shared).max(self.printer.watches())
    }
    fn event(&mut self, event: &Event<'_>) {
        if let Some(watcher) = &mut self.watcher {
            watcher.event(event);
        }
        if let Some(watcher) = &self.shared {
            watcher.event(event);
        }
        self.printer.event(event);
    }
    fn tracer(&mut self) -> &mut dyn Tracer {
        self.printer.tracer()
    }
}
