//! Sessions from `testdata/smtp/*.session`, in memory.
//!
//! `C:` a line from the client, `R:` raw bytes with escapes, `FILL: n` n lines of 70 letters after a
//! blank line; `S:` a line from the server; `B:` a line of the body that was accepted;
//! `client: ADDRESS [NAME]` at the top, `cf: LINE` for a line of the
//! cf behind those of site.cf.

use super::{
    Acceptor, Client, Closing, DaemonFacts, MemorySink, Policy, QueueRun, Resolved, Server, Session, Verified,
};
use crate::config::{self, ConfigEnv, DeclaredMap, FileProblem, HostFacts, LoadOptions, MapDecl, MapWords};
use crate::envelope::{Envelope, QueueId};
use crate::logging::{Logger, Target};
use crate::net::Resolver;
use crate::rewrite::{Address, Site};
use crate::sasl;
use crate::schema::{EnhancedStatus, Reply, UserIds};
use crate::sys::safe::Blame;
use proptest::prelude::*;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::Notify;

/// Knows two users; keeps what it takes.
#[derive(Clone, Default)]
pub(super) struct Memory {
    ids: Arc<AtomicU32>,
    pub(super) taken: Arc<Mutex<Vec<Envelope>>>,
    /// Log-ins refused, in all sessions.
    pub(super) refused: Arc<AtomicU32>,
    /// Somebody else wants the place.
    pub(super) crowded: Arc<Notify>,
}

impl Acceptor for Memory {
    type Sink = MemorySink;

    /// The session's own numbering starts again with each message that is accepted, so that
    /// transcripts do not depend on how many envelopes were dropped.
    fn next_id(&self) -> QueueId {
        self.ids.fetch_add(1, Ordering::Relaxed);
        QueueId::new(b"TEST000000000001").expect("well-formed")
    }
    fn now(&self) -> i64 {
        1_795_368_603
    }
    fn create_body(&self, _envelope: &mut Envelope) -> Result<MemorySink, Reply> {
        Ok(MemorySink::default())
    }
    fn has_room(&self, _size: u64) -> bool {
        true
    }
    /// alice's password is secret.
    async fn secret(&self, question: sasl::Question) -> sasl::Answer {
        match question.account() {
            (b"alice", b"mail.site.example") => sasl::derive(b"secret", &question.proof),
            _ => sasl::Answer::No(sasl::Refusal::NoUser),
        }
    }
    async fn verify(&self, _envelope: &mut Envelope, address: Address) -> Verified {
        let known = [&b"alice"[..], b"bob"].contains(&address.user.as_slice()) || address.host.is_some();
        match known {
            true => Verified::Good(address),
            false => Verified::Refused(Reply::new(550, Some(EnhancedStatus(5, 1, 1)), "User unknown")),
        }
    }
    async fn accept(&self, envelope: Envelope, _interactive: bool) -> Result<(), Reply> {
        self.taken.lock().expect("no panic while it is held").push(envelope);
        Ok(())
    }
    fn log_in_refused(&self) -> u32 {
        self.refused.fetch_add(1, Ordering::Relaxed) + 1
    }
    async fn closing(&self, _begun: bool) -> Closing {
        self.crowded.notified().await;
        Closing::Crowded
    }
    fn discard(&self, _envelope: &Envelope) {}
    async fn expand(&self, _envelope: &mut Envelope, _text: &[u8], _expand: bool) -> (Vec<Reply>, usize) {
        Default::default()
    }
    fn run_queue(&self, run: QueueRun) -> bool {
        matches!(run, QueueRun::Matching(_))
    }
}

/// A world without files, accounts and network.
struct Nowhere;

impl ConfigEnv for Nowhere {
    fn host(&mut self) -> HostFacts {
        HostFacts { name: b"mail.site.example".to_vec(), node: b"mail".to_vec(), ..HostFacts::default() }
    }
    fn interfaces(&mut self, _skip_loopback: bool) -> Vec<Vec<u8>> {
        Vec::new()
    }
    fn class_file(&mut self, _path: &[u8], _blame: Blame) -> Result<Vec<u8>, FileProblem> {
        Ok(Vec::new())
    }
    fn program(&mut self, _argv: &[Vec<u8>], _blame: Blame) -> Result<Vec<u8>, FileProblem> {
        Ok(Vec::new())
    }
    fn declare_map(&mut self, _decl: &MapDecl, _known: &dyn Fn(&[u8]) -> bool, _traced: bool) -> DeclaredMap {
        DeclaredMap { keep: true, ..DeclaredMap::default() }
    }
    fn map_words(&mut self, _map: &MapDecl, _key: &[u8], _blame: &[Vec<u8>]) -> MapWords {
        MapWords { messages: Vec::new(), words: Ok(None) }
    }
    fn user(&mut self, _name: &[u8]) -> Option<UserIds> {
        None
    }
    fn group(&mut self, _name: &[u8]) -> Option<u32> {
        None
    }
    fn service(&mut self, _name: &[u8]) -> Option<u16> {
        None
    }
    fn address(&mut self, _name: &[u8], _inet6: bool) -> Option<IpAddr> {
        None
    }
    fn variable(&mut self, _name: &[u8]) -> Option<Vec<u8>> {
        None
    }
    fn processors(&mut self) -> i64 {
        1
    }
}

fn server() -> Arc<Server> {
    Arc::new(server_with(|_| ()))
}

pub(super) fn server_with(change: impl FnOnce(&mut Server)) -> Server {
    let mut server = server_of("");
    change(&mut server);
    server
}

/// With these lines behind those of `testdata/smtp/site.cf`.
fn server_of(lines: &str) -> Server {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/smtp/site.cf");
    let text = &[&std::fs::read(path).expect("testdata/smtp/site.cf"), lines.as_bytes()].concat();
    let options = LoadOptions { version: b"canonify-test".to_vec(), ..LoadOptions::default() };
    let loaded = config::load(b"site.cf", text, &mut Nowhere, &options);
    let said: Vec<_> = loaded.messages.iter().map(|one| String::from_utf8_lossy(&one.text)).collect();
    assert!(said.is_empty(), "{said:?}");
    let config = Arc::new(loaded.config);
    let policy = Policy::from_config(&config);
    let site = Arc::new(Site::new(config, Arc::new(Resolver::fixed(Vec::new()))));
    Server::new(site, policy, Logger::open(Target::Memory, b"sendmail", 9))
}

pub(super) fn client_at(line: &str) -> Client {
    let (address, name) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
    let ip: IpAddr = address.parse().expect("an address");
    let bracketed = format!("[{ip}]");
    let (name, display, resolved) = match name {
        "" => (bracketed.clone(), bracketed, Resolved::Fail),
        name => (name.to_owned(), format!("{name} {bracketed}"), Resolved::Ok),
    };
    Client {
        address: Some(SocketAddr::new(ip, 4711)),
        pointer: name.clone().into_bytes(),
        name: name.into_bytes(),
        display: display.into_bytes(),
        resolved,
        daemon: DaemonFacts { name: b"MTA".to_vec(), ..DaemonFacts::default() },
        ..Client::default()
    }
}

fn unescaped(text: &str) -> Vec<u8> {
    text.replace("\\r", "\r").replace("\\n", "\n").replace("\\0", "\0").into_bytes()
}

/// The bytes of a client's line of the script.
fn sent(line: &str) -> Option<Vec<u8>> {
    let (kind, text) = line.split_once(':')?;
    let text = text.strip_prefix(' ').unwrap_or(text);
    match kind {
        "C" => Some([text.as_bytes(), b"\r\n"].concat()),
        "R" => Some(unescaped(text)),
        "FILL" => {
            let lines: usize = text.parse().expect("a number");
            Some([&b"Subject: big\r\n\r\n"[..], &[&[b'x'; 70][..], b"\r\n"].concat().repeat(lines)].concat())
        }
        _ => None,
    }
}

/// The next line from the server; `None` when it has closed the connection.
async fn reply_line(stream: &mut DuplexStream, buffer: &mut Vec<u8>) -> Option<String> {
    loop {
        if let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = buffer.drain(..=end).collect();
            return Some(String::from_utf8_lossy(&line).trim_end_matches("\r\n").to_owned());
        }
        match tokio::time::timeout(Duration::from_secs(20), stream.read_buf(buffer)).await {
            Ok(Ok(count)) if count > 0 => {}
            Ok(_) => return None,
            Err(_) => return Some("(no reply)".to_owned()),
        }
    }
}

async fn play(script: &str) -> Result<(), String> {
    let client = script.lines().find_map(|line| line.strip_prefix("client:")).expect("a client");
    let (mut ours, theirs) = tokio::io::duplex(1 << 16);
    let memory = Memory::default();
    let lines: Vec<&str> = script.lines().filter_map(|line| line.strip_prefix("cf: ")).collect();
    let server = Arc::new(server_of(&lines.join("\n")));
    let session = tokio::spawn(Session::new(server, memory.clone(), client_at(client), theirs).serve());
    let (mut buffer, mut pending, mut body) = (Vec::new(), Vec::new(), String::new());
    for (number, line) in script.lines().enumerate() {
        if let Some(bytes) = sent(line) {
            pending.extend_from_slice(&bytes);
        } else if let Some(wanted) = line.strip_prefix("S: ") {
            if !pending.is_empty() {
                ours.write_all(&pending).await.map_err(|error| format!("line {}: {error}", number + 1))?;
                pending.clear();
            }
            let got = reply_line(&mut ours, &mut buffer).await;
            if got.as_deref() != Some(wanted) {
                return Err(format!("line {}: wanted {wanted:?}, got {got:?}", number + 1));
            }
        } else if let Some(text) = line.strip_prefix("B: ") {
            body.push_str(text);
            body.push('\n');
        }
    }
    if let Some(line) = reply_line(&mut ours, &mut buffer).await {
        return Err(format!("more than expected: {line:?}"));
    }
    session.await.map_err(|error| error.to_string())?;
    let taken = memory.taken.lock().expect("no panic while it is held");
    let got = taken.iter().map(|envelope| {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut envelope.body.reader(), &mut text).expect("memory");
        text
    });
    let got: String = got.collect();
    if got == body { Ok(()) } else { Err(format!("body: wanted {body:?}, got {got:?}")) }
}

#[tokio::test]
async fn recorded_sessions() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/smtp");
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("testdata/smtp").flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "session") {
            count += 1;
            let script = std::fs::read_to_string(&path).expect("UTF-8");
            if let Err(error) = play(&script).await {
                wrong.push(format!("{}: {error}", path.display()));
            }
        }
    }
    assert!(count >= 10 && wrong.is_empty(), "{count} sessions\n{}", wrong.join("\n"));
}

/// Everything that the server says to this client, who says all of this and goes away.
async fn answers(text: &str) -> String {
    answers_of(server(), text).await
}

pub(super) async fn answers_of(server: Arc<Server>, text: &str) -> String {
    let (mut ours, theirs) = tokio::io::duplex(1 << 20);
    let client = client_at("192.0.2.9 client9.elsewhere.example");
    let session = tokio::spawn(Session::new(server, Memory::default(), client, theirs).serve());
    ours.write_all(text.as_bytes()).await.expect("memory");
    let mut said = String::new();
    ours.read_to_string(&mut said).await.expect("ASCII");
    session.await.expect("no panic");
    said
}

/// The same, each line when the one before it is answered; of a message only the end is.
async fn say_in_turn(server: &Arc<Server>, text: &str) {
    let (mut ours, theirs) = tokio::io::duplex(1 << 20);
    let client = client_at("192.0.2.9 client9.elsewhere.example");
    let session = tokio::spawn(Session::new(server.clone(), Memory::default(), client, theirs).serve());
    let mut read = vec![0; 1 << 16];
    let (commands, message) = text.split_at(text.find("DATA\r\n").map_or(text.len(), |at| at + 6));
    for part in commands.split_inclusive('\n').chain((!message.is_empty()).then_some(message)) {
        assert!(ours.read(&mut read).await.expect("memory") > 0, "{part}");
        ours.write_all(part.as_bytes()).await.expect("memory");
    }
    assert!(ours.read(&mut read).await.expect("memory") > 0, "{text}");
    drop(ours);
    session.await.expect("no panic");
}

/// Servers that reuse a connection send RSET before each message (and read replies one by one).
#[tokio::test(start_paused = true)]
async fn a_connection_may_be_reused() {
    let message = "RSET\r\nMAIL FROM:<ann@elsewhere.example>\r\nRCPT TO:<alice@site.example>\r\nHELP\r\n";
    let begun = tokio::time::Instant::now();
    let said = answers(&[&message.repeat(30), "QUIT\r\n"].concat()).await;
    assert_eq!((said.matches("Recipient ok").count(), begun.elapsed().as_secs()), (30, 0), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_repeats_itself_waits() {
    let begun = tokio::time::Instant::now();
    let said = answers(&["NOOP\r\nVERB\r\n".repeat(11).as_str(), "QUIT\r\n"].concat()).await;
    // NOOP and VERB are counted together: 20 pass, then 1, 2 and 4 seconds
    assert_eq!((said.matches("250 2.0.0").count(), begun.elapsed().as_secs()), (22, 7), "{said}");
}

/// Who asks for names, or tries them, waits longer and longer, and is sent away.
#[tokio::test(start_paused = true)]
async fn sec_070_guessing_is_slow() {
    let begun = tokio::time::Instant::now();
    let said = answers(&["VRFY x\r\n".repeat(9).as_str(), "QUIT\r\n"].concat()).await;
    assert_eq!(begun.elapsed().as_secs(), 15, "{said}");
    let server = Arc::new(server_with(|server| {
        server.policy.bad_rcpt_throttle = 2;
        server.policy.bad_rcpt_delay = Duration::from_secs(3);
        server.policy.bad_rcpt_shutdown = 5;
        server.policy.bad_rcpt_shutdown_good = 100;
    }));
    let begun = tokio::time::Instant::now();
    let guesses = "RCPT TO:<nobody@site.example>\r\n".repeat(20);
    let said = answers_of(server.clone(), &["MAIL FROM:<a@b.example>\r\n", &guesses].concat()).await;
    assert_eq!((said.matches("550 5.1.1").count(), begun.elapsed().as_secs()), (5, 9), "{said}");
    assert!(said.contains("421 4.7.0 mail.site.example Too many bad recipients"), "{said}");
    let logged = server.log.lines().join(&b'\n');
    assert!(String::from_utf8_lossy(&logged).contains("Possible SMTP RCPT flood, throttling."));
}

/// Commands and messages that are sent before the reply that asks for them may be somebody else's.
#[tokio::test]
async fn sec_068_nothing_may_come_before_its_time() {
    for name in ["early_input", "data_before_354", "data_too_soon"] {
        let path = format!("{}/testdata/smtp/{name}.session", env!("CARGO_MANIFEST_DIR"));
        play(&std::fs::read_to_string(path).expect("a script")).await.expect(name);
    }
}

/// What was asked for is in the log as it came, long lines without their middle; of a header that is too large, what fits.
#[tokio::test]
async fn the_log_shows_what_came() {
    let server = Arc::new(server_with(|server| server.policy.max_headers_length = 100));
    let message = |first: &str, second: &str| {
        format!("DATA\r\n{first}\r\n{second}\r\nX: {}\r\n\r\n.\r\n", "x".repeat(60))
    };
    let (known, long) = ("Message-ID: <m1@site.example>", format!("X-Long: {}", "v".repeat(80)));
    let mail = "MAIL FROM:<ann@elsewhere.example>\r\nRCPT TO:<alice@site.example>\r\n";
    let asked = format!("  vrfy \t a\\b\r\nVRFY {}\r\netrn   @x.example\r\n", "x".repeat(300));
    for text in [asked, [mail, &message(known, &long)].concat(), [mail, &message(&long, known)].concat()] {
        say_in_turn(&server, &text).await;
    }
    let logged = String::from_utf8_lossy(&server.log.lines().join(&b'\n')).into_owned();
    for wanted in [
        r":   vrfy \t a\\b",
        &format!(": VRFY {}...{}", "x".repeat(95), "x".repeat(100)),
        ": ETRN @x.example",
    ] {
        assert_eq!(logged.matches(wanted).count(), 1, "{wanted}\n{logged}");
    }
    assert_eq!(logged.matches("msgid=<m1@site.example>").count(), 1, "{logged}");
}

#[tokio::test]
async fn a_verb_is_one_file_and_one_row() {
    let said = answers("xecho hello\r\nQUIT\r\n").await;
    assert!(said.contains("\r\n250 2.0.0 hello\r\n"), "{said}");
}

/// Feeds bytes to a session; it must end, without a panic, when the client goes away. No bare CR or LF is
/// ever sent or stored.
async fn survives(input: &[u8]) {
    let (mut ours, theirs) = tokio::io::duplex(1 << 20);
    let memory = Memory::default();
    let session =
        tokio::spawn(Session::new(server(), memory.clone(), client_at("192.0.2.23"), theirs).serve());
    // a session that was closed by a reply takes no more
    let _ = ours.write_all(input).await;
    let _ = ours.shutdown().await;
    let mut said = Vec::new();
    let _ = ours.read_to_end(&mut said).await;
    session.await.expect("no panic");
    let said = String::from_utf8_lossy(&said).replace("\r\n", "");
    assert!(!said.contains(['\r', '\n']), "{said:?}");
    for envelope in memory.taken.lock().expect("no panic while it is held").iter() {
        let mut body = Vec::new();
        std::io::Read::read_to_end(&mut envelope.body.reader(), &mut body).expect("memory");
        let addresses = envelope.recipients.iter().map(|one| &one.text).chain([&envelope.sender.text]);
        assert!(!body.contains(&b'\r') && addresses.into_iter().all(|text| !text.contains(&b'\r')));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_a_session_panic(
        pieces in proptest::collection::vec(
            prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..40),
                Just(b"EHLO c\r\n".to_vec()),
                Just(b"MAIL FROM:<a@b>".to_vec()),
                Just(b"RCPT TO:<alice@site.example>\r\n".to_vec()),
                Just(b"DATA\r\n".to_vec()),
                Just(b"\r\n.\r\n".to_vec()),
                prop_oneof![Just(b"\r".to_vec()), Just(b"\n".to_vec()), Just(b"\r\r\n".to_vec()), Just(b"\n.\n".to_vec())],
                Just(b" SIZE=99 BY=1;N ORCPT=rfc822;x RET=".to_vec()),
                Just(b"VRFY <".to_vec()),
                Just(b"BDAT 5\r\nBDAT".to_vec()),
                Just(b"BDAT 7 LAST\r\n\r\n.\r\nab".to_vec()),
            ],
            0..12,
        )
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        runtime.expect("a runtime").block_on(survives(&pieces.concat()));
    }
}
