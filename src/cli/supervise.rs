//! A daemon: what each of its processes does.

use super::invocation::Invocation;
use super::queue_flags::QueueRequest;
use super::site;
use super::start::{self, Startup};
use crate::config::Config;
use crate::daemon::{Service, serve};
use crate::keeper::KeeperSettings;
use crate::logging::{Logger, Priority};
use crate::schema::Sysexit;
use crate::supervisor::{Front, Inheritance, Role, Setup, Supervisor};
use crate::sys::{limits, title};
use std::sync::Arc;

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
    let config = Arc::new(config);
    let log = start::open_log_as(Logger::open_without_thread, invocation, &config);
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
    title::set(b"sendmail: accepting connections");
    match supervisor.run() {
        Role::Over(status) => status,
        Role::Check => check(invocation),
        Role::Keeper(end) => {
            let settings = KeeperSettings::from(&*config);
            drop(config); // of all else that the site says, the keeper knows nothing
            end.serve(settings);
            Sysexit::OK
        }
        Role::Front(front) => be_front(invocation, config, front, request),
    }
}

/// What the log says at the start.
fn what(listen: bool, request: &QueueRequest) -> String {
    let smtp = listen.then(|| "SMTP".to_owned());
    let queueing = request.interval.map(|interval| {
        let seconds = interval.as_secs();
        format!("queueing@{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    });
    [smtp, queueing].into_iter().flatten().collect::<Vec<_>>().join("+")
}

fn be_front(invocation: &Invocation, config: Arc<Config>, front: Front, request: QueueRequest) -> Sysexit {
    title::set(b"canonify: front");
    let Front { keeper, listening, orders } = front;
    let QueueRequest { interval, selection, .. } = request;
    let service = Service { listening, interval, selection, orders };
    match Startup::with(invocation, config, keeper).and_then(Startup::confined_for_long) {
        Ok(begun) => begun.run(true, |mta| serve(mta, service)),
        Err(status) => status,
    }
}

fn check(invocation: &Invocation) -> Sysexit {
    site::load_sound_site(invocation).map_or_else(|status| status, |_| Sysexit::OK)
}
