//! What every rewriting works with, together.

use super::Site;
use crate::engine::Scope;
use crate::logging::{Quiet, Tracer};

/// Asks the rules of one site, with the macros of the moment, and shows its work to an observer.
///
/// Each method is one of sendmail's functions; the observer changes nothing of what they do.
pub struct Rewriter<'a> {
    /// Configuration, compiled rules, maps.
    pub site: &'a Site,
    /// Macro values of the connection or the envelope; rules read and set them.
    pub scope: &'a mut Scope,
    /// Who is shown the work.
    pub observer: &'a mut dyn Tracer,
}

impl<'a> Rewriter<'a> {
    /// A rewriter that `observer` watches.
    pub fn new(site: &'a Site, scope: &'a mut Scope, observer: &'a mut dyn Tracer) -> Self {
        Self { site, scope, observer }
    }

    /// A rewriter that nobody watches.
    pub fn quiet(site: &'a Site, scope: &'a mut Scope) -> Self {
        // a value without size: nothing is allocated, so nothing is lost
        Self { site, scope, observer: Box::leak(Box::new(Quiet)) }
    }
}
