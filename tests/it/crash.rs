//! `kill -9` at random moments: what was answered 250 is in a Maildir or in the queue, undamaged.
//!
//! `CANONIFY_CRASH_KILLS` (default 6) and `CANONIFY_CRASH_MESSAGES` (default 120) make it longer.

use crate::scratch::Scratch;
use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const CLIENTS: usize = 4;

fn from_environment(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// A small generator of its own, so that a run can be repeated (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

/// The body tells by itself whether it is whole: numbered lines and a last one with their count.
fn body(mark: &str, lines: usize) -> String {
    let mut text = String::new();
    for line in 0..lines {
        text.push_str(&format!("{mark} line {line} of a message that must not be damaged\n"));
    }
    text + &format!("end of {mark} after {lines} lines\n")
}

/// `Ok(true)` when the message was answered 250.
pub(crate) fn send(port: u16, recipient: &str, mark: &str, lines: usize) -> std::io::Result<bool> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(120)))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    let message = format!("Subject: {mark}\nMessage-ID: <{mark}@client.example>\n\n{}", body(mark, lines));
    let text = message.replace('\n', "\r\n");
    let steps = [
        ("", "220"),
        ("EHLO client.example\r\n", "250"),
        ("MAIL FROM:<sender@visitors.example>\r\n", "250"),
        (&*format!("RCPT TO:<{recipient}>\r\n"), "250"),
        ("DATA\r\n", "354"),
        (&*format!("{text}.\r\n"), "250"),
    ];
    for (said, expected) in steps {
        writer.write_all(said.as_bytes())?;
        let mut line = String::new();
        while line.as_bytes().get(3) != Some(&b' ') {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(false);
            }
        }
        if !line.starts_with(expected) {
            return Ok(false);
        }
    }
    let _ = writer.write_all(b"QUIT\r\n");
    Ok(true)
}

/// Marks of the acknowledged messages with their number of lines, and of all that were tried.
#[derive(Default)]
struct Sent {
    acknowledged: HashMap<String, usize>,
    tried: HashMap<String, usize>,
}

/// What clients and killer tell each other.
#[derive(Default)]
struct Progress {
    next: AtomicUsize,
    killing_over: AtomicBool,
    sending_over: AtomicBool,
}

/// Sends until enough were acknowledged and the last kill is done.
fn send_messages(scratch: &Scratch, count: usize, sent: &Mutex<Sent>, progress: &Progress) {
    let recipient = format!("{}@site.example", scratch.user);
    loop {
        let number = progress.next.fetch_add(1, Ordering::Relaxed);
        let enough = sent.lock().expect("no panic").acknowledged.len() >= count;
        if enough && progress.killing_over.load(Ordering::Relaxed) {
            return;
        }
        let (mark, lines) = (format!("crash-{number}-mark"), number * 37 % 300);
        sent.lock().expect("no panic").tried.insert(mark.clone(), lines);
        match send(scratch.port, &recipient, &mark, lines) {
            Ok(true) => drop(sent.lock().expect("no panic").acknowledged.insert(mark, lines)),
            _ => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}

#[test]
fn what_was_answered_250_survives_kill_9() {
    let kills = from_environment("CANONIFY_CRASH_KILLS", 6);
    let messages = from_environment("CANONIFY_CRASH_MESSAGES", 120);
    // however busy the machine is, most is delivered before its answer
    let definitions = &["confQUEUE_LA=9999", "confREFUSE_LA=9999"];
    let scratch = Scratch::with_definitions(crate::scratch::free_port(), definitions);
    let (sent, progress) = (Mutex::new(Sent::default()), Progress::default());
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| scope.spawn(|| send_messages(&scratch, messages, &sent, &progress)))
            .collect();
        let killer = scope.spawn(|| kill_repeatedly(&scratch, kills, &progress));
        for client in clients {
            client.join().expect("no panic");
        }
        progress.sending_over.store(true, Ordering::Relaxed);
        killer.join().expect("no panic");
    });
    let sent = sent.into_inner().expect("no panic");
    let _daemon = scratch.start();
    let found = wait_for_all(&scratch, &sent);
    println!(
        "{kills} kills, {} messages tried, {} answered 250, {} of them found, {} duplicates",
        sent.tried.len(),
        sent.acknowledged.len(),
        sent.acknowledged.len(),
        found.values().filter(|copies| **copies > 1).count()
    );
}

/// Kills the supervisor alone or front and keeper with it, by chance, then leaves one daemon alive.
fn kill_repeatedly(scratch: &Scratch, kills: usize, progress: &Progress) {
    let mut random = Random(20_261_122);
    for _ in 0..kills {
        let mut daemon = scratch.start();
        std::thread::sleep(Duration::from_millis(random.below(150)));
        daemon.kill(random.below(2) == 0);
    }
    progress.killing_over.store(true, Ordering::Relaxed);
    let _last = scratch.start();
    while !progress.sending_over.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until each acknowledged message is in the Maildir, and checks every message there.
fn wait_for_all(scratch: &Scratch, sent: &Sent) -> HashMap<String, usize> {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let found = inbox(scratch, sent);
        let missing: Vec<_> = sent.acknowledged.keys().filter(|mark| !found.contains_key(*mark)).collect();
        if missing.is_empty() {
            return found;
        }
        let queued = queued(scratch);
        let lost: Vec<_> = missing.iter().filter(|mark| !queued.contains(mark.as_str())).collect();
        // a message may move from the queue to the Maildir between the two looks: look again at the end
        if Instant::now() > deadline {
            assert!(lost.is_empty(), "lost: {lost:?}\n{}", scratch.log());
            return found;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn inbox(scratch: &Scratch, sent: &Sent) -> HashMap<String, usize> {
    let mut found = HashMap::new();
    for entry in fs::read_dir(scratch.inbox()).into_iter().flatten().flatten() {
        let text = fs::read_to_string(entry.path()).expect("a readable message");
        let mark =
            text.lines().find_map(|line| line.strip_prefix("Subject: ")).expect("a subject").to_owned();
        let lines = *sent.tried.get(&mark).unwrap_or_else(|| panic!("unknown message {mark}"));
        let (_, got) = text.split_once("\n\n").expect("a header and a body");
        assert_eq!(got, body(&mark, lines), "{} is damaged", entry.path().display());
        *found.entry(mark).or_default() += 1;
    }
    found
}

/// All control files in one text.
fn queued(scratch: &Scratch) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(scratch.path("mqueue")).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with("qf") {
            text.push_str(&fs::read_to_string(entry.path()).unwrap_or_default());
        }
    }
    text
}
