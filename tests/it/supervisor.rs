//! A daemon's processes: what is seen from outside when one of them dies, is told to begin anew, or to end.

use crate::scratch::{CANONIFY, Daemon, Scratch, free_port};
use nix::sys::signal::Signal;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Nothing here takes longer; most of it takes no time at all.
const LIMIT: Duration = Duration::from_secs(120);

fn until(what: &str, scratch: &Scratch, done: impl Fn() -> bool) {
    let end = Instant::now() + LIMIT;
    while !done() {
        assert!(Instant::now() < end, "{what}\n{}", scratch.log());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A process of the daemon, which may have said 220 before the process had its title.
fn running(daemon: &Daemon, scratch: &Scratch, title: &str) -> nix::unistd::Pid {
    until(title, scratch, || daemon.process(title).is_some());
    daemon.process(title).expect("it was there")
}

/// An SMTP session.
pub struct Client {
    reader: BufReader<TcpStream>,
}

impl Client {
    /// Connects and reads the greeting.
    pub fn connect(port: u16) -> std::io::Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(LIMIT))?;
        let mut client = Self { reader: BufReader::new(stream) };
        match client.reply()?.starts_with("220") {
            true => Ok(client),
            false => Err(std::io::Error::other("no greeting")),
        }
    }

    /// The last line of a reply; empty when the connection is closed.
    fn reply(&mut self) -> std::io::Result<String> {
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line)? == 0 || line.as_bytes().get(3) == Some(&b' ') {
                return Ok(line);
            }
        }
    }

    fn put(&mut self, text: &str) {
        // a connection that is closed shows at the next reply
        let _ = self.reader.get_mut().write_all(text.as_bytes());
    }

    pub fn say(&mut self, line: &str) -> String {
        self.put(&format!("{line}\r\n"));
        self.reply().unwrap_or_default()
    }

    /// From EHLO to 354.
    fn begin_message(&mut self, recipient: &str) {
        assert!(self.say("EHLO client.example").starts_with("250"));
        assert!(self.say("MAIL FROM:<sender@visitors.example>").starts_with("250"));
        assert!(self.say(&format!("RCPT TO:<{recipient}>")).starts_with("250"));
        assert!(self.say("DATA").starts_with("354"));
    }
}

fn delivered(scratch: &Scratch, mark: &str) -> usize {
    let files = fs::read_dir(scratch.inbox()).into_iter().flatten().flatten();
    files.filter(|file| fs::read_to_string(file.path()).unwrap_or_default().contains(mark)).count()
}

/// A site whose daemon was called by its full path, as SIGHUP needs it.
fn started() -> (Scratch, Daemon, String) {
    let scratch = Scratch::new(free_port());
    let daemon = scratch.start_linked();
    let user = format!("{}@site.example", scratch.user);
    (scratch, daemon, user)
}

#[test]
fn restarts_refuse_nobody_and_cut_nothing() {
    let (scratch, daemon, user) = started();
    let (over, served, failed) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    let mut spanning = Client::connect(scratch.port).expect("a greeting");
    spanning.begin_message(&user);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let mut client = Client::connect(scratch.port);
                    let good = client.as_mut().is_ok_and(|client| client.say("QUIT").starts_with("221"));
                    if good { &served } else { &failed }.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for count in 2..5 {
            daemon.signal(Signal::SIGHUP);
            let starts = || scratch.log().matches("starting daemon").count();
            until("no restart", &scratch, || starts() >= count);
        }
        let before = served.load(Ordering::Relaxed);
        until("nobody is served", &scratch, || served.load(Ordering::Relaxed) > before + 20);
        over.store(true, Ordering::Relaxed);
    });
    assert_eq!(
        failed.load(Ordering::Relaxed),
        0,
        "{} served\n{}",
        served.load(Ordering::Relaxed),
        scratch.log()
    );
    spanning.put("Subject: spanning\r\n\r\ntext\r\n.\r\n");
    assert!(spanning.reply().expect("an answer").starts_with("250"));
    assert!(spanning.say("QUIT").starts_with("221"));
    until("not delivered", &scratch, || delivered(&scratch, "Subject: spanning") == 1);
    let text = fs::read_to_string(scratch.path("sendmail.pid")).expect("a pid file");
    assert_eq!(text.lines().next(), Some(&*daemon.id().to_string()));
}

#[test]
fn a_bad_configuration_changes_nothing() {
    let (scratch, daemon, _) = started();
    let good = fs::read_to_string(scratch.cf()).expect("our cf");
    fs::write(scratch.cf(), format!("{good}\nMbroken, P=\n")).expect("our cf");
    daemon.signal(Signal::SIGHUP);
    until("no word of it", &scratch, || scratch.log().contains("the old one stays"));
    let line = good.lines().count() + 2;
    assert!(
        scratch.log().contains(&format!("could not restart: {}: line {line}: ", scratch.cf())),
        "{}",
        scratch.log()
    );
    assert!(Client::connect(scratch.port).expect("a greeting").say("QUIT").starts_with("221"));
    fs::write(scratch.cf(), good).expect("our cf");
    daemon.signal(Signal::SIGHUP);
    until("no restart", &scratch, || scratch.log().matches("starting daemon").count() == 2);
}

#[test]
fn the_log_says_what_a_new_configuration_changes() {
    let (scratch, daemon, _) = started();
    let good = fs::read_to_string(scratch.cf()).expect("our cf");
    daemon.signal(Signal::SIGHUP);
    until("no restart", &scratch, || scratch.log().matches("starting daemon").count() == 2);
    assert!(!scratch.log().contains("new configuration:"), "the same text: {}", scratch.log());
    fs::write(scratch.cf(), format!("{good}\nCwlater.example\n")).expect("our cf");
    daemon.signal(Signal::SIGHUP);
    until("no restart", &scratch, || scratch.log().matches("starting daemon").count() == 3);
    let log = scratch.log();
    let told: Vec<&str> = log.lines().filter(|line| line.contains("new configuration: ")).collect();
    // on a machine that has no time for it, that is what it says
    let late = told.first().is_some_and(|line| line.contains("was not found out within"));
    let cause =
        told.iter().any(|line| line.contains("(+ Cwlater.example)") && line.contains("later.example"));
    assert!(late || (told[0].contains("answers change") && cause && told.len() < 6), "{told:?}");
}

/// What `canonify status` says of the configuration.
fn configuration(scratch: &Scratch) -> serde_json::Value {
    let mut command = std::process::Command::new(CANONIFY);
    let output = command.args(["status", "--json", "-C", &scratch.cf()]).output().expect("canonify runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let status: serde_json::Value = serde_json::from_str(text.lines().next().unwrap_or("{}")).expect("JSON");
    status["configuration"].clone()
}

#[test]
fn a_configuration_that_answers_otherwise_changes_nothing() {
    let (scratch, daemon, user) = started();
    let tests = |wanted: &str| {
        let text = format!("sender sender@visitors.example\nrcpt {user} => {wanted}\n");
        fs::write(scratch.etc("site.test"), text).expect("our directory");
    };
    tests("reject 5.1.1");
    daemon.signal(Signal::SIGHUP);
    until("no word of it", &scratch, || scratch.log().contains("the old one stays"));
    let place = format!("{}: line 2: rcpt {user}", scratch.etc("site.test").display());
    assert!(scratch.log().contains(&format!("could not restart: {place}")), "{}", scratch.log());
    until("status does not know", &scratch, || configuration(&scratch)["refused"].is_string());
    let refused = configuration(&scratch)["refused"].as_str().expect("text").to_owned();
    assert!(refused.starts_with(&place) && refused.contains("the answer is 250"), "{refused}");
    assert!(Client::connect(scratch.port).expect("a greeting").say("QUIT").starts_with("221"));
    // a front that is started later knows it as well
    let front = running(&daemon, &scratch, "canonify: front");
    nix::sys::signal::kill(front, Signal::SIGKILL).expect("our process");
    until("no other front", &scratch, || {
        daemon.process("canonify: front").is_some_and(|other| other != front)
            && configuration(&scratch)["refused"].is_string()
    });
    tests("accept");
    daemon.signal(Signal::SIGHUP);
    until("no restart", &scratch, || scratch.log().matches("starting daemon").count() == 2);
    until("still refused", &scratch, || configuration(&scratch)["refused"].is_null());
}

#[test]
fn whoever_dies_is_started_again() {
    let (scratch, daemon, user) = started();
    let victims = [("canonify: keeper", ";"), ("canonify: front", " with signal 9")];
    for (round, (title, how)) in victims.into_iter().enumerate() {
        let mut open = Client::connect(scratch.port).expect("a greeting");
        let victim = running(&daemon, &scratch, title);
        nix::sys::signal::kill(victim, Signal::SIGKILL).expect("our process");
        // told, or cut off with the process; never kept waiting
        let said = open.reply().unwrap_or_default();
        assert!(said.is_empty() || said.starts_with("421 4.3.2 "), "{said}");
        // how a keeper ends, nobody sees
        let text = format!("{} (pid {victim}) died{how}", &title["canonify: ".len()..]);
        until("no alert", &scratch, || scratch.log().contains(&text));
        let mark = format!("Subject: round-{round}");
        until("no new front", &scratch, || Client::connect(scratch.port).is_ok());
        let mut client = Client::connect(scratch.port).expect("a greeting");
        client.begin_message(&user);
        client.put(&format!("{mark}\r\n\r\ntext\r\n.\r\n"));
        assert!(client.reply().expect("an answer").starts_with("250"));
        until("not delivered", &scratch, || delivered(&scratch, &mark) == 1);
    }
}

#[test]
fn nothing_holds_the_port_without_a_supervisor() {
    let (scratch, mut daemon, _) = started();
    daemon.kill(false);
    until("the port is taken", &scratch, || {
        std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, scratch.port)).is_ok()
    });
    until("somebody goes on", &scratch, || daemon.process("canonify: ").is_none());
}

#[test]
fn the_end_is_in_good_order() {
    let (scratch, mut daemon, user) = started();
    let mut idle = Client::connect(scratch.port).expect("a greeting");
    let mut sending = Client::connect(scratch.port).expect("a greeting");
    sending.begin_message(&user);
    sending.put("Subject: at the end\r\n\r\nfirst\r\n");
    daemon.signal(Signal::SIGTERM);
    assert!(idle.reply().expect("a word").starts_with("421 4.3.2 "));
    assert_eq!(idle.reply().unwrap_or_default(), "");
    sending.put("second\r\n.\r\n");
    assert!(sending.reply().expect("an answer").starts_with("250"));
    assert_eq!(daemon.wait().code(), Some(0));
    assert!(!scratch.path("sendmail.pid").exists());
    until("somebody goes on", &scratch, || daemon.process("canonify: ").is_none());
    // what was answered is in the queue or delivered
    let _next = scratch.start_linked();
    until("lost", &scratch, || delivered(&scratch, "Subject: at the end") == 1);
}

#[test]
fn an_idle_daemon_has_no_children() {
    let (scratch, daemon, _) = started();
    until("no front", &scratch, || daemon.process("canonify: front").is_some());
    let children = format!("/proc/{0}/task/{0}/children", daemon.id());
    until("children", &scratch, || fs::read_to_string(&children).is_ok_and(|pids| pids.is_empty()));
}
