//! Reports word by word, against what sendmail wrote in the same situations.

use super::*;
use crate::addr::MacroId;
use crate::config::{Config, HeaderCondition, MailerId};
use crate::envelope::{QueueId, Recipient, RecipientFlags, RecipientState};
use crate::message::{Header, HeaderKind, Headers};
use crate::rewrite::Address;
use crate::schema::{EnhancedStatus, Options, Privacy, Reply};
use jiff::tz::TimeZone;
use std::time::Duration;

fn facts() -> DsnSettings {
    let types = |diagnostic: &str| [b"DNS".to_vec(), b"RFC822".to_vec(), diagnostic.as_bytes().to_vec()];
    DsnSettings {
        host: b"mail.site.example".to_vec(),
        daemon: b"MAILER-DAEMON".to_vec(),
        zone: TimeZone::fixed(jiff::tz::offset(-5)),
        warn_after: Duration::from_secs(3600),
        return_after: Duration::from_secs(432_000),
        return_at_once: false,
        mime: true,
        no_body_return: false,
        no_actual_recipient: false,
        error_header: Vec::new(),
        soft_bounce: false,
        keep_routes: false,
        queued: true,
        mailbox: Vec::new(),
        strips: Vec::new(),
        program_type: Vec::new(),
        types: vec![types("X-Unix"), types("SMTP")],
    }
}

fn header(name: &str, value: &str) -> Header {
    let (name, value) = (name.as_bytes().to_vec(), format!(" {value}").into_bytes());
    Header { name, value, condition: HeaderCondition::Always, kind: HeaderKind::USER }
}

fn recipient(text: &str, user: &str, mailer: u16) -> Recipient {
    let address = Address { user: user.as_bytes().to_vec(), mailer: MailerId(mailer), ..Address::default() };
    Recipient {
        text: text.as_bytes().to_vec(),
        address: Some(address),
        flags: RecipientFlags::DEFAULT_NOTIFY | RecipientFlags::PRIMARY,
        tried: 1_795_369_850,
        ..Recipient::default()
    }
}

fn original() -> Envelope {
    let mut scope = Scope::default();
    scope.set(MacroId(b'_'), b"client9.elsewhere.example [127.0.0.9]");
    Envelope {
        id: QueueId::new(b"6AMHoeVK026330").expect("a good identifier"),
        sender: Sender { text: b"<ann@elsewhere.example>".to_vec(), address: None },
        headers: Headers(vec![
            Header { kind: HeaderKind::of(b"return-path"), ..header("Return-Path", "<\u{81}g>") },
            header("From", "Ann <ann@elsewhere.example>"),
            header("Subject", "hello"),
        ]),
        body: Body::from_memory(&b"line one\nFrom here on\n"[..]),
        created: 1_795_369_840,
        scope,
        ..Envelope::default()
    }
}

fn report(kind: DsnKind, original: &Envelope, expired: bool) -> String {
    report_with(&facts(), kind, original, expired)
}

fn request(facts: &DsnSettings, kind: DsnKind, receivers: Vec<Recipient>) -> DsnRequest<'_> {
    DsnRequest {
        facts,
        kind,
        id: QueueId::new(b"6AMHof7n026348").expect("a good identifier"),
        now: 1_795_369_860,
        expired: false,
        deliver_by: None,
        only_warns: kind == DsnKind::Delay,
        receivers,
        to_postmaster: false,
        header_only: false,
        header: b"",
    }
}

fn report_with(facts: &DsnSettings, kind: DsnKind, original: &Envelope, expired: bool) -> String {
    let to_postmaster = original.is_response() || original.sender.is_null();
    let receiver: &[u8] = if to_postmaster { b"postmaster" } else { &original.sender.text };
    let flags = RecipientFlags::PRIMARY;
    let mut header = Vec::new();
    for field in &original.headers.0 {
        match field.kind.contains(HeaderKind::ALWAYS_CHECK) {
            true => header.extend([b"Return-Path: ", &original.sender.text[..], b"\n"].concat()),
            false => field.put(&mut header),
        }
    }
    let receivers = vec![Recipient { text: receiver.to_vec(), flags, ..Recipient::default() }];
    let report = DsnRequest { expired, to_postmaster, header: &header, ..request(facts, kind, receivers) };
    let envelope =
        build(&report, original, &mut io::BufReader::new(original.body.reader())).expect("a body in memory");
    let mut text = format!("to {}\n", String::from_utf8_lossy(&envelope.recipients[0].text));
    for header in &envelope.headers.0 {
        text += &format!("{}:{}\n", header.name.escape_ascii(), String::from_utf8_lossy(&header.value));
    }
    let mut body = Vec::new();
    io::Read::read_to_end(&mut envelope.body.reader(), &mut body).expect("a body in memory");
    text + "\n" + &String::from_utf8_lossy(&body)
}

fn failed_member_of_a_list() -> Envelope {
    let mut envelope = original();
    let mut list = recipient("<badone@site.example>", "badone", 0);
    list.state = RecipientState::Expanded;
    list.final_recipient = Some(b"RFC822; badone@site.example".to_vec());
    let mut member = recipient("nosuchuser", "nosuchuser", 0);
    member.parent = Some(0);
    member.state = RecipientState::Failed;
    member.reply = Some(Reply::parse(b"550 5.1.1 User unknown"));
    member.status = Some(EnhancedStatus(5, 1, 1));
    envelope.recipients = vec![list, member];
    envelope.attempt.transcript = b"550 5.1.1 nosuchuser... User unknown\n".to_vec();
    envelope
}

#[test]
fn a_failure_in_a_list() {
    let envelope = failed_member_of_a_list();
    assert_eq!(due(&envelope, Privacy::empty()), [DsnKind::Failure]);
    insta::assert_snapshot!(report(DsnKind::Failure, &envelope, false));
}

#[test]
fn a_delay() {
    let mut envelope = original();
    let mut waiting = recipient("x@tmp.example", "x@tmp.example", 1);
    waiting.state = RecipientState::Queued;
    waiting.reply = Some(Reply::parse(b"451 4.2.1 Mailbox busy"));
    waiting.status = Some(EnhancedStatus(4, 3, 0));
    waiting.remote_mta = Some(b"mx.tmp.example.".to_vec());
    waiting.message = Some(b"Deferred: 451 4.2.1 Mailbox busy".to_vec());
    envelope.recipients = vec![waiting];
    envelope.attempt.warning_due = true;
    envelope.transcribe(facts().time_is_over(false, None).as_bytes());
    assert_eq!(due(&envelope, Privacy::empty()), [DsnKind::Delay]);
    insta::assert_snapshot!(report(DsnKind::Delay, &envelope, false));
}

#[test]
fn a_receipt_with_the_sender_s_own_identifiers() {
    let mut envelope = original();
    let mut happy = recipient("<alice@site.example>", "alice", 0);
    happy.state = RecipientState::Sent;
    let told = RecipientFlags::HAS_NOTIFY | RecipientFlags::SUCCESS | RecipientFlags::DELIVERED;
    happy.flags = told | RecipientFlags::PRIMARY;
    happy.orcpt = Some(b"rfc822;Alice@site.example".to_vec());
    happy.status = Some(EnhancedStatus(2, 1, 5));
    envelope.envid = Some(b"env+2B42".to_vec());
    envelope.recipients = vec![happy];
    envelope.attempt.transcript = b"<alice@site.example>... Successfully delivered\n".to_vec();
    assert_eq!(due(&envelope, Privacy::empty()), [DsnKind::Success]);
    insta::assert_snapshot!(report(DsnKind::Success, &envelope, false));
}

/// RFC 3464, 2.3.1: a type and an address. What a queue file has without a type is said of nobody.
#[test]
fn an_original_recipient_has_a_type() {
    for (orcpt, said) in [("rfc822;odd@else.example", true), ("odd", false)] {
        let mut envelope = failed_member_of_a_list();
        envelope.recipients[0].orcpt = Some(orcpt.into());
        let text = report(DsnKind::Failure, &envelope, false);
        assert_eq!(text.contains(&format!("\nOriginal-Recipient: {orcpt}\n")), said, "{text}");
        assert_eq!(text.contains("\nOriginal-Recipient: "), said, "{text}");
    }
}

#[test]
fn a_report_about_a_report_goes_to_the_postmaster() {
    let mut envelope = failed_member_of_a_list();
    envelope.sender.text = b"<>".to_vec();
    let text = report(DsnKind::Failure, &envelope, false);
    assert!(text.starts_with("to postmaster\n"), "{text}");
    assert!(text.contains("Subject: Postmaster notify: see transcript for details\n"), "{text}");
    assert!(text.contains("\nwith id 6AMHoeVK026330\n"), "{text}");
}

/// Who cannot get it is not named in To, but where ruleset 5 has put another in his place: that one cannot.
#[test]
fn the_name_that_ruleset_5_replaced_is_shown() {
    let envelope = failed_member_of_a_list();
    let named = |flags: RecipientFlags| {
        let receiver = Recipient { state: RecipientState::Failed, flags, ..recipient("luser", "nobody", 0) };
        let request = DsnRequest {
            facts: &facts(),
            kind: DsnKind::Failure,
            id: QueueId::new(b"6AMHof7n026348").expect("a good identifier"),
            now: 1_795_369_860,
            expired: false,
            deliver_by: None,
            only_warns: false,
            receivers: vec![receiver],
            to_postmaster: true,
            header_only: true,
            header: b"",
        };
        let built = build(&request, &envelope, &mut io::BufReader::new(envelope.body.reader()));
        let fields = built.expect("a body in memory").headers.0;
        fields.iter().filter(|field| field.name == b"To").map(|field| field.value.clone()).collect::<Vec<_>>()
    };
    assert_eq!(named(RecipientFlags::PRIMARY), Vec::<Vec<u8>>::new());
    assert_eq!(named(RecipientFlags::PRIMARY | RecipientFlags::REPLACED), [b" luser".to_vec()]);
}

/// Mail that goes round in circles is told to postmaster even where nobody is to hear of a failure.
#[test]
fn a_report_without_anybody_who_failed_has_no_heading_for_them() {
    let mut envelope = failed_member_of_a_list();
    envelope.recipients[1].flags = RecipientFlags::HAS_NOTIFY;
    let text = report(DsnKind::Failure, &envelope, false);
    assert!(text.contains("Transcript of session follows"), "{text}");
    assert!(!text.contains("permanent fatal errors"), "{text}");
}

/// Whom a mailer that takes quotes off was told of is known so (flag s); who was refused before that, as he was written.
#[test]
fn an_actual_recipient_is_what_his_mailer_was_told() {
    let known = |flags: RecipientFlags, user: &str, kind: &str| {
        let mut envelope = failed_member_of_a_list();
        envelope.recipients[1] = Recipient {
            flags: RecipientFlags::DEFAULT_NOTIFY | flags,
            state: RecipientState::Failed,
            reply: Some(Reply::parse(b"550 5.1.1 User unknown")),
            ..recipient("nosuch", user, 0)
        };
        let types = vec![[b"DNS".to_vec(), b"RFC822".to_vec(), kind.as_bytes().to_vec()]];
        let facts = DsnSettings { strips: vec![true], types, ..facts() };
        let text = report_with(&facts, DsnKind::Failure, &envelope, false);
        let line = text.lines().find_map(|line| line.strip_prefix("X-Actual-Recipient: "));
        line.map(str::to_owned).expect("the line")
    };
    assert_eq!(known(RecipientFlags::empty(), "\\nosuch", "X-Unix"), "rfc822; \\nosuch@mail.site.example");
    assert_eq!(known(RecipientFlags::MAILED, "\\nosuch", "X-Unix"), "rfc822; nosuch@mail.site.example");
    assert_eq!(known(RecipientFlags::empty(), "\"|a b\"", "X-Unix"), "X-Unix; \"|a b\"");
    assert_eq!(known(RecipientFlags::MAILED, "\"|a b\"", "X-Unix"), "X-Unix; |a b");
}

#[test]
fn the_way_to_a_sender_is_not_shown_unless_it_is_to_be_kept() {
    let shown = |keep_routes| {
        let facts = DsnSettings { keep_routes, ..facts() };
        String::from_utf8_lossy(&facts.without_route(b"<@hub.example:ann@elsewhere.example>")).into_owned()
    };
    assert_eq!(shown(false), "<ann@elsewhere.example>");
    assert_eq!(shown(true), "<@hub.example:ann@elsewhere.example>");
}

#[test]
fn notify_never_is_never() {
    let mut envelope = failed_member_of_a_list();
    envelope.recipients[1].flags = RecipientFlags::HAS_NOTIFY;
    assert_eq!(due(&envelope, Privacy::empty()), []);
}

#[test]
fn programs_are_not_warned() {
    for sender in ["<>", "owner-list@a.example", "list-request"] {
        let mut envelope = original();
        envelope.sender.text = sender.as_bytes().to_vec();
        envelope.attempt.warning_due = true;
        envelope.recipients = vec![recipient("x@tmp.example", "x@tmp.example", 1)];
        assert_eq!(due(&envelope, Privacy::empty()), [], "{sender}");
    }
}

/// A name with blanks is one address, as the rules have made it, whatever OldStyleHeaders says of lists.
#[test]
fn a_receiver_with_blanks_is_one() {
    let mut receiver = recipient("a b c", "a.b.c", 0);
    let config = Config::default();
    receiver.set_final_recipient(&config);
    assert_eq!(receiver.final_recipient.as_deref(), Some(&b"RFC822; a.b.c@"[..]));
    // whoever ruleset 5 has put in his place is not whom the message was for
    receiver = Recipient { user_before: Some(b"before".to_vec()), final_recipient: None, ..receiver };
    receiver.set_final_recipient(&config);
    assert_eq!(receiver.final_recipient.as_deref(), Some(&b"RFC822; before@"[..]));
    let (facts, original) = (facts(), original());
    let request = request(&facts, DsnKind::Failure, vec![receiver]);
    let report = build(&request, &original, &mut io::BufReader::new(original.body.reader()))
        .expect("a body in memory");
    let field = report.headers.0.iter().find(|field| field.name == b"To").expect("a receiver");
    assert_eq!(field.value, b" a b c");
    let config = Config { options: Options { old_style_headers: true, ..Options::default() }, ..config };
    assert!(!report.headers.is_old_style(&config));
}
