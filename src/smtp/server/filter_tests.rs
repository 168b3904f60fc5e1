//! Sessions with a filter: what each stage can refuse, and what the end can change.

use super::filter::{Arrived, Context, Deciding, Decision, Filter, FilterFactory, decided};
use super::tests::{Memory, client_at, server_with};
use super::{Client, Server, Session};
use crate::envelope::Envelope;
use crate::message::{Header, HeaderKind};
use crate::rewrite::Verdict;
use crate::schema::{EnhancedStatus, Reply, Sysexit};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Decides at one stage, accepts at all others.
#[derive(Clone)]
struct DecidesAt {
    stage: &'static str,
    verdict: Verdict,
}

impl DecidesAt {
    fn at<'a>(&self, stage: &str) -> Deciding<'a> {
        let verdict = if stage == self.stage { self.verdict.clone() } else { Verdict::Accept };
        decided(Decision { verdict, source: b"milter=test".to_vec(), ..Decision::accept() })
    }
}

impl Filter for DecidesAt {
    fn connect<'a>(&'a mut self, _: &'a mut Context<'_>) -> Deciding<'a> {
        self.at("connect")
    }
    fn helo<'a>(&'a mut self, _: &'a mut Context<'_>, _: &'a [u8]) -> Deciding<'a> {
        self.at("helo")
    }
    fn mail<'a>(&'a mut self, _: &'a mut Context<'_>, _: &'a [u8], _: &'a [u8]) -> Deciding<'a> {
        self.at("mail")
    }
    fn rcpt<'a>(&'a mut self, _: &'a mut Context<'_>, _: &'a [u8], _: &'a [u8]) -> Deciding<'a> {
        self.at("rcpt")
    }
    fn data<'a>(&'a mut self, _: &'a mut Context<'_>, _: usize) -> Deciding<'a> {
        self.at("data")
    }
    fn header<'a>(&'a mut self, _: &'a mut Context<'_>, _: &'a Header) -> Deciding<'a> {
        self.at("header")
    }
    fn eoh<'a>(&'a mut self, _: &'a mut Context<'_>, _: &'a [Header]) -> Deciding<'a> {
        self.at("eoh")
    }
    fn wants_body(&self) -> bool {
        true
    }
    fn body<'a>(&'a mut self, _: &'a mut Context<'_>, _: &'a [u8]) -> Deciding<'a> {
        self.at("body")
    }
    fn end<'a>(&'a mut self, _: &'a mut dyn Arrived) -> Deciding<'a> {
        self.at("end")
    }
}

const STAGES: &[&str] = &["connect", "helo", "mail", "rcpt", "data", "header", "eoh", "body", "end"];

/// One message through a session with these filters behind the rulesets: all replies, and what was taken.
async fn session(filters: Vec<Arc<dyn Fn() -> Box<dyn Filter> + Send + Sync>>) -> (String, Vec<Envelope>) {
    let server: Server = server_with(|server| {
        server
            .filters
            .extend(filters.into_iter().map(|make| Box::new(move |_: &Client| make()) as FilterFactory));
    });
    let (mut ours, theirs) = tokio::io::duplex(1 << 16);
    let memory = Memory::default();
    let client = client_at("192.0.2.23 client23.elsewhere.example");
    let session = tokio::spawn(Session::new(Arc::new(server), memory.clone(), client, theirs).serve());
    // srv_features F: this client may say everything at once
    let text = "EHLO c\r\nMAIL FROM:<ann@elsewhere.example>\r\nRCPT TO:<alice@site.example>\r\n\
                RCPT TO:<bob@site.example>\r\nDATA\r\nSubject: one\r\nX-Secret: yes\r\nX-Two: a\r\nX-Two: b\r\n\r\n\
                the body\r\n.\r\nQUIT\r\n";
    ours.write_all(text.as_bytes()).await.expect("memory");
    let mut said = String::new();
    ours.read_to_string(&mut said).await.expect("ASCII");
    session.await.expect("no panic");
    let taken = std::mem::take(&mut *memory.taken.lock().expect("no panic while it is held"));
    (said, taken)
}

async fn decided_at(stage: &'static str, verdict: Verdict) -> (String, Vec<Envelope>) {
    let filter = DecidesAt { stage, verdict };
    session(vec![Arc::new(move || Box::new(filter.clone()))]).await
}

#[tokio::test]
async fn each_stage_can_refuse() {
    for stage in STAGES {
        for (code, class) in [(554, 5), (451, 4)] {
            let reply = Reply::new(code, Some(EnhancedStatus(class, 7, 1)), "not here");
            let (said, taken) =
                decided_at(stage, Verdict::Reject { reply, status: Sysexit::UNAVAILABLE }).await;
            assert!(taken.is_empty(), "{stage}\n{said}");
            assert!(said.contains(&format!("{code} {class}.7.1 not here")), "{stage}\n{said}");
            assert!(!said.contains("Message accepted"), "{stage}\n{said}");
        }
    }
}

#[tokio::test]
async fn each_stage_can_discard() {
    for stage in STAGES {
        let (said, taken) = decided_at(stage, Verdict::Discard).await;
        assert!(taken.is_empty() && said.contains("Message accepted for delivery"), "{stage}\n{said}");
    }
}

#[tokio::test]
async fn each_stage_of_a_message_can_quarantine() {
    for stage in STAGES.iter().filter(|stage| !["connect", "helo"].contains(*stage)) {
        let (said, taken) = decided_at(stage, Verdict::Quarantine(b"look at it".to_vec())).await;
        assert_eq!(taken.len(), 1, "{stage}\n{said}");
        assert_eq!(taken[0].quarantine.as_deref(), Some(&b"look at it"[..]), "{stage}");
    }
}

/// Changes all that can be changed, and says in a field what it has seen.
struct Changes {
    heard: Vec<u8>,
}

impl Filter for Changes {
    fn wants_body(&self) -> bool {
        true
    }
    fn body<'a>(&'a mut self, _: &'a mut Context<'_>, piece: &'a [u8]) -> Deciding<'a> {
        self.heard.extend_from_slice(piece);
        decided(Decision::accept())
    }
    fn end<'a>(&'a mut self, message: &'a mut dyn Arrived) -> Deciding<'a> {
        let mut body = vec![0; message.body().size() as usize];
        let read = message.body().read_at(0, &mut body).expect("memory");
        assert_eq!((read, &body), (self.heard.len(), &self.heard));
        message.body().restart().expect("memory");
        message.body().write(b"another body\n").expect("memory");
        let recipients = message.context().recipients.len();
        let value = format!(" {recipients} recipients, {} fields", own_names(message).len()).into_bytes();
        let header = message.change_header(7);
        header.add(b"X-Seen", value);
        header.change(1, b"subject", Some(b" two".to_vec()));
        header.change(1, b"X-Secret", None);
        header.change(2, b"X-Two", Some(b" c".to_vec()));
        header.insert(0, b"X-First", b" first".to_vec());
        Box::pin(async move {
            message.change_sender(b"<new@elsewhere.example>", b"").await;
            message.add_recipients(b"<bob@site.example>", None).await;
            let (_, site, scope) = message.moment();
            assert_eq!(scope.get_named(&site.config, b"u"), Some(&b"bob"[..]), "of a user here");
            message.add_recipients(b"<carl@far.example>", None).await;
            let (_, site, scope) = message.moment();
            assert_eq!(
                scope.get_named(&site.config, b"u"),
                Some(&b"bob"[..]),
                "of another host's nothing is asked"
            );
            assert_eq!(message.delete_recipient(b"bob@site.example").await, 1);
            let (_, site, scope) = message.moment();
            let counted = scope.get_named(&site.config, b"nrcpts");
            assert_eq!(counted, Some(&b"3"[..]), "whoever is added, be he struck out again");
            Decision::accept()
        })
    }
}

/// The fields that came with the message, or that a filter has made.
fn own_names(message: &dyn Arrived) -> Vec<Vec<u8>> {
    let own = message.header().fields().filter(|field| field.kind.contains(HeaderKind::USER));
    own.map(|field| field.name.clone()).collect()
}

/// Sees what the one before has changed.
struct Looks;

impl Filter for Looks {
    fn end<'a>(&'a mut self, message: &'a mut dyn Arrived) -> Deciding<'a> {
        let names = own_names(message).join(&b' ');
        let size = message.body().size().to_string();
        message.change_header(0).add(b"X-Looked", [b" ", &names[..], b"; ", size.as_bytes()].concat());
        decided(Decision::accept())
    }
}

#[tokio::test]
async fn a_filter_changes_header_recipients_and_body() {
    let (said, mut taken) =
        session(vec![Arc::new(|| Box::new(Changes { heard: Vec::new() })), Arc::new(|| Box::new(Looks))])
            .await;
    assert_eq!(taken.len(), 1, "{said}");
    let envelope = taken.remove(0);
    let mut body = String::new();
    std::io::Read::read_to_string(&mut envelope.body.reader(), &mut body).expect("memory");
    assert_eq!(body, "another body\n");
    assert_eq!(envelope.sender.text, b"<new@elsewhere.example>");
    let recipients: Vec<_> = envelope.recipients.iter().map(|one| one.text.as_slice()).collect();
    assert_eq!(recipients, [&b"<alice@site.example>"[..], b"<carl@far.example>"]);
    let line = |field: &Header| [&field.name[..], b":", &field.value].concat();
    let lines: Vec<String> =
        envelope.headers.0.iter().map(|field| String::from_utf8_lossy(&line(field)).into_owned()).collect();
    let expected = [
        "X-First: first",
        "Subject: two",
        "X-Two: a",
        "X-Two: c",
        "X-Seen: 2 recipients, 4 fields",
        "X-Looked: X-First Subject X-Two X-Two X-Seen; 13",
    ];
    assert_eq!(lines, expected);
    let size = "Subject: one\nX-Secret: yes\nX-Two: a\nX-Two: b\n\n".len() + body.len();
    assert_eq!(envelope.size, size as u64 + 7);
}
