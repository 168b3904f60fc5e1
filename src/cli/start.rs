//! What every mode that touches mail needs first: the keeper, the log, a runtime, the mta.

use super::invocation::Invocation;
use super::{rights, site};
use crate::config::{Config, Loaded};
use crate::daemon::Mta;
use crate::keeper::{self, Keeper};
use crate::logging::{Logger, Priority, Target};
use crate::maps::Store;
use crate::net::Resolver;
use crate::schema::Sysexit;
use crate::sys::identity::{self, Identity};
use crate::sys::limits;
use crate::sys::process::{self, Programs};
use std::future::Future;
use std::io::Write;
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};

/// A configuration and the process that delivers for it; no thread runs yet.
pub(super) struct Startup {
    pub(super) config: Arc<Config>,
    pub(super) keeper: Keeper,
    pub(super) log: Logger,
}

/// Loads the configuration and forks the keeper.
pub(super) fn begin(invocation: &Invocation) -> Result<Startup, Sysexit> {
    let Loaded { config, .. } = site::load_sound_site(invocation)?;
    begin_with(invocation, Arc::new(config))
}

/// Forks the keeper for a configuration that is loaded. Only the front works with a borrowed group.
pub(super) fn begin_with(invocation: &Invocation, config: Arc<Config>) -> Result<Startup, Sysexit> {
    limits::raise_open_files();
    let keeper = keeper::start(config.clone(), programs(&config)).map_err(|error| {
        complain(&format!("cannot start the keeper: {error}"));
        Sysexit::OSERR
    })?;
    rights::take_up()?;
    let log = open_log(invocation, &config);
    Ok(Startup { config, keeper, log })
}

/// The programs of maps, which the keeper of a process that touches mail runs: as RunAsUser where that is set,
/// who has no way back to DefaultUser.
pub(super) fn programs(config: &Arc<Config>) -> Programs {
    if !config.maps.iter().any(|map| map.class.eq_ignore_ascii_case(b"program")) {
        return Programs::default();
    }
    let store = Store::new(config.clone(), Arc::new(Resolver::fixed(Vec::new())));
    let mut programs = store.programs();
    let run_as = config.options.run_as_user.filter(|ids| ids.uid != 0 && identity::is_root());
    if let Some(ids) = run_as {
        programs.values_mut().for_each(|program| program.identity = Some(Identity::bare(ids)));
    }
    programs
}

/// A keeper that died: said where people look. What needed it is to be tried again.
pub(super) fn has_lost_keeper(mta: &Mta) -> bool {
    let lost = mta.keeper.is_gone();
    if lost {
        let text = "SYSERR(root): the keeper has died; what needed it is to be tried again";
        mta.log.log(0, Priority::Alert, None, text.as_bytes());
        complain(text);
    }
    lost
}

/// The exit status of a mode that had to do something now.
pub(super) fn settled(mta: &Mta, status: Sysexit) -> Sysexit {
    if has_lost_keeper(mta) && status.is_ok() { Sysexit::TEMPFAIL } else { status }
}

/// /dev/log if there is one, else standard error; CANONIFY_LOG decides otherwise.
pub(super) fn open_log(invocation: &Invocation, config: &Config) -> Logger {
    open_log_as(Logger::open, invocation, config)
}

/// The same by another way to open one.
pub(super) fn open_log_as(
    open: fn(Target, &[u8], u8) -> Logger,
    invocation: &Invocation,
    config: &Config,
) -> Logger {
    let tag = invocation.label.clone().unwrap_or_else(|| b"sendmail".to_vec());
    // with borrowed rights there is no environment
    let target = Target::choose(std::env::var("CANONIFY_LOG").ok().as_deref());
    open(target, &tag, u8::try_from(config.options.log_level.clamp(0, 255)).unwrap_or(9))
}

impl Startup {
    /// Opens the queue, starts the runtime and does `work` on it.
    pub(super) fn run<F>(self, threads: bool, work: impl FnOnce(Arc<Mta>) -> F) -> Sysexit
    where
        F: Future<Output = Sysexit>,
    {
        let runtime = match runtime(threads) {
            Ok(runtime) => runtime,
            Err(error) => {
                complain(&format!("cannot start: {error}"));
                return Sysexit::OSERR;
            }
        };
        let log = self.log.clone();
        let status = runtime.block_on(async move {
            match Mta::open(self.config, self.keeper, self.log) {
                Ok(mta) => work(mta).await,
                Err(error) => {
                    complain(&error.to_string());
                    Sysexit::OSERR
                }
            }
        });
        log.flush();
        // a read of standard input may never end
        runtime.shutdown_background();
        status
    }
}

fn runtime(threads: bool) -> std::io::Result<Runtime> {
    let mut builder = if threads { Builder::new_multi_thread() } else { Builder::new_current_thread() };
    builder.enable_all().build()
}

/// `true` in the process that goes on.
pub(super) fn into_background() -> bool {
    process::into_background().unwrap_or_else(|error| {
        complain(&format!("cannot go into the background: {error}"));
        true
    })
}

/// A line on standard error.
pub(super) fn complain(text: &str) {
    // a closed stderr leaves nobody to tell; the exit status still says it
    let _ = writeln!(std::io::stderr(), "{text}");
}
