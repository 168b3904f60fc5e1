//! Sessions in which a client logs in.

use super::tests::{Memory, client_at, server_with};
use super::{Server, Session};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

/// A server that has PLAIN and LOGIN, changed.
fn server(change: impl FnOnce(&mut Server)) -> Arc<Server> {
    Arc::new(server_with(|server| {
        server.policy.auth_mechanisms = Some(b"PLAIN LOGIN CRAM-MD5".to_vec());
        change(server);
    }))
}

/// Says the lines one after the other, each when the one before is answered; the replies, and what was accepted.
async fn replies(server: &Arc<Server>, lines: &[&str]) -> (Vec<String>, Memory) {
    let memory = Memory::default();
    (replies_of(server, &memory, lines).await, memory)
}

async fn replies_of(server: &Arc<Server>, memory: &Memory, lines: &[&str]) -> Vec<String> {
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let client = client_at("192.0.2.9 client9.elsewhere.example");
    let session = tokio::spawn(Session::new(server.clone(), memory.clone(), client, theirs).serve());
    let mut ours = BufReader::new(ours);
    let mut said = Vec::new();
    for line in [""].iter().chain(lines).chain(&["QUIT"]) {
        if !said.is_empty() {
            ours.write_all(format!("{line}\r\n").as_bytes()).await.expect("a session that listens");
        }
        loop {
            let mut reply = String::new();
            ours.read_line(&mut reply).await.expect("text");
            let more = reply.as_bytes().get(3) == Some(&b'-');
            said.push(reply.trim_end_matches("\r\n").to_owned());
            if !more {
                break;
            }
        }
    }
    session.await.expect("no panic");
    said[1..said.len() - 1].to_vec()
}

fn plain(text: &str) -> String {
    format!("AUTH PLAIN {}", STANDARD.encode(text))
}

#[tokio::test]
async fn who_has_logged_in_is_known_to_rules_and_log() {
    let server = server(|_| ());
    let lines = [
        &plain("\0alice\0secret"),
        &plain("\0alice\0secret"),
        "MAIL FROM:<ann@elsewhere.example> AUTH=alice",
        &plain("\0alice\0secret"),
        "RCPT TO:<alice@site.example>",
        "DATA",
        "Subject: hi\r\n\r\nbody\r\n.",
    ];
    let (said, memory) = replies(&server, &lines).await;
    assert_eq!(said[0], "235 2.0.0 OK Authenticated");
    assert_eq!(said[1], "503 5.5.0 Already Authenticated");
    let envelope = memory.taken.lock().expect("free").pop().expect("a message");
    // RFC 3848
    assert_eq!(envelope.scope.get_named(&server.site.config, b"r"), Some(&b"ESMTPA"[..]));
    assert_eq!(envelope.auth.as_deref(), Some(&b"alice"[..]));
}

#[tokio::test]
async fn who_does_not_know_the_password_is_refused_in_the_same_words() {
    let lines = [&plain("\0alice\0wrong"), &plain("\0nobody\0secret"), &plain("\0alice\0"), &plain("alice")];
    let (said, _) = replies(&server(|_| ()), &lines.map(String::as_str)).await;
    assert_eq!(said, ["535 5.7.0 authentication failed"; 4]);
}

#[tokio::test]
async fn exchanges_that_make_no_sense_end() {
    let lines = [
        ("AUTH", "501 5.5.2 AUTH mechanism must be specified"),
        ("AUTH FOO", "504 5.3.3 AUTH mechanism FOO not available"),
        ("AUTH SCRAM-SHA-1", "504 5.3.3 AUTH mechanism SCRAM-SHA-1 not available"),
        ("AUTH PLAIN !", "501 5.5.4 cannot BASE64 decode '!'"),
        ("AUTH LOGIN", "334 VXNlcm5hbWU6"),
        ("*", "501 5.0.0 AUTH aborted"),
        ("AUTH LOGIN YWxpY2U=", "334 UGFzc3dvcmQ6"),
        ("!", "501 5.5.4 cannot decode AUTH parameter !"),
        ("AUTH CRAM-MD5 =", "535 5.7.0 authentication failed"),
        ("AUTH PLAIN", "334 "),
        ("", "535 5.7.0 authentication failed"),
    ];
    let (said, _) = replies(&server(|_| ()), &lines.map(|(line, _)| line)).await;
    assert_eq!(said, lines.map(|(_, reply)| reply));
}

#[tokio::test]
async fn what_is_not_offered_is_not_available() {
    let none = server(|server| server.policy.auth_options = b"f".to_vec());
    assert_eq!(replies(&none, &["AUTH PLAIN"]).await.0, ["503 5.3.3 AUTH not available"]);
    let protected = server(|server| server.policy.auth_options = b"p".to_vec());
    let (said, _) = replies(&protected, &["EHLO c", "AUTH PLAIN"]).await;
    assert!(said.contains(&"250-AUTH CRAM-MD5".to_owned()), "{said:?}");
    assert_eq!(said.last().map(String::as_str), Some("504 5.3.3 AUTH mechanism PLAIN not available"));
}

#[tokio::test(start_paused = true)]
async fn sec_070_passwords_are_guessed_slowly() {
    let guess = plain("\0alice\0guess");
    let begun = tokio::time::Instant::now();
    let (said, _) = replies(&server(|_| ()), &[&guess[..]; 12]).await;
    assert_eq!(said.len(), 12);
    assert!(begun.elapsed().as_secs() > 60, "{:?}", begun.elapsed());
}

/// Each guess over a connection of its own.
#[tokio::test(start_paused = true)]
async fn sec_070_another_connection_is_no_fresh_start() {
    let (server, memory, guess) = (server(|_| ()), Memory::default(), plain("\0alice\0guess"));
    let begun = tokio::time::Instant::now();
    for _ in 0..9 {
        replies_of(&server, &memory, &[&guess]).await;
    }
    assert_eq!(begun.elapsed().as_secs(), 0);
    for _ in 0..6 {
        assert_eq!(replies_of(&server, &memory, &[&guess]).await, ["535 5.7.0 authentication failed"]);
    }
    assert_eq!(begun.elapsed().as_secs(), 1 + 2 + 4 + 8 + 16 + 32);
    // whoever knows the password does not wait
    let good = plain("\0alice\0secret");
    assert_eq!(replies_of(&server, &memory, &[&good]).await, ["235 2.0.0 OK Authenticated"]);
    assert_eq!(begun.elapsed().as_secs(), 63);
}

/// Whoever is in the middle of an exchange, or held up for guessing, makes room for others.
#[tokio::test(start_paused = true)]
async fn whoever_is_held_up_makes_room() {
    const ROOM: &str = "421 4.3.2 Too many open connections.";
    let guess = plain("\0alice\0guess");
    for lines in [&["AUTH LOGIN"][..], &[&guess[..]; 13]] {
        let memory = Memory::default();
        let crowded = memory.crowded.clone();
        let asked = tokio::spawn(async move {
            tokio::time::sleep(std::time::Duration::from_secs(20)).await;
            crowded.notify_one();
        });
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let client = client_at("192.0.2.9 client9.elsewhere.example");
        let session = tokio::spawn(Session::new(server(|_| ()), memory, client, theirs).serve());
        let (read, mut write) = tokio::io::split(ours);
        write.write_all((lines.join("\r\n") + "\r\n").as_bytes()).await.expect("a session that listens");
        let mut said = BufReader::new(read).lines();
        let mut last = String::new();
        while let Some(line) = said.next_line().await.expect("text") {
            last = line;
        }
        assert_eq!(last, ROOM, "{lines:?}");
        asked.await.expect("no panic");
        session.await.expect("no panic");
    }
}
