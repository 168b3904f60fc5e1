//! Which host gets the mail that the one before does not take.

use super::*;
use crate::logging::{Console, Steps};
use crate::schema::Sysexit;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

/// An SMTP server for one client, that answers this command (or the message, `.`) with 451; what it was told.
fn serve(listener: TcpListener, refuses: &'static str) -> JoinHandle<Vec<String>> {
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a client");
        let (read, mut write) = stream.into_split();
        let (mut lines, mut seen, mut data) = (BufReader::new(read).lines(), Vec::new(), false);
        write.write_all(b"220 there ESMTP\r\n").await.expect("a listening client");
        while let Ok(Some(line)) = lines.next_line().await {
            let word = line.split(' ').next().unwrap_or_default().to_owned();
            if data && word != "." {
                continue;
            }
            let reply = match &word[..] {
                word if word == refuses => "451 4.3.0 not now\r\n",
                "DATA" => "354 go\r\n",
                _ => "250 there\r\n",
            };
            data = reply.starts_with("354");
            seen.push(word);
            write.write_all(reply.as_bytes()).await.expect("a listening client");
            if line == "QUIT" {
                break;
            }
        }
        seen
    })
}

/// Two addresses of this host, with one port.
async fn listeners() -> (TcpListener, TcpListener, u16) {
    for _ in 0..100 {
        let first = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = first.local_addr().expect("an address").port();
        // somebody else may have that port there
        if let Ok(second) = TcpListener::bind(("127.0.0.2", port)).await {
            return (first, second, port);
        }
    }
    panic!("no port is free on both addresses");
}

#[tokio::test]
async fn a_host_that_says_4yz_is_passed_over() {
    for stage in ["MAIL", "RCPT", "DATA", "."] {
        let (first, second, port) = listeners().await;
        let mailer = "Mlmtp, P=[IPC], F=mDFMXu, S=0, R=0, T=DNS/RFC822/SMTP, A=TCP [127.0.0.1]:[127.0.0.2]";
        let scene = scene_with("", &format!("{mailer} {port}\n"));
        let (busy, idle) = (serve(first, stage), serve(second, ""));
        let (envelope, _) = scene.attempt(&["a@there"]).await;
        assert!(heard(busy).await.iter().any(|word| word == stage), "{stage}");
        assert!(heard(idle).await.iter().any(|word| word == "."), "{stage}");
        assert_eq!(scene.states(&envelope), ["a@there Sent"], "{stage}");
    }
}

#[tokio::test]
async fn the_last_host_that_says_4yz_delays_the_mail() {
    for stage in ["MAIL", "DATA", "."] {
        let (first, second, port) = listeners().await;
        let mailer = "Mlmtp, P=[IPC], F=mDFMXu, S=0, R=0, T=DNS/RFC822/SMTP, A=TCP [127.0.0.1]:[127.0.0.2]";
        let scene = scene_with("", &format!("{mailer} {port}\n"));
        let (busy, full) = (serve(first, stage), serve(second, stage));
        let (envelope, _) = scene.attempt(&["a@there"]).await;
        heard(busy).await;
        heard(full).await;
        assert_eq!(scene.states(&envelope), ["a@there Queued"], "{stage}");
    }
}

/// What a host has said of a recipient is what the queue keeps and reports show, unless the next one is told of him as well. Reports name the
/// last host that could not be reached, else the one that was told of him.
#[tokio::test]
async fn who_did_not_take_the_mail_is_named() {
    const CLOSED: &str = "nobody listens";
    let cases = [
        (CLOSED, CLOSED, Some(2), "4.4.1", false),
        (CLOSED, "MAIL", None, "4.3.0", false),
        (CLOSED, "RCPT", Some(2), "4.3.0", true),
        ("MAIL", CLOSED, Some(2), "4.4.1", false),
        (".", CLOSED, Some(2), "4.4.1", false),
        (".", "MAIL", Some(1), "4.3.0", false),
        ("RCPT", CLOSED, Some(1), "4.3.0", true),
        ("RCPT", "MAIL", Some(1), "4.3.0", true),
        ("RCPT", "DATA", Some(2), "4.2.0", false),
    ];
    for (one, other, named, status, of_him) in cases {
        let (first, second, port) = listeners().await;
        let mailer = "Mlmtp, P=[IPC], F=mDFMXu, S=0, R=0, T=DNS/RFC822/SMTP, A=TCP [127.0.0.1]:[127.0.0.2]";
        let scene = scene_with("", &format!("{mailer} {port}\n"));
        let servers = [(first, one), (second, other)].map(|(listener, refuses)| match refuses {
            CLOSED => None,
            refuses => Some(serve(listener, refuses)),
        });
        let (envelope, _) = scene.attempt(&["a@there"]).await;
        for server in servers.into_iter().flatten() {
            heard(server).await;
        }
        let recipient = &envelope.recipients[0];
        assert_eq!(recipient.message.is_some(), of_him, "{one}, {other}: the M line");
        let host = recipient.remote_mta.as_ref().map(|host| String::from_utf8_lossy(host).into_owned());
        assert_eq!(host, named.map(|number| format!("[127.0.0.{number}]")), "{one}, {other}");
        assert_eq!(
            recipient.status.map(|status| status.to_string()).as_deref(),
            Some(status),
            "{one}, {other}"
        );
    }
}

/// What is wrong with a domain is said with the hosts before it; where those fail for the message's size it is said behind them.
#[tokio::test]
async fn an_mx_list_that_points_back_is_complained_of_before_its_turn() {
    let (closed, _, port) = listeners().await;
    drop(closed);
    let record = |name: &str, kind: &str, value: &str| (name.to_owned(), kind.to_owned(), value.to_owned());
    for (most, exit, expected) in [
        ("", Sysexit::SOFTWARE, ["a@alpha", "MX list", "b@beta", "x@loop", "z@zeta"]),
        ("M=1, ", Sysexit::UNAVAILABLE, ["a@alpha", "b@beta", "MX list", "x@loop", "z@zeta"]),
    ] {
        let mut zone = vec![record("loop", "MX", "0 localhost.")];
        zone.extend(["alpha", "beta", "zeta"].map(|host| record(host, "A", "127.0.0.1")));
        let mailer =
            format!("Mlmtp, P=[IPC], F=mDFMXu, S=0, R=0, {most}T=DNS/RFC822/SMTP, A=TCP $h {port}\n");
        let scene = scene_among("", &mailer, zone);
        let (envelope, _) = scene.attempt(&["x@loop", "z@zeta", "b@beta", "a@alpha"]).await;
        // whoever waits for it hears of the first thing that is wrong, and this host's own errors are the program's
        assert_eq!(envelope.attempt.exit, exit);
        let log = scene.log();
        let said = log.iter().filter_map(|line| expected.into_iter().find(|word| line.contains(word)));
        assert_eq!(said.collect::<Vec<_>>(), expected, "{log:?}");
    }
}

/// `-v`: an exchanger without an address is said to be called, as it is named; a domain that is none is not.
#[tokio::test]
async fn who_has_no_address_is_said_to_be_called() {
    let record = |name: &str, kind: &str, value: &str| (name.to_owned(), kind.to_owned(), value.to_owned());
    let zone = vec![record("named", "MX", "0 gone.elsewhere."), record("empty", "TXT", "nothing")];
    let scene = scene_among("", "Mlmtp, P=[IPC], F=mDFMXu, S=0, R=0, T=DNS/RFC822/SMTP, A=TCP $h 1\n", zone);
    for (domain, told) in [
        ("named", &["Connecting to gone.elsewhere. via lmtp..."][..]),
        ("empty", &["Connecting to empty via lmtp..."]),
        ("nowhere", &[]),
    ] {
        let steps = Steps::default();
        let mut envelope = scene.envelope(&[&format!("x@{domain}")]);
        envelope.attempt.console = Console::of_client(steps.clone());
        scene.deliverer.attempt(&mut envelope, None).await;
        let said: Vec<_> =
            steps.take().iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect();
        let expected: Vec<_> = told.iter().map(|line| format!("x@{domain}... {line}")).collect();
        assert_eq!(said, expected, "{domain}");
    }
}
