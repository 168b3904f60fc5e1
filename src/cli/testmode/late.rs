//! The site of the shell, made when a command first needs it: a look at a cf's complaints needs none.

use crate::config::Config;
use crate::net::Resolver;
use crate::rewrite::Site;
use std::cell::{Cell, OnceCell};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// Compiled rules and maps, or what they will be made of.
pub(super) struct LateSite {
    config: Cell<Option<Config>>,
    made: OnceCell<Site>,
}

impl LateSite {
    /// To be made of this configuration.
    pub(super) fn new(config: Config) -> Self {
        Self { config: Cell::new(Some(config)), made: OnceCell::new() }
    }

    /// One that is made already.
    pub(super) fn of(site: Site) -> Self {
        Self { config: Cell::new(None), made: OnceCell::from(site) }
    }

    /// The site, if anything has needed it.
    pub(super) fn made(&self) -> Option<&Site> {
        self.made.get()
    }
}

impl Deref for LateSite {
    type Target = Site;
    fn deref(&self) -> &Site {
        self.made.get_or_init(|| {
            let config = self.config.take().unwrap_or_default();
            let resolver = Arc::new(Resolver::for_config(&config));
            Site::new(Arc::new(config), resolver)
        })
    }
}

impl DerefMut for LateSite {
    fn deref_mut(&mut self) -> &mut Site {
        let _: &Site = Deref::deref(&*self);
        // just made
        self.made.get_mut().expect("the line above makes it")
    }
}
