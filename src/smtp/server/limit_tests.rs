//! Clients that say too much that is refused, or nothing at all; and what the log has of a dialogue.

use super::tests::{Memory, client_at, server_with};
use super::{Server, Session};
use crate::logging::{Logger, Target};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A client that check_relay refuses.
const REFUSED: &str = "192.0.2.66";
const MAIL: &str = "MAIL FROM:<ann@elsewhere.example>\r\n";
const ALICE: &str = "RCPT TO:<alice@site.example>\r\n";

/// What the server says to a client that says all of this, and then hangs up or says nothing more.
async fn answers(server: Arc<Server>, client: &str, text: &str, hangs_up: bool) -> String {
    let (mut ours, theirs) = tokio::io::duplex(1 << 20);
    let session = tokio::spawn(Session::new(server, Memory::default(), client_at(client), theirs).serve());
    // the whole dialogue at once is no matter of these tests: DATA stands at the end
    ours.write_all(text.as_bytes()).await.expect("memory");
    if hangs_up {
        ours.shutdown().await.expect("memory");
    }
    let mut said = String::new();
    ours.read_to_string(&mut said).await.expect("ASCII");
    session.await.expect("no panic");
    said
}

fn logged(server: &Server) -> String {
    String::from_utf8_lossy(&server.log.lines().join(&b'\n')).into_owned()
}

/// BadRcptShutdownGood=N: from the second bad one on the connection ends when N percent of all recipients are bad; who is named
/// again counts again.
#[tokio::test]
async fn bad_recipients_are_weighed_against_good_ones() {
    for (share, good, expected) in
        [(0, 5, 2), (30, 1, 2), (30, 5, 3), (50, 5, 5), (70, 1, 3), (70, 5, 12), (100, 1, 20)]
    {
        let server = server_with(|server| {
            server.policy.max_recipients = 0;
            server.policy.bad_rcpt_shutdown = 2;
            server.policy.bad_rcpt_shutdown_good = share;
        });
        let text = [MAIL, &ALICE.repeat(good), &"RCPT TO:<nobody@site.example>\r\n".repeat(20)].concat();
        let said = answers(Arc::new(server), "192.0.2.9 client9.elsewhere.example", &text, true).await;
        assert_eq!(said.matches("550 5.1.1").count(), expected, "{share} {good}\n{said}");
        assert_eq!(said.contains("Too many bad recipients"), expected < 20, "{share} {good}\n{said}");
    }
}

/// The twenty-sixth refusal is the last word, whatever is refused.
#[tokio::test]
async fn who_is_refused_everything_is_not_refused_for_ever() {
    for command in ["FOO\r\n", MAIL] {
        let said = answers(Arc::new(server_with(|_| ())), REFUSED, &command.repeat(40), true).await;
        assert_eq!(said.lines().count(), 27, "{said}");
        assert!(
            said.ends_with("421 4.7.0 mail.site.example Too many bad commands; closing connection\r\n"),
            "{said}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn who_falls_silent_is_left_and_the_log_says_where() {
    let client = "192.0.2.9 client9.elsewhere.example";
    for (text, reply, line) in [
        (
            MAIL.to_owned(),
            "421 4.4.1 mail.site.example Lost input channel from client9.elsewhere.example [192.0.2.9]\r\n",
            ": timeout waiting for input from client9.elsewhere.example during server cmd read",
        ),
        (
            [MAIL, ALICE, "DATA\r\n"].concat(),
            "421 4.4.1 collect: relay=client9.elsewhere.example, from=<ann@elsewhere.example>, info=read timeout\r\n",
            ": SYSERR(root): collect: relay=client9.elsewhere.example, from=<ann@elsewhere.example>, info=read timeout",
        ),
    ] {
        let server = Arc::new(server_with(|_| ()));
        let said = answers(server.clone(), client, &text, false).await;
        assert!(said.ends_with(reply), "{said}");
        let logged = logged(&server);
        assert!(logged.contains(line) && !logged.contains("premature EOM"), "{logged}");
    }
}

/// From LogLevel 15 on the log has commands and replies, but no password.
#[tokio::test]
async fn a_dialogue_is_logged_without_passwords() {
    let text = "NOOP\r\nAUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n";
    for (level, expected) in [(14, false), (15, true)] {
        let server =
            Arc::new(server_with(|server| server.log = Logger::open(Target::Memory, b"sendmail", level)));
        answers(server.clone(), "192.0.2.9", text, true).await;
        let logged = logged(&server);
        for line in ["--- 220 mail.site.example ESMTP", "<-- NOOP", "--- 250 2.0.0 OK", "<-- AUTH PLAIN ..."]
        {
            assert_eq!(logged.contains(line), expected, "{level} {line}\n{logged}");
        }
        assert!(!logged.contains("AGFsaWNl"), "{logged}");
    }
}
