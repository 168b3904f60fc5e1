//! Whole sessions against scripted servers: testdata/deliver/*.session.
//!
//! `S:` the server says, `C:` it expects, `=` what the transaction reports, `>` what a report would
//! quote.

use super::*;
use crate::envelope::Body;
use crate::message::BodyForm;
use crate::sasl::{ChannelFacts, ClientFacts, Credentials};
use crate::schema::Timeouts;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream};

async fn play(script: String, stream: DuplexStream) {
    let (read, mut write) = tokio::io::split(stream);
    let mut lines = BufReader::new(read).lines();
    for line in script.lines() {
        if let Some(text) = line.strip_prefix("S: ") {
            write.write_all(format!("{text}\r\n").as_bytes()).await.expect("a listening client");
        } else if let Some(text) = line.strip_prefix("C: ") {
            let got = lines.next_line().await.expect("a talking client");
            assert_eq!(got.as_deref(), Some(text.trim_end_matches('\r')));
        }
    }
}

fn code(answer: Option<&Answer>) -> String {
    answer.map_or_else(|| "-".to_owned(), |answer| answer.code.to_string())
}

fn shown(done: &Answers, server: &ServerConnection) -> String {
    let recipients: Vec<String> = done.recipients.iter().map(|answer| code(answer.as_ref())).collect();
    format!(
        "mail {}, rcpt {}, data {}, end {}, messages {}{}",
        code(done.mail.as_ref()),
        recipients.join(" "),
        code(done.data.as_ref()),
        code(done.dot.first()),
        server.messages,
        if done.error.is_some() { ", error" } else { "" }
    )
}

#[tokio::test]
async fn scripted_servers() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/deliver");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("testdata").flatten() {
        if entry.path().extension().is_none_or(|extension| extension != "session") {
            continue;
        }
        seen += 1;
        session(&std::fs::read_to_string(entry.path()).expect("a script")).await;
    }
    assert!(seen >= 4, "{seen} scripts");
}

/// What a server said about one message stands in no report about the next one over the same connection.
#[tokio::test]
async fn sec_074_reports_tell_of_one_message() {
    let script = "S: 220 mx\nC: EHLO me.example\nS: 250 mx\n\
        C: MAIL From:<a@me.example>\nS: 250 ok\nC: RCPT To:<secret@x.example>\nS: 550 5.1.1 no secret here\n\
        C: MAIL From:<b@me.example>\nS: 250 ok\nC: RCPT To:<other@x.example>\nS: 451 4.2.0 not now\n\
        C: QUIT\nS: 221 bye";
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let script_followed = tokio::spawn(play(script.to_owned(), theirs));
    let mut server = ServerConnection::new(Box::new(ours), b"mx.example.", b"");
    let (timeouts, limit) = (CommandTimeouts::of(&Timeouts::default()), Duration::from_secs(5));
    server.greeting(limit).await.expect("a greeting");
    server.hello(b"EHLO", b"me.example", true, limit).await.expect("an answer");
    let mut transcripts = Vec::new();
    for (sender, recipient) in [("a", "secret"), ("b", "other")] {
        server.new_message();
        let offer = Offer {
            mail: format!("MAIL From:<{sender}@me.example>").into_bytes(),
            recipients: vec![format!("RCPT To:<{recipient}@x.example>").into_bytes()],
            header: b"\n".to_vec(),
            body: Body::default(),
            lmtp: false,
            form: BodyForm::WIRE,
            header_form: BodyForm::WIRE,
            timeouts: &timeouts,
            notes: Vec::new(),
        };
        transact(&mut server, &offer, &mut |_, _, _, _| {}).await;
        transcripts.push(String::from_utf8(server.take_transcript()).expect("text"));
    }
    server.quit(limit).await;
    script_followed.await.expect("the script was followed");
    assert!(transcripts[0].contains("no secret here") && transcripts[1].contains("not now"));
    assert!(!transcripts[1].contains("secret"), "{}", transcripts[1]);
}

/// What the client has said to log in stands in no report; behind an empty line a refusal stands alone, as with sendmail.
#[tokio::test]
async fn reports_quote_no_log_in() {
    for (password, line, quoted) in
        [("secret", "c2VjcmV0", ">>> AUTH dialogue\n<<< 535 no\n"), ("", "", "<<< 535 no\n")]
    {
        let script = format!(
            "S: 220 mx\nC: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: YWxpY2U=\nS: 334 UGFzc3dvcmQ6\nC: {line}\nS: 535 no"
        );
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let script_followed = tokio::spawn(play(script, theirs));
        let mut server = ServerConnection::new(Box::new(ours), b"mx.example.", b"");
        let limit = Duration::from_secs(5);
        server.greeting(limit).await.expect("a greeting");
        let credentials =
            Credentials { id: b"alice".to_vec(), password: password.into(), ..Credentials::default() };
        let facts = ClientFacts {
            credentials,
            host: b"mx.example".to_vec(),
            random: [0; 36],
            channel: ChannelFacts::default(),
        };
        let login = crate::sasl::find(b"LOGIN").expect("a mechanism");
        let answer = server.authenticate(login, facts, limit).await.expect("an answer");
        script_followed.await.expect("the script was followed");
        assert_eq!(answer.code, 535);
        let said = String::from_utf8(server.take_transcript()).expect("text");
        assert_eq!(said, format!("... while talking to mx.example.:\n{quoted}"), "{password:?}");
    }
}

async fn session(script: &str) {
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let script_followed = tokio::spawn(play(script.to_owned(), theirs));
    let mut server = ServerConnection::new(Box::new(ours), b"mx.example.", b"");
    let timeouts = CommandTimeouts::of(&Timeouts::default());
    assert!(server.greeting(Duration::from_secs(5)).await.expect("a greeting").is_positive());
    assert!(
        server
            .hello(b"EHLO", b"me.example", true, Duration::from_secs(5))
            .await
            .expect("an answer")
            .is_positive()
    );
    let offer = Offer {
        mail: b"MAIL From:<a@me.example>".to_vec(),
        recipients: vec![b"RCPT To:<b@x.example>".to_vec(), b"RCPT To:<c@x.example>".to_vec()],
        header: b"Subject: x\n\n".to_vec(),
        body: Body::from_memory(*b".dot\nlast\n"),
        lmtp: false,
        form: BodyForm::WIRE,
        header_form: BodyForm::WIRE,
        timeouts: &timeouts,
        notes: Vec::new(),
    };
    let done = transact(&mut server, &offer, &mut |_, _, _, _| {}).await;
    let report = shown(&done, &server);
    let quoted = String::from_utf8(server.take_transcript()).expect("text");
    server.quit(Duration::from_secs(1)).await;
    script_followed.await.expect("the script was followed");
    let expected = |mark: &str| -> String {
        script.lines().filter_map(|line| line.strip_prefix(mark)).map(|line| format!("{line}\n")).collect()
    };
    assert_eq!(format!("{report}\n"), expected("= "));
    assert_eq!(quoted, expected("> "));
}
