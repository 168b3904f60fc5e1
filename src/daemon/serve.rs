//! The front of a daemon: listeners, queue runs, what its supervisor says, the end.

use super::confine::Confinement;
use super::control::{self, Controlled};
use super::mta::{Mta, Phase};
use super::rates::Rates;
use super::status::{About, StatusSocket};
use super::tls_reports;
use super::{listen, metrics};
use crate::deliver::Pool;
use crate::logging::Priority;
use crate::milter::Definitions;
use crate::queue::Selection;
use crate::schema::Sysexit;
use crate::supervisor::{Listening, LocalSockets, Order, Orders, Word};
use crate::sys::process::Pid;
use std::future::Future;
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How long sessions may go on when another front has taken over.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(3600);
/// How long a client may still send a message that it has begun when the daemon stops.
const SESSION_TIMEOUT: Duration = Duration::from_secs(60);
/// How long deliveries may go on behind that: no program and no server is waited for longer.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(3600);

/// What the daemon does.
pub struct Service {
    /// The daemon's first process.
    pub supervisor: Pid,
    /// Sockets to accept connections from (-bd, -bD).
    pub listening: Vec<Listening>,
    /// Where it is looked after.
    pub local: LocalSockets,
    /// The time between queue runs (-qTIME); without it there are none.
    pub interval: Option<Duration>,
    /// What the runs take.
    pub selection: Selection,
    /// From the supervisor.
    pub orders: UnixStream,
    /// When the configuration was read: seconds since the epoch.
    pub loaded: i64,
    /// What was given up before.
    pub confinement: Confinement,
}

/// Serves until it is told to end, and then until what was begun is done.
pub async fn serve(mta: Arc<Mta>, service: Service) -> Sysexit {
    match Words::hear(&mta, &service.orders) {
        Ok(words) => work(&mta, service, words).await,
        Err(error) => {
            mta.log.syserr(Priority::Critical, None, error.to_string());
            Sysexit::OSERR
        }
    }
}

async fn work(mta: &Arc<Mta>, service: Service, mut words: Words<'_>) -> Sysexit {
    let Service { supervisor, listening, local, interval, selection, orders, confinement, loaded } = service;
    let (session, mut sessions) = mpsc::channel(1);
    let window = u64::try_from(mta.site.config.options.connection_rate_window_size).unwrap_or(60);
    let rates = Rates::new(Duration::from_secs(window));
    let mut tasks = JoinSet::new();
    if let Some(status) = confinement.status {
        let listeners = listening.iter().map(|one| one.port.socket_address().to_string()).collect();
        let processes = [supervisor, Pid::parent()].map(|pid| pid.as_raw().unsigned_abs());
        let about = About { report: confinement.report, processes, listeners, loaded };
        tasks.spawn(tell_status(status, mta.clone(), about));
    }
    if let (Some(listener), Ok(orders)) = (local.control, orders.try_clone()) {
        let controlled = Controlled { mta: mta.clone(), supervisor, orders };
        tasks.spawn(complain_at_end(mta.clone(), "control socket", control::serve(listener, controlled)));
    }
    if let Some(listener) = local.metrics {
        tasks.spawn(complain_at_end(mta.clone(), "metrics", metrics::serve(listener, mta.clone())));
    }
    let has_listeners = !listening.is_empty();
    for one in listening {
        match listen::Listener::new(one) {
            Ok(listener) => drop(tasks.spawn(listener.serve(mta.clone(), rates.clone(), session.clone()))),
            Err(error) => {
                mta.log.syserr(Priority::Critical, None, error.to_string());
                return Sysexit::OSERR;
            }
        }
    }
    drop(session);
    if has_listeners {
        mta.queue.begin_journal();
        let filters = Definitions::summary(&mta.site.config);
        if !filters.is_empty() {
            mta.log.log(8, Priority::Info, None, format!("mail filters: {}", filters.join(", ")).as_bytes());
        }
        // what is wrong with keys and certificates is said at the start
        mta.tls.server().await;
        mta.deliverer.look_at_keys().await;
    }
    if mta.log.write_statistics() {
        tasks.spawn(keep_statistics(mta.clone()));
    }
    tasks.spawn(tls_reports::send_daily(mta.clone()));
    if let Some(interval) = interval {
        tasks.spawn(mta.clone().runs(interval, selection));
    }
    let order = words.next().await;
    mta.enter(Phase::Draining);
    tasks.shutdown().await;
    // the next front is to have it
    let queue = mta.queue.clone();
    let _ = tokio::task::spawn_blocking(move || queue.end_journal()).await;
    // the sessions' ends of the channel go with them
    let mut ended = async || while sessions.recv().await.is_some() {};
    if order == Order::Drain {
        let idle = async {
            ended().await;
            mta.deliveries_done().await;
        };
        words.meanwhile(idle, DRAIN_TIMEOUT).await;
    }
    mta.enter(Phase::Stopping);
    let _ = timeout(SESSION_TIMEOUT, ended()).await;
    let _ = timeout(DELIVERY_TIMEOUT, mta.deliveries_done()).await;
    mta.log.flush();
    Sysexit::OK
}

/// Numbers are no older than this in the file.
const STATISTICS_PAUSE: Duration = Duration::from_secs(1);

async fn keep_statistics(mta: Arc<Mta>) {
    loop {
        tokio::time::sleep(STATISTICS_PAUSE).await;
        mta.log.write_statistics();
    }
}

async fn tell_status(status: StatusSocket, mta: Arc<Mta>, about: About) {
    if let Err(error) = status.serve(mta.clone(), about).await {
        mta.log.log(0, Priority::Warning, None, format!("canonify status: {error}").as_bytes());
    }
}

async fn complain_at_end(mta: Arc<Mta>, what: &str, service: impl Future<Output = io::Result<()>>) {
    if let Err(error) = service.await {
        mta.log.log(0, Priority::Error, None, format!("{what}: {error}").as_bytes());
    }
}

/// Everything that may tell the front to end: the supervisor, a signal of somebody's own, the keeper's death.
struct Words<'a> {
    mta: &'a Mta,
    orders: Orders,
    /// The same socket.
    supervisor: Arc<UnixStream>,
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    dump: Signal,
}

impl<'a> Words<'a> {
    fn hear(mta: &'a Mta, orders: &UnixStream) -> io::Result<Self> {
        Ok(Self {
            mta,
            orders: Orders::new(orders.try_clone()?)?,
            supervisor: Arc::new(orders.try_clone()?),
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
            dump: signal(SignalKind::user_defined1())?,
        })
    }

    /// The next word that is about the end: `Drain` or `Stop`. Others are answered on the way.
    async fn next(&mut self) -> Order {
        loop {
            let order = tokio::select! {
                order = self.orders.next() => order,
                _ = self.terminate.recv() => Order::Stop,
                _ = self.interrupt.recv() => Order::Stop,
                _ = self.dump.recv() => Order::Dump,
                // it is the supervisor's business
                _ = self.hangup.recv() => continue,
                () = self.mta.keeper.gone() => {
                    let text = b"the keeper is gone; no mail is taken any more";
                    self.mta.log.syserr(Priority::Alert, None, text);
                    Order::Stop
                }
            };
            match order {
                Order::Dump => dump_state(self.mta),
                Order::Ping => self.answer_ping(),
                Order::Refused(refusal) => self.mta.note_refusal(refusal),
                order => return order,
            }
        }
    }

    /// By a task of its own: what answers is what serves.
    fn answer_ping(&self) {
        let supervisor = self.supervisor.clone();
        tokio::spawn(async move { Word::Alive.say(&supervisor) });
    }

    /// Waits for the end of `work`, at most until `limit` or until the front is to stop.
    async fn meanwhile(&mut self, work: impl Future<Output = ()>, limit: Duration) {
        let told = async { while self.next().await != Order::Stop {} };
        tokio::select! {
            () = work => {}
            () = told => {}
            () = tokio::time::sleep(limit) => {}
        }
    }
}

fn dump_state(mta: &Mta) {
    let host = mta.site.config.expand(b"\x81j");
    let lines = [
        [b"--- dumping state on user signal: $j = ", &host[..], b" ---"].concat(),
        format!("messages under way: {}", *mta.under_way.borrow()).into_bytes(),
    ];
    let pools = Pool::ALL.map(|pool| {
        let (active, waiting, recalls) = mta.deliverer.pools.counts(pool);
        format!("{}: {active} active, {waiting} waiting, {recalls} to be recalled", pool.name()).into_bytes()
    });
    let end = b"--- end of state dump ---".to_vec();
    for line in lines.into_iter().chain(pools).chain([end]) {
        mta.log.log(0, Priority::Debug, None, &line);
    }
}
