//! The daemon's life: listeners, queue runs, signals, the end.

use super::listen;
use super::mta::Mta;
use super::pid_file::PidFile;
use super::rates::Rates;
use crate::logging::Priority;
use crate::queue::Selection;
use crate::schema::Sysexit;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long a stopping daemon waits for deliveries; what is not done by then is in the queue.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(3);

/// What the daemon does beside taking mail.
#[derive(Clone, Debug, Default)]
pub struct Service {
    /// Listen for SMTP (-bd, -bD)?
    pub listen: bool,
    /// Seconds between queue runs (-qTIME).
    pub interval: Option<Duration>,
    /// What the runs take.
    pub selection: Selection,
    /// argv, for the pid file and for a restart.
    pub argv: Vec<Vec<u8>>,
}

/// Why the daemon ends.
enum Shutdown {
    Stop,
    Restart,
}

/// Runs until a signal ends it. `ready` is told how it began.
pub async fn serve(mta: Arc<Mta>, service: Service, ready: impl FnOnce(Result<(), &str>)) -> Sysexit {
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    if service.listen {
        let listeners = match listen::open(&mta).await {
            Ok(listeners) => listeners,
            Err(error) => {
                ready(Err(&error));
                return Sysexit::OSERR;
            }
        };
        let window = u64::try_from(mta.site.config.options.connection_rate_window_size).unwrap_or(60);
        let rates = Rates::new(Duration::from_secs(window));
        for listener in listeners {
            tasks.spawn(listener.serve(mta.clone(), rates.clone(), stopped.clone()));
        }
    }
    let pid_file = write_pid_file(&mta, &service.argv);
    log_start(&mta, &service);
    ready(Ok(()));
    tasks.spawn(mta.clone().runs(service.interval, service.selection.clone(), stopped));
    let end = wait_for_end(&mta, &service).await;
    let _ = stop.send(true);
    drop(pid_file);
    tasks.shutdown().await;
    let _ = tokio::time::timeout(SHUTDOWN_TIMEOUT, mta.deliveries_done()).await;
    mta.log.flush();
    match end {
        Shutdown::Stop => Sysexit::OK,
        Shutdown::Restart => restart(&mta, &service.argv),
    }
}

fn write_pid_file(mta: &Mta, argv: &[Vec<u8>]) -> Option<PidFile> {
    let config = &mta.site.config;
    let name = config.options.pid_file.as_ref().filter(|name| !name.is_empty())?;
    let path = crate::sys::accounts::path(&config.expand(name));
    match PidFile::write(path.clone(), argv) {
        Ok(file) => Some(file),
        Err(error) => {
            let text = format!("unable to write pid to {}: {error}", path.display());
            mta.log.log(0, Priority::Error, None, text.as_bytes());
            None
        }
    }
}

fn log_start(mta: &Mta, service: &Service) {
    let mut what = Vec::new();
    if service.listen {
        what.push("SMTP".to_owned());
    }
    if let Some(interval) = service.interval {
        let seconds = interval.as_secs();
        what.push(format!("queueing@{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60));
    }
    let version = env!("CARGO_PKG_VERSION");
    let text = format!("starting daemon (canonify-{version}): {}", what.join("+"));
    mta.log.log(0, Priority::Info, None, text.as_bytes());
}

/// Waits for the signal that ends the daemon; others are answered on the way.
async fn wait_for_end(mta: &Mta, service: &Service) -> Shutdown {
    let kinds =
        [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup(), SignalKind::user_defined1()];
    let signals: Result<Vec<Signal>, _> = kinds.into_iter().map(signal).collect();
    let Ok(signals) = signals else { return std::future::pending().await };
    let Ok([mut terminate, mut interrupt, mut hangup, mut dump]): Result<[Signal; 4], _> = signals.try_into()
    else {
        return std::future::pending().await;
    };
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hangup.recv() => {
                if may_restart(mta, service) {
                    return Shutdown::Restart;
                }
            }
            _ = dump.recv() => dump_state(mta),
        }
    }
    mta.log.log(9, Priority::Info, None, b"stopping daemon, reason=signal");
    Shutdown::Stop
}

fn may_restart(mta: &Mta, service: &Service) -> bool {
    let Some(program) = service.argv.first().filter(|program| program.starts_with(b"/")) else {
        mta.log.log(0, Priority::Info, None, b"could not restart: need full path");
        return false;
    };
    let text = [b"restarting ", &program[..], b" due to signal"].concat();
    mta.log.log(0, Priority::Info, None, &text);
    true
}

fn dump_state(mta: &Mta) {
    let busy = mta.max_deliveries - mta.deliveries.available_permits();
    let host = mta.site.config.expand(b"\x81j");
    let lines = [
        [b"--- dumping state on user signal: $j = ", &host[..], b" ---"].concat(),
        format!("deliveries: {busy} of at most {}", mta.max_deliveries).into_bytes(),
        b"--- end of state dump ---".to_vec(),
    ];
    for line in lines {
        mta.log.log(0, Priority::Debug, None, &line);
    }
}

/// The program takes its own place, with the arguments it was started with.
fn restart(mta: &Mta, argv: &[Vec<u8>]) -> Sysexit {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::process::CommandExt;
    let words: Vec<_> = argv.iter().map(|word| std::ffi::OsStr::from_bytes(word)).collect();
    let Some((program, arguments)) = words.split_first() else { return Sysexit::OSERR };
    let error = std::process::Command::new(program).args(arguments).exec();
    mta.log.log(0, Priority::Alert, None, format!("could not restart: {error}").as_bytes());
    mta.log.flush();
    Sysexit::OSFILE
}
