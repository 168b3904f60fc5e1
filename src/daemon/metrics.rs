//! Counters for Prometheus (MetricsAddress), in its text format 0.0.4 over HTTP.
//!
//! In: a connection from this host, and a request that asks for `/metrics` or `/`. Out: the counters, how many sessions and deliveries
//! there are now, how many messages the queue has by group; the connection ends. Never here: addresses, names, anything
//! that a message says, and any way to change something.

use super::mta::Mta;
use crate::deliver::Pool;
use crate::queue::lengths as lengths_of;
use crate::supervisor::LocalListener;
use std::fmt::Write as _;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Mutex;
use tokio::time::timeout;

/// For a request and its answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The queue is counted no more often.
const COUNTED: Duration = Duration::from_secs(15);
/// No request that we understand is longer.
const MAX_REQUEST: usize = 8192;

/// Messages by group, when they were counted last.
type QueueLengths = Mutex<Option<(Instant, Vec<(String, u64)>)>>;

/// Answers as long as it is polled.
pub(super) async fn serve(listener: LocalListener, mta: Arc<Mta>) -> io::Result<()> {
    let lengths = Arc::new(QueueLengths::default());
    match listener {
        LocalListener::Tcp(listener) => {
            let listener = TcpListener::from_std(listener)?;
            loop {
                let (stream, _) = listener.accept().await?;
                tokio::spawn(answer(stream, mta.clone(), lengths.clone()));
            }
        }
        LocalListener::Unix(listener) => {
            let listener = UnixListener::from_std(listener)?;
            loop {
                let (stream, _) = listener.accept().await?;
                tokio::spawn(answer(stream, mta.clone(), lengths.clone()));
            }
        }
    }
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, mta: Arc<Mta>, lengths: Arc<QueueLengths>) {
    // who asks too slowly, or does not read, goes without
    let _ = timeout(PATIENCE, async {
        let Some(head) = request(&mut stream).await else { return };
        let (status, text) = match wanted(&head) {
            Ok(()) => ("200 OK", page(&mta, &lengths).await),
            Err(status) => (status, format!("{status}\n")),
        };
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{text}",
            text.len()
        );
        if stream.write_all(answer.as_bytes()).await.is_ok() {
            let _ = stream.shutdown().await;
        }
    })
    .await;
}

/// Everything up to the blank line.
async fn request(stream: &mut (impl AsyncRead + Unpin)) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    while !head.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
        if head.len() > MAX_REQUEST || !matches!(stream.read_buf(&mut head).await, Ok(1..)) {
            return None;
        }
    }
    Some(head)
}

/// # Errors
/// The status of HTTP that says why not.
fn wanted(head: &[u8]) -> Result<(), &'static str> {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let mut words = line.split(|byte| *byte == b' ');
    if words.next() != Some(b"GET") {
        return Err("405 Method Not Allowed");
    }
    let path = words.next().unwrap_or_default().split(|byte| *byte == b'?').next();
    if matches!(path, Some(b"/metrics" | b"/")) { Ok(()) } else { Err("404 Not Found") }
}

async fn page(mta: &Arc<Mta>, lengths: &QueueLengths) -> String {
    let mut text = String::new();
    for (name, what, number) in mta.log.counters().all() {
        family(&mut text, &format!("canonify_{name}_total"), "counter", what);
        // a string takes everything, here and below
        let _ = writeln!(text, "canonify_{name}_total {number}");
    }
    family(&mut text, "canonify_sessions", "gauge", "Clients that are connected");
    let _ = writeln!(text, "canonify_sessions {}", mta.clients.count());
    family(&mut text, "canonify_messages_under_way", "gauge", "Messages being delivered");
    let _ = writeln!(text, "canonify_messages_under_way {}", *mta.under_way.borrow());
    family(
        &mut text,
        "canonify_deliveries_under_way",
        "gauge",
        "Deliveries that have a permit, or wait for one",
    );
    for pool in Pool::ALL {
        let (active, waiting, recalls) = mta.deliverer.pools.counts(pool);
        for (state, number) in [("active", active), ("waiting", waiting), ("to_be_recalled", recalls)] {
            let _ = writeln!(
                text,
                "canonify_deliveries_under_way{{pool=\"{}\",state=\"{state}\"}} {number}",
                label(pool.name())
            );
        }
    }
    family(&mut text, "canonify_queue_messages", "gauge", "Messages in the queue, by queue group");
    for (group, number) in queue_lengths(mta, lengths).await {
        let _ = writeln!(text, "canonify_queue_messages{{group=\"{}\"}} {number}", label(&group));
    }
    text
}

fn family(text: &mut String, name: &str, kind: &str, what: &str) {
    let _ = writeln!(text, "# HELP {name} {what}\n# TYPE {name} {kind}");
}

/// The value of a label: backslash, quote and line feed are escaped.
fn label(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Whoever asks while they are counted waits for that count.
async fn queue_lengths(mta: &Arc<Mta>, lengths: &QueueLengths) -> Vec<(String, u64)> {
    let mut last = lengths.lock().await;
    if let Some((_, counted)) = last.as_ref().filter(|(when, _)| when.elapsed() < COUNTED) {
        return counted.clone();
    }
    let counting = mta.clone();
    let counted = tokio::task::spawn_blocking(move || lengths_of(counting.queue.options()));
    let counted = counted.await.unwrap_or_default();
    *last = Some((Instant::now(), counted.clone()));
    counted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_page_of_counters_is_to_be_had() {
        let rows: &[(&[u8], Result<(), &str>)] = &[
            (b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", Ok(())),
            (b"GET /metrics?name=x HTTP/1.1\r\n\r\n", Ok(())),
            (b"GET / HTTP/1.0\r\n\r\n", Ok(())),
            (b"GET /other HTTP/1.1\r\n\r\n", Err("404 Not Found")),
            (b"POST /metrics HTTP/1.1\r\n\r\n", Err("405 Method Not Allowed")),
            (b"\r\n\r\n", Err("405 Method Not Allowed")),
        ];
        for (head, expected) in rows {
            assert_eq!(wanted(head), *expected);
        }
        assert_eq!(label("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
    }
}
