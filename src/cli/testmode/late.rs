//! What the shell makes when a command first needs it: a look at a cf's complaints needs no site, and no runtime.

use crate::config::Config;
use crate::net::Resolver;
use crate::rewrite::Site;
use crate::schema::Sysexit;
use std::cell::{Cell, OnceCell};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};

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

/// Where commands wait for maps and name servers.
#[derive(Default)]
pub(super) struct LateRuntime(OnceCell<Runtime>);

impl Deref for LateRuntime {
    type Target = Runtime;
    /// Ends the process where the system has no room for one: nothing can be asked then.
    fn deref(&self) -> &Runtime {
        self.0.get_or_init(|| match Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                eprintln!("cannot wait for answers: {error}");
                std::process::exit(Sysexit::OSERR.0);
            }
        })
    }
}
