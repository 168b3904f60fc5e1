//! What every rewriting needs: configuration, compiled rules, maps, resolver.

use crate::config::Config;
use crate::engine::Program;
use crate::maps::{Directly, Helpers, Store};
use crate::net::Resolver;
use std::sync::Arc;

/// One loaded configuration and all that answers its rules' questions. Shared and immutable.
pub struct Site {
    /// The configuration.
    pub config: Arc<Config>,
    /// Its rules, compiled.
    pub program: Program,
    /// Its maps.
    pub maps: Arc<Store>,
    /// Host names.
    pub resolver: Arc<Resolver>,
}

impl Site {
    /// Compiles the rules; maps open at their first use, and their programs run in children of this process.
    pub fn new(config: Arc<Config>, resolver: Arc<Resolver>) -> Self {
        Self::with_helpers(config, resolver, Helpers::with_programs(Directly))
    }

    /// The same where somebody else runs the programs of maps, or opens their files.
    pub fn with_helpers(config: Arc<Config>, resolver: Arc<Resolver>, helpers: Helpers) -> Self {
        let mut program = Program::compile(&config, config.operators.clone(), config.options.blank_sub);
        let maps = Arc::new(Store::with_helpers(config.clone(), resolver.clone(), helpers));
        program.bind_maps(&*maps);
        Self { config, program, maps, resolver }
    }

    /// From now on a map answers this to a key, whatever its file says; to be called before the site is shared. `false`:
    /// there is no such map.
    pub fn add_entry(&mut self, map: &[u8], key: &[u8], value: &[u8]) -> bool {
        Arc::get_mut(&mut self.maps).is_some_and(|maps| maps.add_entry(map, key, value))
    }
}
