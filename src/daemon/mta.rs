//! What every way of running shares: rules, queue, keeper, log.

use super::clients::Clients;
use super::refused_log_ins::RefusedLogIns;
use crate::config::Config;
use crate::deliver::Deliverer;
use crate::envelope::QueueId;
use crate::keeper::Keeper;
use crate::logging::{Logger, Priority};
use crate::maps::{Helpers, ProgramAnswer, ProgramRunner};
use crate::milter::{Definitions, FilterLog, Opening, Shared, SocketOpener};
use crate::net::Resolver;
use crate::queue::{Queue, QueueError};
use crate::rewrite::Site;
use crate::sasl;
use crate::schema::Reply;
use crate::smtp::server::{Policy, Server};
use crate::supervisor::Refusal;
use crate::sys::process::Program;
use crate::sys::safe::Rules;
use crate::tls::Tls;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// Messages whose recipients are being expanded at the same time. From then on the permits of `deliver` say
/// how many go on.
const MAX_PREPARING: usize = 200;

/// How far a daemon has come; it only goes on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Phase {
    /// Everything is done.
    Serving,
    /// No connection is accepted and no queue run begun; sessions and deliveries go on.
    Draining,
    /// Sessions end as soon as they may, and no delivery is begun.
    Stopping,
}

/// One loaded configuration at work. Shared by all tasks.
pub struct Mta {
    /// Rules and maps.
    pub site: Arc<Site>,
    /// What SMTP sessions share.
    pub server: Arc<Server>,
    /// The queue.
    pub queue: Queue,
    /// Delivers.
    pub deliverer: Deliverer,
    /// The other process.
    pub keeper: Keeper,
    /// The log.
    pub log: Logger,
    /// Certificates and keys.
    pub tls: Tls,
    /// Who is connected.
    pub(super) clients: Clients,
    /// Who guesses passwords.
    pub(super) refused_log_ins: RefusedLogIns,
    /// One permit per message whose recipients are not known yet.
    pub(super) preparing: Arc<Semaphore>,
    /// One permit per message of a queue run, where MaxQueueChildren limits those.
    pub(super) runners: Option<Arc<Semaphore>>,
    /// Messages being delivered, or waiting for it with their files open.
    pub(super) under_way: watch::Sender<usize>,
    phase: watch::Sender<Phase>,
    /// The newer configuration that was not taken.
    refused: Mutex<Option<Refusal>>,
    /// The LDAP server that knows passwords.
    pub(super) ldap: Option<sasl::LdapSettings>,
}

/// One message under way.
pub(super) struct UnderWay(watch::Sender<usize>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// The front executes nothing: the keeper runs the programs of maps.
struct KeepersPrograms(Keeper);

impl ProgramRunner for KeepersPrograms {
    fn run<'a>(&'a self, map: &'a [u8], _program: &'a Program, key: &'a [u8]) -> ProgramAnswer<'a> {
        Box::pin(self.0.program(map, key))
    }
}

/// The keeper runs programs and opens files of root's. RunAsUser reads what it may itself.
fn helpers_of_maps(config: &Config, keeper: &Keeper) -> Helpers {
    let programs = KeepersPrograms(keeper.clone());
    match config.options.run_as_user.is_some_and(|ids| ids.uid != 0) {
        true => Helpers::with_programs(programs),
        false => Helpers { programs: Arc::new(programs), files: keeper.map_files() },
    }
}

/// The site's; nobody knows passwords where the file cannot be read.
fn sasl_settings(log: &Logger) -> sasl::Settings {
    sasl::Settings::of_site().unwrap_or_else(|why| {
        log.log(0, Priority::Error, None, format!("no AUTH: {why}").as_bytes());
        sasl::Settings::none()
    })
}

/// What the mail filters of all sessions share.
fn milters(config: &Config, keeper: &Keeper, log: &Logger) -> Shared {
    Shared {
        log: FilterLog::new(config, log.clone()),
        opener: Some(Arc::new(KeepersSockets(keeper.clone()))),
        rules: Rules::socket(config.blame()),
    }
}

/// The keeper connects to the sockets of filters that the front's user may not.
struct KeepersSockets(Keeper);

impl SocketOpener for KeepersSockets {
    fn open<'a>(&'a self, filter: &'a [u8]) -> Opening<'a> {
        Box::pin(self.0.filter(filter))
    }
}

impl Mta {
    /// Opens the queue and gets everything ready. Starts nothing.
    ///
    /// # Errors
    /// When the queue cannot be used.
    pub fn open(config: Arc<Config>, keeper: Keeper, log: Logger) -> Result<Arc<Self>, QueueError> {
        let resolver = Arc::new(Resolver::for_config(&config));
        let helpers = helpers_of_maps(&config, &keeper);
        let mut site = Site::with_helpers(config.clone(), resolver, helpers);
        site.program.count_uses();
        let site = Arc::new(site);
        let queue = Queue::open(config.clone(), crate::queue::QueueOptions::from_config(&config))?;
        queue.log_to(log.clone());
        let ids = queue.clone();
        let next_id = Arc::new(move || ids.next_id());
        let tls = Tls::new(&config, &keeper, &log);
        let deliverer = Deliverer::new(site.clone(), keeper.clone(), tls.clone(), next_id, log.clone());
        let deliverer = deliverer.remembering_hosts(&queue.options().base());
        let sasl = sasl_settings(&log);
        let ldap = sasl.methods.contains(&sasl::Method::Ldap).then(|| sasl.ldap.clone());
        let policy = Policy::from_config(&config).with_sasl(sasl);
        let server =
            Server::new(site.clone(), policy, log.clone()).with_tls(tls.clone()).with_mail_authentication();
        let server = server.with_greylist(&queue.options().base());
        let server =
            Arc::new(server.with_mail_filters(Definitions::of(&config), milters(&config, &keeper, &log)));
        let preparing = Arc::new(Semaphore::new(MAX_PREPARING));
        let runners = usize::try_from(config.options.max_queue_children).unwrap_or(0);
        let runners = (runners > 0).then(|| Arc::new(Semaphore::new(runners)));
        let under_way = watch::Sender::new(0);
        let phase = watch::Sender::new(Phase::Serving);
        let clients = Clients::new(&config);
        let window = u64::try_from(config.options.connection_rate_window_size).unwrap_or(60);
        let mta = Self {
            clients,
            refused_log_ins: RefusedLogIns::new(Duration::from_secs(window)),
            site,
            server,
            queue,
            deliverer,
            keeper,
            log,
            tls,
            preparing,
            runners,
            under_way,
            phase,
            refused: Mutex::default(),
            ldap,
        };
        let mta = Arc::new(mta);
        mta.recall_messages();
        Ok(mta)
    }

    /// Messages that a crash has left in a journal become queue files, before mail is taken. Who may not write them is not the one to do
    /// it. Blocks, and uses threads: so rights have been given up before.
    pub fn recover_journal(&self) {
        match self.queue.recover_journal() {
            Ok(Some(count @ 1..)) => {
                let text = format!("journal: {count} messages are queue files now");
                self.log.log(8, Priority::Notice, None, text.as_bytes());
            }
            Ok(_) => {}
            Err(QueueError::Io { source, .. }) if source.kind() == std::io::ErrorKind::PermissionDenied => {}
            Err(error) => self.complain(None, &error),
        }
    }

    /// A newer configuration was not taken.
    pub(super) fn note_refusal(&self, refusal: Refusal) {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(refusal);
    }

    /// The last one that was not taken.
    pub(super) fn refused(&self) -> Option<Refusal> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// One message more; counted until the guard goes.
    pub(super) fn begin(&self) -> UnderWay {
        self.under_way.send_modify(|count| *count += 1);
        UnderWay(self.under_way.clone())
    }

    /// A permit to find out whom a message is for. Nobody who has one waits for another.
    pub(super) async fn prepare(&self) -> Option<OwnedSemaphorePermit> {
        self.preparing.clone().acquire_owned().await.ok()
    }

    /// From now on.
    pub(super) fn enter(&self, phase: Phase) {
        self.phase.send_replace(phase);
        if phase == Phase::Stopping {
            // whoever waits for a permit stays in the queue
            self.deliverer.pools.close();
        }
    }

    /// For those who look at it again and again.
    pub(super) fn phase(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// Has it come so far?
    pub(super) fn is(&self, phase: Phase) -> bool {
        *self.phase.borrow() >= phase
    }

    /// Waits until it has come so far.
    pub(super) async fn until(&self, phase: Phase) {
        // the sender is ours and lives as long
        let _ = self.phase().wait_for(|now| *now >= phase).await;
    }

    /// What went wrong with the queue, in the log.
    pub(super) fn complain(&self, id: Option<&QueueId>, error: &QueueError) {
        self.log.syserr(Priority::Critical, id.map(QueueId::as_bytes), error.to_string());
    }

    /// The same while a client waits for an answer, which this is.
    pub(super) fn refuse(&self, id: &QueueId, error: &QueueError) -> Reply {
        self.complain(Some(id), error);
        error.reply()
    }

    /// Waits until all deliveries that have begun are at their end.
    pub async fn deliveries_done(&self) {
        // a message that is to be recalled is recalled before the last one in its way is gone
        let _ = self.under_way.subscribe().wait_for(|count| *count == 0).await;
        self.deliverer.end_connections().await;
    }
}
