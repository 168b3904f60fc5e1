//! What every mode that touches mail needs first: the keeper, the log, a runtime, the mta.

use super::caller::Caller;
use super::invocation::Invocation;
use super::messages::{UNKNOWN_CLIENT, ended, log_early, log_syserr, open_log, open_log_as, tell};
use super::modes::Mode;
pub(super) use super::process::complain;
use super::rights;
use crate::config::Config;
use crate::daemon::{Confinement, Mta, confine};
use crate::keeper::{self, Keeper, MapNeeds};
use crate::logging::statistics::Statistics;
use crate::logging::{Logger, Priority, Traffic, say};
use crate::maps::Store;
use crate::net::Resolver;
use crate::schema::Sysexit;
use crate::sys::identity::{self, Identity};
use crate::sys::process;
use crate::sys::{accounts, errno_text, limits};
use std::collections::HashSet;
use std::future::Future;
use std::io;
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};

/// A process that ends with its message tells what it gave up to those who ask for that much.
const ONCE_LEVEL: u8 = 10;

/// What works on mail, and the log; no thread runs yet.
pub(super) struct Startup {
    pub(super) mta: Arc<Mta>,
    pub(super) log: Logger,
    pub(super) caller: Caller,
}

/// Forks the keeper for a configuration that is loaded, and opens the queue. Only the front works with a borrowed
/// group.
pub(super) fn begin_with(invocation: &Invocation, config: Arc<Config>) -> Result<Startup, Sysexit> {
    limits::raise_open_files();
    let traffic = open_traffic(invocation, &config)?;
    let keeper = keeper(&config)?;
    rights::take_up()?;
    // a queue run has said it before it asked for its rights
    if invocation.mode != Mode::QueueRun {
        warn_of_caller(invocation, &config);
        alert_newlines(invocation, &config);
        rights::enter_queue(invocation, &config)?;
    }
    Startup::with(invocation, config, keeper, traffic)
}

/// `-X`, with the caller's own rights.
///
/// # Errors
/// It cannot be opened; the caller has been told.
pub(super) fn open_traffic(invocation: &Invocation, config: &Config) -> Result<Option<Traffic>, Sysexit> {
    let Some(path) = &invocation.traffic_log else { return Ok(None) };
    Traffic::open(&accounts::path(path)).map(Some).map_err(|error| {
        let text = format!("cannot open {}: {}", accounts::path(path).display(), errno_text(&error));
        // sendmail knows of no ErrorMode yet
        match invocation.mode {
            Mode::Smtp => drop(tell(format!("451 4.0.0 {text}\r").as_bytes(), Sysexit::CANTCREAT)),
            _ => drop(tell(text.as_bytes(), Sysexit::CANTCREAT)),
        }
        log_syserr(invocation, config, &text);
        ended(config, Sysexit::CANTCREAT)
    })
}

/// Forks the keeper of a configuration; no thread may run yet. That it cannot be forked has been said.
pub(super) fn keeper(config: &Arc<Config>) -> Result<Keeper, Sysexit> {
    keeper::start(config.clone(), needs_of_maps(config)).map_err(|error| {
        complain(&format!("cannot start the keeper: {error}"));
        Sysexit::OSERR
    })
}

/// Words of -f, -F and -p that could forge lines of a message.
fn alert_newlines(invocation: &Invocation, config: &Config) {
    for word in &invocation.newlines {
        let log = open_log_as(Logger::open_without_thread, invocation, config);
        log.alert_newline(Priority::Notice, Some(b"NOQUEUE"), UNKNOWN_CLIENT, word);
    }
}

/// What an ordinary user may do, but not unseen.
pub(super) fn warn_of_caller(invocation: &Invocation, config: &Config) {
    let (options, caller) = (&config.options, Caller::of_process());
    if caller.uid == 0 {
        return;
    }
    if let Some(file) = &invocation.cf {
        let host = config.expand(b"\x81j");
        let queue = options.queue_directory.as_deref().unwrap_or_default();
        let looks = [Mode::QueueRun, Mode::PrintQueue, Mode::CountQueue, Mode::HostStatus, Mode::PurgeStatus];
        let looks = looks.contains(&invocation.mode);
        let lines = [
            [b"Processed by ", &caller.name[..], b" with -C ", file].concat(),
            [b"Processed from queue ", queue].concat(),
        ];
        for what in lines.into_iter().take(if looks || caller.is_trusted(config) { 1 } else { 2 }) {
            let text = [b"NOQUEUE: Authentication-Warning: ", &host[..], b": ", &what].concat();
            log_early(invocation, config, Priority::Info, &text);
        }
    }
    if invocation.label.is_some() && !caller.is_trusted(config) {
        let text = format!("user {} changed syslog label", caller.uid);
        log_early(invocation, config, Priority::Warning, text.as_bytes());
    }
    let (want, group) = (options.run_as_user.map(|ids| ids.gid), identity::effective_gid());
    if let Some(want) = want.filter(|want| options.use_msp && *want != group) {
        say(format!("WARNING: RunAsUser for MSP ignored, check group ids (egid={group}, want={want})")
            .as_bytes());
    }
}

/// What maps need of the keeper of a process that touches mail. It runs their programs, and root's opens their files: both as
/// RunAsUser where that is set, who has no way back to DefaultUser, and may read what sendmail's RunAsUser may.
pub(super) fn needs_of_maps(config: &Arc<Config>) -> MapNeeds {
    let has_programs = config.maps.iter().any(|map| map.class.eq_ignore_ascii_case(b"program"));
    if !has_programs && !identity::is_root() {
        return MapNeeds::default();
    }
    let store = Store::new(config.clone(), Arc::new(Resolver::fixed(Vec::new())));
    let mut needs = MapNeeds { programs: store.programs(), files: HashSet::new() };
    match config.options.run_as_user.filter(|ids| ids.uid != 0 && identity::is_root()) {
        Some(ids) => {
            let programs = needs.programs.values_mut();
            programs.for_each(|program| program.identity = Some(Identity::bare(ids)));
        }
        None => needs.files = store.files().iter().map(|(_, file)| accounts::path(file)).collect(),
    }
    needs
}

/// A keeper that died: said where people look. What needed it is to be tried again.
pub(super) fn has_lost_keeper(mta: &Mta) -> bool {
    let lost = mta.keeper.is_gone();
    if lost {
        let text = "the keeper has died; what needed it is to be tried again";
        mta.log.syserr(Priority::Alert, None, text);
        complain(text);
    }
    lost
}

/// The exit status of a mode that had to do something now.
pub(super) fn settled(mta: &Mta, status: Sysexit) -> Sysexit {
    if has_lost_keeper(mta) && status.is_ok() { Sysexit::TEMPFAIL } else { status }
}

/// StatusFile, while there are the rights to open it. One that is not there is not wanted.
fn open_statistics(config: &Config, log: &Logger) {
    let Some(file) = config.options.status_file.as_deref() else { return };
    let path = rights::queue_base(config).join(accounts::path(file));
    match Statistics::open(&path) {
        Ok(statistics) => log.count_in(statistics),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => {
            let text = format!("StatusFile {}: {}", path.display(), errno_text(&error));
            log.log(12, Priority::Info, None, text.as_bytes());
        }
    }
}

impl Startup {
    /// Opens the queue.
    pub(super) fn with(
        invocation: &Invocation,
        config: Arc<Config>,
        keeper: Keeper,
        traffic: Option<Traffic>,
    ) -> Result<Self, Sysexit> {
        let log = open_log(invocation, &config);
        if let Some(traffic) = traffic {
            log.set_traffic(traffic);
        }
        open_statistics(&config, &log);
        let mta = Mta::open(config, keeper, log.clone()).map_err(|error| {
            complain(&error.to_string());
            Sysexit::OSERR
        })?;
        Ok(Self { mta, log, caller: Caller::of_process() })
    }

    /// Gives up what is needed no more, before anybody is talked to. For a process that ends with its message.
    pub(super) fn confined(self) -> Result<Self, Sysexit> {
        self.confined_as(false, ONCE_LEVEL).map(|(begun, _)| begun)
    }

    /// The same for the front of a daemon, which may tell later what it gave up.
    pub(super) fn confined_for_long(self) -> Result<(Self, Confinement), Sysexit> {
        self.confined_as(true, 0)
    }

    fn confined_as(self, daemon: bool, level: u8) -> Result<(Self, Confinement), Sysexit> {
        match confine(&self.mta.site, self.mta.queue.options(), daemon) {
            Ok(confinement) => {
                confinement.log(&self.log, level);
                Ok((self, confinement))
            }
            Err(error) => {
                complain(&error);
                self.log.syserr(Priority::Alert, None, &error);
                self.log.flush();
                Err(Sysexit::OSERR)
            }
        }
    }

    /// Starts the runtime and does `work` on it, once the queue holds what a crash has left in a journal.
    pub(super) fn run<F>(self, threads: bool, work: impl FnOnce(Arc<Mta>) -> F) -> Sysexit
    where
        F: Future<Output = Sysexit>,
    {
        self.mta.recover_journal();
        let runtime = match runtime(threads) {
            Ok(runtime) => runtime,
            Err(error) => {
                complain(&format!("cannot start: {error}"));
                return Sysexit::OSERR;
            }
        };
        let status = runtime.block_on(async move { work(self.mta).await });
        self.log.flush();
        // a read of standard input may never end
        runtime.shutdown_background();
        status
    }
}

fn runtime(threads: bool) -> std::io::Result<Runtime> {
    let mut builder = if threads { Builder::new_multi_thread() } else { Builder::new_current_thread() };
    builder.enable_all().build()
}

/// For what is asked once: nothing else is waited for at the same time.
pub(super) fn runtime_of_one() -> Result<Runtime, Sysexit> {
    runtime(false).map_err(|error| {
        complain(&format!("cannot start: {error}"));
        Sysexit::OSERR
    })
}

/// As [`into_background`], for a service: only a log that was sent to standard error on purpose keeps it.
pub(super) fn into_service() -> bool {
    let goes_on = into_background();
    if goes_on && std::env::var_os("CANONIFY_LOG").is_none_or(|target| target != "stderr" && target != "json")
    {
        // without /dev/null there is nothing to put in their place
        let _ = process::close_standard_streams();
    }
    goes_on
}

/// `true` in the process that goes on.
pub(super) fn into_background() -> bool {
    process::into_background().unwrap_or_else(|error| {
        complain(&format!("cannot go into the background: {error}"));
        true
    })
}
