//! Line ends on the wire, in and out: only CR LF . CR LF ends a message, whatever stands around it and however the
//! bytes are cut into segments; and no bare CR or LF is ever sent.
//!
//! Patterns of CR, LF, NUL, dots and blanks go through a session in memory; what it takes goes on through the client's
//! side to a server that writes down every byte.

use canonify::config::{LoadOptions, load};
use canonify::envelope::{Body, Envelope, QueueId};
use canonify::logging::{Logger, Target};
use canonify::message::{BodyForm, put_field};
use canonify::net::Resolver;
use canonify::rewrite::{Address, Site};
use canonify::sasl::{Answer, Question, Refusal};
use canonify::schema::{Reply, Timeouts};
use canonify::smtp::client::{CommandTimeouts, Offer, ServerConnection, transact};
use canonify::smtp::server::{Acceptor, BodySink, Client, Policy, QueueRun, Server, Session, Verified};
use proptest::prelude::*;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

/// Takes every message.
#[derive(Clone, Default)]
struct Taken(Arc<Mutex<Vec<Envelope>>>);

#[derive(Default)]
struct Sink(Vec<u8>);

impl BodySink for Sink {
    fn write(&mut self, data: &[u8]) -> Result<(), Reply> {
        self.0.extend_from_slice(data);
        Ok(())
    }
    fn size(&self) -> u64 {
        self.0.len() as u64
    }
    fn read_at(&mut self, _offset: u64, _buffer: &mut [u8]) -> Result<usize, Reply> {
        Ok(0)
    }
    fn restart(&mut self) -> Result<(), Reply> {
        self.0.clear();
        Ok(())
    }
    async fn finish(self) -> Result<Body, Reply> {
        Ok(Body::from_memory(self.0))
    }
}

impl Acceptor for Taken {
    type Sink = Sink;
    fn next_id(&self) -> QueueId {
        QueueId::new(b"TEST000000000001").expect("well-formed")
    }
    fn now(&self) -> i64 {
        1_795_368_603
    }
    fn create_body(&self, _envelope: &mut Envelope) -> Result<Sink, Reply> {
        Ok(Sink::default())
    }
    fn has_room(&self, _size: u64) -> bool {
        true
    }
    async fn secret(&self, _question: Question) -> Answer {
        Answer::No(Refusal::NoUser)
    }
    async fn verify(&self, _envelope: &mut Envelope, address: Address) -> Verified {
        Verified::Good(address)
    }
    async fn accept(&self, envelope: Envelope, _interactive: bool) -> Result<(), Reply> {
        self.0.lock().expect("no panic while it is held").push(envelope);
        Ok(())
    }
    fn discard(&self, _envelope: &Envelope) {}
    async fn expand(&self, _envelope: &mut Envelope, _text: &[u8], _expand: bool) -> (Vec<Reply>, usize) {
        Default::default()
    }
    fn run_queue(&self, _run: QueueRun) -> bool {
        true
    }
}

static SERVER: LazyLock<Arc<Server>> = LazyLock::new(|| {
    let text = include_bytes!("../../testdata/smtp/site.cf");
    let loaded = load(b"site.cf", text, &mut canonify::maps::environment(), &LoadOptions::default());
    let config = Arc::new(loaded.config);
    let policy = Policy { max_message_size: 0, ..Policy::from_config(&config) };
    let site = Arc::new(Site::new(config, Arc::new(Resolver::fixed(Vec::new()))));
    Arc::new(Server::new(site, policy, Logger::open(Target::Nothing, b"sendmail", 9)))
});

/// Clients that `srv_features` of the site treats differently.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Manner {
    Strict,
    Replacing,
    LineFeed,
    CarriageReturn,
    Lax,
}

use Manner::{CarriageReturn, Lax, LineFeed, Replacing, Strict};

impl Manner {
    fn client(self) -> Client {
        let host = match self {
            Strict => 9,
            Replacing => 22,
            LineFeed => 26,
            CarriageReturn => 27,
            Lax => 21,
        };
        let address = SocketAddr::new(IpAddr::from([192, 0, 2, host]), 4711);
        let name = format!("[{}]", address.ip()).into_bytes();
        Client { address: Some(address), name: name.clone(), display: name, ..Client::default() }
    }
}

/// What one session gave.
#[derive(PartialEq, Eq, Debug)]
struct Outcome {
    replies: Vec<u8>,
    messages: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Writes `bytes` in segments that end where `cuts` says; the other side reads each before the next comes.
async fn send(stream: &mut DuplexStream, bytes: &[u8], cuts: &[usize]) {
    let mut start = 0;
    for end in cuts.iter().copied().chain([bytes.len()]) {
        let end = end.clamp(start, bytes.len());
        if end > start && stream.write_all(&bytes[start..end]).await.is_err() {
            return; // it has closed the connection
        }
        start = end;
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
    }
}

/// Reads until a line has begun with this code and ended, or until the end.
async fn await_reply(stream: &mut DuplexStream, said: &mut Vec<u8>, code: &[u8]) {
    let start = said.len();
    loop {
        let lines = said[start..].split_inclusive(|byte| *byte == b'\n');
        let last = lines.rev().find(|line| line.ends_with(b"\n") && line.get(3) == Some(&b' '));
        if last.is_some_and(|line| line.starts_with(code)) || !matches!(stream.read_buf(said).await, Ok(1..))
        {
            return;
        }
    }
}

/// Commands first, then a message of these bytes.
async fn session(manner: Manner, commands: &[u8], data: &[u8], cut: &dyn Fn(usize) -> Vec<usize>) -> Outcome {
    let (mut ours, theirs) = tokio::io::duplex(1 << 16);
    let taken = Taken::default();
    let serving = tokio::spawn(Session::new(SERVER.clone(), taken.clone(), manner.client(), theirs).serve());
    let mut replies = Vec::new();
    await_reply(&mut ours, &mut replies, b"220").await;
    send(&mut ours, b"HELO c\r\n", &[]).await;
    await_reply(&mut ours, &mut replies, b"250").await;
    let commands = [commands, b"\r\nRSET\r\nXYZZY\r\n"].concat();
    send(&mut ours, &commands, &cut(commands.len())).await;
    await_reply(&mut ours, &mut replies, b"500").await;
    for command in [&b"MAIL FROM:<ann@elsewhere.example>\r\n"[..], b"RCPT TO:<alice@site.example>\r\n"] {
        send(&mut ours, command, &[]).await;
        await_reply(&mut ours, &mut replies, b"250").await;
    }
    send(&mut ours, b"DATA\r\n", &[]).await;
    await_reply(&mut ours, &mut replies, b"354").await;
    let data = [data, b"\r\n.\r\nQUIT\r\n"].concat();
    send(&mut ours, &data, &cut(data.len())).await;
    let _ = ours.shutdown().await;
    let _ = ours.read_to_end(&mut replies).await;
    serving.await.expect("no panic");
    let taken = taken.0.lock().expect("no panic while it is held");
    Outcome { replies, messages: taken.iter().map(text_of).collect() }
}

/// Header and body.
fn text_of(envelope: &Envelope) -> (Vec<u8>, Vec<u8>) {
    let (mut header, mut body) = (Vec::new(), Vec::new());
    for field in &envelope.headers.0 {
        put_field(&mut header, &field.name, &field.value);
    }
    std::io::Read::read_to_end(&mut envelope.body.reader(), &mut body).expect("memory");
    (header, body)
}

/// The first bare CR or LF.
fn bare(bytes: &[u8]) -> Option<usize> {
    (0..bytes.len()).find(|at| match bytes[*at] {
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        b'\n' => *at == 0 || bytes[at - 1] != b'\r',
        _ => false,
    })
}

/// Where the data end that begin behind DATA's own line: behind the first CR LF . CR LF.
fn end_of(data: &[u8]) -> Option<usize> {
    let with_line_end = [b"\r\n", data].concat();
    memchr::memmem::find(&with_line_end, b"\r\n.\r\n").map(|at| at + 3)
}

/// The lines of data, transparency dots off, LF behind each.
fn lines_of(data: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(data).replace("\r\n", "\n");
    let lines = text.split_inclusive('\n').map(|line| line.strip_prefix('.').unwrap_or(line));
    lines.collect::<String>().into_bytes()
}

/// What a session must make of data, by another way than the decoder's.
fn expected_body(manner: Manner, data: &[u8]) -> Option<Vec<u8>> {
    let mut whole = [data, b"\r\n.\r\n"].concat();
    if manner == Replacing {
        while let Some(at) = bare(&whole) {
            whole[at] = b' ';
        }
    }
    let end = end_of(&whole)?;
    let text = &whole[..end - 3];
    bare(text).is_none().then(|| lines_of(text))
}

/// A server that writes down what it is sent.
async fn recording(mut stream: DuplexStream) -> Vec<u8> {
    let (mut seen, mut at, mut in_data) = (Vec::new(), 0, false);
    let _ = stream.write_all(b"220 sink\r\n").await;
    loop {
        let end: &[u8] = if in_data { b"\r\n.\r\n" } else { b"\r\n" };
        // the line before the data ends in CR LF
        let from = if in_data { at - 2 } else { at };
        let Some(found) = memchr::memmem::find(&seen[from..], end) else {
            match stream.read_buf(&mut seen).await {
                Ok(1..) => continue,
                _ => return seen,
            }
        };
        let line = seen[at..from + found].to_vec();
        at = from + found + end.len();
        let answer: &[u8] = match () {
            () if in_data => b"250 2.0.0 took it\r\n",
            () if line.starts_with(b"DATA") => b"354 go\r\n",
            () if line.starts_with(b"QUIT") => b"221 bye\r\n",
            () => b"250 ok\r\n",
        };
        in_data = !in_data && line.starts_with(b"DATA");
        let _ = stream.write_all(answer).await;
    }
}

/// All bytes that our side sends for one message.
async fn sent(mail: &[u8], rcpt: &[u8], header: &[u8], body: &[u8]) -> Vec<u8> {
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let serving = tokio::spawn(recording(theirs));
    let mut server = ServerConnection::new(Box::new(ours), b"mx.example.", b"");
    let limit = Duration::from_secs(5);
    server.greeting(limit).await.expect("a greeting");
    server.hello(b"EHLO", b"me.example", true, limit).await.expect("an answer");
    let timeouts = CommandTimeouts::of(&Timeouts::default());
    let offer = Offer {
        mail: [b"MAIL From:<", mail, b">"].concat(),
        recipients: vec![[b"RCPT To:<", rcpt, b">"].concat()],
        header: [header, b"\n"].concat(),
        body: Body::from_memory(body),
        lmtp: false,
        form: BodyForm::WIRE,
        header_form: BodyForm::WIRE,
        timeouts: &timeouts,
        notes: Vec::new(),
    };
    transact(&mut server, &offer, &mut |_, _, _, _| {}).await;
    server.quit(limit).await;
    serving.await.expect("no panic")
}

/// One message, five commands, no bare CR or LF.
async fn goes_out_clean(mail: &[u8], rcpt: &[u8], header: &[u8], body: &[u8]) {
    let wire = sent(mail, rcpt, header, body).await;
    let shown = String::from_utf8_lossy(&wire);
    assert_eq!(bare(&wire), None, "{shown:?}");
    let data = memchr::memmem::find(&wire, b"\r\nDATA\r\n").expect("a message") + 8;
    assert_eq!(wire[..data].iter().filter(|byte| **byte == b'\n').count(), 4, "{shown:?}");
    let end = end_of(&wire[data..]).expect("an end");
    assert_eq!(&wire[data + end..], b"QUIT\r\n", "{shown:?}");
    // no line is lost and none is made, but for a last one without its end
    let text = lines_of(&wire[data..data + end - 3]);
    let whole = [header, b"\n", body].concat();
    let wanted = String::from_utf8_lossy(&whole).replace('\r', " ");
    let wanted = if wanted.ends_with('\n') { wanted } else { wanted + "\n" };
    assert_eq!(String::from_utf8_lossy(&text), wanted);
}

fn run<F: Future<Output = ()>>(work: F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime").block_on(work);
}

fn pieces(words: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(proptest::sample::select(words), 0..14)
        .prop_map(|list| list.concat().into_bytes())
}

const IN_COMMANDS: &[&str] = &[
    "\r",
    "\n",
    "\r\n",
    "\r\n",
    "\0",
    ".",
    " ",
    "NOOP",
    "RSET",
    "MAIL FROM:<a@b.example>",
    "RCPT TO:<alice@site.example>",
    "VRFY x",
    "<",
    "\"",
    "a",
];
const IN_DATA: &[&str] = &[
    "\r",
    "\n",
    "\r\n",
    "\r\n",
    "\r\n",
    ".",
    "..",
    "\0",
    "a",
    " ",
    "X: y",
    "\r\n.\r\n",
    "\n.\n",
    "\r\n.\n",
    "\r.\r",
    "\n.\r\n",
    "\r\n\r\n",
];

/// What must hold for one pattern, and for it cut into pieces in these ways.
async fn holds(manner: Manner, commands: &[u8], data: &[u8], ways: &[Vec<usize>]) {
    // the header is one field, so that all of the pattern is body
    let message = [b"X-Test: x\r\n\r\n", data].concat();
    let whole = session(manner, commands, &message, &|_| Vec::new()).await;
    assert_eq!(bare(&whole.replies), None, "{:?}", String::from_utf8_lossy(&whole.replies));
    for cut in ways {
        let again = session(manner, commands, &message, &|_| cut.clone()).await;
        assert_eq!(again, whole, "{manner:?}, cut at {cut:?}");
    }
    if matches!(manner, Strict | Replacing) {
        let got = whole.messages.first().map(|(_, body)| body.clone());
        let wanted = expected_body(manner, data);
        assert_eq!(got, wanted, "{manner:?} {:?}", String::from_utf8_lossy(data));
    }
    if manner != Lax {
        assert!(whole.messages.len() <= 1);
    }
    for (header, body) in &whole.messages {
        goes_out_clean(b"a@b.example", b"c@d.example", header, body).await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn sec_067_only_crlf_dot_crlf_ends_a_message(
        manner in prop_oneof![Just(Strict), Just(Replacing), Just(LineFeed), Just(CarriageReturn), Just(Lax)],
        commands in pieces(IN_COMMANDS),
        data in pieces(IN_DATA),
        cuts in proptest::collection::vec(0usize..120, 0..4),
    ) {
        let mut cuts = cuts;
        cuts.sort_unstable();
        run(holds(manner, &commands, &data, &[cuts, (0..200).collect()]));
    }

    #[test]
    fn nothing_that_goes_out_has_a_bare_cr_or_lf(
        mail in pieces(IN_DATA),
        rcpt in pieces(IN_DATA),
        value in pieces(IN_DATA),
        body in pieces(IN_DATA),
    ) {
        let mut header = Vec::new();
        put_field(&mut header, b"X-Test", &value);
        run(goes_out_clean(&mail, &rcpt, &header, &body));
    }
}

/// Every cut of some short patterns that have been used to smuggle messages.
#[test]
fn sec_067_segments_may_end_anywhere() {
    let patterns: [&[u8]; 8] = [
        b"one\r\n.\r\r\n",
        b"one\n.\r\n",
        b"one\r\n.\n",
        b"one\r.\r",
        b"\r\n\0.\r\n",
        b"..\r\n.x\r\n",
        b".\r\nMAIL FROM:<x@y>\r\n",
        b"a\r\n\r.\r\n",
    ];
    for manner in [Strict, Replacing, LineFeed, CarriageReturn, Lax] {
        for pattern in patterns {
            let ways: Vec<Vec<usize>> = (0..pattern.len() + 20).map(|cut| vec![cut]).collect();
            run(holds(manner, b"NOOP", pattern, &ways));
        }
    }
}
