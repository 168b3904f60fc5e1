//! The loop: signals in, children out.

use super::generation::{Generation, Pause};
use super::inheritance::{self, Inheritance};
use super::orders::Order;
use super::pid_file::PidFile;
use super::sockets::{self, Listening};
use crate::config::Config;
use crate::keeper::{self, Keeper, KeeperEnd};
use crate::logging::{Logger, Priority};
use crate::schema::Sysexit;
use crate::sys::accounts;
use crate::sys::process::{self, End, Ended, Pid};
use crate::sys::signals::{Signal, Signals};
use std::io;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// How long a stopping daemon waits for its children. Who has begun something by then that cannot be left
/// undone finishes it alone: it holds the message meanwhile, and no port.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// A front that ends by itself so soon after the very first start cannot do its work.
const START_TIME: Duration = Duration::from_secs(10);

/// How long the end of a front may take to show behind that of its keeper.
const CAUSE_TIME: Duration = Duration::from_millis(50);

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
    Keeper(KeeperEnd),
    /// The front.
    Front(Front),
    /// Only this: read the configuration again, and exit with 0 if it is good.
    Check,
    /// The supervisor at its end.
    Over(Sysexit),
}

/// What a front has.
pub struct Front {
    /// Its keeper.
    pub keeper: Keeper,
    /// What it listens to.
    pub listening: Vec<Listening>,
    /// What it is told.
    pub orders: UnixStream,
}

/// A daemon's first process.
pub struct Supervisor {
    setup: Setup,
    log: Logger,
    signals: Signals,
    listening: Vec<Listening>,
    pid_file: Option<PidFile>,
    /// Those at work; the last one takes the connections if `serving`.
    generations: Vec<Generation>,
    serving: bool,
    /// Has a front lived through its start?
    proven: bool,
    /// When the next generation is due.
    due: Option<Instant>,
    pause: Pause,
    check: Check,
}

/// The look at a new configuration.
#[derive(Default)]
struct Check {
    under_way: Option<Pid>,
    /// Somebody has asked meanwhile.
    asked_again: bool,
}

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
        let pid_file = write_pid_file(config, &setup.argv, &log);
        let text = format!("starting daemon (canonify-{}): {}", env!("CARGO_PKG_VERSION"), setup.what);
        log.log(0, Priority::Info, None, text.as_bytes());
        Ok(Self {
            setup,
            log,
            signals,
            listening,
            pid_file,
            generations: inheritance.generations,
            serving: false,
            // a successor goes on trying: it has taken the place of one that worked
            proven: inheritance.restarted,
            due: Some(Instant::now()),
            pause: Pause::default(),
            check: Check::default(),
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
            let role = match self.signals.next(wait) {
                None => None,
                Some(Signal::SIGCHLD) => self.children_ended(),
                Some(Signal::SIGHUP) => self.check(),
                Some(Signal::SIGUSR1) => {
                    self.order_all(Order::Dump);
                    None
                }
                Some(_) => return self.stop(),
            };
            if let Some(role) = role {
                return role;
            }
        }
    }

    fn alert(&self, text: &str) {
        self.log.log(0, Priority::Alert, None, text.as_bytes());
    }

    fn order_all(&self, order: Order) {
        self.generations.iter().for_each(|one| one.order(order));
    }

    /// Starts keeper and front; those that are at work already learn that others take the connections.
    fn start(&mut self) -> Option<Role> {
        match self.fork_generation() {
            Ok(Started::Here(role)) => return Some(role),
            Ok(Started::Children(generation)) => {
                self.order_all(Order::Drain);
                self.generations.push(generation);
                (self.serving, self.due) = (true, None);
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
        let Some(keeper) = process::fork()? else { return Ok(Started::Here(Role::Keeper(keeper_end))) };
        drop(keeper_end);
        let (ours, orders) = UnixStream::pair()?;
        let Some(front) = process::fork()? else {
            let listening = std::mem::take(&mut self.listening);
            return Ok(Started::Here(Role::Front(Front {
                keeper: Keeper::on(front_end),
                listening,
                orders,
            })));
        };
        ours.set_nonblocking(true)?;
        Ok(Started::Children(Generation::new(front, keeper, ours)))
    }

    /// Children have ended: those that were not told to are started again.
    fn children_ended(&mut self) -> Option<Role> {
        let mut ended: Vec<Ended> = std::iter::from_fn(process::ended_child).collect();
        if ended.iter().any(|one| self.follows_its_front(*one)) {
            std::thread::sleep(CAUSE_TIME);
            ended.extend(std::iter::from_fn(process::ended_child));
        }
        // of two that end together, the one that was killed is the cause, or else the front
        ended.sort_by_key(|one| (!matches!(one.how, End::Signal(_)), self.follows_its_front(*one)));
        for one in ended {
            let role = match self.check.under_way == Some(one.pid) {
                true => self.checked(one.how),
                false => self.child_ended(one),
            };
            if role.is_some() {
                return role;
            }
        }
        None
    }

    /// A keeper ends by itself when its front is gone, sometimes before the front's own end is told.
    fn follows_its_front(&self, ended: Ended) -> bool {
        ended.how == End::Status(0)
            && self.serving
            && self.generations.last().is_some_and(|one| one.keeps(ended.pid))
    }

    fn child_ended(&mut self, ended: Ended) -> Option<Role> {
        let (index, what) =
            self.generations.iter_mut().enumerate().find_map(|(at, one)| Some((at, one.note(ended)?)))?;
        let (age, over) = (self.generations[index].age(), self.generations[index].is_over());
        let last = index + 1 == self.generations.len();
        let served = last && std::mem::take(&mut self.serving);
        if served {
            self.generations[index].order(Order::Stop);
            self.proven |= age >= START_TIME;
            if let (false, "front", End::Status(status @ 1..)) = (self.proven, what, ended.how) {
                return Some(Role::Over(Sysexit(status)));
            }
            let pause = self.pause.after(age);
            self.due = Some(Instant::now() + pause);
            let when = if pause.is_zero() { String::new() } else { format!(" in {} s", pause.as_secs()) };
            let Ended { pid, how } = ended;
            self.alert(&format!(
                "SYSERR(root): {what} (pid {pid}) {how}; starting keeper and front again{when}"
            ));
        }
        if over {
            self.generations.remove(index);
        }
        None
    }

    /// SIGHUP: a child looks at the configuration first.
    fn check(&mut self) -> Option<Role> {
        if !self.setup.argv.first().is_some_and(|program| program.starts_with(b"/")) {
            self.log.log(0, Priority::Info, None, b"could not restart: need full path");
            return None;
        }
        self.check.asked_again = self.check.under_way.is_some();
        if self.check.asked_again {
            return None;
        }
        match process::fork() {
            Ok(None) => return Some(Role::Check),
            Ok(child) => self.check.under_way = child,
            Err(error) => self.alert(&format!("could not restart: {error}")),
        }
        None
    }

    /// A good configuration: the program executes itself again, while the front goes on. A bad one changes
    /// nothing; whoever has asked again meanwhile may have mended it.
    fn checked(&mut self, how: End) -> Option<Role> {
        self.check.under_way = None;
        if how != End::Status(0) {
            self.alert(&format!(
                "could not restart: the look at the new configuration {how}; the old one stays"
            ));
            return if self.check.asked_again { self.check() } else { None };
        }
        let program = self.setup.argv.first().cloned().unwrap_or_default();
        let text = [b"restarting ", &program[..], b" due to signal"].concat();
        self.log.log(0, Priority::Info, None, &text);
        let error = inheritance::leave(&self.setup.argv, &self.listening, self.generations.iter());
        self.alert(&format!("could not restart: {error}"));
        None
    }

    fn stop(mut self) -> Role {
        self.log.log(9, Priority::Info, None, b"stopping daemon, reason=signal");
        self.listening.clear();
        self.pid_file = None;
        self.order_all(Order::Stop);
        // nothing is started any more, whoever ends
        (self.serving, self.check) = (false, Check::default());
        let end = Instant::now() + STOP_TIMEOUT;
        while !self.generations.is_empty() && Instant::now() < end {
            if self.signals.next(Some(end.saturating_duration_since(Instant::now()))) == Some(Signal::SIGCHLD)
            {
                self.children_ended();
            }
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
    /// They are our children.
    Children(Generation),
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
