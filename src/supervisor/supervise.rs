//! The loop: signals in, processes out.

use super::generation::{Ended, Generation, Pause};
use super::inheritance::{self, Inheritance};
use super::local_sockets::LocalSockets;
use super::news::Teller;
use super::orders::{Order, Refusal, Word};
use super::pid_file::PidFile;
use super::sockets::{self, Listening};
use crate::addr::one_line;
use crate::config::Config;
use crate::keeper::{self, Keeper, KeeperEnd, KeeperSettings};
use crate::logging::{Logger, Priority};
use crate::schema::Sysexit;
use crate::sys::notify::Notifier;
use crate::sys::process::{self, End, Pid};
use crate::sys::signals::{Signal, Signals};
use crate::sys::{accounts, clock};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// How long a stopping daemon waits for its fronts and keepers. Who has begun something by then that cannot be left
/// undone finishes it alone: it holds the message meanwhile, and no port.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// A front that ends by itself so soon after the very first start cannot do its work.
const START_TIME: Duration = Duration::from_secs(10);

/// How long a front may take to its first word, however large the queue is that it takes over.
const FIRST_WORD: Duration = Duration::from_secs(300);

/// What a supervisor is to do.
pub struct Setup {
    /// Listen for SMTP (-bd, -bD)?
    pub listen: bool,
    /// How it was called, for the pid file and for a restart.
    pub argv: Vec<Vec<u8>>,
    /// What the log says at the start: `SMTP+queueing@00:30:00`.
    pub what: String,
}

/// What this process is from now on.
pub enum Role {
    /// The keeper.
    Keeper(KeeperRole),
    /// The front.
    Front(Front),
    /// Only this: look at the configuration as it is now, and exit with 0 if it is good.
    Check(Check),
    /// The supervisor at its end.
    Over(Sysexit),
}

/// What a keeper has.
pub struct KeeperRole {
    end: KeeperEnd,
    supervisor: Teller,
    front: Pid,
}

impl KeeperRole {
    /// Is the keeper until its front is gone and all that was begun is done. The supervisor learns at once how
    /// the front has ended.
    pub fn serve(self, settings: KeeperSettings) {
        let Self { end, supervisor, front } = self;
        let watch = std::thread::Builder::new().name("front".into()).spawn(move || supervisor.watch(front));
        end.serve(settings);
        // without a thread the supervisor sees this process end
        let _ = watch.map(std::thread::JoinHandle::join);
    }
}

/// What a process has that looks at a new configuration.
pub struct Check {
    supervisor: UnixStream,
}

impl Check {
    /// Says why the configuration is refused. The exit status says that it is.
    pub fn refuse(mut self, why: &[u8]) {
        let why = &why[..why.len().min(MAX_REASON)];
        // a supervisor that is gone refuses nothing
        let _ = self.supervisor.write_all(why);
    }
}

/// What a front has.
pub struct Front {
    /// The process that it takes its orders from.
    pub supervisor: Pid,
    /// Its keeper.
    pub keeper: Keeper,
    /// What it listens to.
    pub listening: Vec<Listening>,
    /// Where it is looked after.
    pub local: LocalSockets,
    /// What it is told.
    pub orders: UnixStream,
}

/// A daemon's first process.
pub struct Supervisor {
    setup: Setup,
    log: Logger,
    notifier: Notifier,
    signals: Signals,
    listening: Vec<Listening>,
    local: LocalSockets,
    pid_file: Option<PidFile>,
    /// Those at work; the last one takes the connections if `serving`.
    generations: Vec<Generation>,
    serving: bool,
    /// Has a front lived through its start?
    proven: bool,
    /// When the next generation is due.
    due: Option<Instant>,
    pause: Pause,
    look: Look,
    /// When the front was asked whether it works.
    pinged: Option<Instant>,
    /// The last configuration that was not taken; none since this process began.
    refused: Option<Refusal>,
}

/// The look at a new configuration.
#[derive(Default)]
struct Look {
    /// Who looks, and where it says what is wrong.
    under_way: Option<(Pid, UnixStream)>,
    /// Somebody has asked meanwhile.
    asked_again: bool,
    /// How it was asked for, as the log says it.
    reason: &'static str,
}

/// Bytes of the reason for which a configuration is refused.
const MAX_REASON: usize = 500;

impl Supervisor {
    /// Binds what is to be listened on and writes the pid file. The log must be one without a thread.
    ///
    /// # Errors
    /// What keeps the daemon from starting, in the words for standard error.
    pub fn begin(
        setup: Setup,
        config: &Config,
        log: Logger,
        mut inheritance: Inheritance,
    ) -> Result<Self, String> {
        let held = [Signal::SIGCHLD, Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM, Signal::SIGUSR1];
        let signals = Signals::hold(&held).map_err(|error| format!("cannot start: {error}"))?;
        let listening = match setup.listen {
            true => sockets::open(config, &mut inheritance.sockets, &log)?,
            false => Vec::new(),
        };
        let local = LocalSockets::open(config, &log);
        let pid_file = write_pid_file(config, &setup.argv, &log);
        let text = format!("starting daemon (canonify-{}): {}", env!("CARGO_PKG_VERSION"), setup.what);
        log.log(0, Priority::Info, None, text.as_bytes());
        log.log(9, Priority::Info, None, &[b"started as: ", &setup.argv.join(&b' ')[..]].concat());
        Ok(Self {
            setup,
            log,
            notifier: Notifier::of_environment(),
            signals,
            listening,
            local,
            pid_file,
            generations: inheritance.generations,
            serving: false,
            // a successor goes on trying: it has taken the place of one that worked
            proven: inheritance.restarted,
            due: Some(Instant::now()),
            pause: Pause::default(),
            look: Look::default(),
            pinged: None,
            refused: None,
        })
    }

    /// Supervises. Comes back in every process that is made, with what that one is, and at the end.
    pub fn run(mut self) -> Role {
        loop {
            if self.due.is_some_and(|due| due <= Instant::now())
                && let Some(role) = self.start()
            {
                return role;
            }
            let wait = self.due.map(|due| due.saturating_duration_since(Instant::now()));
            let wait = wait.into_iter().chain(self.watch_over_front()).min();
            let role = match self.next_signal(wait) {
                None => match self.hear_fronts() {
                    Some(Word::Stop) => return self.stop("control socket"),
                    Some(Word::Restart) => self.check("control socket"),
                    _ => self.look_after_generations(),
                },
                Some(Signal::SIGCHLD) => self.children_ended(),
                Some(Signal::SIGHUP) => self.check("signal"),
                Some(Signal::SIGUSR1) => {
                    self.order_all(&Order::Dump);
                    None
                }
                Some(_) => return self.stop("signal"),
            };
            if let Some(role) = role {
                return role;
            }
        }
    }

    /// The watchdog hears of us only when the front that takes the connections says that it works; how long until it is asked
    /// again. Between two fronts the supervisor answers for itself.
    fn watch_over_front(&mut self) -> Option<Duration> {
        let pause = self.notifier.pause()?;
        let left = self.pinged.map(|pinged| pause.saturating_sub(pinged.elapsed()));
        if let Some(left) = left.filter(|left| !left.is_zero()) {
            return Some(left);
        }
        self.pinged = Some(Instant::now());
        let front = self.generations.last().filter(|_| self.serving);
        front.iter().for_each(|front| front.order(&Order::Ping));
        if front.is_none_or(|front| !front.proven && front.age() < FIRST_WORD) {
            self.notifier.tell("WATCHDOG=1");
        }
        Some(pause)
    }

    /// What the front that takes the connections wants; the last word counts. Of the others nothing is heard.
    fn hear_fronts(&mut self) -> Option<Word> {
        let heard: Vec<Vec<Word>> = self.generations.iter_mut().map(Generation::heard).collect();
        let words = heard.last().filter(|_| self.serving)?;
        if words.contains(&Word::Alive) {
            self.generations.iter_mut().next_back()?.proven = true;
            self.notifier.tell("WATCHDOG=1");
        }
        words.iter().rfind(|word| **word != Word::Alive).copied()
    }

    /// Comes back without one when the time is over, or when a keeper or front may have ended.
    fn next_signal(&self, wait: Option<Duration>) -> Option<Signal> {
        let watched: Vec<_> = self.generations.iter().flat_map(Generation::watched).collect();
        self.signals.next(wait, &watched)
    }

    fn alert(&self, text: &str) {
        self.log.log(0, Priority::Alert, None, text.as_bytes());
    }

    fn order_all(&self, order: &Order) {
        self.generations.iter().for_each(|one| one.order(order));
    }

    /// Starts keeper and front; those that are at work already learn that others take the connections.
    fn start(&mut self) -> Option<Role> {
        match self.fork_generation() {
            Ok(Started::Here(role)) => return Some(role),
            Ok(Started::Elsewhere(generation)) => {
                self.order_all(&Order::Drain);
                self.refused.iter().for_each(|refusal| generation.order(&Order::Refused(refusal.clone())));
                self.generations.push(generation);
                (self.serving, self.due) = (true, None);
                self.notifier.tell("READY=1\nSTATUS=serving");
            }
            Err(error) => {
                let pause = self.pause.after(Duration::ZERO);
                self.alert(&format!("SYSERR(root): cannot start keeper and front: {error}"));
                self.due = Some(Instant::now() + pause);
            }
        }
        None
    }

    fn fork_generation(&mut self) -> io::Result<Started> {
        let (front_end, keeper_end) = keeper::ends()?;
        let (orders, told) = UnixStream::pair()?;
        let (news, teller) = UnixStream::pair()?;
        let supervisor = Pid::this();
        if !process::fork_detached()? {
            // the last holders of the other ends are those whose end is to be seen
            drop((told, teller));
            return Ok(Started::Elsewhere(Generation::born(orders, news)?));
        }
        // the keeper; the front is its child, so that somebody sees how that ends
        match process::fork() {
            Ok(Some(front)) => {
                let supervisor = Teller::new(teller);
                supervisor.tell_birth(front);
                Ok(Started::Here(Role::Keeper(KeeperRole { end: keeper_end, supervisor, front })))
            }
            Ok(None) => {
                let (keeper, listening) = (Keeper::on(front_end), std::mem::take(&mut self.listening));
                let local = std::mem::take(&mut self.local);
                Ok(Started::Here(Role::Front(Front { supervisor, keeper, listening, local, orders: told })))
            }
            Err(_) => process::exit_now(Sysexit::OSERR.0),
        }
    }

    /// Whoever has ended without being told to is started again.
    fn look_after_generations(&mut self) -> Option<Role> {
        for index in (0..self.generations.len()).rev() {
            while let Some(ended) = self.generations[index].ended() {
                let role = self.has_ended(index, ended);
                if role.is_some() {
                    return role;
                }
            }
            if self.generations[index].is_over() {
                self.generations.remove(index);
            }
        }
        None
    }

    fn has_ended(&mut self, index: usize, ended: Ended) -> Option<Role> {
        let last = index + 1 == self.generations.len();
        if !(last && std::mem::take(&mut self.serving)) {
            return None;
        }
        let age = self.generations[index].age();
        self.generations[index].order(&Order::Stop);
        self.proven |= age >= START_TIME;
        if let (false, "front", Some(End::Status(status @ 1..))) = (self.proven, ended.what, ended.how) {
            return Some(Role::Over(Sysexit(status)));
        }
        let pause = self.pause.after(age);
        self.due = Some(Instant::now() + pause);
        let when = if pause.is_zero() { String::new() } else { format!(" in {} s", pause.as_secs()) };
        self.alert(&format!("SYSERR(root): {ended}; starting keeper and front again{when}"));
        None
    }

    /// The only child that is waited for is the one that looks at a configuration; init has others as well.
    fn children_ended(&mut self) -> Option<Role> {
        let ended: Vec<_> = std::iter::from_fn(process::ended_child).collect();
        let (child, _) = self.look.under_way.as_ref()?;
        let look = ended.into_iter().find(|one| one.pid == *child)?;
        self.checked(look.how)
    }

    /// A restart is wanted: a child looks at the configuration first.
    fn check(&mut self, reason: &'static str) -> Option<Role> {
        self.look.reason = reason;
        if !self.setup.argv.first().is_some_and(|program| program.starts_with(b"/")) {
            self.log.log(0, Priority::Info, None, b"could not restart: need full path");
            return None;
        }
        self.look.asked_again = self.look.under_way.is_some();
        if self.look.asked_again {
            return None;
        }
        match self.fork_look() {
            Ok(role) => role,
            Err(error) => {
                self.alert(&format!("could not restart: {error}"));
                None
            }
        }
    }

    fn fork_look(&mut self) -> io::Result<Option<Role>> {
        let (heard, supervisor) = UnixStream::pair()?;
        heard.set_nonblocking(true)?;
        match process::fork()? {
            None => Ok(Some(Role::Check(Check { supervisor }))),
            Some(child) => {
                self.look.under_way = Some((child, heard));
                Ok(None)
            }
        }
    }

    /// What the child has said before it ended.
    fn reason(&mut self) -> String {
        let mut text = [0; MAX_REASON];
        let heard = self.look.under_way.take().map(|(_, heard)| heard);
        let length = heard.and_then(|mut heard| heard.read(&mut text).ok()).unwrap_or(0);
        String::from_utf8_lossy(&one_line(&text[..length])).into_owned()
    }

    /// A good configuration: the program executes itself again, while the front goes on. A bad one changes
    /// nothing; whoever has asked again meanwhile may have mended it.
    fn checked(&mut self, how: End) -> Option<Role> {
        let why = self.reason();
        if how != End::Status(0) {
            self.alert(&format!(
                "could not restart: the look at the new configuration {how}; the old one stays"
            ));
            let why = if why.is_empty() { format!("the look at it {how}") } else { why };
            let refusal = Refusal { at: clock::now(), why };
            self.order_all(&Order::Refused(refusal.clone()));
            self.notifier
                .tell(&format!("READY=1\nSTATUS=a newer configuration was refused: {}", refusal.why));
            self.refused = Some(refusal);
            return if self.look.asked_again { self.check(self.look.reason) } else { None };
        }
        let program = self.setup.argv.first().cloned().unwrap_or_default();
        let text = [b"restarting ", &program[..], b" due to ", self.look.reason.as_bytes()].concat();
        self.log.log(0, Priority::Info, None, &text);
        self.notifier.tell_reload();
        let error = inheritance::leave(&self.setup.argv, &self.listening, self.generations.iter());
        self.alert(&format!("could not restart: {error}"));
        None
    }

    fn stop(mut self, reason: &str) -> Role {
        self.log.log(9, Priority::Info, None, format!("stopping daemon, reason={reason}").as_bytes());
        self.notifier.tell("STOPPING=1");
        self.listening.clear();
        std::mem::take(&mut self.local).remove();
        self.pid_file = None;
        self.order_all(&Order::Stop);
        // nothing is started any more, whoever ends
        (self.serving, self.look) = (false, Look::default());
        let end = Instant::now() + STOP_TIMEOUT;
        while !self.generations.is_empty() && Instant::now() < end {
            self.next_signal(Some(end.saturating_duration_since(Instant::now())));
            self.hear_fronts();
            self.look_after_generations();
        }
        if !self.generations.is_empty() {
            let text = b"daemon stopped; deliveries under way are finished without it";
            self.log.log(0, Priority::Notice, None, text);
        }
        Role::Over(Sysexit::OK)
    }
}

/// What came of a start.
enum Started {
    /// This process is one of the new ones.
    Here(Role),
    /// The new ones go their own way.
    Elsewhere(Generation),
}

fn write_pid_file(config: &Config, argv: &[Vec<u8>], log: &Logger) -> Option<PidFile> {
    let name = config.options.pid_file.as_ref().filter(|name| !name.is_empty())?;
    let path = accounts::path(&config.expand(name));
    match PidFile::write(path.clone(), argv) {
        Ok(file) => Some(file),
        Err(error) => {
            let text = format!("unable to write pid to {}: {error}", path.display());
            log.log(0, Priority::Error, None, text.as_bytes());
            None
        }
    }
}
