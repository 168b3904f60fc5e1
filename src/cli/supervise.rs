//! A daemon: what each of its processes does.

use super::changes;
use super::guard;
use super::invocation::Invocation;
use super::messages;
use super::queue_flags::QueueRequest;
use super::site;
use super::start::{self, Startup};
use crate::config::Config;
use crate::daemon::{Service, serve};
use crate::keeper::KeeperSettings;
use crate::logging::{Logger, Priority};
use crate::schema::Sysexit;
use crate::supervisor::{Check, Front, Inheritance, Role, Setup, Supervisor};
use crate::sys::{accounts, clock, limits, title};
use std::sync::Arc;
use std::time::Duration;

/// What is to be done, beside queue runs.
pub(super) struct Daemon {
    /// Listen for SMTP?
    pub(super) listen: bool,
    /// Warnings for the log.
    pub(super) warnings: Vec<String>,
}

/// Runs the daemon of a configuration that is loaded; comes back in each of its processes at the end.
pub(super) fn run(
    invocation: &Invocation,
    config: Config,
    daemon: &Daemon,
    request: QueueRequest,
    inheritance: Inheritance,
) -> Sysexit {
    limits::raise_open_files();
    let (config, loaded) = (Arc::new(config), clock::now());
    // a newer one is compared with it
    let text = read_text(invocation);
    let log = messages::open_log_as(Logger::open_without_thread, invocation, &config);
    for text in &daemon.warnings {
        log.log(0, Priority::Warning, None, text.as_bytes());
    }
    let setup =
        Setup { listen: daemon.listen, argv: invocation.argv.clone(), what: what(daemon.listen, &request) };
    let supervisor = match Supervisor::begin(setup, &config, log, inheritance) {
        Ok(supervisor) => supervisor,
        Err(error) => {
            start::complain(&error);
            return Sysexit::OSERR;
        }
    };
    title::set(&title_of(&config, daemon.listen, &request));
    match supervisor.run() {
        Role::Over(status) => status,
        Role::Check(look) => check(invocation, &config, text, look),
        Role::Keeper(keeper) => {
            drop(text);
            let settings = KeeperSettings::from(&*config).with_maps(start::needs_of_maps(&config));
            drop(config); // of all else that the site says, the keeper knows nothing
            keeper.serve(settings);
            Sysexit::OK
        }
        Role::Front(front) => {
            drop(text);
            be_front(invocation, config, front, request, loaded)
        }
    }
}

/// What the log says at the start.
fn what(listen: bool, request: &QueueRequest) -> String {
    let smtp = listen.then(|| "SMTP".to_owned());
    let word = if request.persistent { "persistent-queueing" } else { "queueing" };
    let queueing = request.interval.map(|interval| format!("{word}@{}", clock_face(interval)));
    [smtp, queueing].into_iter().flatten().collect::<Vec<_>>().join("+")
}

/// What `ps` shows: with ProcessTitlePrefix, of which macros may be a part.
fn title_of(config: &Config, listen: bool, request: &QueueRequest) -> Vec<u8> {
    let prefix = config.options.process_title_prefix.as_deref().filter(|prefix| !prefix.is_empty());
    let prefix = prefix.map(|prefix| [&config.expand(prefix)[..], b": "].concat()).unwrap_or_default();
    let what = match request.interval {
        Some(interval) if !listen => {
            let text = format!("Queue runner@{} for ", clock_face(interval));
            [text.as_bytes(), config.options.queue_directory.as_deref().unwrap_or_default()].concat()
        }
        _ => b"accepting connections".to_vec(),
    };
    [b"sendmail: ", &prefix[..], &what].concat()
}

fn clock_face(interval: Duration) -> String {
    let seconds = interval.as_secs();
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn be_front(
    invocation: &Invocation,
    config: Arc<Config>,
    front: Front,
    request: QueueRequest,
    loaded: i64,
) -> Sysexit {
    title::set(b"canonify: front");
    let Front { supervisor, keeper, listening, local, orders } = front;
    let QueueRequest { interval, selection, .. } = request;
    let begun = start::open_traffic(invocation, &config)
        .and_then(|traffic| Startup::with(invocation, config, keeper, traffic))
        .and_then(Startup::confined_for_long);
    match begun {
        Ok((begun, confinement)) => {
            let service =
                Service { supervisor, listening, local, interval, selection, orders, loaded, confinement };
            begun.run(true, |mta| serve(mta, service))
        }
        Err(status) => status,
    }
}

/// The text of the configuration as it is now; nothing where it cannot be read.
fn read_text(invocation: &Invocation) -> Vec<u8> {
    std::fs::read(accounts::path(&site::file(invocation))).unwrap_or_default()
}

/// Is the configuration, as it is now, one that a daemon may start with? Log and supervisor learn what is wrong with it;
/// what it changes for mail, against the text as it `was`, the log says.
fn check(invocation: &Invocation, config: &Config, was: Vec<u8>, look: Check) -> Sysexit {
    match guard::check(invocation) {
        Ok(()) => {
            let file = String::from_utf8_lossy(&site::file(invocation)).into_owned();
            let lines = changes::lines(&file, was, read_text(invocation));
            let log = messages::open_log(invocation, config);
            lines.iter().for_each(|line| log.log(0, Priority::Notice, None, line.as_bytes()));
            log.flush();
            Sysexit::OK
        }
        Err((status, why)) => {
            let log = messages::open_log(invocation, config);
            log.log(0, Priority::Alert, None, &[b"could not restart: ", &why[..]].concat());
            log.flush();
            look.refuse(&why);
            status
        }
    }
}
