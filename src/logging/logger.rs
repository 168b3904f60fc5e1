//! The log itself: who is asked, at which level, and where the lines go.

use super::counters::Counters;
use super::json;
use super::pieces::for_each_piece;
use super::priority::Priority;
use super::statistics::{Connection, Message, Statistics};
use super::traffic::{Dialogue, Traffic};
use crate::addr::one_line;
use crate::sys::{clock, zone};
use std::cell::RefCell;
use std::io::{self, Write};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Where lines go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// A syslog socket (datagrams), `/dev/log` as a rule.
    Syslog(PathBuf),
    /// Standard error.
    Stderr,
    /// Standard error, a JSON object for each line.
    Json,
    /// Nowhere.
    Nothing,
    /// Kept in memory, for tests.
    Memory,
}

impl Target {
    /// What `wanted` (the environment's CANONIFY_LOG: `syslog`, `stderr` or `json`) says; without it syslog
    /// where there is one, else standard error.
    pub fn choose(wanted: Option<&str>) -> Self {
        let socket = PathBuf::from("/dev/log");
        match wanted {
            Some("stderr") => Self::Stderr,
            Some("json") => Self::Json,
            Some("syslog") => Self::Syslog(socket),
            _ if socket.exists() => Self::Syslog(socket),
            _ => Self::Stderr,
        }
    }
}

thread_local! {
    /// The time of the last line as lines have it, and which second it was.
    static LAST_STAMP: RefCell<(i64, String)> = const { RefCell::new((0, String::new())) };
}

/// syslog's facility `mail`, shifted as in a line's `<N>`.
const FACILITY_MAIL: u8 = 2 << 3;

/// Lines that may wait for a slow syslog; more are dropped and counted.
const BACKLOG: usize = 4096;

/// The log of one process. Cloning shares it. A line never makes a session wait: when the writer
/// falls behind, lines are dropped and counted.
#[derive(Clone)]
pub struct Logger(Arc<Inner>);

struct Inner {
    target: Target,
    tag: Vec<u8>,
    level: u8,
    writer: OnceLock<SyncSender<Order>>,
    /// The socket of a log without a thread.
    unthreaded: Option<Mutex<Option<UnixDatagram>>>,
    dropped: AtomicU64,
    statistics: OnceLock<Statistics>,
    counters: Counters,
    caller: OnceLock<Vec<u8>>,
    traffic: OnceLock<Traffic>,
    memory: Mutex<Vec<Vec<u8>>>,
}

/// What the writer is told.
enum Order {
    Line(Vec<u8>),
    Flush(SyncSender<()>),
}

impl Logger {
    /// Opens a log. The writer's thread starts with the first line, so a fork may come before.
    pub fn open(target: Target, tag: &[u8], level: u8) -> Self {
        Self::new(target, tag, level, None)
    }

    /// The same for a process that must stay without threads: it writes for itself, and does not wait for a
    /// syslog that is slow.
    pub fn open_without_thread(target: Target, tag: &[u8], level: u8) -> Self {
        Self::new(target, tag, level, Some(Mutex::default()))
    }

    fn new(target: Target, tag: &[u8], level: u8, unthreaded: Option<Mutex<Option<UnixDatagram>>>) -> Self {
        Self(Arc::new(Inner {
            target,
            tag: tag.to_vec(),
            level,
            writer: OnceLock::new(),
            unthreaded,
            dropped: AtomicU64::new(0),
            statistics: OnceLock::new(),
            counters: Counters::default(),
            caller: OnceLock::new(),
            traffic: OnceLock::new(),
            memory: Mutex::new(Vec::new()),
        }))
    }

    /// The LogLevel.
    pub fn level(&self) -> u8 {
        self.0.level
    }

    /// Logs `id: text`, in several lines where it is long, if LogLevel is greater than `level` (sendmail's `LogLevel > N`).
    pub fn log(&self, level: u8, priority: Priority, id: Option<&[u8]>, text: &[u8]) {
        if self.0.level > level {
            self.always(priority, id, text);
        }
    }

    /// The same, without asking for the level.
    pub fn always(&self, priority: Priority, id: Option<&[u8]>, text: &[u8]) {
        if self.0.target == Target::Json {
            return to_stderr(&json::line(&self.0.tag, priority, id, text));
        }
        for_each_piece(&self.0.tag, id, &visible(text), |line| match &self.0.target {
            Target::Nothing | Target::Json => {}
            Target::Memory => self.0.memory().push(line),
            Target::Stderr => to_stderr(&self.0.stamped(None, &line)),
            Target::Syslog(path) => self.0.syslog(path, self.0.stamped(Some(priority), &line)),
        });
    }

    /// Who runs this process, as system errors name him; root where nobody says so.
    pub fn set_caller(&self, name: Vec<u8>) {
        let _ = self.0.caller.set(name);
    }

    /// Who runs this process.
    pub fn caller(&self) -> &[u8] {
        self.0.caller.get().map_or(b"root", Vec::as_slice)
    }

    /// From now on dialogues are written there.
    pub fn set_traffic(&self, traffic: Traffic) {
        let _ = self.0.traffic.set(traffic);
    }

    /// A dialogue that begins, for whoever wants to read it (`-X`).
    pub fn dialogue(&self) -> Dialogue {
        Dialogue::new(self.0.traffic.get())
    }

    /// What is wrong with the system: `SYSERR(root): text`.
    pub fn syserr(&self, priority: Priority, id: Option<&[u8]>, text: impl AsRef<[u8]>) {
        self.log(0, priority, id, &[b"SYSERR(", self.caller(), b"): ", text.as_ref()].concat());
    }

    /// sendmail's alert about a text that had a newline inside; those who watch logs know it by these words.
    pub fn alert_newline(&self, priority: Priority, id: Option<&[u8]>, client: &[u8], text: &[u8]) {
        let text = one_line(text);
        let line = [b"POSSIBLE ATTACK from ", client, b": newline in string \"", &*text, b"\""].concat();
        self.always(priority, id, &line);
    }

    /// From now on connections and messages are counted there as well; the first file is the one that counts.
    pub fn count_in(&self, statistics: Statistics) {
        let _ = self.0.statistics.set(statistics);
    }

    /// A connection for the statistics.
    pub fn count_connection(&self, kind: Connection) {
        self.0.counters.connection(kind);
        if let Some(statistics) = self.0.statistics.get() {
            statistics.connection(kind);
        }
    }

    /// A message for the statistics; `mailer` is its place in the configuration.
    pub fn count_message(&self, kind: Message, mailer: Option<u16>, bytes: u64) {
        self.0.counters.message(kind, bytes);
        if let (Some(statistics), Some(mailer)) = (self.0.statistics.get(), mailer) {
            statistics.message(kind, usize::from(mailer), bytes);
        }
    }

    /// What is counted of this process alone.
    pub fn counters(&self) -> &Counters {
        &self.0.counters
    }

    /// Writes what was counted so far; `false` if nothing is counted.
    pub fn write_statistics(&self) -> bool {
        self.0.statistics.get().map(Statistics::write).is_some()
    }

    /// Waits until all lines so far, and all numbers, are written.
    pub fn flush(&self) {
        self.write_statistics();
        let Some(writer) = self.0.writer.get() else { return };
        let (done, wait) = sync_channel(1);
        if writer.send(Order::Flush(done)).is_ok() {
            let _ = wait.recv();
        }
    }

    /// Lines so far, for a log in memory.
    pub fn lines(&self) -> Vec<Vec<u8>> {
        self.0.memory().clone()
    }
}

impl Inner {
    fn memory(&self) -> std::sync::MutexGuard<'_, Vec<Vec<u8>>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `<22>Nov 22 12:50:40 sendmail[4711]: text`, as syslog(3) sends it.
    fn stamped(&self, priority: Option<Priority>, line: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(line.len() + 64);
        if let Some(priority) = priority {
            out.extend_from_slice(format!("<{}>", FACILITY_MAIL | priority as u8).as_bytes());
        }
        LAST_STAMP.with_borrow_mut(|(second, stamp)| {
            let now = clock::now();
            if *second != now {
                let at = jiff::Timestamp::from_second(now).unwrap_or_default();
                let at = at.to_zoned(zone::local().clone());
                (*second, *stamp) = (now, at.strftime("%b %e %H:%M:%S").to_string());
            }
            out.extend_from_slice(stamp.as_bytes());
        });
        out.push(b' ');
        out.extend_from_slice(&self.tag);
        out.extend_from_slice(format!("[{}]: ", std::process::id()).as_bytes());
        out.extend_from_slice(line);
        out
    }

    fn syslog(&self, path: &Path, line: Vec<u8>) {
        let Some(socket) = &self.unthreaded else { return self.hand_over(path, line) };
        let mut socket = socket.lock().unwrap_or_else(PoisonError::into_inner);
        deliver(path, &mut socket, false, &line);
    }

    fn hand_over(&self, path: &Path, line: Vec<u8>) {
        let writer = self.writer.get_or_init(|| start_writer(path.to_owned()));
        let missed = self.dropped.load(Ordering::Relaxed);
        if missed > 0 {
            let text = format!("{missed} log lines were lost: syslog is too slow");
            let line = self.stamped(Some(Priority::Warning), text.as_bytes());
            if writer.try_send(Order::Line(line)).is_ok() {
                self.dropped.fetch_sub(missed, Ordering::Relaxed);
            }
        }
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = writer.try_send(Order::Line(line))
        {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn start_writer(path: PathBuf) -> SyncSender<Order> {
    let (sender, orders) = sync_channel(BACKLOG);
    // without a thread the receiver is dropped, and every line counts as lost
    let _ = std::thread::Builder::new().name("log".into()).spawn(move || write_all(&path, &orders));
    sender
}

fn write_all(path: &Path, orders: &Receiver<Order>) {
    let mut socket = None;
    for order in orders {
        match order {
            Order::Line(line) => deliver(path, &mut socket, true, &line),
            Order::Flush(done) => drop(done.send(())),
        }
    }
}

/// Sends one line; a syslog that was restarted is looked for once more.
fn deliver(path: &Path, socket: &mut Option<UnixDatagram>, waits: bool, line: &[u8]) {
    for _ in 0..2 {
        if socket.is_none() {
            *socket = connect(path, waits).ok();
        }
        match socket.as_ref().map(|socket| socket.send(line)) {
            Some(Ok(_)) => return,
            _ => *socket = None,
        }
    }
    to_stderr(line);
}

fn connect(path: &Path, waits: bool) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(!waits)?;
    socket.connect(path)?;
    Ok(socket)
}

/// One write a line, so that lines of front and keeper do not mix.
fn to_stderr(line: &[u8]) {
    let _ = io::stderr().lock().write_all(&[line, b"\n"].concat());
}

/// Control and 8-bit bytes as C escapes: a log line stays one line, whoever wrote the address in it.
fn visible(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        match byte {
            b' '..=b'~' => out.push(byte),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            _ => out.extend_from_slice(format!("\\{byte:03o}").as_bytes()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_decide_and_lines_stay_lines() {
        let log = Logger::open(Target::Memory, b"sendmail", 9);
        log.log(8, Priority::Info, Some(b"ID"), b"seen");
        log.log(9, Priority::Info, Some(b"ID"), b"not seen");
        log.always(Priority::Notice, None, b"two\nlines \xe9");
        assert_eq!(log.lines(), [b"ID: seen".to_vec(), b"two\\nlines \\351".to_vec()]);
    }

    #[test]
    fn syslog_gets_what_syslog_3_sends() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("log");
        let server = UnixDatagram::bind(&path).expect("a socket");
        let log = Logger::open(Target::Syslog(path), b"sm-mta", 9);
        log.always(Priority::Info, Some(b"ID"), b"stat=Sent");
        log.flush();
        let mut buffer = [0; 200];
        let length = server.recv(&mut buffer).expect("a line");
        let line = String::from_utf8_lossy(&buffer[..length]).into_owned();
        assert!(line.starts_with("<22>"), "{line}");
        assert!(line.ends_with(&format!(" sm-mta[{}]: ID: stat=Sent", std::process::id())), "{line}");
    }

    #[test]
    fn without_a_thread_a_line_is_there_at_once() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("log");
        let server = UnixDatagram::bind(&path).expect("a socket");
        Logger::open_without_thread(Target::Syslog(path), b"sm-mta", 9).always(Priority::Alert, None, b"x");
        server.set_nonblocking(true).expect("a socket");
        let mut buffer = [0; 200];
        let length = server.recv(&mut buffer).expect("a line");
        assert!(buffer[..length].starts_with(b"<17>") && buffer[..length].ends_with(b"]: x"));
    }

    #[test]
    fn a_syslog_that_is_away_holds_nobody_up() {
        let log = Logger::open(Target::Syslog("/nonexistent/log".into()), b"t", 9);
        log.always(Priority::Debug, None, b"into the void");
        log.flush();
    }
}
