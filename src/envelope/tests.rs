use super::*;
use crate::addr::without_brackets;
use crate::config::{LoadOptions, SystemEnv, load};
use crate::logging::Quiet;
use crate::message::{Collector, EncodingField, set_dates};
use crate::net::Resolver;
use crate::rewrite::{Rewriter, Site};
use crate::schema::TimeoutClass;
use std::sync::Arc;

/// Sunday, 22 November 2026, 17:30:03 UTC.
const NOW: i64 = 1_795_368_603;

fn site() -> Site {
    site_with("")
}

/// With these lines behind its own.
fn site_with(lines: &str) -> Site {
    let text = &[include_bytes!("../../testdata/message/site.cf"), lines.as_bytes()].concat();
    let options = LoadOptions { version: b"8.17.1.9".to_vec(), ..LoadOptions::default() };
    let loaded = load(b"site.cf", text, &mut SystemEnv::default(), &options);
    assert!(!loaded.stop, "{:?}", loaded.messages);
    let resolver = Arc::new(Resolver::for_config(&loaded.config));
    Site::new(Arc::new(loaded.config), resolver)
}

async fn received(site: &Site, sender: &str, text: &str) -> Envelope {
    let mut envelope = Envelope { size: text.len() as u64, ..Envelope::default() };
    envelope.recipients.push(Recipient { text: b"<alice@site.example>".to_vec(), ..Recipient::default() });
    let (config, scope) = (&site.config, &mut envelope.scope);
    set_dates(config, scope, NOW);
    let macros: [(&[u8], &[u8]); 5] = [
        (b"i", b"6AMHU3mk004753"),
        (b"s", b"q"),
        (b"_", b"[127.0.0.14]"),
        (b"r", b"ESMTP"),
        (b"u", b"<alice@site.example>"),
    ];
    for (name, value) in macros {
        scope.set_named(config, name, value);
    }
    set_sender(site, &mut envelope, &mut Quiet, sender.as_bytes()).await;
    let (mut collector, mut body) = (Collector::default(), Vec::new());
    collector.push(text.as_bytes(), &mut body);
    receive(site, &mut envelope, collector.finish(&mut body)).await;
    envelope
}

async fn put(site: &Site, envelope: &Envelope, mailer: &str) -> String {
    let id = site.config.mailer(mailer.as_bytes()).expect("a mailer");
    let mut scope = envelope.scope.clone();
    let sender = envelope.sender.address.as_ref().map_or(&b"MAILER-DAEMON"[..], |address| &address.text);
    scope.set_named(&site.config, b"g", without_brackets(sender));
    String::from_utf8_lossy(
        &put_headers(
            &mut Rewriter::quiet(site, &mut scope),
            id,
            envelope,
            &envelope.headers,
            EncodingField::Kept,
        )
        .await,
    )
    .into_owned()
}

const RECEIVED: &str = "Received: from q ([127.0.0.14])\n\tby mail.site.example (8.17.1.9/8.17.1.9) with ESMTP id 6AMHU3mk004753\n\tfor <alice@site.example>; Sun, 22 Nov 2026 17:30:03 GMT\n";

#[tokio::test]
async fn what_is_missing_is_added_in_front() {
    let site = site();
    let envelope = received(&site, "<ann@elsewhere.example>", "Subject: acht\n\nbody\n").await;
    let head = put(&site, &envelope, "local").await;
    let wanted = format!(
        "Return-Path: <ann@elsewhere.example>\n{RECEIVED}Date: Sun, 22 Nov 2026 17:30:03 GMT\n\
         From: ann@elsewhere.example\n\
         Message-Id: <202611221730.6AMHU3mk004753@mail.site.example>\nSubject: acht\n"
    );
    assert_eq!(head, wanted);
    assert_eq!(envelope.message_id.as_deref(), Some(&b"<202611221730.6AMHU3mk004753@mail.site.example>"[..]));
    assert_eq!(envelope.priority, 20 + 30_000);
}

#[tokio::test]
async fn what_the_message_brings_stays_where_it_is() {
    let site = site();
    let text = "From: Ann <ann@elsewhere.example>\nTo: somebody@site.example\nDate: Sun, 01 Mar 2026 10:00:00 +0000\n\
                Message-ID: <m1@elsewhere.example>\nPrecedence: bulk\n\n";
    let envelope = received(&site, "<ann@elsewhere.example>", text).await;
    let head = put(&site, &envelope, "esmtp").await;
    assert_eq!(head, format!("{RECEIVED}{}", text.trim_end_matches('\n').to_owned() + "\n"));
    assert_eq!((envelope.class, envelope.hop_count), (-60, 1));
    assert!(envelope.flags.contains(EnvelopeFlags::DELETE_BCC));
}

#[tokio::test]
async fn oddities_of_headers() {
    let site = site();
    let text = "Return-Path: <fake@x.example>\nBcc: hidden@site.example\nResent-From: bob@site.example\n\
                Subject: odd\n folded\n\tline\nX-Empty:\nthis line has no colon\nX-After: y\n\nbody\n";
    let envelope = received(&site, "<ann@elsewhere.example>", text).await;
    let head = put(&site, &envelope, "local").await;
    let names: Vec<&str> = head
        .lines()
        .filter(|line| !line.starts_with([' ', '\t']))
        .filter_map(|line| line.split(':').next())
        .collect();
    let wanted = "Return-Path Received Resent-Date Date From Resent-Message-Id Message-Id Bcc Resent-From Subject X-Empty";
    assert_eq!(names.join(" "), wanted);
    assert!(head.contains("\nBcc:\n") && head.contains("\nSubject: odd\n folded\n\tline\nX-Empty:\n"));
    assert!(!head.contains("fake@x"));
}

#[tokio::test]
async fn bcc_goes_when_others_are_named_and_empty_fields_give_way() {
    let site = site();
    let text = "To: bob\nBcc: dave\nDate:\nContent-Length: 5\n\n";
    let envelope = received(&site, "<ann@elsewhere.example>", text).await;
    let head = put(&site, &envelope, "esmtp").await;
    assert!(!head.contains("Bcc") && !head.contains("Content-Length"));
    assert_eq!(head.matches("Date:").count(), 1);
    assert!(head.contains("\nTo: bob@mail.site.example\n"));
}

#[tokio::test]
async fn lists_are_rewritten_and_folded() {
    let site = site();
    let text = "To: joe, \"Doe, Jane\" <jane@a.example>, Zoe\n <zoe>, (comment) max@b.example\n\n";
    let envelope = received(&site, "<ann@elsewhere.example>", text).await;
    let head = put(&site, &envelope, "esmtp").await;
    let to = &head[head.find("To:").expect("a To")..];
    assert_eq!(
        to,
        "To: joe@mail.site.example, \"Doe, Jane\" <jane@a.example>,\n        \
         Zoe\n <zoe@mail.site.example>, (comment) max@b.example\n"
    );
}

#[tokio::test]
async fn mail_from_nobody_is_a_response_with_the_time_of_any_other() {
    let site = site();
    let envelope = received(&site, "<>", "Subject: x\n\n").await;
    assert!(envelope.is_response() && envelope.timeout_class == TimeoutClass::Normal);
}

/// The S line of what is put off once more: reports made here are from `$n`, others from whom they were.
#[tokio::test]
async fn a_report_of_another_program_keeps_its_sender() {
    let site = site();
    let key = MessageKey {
        id: QueueId::new(b"6AMHU3mk004753").expect("a good identifier"),
        location: QueueLocation::default(),
    };
    for sender in ["<>", "MAILER-DAEMON", "<ann@elsewhere.example>"] {
        let (flags, sender) = (EnvelopeFlags::RESPONSE, sender.as_bytes().to_vec());
        let stored = StoredEnvelope { flags, sender: sender.clone(), ..StoredEnvelope::default() };
        let restored = stored.restore(&site.config, &key, NOW);
        assert_eq!(StoredEnvelope::of(&site.config, &restored).sender, sender);
    }
}

/// A message without recipients in its header names all whom the client has named, the last one first: also who was refused as nobody.
#[tokio::test]
async fn who_was_refused_as_nobody_is_named_all_the_same() {
    let site = site_with("O NoRecipientAction=add-apparently-to\n");
    let refused = |text: &[u8], unknown, behind| {
        let (text, host) = (text.to_vec(), Vec::new());
        RefusedRecipient { text, host, unknown, behind }
    };
    let mut envelope = Envelope::default();
    envelope.attempt.refused =
        vec![refused(b"<first>", true, 0), refused(b"<|/bin/true>", false, 1), refused(b"<last>", true, 2)];
    for text in [&b"<alice>"[..], b"<bob>"] {
        envelope.recipients.push(Recipient { text: text.to_vec(), ..Recipient::default() });
    }
    receive(&site, &mut envelope, Vec::new()).await;
    let fields = envelope.headers.0.iter().filter(|field| field.name == b"Apparently-To");
    let named: Vec<_> = fields.map(|field| String::from_utf8_lossy(&field.value).into_owned()).collect();
    assert_eq!(named, [" <last>", " <bob>", " <alice>", " <first>"]);
}
