//! Messages that others have published with their signatures, and our own both ways.

use super::*;
use crate::mail_auth::verdict::Verdict;
use crate::net::Resolver;
use proptest::prelude::*;

/// RFC 8463, appendix A.3: an Ed25519 and an RSA signature of one message.
const RFC_8463: &str = include_str!("../../../testdata/mail_auth/rfc8463.eml");
const ED_KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
const ED_RECORD: &str = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const RSA_RECORD: &str = "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB";

fn resolver() -> Resolver {
    let rows = [
        ("brisbane._domainkey.football.example.com", ED_RECORD),
        ("test._domainkey.football.example.com", RSA_RECORD),
        ("ed._domainkey.site.example", ED_RECORD),
        ("gone._domainkey.site.example", "v=DKIM1; p="),
    ];
    Resolver::fixed(
        rows.iter().map(|(name, text)| (name.to_string(), "TXT".into(), text.to_string())).collect(),
    )
}

/// What is said of a message whose lines end in LF.
async fn verified(message: &str, now: i64) -> Vec<String> {
    let (header, body) = message.split_once("\n\n").unwrap_or((message, ""));
    let mut arriving = Arriving::new((header.to_owned() + "\n").replace('\n', "\r\n").into_bytes());
    body.as_bytes().chunks(5).for_each(|piece| arriving.write(piece));
    let said = arriving.end().verify(&resolver(), now).await;
    said.into_iter().map(|one| format!("{} {}", one.verdict.word(), one.reason).trim().to_owned()).collect()
}

#[tokio::test]
async fn the_signatures_of_rfc_8463() {
    assert_eq!(verified(RFC_8463, 0).await, ["pass", "pass"]);
    let other = RFC_8463.replace("hungry", "thirsty");
    assert_eq!(verified(&other, 0).await, ["fail body hash did not verify", "fail body hash did not verify"]);
    let other = RFC_8463.replace("Is dinner ready", "Is lunch ready");
    assert_eq!(verified(&other, 0).await, ["fail signature did not verify", "fail signature did not verify"]);
}

/// A message signed by us with the Ed25519 key; header and body with CR LF.
fn signed(header: &str, body: &str) -> String {
    let key = SigningKey::from_pem(ED_KEY.as_bytes()).expect("a key");
    let mut signing = Signing::default();
    signing.write(format!("{header}\r\n{body}").as_bytes());
    let field = signing.finish(&[(b"site.example", b"ed", &key)], 1000).expect("a signature");
    String::from_utf8(field).expect("text") + &format!("{header}\r\n{body}").replace("\r\n", "\n")
}

#[tokio::test]
async fn signatures_that_are_no_good() {
    let good = signed("From: a@site.example\r\nSubject: x\r\n", "hello\r\n");
    assert_eq!(verified(&good, 0).await, ["pass"]);
    for (from, to, wanted) in [
        ("v=1", "v=2", "permerror unknown version"),
        ("ed25519-sha256", "rsa-sha1", "permerror algorithm not accepted"),
        ("ed25519-sha256", "rsa-sha256", "fail the key is of another kind"),
        ("s=ed", "s=none", "permerror no key for signature"),
        ("s=ed", "s=gone", "permerror the key is revoked"),
        ("t=1000", "x=1000", "fail signature expired"),
        ("t=1000", "l=99", "permerror the body is shorter than it was"),
        ("t=1000", "i=@other.example", "permerror the identity is not of the domain"),
        ("h=From:", "h=", "permerror From is not signed"),
        ("Subject:From;", "Subject;", "fail signature did not verify"),
        ("From: a@", "From: b@site.example\nFrom: a@", "fail signature did not verify"),
        ("relaxed/relaxed", "relaxed/odd", "permerror unknown canonicalization"),
    ] {
        assert!(good.contains(from), "{from}");
        let mut message = good.replacen(from, to, 1);
        if from == "h=From:" {
            message = message.replacen("Subject:From;", "Subject;", 1);
        }
        assert_eq!(verified(&message, 2000).await, [wanted], "{to}");
    }
}

proptest! {
    #[test]
    fn what_is_signed_verifies(
        subject in "[ -~]{0,60}",
        lines in proptest::collection::vec("[ \t.a-z\u{e4}]{0,20}", 0..12),
    ) {
        let header = format!("From: Ann <ann@site.example>\r\nSubject: {subject}\r\nTo: b@x\r\nTo: c@x\r\n");
        let body: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let message = signed(&header, &body);
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        prop_assert_eq!(runtime.block_on(verified(&message, 0)), ["pass"]);
        let other = message.replacen("ann@", "bob@", 1);
        prop_assert_eq!(runtime.block_on(verified(&other, 0)), ["fail signature did not verify"]);
    }

    #[test]
    fn nothing_in_a_header_hurts(field in "(v=1; )?([abcdhilqstvx]{1,2}=[ -~]{0,12};? ?){0,8}", body in "[ -~\r\n]{0,40}") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let said = runtime.block_on(verified(&format!("DKIM-Signature: {field}\nARC-Seal: {field}\nFrom: a\n\n{body}"), 0));
        prop_assert_eq!(said.len(), 1);
    }
}

/// A set of ARC made with the same key.
fn sealed(number: u32, chain: &str, message: &str) -> String {
    let key = SigningKey::from_pem(ED_KEY.as_bytes()).expect("a key");
    let (header, body) = message.split_once("\n\n").expect("a header");
    let results = format!("ARC-Authentication-Results: i={number}; mx.example; spf=pass\n");
    let digest = {
        let mut digest = canonical::BodyDigest::new(Form::Relaxed, None);
        digest.write(body.replace('\n', "\r\n").as_bytes());
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, digest.finish().0)
    };
    let text_of = |fields: &str, own: &str| {
        let (fields, own) = (fields.replace('\n', "\r\n"), own.replace('\n', "\r\n"));
        let mut text = Vec::new();
        Fields::of(fields.as_bytes()).all().iter().for_each(|one| put_field(one, &mut text));
        put_unsigned(Form::Relaxed, &Fields::of(own.as_bytes()).all()[0], &mut text);
        base64::Engine::encode(
            &base64::engine::general_purpose::STANDARD,
            key.sign(&text).expect("a signature"),
        )
    };
    let from = header.lines().find(|line| line.starts_with("From:")).expect("From");
    let own = format!(
        "ARC-Message-Signature: i={number}; a=ed25519-sha256; c=relaxed/relaxed; d=site.example; s=ed; h=From; bh={digest}; b=\n"
    );
    let signed = own.replace("b=\n", &format!("b={}\n", text_of(&format!("{from}\n"), &own)));
    let own = format!("ARC-Seal: i={number}; a=ed25519-sha256; cv={chain}; d=site.example; s=ed; b=\n");
    // the sets before, oldest first: each stands as seal, signature, results
    let above: Vec<&str> = header.lines().filter(|line| line.starts_with("ARC-")).collect();
    let before: String =
        above.rchunks(3).map(|set| format!("{}\n{}\n{}\n", set[2], set[1], set[0])).collect();
    let seal = own.replace("b=\n", &format!("b={}\n", text_of(&format!("{before}{results}{signed}"), &own)));
    format!("{seal}{signed}{results}{message}")
}

async fn chain(message: &str) -> Verdict {
    let (header, body) = message.split_once("\n\n").expect("a header");
    let mut arriving = Arriving::new((header.to_owned() + "\n").replace('\n', "\r\n").into_bytes());
    arriving.write(body.as_bytes());
    crate::mail_auth::arc::verify(&arriving.end(), &resolver(), 0).await
}

#[tokio::test]
async fn chains_of_arc() {
    let plain = "From: a@site.example\nSubject: x\n\nhello\n";
    assert_eq!(chain(plain).await, Verdict::None);
    let one = sealed(1, "none", plain);
    assert_eq!(chain(&one).await, Verdict::Pass);
    let two = sealed(2, "pass", &one);
    assert_eq!(chain(&two).await, Verdict::Pass);
    assert_eq!(chain(&sealed(3, "pass", &two)).await, Verdict::Pass);
    for (message, what) in [
        (two.replace("hello", "hullo"), "another body"),
        (two.replacen("spf=pass", "spf=fail", 1), "other results"),
        (two.replace("i=2; mx", "i=3; mx"), "a number that is missing"),
        (sealed(2, "fail", &one), "a chain that was broken before"),
        (sealed(1, "pass", plain), "a first one that says pass"),
        (one.replacen("ARC-Seal: i=1;", "ARC-Seal: i=1; h=From;", 1), "a seal with h="),
        (one.replacen("ARC-Authentication-Results", "X", 1), "a set that is not whole"),
    ] {
        assert_eq!(chain(&message).await, Verdict::Fail, "{what}");
    }
}
